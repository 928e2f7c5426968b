# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.3: the flags of PUBLISH, its topic, what it makes happen. Properties are in test_3_3_properties.py."""

import pytest
from wire import (
    Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Stopwatch, Suback, Subscribe, Subscription, Unsuback, Unsubscribe,
    barrier, receive_until_barrier, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


# DUP and QoS


@statement("MQTT-3.3.1-1", "MQTT-4.3.2-3", "MQTT-4.3.3-3", "MQTT-4.3.2-2", "MQTT-4.3.3-2")
@pytest.mark.parametrize("qos", [1, 2])
def test_3_3_1_1_redelivered_publish_has_dup(client, topic, qos):
    one = client("one", **LASTING)
    one.subscribe(topic(), qos=qos)
    client("publisher").publish(topic(), b"x", qos)
    first = one.expect_publish(topic(), b"x", qos, dup=False, acknowledge=False)
    for _ in range(2):
        one.close()
        one = client("one", clean_start=False, **LASTING)
        one.expect_publish(
            topic(), b"x", qos, dup=True, packet_identifier=first.packet_identifier, acknowledge=False
        )
    one.acknowledge(first)
    one.disconnect()
    one = client("one", clean_start=False, **LASTING)
    one.expect_nothing()


@statement("MQTT-3.3.1-2")
def test_3_3_1_2_dup_with_qos_0_is_malformed(dropped, topic):
    dropped(Reason.MALFORMED_PACKET, Publish(topic(), b"x", 0, dup=True))
    dropped(Reason.MALFORMED_PACKET, Publish(topic(), b"x", 0, dup=True, retain=True))


@statement("MQTT-3.3.1-3", "MQTT-3.3.1-2", "MQTT-4.3.1-1", "MQTT-4.3.2-2", "MQTT-4.3.3-2")
def test_3_3_1_3_dup_of_the_publisher_is_not_forwarded(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(topic("#"), qos=2)
    for qos in (1, 2):
        publisher.publish(topic(), b"x", qos, dup=True)
        subscriber.expect_publish(topic(), b"x", qos, dup=False)
    low = client("low")
    low.subscribe(topic("#"), qos=0)
    publisher.publish(topic(), b"x", 1, dup=True)
    low.expect_publish(topic(), b"x", 0, dup=False)


@statement("MQTT-3.3.1-4")
@pytest.mark.parametrize("first_byte", [0x36, 0x37, 0x3E, 0x3F])
def test_3_3_1_4_qos_3_is_malformed(dropped, first_byte):
    dropped(Reason.MALFORMED_PACKET, Publish("a", b"x", packet_identifier=1), first_byte=first_byte)


@statement("MQTT-3.3.4-1", "MQTT-4.3.2-4", "MQTT-4.3.3-8", "MQTT-4.3.3-11")
def test_3_3_4_1_the_answer_follows_the_qos(client, topic):
    one = client()
    one.send(Publish(topic(), b"x", 0))
    one.expect_nothing()
    one.send(Publish(topic(), b"x", 1, packet_identifier=5))
    one.expect(Puback, packet_identifier=5)
    one.expect_nothing()
    one.send(Publish(topic(), b"x", 2, packet_identifier=6))
    one.expect(Pubrec, packet_identifier=6)
    one.expect_nothing()
    one.send(Pubrel(6))
    one.expect(Pubcomp, packet_identifier=6, reason_code=0)
    one.expect_nothing()


# RETAIN


@statement("MQTT-3.3.1-5")
def test_3_3_1_5_retained_message_is_replaced_with_all_it_has(client, topic):
    publisher = client("publisher")
    publisher.publish(topic(), b"old", 0, retain=True, content_type="old", user_property=[("a", "1")])
    publisher.publish(
        topic(), b"new", 2, retain=True, payload_format_indicator=1, message_expiry_interval=600, response_topic="r",
        correlation_data=b"c", user_property=[("b", "2"), ("b", "2")],
    )  # fmt: skip
    subscriber = client("subscriber")
    subscriber.subscribe(topic(), qos=2)
    kept = subscriber.expect_publish(
        topic(), b"new", 2, retain=True, payload_format_indicator=1, response_topic="r", correlation_data=b"c",
        content_type=None, user_property=[("b", "2"), ("b", "2")], topic_alias=None,
    )  # fmt: skip
    assert kept.message_expiry_interval in (598, 599, 600)
    subscriber.expect_nothing()


@statement("MQTT-3.3.1-5", "MQTT-3.3.2-5", "MQTT-3.3.2-6")
def test_3_3_1_5_retained_message_expires(client, topic):
    publisher, early, late = client("publisher"), client("early"), client("late")
    watch = Stopwatch()
    publisher.publish(topic("short"), b"x", 1, retain=True, message_expiry_interval=1)
    publisher.publish(topic("long"), b"x", 1, retain=True, message_expiry_interval=3600)
    early.subscribe(topic("short"))
    early.expect_publish(topic("short"), b"x", retain=True)
    while watch.elapsed < 2.1:
        late.ping()
    late.subscribe(topic("#"))
    packet = late.expect_publish(topic("long"), b"x", retain=True)
    assert 3600 - watch.elapsed - 1 <= packet.message_expiry_interval <= 3598
    barrier(publisher, late)


@statement("MQTT-3.3.1-6", "MQTT-3.3.1-7")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_3_3_1_6_empty_retained_message_is_delivered_and_erases(client, topic, qos):
    publisher, subscriber, later = client("publisher"), client("subscriber"), client("later")
    publisher.publish(topic(), b"x", qos, retain=True)
    subscriber.subscribe(topic(), qos=2)
    subscriber.expect_publish(topic(), b"x", qos, retain=True)
    publisher.publish(topic(), b"", qos, retain=True)
    subscriber.expect_publish(topic(), b"", qos, retain=False)
    later.subscribe(topic(), qos=2)
    barrier(publisher, later)


@statement("MQTT-3.3.1-7")
def test_3_3_1_7_empty_message_is_never_retained(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    publisher.publish(topic(), b"", 1, retain=True, content_type="not empty", user_property=[("a", "b")])
    subscriber.subscribe(topic("#"))
    barrier(publisher, subscriber)


@statement("MQTT-3.3.1-8")
def test_3_3_1_8_message_without_retain_leaves_the_retained_one(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    publisher.publish(topic("none"), b"x", 1)
    publisher.publish(topic("kept"), b"kept", 1, retain=True)
    publisher.publish(topic("kept"), b"other", 1)
    publisher.publish(topic("kept"), b"", 1)
    subscriber.subscribe(topic("#"), qos=1)
    subscriber.expect_publish(topic("kept"), b"kept", 1, retain=True)
    barrier(publisher, subscriber)


@statement("MQTT-3.3.1-9", "MQTT-3.8.4-4")
def test_3_3_1_9_retain_handling_0_sends_on_every_subscribe(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    for name in ("a", "b", "c/d"):
        publisher.publish(topic(name), name, 1, retain=True)
    publisher.publish(topic("live"), b"x", 1)
    for _ in range(3):
        subscriber.subscribe(topic("#"), qos=1, retain_handling=0)
        packets = [subscriber.expect(Publish, retain=True, qos=1) for _ in range(3)]
        assert {packet.topic for packet in packets} == {topic("a"), topic("b"), topic("c/d")}
        for packet in packets:
            subscriber.acknowledge(packet)
        barrier(publisher, subscriber)


@statement("MQTT-3.3.1-10")
def test_3_3_1_10_retain_handling_1_sends_when_the_subscription_is_new(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber", **LASTING)
    publisher.publish(topic(), b"x", 1, retain=True)
    subscriber.subscribe(topic(), retain_handling=1)
    subscriber.expect_publish(topic(), b"x", retain=True)
    subscriber.subscribe(topic(), qos=1, retain_handling=1)
    barrier(publisher, subscriber)
    subscriber.disconnect()
    subscriber = client("subscriber", clean_start=False)
    subscriber.subscribe(topic(), retain_handling=1)
    barrier(publisher, subscriber)
    subscriber.unsubscribe(topic())
    subscriber.subscribe(topic(), retain_handling=1)
    subscriber.expect_publish(topic(), b"x", retain=True)


@statement("MQTT-3.3.1-11")
def test_3_3_1_11_retain_handling_2_sends_none(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    publisher.publish(topic(), b"x", 1, retain=True)
    for _ in range(2):
        subscriber.subscribe(topic(), retain_handling=2)
        barrier(publisher, subscriber)
    publisher.publish(topic(), b"live", 1, retain=True)
    subscriber.expect_publish(topic(), b"live", retain=False)


@statement("MQTT-3.3.1-9")
def test_3_3_1_9_shared_subscription_gets_no_retained_messages(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    publisher.publish(topic(), b"x", 1, retain=True)
    subscriber.subscribe(f"$share/group/{topic()}", retain_handling=0)
    barrier(publisher, subscriber)


@statement("MQTT-3.3.1-12", "MQTT-3.3.1-13")
def test_3_3_1_12_retain_as_published(client, topic):
    publisher, plain, faithful = client("publisher"), client("plain"), client("faithful")
    plain.subscribe(topic(), retain_as_published=False)
    faithful.subscribe(topic(), retain_as_published=True)
    for retain in (True, False):
        publisher.publish(topic(), b"x", retain=retain)
        plain.expect_publish(topic(), b"x", retain=False)
        faithful.expect_publish(topic(), b"x", retain=retain)
    # What comes because of the subscription itself is retained in either case.
    plain.subscribe(topic(), retain_as_published=False)
    plain.expect_publish(topic(), b"x", retain=True)


# The topic


@statement("MQTT-3.3.2-1", "MQTT-4.7.3-1")
@pytest.mark.parametrize("body", ["", "00", "0005 61", "ffff 61", "0002 61"])
def test_3_3_2_1_publish_without_a_whole_topic_is_malformed(dropped, body):
    content = bytes.fromhex(body)
    dropped(Reason.MALFORMED_PACKET, bytes([0x30, len(content)]) + content)


@statement("MQTT-3.3.2-2", "MQTT-4.7.0-1")
@pytest.mark.parametrize("name", ["#", "+", "a/#", "a/+/b", "a#", "a+b", "+a"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_3_3_2_2_wildcard_in_topic_name_is_refused(dropped, name, qos):
    dropped(Reason.TOPIC_NAME_INVALID, Publish(name, b"x", qos))


MATCHES = [
    ("a/b/c", "a/b/c", True), ("a/b/c", "a/b", False), ("a/b", "a/b/c", False), ("a", "A", False), ("a", "a ", False),
    ("#", "a", True), ("#", "a/b/c", True), ("#", "/", True), ("a/#", "a", True), ("a/#", "a/b/c", True),
    ("a/#", "a/", True), ("a/#", "ab", False), ("+", "a", True), ("+", "a/b", False), ("+", "/a", False),
    ("+/+", "a/b", True), ("+/+", "/a", True), ("/+", "/a", True), ("+/b", "a/b", True), ("+/b", "/b", True),
    ("a/+", "a/b", True), ("a/+", "a/", True), ("a/+", "a", False), ("a/+/c", "a/b/c", True), ("a/+/c", "a/b/d", False),
    ("a/+/#", "a/b", True), ("a/+/#", "a", False), ("a/+/#", "a/b/c/d", True), ("+/b/#", "a/b", True),
    ("a//b", "a//b", True), ("a/+/b", "a//b", True), ("a/b", "a//b", False), ("a/", "a", False), ("a/b/", "a/b", False),
    ("+/+/+", "a/b/c", True), ("+/+/+", "a/b", False), ("/#", "/a", True), ("/#", "a", False), ("+/#", "a", True),
    ("é/+", "é/日本", True), ("a\u00e9", "ae\u0301", False),
]  # fmt: skip


@statement("MQTT-3.3.2-3", "MQTT-4.7.3-4")
def test_3_3_2_3_topic_of_a_delivery_matches_its_filter(client, topic):
    """Each filter stands below the test's own first level; a Subscription Identifier tells which one matched."""
    publisher = client("publisher")
    for number, (filter, name, matches) in enumerate(MATCHES):
        subscriber = client(f"s{number}")
        base = topic(f"{number}")
        subscriber.subscribe(f"{base}/{filter}", subscription_identifier=number + 1)
        publisher.publish(f"{base}/{name}", b"x")
        (packets,) = receive_until_barrier(publisher, subscriber)
        assert len(packets) == int(matches), f"{filter!r} and {name!r}"
        if matches:
            assert (packets[0].topic, packets[0].subscription_identifier) == (f"{base}/{name}", [number + 1])
        subscriber.disconnect()


# Overlapping subscriptions


@statement("MQTT-3.3.4-2", "MQTT-3.3.4-3", "MQTT-3.3.4-4", "MQTT-3.3.4-5")
def test_3_3_4_2_overlapping_subscriptions_give_one_copy_of_the_highest_qos(client, topic):
    """One copy is the reaction chosen here, so it carries all identifiers; each would have its own otherwise."""
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(Subscription(topic("+/c"), 0), subscription_identifier=30)
    subscriber.subscribe(Subscription(topic("#"), 2), subscription_identifier=10)
    subscriber.subscribe(Subscription(topic("b/c"), 1), subscription_identifier=20)
    subscriber.subscribe(Subscription(topic("b/#"), 1))
    for published in (2, 1, 0):
        publisher.publish(topic("b/c"), b"x", published)
        subscriber.expect_publish(topic("b/c"), b"x", published, subscription_identifier=[30, 10, 20])
    publisher.publish(topic("z/c"), b"x", 2)
    subscriber.expect_publish(topic("z/c"), b"x", 2, subscription_identifier=[30, 10])
    barrier(publisher, subscriber)


@statement("MQTT-3.3.4-3")
def test_3_3_4_3_identifier_of_one_subscribe_belongs_to_all_its_filters(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(topic("a"), topic("b"), subscription_identifier=7)
    subscriber.subscribe(topic("c"))
    for name, expected in (("a", [7]), ("b", [7]), ("c", [])):
        publisher.publish(topic(name), b"x")
        subscriber.expect_publish(topic(name), b"x", subscription_identifier=expected)


@statement("MQTT-3.3.4-3")
def test_3_3_4_3_retained_message_carries_the_identifier_of_the_subscribe(client, topic):
    client("publisher").publish(topic(), b"x", 1, retain=True)
    subscriber = client("subscriber")
    subscriber.subscribe(topic("#"), subscription_identifier=1)
    subscriber.expect_publish(topic(), b"x", retain=True, subscription_identifier=[1])
    subscriber.subscribe(topic(), subscription_identifier=2)
    subscriber.expect_publish(topic(), b"x", retain=True, subscription_identifier=[2])


# Receive Maximum


@statement("MQTT-3.3.4-7", "MQTT-4.13.1-1")
def test_3_3_4_7_more_than_receive_maximum_ends_the_connection(client, topic):
    one = client()
    maximum = one.connack.receive_maximum
    assert maximum, "the default is announced because it is not 65,535"
    for identifier in range(1, maximum + 1):
        one.send(Publish(topic(), b"x", 2, packet_identifier=identifier))
    for identifier in range(1, maximum + 1):
        one.expect(Pubrec, packet_identifier=identifier)
    # A repetition is not one more, and a completed exchange makes room.
    one.send(Publish(topic(), b"x", 2, packet_identifier=1, dup=True))
    one.expect(Pubrec, packet_identifier=1)
    one.send(Pubrel(2))
    one.expect(Pubcomp, packet_identifier=2)
    one.send(Publish(topic(), b"x", 2, packet_identifier=maximum + 1))
    one.expect(Pubrec, packet_identifier=maximum + 1)
    one.send(Publish(topic(), b"x", 2, packet_identifier=maximum + 2))
    one.expect_disconnect(Reason.RECEIVE_MAXIMUM_EXCEEDED)


@statement("MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2")
@pytest.mark.parametrize("maximum", [1, 3, 20])
def test_3_3_4_9_no_more_than_the_receive_maximum_of_the_client(client, topic, maximum):
    publisher, one = client("publisher"), client("one", receive_maximum=maximum)
    one.subscribe(topic(), qos=2)
    count = 3 * maximum
    for number in range(count):
        publisher.publish(topic(), b"%d" % number, 1 + number % 2)
    (waiting,) = receive_until_barrier(publisher, one)
    assert [packet.payload for packet in waiting] == [b"%d" % number for number in range(maximum)]
    for number in range(count):
        packet = waiting.pop(0)
        assert packet.payload == b"%d" % number
        one.expect_nothing()
        if packet.qos == 1:
            one.send(Puback(packet.packet_identifier))
        else:
            one.send(Pubrec(packet.packet_identifier))
            one.expect(Pubrel, packet_identifier=packet.packet_identifier)
            one.expect_nothing()  # PUBREC alone makes no room.
            one.send(Pubcomp(packet.packet_identifier))
        if number + maximum < count:
            waiting.append(one.expect(Publish))


@statement("MQTT-3.3.4-10", "MQTT-4.9.0-3")
def test_3_3_4_10_other_packets_flow_while_the_quota_is_used_up(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    one.subscribe(topic("#"), qos=1)
    publisher.publish(topic("a"), b"1", 1)
    publisher.publish(topic("a"), b"2", 1)
    first = one.expect_publish(topic("a"), b"1", 1, acknowledge=False)
    one.expect_nothing()
    sent = one.send(Subscribe(None, [Subscription(topic("b"), 1)]))
    one.expect(Suback, packet_identifier=sent.packet_identifier)
    sent = one.send(Unsubscribe(None, [topic("b")]))
    one.expect(Unsuback, packet_identifier=sent.packet_identifier)
    one.send(Publish("other", b"x", 1, packet_identifier=70))
    one.expect(Puback, packet_identifier=70)
    one.send(Publish("other", b"x", 2, packet_identifier=71))
    one.expect(Pubrec, packet_identifier=71)
    one.send(Pubrel(71))
    one.expect(Pubcomp, packet_identifier=71)
    barrier(publisher, one, qos=0)  # QoS 0 needs no quota.
    one.acknowledge(first)
    one.expect_publish(topic("a"), b"2", 1)


@statement("MQTT-3.3.4-9")
def test_3_3_4_9_refusing_a_qos_2_message_makes_room(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    one.subscribe(topic(), qos=2)
    for number in range(3):
        publisher.publish(topic(), b"%d" % number, 2)
    for number in range(3):
        packet = one.expect_publish(topic(), b"%d" % number, 2, acknowledge=False)
        one.send(Pubrec(packet.packet_identifier, Reason.IMPLEMENTATION_SPECIFIC_ERROR))
    one.expect_nothing()


@statement("MQTT-3.3.4-6")
def test_3_3_4_6_subscription_identifier_from_a_client_is_a_protocol_error(dropped, topic):
    for qos in range(3):
        dropped(Reason.PROTOCOL_ERROR, Publish(topic(), b"x", qos, subscription_identifier=1))
    dropped(Reason.PROTOCOL_ERROR, Publish(topic(), b"x", subscription_identifier=[1, 2]))
