# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.8 and 3.9: SUBSCRIBE and SUBACK."""

import pytest
from wire import (
    V5, Publish, Puback, Reason, Suback, Subscribe, Subscription, barrier, encode_properties, receive_until_barrier,
    statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


# What is refused


@statement("MQTT-3.8.1-1")
@pytest.mark.parametrize("flags", [flags for flags in range(16) if flags != 2])
def test_3_8_1_1_other_flags_are_malformed(dropped, topic, flags):
    dropped(Reason.MALFORMED_PACKET, Subscribe(1, [Subscription(topic())]), first_byte=0x80 | flags)


@statement("MQTT-3.8.3-1")
@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", b"a\0", b"\xc0\x80/#"])
def test_3_8_3_1_topic_filter_is_utf_8(client, topic, text):
    one, publisher = client("one", **LASTING), client("publisher")
    one.send(Subscribe(1, [Subscription(topic()), Subscription(text)]))
    one.expect_disconnect(Reason.MALFORMED_PACKET)
    # The good filter before the bad one was not taken either.
    again = client("one", clean_start=False)
    publisher.publish(topic(), b"x")
    barrier(publisher, again)


@statement("MQTT-3.8.3-2")
def test_3_8_3_2_subscribe_without_a_filter_is_a_protocol_error(dropped):
    dropped(Reason.PROTOCOL_ERROR, Subscribe(1, []))
    dropped(Reason.PROTOCOL_ERROR, Subscribe(1, [], subscription_identifier=5))


@statement("MQTT-3.8.3-2")
@pytest.mark.parametrize("payload", ["00", "0005 61", "0001 61", "0001 61 00 0001", "0001 61 00 0001 62"])
def test_3_8_3_2_filter_without_its_options_is_malformed(dropped, payload):
    content = bytes.fromhex("0001 00" + payload)
    dropped(Reason.MALFORMED_PACKET, bytes([0x82, len(content)]) + content)


@statement("MQTT-3.8.3-4", "MQTT-4.13.1-1")
def test_3_8_3_4_no_local_on_a_shared_subscription_is_a_protocol_error(dropped, topic):
    for qos in range(3):
        dropped(Reason.PROTOCOL_ERROR, Subscribe(1, [Subscription(f"$share/g/{topic()}", qos, no_local=True)]))


@statement("MQTT-3.8.3-5")
@pytest.mark.parametrize("options", [0x40, 0x80, 0xC0, 0x41, 0x92])
def test_3_8_3_5_reserved_option_bits_are_malformed(dropped, topic, options):
    dropped(Reason.MALFORMED_PACKET, Subscribe(1, [Subscription(topic(), options=options)]))


@statement("MQTT-3.8.3-5", "MQTT-4.13.1-1")
@pytest.mark.parametrize("options", [0x03, 0x13, 0x30, 0x31, 0x33])
def test_3_8_3_5_qos_3_and_retain_handling_3_are_protocol_errors(dropped, topic, options):
    dropped(Reason.PROTOCOL_ERROR, Subscribe(1, [Subscription(topic(), options=options)]))


@statement("MQTT-4.13.1-1")
def test_4_13_1_1_bad_properties_of_subscribe(dropped, topic):
    filters = [Subscription(topic())]
    dropped(Reason.PROTOCOL_ERROR, Subscribe(1, filters, subscription_identifier=0))
    dropped(Reason.PROTOCOL_ERROR, Subscribe(1, filters, properties=[("subscription_identifier", 5)] * 2))
    for name, value in (("topic_alias", 1), ("reason_string", "a"), ("content_type", "a"), (0x7E, b"\x01")):
        dropped(Reason.MALFORMED_PACKET, Subscribe(1, filters, raw_properties=encode_properties([(name, value)])))
    dropped(Reason.QUOTA_EXCEEDED, Subscribe(1, filters, user_property=[("a", "b")] * 65))


# No Local


@statement("MQTT-3.8.3-3")
def test_3_8_3_3_no_local_keeps_own_messages_away(client, topic):
    one, other = client("one"), client("other")
    one.subscribe(topic("#"), qos=1, no_local=True)
    other.subscribe(topic("#"), qos=1)
    one.publish(topic(), b"own", 1)
    other.expect_publish(topic(), b"own", 1)
    other.publish(topic(), b"of the other", 1)
    one.expect_publish(topic(), b"of the other", 1)
    barrier(other, one)


@statement("MQTT-3.8.3-3")
def test_3_8_3_3_no_local_is_about_one_subscription(client, topic):
    """Another subscription of the same client still brings its own messages."""
    one = client("one")
    one.subscribe(topic("#"), no_local=True, subscription_identifier=1)
    one.subscribe(topic("a"), qos=1, subscription_identifier=2)
    one.publish(topic("a"), b"x", 1)
    one.expect_publish(topic("a"), b"x", 1, subscription_identifier=[2])
    one.publish(topic("b"), b"x", 1)
    one.expect_nothing()


@statement("MQTT-3.8.3-3")
def test_3_8_3_3_no_local_goes_by_client_identifier(client, topic):
    one = client("one", **LASTING)
    one.subscribe(topic("#"), qos=1, no_local=True)
    one.disconnect()
    one = client("one", clean_start=False, **LASTING)
    one.publish(topic(), b"own", 1)
    one.expect_nothing()


# What is answered


@statement("MQTT-3.8.4-1", "MQTT-3.8.4-2")
def test_3_8_4_1_subscribe_is_answered(client, topic):
    one = client()
    for identifier in (1, 500, 65535):
        one.send(Subscribe(identifier, [Subscription(topic())]))
        one.expect(Suback, packet_identifier=identifier)


@statement("MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1", "MQTT-3.9.3-2")
def test_3_8_4_5_one_suback_with_a_code_for_each_filter_in_order(client, topic):
    publisher, one = client("publisher"), client("one")
    bad = Reason.TOPIC_FILTER_INVALID
    filters = [
        Subscription(topic("a"), 2), Subscription("a/#/b", 1), Subscription(topic("b"), 0), Subscription("", 1),
        Subscription(topic("c"), 1), Subscription("$share//x", 1), Subscription("a+", 0), Subscription(topic("a"), 1),
    ]  # fmt: skip
    one.send(Subscribe(1, filters))
    one.expect(Suback, packet_identifier=1, reason_codes=[2, bad, 0, bad, 1, bad, bad, 1])
    one.expect_nothing()
    # They act as if each had come alone: the last one of the same filter holds.
    for name, qos in (("a", 1), ("b", 0), ("c", 1)):
        publisher.publish(topic(name), b"x", 2)
        one.expect_publish(topic(name), b"x", qos)
    barrier(publisher, one)


@statement("MQTT-3.8.4-6", "MQTT-3.8.4-5")
def test_3_8_4_6_many_filters_get_as_many_codes(client, topic):
    one = client()
    filters = [Subscription(topic(f"{number}/+/x"), number % 3) for number in range(500)]
    one.subscribe(*filters)
    one.publish(topic("499/a/x"), b"x", 2)
    one.expect_publish(topic("499/a/x"), b"x", 499 % 3)


@statement("MQTT-3.8.4-7", "MQTT-3.9.3-2")
def test_3_8_4_7_what_the_configuration_forbids_has_its_code(client, topic, make_broker):
    broker = make_broker({"mqtt": {"wildcard_subscription_available": False, "shared_subscription_available": False}})
    one = client("one", broker=broker)
    assert one.connack.wildcard_subscription_available == 0 and one.connack.shared_subscription_available == 0
    one.subscribe(
        topic("#"), topic("+"), f"$share/g/{topic()}", topic(),
        expect=[
            Reason.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED, Reason.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
            Reason.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED, 0,
        ],
    )  # fmt: skip
    one.publish(topic(), b"x", 1)
    one.expect_publish(topic(), b"x")


@statement("MQTT-3.8.4-7", "MQTT-3.9.3-2")
def test_3_8_4_7_what_access_rules_forbid_has_its_code(client, make_broker):
    broker = make_broker({"access": [{"publish": ["open/#"], "subscribe": ["open/#"]}]})
    one = client("one", broker=broker)
    forbidden = Reason.NOT_AUTHORIZED
    one.subscribe("open/a", "closed/a", "$share/g/closed/b", "open/#", expect=[0, forbidden, forbidden, 0])
    one.publish("open/a", b"x", 1)
    one.expect_publish("open/a", b"x")


@statement("MQTT-3.8.4-7")
def test_3_8_4_7_deep_filters_are_refused(client, topic):
    one = client()
    # The test's own level is the first one.
    one.subscribe(topic("/".join("a" * 127)), topic("/".join("a" * 128)), expect=[0, Reason.TOPIC_FILTER_INVALID])


@statement("MQTT-3.8.4-8")
def test_3_8_4_8_delivery_has_the_lower_of_both_qos(client, topic):
    publisher = client("publisher")
    subscribers = [client(f"s{granted}") for granted in range(3)]
    for granted, subscriber in enumerate(subscribers):
        subscriber.subscribe(topic(), qos=granted)
    for published in range(3):
        publisher.publish(topic(), b"x", published)
        for granted, subscriber in enumerate(subscribers):
            subscriber.expect_publish(topic(), b"x", min(granted, published))


# The same filter again


@statement("MQTT-3.8.4-3")
def test_3_8_4_3_same_filter_replaces_the_subscription(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic("#"), qos=2, subscription_identifier=1, retain_as_published=True)
    one.subscribe(topic("#"), qos=1, subscription_identifier=2, retain_handling=2)
    publisher.publish(topic(), b"x", 2, retain=True)
    one.expect_publish(topic(), b"x", 1, retain=False, subscription_identifier=[2])
    one.subscribe(topic("#"), qos=0, retain_handling=2, no_local=True)
    publisher.publish(topic(), b"y", 2)
    one.expect_publish(topic(), b"y", 0, subscription_identifier=[])
    one.publish(topic(), b"own")
    barrier(publisher, one)
    one.unsubscribe(topic("#"))
    publisher.publish(topic(), b"x", 2)
    barrier(publisher, one)


@statement("MQTT-3.8.4-3")
def test_3_8_4_3_matching_filters_that_are_not_identical_stand_side_by_side(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic("a"), subscription_identifier=1)
    one.subscribe(topic("+"), subscription_identifier=2)
    one.unsubscribe(topic("a"))
    publisher.publish(topic("a"), b"x")
    one.expect_publish(topic("a"), b"x", subscription_identifier=[2])


@statement("MQTT-3.8.4-4")
def test_3_8_4_4_replacing_loses_no_message(client, topic):
    """Messages flow while the same subscription is made again and again."""
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), qos=1, retain_handling=2)
    content = b""
    for number in range(1, 301):
        content += Publish(topic(), b"%d" % number, 1, packet_identifier=number).encode(V5)
        if number % 10 == 0:
            publisher.send(content)
            content = b""
            one.send(Subscribe(number, [Subscription(topic(), 1, retain_handling=2)], subscription_identifier=number))
    for _ in range(300):
        publisher.expect(Puback, reason_code=0)
    received, answered = [], 0
    while len(received) < 300:
        packet = one.receive()
        if isinstance(packet, Suback):
            answered += 1
        else:
            received.append(int(packet.payload))
            one.send(Puback(packet.packet_identifier))
    assert received == list(range(1, 301))
    for _ in range(30 - answered):
        one.expect(Suback)
    barrier(publisher, one)


