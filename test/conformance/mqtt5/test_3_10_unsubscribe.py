# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.10 and 3.11: UNSUBSCRIBE and UNSUBACK."""

import pytest
from wire import (
    Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Unsuback, Unsubscribe, barrier, encode_properties, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


@statement("MQTT-3.10.1-1")
@pytest.mark.parametrize("flags", [flags for flags in range(16) if flags != 2])
def test_3_10_1_1_other_flags_are_malformed(dropped, topic, flags):
    dropped(Reason.MALFORMED_PACKET, Unsubscribe(1, [topic()]), first_byte=0xA0 | flags)


@statement("MQTT-3.10.3-1")
@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", b"a\0", b"\xc0\x80/#"])
def test_3_10_3_1_topic_filter_is_utf_8(client, topic, text):
    one, publisher = client("one", **LASTING), client("publisher")
    one.subscribe(topic())
    one.send(Unsubscribe(1, [topic(), text]))
    one.expect_disconnect(Reason.MALFORMED_PACKET)
    # The good filter before the bad one was not taken either: the subscription is still there.
    again = client("one", clean_start=False)
    publisher.publish(topic(), b"x")
    again.expect_publish(topic(), b"x")


@statement("MQTT-3.10.3-2")
def test_3_10_3_2_unsubscribe_without_a_filter_is_a_protocol_error(dropped):
    dropped(Reason.PROTOCOL_ERROR, Unsubscribe(1, []))
    dropped(Reason.PROTOCOL_ERROR, Unsubscribe(1, [], user_property=[("a", "b")]))


@statement("MQTT-3.10.3-1", "MQTT-4.13.1-1")
def test_3_10_3_1_bad_forms_are_malformed(dropped, topic):
    for payload in ("00", "0005 61", "0001 61 00", "0001 61 0001"):
        content = bytes.fromhex("0001 00" + payload)
        dropped(Reason.MALFORMED_PACKET, bytes([0xA2, len(content)]) + content)
    for name, value in (("subscription_identifier", 1), ("reason_string", "a"), (0x7E, b"\x01")):
        dropped(Reason.MALFORMED_PACKET, Unsubscribe(1, [topic()], raw_properties=encode_properties([(name, value)])))


@statement("MQTT-3.10.4-1")
def test_3_10_4_1_only_the_identical_filter_goes(client, topic):
    publisher, one = client("publisher"), client("one")
    filters = ["a/b", "a/+", "a/#", "A/b", "a/b/", "/a/b", "+/b", "a/é"]
    one.subscribe(*(topic(text) for text in filters))
    near = ["a", "a/B", "a/b ", "a//b", "#", "a/e\u0301", "a/b/#", "+/+"]
    one.unsubscribe(*(topic(text) for text in near), expect=[Reason.NO_SUBSCRIPTION_EXISTED] * len(near))
    for number, text in enumerate(filters):
        one.unsubscribe(topic(text), expect=[Reason.SUCCESS])
        one.unsubscribe(topic(text), expect=[Reason.NO_SUBSCRIPTION_EXISTED])
        publisher.publish(topic("a/b"), b"%d" % number)
        if number < filters.index("+/b"):
            one.expect_publish(topic("a/b"), b"%d" % number)
        else:
            barrier(publisher, one)


@statement("MQTT-3.10.4-1")
def test_3_10_4_1_shared_and_plain_subscriptions_are_different(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), f"$share/g/{topic()}")
    one.unsubscribe(f"$share/h/{topic()}", expect=[Reason.NO_SUBSCRIPTION_EXISTED])
    one.unsubscribe(topic())
    publisher.publish(topic(), b"shared")
    one.expect_publish(topic(), b"shared")
    one.unsubscribe(f"$share/g/{topic()}")
    publisher.publish(topic(), b"x")
    barrier(publisher, one)


