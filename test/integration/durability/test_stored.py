# SPDX-License-Identifier: Apache-2.0
"""Retained Messages, Shared Subscriptions, the number of event loops, and what the configuration promises."""

import pytest
from wire import Publish, Stopwatch, barrier, receive_until_barrier
from wire.restarts import KEPT, back_again, pass_by, payloads, take_publishes

# Retained Messages ------------------------------------------------------------------------------------------------


def retained(client, filter):
    one = client()
    one.subscribe(filter, qos=2)
    (received,) = receive_until_barrier(client(), one)
    for packet in received:
        assert packet.retain
    return {packet.topic: packet for packet in received}


def test_retained_messages_survive(client, any_restart, topic, properties):
    publisher = client()
    for number in range(30):
        publisher.publish(topic(f"set/{number}"), b"%d" % number, qos=1 + number % 2, retain=True, **properties)
    for payload in (b"first", b"second", b""):
        publisher.publish(topic("cleared"), payload, qos=1, retain=True)
    for payload in (b"first", b"", b"third"):
        publisher.publish(topic("set again"), payload, qos=2, retain=True)
    any_restart()
    found = retained(client, topic("#"))
    assert len(found) == 31
    for number in range(30):
        packet = found[topic(f"set/{number}")]
        assert (packet.payload, packet.qos) == (b"%d" % number, 1 + number % 2)
        for name, value in properties.items():
            if name != "message_expiry_interval":
                assert getattr(packet, name) == value
    assert found[topic("set again")].payload == b"third"


def test_retained_message_is_replaced_and_cleared_after_a_restart(client, restart, topic):
    client().publish(topic("a"), b"old", qos=1, retain=True)
    client().publish(topic("b"), b"old", qos=1, retain=True)
    restart()
    publisher = client()
    publisher.publish(topic("a"), b"new", qos=1, retain=True)
    publisher.publish(topic("b"), b"", qos=1, retain=True)
    assert {name: packet.payload for name, packet in retained(client, topic("#")).items()} == {topic("a"): b"new"}
    restart()
    assert {name: packet.payload for name, packet in retained(client, topic("#")).items()} == {topic("a"): b"new"}


def test_retained_message_expires_while_the_broker_is_down(client, broker, end, topic):
    publisher = client()
    publisher.publish(topic("short"), b"x", qos=1, retain=True, message_expiry_interval=1)
    publisher.publish(topic("long"), b"x", qos=1, retain=True, message_expiry_interval=100)
    watch = Stopwatch()
    end()
    pass_by(watch, 1.2)
    broker.start()
    found = retained(client, topic("#"))
    assert set(found) == {topic("long")}
    assert 80 < found[topic("long")].message_expiry_interval <= 99

# Shared Subscriptions ---------------------------------------------------------------------------------------------


def test_shared_backlog_survives(client, away, any_restart, topic):
    members = ["a", "b", "c"]
    for name in members:
        away(name, "$share/g/" + topic("#"))
    publisher = client()
    for number in range(60):
        publisher.publish(topic("work"), b"%d" % number, qos=1 + number % 2)
    any_restart()
    received = []
    backs = [back_again(client, name) for name in members]
    for one, packets in zip(backs, receive_until_barrier(client(), *backs)):
        for packet in packets:
            one.acknowledge(packet)
        received += [int(payload) for payload in payloads(packets)]
    assert sorted(received) == list(range(60))


def test_shared_subscription_goes_on_after_a_restart(client, restart, topic):
    names = ["a", "b", "c"]
    for name in names:
        client(name, **KEPT).subscribe("$share/g/" + topic("#"), qos=1, subscription_identifier=11)
    restart()
    members = [back_again(client, name) for name in names]
    publisher = client()
    for number in range(30):
        publisher.publish(topic("work"), b"%d" % number, qos=1)
    received = [packet for packets in receive_until_barrier(publisher, *members) for packet in packets]
    assert sorted(int(packet.payload) for packet in received) == list(range(30))
    assert all(packet.subscription_identifier == [11] for packet in received)


def test_shared_backlog_of_a_member_that_never_comes_back_goes_to_another(client, away, restart, topic):
    for name in ("a", "b"):
        away(name, "$share/g/" + topic("#"))
    publisher = client()
    for number in range(20):
        publisher.publish(topic("work"), b"%d" % number, qos=1)
    restart()
    one = back_again(client, "a")
    client("b", clean_start=True)
    received = take_publishes(one, 20)
    assert sorted(int(packet.payload) for packet in received) == list(range(20))


def test_acknowledged_message_for_a_group_is_stored_wherever_its_members_live(client, make_broker, topic):
    """No other Session is stored: the publisher's loop knows only by the group that there is something to wait for."""
    broker = make_broker({"broker": {"loops": 3}})
    names, sent = ["a", "b", "c"], []
    for name in names:
        client(name, broker=broker, **KEPT).subscribe("$share/g/" + topic(), qos=1)
        client(name, broker=broker, **KEPT).disconnect()
    for _ in range(6):
        publisher = client(broker=broker)
        for _ in range(10):
            sent.append(b"%d" % len(sent))
            publisher.publish(topic(), sent[-1], qos=1)
        broker.kill()
        broker.start()
    members = [back_again(client, name, broker) for name in names]
    received = []
    for packets in receive_until_barrier(client(broker=broker), *members):
        received += payloads(packets)
    assert sorted(received) == sorted(sent)


# Event loops, durability ------------------------------------------------------------------------------------------


