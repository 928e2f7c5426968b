# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 4.7: Topic Names and Topic Filters. Which match which: test_3_3_2_3 in test_3_3_publish.py."""

import pytest
from wire import (
    Publish, Reason, Subscribe, Subscription, Will, barrier, receive_until_barrier, statement5 as statement,
)  # fmt: skip


@statement("MQTT-4.7.0-1")
def test_4_7_0_1_wildcards_have_no_place_in_topic_names(client, refused, dropped, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    for name in (topic("#"), topic("+"), topic("a/+/b"), topic("a+"), topic("#/a")):
        dropped(Reason.TOPIC_NAME_INVALID, Publish(name, b"x"))
        refused(Reason.TOPIC_NAME_INVALID, will=Will(name, b"x"))
    barrier(client(), watcher)


MISPLACED = ["##", "#/", "#/a", "a#", "a/#b", "a/b#", "a/#/b", "/#/", "a/##", "#+", "+#", "+/#/+"]


@statement("MQTT-4.7.1-1")
@pytest.mark.parametrize("filter", MISPLACED)
def test_4_7_1_1_misplaced_multi_level_wildcard_is_refused(client, filter):
    client().subscribe(filter, f"$share/g/{filter}", expect=[Reason.TOPIC_FILTER_INVALID] * 2)


@statement("MQTT-4.7.1-1", "MQTT-4.7.1-2")
def test_4_7_1_1_wildcards_in_their_place_are_granted(client, topic):
    names = ["#", "+", "+/#", "/#", "+/+", "/+", "+/", "a/+/#", "+/a/+", "//#", "/"]
    client().subscribe(*[topic(name) for name in names], expect=[0] * len(names))


@statement("MQTT-4.7.1-2")
@pytest.mark.parametrize("filter", ["++", "a+", "+a", "a/+b", "a/b+", "a+/b", "+a/b", "a/++/b", "a/+b/#"])
def test_4_7_1_2_misplaced_single_level_wildcard_is_refused(client, filter):
    client().subscribe(filter, f"$share/g/{filter}", expect=[Reason.TOPIC_FILTER_INVALID] * 2)


@pytest.fixture
def system(client, make_broker):
    """A client that sees what the broker itself publishes below $SYS every second."""
    one = client("system", broker=make_broker({"broker": {"sys_interval": "1s"}}))
    one.subscribe("$SYS/#")
    return one


def first_topic(system):
    name = system.expect(Publish).topic
    assert name.startswith("$SYS/")
    return name


@statement("MQTT-4.7.2-1")
def test_4_7_2_1_leading_wildcards_do_not_match_dollar_topics(client, system):
    name = first_topic(system)
    filters = ["#", "+/#", "+" + name.removeprefix("$SYS"), "/".join("+" for _ in name.split("/"))]
    watchers = [client(f"w{number}", address=system.address) for number in range(len(filters))]
    for watcher, filter in zip(watchers, filters):
        watcher.subscribe(filter)
    seen = set()
    while (name := first_topic(system)) not in seen:  # A topic that comes a second time: a whole round is over.
        seen.add(name)
    barrier(system, *watchers)


@statement("MQTT-4.7.2-1")
def test_4_7_2_1_filters_that_begin_with_the_name_match_dollar_topics(client, system):
    levels = first_topic(system).split("/")
    filters = ["/".join(levels), "/".join(["$SYS", "+", *levels[2:]]), "$SYS/" + levels[1] + "/#"]
    for filter in filters:
        one = client(address=system.address)
        one.subscribe(filter)
        first_topic(one)


@statement("MQTT-4.7.3-1")
def test_4_7_3_1_empty_names_and_filters_are_refused(client, dropped):
    one = client()
    one.subscribe("", expect=[Reason.TOPIC_FILTER_INVALID])
    one.unsubscribe("", expect=[Reason.TOPIC_FILTER_INVALID])
    for qos in range(3):
        dropped(Reason.PROTOCOL_ERROR, Publish("", b"x", qos))


@statement("MQTT-4.7.3-1")
def test_4_7_3_1_one_character_is_enough(client, topic):
    one = client()
    for name in ("/", "a", " ", "é"):
        one.subscribe(name)
        one.publish(name, b"x")
        one.expect_publish(name, b"x")
        one.unsubscribe(name)
    one.subscribe(topic("/"))
    one.publish(topic("/"), b"x")
    one.expect_publish(topic("/"), b"x")


@statement("MQTT-4.7.3-2")
@pytest.mark.parametrize("text", [b"\0", b"a\0b", b"a/\0", b"\0/#"])
def test_4_7_3_2_null_character_is_malformed(dropped, refused, text):
    dropped(Reason.MALFORMED_PACKET, Publish(text, b"x"))
    dropped(Reason.MALFORMED_PACKET, Subscribe(1, [Subscription(text)]))
    refused(Reason.MALFORMED_PACKET, will=Will(text, b"x"))


@statement("MQTT-4.7.3-3")
def test_4_7_3_3_names_and_filters_of_65535_bytes(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    start = topic("a/")
    for name in (start + "x" * (65535 - len(start)), start + "é" * ((65535 - len(start)) // 2)):
        subscriber.subscribe(name, qos=1)
        publisher.publish(name, b"long", 1)
        subscriber.expect_publish(name, b"long", 1)
        publisher.publish(name[:-1], b"shorter", 1)
        barrier(publisher, subscriber)
        subscriber.unsubscribe(name)
    subscriber.subscribe(topic("#"))
    publisher.publish(name, b"long", 1)
    subscriber.expect_publish(name, b"long")


@statement("MQTT-4.7.3-3")
def test_4_7_3_3_nothing_but_slashes(client, dropped):
    """65,535 slashes are a well-formed name and filter; only the number of levels is limited here."""
    slashes = "/" * 65535
    client().subscribe(slashes, expect=[Reason.TOPIC_FILTER_INVALID])
    client().unsubscribe(slashes, expect=[Reason.NO_SUBSCRIPTION_EXISTED])
    dropped(Reason.TOPIC_NAME_INVALID, Publish(slashes, b"x"))


@statement("MQTT-4.7.3-4")
def test_4_7_3_4_matching_is_byte_exact(client, topic):
    publisher = client("publisher")
    names = [
        "A", "a", "a ", " a", "a/", "/a", "a//b", "a/b", "a/./b", "a/%62", "\u00e9", "e\u0301", "\ufb01", "fi",
        "\u212b", "\u00c5", "A\u030a", "ß", "ss", "\u200b", "a\u200b", "\ufeff", "\uff41", "\t", "\x7f",
    ]  # fmt: skip
    subscribers = [client(f"s{number}") for number in range(len(names))]
    for name, subscriber in zip(names, subscribers):
        subscriber.subscribe(topic("x/" + name))
    for name in names:
        publisher.publish(topic("x/" + name), name)
    for name, packets in zip(names, receive_until_barrier(publisher, *subscribers)):
        assert [(packet.topic, packet.payload) for packet in packets] == [(topic("x/" + name), name.encode())]
