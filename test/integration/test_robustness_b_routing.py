# SPDX-License-Identifier: Apache-2.0
"""B: topics and subscriptions that are made to be expensive."""

import itertools

import pytest
from wire import (
    V5, V311, Closed, Connack, Connect, MemoryGrowth, Publish, Reason, Subscribe, Subscription, Unsuback,
    Unsubscribe, Will, barrier, cpu_seconds, receive_until_barrier,
)  # fmt: skip

MEBIBYTE = 2**20
both_versions = pytest.mark.parametrize("version", [V311, V5])
SLASHES = "/" * 65400


# Levels ----------------------------------------------------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("text", [SLASHES, SLASHES + "#", "+/" * 20000 + "#", "a/" * 128 + "a"], ids=len)
def test_b_01_filter_with_too_many_levels(client, honest, version, text):
    refused = Reason.TOPIC_FILTER_INVALID if version == V5 else 0x80
    with honest():
        one = client()
        one.subscribe("$share/g/" + text[:65000], text, expect=[refused] * 2)
        # Whether an UNSUBSCRIBE names an impossible filter or one that is not there comes to the same.
        one.send(Unsubscribe(9, [text]))
        answer = one.expect(Unsuback, packet_identifier=9)
        codes = [Reason.TOPIC_FILTER_INVALID], [Reason.NO_SUBSCRIPTION_EXISTED]
        assert version < V5 or answer.reason_codes in codes


@both_versions
@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_b_01_publish_with_too_many_levels(client, honest, version, retain, qos):
    with honest():
        for name in (SLASHES, "a/" * 128 + "a"):
            one = client()
            one.send(Publish(name, b"x", qos=qos, retain=retain))
            one.expect_disconnect(Reason.TOPIC_NAME_INVALID)


@both_versions
def test_b_01_will_with_too_many_levels(client, honest, version):
    with honest():
        for name in (SLASHES, "a/" * 128 + "a"):
            opened = client.open()
            opened.start_connect(will=Will(name, b"x"))
            opened.expect_refused(Reason.TOPIC_NAME_INVALID) if version == V5 else opened.expect_closed()


@both_versions
def test_b_01_as_many_levels_as_allowed(client, topic, version):
    one = client()
    name = topic("/" * 126)  # 128 levels
    one.subscribe(name, topic("+/" * 126 + "#"), qos=2)
    one.publish(name, b"x", qos=2, retain=True)
    one.expect_publish(name, b"x", qos=2)
    one.unsubscribe(name, topic("+/" * 126 + "#"))
    one.publish(name, b"", qos=1, retain=True)
    barrier(one, one)


def test_b_01_limit_of_levels_can_be_raised(client, honest, make_broker):
    broker = make_broker({"mqtt": {"max_topic_levels": 65535}})
    with honest(broker):
        one = client(broker=broker)
        name, wild = SLASHES, "+/" * 30000 + "#"
        one.subscribe(name, wild, "#", qos=1)
        one.publish(name, b"x", qos=1, retain=True)
        one.expect_publish(name, b"x", qos=1)
        later = client(broker=broker)
        later.subscribe(wild)
        later.expect_publish(name, b"x", retain=True)
        one.unsubscribe(name, wild, "#")
        client(broker=broker, will=Will(name, b"x")).close()


# Matches ---------------------------------------------------------------------------------------------------------


def subscribe_many(client, filters, codes=(0,)):
    """All of these filters, some hundred in each packet; returns those that were granted."""
    granted = []
    filters = list(filters)
    for start in range(0, len(filters), 500):
        part = filters[start : start + 500]
        client.send(Subscribe(1, [Subscription(text) for text in part]))
        answer = client.receive(timeout=30)
        assert set(answer.reason_codes) <= set(codes)
        granted += [text for text, code in zip(part, answer.reason_codes) if code < 0x80]
    return granted


def test_b_02_all_mixtures_of_names_and_wildcards(client, honest, make_broker):
    broker = make_broker({"broker": {"loops": 1}})
    levels = 14
    mixtures = ("/".join(choice) + "/#" for choice in itertools.product("a+", repeat=levels))
    with honest(broker) as pair:
        attacker, publisher = client(broker=broker), client(broker=broker)
        subscribe_many(attacker, mixtures, codes=(0, Reason.QUOTA_EXCEEDED, Reason.TOPIC_FILTER_INVALID))
        longest = 0.0
        for number in range(100):
            publisher.send(Publish("a/" * levels + str(number), b"x"))  # another topic each time: no cache helps
            longest = max(longest, pair.slowest(1))
        assert longest < 0.25
        for number in range(100):
            attacker.expect_publish("a/" * levels + str(number), b"x")  # one copy each
        barrier(publisher, attacker)