def test_number_of_loops_changes_between_two_starts(client, away, broker, end, topic):
    names = [f"s{number}" for number in range(6)]
    for name in names:
        away(name, topic("#"))
    for name in ("m1", "m2", "m3"):
        away(name, "$share/g/" + topic("work"))
    sent = []
    for loops in (1, 3, 2, 1, 2):
        publisher = client()
        for number in range(5):
            sent.append(b"%d of %d" % (number, loops))
            publisher.publish(topic("work"), sent[-1], qos=1 + number % 2)
        publisher.publish(topic("kept"), b"before %d" % loops, qos=1, retain=True)
        end()
        broker.config["broker"]["loops"] = loops
        broker.start()
        assert retained(client, topic("kept"))[topic("kept")].payload == b"before %d" % loops
    for name in names:
        one = back_again(client, name)
        received = take_publishes(one, 6 * 5)
        assert [packet.payload for packet in received if packet.topic == topic("work")] == sent
    shared = []
    members = [back_again(client, name) for name in ("m1", "m2", "m3")]
    for packets in receive_until_barrier(client(), *members):
        shared += payloads(packets)
    assert sorted(shared) == sorted(sent)


@pytest.mark.parametrize("durability", ["synced", "written"])
def test_what_is_written_survives_the_end_of_the_process(client, make_broker, topic, durability):
    broker = make_broker(arguments=["--set", f'storage.durability="{durability}"'])
    client("one", broker=broker, **KEPT).subscribe(topic(), qos=1)
    client(broker=broker).publish(topic(), b"x", qos=1, retain=True)
    broker.kill()
    broker.start()
    back_again(client, "one", broker).await_packet(Publish, payload=b"x")


@pytest.mark.parametrize("setting", ['storage.durability="memory"', 'storage.engine="memory"'])
def test_memory_keeps_nothing_and_says_so(client, make_broker, topic, setting):
    broker = make_broker(arguments=["--set", setting])
    broker.wait_for_log("nothing is stored")
    client("one", broker=broker, **KEPT).subscribe(topic(), qos=1)
    client(broker=broker).publish(topic(), b"x", qos=2, retain=True)
    client("one", broker=broker, **KEPT).expect_publish(topic(), b"x", qos=1)
    broker.stop()
    broker.start()
    one = client("one", broker=broker, **KEPT)
    assert not one.connack.session_present
    one.subscribe(topic(), qos=1)
    barrier(client(broker=broker), one)


# [[storage.rule]]: by Topic Filter ----------------------------------------------------------------------------------


def rules_of(durability, *rules):
    return {"storage": {"durability": durability, "rule": [{"filter": f, "durability": d} for f, d in rules]}}


def queued_after_a_kill(client, broker, topics, qos):
    """Which messages for a Session that is away are there after the broker was killed."""
    subscriber = client("one", broker=broker, **KEPT)
    subscriber.subscribe(*topics, qos=2)
    subscriber.disconnect()
    publisher = client(broker=broker)
    for name in topics:
        publisher.publish(name, b"m", qos=qos, retain=True)
    broker.kill()
    broker.start()
    returned = back_again(client, "one", broker)
    (received,) = receive_until_barrier(client(broker=broker), returned)
    new = client(broker=broker)
    new.subscribe(*topics, qos=0)
    (kept,) = receive_until_barrier(client(broker=broker), new)
    assert {packet.topic for packet in kept} == {packet.topic for packet in received}
    return [packet.topic for packet in received]


@pytest.mark.parametrize("qos", [1, 2])
def test_first_rule_that_matches_a_topic_says_what_is_stored(client, make_broker, topic, qos):
    topics = [topic("live/a"), topic("live/alarm"), topic("bill/a"), topic("other")]
    rules = [(topic("live/alarm"), "written"), (topic("live/#"), "memory"), (topic("+/a"), "synced")]
    broker = make_broker(rules_of("synced", *rules))
    assert queued_after_a_kill(client, broker, topics, qos) == [topics[1], topics[2], topics[3]]


@pytest.mark.parametrize("qos", [1, 2])
def test_a_rule_stores_where_nothing_else_is(client, make_broker, topic, qos):
    broker = make_broker(rules_of("memory", (topic("bill/#"), "synced")))
    assert queued_after_a_kill(client, broker, [topic("live"), topic("bill/a")], qos) == [topic("bill/a")]


def test_topic_that_becomes_one_of_memory_does_not_come_back_with_an_older_message(client, make_broker, topic):
    broker = make_broker()
    client(broker=broker).publish(topic(), b"old", qos=1, retain=True)
    broker.stop()
    broker.config.update(rules_of("synced", (topic(), "memory")))
    broker.start()
    client(broker=broker).publish(topic(), b"new", qos=1, retain=True)
    broker.stop()
    del broker.config["storage"]
    broker.start()
    new = client(broker=broker)
    new.subscribe(topic())
    barrier(client(broker=broker), new)


@pytest.mark.parametrize(
    "rule, told",
    [
        ({"durability": "memory"}, "storage.rule.filter"),
        ({"filter": "a/#/b", "durability": "memory"}, "is no Topic Filter"),
        ({"filter": "a", "durability": "none"}, "storage.rule.durability"),
        ({"filter": "a", "durabilty": "memory"}, "storage.rule.durability"),
    ],
)
def test_wrong_rule_is_named(make_broker, rule, told):
    with pytest.raises(Exception, match=told):
        make_broker({"storage": {"rule": [rule]}})
