# SPDX-License-Identifier: Apache-2.0
"""Chapters 4.1 and 4.3 to 4.6: state, QoS flows, retry and order."""

import itertools

import pytest
from wire import (
    V5, Puback, Pubcomp, Publish, Pubrec, Pubrel, Will, barrier, receive_until_barrier, statement311 as statement,
)  # fmt: skip

# 4.1 Session State ----------------------------------------------------------------------------------------------


@statement("MQTT-4.1.0-1")
def test_4_1_0_1_every_part_of_the_session_state_survives_disconnects(client, topic):
    publisher, one = client(), client("s", clean_start=False)
    one.subscribe(topic("to me/#"), qos=2)
    one.send(Publish(topic("from me"), b"x", qos=2, packet_identifier=77))
    one.expect(Pubrec, packet_identifier=77)
    publisher.publish(topic("to me/released"), b"r", qos=2)
    publisher.publish(topic("to me/sent"), b"s", qos=1)
    released = one.expect_publish(topic("to me/released"), qos=2, acknowledge=False)
    sent = one.expect_publish(topic("to me/sent"), qos=1, acknowledge=False)
    one.send(Pubrec(released.packet_identifier))
    one.expect(Pubrel, packet_identifier=released.packet_identifier)
    for _ in range(2):  # Twice, because the state must survive being resumed as well.
        one.disconnect()
        publisher.publish(topic("to me/queued"), b"q", qos=1)
        one = client("s", clean_start=False)
        assert one.connack.session_present
        one.await_packet(Pubrel, packet_identifier=released.packet_identifier)
        one.await_packet(Publish, packet_identifier=sent.packet_identifier, dup=True, topic=topic("to me/sent"))
        one.acknowledge(one.await_packet(Publish, topic=topic("to me/queued"), payload=b"q"))
    one.send(Publish(topic("from me"), b"x", qos=2, dup=True, packet_identifier=77), Pubrel(77))
    one.expect(Pubrec, packet_identifier=77)
    one.expect(Pubcomp, packet_identifier=77)
    one.send(Pubcomp(released.packet_identifier), Puback(sent.packet_identifier))
    barrier(publisher, one)


@statement("MQTT-4.1.0-2")
def test_4_1_0_2_the_session_of_a_connected_client_does_not_expire(client, make_broker, topic):
    broker = make_broker({"session": {"max_expiry": "1s"}})
    connected = client("s", broker=broker, clean_start=False, keep_alive=0)
    connected.subscribe(topic(), qos=1)
    watcher = client("watcher", broker=broker, clean_start=False)
    watcher.subscribe(topic("will"))
    # A Session that ends publishes its delayed Will: two such wills show that its time has passed twice.
    for _ in range(2):
        will = Will(topic("will"), b"session is over", will_delay_interval=1000)
        client("clock", broker=broker, version=V5, session_expiry_interval=1000, will=will).close()
        watcher.expect_publish(topic("will"), b"session is over")
    connected.publish(topic(), b"x", qos=1)
    connected.expect_publish(topic(), b"x", qos=1)
    connected.close()
    assert client("s", broker=broker, clean_start=False).connack.session_present


# 4.3.1 QoS 0, 4.3.2 QoS 1 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("published", [0, 1, 2])
@statement("MQTT-4.3.1-1")
def test_4_3_1_1_qos_0_copies_have_dup_0_and_no_identifier(client, topic, published):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=0)
    publisher.publish(topic(), b"x", qos=published)
    subscriber.expect_publish(topic(), b"x", qos=0, dup=False, packet_identifier=None)
    barrier(publisher, subscriber)


@statement("MQTT-4.3.2-1")
def test_4_3_2_1_message_is_kept_until_puback(client, topic):
    publisher, subscriber = client(), client("s", clean_start=False)
    subscriber.subscribe(topic(), qos=1)
    for number in range(3):
        publisher.publish(topic(), b"%d" % number, qos=1)
    first = [subscriber.expect_publish(topic(), qos=1, dup=False, acknowledge=False) for _ in range(3)]
    assert len({packet.packet_identifier for packet in first}) == 3
    subscriber.send(Puback(first[1].packet_identifier))
    subscriber.ping()
    subscriber.close()
    resumed = client("s", clean_start=False)
    for packet in (first[0], first[2]):
        wanted = {"packet_identifier": packet.packet_identifier, "dup": True}
        resumed.expect_publish(topic(), packet.payload, qos=1, **wanted)
    barrier(publisher, resumed)
    resumed.close()
    again = client("s", clean_start=False)
    barrier(publisher, again)


