# SPDX-License-Identifier: Apache-2.0
"""Chapters 4.7 and 4.8: Topic Names, Topic Filters and errors."""

import unicodedata

import pytest
from wire import (
    Connect, Publish, Subscribe, Subscription, Unsubscribe, Will, barrier, frame, receive_until_barrier,
    statement311 as statement,
)  # fmt: skip

# 4.7.1 Wildcards ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["#", "+", "a/#", "+/a", "a+", "a#b"])
@statement("MQTT-4.7.1-1")
def test_4_7_1_1_wildcard_in_a_topic_name_closes(client, name):
    one, with_will = client(), client.open()
    one.send(Publish(name, b"x", qos=1))
    one.expect_closed()
    with_will.send(Connect("a", will=Will(name, b"x")))
    with_will.expect_closed()


def expect_filter_refused(client, topic, text, published):
    """Chosen: SUBACK 0x80, and nothing arrives because of it."""
    subscriber, publisher = client(), client()
    subscriber.subscribe(text, qos=1, expect=[0x80])
    for name in published:
        publisher.publish(topic(name), b"x", qos=1)
    barrier(publisher, subscriber)


@pytest.mark.parametrize("text", ["a#", "a/b#", "#/", "a/#/c", "##", "a/##", "#a", "a/#b"])
@statement("MQTT-4.7.1-2")
def test_4_7_1_2_misplaced_multi_level_wildcard_is_refused(client, topic, text):
    expect_filter_refused(client, topic, topic(text), ["a", "a/b", "a/b/c", "b"])


@statement("MQTT-4.7.1-2")
def test_4_7_1_2_multi_level_wildcard_matches_the_parent_and_all_below(client, topic):
    one = client()
    one.subscribe(topic("sport/#"))
    for name in ("sport", "sport/", "sport/tennis", "sport/tennis/player1/score/wimbledon", "sport//"):
        one.publish(topic(name), b"x")
        one.expect_publish(topic(name), b"x")
    for name in ("sports", "spor", "Sport/tennis", "a/sport"):
        one.publish(topic(name), b"x")
    barrier(one, one)


@pytest.mark.parametrize("text", ["a+", "+a", "a/b+", "a/+b/c", "++", "+/++", "a/+#"])
@statement("MQTT-4.7.1-3")
def test_4_7_1_3_single_level_wildcard_in_part_of_a_level_is_refused(client, topic, text):
    expect_filter_refused(client, topic, topic(text), ["a", "a/b", "a/b/c", "ab"])


@statement("MQTT-4.7.1-3")
def test_4_7_1_3_single_level_wildcard_fills_a_level_at_any_position(client, topic):
    for text, matching, others in (
        ("sport/+", ["sport/a", "sport/"], ["sport", "sport/a/b"]),
        ("+/tennis/#", ["a/tennis", "/tennis/b"], ["tennis", "a/b/tennis"]),
        ("a/+/b", ["a/x/b", "a//b"], ["a/b", "a/x/y/b"]),
        ("+/+/+", ["a/b/c", "//"], ["a/b", "a/b/c/d"]),
    ):
        one = client()
        one.subscribe(topic(text))
        for name in matching:
            one.publish(topic(name), b"x")
            one.expect_publish(topic(name), b"x")
        for name in others:
            one.publish(topic(name), b"x")
        barrier(one, one)


# 4.7.2 Topics that start with $ ---------------------------------------------------------------------------------


@statement("MQTT-4.7.2-1")
def test_4_7_2_1_leading_wildcards_do_not_match_topics_of_the_broker(client, make_broker):
    broker = make_broker({"broker": {"sys_interval": "1s"}})
    wild, direct = client(broker=broker), client(broker=broker)
    wild.subscribe("#", "+/#", "+/+", "+/+/#", "+/broker/uptime", "+/broker/+", "+/broker/#", qos=1)
    direct.subscribe("$SYS/#")
    direct.await_packet(Publish)
    later = client(broker=broker)
    later.subscribe("#", "+/broker/#")
    first = direct.expect(Publish)
    while True:  # until the same topic comes a second time: a whole round has been published
        packet = direct.expect(Publish)
        assert packet.topic.startswith("$SYS/")
        if packet.topic == first.topic and not packet.retain:
            break
    barrier(direct, wild, later)


# 4.7.3 Semantics ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet", [
    Publish("", b"x"), Publish("", b"x", qos=1), Subscribe(1, [Subscription("")]), Unsubscribe(1, [""]),
    Subscribe(1, [Subscription("a"), Subscription("")]),
], ids=["publish", "publish-qos-1", "subscribe", "unsubscribe", "second-filter"])  # fmt: skip
@statement("MQTT-4.7.3-1")
def test_4_7_3_1_empty_topic_closes(client, packet):
    one = client()
    one.send(packet)
    one.expect_closed()


@statement("MQTT-4.7.3-1")
def test_4_7_3_1_empty_will_topic_closes(client):
    one = client.open()
    one.send(Connect("a", will=Will("", b"x")))
    one.expect_closed()


