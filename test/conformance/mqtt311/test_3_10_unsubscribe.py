# SPDX-License-Identifier: Apache-2.0
"""Chapter 3.10: UNSUBSCRIBE and its answer."""

import pytest
from wire import (
    Puback, Pubcomp, Publish, Pubrec, Pubrel, Unsuback, Unsubscribe, barrier, statement311 as statement,
)  # fmt: skip


@pytest.mark.parametrize("flags", [flags for flags in range(16) if flags != 2])
@statement("MQTT-3.10.1-1")
def test_3_10_1_1_other_flags_than_0010_close(client, topic, flags):
    one = client()
    one.send(Unsubscribe(1, [topic()]), first_byte=0xA0 | flags)
    one.expect_closed()


@pytest.mark.parametrize("text", [b"\xff", b"a/\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
@statement("MQTT-3.10.3-1")
def test_3_10_3_1_ill_formed_filter_closes_and_nothing_is_unsubscribed(client, topic, text):
    one = client("s", clean_start=False)
    one.subscribe(topic(), qos=1)
    one.send(Unsubscribe(1, [topic(), text]))
    one.expect_closed()
    again = client("s", clean_start=False)
    again.publish(topic(), b"x", qos=1)
    again.expect_publish(topic(), b"x", qos=1)


@pytest.mark.parametrize("body", ["0001 0005 61", "0001 00", "0001 ffff"])
@statement("MQTT-3.10.3-1")
def test_3_10_3_1_cut_filter_closes(client, body):
    content = bytes.fromhex(body)
    one = client()
    one.send(bytes([0xA2, len(content)]) + content)
    one.expect_closed()


@statement("MQTT-3.10.3-2")
def test_3_10_3_2_unsubscribe_without_a_filter_closes(client):
    one = client()
    one.send(Unsubscribe(1, []))
    one.expect_closed()


@statement("MQTT-3.10.4-1")
def test_3_10_4_1_only_the_very_same_filter_is_removed(client, topic):
    one = client()
    filters = [topic("a/b"), topic("a/+"), topic("a/#")]
    one.subscribe(*filters)
    for other in ("a/b/", "/a/b", "A/b", "a/B", "a//b", "+/b", "+/+", "#", "a/b/#", "a"):
        one.unsubscribe(topic(other))
    for text in filters:
        one.publish(topic("a/b"), b"x")
        one.expect_publish(topic("a/b"), b"x")
        one.unsubscribe(text)
    one.publish(topic("a/b"), b"x")
    barrier(one, one)


@statement("MQTT-3.10.4-2")
def test_3_10_4_2_nothing_new_arrives_after_unsuback(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"before", qos=1)
    subscriber.expect_publish(topic(), b"before", qos=1)
    subscriber.unsubscribe(topic())
    for qos in (0, 1, 2):
        publisher.publish(topic(), b"after", qos=qos)
    barrier(publisher, subscriber)


@statement("MQTT-3.10.4-2")
def test_3_10_4_2_nothing_new_is_queued_for_a_client_that_left(client, topic):
    subscriber, publisher = client("s", clean_start=False), client()
    subscriber.subscribe(topic(), qos=2)
    subscriber.unsubscribe(topic())
    subscriber.disconnect()
    publisher.publish(topic(), b"after", qos=2)
    back = client("s", clean_start=False)
    assert back.connack.session_present
    barrier(publisher, back)


@statement("MQTT-3.10.4-3")
def test_3_10_4_3_deliveries_that_began_are_finished(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"one", qos=1)
    publisher.publish(topic(), b"two", qos=2)
    one = subscriber.expect_publish(topic(), b"one", qos=1, acknowledge=False)
    two = subscriber.expect_publish(topic(), b"two", qos=2, acknowledge=False)
    subscriber.unsubscribe(topic())
    subscriber.send(Puback(one.packet_identifier), Pubrec(two.packet_identifier))
    subscriber.expect(Pubrel, packet_identifier=two.packet_identifier)
    subscriber.send(Pubcomp(two.packet_identifier))
    barrier(publisher, subscriber)


@statement("MQTT-3.10.4-3")
def test_3_10_4_3_deliveries_that_began_are_sent_again_after_a_break(client, topic):
    subscriber = client("s", clean_start=False)
    subscriber.subscribe(topic(), qos=2)
    client().publish(topic(), b"x", qos=2)
    first = subscriber.expect_publish(topic(), b"x", qos=2, acknowledge=False)
    subscriber.unsubscribe(topic())
    subscriber.close()
    resumed = client("s", clean_start=False)
    resumed.expect_publish(topic(), b"x", qos=2, dup=True, packet_identifier=first.packet_identifier)
    barrier(client(), resumed)


@pytest.mark.parametrize("identifier", [1, 0x0100, 0xFFFF])
@statement("MQTT-3.10.4-4")
def test_3_10_4_4_unsubscribe_is_answered_with_the_same_identifier(client, topic, identifier):
    one = client()
    one.subscribe(topic())
    one.send(Unsubscribe(identifier, [topic()]))
    one.expect(Unsuback, packet_identifier=identifier)


@statement("MQTT-3.10.4-5")
def test_3_10_4_5_unsuback_comes_even_when_nothing_was_removed(client, topic):
    one = client()
    one.send(Unsubscribe(9, [topic("never"), topic("#")]))
    one.expect(Unsuback, packet_identifier=9)


@statement("MQTT-3.10.4-6")
def test_3_10_4_6_several_filters_are_removed_with_one_unsuback(client, topic):
    one = client()
    one.subscribe(topic("a"), topic("b"), topic("c"), topic("d"))
    one.send(Unsubscribe(4, [topic("a"), topic("never"), topic("c"), topic("a")]))
    one.expect(Unsuback, packet_identifier=4)
    one.expect_nothing()
    for name in "abcd":
        one.send(Publish(topic(name), name.encode()))
    one.expect_publish(topic("b"), b"b")
    one.expect_publish(topic("d"), b"d")
    barrier(one, one)