@statement("MQTT-3.8.4-4")
def test_3_8_4_4_replacing_sends_retained_messages_again_and_keeps_the_queue(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    publisher.publish(topic("kept"), b"kept", 1, retain=True)
    one.subscribe(topic("#"), qos=1)
    kept = one.expect_publish(topic("kept"), b"kept", 1, retain=True, acknowledge=False)
    publisher.publish(topic("live"), b"live", 1)
    barrier(publisher, one)
    one.subscribe(topic("#"), qos=1, retain_handling=0)
    one.acknowledge(kept)
    one.expect_publish(topic("live"), b"live", 1, retain=False)
    one.expect_publish(topic("kept"), b"kept", 1, retain=True)
    barrier(publisher, one)


@statement("MQTT-3.8.4-1")
def test_3_8_4_1_after_suback_every_message_comes(client, topic):
    """Whoever publishes after SUBACK reaches the subscriber, whichever loop it is on."""
    publishers = [client(f"p{number}") for number in range(4)]
    for number in range(10):
        one = client(f"s{number}")
        one.subscribe(topic(f"{number}"))
        for publisher in publishers:
            publisher.publish(topic(f"{number}"), b"x")
        for _ in publishers:
            one.expect_publish(topic(f"{number}"), b"x")


# SUBACK and Maximum Packet Size


@statement("MQTT-3.9.2-1", "MQTT-3.9.2-2")
def test_3_9_2_1_reason_string_gives_way_to_maximum_packet_size(client):
    free = client()
    bad = Reason.TOPIC_FILTER_INVALID
    size = len(free.subscribe("a/#/b", expect=[bad]).frame)
    smallest = len(free.connack.frame)
    for maximum in {smallest, smallest + 3, max(smallest, size - 1), max(smallest, size)}:
        one = client(maximum_packet_size=maximum)
        one.subscribe("a/#/b", expect=[bad])
        one.expect_nothing()


@statement("MQTT-3.9.2-2")
def test_3_9_2_2_user_properties_of_subscribe_are_not_sent_back(client, topic):
    suback = client().subscribe(topic(), user_property=[("a", "b")] * 64)
    assert suback.user_property == []


@statement("MQTT-3.8.4-5")
def test_3_8_4_5_retained_messages_follow_suback(client, topic):
    client("publisher").publish(topic(), b"x", 1, retain=True)
    one = client("one")
    one.send(Subscribe(1, [Subscription(topic()), Subscription("a/#/b")]))
    one.expect(Suback, reason_codes=[0, Reason.TOPIC_FILTER_INVALID])
    one.expect_publish(topic(), b"x", retain=True)
    (left,) = receive_until_barrier(client("publisher"), one)
    assert left == []