def test_b_08_readers_that_do_not_read(client, honest, make_broker):
    cap, readers, size, count = MEBIBYTE, 60, 256 * 1024, 100
    broker = make_broker({"session": {"max_queued_bytes": "1MiB"}})
    with honest(broker) as pair, MemoryGrowth(broker, below=readers * cap + 64 * MEBIBYTE):
        paused = [client(broker=broker, keep_alive=0) for _ in range(readers)]
        for number, reader in enumerate(paused):
            reader.subscribe("big", qos=number % 2)
        publisher = client(broker=broker)
        for _ in range(count):
            publisher.publish("big", b"x" * size, qos=1)
            publisher.publish("big", b"x" * size, qos=0)
        publisher.ping()
        assert pair.slowest(20) < 0.5


@both_versions
def test_b_09_ten_thousand_overlapping_filters(client, honest, topic, version):
    with honest():
        publisher, one = client(), client()
        names = [f"{number:b}".zfill(14) for number in range(10000)]
        filters = {topic("/".join("+" if digit == "1" else "a" for digit in name)) for name in names}
        assert len(subscribe_many(one, filters)) == 10000
        publisher.publish(topic("/".join("a" * 14)), b"x", qos=1)
        one.expect_publish(topic("/".join("a" * 14)), b"x")
        barrier(publisher, one)


def test_b_10_subscription_identifiers_beyond_the_packet_size(client, honest, topic):
    with honest():
        publisher, small = client(), client(maximum_packet_size=64)
        for number in range(100):
            wild = "/".join("+" if number >> bit & 1 else "a" for bit in range(7))
            small.subscribe(topic(wild), subscription_identifier=200 + number)
        publisher.publish(topic("a/a/a/a/a/a/a"), b"x", qos=1)
        barrier(publisher, small)
        small.subscribe(topic("short"), qos=1)
        publisher.publish(topic("short"), b"x" * 100, qos=1)
        publisher.publish(topic("short"), b"fits", qos=1)
        small.expect_publish(topic("short"), b"fits", qos=1)
        barrier(publisher, small)


def test_b_10_all_subscription_identifiers_fit_otherwise(client, topic):
    publisher, one = client(), client()
    for number in range(100):
        wild = "/".join("+" if number >> bit & 1 else "a" for bit in range(7))
        one.subscribe(topic(wild), subscription_identifier=200 + number)
    publisher.publish(topic("a/a/a/a/a/a/a"), b"x", qos=1)
    one.expect_publish(topic("a/a/a/a/a/a/a"), b"x", subscription_identifier=list(range(200, 300)))


# Small packets and topics of the broker --------------------------------------------------------------------------


def test_b_11_maximum_packet_size_0(client, honest):
    with honest():
        opened = client.open()
        opened.send(Connect("a", maximum_packet_size=0))
        opened.expect_refused(Reason.PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 10, 15, 20])
def test_b_11_maximum_packet_size_too_small_for_acknowledgements(client, honest, make_broker, size):
    broker = make_broker()
    with honest(broker):
        before = cpu_seconds(broker)
        for _ in range(5):
            opened = client.open(broker=broker)
            opened.send(Connect("a", maximum_packet_size=size), Subscribe(1, [Subscription(str(n)) for n in range(30)]))
            received = []
            with pytest.raises((Closed, TimeoutError)):
                while True:
                    received.append(opened.receive(timeout=0.1))
            assert all(len(packet.frame) <= size for packet in received)
            assert [type(packet) for packet in received[:1]] in ([], [Connack])
            opened.close()
        assert cpu_seconds(broker) - before < 1.0


TOPICS_OF_THE_BROKER = ["$SYS/broker/uptime", "$SYS/broker/x", "$CONTROL/dynamic-security/v1", "$SYS/1/new/x", "$x"]


@pytest.mark.parametrize("name", TOPICS_OF_THE_BROKER)
def test_b_12_publish_to_a_topic_of_the_broker(client, honest, name):
    with honest():
        watcher, one = client(), client()
        watcher.subscribe("$SYS/1/#", "$SYS/broker/x", "$CONTROL/#", "$x")
        for retain in (False, True):
            one.publish(name, b"forged", qos=0, retain=retain)
            one.publish(name, b"forged", qos=1, retain=retain, reason_codes=[Reason.NOT_AUTHORIZED])
            one.publish(name, b"forged", qos=2, retain=retain, reason_codes=[Reason.NOT_AUTHORIZED])
        barrier(one, watcher)
        later = client()
        later.subscribe(name)
        (received,) = receive_until_barrier(one, later)
        assert all(packet.payload != b"forged" for packet in received)


@both_versions
@pytest.mark.parametrize("name", TOPICS_OF_THE_BROKER)
def test_b_12_will_to_a_topic_of_the_broker(client, honest, version, name):
    with honest():
        opened = client.open()
        opened.start_connect(will=Will(name, b"forged", 1, True))
        opened.expect_refused(Reason.NOT_AUTHORIZED if version == V5 else 5)


def test_b_12_share_topics_are_never_published_to(client, honest, topic):
    with honest():
        member, one = client(), client()
        member.subscribe("$share/g/" + topic())
        one.publish("$share/g/" + topic(), b"x", qos=1, reason_codes=[Reason.NOT_AUTHORIZED])
        barrier(one, member)