@statement("MQTT-3.10.4-2")
def test_3_10_4_2_nothing_new_after_unsubscribe(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    publisher.publish(topic(), b"x", 1)
    one.expect_publish(topic(), b"x", 1)
    one.unsubscribe(topic())
    for qos in range(3):
        publisher.publish(topic(), b"x", qos)
    barrier(publisher, one)
    one.disconnect()
    publisher.publish(topic(), b"x", 1)
    barrier(publisher, client("one", clean_start=False))


@statement("MQTT-3.10.4-3")
def test_3_10_4_3_deliveries_that_have_begun_are_finished(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    for qos in (1, 2, 2):
        publisher.publish(topic(), b"x", qos)
    first, second, third = (one.expect_publish(topic(), b"x", qos, acknowledge=False) for qos in (1, 2, 2))
    one.send(Pubrec(third.packet_identifier))
    one.expect(Pubrel, packet_identifier=third.packet_identifier)
    one.unsubscribe(topic())
    one.send(Pubcomp(third.packet_identifier))
    one.send(Pubrec(second.packet_identifier))
    one.expect(Pubrel, packet_identifier=second.packet_identifier, reason_code=0)
    # Also over a new connection.
    one.close()
    one = client("one", clean_start=False, **LASTING)
    one.await_packet(Publish, packet_identifier=first.packet_identifier, dup=True)
    one.await_packet(Pubrel, packet_identifier=second.packet_identifier, reason_code=0)
    one.send(Puback(first.packet_identifier), Pubcomp(second.packet_identifier))
    one.expect_nothing()


@statement("MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-2.2.1-6")
@pytest.mark.parametrize("identifier", [1, 500, 65535])
def test_3_10_4_4_unsubscribe_is_answered_with_its_identifier(client, topic, identifier):
    one = client()
    one.subscribe(topic())
    for code in (Reason.SUCCESS, Reason.NO_SUBSCRIPTION_EXISTED):
        one.send(Unsubscribe(identifier, [topic()]))
        one.expect(Unsuback, packet_identifier=identifier, reason_codes=[code])
        one.expect_nothing()


@statement("MQTT-3.10.4-6", "MQTT-3.11.3-1", "MQTT-3.11.3-2")
def test_3_10_4_6_one_unsuback_with_a_code_for_each_filter_in_order(client, topic):
    one = client()
    one.subscribe(topic("a"), topic("b"))
    absent, bad = Reason.NO_SUBSCRIPTION_EXISTED, Reason.TOPIC_FILTER_INVALID
    one.send(Unsubscribe(9, [topic("c"), topic("b"), "a/#/b", topic("a"), topic("a"), "", "$share//x"]))
    one.expect(Unsuback, packet_identifier=9, reason_codes=[absent, 0, bad, 0, absent, bad, bad])
    one.expect_nothing()
    one.publish(topic("a"), b"x")
    one.publish(topic("b"), b"x")
    one.expect_nothing()


@statement("MQTT-3.11.3-1")
def test_3_11_3_1_many_filters_get_as_many_codes(client, topic):
    one = client()
    names = [topic(f"{number}/#") for number in range(500)]
    one.subscribe(*names[::2])
    one.unsubscribe(*names, expect=[Reason.SUCCESS, Reason.NO_SUBSCRIPTION_EXISTED] * 250)


@statement("MQTT-3.11.2-1", "MQTT-3.11.2-2")
def test_3_11_2_1_reason_string_gives_way_to_maximum_packet_size(client):
    free = client()
    bad = Reason.TOPIC_FILTER_INVALID
    answer = free.unsubscribe("a/#/b", expect=[bad], user_property=[("a", "b")] * 64)
    assert answer.user_property == []
    size, smallest = len(answer.frame), len(free.connack.frame)
    for maximum in {smallest, smallest + 3, max(smallest, size - 1), max(smallest, size)}:
        one = client(maximum_packet_size=maximum)
        one.unsubscribe("a/#/b", expect=[bad])
        one.expect_nothing()
