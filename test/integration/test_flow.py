# SPDX-License-Identifier: Apache-2.0
"""Windows both ways, Packet Identifiers that wrap, full queues, Topic Aliases, Subscription Identifiers."""

import pytest
from wire import (
    V5, V311, Closed, Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Subscription, barrier,
    receive_until_barrier,
)  # fmt: skip
from wire.fields import two_bytes

KEPT = {"clean_start": False, "session_expiry_interval": 60}


def publish_numbers(publisher, topic, count, qos=1, start=0, **options):
    for number in range(start, start + count):
        publisher.publish(topic, b"%d" % number, qos=qos, **options)


def numbers(packets):
    return [int(packet.payload) for packet in packets]


# Receive Maximum -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("maximum", [1, 3, 20])
def test_receive_maximum_of_the_client_is_never_exceeded(client, topic, qos, maximum):
    publisher, slow = client(), client(receive_maximum=maximum)
    slow.subscribe(topic(), qos=2)
    publish_numbers(publisher, topic(), 50, qos)
    in_flight, received = [], []
    while len(received) < 50:
        while len(in_flight) < maximum and len(received) < 50:
            in_flight.append(slow.expect(Publish, qos=qos))
            received.append(in_flight[-1])
        slow.expect_nothing()  # The window is full.
        slow.acknowledge(in_flight.pop(0))
    assert numbers(received) == list(range(50))


def test_pubrec_does_not_open_the_window_but_pubcomp_does(client, topic):
    publisher, slow = client(), client(receive_maximum=1)
    slow.subscribe(topic(), qos=2)
    publish_numbers(publisher, topic(), 2, qos=2)
    first = slow.expect_publish(topic(), b"0", qos=2, acknowledge=False)
    slow.send(Pubrec(first.packet_identifier))
    slow.expect(Pubrel, packet_identifier=first.packet_identifier)
    slow.expect_nothing()
    slow.send(Pubcomp(first.packet_identifier))
    slow.expect_publish(topic(), b"1", qos=2)


def test_qos_0_does_not_wait_for_the_window(client, topic):
    publisher, slow = client(), client(receive_maximum=1)
    slow.subscribe(topic("#"), qos=1)
    publisher.publish(topic("window"), b"x", qos=1)
    slow.expect_publish(topic("window"), b"x", qos=1, acknowledge=False)
    publisher.publish(topic("free"), b"x", qos=0)
    slow.expect_publish(topic("free"), b"x", qos=0)


@pytest.mark.parametrize("version", [V311, V5])
def test_max_inflight_limits_the_broker(client, make_broker, topic, version):
    broker = make_broker({"mqtt": {"max_inflight": 5}})
    publisher, slow = client(broker=broker), client(broker=broker)
    slow.subscribe(topic(), qos=1)
    publish_numbers(publisher, topic(), 12)
    in_flight = [slow.expect(Publish) for _ in range(5)]
    slow.expect_nothing()
    for packet in in_flight:
        slow.acknowledge(packet)
    assert numbers([slow.expect(Publish) for _ in range(5)]) == [5, 6, 7, 8, 9]
    slow.expect_nothing()


@pytest.mark.parametrize("version", [V311, V5])
def test_resumed_session_does_not_exceed_a_smaller_window(client, topic, version):
    options = KEPT if version == V5 else {"clean_start": False}
    publisher, one = client(), client("s", **options)
    one.subscribe(topic(), qos=1)
    publish_numbers(publisher, topic(), 10)
    sent = [one.expect(Publish) for _ in range(10)]
    one.close()
    window = 3 if version == V5 else 10
    one = client("s", receive_maximum=3, **options)
    again = [one.expect(Publish, dup=True) for _ in range(window)]
    one.expect_nothing()
    while len(again) < 10:
        one.acknowledge(again[len(again) - window])
        again.append(one.expect(Publish, dup=True))
    assert [(packet.packet_identifier, packet.payload) for packet in again] == [
        (packet.packet_identifier, packet.payload) for packet in sent
    ]


# Packet Identifiers ----------------------------------------------------------------------------------------------


