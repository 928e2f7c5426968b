# SPDX-License-Identifier: Apache-2.0
"""Subscriptions, queued messages, and the exchanges of QoS 1 and 2 on both sides."""

import pytest
from wire import Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Subscription, barrier
from wire.restarts import KEPT, back_again, payloads, settle, take_publishes

# Subscriptions ----------------------------------------------------------------------------------------------------


def test_subscription_options_and_identifiers_survive(client, any_restart, topic):
    one = client("one", **KEPT)
    entry = Subscription(topic("a/+"), 1, no_local=True)
    one.subscribe(entry, subscription_identifier=268_435_455)
    one.subscribe(Subscription(topic("#"), 0, no_local=True, retain_as_published=True), subscription_identifier=7)
    one.subscribe(Subscription(topic("+/b"), 2, no_local=True), subscription_identifier=3)
    one.subscribe(Subscription(topic("other"), 1))
    any_restart()
    one, publisher = back_again(client, "one"), client()
    one.publish(topic("a/b"), b"its own", qos=1)
    publisher.publish(topic("a/b"), b"x", qos=2, retain=True)
    one.expect_publish(topic("a/b"), b"x", qos=2, retain=True, subscription_identifier=[268_435_455, 7, 3])
    publisher.publish(topic("a/c"), b"y", qos=2)
    one.expect_publish(topic("a/c"), b"y", qos=1, subscription_identifier=[268_435_455, 7])
    one.publish(topic("other"), b"z", qos=1)
    one.await_packet(Publish, topic=topic("other"), payload=b"z", qos=1, subscription_identifier=[])


def test_subscription_is_not_new_after_a_restart(client, restart, topic):
    publisher = client()
    publisher.publish(topic("kept"), b"x", qos=1, retain=True)
    one = client("one", **KEPT)
    one.subscribe(topic("kept"), qos=0)
    one.expect_publish(topic("kept"), b"x", qos=0, retain=True)
    restart()
    one = back_again(client, "one")
    one.subscribe(topic("kept"), qos=0, retain_handling=1)
    barrier(client(), one)


def test_changed_subscription_survives(client, restart, topic):
    one = client("one", **KEPT)
    one.subscribe(topic(), qos=2, subscription_identifier=5)
    one.subscribe(topic(), qos=1, subscription_identifier=6)
    restart()
    one = back_again(client, "one")
    client().publish(topic(), b"x", qos=2)
    one.expect_publish(topic(), b"x", qos=1, subscription_identifier=[6])


def test_unsubscribed_stays_unsubscribed(client, any_restart, topic):
    one = client("one", **KEPT)
    one.subscribe(topic("a"), topic("b"), "$share/g/" + topic("c"), qos=1)
    one.unsubscribe(topic("a"), "$share/g/" + topic("c"))
    any_restart()
    one, publisher = back_again(client, "one"), client()
    for name in "abc":
        publisher.publish(topic(name), b"x", qos=1)
    one.expect_publish(topic("b"), b"x", qos=1)
    barrier(publisher, one)


def test_many_sessions_and_subscriptions_survive(client, restart, topic):
    for number in range(20):
        one = client(f"s{number}", **KEPT)
        one.subscribe(*(topic(f"{number}/{name}/#") for name in range(10)), qos=1)
    restart()
    publisher = client()
    for number in range(20):
        one = back_again(client, f"s{number}")
        for name in range(10):
            publisher.publish(topic(f"{number}/{name}/x"), b"%d" % name, qos=1)
        assert payloads(take_publishes(one, 10)) == [b"%d" % name for name in range(10)]


# Queued messages --------------------------------------------------------------------------------------------------



@pytest.mark.parametrize("qos", [1, 2])
def test_queued_message_survives_with_its_properties(client, away, any_restart, topic, qos, properties):
    away("one", topic())
    publisher = client()
    publisher.publish(topic(), "größer".encode(), qos=qos, **properties)
    publisher.publish(topic(), bytes(range(256)) * 400, qos=qos)
    publisher.publish(topic(), b"", qos=qos)
    any_restart()
    one = back_again(client, "one")
    first = one.expect_publish(topic(), "größer".encode(), qos=qos, dup=False, retain=False)
    for name, value in properties.items():
        if name != "message_expiry_interval":
            assert getattr(first, name) == value
    assert 3500 < first.message_expiry_interval <= 3600
    second = one.expect_publish(topic(), bytes(range(256)) * 400, qos=qos)
    assert not second.properties
    one.expect_publish(topic(), b"", qos=qos)
    barrier(client(), one)


def test_queued_messages_keep_their_order(client, away, restart, topic):
    names = [f"s{number}" for number in range(4)]
    for name in names:
        away(name, topic("#"))
    publisher, sent = client(), []
    for number in range(60):
        sent.append((topic(f"{number % 3}"), b"%d" % number, 1 + number % 2))
        publisher.publish(*sent[-1][:2], qos=sent[-1][2])
        if number in (20, 40):
            restart()
            publisher = client()
    restart()
    for name in names:
        received = take_publishes(back_again(client, name), len(sent))
        assert [(packet.topic, packet.payload, packet.qos) for packet in received] == sent
        assert not any(packet.dup for packet in received)


def test_drained_queue_does_not_come_back(client, away, restart, topic):
    away("one", topic())
    publisher = client()
    for number in range(10):
        publisher.publish(topic(), b"%d" % number, qos=1 + number % 2)
    one = back_again(client, "one")
    take_publishes(one, 10)
    settle(one)
    one.disconnect()
    restart()
    barrier(client(), back_again(client, "one"))


