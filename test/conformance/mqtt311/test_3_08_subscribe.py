# SPDX-License-Identifier: Apache-2.0
"""Chapters 3.8 and 3.9: SUBSCRIBE and SUBACK."""

import pytest
from wire import (
    Publish, Suback, Subscribe, Subscription, barrier, receive_until_barrier, statement311 as statement,
)  # fmt: skip


@pytest.mark.parametrize("flags", [flags for flags in range(16) if flags != 2])
@statement("MQTT-3.8.1-1")
def test_3_8_1_1_other_flags_than_0010_close(client, topic, flags):
    one = client()
    one.send(Subscribe(1, [Subscription(topic())]), first_byte=0x80 | flags)
    one.expect_closed()


@pytest.mark.parametrize("text", [b"\xff", b"a/\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"a\0/#"])
@statement("MQTT-3.8.3-1")
def test_3_8_3_1_ill_formed_filter_closes_and_nothing_is_subscribed(client, topic, text):
    one = client("s", clean_start=False)
    one.send(Subscribe(1, [Subscription(topic(), 1), Subscription(text)]))
    one.expect_closed()
    again = client("s", clean_start=False)
    again.publish(topic(), b"x", qos=1)
    barrier(again, again)


@statement("MQTT-3.8.3-2")
def test_3_8_3_2_broker_without_wildcards_refuses_filters_that_have_some(client, make_broker):
    broker = make_broker({"mqtt": {"wildcard_subscription_available": False}})
    one = client(broker=broker)
    one.subscribe("a", "a/#", "+/b", "b/c", "#", qos=1, expect=[1, 0x80, 0x80, 1, 0x80])
    one.publish("a/b", b"x", qos=1)
    one.publish("b/c", b"x", qos=1)
    one.expect_publish("b/c", b"x", qos=1)
    barrier(one, one)


@statement("MQTT-3.8.3-3")
def test_3_8_3_3_subscribe_without_a_filter_closes(client):
    one = client()
    one.send(Subscribe(1, []))
    one.expect_closed()


@pytest.mark.parametrize("options", [0x03, 0x04, 0x05, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFC, 0xFF])
@statement("MQTT-3.8.3-4")
def test_3_8_3_4_reserved_bits_and_qos_3_close(client, topic, options):
    first, second = client(), client()
    first.send(Subscribe(1, [Subscription(topic(), options=options)]))
    first.expect_closed()
    second.send(Subscribe(1, [Subscription(topic("a")), Subscription(topic("b"), options=options)]))
    second.expect_closed()


@statement("MQTT-3.8.4-1")
def test_3_8_4_1_subscribe_is_answered_with_suback(client, topic):
    one = client()
    one.send(Subscribe(1, [Subscription(topic(), 1)]))
    one.expect(Suback, packet_identifier=1, reason_codes=[1])


@statement("MQTT-3.8.4-2")
def test_3_8_4_2_suback_has_the_identifier_of_its_subscribe(client, topic):
    one = client()
    one.send(*[Subscribe(identifier, [Subscription(topic(str(identifier)))]) for identifier in (7, 65535, 1, 256)])
    answers = [one.expect(Suback, reason_codes=[0]).packet_identifier for _ in range(4)]
    assert sorted(answers) == [1, 7, 256, 65535]


@statement("MQTT-3.8.4-3")
def test_3_8_4_3_same_filter_again_replaces_the_subscription(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic("a/+"), qos=0)
    subscriber.subscribe(topic("a/+"), qos=2)
    publisher.publish(topic("a/b"), b"x", qos=2)
    subscriber.expect_publish(topic("a/b"), b"x", qos=2)
    barrier(publisher, subscriber)
    subscriber.subscribe(topic("a/+"), qos=1)
    publisher.publish(topic("a/b"), b"x", qos=2)
    subscriber.expect_publish(topic("a/b"), b"x", qos=1)
    barrier(publisher, subscriber)
    subscriber.unsubscribe(topic("a/+"))
    publisher.publish(topic("a/b"), b"x", qos=2)
    barrier(publisher, subscriber)


@statement("MQTT-3.8.4-3")
def test_3_8_4_3_same_filter_again_sends_retained_messages_again(client, topic):
    publisher, subscriber = client(), client()
    publisher.publish(topic(), b"kept", qos=1, retain=True)
    for qos in (0, 1, 1):
        subscriber.subscribe(topic(), qos=qos)
        subscriber.expect_publish(topic(), b"kept", qos=qos, retain=True)
    barrier(publisher, subscriber)


@statement("MQTT-3.8.4-3")
def test_3_8_4_3_same_filter_again_does_not_interrupt_the_flow(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=0)
    for number in range(200):
        publisher.send(Publish(topic(), b"%d" % number))
        if number % 10 == 5:
            subscriber.send(Subscribe(None, [Subscription(topic(), number % 3)]))
    (inbox,) = receive_until_barrier(publisher, subscriber)
    assert [int(packet.payload) for packet in inbox if isinstance(packet, Publish)] == list(range(200))


@statement("MQTT-3.8.4-4")
def test_3_8_4_4_several_filters_get_one_suback_and_work_one_by_one(client, topic):
    one = client()
    one.send(Subscribe(3, [Subscription(topic(name), qos) for name, qos in (("a", 0), ("b", 1), ("c", 2))]))
    one.expect(Suback, packet_identifier=3, reason_codes=[0, 1, 2])
    one.expect_nothing()
    for name, qos in (("a", 0), ("b", 1), ("c", 2)):
        one.publish(topic(name), b"x", qos=2)
        one.expect_publish(topic(name), b"x", qos=qos)
    one.unsubscribe(topic("b"))
    one.publish(topic("b"), b"x", qos=1)
    one.publish(topic("c"), b"x", qos=1)
    one.expect_publish(topic("c"), b"x", qos=1)


@pytest.mark.parametrize("count", [1, 2, 50])
@statement("MQTT-3.8.4-5")
def test_3_8_4_5_suback_has_one_code_for_each_filter(client, topic, count):
    one = client()
    one.send(Subscribe(1, [Subscription(topic(f"{number}/#" if number % 5 else "bad#"), 1) for number in range(count)]))
    one.expect(Suback, reason_codes=[1 if number % 5 else 0x80 for number in range(count)])


@statement("MQTT-3.8.4-5")
def test_3_8_4_5_the_same_filter_twice_in_one_packet_gets_two_codes(client, topic):
    one = client()
    one.subscribe(Subscription(topic(), 0), Subscription(topic(), 1))
    one.publish(topic(), b"x", qos=1)
    one.expect_publish(topic(), b"x", qos=1)
    barrier(one, one)


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
@statement("MQTT-3.8.4-6")
def test_3_8_4_6_delivery_has_the_lower_of_both_qos(client, topic, granted, published):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=granted)
    publisher.publish(topic(), b"live", qos=published)
    subscriber.expect_publish(topic(), b"live", qos=min(granted, published))
    publisher.publish(topic("kept"), b"kept", qos=published, retain=True)
    publisher.ping()
    subscriber.subscribe(topic("kept"), qos=granted)
    subscriber.expect_publish(topic("kept"), b"kept", qos=min(granted, published), retain=True)


@statement("MQTT-3.9.3-1")
def test_3_9_3_1_codes_are_in_the_order_of_the_filters(client, topic):
    one = client()
    wanted = [("a", 2), ("b#", 0x80), ("c", 0), ("d/#/e", 0x80), ("e", 1), ("f+", 0x80), ("g", 0), ("a", 1)]
    entries = [Subscription(topic(name), code % 0x80 or 0) for name, code in wanted]
    one.send(Subscribe(1, entries))
    one.expect(Suback, reason_codes=[code for _, code in wanted])


@statement("MQTT-3.9.3-2")
def test_3_9_3_2_only_the_four_codes_appear(client, topic):
    # The decoder refuses every other code of a SUBACK before MQTT 5.
    one = client()
    filters = [topic("a/#"), topic("a#"), "#/a", "$share/group/" + topic(), "$share/", "$share/g", "$share//a"]
    filters += ["$share/+/a", "$SYS/#", "+", topic("/" * 140), "++", topic("+a")]
    one.send(Subscribe(1, [Subscription(text, qos) for text in filters for qos in (0, 1, 2)]))
    codes = one.expect(Suback).reason_codes
    assert codes[:3] == [0, 1, 2] and codes[3:6] == [0x80] * 3 and len(codes) == 3 * len(filters)
    assert set(codes) <= {0, 1, 2, 0x80}