@statement("MQTT-4.7.3-1")
def test_4_7_3_1_topics_of_one_character_are_taken(client):
    one = client()
    for name in ("/", "a", " ", "\u00e4"):
        one.subscribe(name)
        one.publish(name, b"x")
        one.expect_publish(name, b"x")
        one.unsubscribe(name)


@pytest.mark.parametrize("packet", [
    Publish(b"a\0", b"x"), Publish(b"a/\0/b", b"x", qos=2), Subscribe(1, [Subscription(b"\0")]),
    Subscribe(1, [Subscription(b"\0/#")]), Unsubscribe(1, [b"a\0"]),
], ids=["publish", "publish-qos-2", "subscribe", "subscribe-wildcard", "unsubscribe"])  # fmt: skip
@statement("MQTT-4.7.3-2")
def test_4_7_3_2_null_character_closes(client, packet):
    one = client()
    one.send(packet)
    one.expect_closed()


@statement("MQTT-4.7.3-2")
def test_4_7_3_2_null_character_in_a_will_topic_closes(client):
    one = client.open()
    one.send(Connect("a", will=Will(b"a\0b", b"x")))
    one.expect_closed()


@pytest.mark.parametrize("character", ["x", "\u00e4", "\U0001f600"])
@statement("MQTT-4.7.3-3")
def test_4_7_3_3_topics_of_65535_bytes_work(client, topic, character):
    room = 65535 - len(topic(""))
    longest = topic((character * room).encode()[:room].decode(errors="ignore"))
    longest += "y" * (65535 - len(longest.encode()))
    assert len(longest.encode()) == 65535
    one, wild = client(), client()
    one.subscribe(longest, qos=1)
    wild.subscribe(topic("+"))
    one.publish(longest, b"x", qos=1)
    one.expect_publish(longest, b"x", qos=1)
    wild.expect_publish(longest, b"x")
    one.publish(longest[:-1], b"almost", qos=1)
    wild.expect_publish(longest[:-1], b"almost")
    one.unsubscribe(longest)
    one.publish(longest, b"x", qos=1)
    wild.expect_publish(longest, b"x")
    barrier(one, one)


@statement("MQTT-4.7.3-4")
def test_4_7_3_4_names_that_look_alike_stay_different(client, topic):
    composed, decomposed = unicodedata.normalize("NFC", "\u00e9"), unicodedata.normalize("NFD", "\u00e9")
    names = ["a/b", "a//b", "A/b", "a/B", "/a/b", "a/b/", "a /b", " a/b", "a/b ", "a/./b", "a/../b", "a\\b", "a%2Fb"]
    names += [composed, decomposed, "\u03a9", "\u2126", "stra\u00dfe", "strasse", "\ufb01", "fi", "\uff41/b"]
    subscribers = [client() for _ in names]
    for name, subscriber in zip(names, subscribers):
        subscriber.subscribe(topic(name), qos=1)
    publisher = client()
    for name in names:
        publisher.publish(topic(name), name.encode(), qos=1)
    for name, inbox in zip(names, receive_until_barrier(publisher, *subscribers)):
        assert [(packet.topic, packet.payload) for packet in inbox] == [(topic(name), name.encode())]


# 4.8 Errors -----------------------------------------------------------------------------------------------------

VIOLATIONS = {
    "second CONNECT": Connect("again"),
    "CONNACK from a client": b"\x20\x02\x00\x00",
    "SUBACK from a client": b"\x90\x03\x00\x01\x00",
    "UNSUBACK from a client": b"\xb0\x02\x00\x01",
    "PINGRESP from a client": b"\xd0\x00",
    "AUTH before MQTT 5": b"\xf0\x00",
    "packet type 0": b"\x00\x00",
    "Remaining Length of five bytes": b"\x30\xff\xff\xff\xff\x7f",
    "SUBSCRIBE without filters": Subscribe(1, []),
    "PUBLISH of QoS 3": b"\x36\x05\x00\x01a\x00\x01",
    "PUBACK with too few bytes": frame(0x40, b"\x00"),
    "PUBACK with too many bytes": frame(0x40, b"\x00\x01\x00"),
    "PUBREL with too many bytes": frame(0x62, b"\x00\x01\x00"),
    "PINGREQ with a body": frame(0xC0, b"\x00"),
}


@pytest.mark.parametrize("violation", VIOLATIONS.values(), ids=VIOLATIONS.keys())
@statement("MQTT-4.8.0-1")
def test_4_8_0_1_protocol_violation_ends_its_connection_and_no_other(client, topic, violation):
    bystander, wrong = client(), client(will=Will(topic(), b"gone"))
    bystander.subscribe(topic(), qos=1)
    barrier(wrong, bystander)
    wrong.send(violation, Publish(topic(), b"after the violation", qos=0))
    wrong.expect_closed()
    bystander.expect_publish(topic(), b"gone")
    barrier(client(), bystander)