def test_message_that_comes_while_others_wait_stays_behind_them(client, away, restart, topic):
    away("one", topic())
    publisher = client()
    publisher.publish(topic(), b"first", qos=1)
    restart()
    publisher = client()
    publisher.publish(topic(), b"second", qos=1)
    one = back_again(client, "one", receive_maximum=1)
    publisher.publish(topic(), b"third", qos=1)
    for payload in (b"first", b"second", b"third"):
        one.expect_publish(topic(), payload, qos=1)


# Messages in flight to a subscriber -------------------------------------------------------------------------------


def receive_unacknowledged(client, topic, qos, count):
    one, publisher = client("one", **KEPT), client()
    one.subscribe(topic, qos=2)
    for number in range(count):
        publisher.publish(topic, b"%d" % number, qos=qos)
    return one, [one.expect_publish(topic, b"%d" % number, qos, acknowledge=False) for number in range(count)]


@pytest.mark.parametrize("qos", [1, 2])
def test_message_in_flight_is_sent_again(client, any_restart, topic, qos):
    _, sent = receive_unacknowledged(client, topic(), qos, 3)
    any_restart()
    one = back_again(client, "one")
    for packet in sent:
        again = one.expect(Publish, topic=topic(), payload=packet.payload, qos=qos, dup=True)
        assert again.packet_identifier == packet.packet_identifier
    for packet in sent:
        one.acknowledge(packet)
    barrier(client(), one)


@pytest.mark.parametrize("qos", [1, 2])
def test_packet_identifiers_in_use_are_not_given_twice(client, restart, topic, qos):
    _, sent = receive_unacknowledged(client, topic(), qos, 5)
    restart()
    one = back_again(client, "one")
    publisher = client()
    for number in range(10):
        publisher.publish(topic(), b"new %d" % number, qos=qos)
    received = take_publishes(one, 15, acknowledge=False)
    assert [packet.packet_identifier for packet in received[:5]] == [packet.packet_identifier for packet in sent]
    assert len({packet.packet_identifier for packet in received}) == 15
    for packet in received:
        one.acknowledge(packet)


def test_acknowledged_message_of_several_is_not_first(client, restart, topic):
    """The loss of a PUBACK may repeat a message, and changes no order and no identifier."""
    one, sent = receive_unacknowledged(client, topic(), 1, 4)
    one.send(Puback(sent[1].packet_identifier))
    one.ping()
    restart()
    one = back_again(client, "one")
    again = take_publishes(one, 3)
    if again[1].payload == b"1":
        again.append(one.expect(Publish))
        one.acknowledge(again[-1])
        del again[1]
    assert payloads(again) == [b"0", b"2", b"3"]
    assert [packet.packet_identifier for packet in again] == [sent[at].packet_identifier for at in (0, 2, 3)]
    barrier(client(), one)


def test_released_qos_2_message_is_not_sent_again(client, any_restart, topic):
    """PUBREL was sent: the subscriber would take PUBLISH for a new message."""
    one, sent = receive_unacknowledged(client, topic(), 2, 4)
    for packet in (sent[2], sent[0]):
        one.send(Pubrec(packet.packet_identifier))
        one.expect(Pubrel, packet_identifier=packet.packet_identifier)
    any_restart()
    one = back_again(client, "one")
    for packet in (sent[2], sent[0]):  # [MQTT-4.6.0-4]: in the order of the PUBRECs.
        one.expect(Pubrel, packet_identifier=packet.packet_identifier)
        one.send(Pubcomp(packet.packet_identifier))
    for packet in (sent[1], sent[3]):
        one.expect_publish(topic(), packet.payload, 2, dup=True, packet_identifier=packet.packet_identifier)
    barrier(client(), one)


def test_finished_qos_2_message_does_not_come_back(client, restart, topic):
    one, (sent,) = receive_unacknowledged(client, topic(), 2, 1)
    one.acknowledge(sent)
    settle(one)
    restart()
    one, publisher = back_again(client, "one"), client()
    barrier(publisher, one)
    publisher.publish(topic(), b"next", qos=2)
    one.expect_publish(topic(), b"next", qos=2)


# Messages in flight from a publisher ------------------------------------------------------------------------------


def test_received_qos_2_message_is_delivered_once(client, away, any_restart, topic):
    names = ["a", "b", "c"]
    for name in names:
        away(name, topic())
    one = client("one", **KEPT)
    for number in range(1, 6):
        one.send(Publish(topic(), b"%d" % number, 2, packet_identifier=number))
        one.expect(Pubrec, packet_identifier=number, reason_code=0)
    any_restart()
    one = back_again(client, "one")
    for number in range(1, 6):
        one.send(Publish(topic(), b"%d" % number, 2, dup=True, packet_identifier=number))
        one.expect(Pubrec, packet_identifier=number, reason_code=0)
    for number in range(1, 6):
        one.send(Pubrel(number))
        one.expect(Pubcomp, packet_identifier=number, reason_code=0)
    for name in names:
        subscriber = back_again(client, name)
        assert payloads(take_publishes(subscriber, 5)) == [b"%d" % number for number in range(1, 6)]
        barrier(one, subscriber)


def test_received_qos_2_message_is_released(client, away, restart, topic):
    away("a", topic())
    one = client("one", **KEPT)
    one.send(Publish(topic(), b"x", 2, packet_identifier=9))
    one.expect(Pubrec, packet_identifier=9, reason_code=0)
    restart()
    one = back_again(client, "one")
    one.send(Pubrel(9))
    one.expect(Pubcomp, packet_identifier=9, reason_code=0)
    restart()
    one = back_again(client, "one")
    one.send(Pubrel(9))
    one.expect(Pubcomp, packet_identifier=9, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)
    one.send(Publish(topic(), b"y", 2, packet_identifier=9))
    one.expect(Pubrec, packet_identifier=9, reason_code=0)
    assert payloads(take_publishes(back_again(client, "a"), 2)) == [b"x", b"y"]