@pytest.mark.parametrize("dup", [False, True])
@statement("MQTT-4.3.2-2")
def test_4_3_2_2_same_identifier_after_puback_is_a_new_message(client, topic, dup):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=1)
    for payload in (b"one", b"two", b"two"):
        publisher.send(Publish(topic(), payload, qos=1, dup=dup, packet_identifier=5))
        publisher.expect(Puback, packet_identifier=5)
        subscriber.expect_publish(topic(), payload, qos=1, dup=False)
    barrier(publisher, subscriber)


# 4.3.3 QoS 2 ----------------------------------------------------------------------------------------------------


@statement("MQTT-4.3.3-1")
def test_4_3_3_1_sender_of_qos_2_follows_the_steps(client, topic):
    publisher, subscriber = client(), client("s", clean_start=False)
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"x", qos=2)
    sent = subscriber.expect_publish(topic(), b"x", qos=2, dup=False, acknowledge=False)
    subscriber.expect_nothing()
    subscriber.close()
    subscriber = client("s", clean_start=False)
    identifier = sent.packet_identifier
    subscriber.expect_publish(topic(), b"x", qos=2, dup=True, packet_identifier=identifier, acknowledge=False)
    subscriber.send(Pubrec(identifier))
    subscriber.expect(Pubrel, packet_identifier=identifier)
    subscriber.expect_nothing()
    subscriber.close()
    subscriber = client("s", clean_start=False)
    subscriber.expect(Pubrel, packet_identifier=identifier)  # and never PUBLISH again
    subscriber.expect_nothing()
    subscriber.send(Pubcomp(identifier))
    subscriber.expect_nothing()
    subscriber.close()
    barrier(publisher, client("s", clean_start=False))


@statement("MQTT-4.3.3-1")
def test_4_3_3_1_identifier_is_not_used_again_before_pubcomp(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"held", qos=2)
    held = subscriber.expect_publish(topic(), b"held", qos=2, acknowledge=False)
    subscriber.send(Pubrec(held.packet_identifier))
    subscriber.expect(Pubrel, packet_identifier=held.packet_identifier)
    for number in range(300):
        publisher.publish(topic(), b"%d" % number, qos=1)
        packet = subscriber.expect_publish(topic(), b"%d" % number, qos=1)
        assert packet.packet_identifier != held.packet_identifier


@pytest.mark.parametrize("dup", [False, True])
@statement("MQTT-4.3.3-2")
def test_4_3_3_2_repeated_publish_is_delivered_once(client, topic, dup):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.send(Publish(topic(), b"once", qos=2, packet_identifier=8))
    publisher.expect(Pubrec, packet_identifier=8)
    for _ in range(3):
        publisher.send(Publish(topic(), b"once", qos=2, dup=dup, packet_identifier=8))
        publisher.expect(Pubrec, packet_identifier=8)
    publisher.send(Pubrel(8))
    publisher.expect(Pubcomp, packet_identifier=8)
    subscriber.expect_publish(topic(), b"once", qos=2)
    barrier(publisher, subscriber)
    publisher.send(Publish(topic(), b"new", qos=2, dup=dup, packet_identifier=8))
    publisher.expect(Pubrec, packet_identifier=8)
    publisher.send(Pubrel(8))
    publisher.expect(Pubcomp, packet_identifier=8)
    subscriber.expect_publish(topic(), b"new", qos=2)
    barrier(publisher, subscriber)


@statement("MQTT-4.3.3-2")
def test_4_3_3_2_repeated_publish_is_delivered_once_across_a_break(client, topic):
    publisher, subscriber = client("p", clean_start=False), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.send(Publish(topic(), b"once", qos=2, packet_identifier=8))
    publisher.expect(Pubrec, packet_identifier=8)
    publisher.close()
    publisher = client("p", clean_start=False)
    publisher.send(Publish(topic(), b"once", qos=2, dup=True, packet_identifier=8))
    publisher.expect(Pubrec, packet_identifier=8)
    publisher.close()
    publisher = client("p", clean_start=False)
    publisher.send(Pubrel(8))
    publisher.expect(Pubcomp, packet_identifier=8)
    subscriber.expect_publish(topic(), b"once", qos=2)
    barrier(publisher, subscriber)