def test_identifiers_of_the_broker_wrap(client, make_broker, topic):
    """More than 65,535 deliveries on one connection, while two identifiers stay in use all the time."""
    broker = make_broker()
    publisher, one = client(broker=broker), client(broker=broker)
    one.subscribe(topic(), qos=2)
    publish_numbers(publisher, topic(), 1, qos=1)
    publish_numbers(publisher, topic(), 1, qos=2)
    held = {one.expect(Publish, qos=1).packet_identifier, one.expect(Publish, qos=2).packet_identifier}
    seen, batch = set(), 60
    message = Publish(topic(), b"", qos=1, packet_identifier=1).encode(V5)
    place = len(two_bytes(0) + topic().encode())  # of the identifier in the body
    for _ in range(66000 // batch):
        publisher.send(message * batch)
        identifiers = {body[place : place + 2] for _, body in one.receive_frames(batch)}
        one.send(b"".join(Puback(int.from_bytes(identifier, "big")).encode(V5) for identifier in identifiers))
        assert len(identifiers) == batch
        seen |= {int.from_bytes(identifier, "big") for identifier in identifiers}
        publisher.receive_frames(batch)
    assert not seen & held and 0 not in seen


def test_identifiers_of_a_publisher_wrap(client, make_broker, topic):
    broker = make_broker()
    publisher, one = client(broker=broker), client(broker=broker)
    one.subscribe(topic())
    batch, sent = 100, 0
    while sent < 66000:
        numbered = [(sent + number) % 65535 + 1 for number in range(batch)]
        messages = [Publish(topic(), b"%d" % number, qos=1, packet_identifier=number) for number in numbered]
        publisher.send(b"".join(message.encode(V5) for message in messages))
        assert [int.from_bytes(body[:2], "big") for _, body in publisher.receive_frames(batch)] == numbered
        bodies = [body for _, body in one.receive_frames(batch)]
        assert bodies == [Publish(topic(), b"%d" % number).body(V5) for number in numbered]
        sent += batch


# Full queues -----------------------------------------------------------------------------------------------------


def away_with_a_full_queue(client, make_broker, when_full, topic, **session):
    broker = make_broker({"session": {"when_full": when_full, **session}})
    away, publisher = client("away", broker=broker, **KEPT), client(broker=broker)
    away.subscribe(topic, qos=1)
    away.disconnect()
    return broker, publisher


@pytest.mark.parametrize("when_full, kept", [("drop-oldest", range(10, 20)), ("drop-newest", range(10))])
def test_queue_of_an_absent_client_is_full(client, make_broker, topic, when_full, kept):
    broker, publisher = away_with_a_full_queue(client, make_broker, when_full, topic(), max_queued_messages=10)
    publish_numbers(publisher, topic(), 20)
    back = client("away", broker=broker, **KEPT)
    (received,) = receive_until_barrier(publisher, back)
    assert numbers(received) == list(kept)


@pytest.mark.parametrize("when_full, kept", [("drop-oldest", range(100)), ("drop-newest", range(100))])
def test_queue_is_limited_in_bytes_too(client, make_broker, topic, when_full, kept):
    broker, publisher = away_with_a_full_queue(client, make_broker, when_full, topic(), max_queued_bytes="50KiB")
    for number in kept:
        publisher.publish(topic(), (b"%d" % number).rjust(1000), qos=1)
    back = client("away", broker=broker, **KEPT)
    (received,) = receive_until_barrier(publisher, back)
    assert 30 <= len(received) <= 51
    expected = list(kept)[-len(received) :] if when_full == "drop-oldest" else list(kept)[: len(received)]
    assert numbers(received) == expected


def test_full_queue_disconnects_a_client_that_does_not_acknowledge(client, make_broker, topic):
    broker = make_broker({"session": {"when_full": "disconnect", "max_queued_messages": 10}})
    publisher, slow = client(broker=broker), client(broker=broker, receive_maximum=1)
    slow.subscribe(topic(), qos=1)
    publish_numbers(publisher, topic(), 30)
    slow.expect_publish(topic(), b"0", qos=1, acknowledge=False)
    slow.expect_disconnect(Reason.QUOTA_EXCEEDED)


@pytest.mark.parametrize("when_full", ["drop-oldest", "drop-newest"])
def test_full_queue_of_a_connected_client_drops_and_goes_on(client, make_broker, topic, when_full):
    broker = make_broker({"session": {"when_full": when_full, "max_queued_messages": 10}})
    publisher, slow = client(broker=broker), client(broker=broker, receive_maximum=1)
    slow.subscribe(topic(), qos=1)
    publish_numbers(publisher, topic(), 31)
    expected = [0, *(range(21, 31) if when_full == "drop-oldest" else range(1, 11))]
    received = []
    for _ in expected:
        received.append(slow.expect(Publish))
        slow.acknowledge(received[-1])
    assert numbers(received) == expected
    barrier(publisher, slow)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("when_full", ["drop-oldest", "drop-newest", "disconnect"])
def test_subscribe_gets_all_retained_messages_whatever_its_queue_may_hold(client, make_broker, topic, when_full, kept):
    broker = make_broker({"session": {"when_full": when_full, "max_queued_messages": 10}})
    publisher = client(broker=broker)
    for number in range(500):
        publisher.publish(topic(f"{number}"), b"%d" % number, qos=1, retain=True)
    slow = client(broker=broker, receive_maximum=3, **(KEPT if kept else {}))
    slow.subscribe(topic("#"), qos=1)
    received = []
    for _ in range(500):
        received.append(slow.expect(Publish, retain=True))
        slow.acknowledge(received[-1])
    assert sorted(numbers(received)) == list(range(500))


def test_reader_that_stops_reading_does_not_slow_the_others(client, make_broker, topic, honest):
    broker = make_broker()
    with honest(broker) as pair:
        publisher, stalled = client(broker=broker), client(broker=broker)
        stalled.subscribe(topic(), qos=0)
        for _ in range(100):
            publisher.send(Publish(topic(), b"x" * 200000))
        publisher.ping()
        assert pair.slowest(20) < 0.5


# Topic Aliases ---------------------------------------------------------------------------------------------------


class Resolver:
    """Topic Aliases as a client has to remember them [MQTT-3.3.2-12]."""

    def __init__(self, maximum):
        self.topics = {}
        self.used = 0
        self._maximum = maximum

    def topic_of(self, packet):
        alias = packet.topic_alias
        if alias is None:
            assert packet.topic
            return packet.topic
        assert 1 <= alias <= self._maximum
        if packet.topic:
            self.topics[alias] = packet.topic
        else:
            self.used += 1
        return self.topics[alias]


@pytest.mark.parametrize("maximum", [1, 5, 65535])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_topic_aliases_of_the_broker_lead_to_the_right_topic(client, topic, maximum, qos):
    publisher, one = client(), client(topic_alias_maximum=maximum)
    one.subscribe(topic("#"), qos=2)
    resolver = Resolver(maximum)
    for number in range(200):
        name = topic("a rather long topic " + "x" * 30 + str(number * 7 % 11))
        publisher.publish(name, b"%d" % number, qos=qos)
        packet = one.expect(Publish, payload=b"%d" % number, qos=qos)
        assert resolver.topic_of(packet) == name
        one.acknowledge(packet)


def test_topic_aliases_save_bytes_on_a_repeated_topic(client, topic):
    publisher, one = client(), client(topic_alias_maximum=10)
    name = topic("x" * 200)
    one.subscribe(name)
    resolver = Resolver(10)
    for number in range(50):
        publisher.publish(name, b"%d" % number)
    packets = [one.expect(Publish) for _ in range(50)]
    assert [resolver.topic_of(packet) for packet in packets] == [name] * 50
    assert resolver.used >= 40


def test_topic_aliases_are_forgotten_with_the_connection(client, topic):
    publisher = client()
    name = topic("x" * 100)
    one = client("s", topic_alias_maximum=10, **KEPT)
    one.subscribe(name, qos=1)
    for _ in range(3):
        resolver = Resolver(10)
        for number in range(3):
            publisher.publish(name, b"%d" % number, qos=1)
            packet = one.expect(Publish)
            assert resolver.topic_of(packet) == name
            one.acknowledge(packet)
        one.close()
        one = client("s", topic_alias_maximum=10, **KEPT)


def test_no_topic_alias_without_permission(client, topic):
    publisher, one = client(), client()
    one.subscribe(topic("x" * 200))
    for _ in range(10):
        publisher.publish(topic("x" * 200), b"x", topic_alias=3)
        one.expect_publish(topic("x" * 200), b"x", topic_alias=None)


def test_redelivery_names_the_topic_again(client, topic):
    publisher, one = client(), client("s", topic_alias_maximum=10, **KEPT)
    name = topic("x" * 100)
    one.subscribe(name, qos=1)
    for number in range(5):
        publisher.publish(name, b"%d" % number, qos=1)
        one.expect(Publish)
    one.close()
    resolver = Resolver(10)
    one = client("s", topic_alias_maximum=10, **KEPT)
    for _ in range(5):
        assert resolver.topic_of(one.expect(Publish, dup=True)) == name


# Subscription Identifiers ----------------------------------------------------------------------------------------


def test_subscription_identifiers_come_in_the_order_of_subscription(client, topic):
    publisher, one = client(), client()
    filters = [topic("#"), topic("a/b/c"), topic("a/+/c"), topic("+/b/#"), topic("a/#"), topic("+/+/+")]
    for identifier, text in zip((7, 268435455, 1, 7, 300, 2), filters):
        one.subscribe(text, subscription_identifier=identifier)
    publisher.publish(topic("a/b/c"), b"x")
    one.expect_publish(topic("a/b/c"), b"x", subscription_identifier=[7, 268435455, 1, 7, 300, 2])
    publisher.publish(topic("a/x/c"), b"x")
    one.expect_publish(topic("a/x/c"), b"x", subscription_identifier=[7, 1, 300, 2])


def test_subscription_identifier_is_replaced_with_its_subscription(client, topic):
    one = client()
    one.subscribe(topic("#"), subscription_identifier=1)
    one.subscribe(topic("a"), subscription_identifier=2)
    one.subscribe(topic("#"), subscription_identifier=3)
    one.publish(topic("a"), b"x")
    assert sorted(one.expect_publish(topic("a"), b"x").subscription_identifier) == [2, 3]
    one.subscribe(topic("#"))
    one.publish(topic("a"), b"x")
    one.expect_publish(topic("a"), b"x", subscription_identifier=[2])


def test_subscription_identifiers_with_retained_queued_and_mixed_messages(client, topic):
    publisher, one = client(), client("s", **KEPT)
    publisher.publish(topic("a"), b"retained", qos=1, retain=True)
    one.subscribe(Subscription(topic("a"), 1), Subscription(topic("+"), 2), subscription_identifier=9)
    for _ in range(2):
        one.expect_publish(topic("a"), b"retained", qos=1, retain=True, subscription_identifier=[9])
    one.subscribe(topic("#"), retain_handling=2)
    one.disconnect()
    publisher.publish(topic("a"), b"queued", qos=1)
    one = client("s", **KEPT)
    packet = one.expect_publish(topic("a"), b"queued", qos=1)
    assert set(packet.subscription_identifier) == {9}
    barrier(publisher, one)


# Many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [V311, V5])
def test_burst_of_small_packets_arrives_whole_and_in_order(client, topic, version):
    publisher, one = client(), client()
    one.subscribe(topic(), qos=0)
    publisher.send(*[Publish(topic(), b"%d" % number) for number in range(5000)])
    assert numbers([one.expect(Publish) for _ in range(5000)]) == list(range(5000))


def test_slow_reader_gets_everything_it_has_room_for(client, make_broker, topic):
    broker = make_broker({"session": {"max_queued_bytes": 0, "max_queued_messages": 0}})
    publisher, slow = client(broker=broker), client(broker=broker)
    slow.subscribe(topic(), qos=1)
    for number in range(200):
        publisher.publish(topic(), b"%d" % number + b" " * 50000, qos=1)
    received = []
    while len(received) < 200:
        packet = slow.expect(Publish)
        received.append(packet)
        slow.acknowledge(packet)
    assert numbers(received) == list(range(200))


def test_client_that_leaves_in_the_middle_of_a_burst(client, topic, honest):
    with honest():
        for _ in range(10):
            publisher, one = client(), client()
            one.subscribe(topic(), qos=0)
            publisher.send(*[Publish(topic(), b"x" * 1000) for _ in range(500)])
            one.send(Disconnect())
            with pytest.raises(Closed):
                while True:
                    one.receive()