@statement("MQTT-4.3.3-2")
def test_4_3_3_2_pubrel_of_an_unknown_identifier_gets_pubcomp(client):
    one = client()
    one.send(Pubrel(4711))
    one.expect(Pubcomp, packet_identifier=4711)


# 4.4 Retry ------------------------------------------------------------------------------------------------------


@statement("MQTT-4.4.0-1")
def test_4_4_0_1_unacknowledged_packets_are_sent_again_on_reconnect(client, topic):
    publisher, one = client(), client("s", clean_start=False)
    one.subscribe(topic(), qos=2)
    for qos in (1, 2, 2):
        publisher.publish(topic(), b"qos %d" % qos, qos=qos)
    first, second, third = [one.expect_publish(topic(), qos=qos, acknowledge=False) for qos in (1, 2, 2)]
    one.send(Pubrec(third.packet_identifier))
    one.expect(Pubrel, packet_identifier=third.packet_identifier)
    one.close()
    one = client("s", clean_start=False)
    one.await_packet(Pubrel, packet_identifier=third.packet_identifier)
    for packet in (first, second):
        wanted = {"packet_identifier": packet.packet_identifier, "dup": True}
        one.expect_publish(topic(), packet.payload, qos=packet.qos, acknowledge=False, **wanted)
    one.expect_nothing()


@statement("MQTT-4.4.0-1")
def test_4_4_0_1_nothing_is_sent_again_on_a_living_connection(client, topic):
    publisher, one = client(), client()
    one.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"x", qos=1)
    publisher.publish(topic(), b"y", qos=2)
    one.expect_publish(topic(), b"x", qos=1, acknowledge=False)
    one.expect_publish(topic(), b"y", qos=2, acknowledge=False)
    clock = client(keep_alive=1)
    clock.expect_closed()  # One and a half seconds have passed.
    barrier(publisher, one)


# 4.5 Receipt ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-4.5.0-1")
def test_4_5_0_1_every_matching_session_gets_the_message(client, topic, qos):
    away = [client(f"away{number}", clean_start=False) for number in range(4)]
    filters = itertools.cycle([topic("a/b"), topic("a/+"), topic("#"), topic("+/b")])
    for one, text in zip(away, filters):
        one.subscribe(text, qos=2)
        one.disconnect()
    present = [client() for _ in range(8)]
    for one, text in zip(present, filters):
        one.subscribe(text, qos=2)
    publisher = client()
    publisher.publish(topic("a/b"), b"x", qos=qos)
    for one in present:
        one.expect_publish(topic("a/b"), b"x", qos=qos)
    if qos > 0:
        for number in range(4):
            client(f"away{number}", clean_start=False).expect_publish(topic("a/b"), b"x", qos=qos)
    barrier(publisher, *present)


# 4.6 Order ------------------------------------------------------------------------------------------------------


@statement("MQTT-4.6.0-1")
def test_4_6_0_1_packets_are_sent_again_in_their_order(client, topic):
    publisher, one = client(), client("s", clean_start=False)
    one.subscribe(topic("#"), qos=2)
    for number in range(15):
        publisher.publish(topic(f"{number % 4}"), b"%d" % number, qos=1 + number % 2)
    sent = [one.receive() for _ in range(15)]
    one.send(Puback(sent[4].packet_identifier))
    one.ping()
    del sent[4]
    for _ in range(2):
        one.close()
        one = client("s", clean_start=False)
        again = [one.expect(Publish, dup=True) for _ in range(14)]
        assert [(p.packet_identifier, p.payload) for p in again] == [(p.packet_identifier, p.payload) for p in sent]


@statement("MQTT-4.6.0-2")
def test_4_6_0_2_pubacks_come_in_the_order_of_the_publishes(client, topic):
    one = client()
    order = [500, 3, 77, 65535, 1, 2, *range(1000, 1060)]
    one.send(*[Publish(topic(f"{number}"), b"x", qos=1, packet_identifier=number) for number in order])
    assert [one.expect(Puback).packet_identifier for _ in order] == order


@statement("MQTT-4.6.0-3")
def test_4_6_0_3_pubrecs_come_in_the_order_of_the_publishes(client, topic):
    one = client()
    order = [500, 3, 77, 65535, 1, 2, *range(1000, 1060)]
    one.send(*[Publish(topic(f"{number}"), b"x", qos=2, packet_identifier=number) for number in order])
    assert [one.expect(Pubrec).packet_identifier for _ in order] == order
    one.send(*[Pubrel(number) for number in reversed(order)])
    assert [one.expect(Pubcomp).packet_identifier for _ in order] == order[::-1]


@statement("MQTT-4.6.0-4")
def test_4_6_0_4_pubrels_come_in_the_order_of_the_pubrecs(client, topic):
    publisher, one = client(), client()
    one.subscribe(topic("#"), qos=2)
    for number in range(12):
        publisher.publish(topic(f"{number}"), b"x", qos=2)
    identifiers = [one.expect(Publish, qos=2).packet_identifier for _ in range(12)]
    order = identifiers[3::-1] + identifiers[8:] + identifiers[4:8]
    one.send(*[Pubrec(identifier) for identifier in order])
    assert [one.expect(Pubrel).packet_identifier for _ in order] == order


def publish_numbers(publisher, topic, count, qos):
    """Sends numbered messages without waiting, then finishes all their handshakes."""
    sent = [Publish(topic, b"%d" % number, qos=qos) for number in range(count)]
    for packet in sent:
        publisher.send(packet)
    for packet in sent if qos else ():
        publisher.await_packet(Puback if qos == 1 else Pubrec, packet_identifier=packet.packet_identifier)
        if qos == 2:
            publisher.send(Pubrel(packet.packet_identifier))
    for packet in sent if qos == 2 else ():
        publisher.await_packet(Pubcomp, packet_identifier=packet.packet_identifier)


def receive_numbers(subscriber, topic, count):
    received = []
    for _ in range(count):
        packet = subscriber.await_packet(Publish, topic=topic)
        subscriber.acknowledge(packet)
        received.append(int(packet.payload))
    return received


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-4.6.0-5")
def test_4_6_0_5_every_topic_is_ordered(client, prefix, qos):
    # Kinds of topics that a broker might be tempted to treat in another way.
    publisher, subscriber = client(), client()
    for name in (f"{prefix}", f"/{prefix}", f"{prefix}/a/b/c/d", f"{prefix}/\U0001f600", f"{prefix} " + "x" * 500):
        subscriber.subscribe(name, qos=2)
        publish_numbers(publisher, name, 40, qos)
        assert receive_numbers(subscriber, name, 40) == list(range(40))


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-4.6.0-6")
def test_4_6_0_6_messages_of_one_publisher_reach_each_subscriber_in_order(client, topic, qos, granted):
    publishers, subscribers = [client() for _ in range(2)], [client() for _ in range(3)]
    for subscriber in subscribers:
        subscriber.subscribe(topic("+"), qos=granted)
    for name, publisher in enumerate(publishers):
        publish_numbers(publisher, topic(str(name)), 50, qos)
    for subscriber in subscribers:
        received = {topic("0"): [], topic("1"): []}
        for _ in range(100):
            packet = subscriber.expect(Publish, qos=min(qos, granted))
            received[packet.topic].append(int(packet.payload))
            if packet.qos == 1:
                subscriber.send(Puback(packet.packet_identifier))
            if packet.qos == 2:
                subscriber.acknowledge(packet)
        assert list(received.values()) == [list(range(50))] * 2


@statement("MQTT-4.6.0-6")
def test_4_6_0_6_messages_queued_while_away_come_in_order_before_new_ones(client, topic):
    publisher, away = client(), client("s", clean_start=False)
    away.subscribe(topic(), qos=1)
    away.disconnect()
    publish_numbers(publisher, topic(), 150, 1)
    back = client("s", clean_start=False)
    publisher.publish(topic(), b"150", qos=1)
    assert receive_numbers(back, topic(), 151) == list(range(151))
    (waiting,) = receive_until_barrier(publisher, back)
    assert waiting == []
