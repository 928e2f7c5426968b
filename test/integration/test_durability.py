# SPDX-License-Identifier: Apache-2.0
"""Acknowledged means stored: what the broker has promised survives its end, whether it was killed or stopped."""

import re

import pytest
from wire import (
    V311, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Stopwatch, Subscription, Will, barrier,
    receive_until_barrier, wait_until,
)  # fmt: skip

KEPT = {"clean_start": False, "session_expiry_interval": 3600}


@pytest.fixture
def broker(make_broker):
    """One for each test: it is going to be killed."""
    return make_broker()


ENDS = {"killed": lambda broker: broker.kill(), "stopped": lambda broker: broker.stop()}


@pytest.fixture(params=ENDS.values(), ids=ENDS.keys())
def end(request, broker):
    """Ends the broker, one way or the other; broker.start() is the restart."""
    return lambda: request.param(broker)


@pytest.fixture
def restart(broker):
    def again():
        broker.kill()
        broker.start()

    return again


@pytest.fixture
def any_restart(end, broker):
    def again():
        end()
        broker.start()

    return again


@pytest.fixture
def away(client):
    """away("a", "filter", qos=1) is a Session that subscribes and goes away."""

    def make(name, *filters, qos=2, broker=None):
        one = client(name, broker=broker, **KEPT)
        one.subscribe(*filters, qos=qos)
        one.disconnect()

    return make


def back_again(client, name, broker=None, **options):
    """The Session is there."""
    one = client(name, broker=broker, **{**KEPT, **options})
    assert one.connack.session_present
    return one


def settle(one):
    """What the client acknowledged before is stored: nothing else waits for that, and what follows is stored after."""
    one.publish("nobody/wants/this", b"x", qos=2)


def payloads(packets):
    return [packet.payload for packet in packets if isinstance(packet, Publish)]


def take_publishes(one, count, acknowledge=True):
    received = [one.await_packet(Publish) for _ in range(count)]
    for packet in received if acknowledge else ():
        one.acknowledge(packet)
    return received


# Subscriptions ---------------------------------------------------------------------------------------------------


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


# Queued messages -------------------------------------------------------------------------------------------------

PROPERTIES = {
    "payload_format_indicator": 1,
    "message_expiry_interval": 3600,
    "content_type": "text/plain",
    "response_topic": "answers/to/me",
    "correlation_data": b"\0\xff\x01",
    "user_property": [("a", "1"), ("b", "2"), ("a", "1")],
}


@pytest.mark.parametrize("qos", [1, 2])
def test_queued_message_survives_with_its_properties(client, away, any_restart, topic, qos):
    away("one", topic())
    publisher = client()
    publisher.publish(topic(), "größer".encode(), qos=qos, **PROPERTIES)
    publisher.publish(topic(), bytes(range(256)) * 400, qos=qos)
    publisher.publish(topic(), b"", qos=qos)
    any_restart()
    one = back_again(client, "one")
    first = one.expect_publish(topic(), "größer".encode(), qos=qos, dup=False, retain=False)
    for name, value in PROPERTIES.items():
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


# Messages in flight to a subscriber ------------------------------------------------------------------------------


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


# Messages in flight from a publisher -----------------------------------------------------------------------------


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


# Sessions --------------------------------------------------------------------------------------------------------


def test_session_present_tells_the_truth(client, any_restart):
    client("never", clean_start=False)
    client("ends", clean_start=False).disconnect()
    client("kept", **KEPT)
    client("kept offline", **KEPT).disconnect()
    client("discarded", **KEPT).disconnect()
    client("discarded").close()
    client("given up", **KEPT).disconnect(session_expiry_interval=0)
    client("extended", clean_start=False, session_expiry_interval=1).disconnect(session_expiry_interval=3600)
    any_restart()
    for name in ("kept", "kept offline", "extended"):
        back_again(client, name)
    for name in ("never", "ends", "discarded", "given up"):
        assert not client(name, **KEPT).connack.session_present, name


def test_session_of_mqtt_3_1_1_survives(client, restart, topic):
    one = client("one", version=V311, clean_start=False)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    client().publish(topic(), b"x", qos=1)
    restart()
    one = client("one", version=V311, clean_start=False)
    assert one.connack.session_present
    one.expect_publish(topic(), b"x", qos=1)


def test_session_belongs_to_its_user_after_a_restart(client, make_broker, password_file):
    users = password_file(alice="wonderland", bob="builder")
    broker = make_broker({"auth": {"anonymous": "never", "password_file": users}})
    alice = {"broker": broker, "user_name": "alice", "password": b"wonderland", **KEPT}
    client("one", **alice)
    broker.kill()
    broker.start()
    other = client.open("one", broker=broker)
    other.start_connect(**{**KEPT, "user_name": "bob", "password": b"builder"})
    other.expect_refused(Reason.NOT_AUTHORIZED)
    assert client("one", **alice).connack.session_present


def found_in_store(broker, since):
    """What the broker says of its store since its last start."""
    for line in broker.log[since:]:
        if "read the store" in line:
            return {name: int(value) for name, value in re.findall(r"\b(\w+)=(\d+)", line)}
    return {}


def test_ended_sessions_leave_nothing_behind(client, broker, end, topic):
    for name in ("clean", "discarded", "given up", "taken"):
        one = client(name, **KEPT)
        one.subscribe(topic(), "$share/g/" + topic(), qos=2)
        if name == "given up":
            one.subscribe(topic("held"), qos=2)
    publisher = client()
    for number in range(20):
        publisher.publish(topic(), b"%d" % number, qos=2)
    publisher.publish(topic("held"), b"x", qos=2, retain=True)
    publisher.publish(topic("held"), b"", qos=1, retain=True)
    for name in ("clean", "discarded", "taken"):
        client(name).disconnect()
    one = back_again(client, "given up")
    one.send(Publish(topic("other"), b"x", 2, packet_identifier=3))
    one.await_packet(Pubrec, packet_identifier=3)
    one.ping()
    one.reset()
    client("given up", clean_start=True).disconnect()
    end()
    started = len(broker.log)
    broker.start()
    found = found_in_store(broker, started)
    assert not any(found.get(kind) for kind in ("sessions", "subscriptions", "messages", "retained")), found


def test_discarded_session_does_not_haunt_its_successor(client, away, restart, topic):
    away("one", topic())
    publisher = client()
    for number in range(10):
        publisher.publish(topic(), b"old %d" % number, qos=1 + number % 2)
    one = client("one", clean_start=True, session_expiry_interval=3600)
    publisher.publish(topic(), b"nobody", qos=1)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    publisher.publish(topic(), b"new", qos=1)
    restart()
    one = back_again(client, "one")
    one.expect_publish(topic(), b"new", qos=1, dup=False)
    barrier(client(), one)


def pass_by(watch, seconds):
    """What the clock of the wall does while the broker is down."""
    wait_until(lambda: watch.elapsed >= seconds, timeout=seconds + 10)


def test_session_expires_while_the_broker_is_down(client, broker, end, topic):
    one = client("one", clean_start=False, session_expiry_interval=1)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    watch = Stopwatch()
    client("two", **KEPT).disconnect()
    client().publish(topic(), b"x", qos=1)
    end()
    pass_by(watch, 1.2)
    broker.start()
    back_again(client, "two")
    one = client("one", **KEPT)
    assert not one.connack.session_present
    barrier(client(), one)


def test_session_expiry_goes_on_after_a_restart(client, broker, end, topic):
    """Not from the beginning: the Will, which waits for the end of the Session, tells when it was."""
    watcher = client("watcher", **KEPT)
    watcher.subscribe(topic("will"), qos=1)
    will = Will(topic("will"), b"over", qos=1, will_delay_interval=3600)
    client("one", clean_start=False, session_expiry_interval=3, will=will).close()
    watch = Stopwatch()
    watcher.ping()
    pass_by(watch, 0.2)  # The broker has seen the end of the connection.
    end()
    pass_by(watch, 1.5)
    broker.start()
    back_again(client, "watcher").expect_publish(topic("will"), b"over", qos=1)
    watch.check(2.8, late=1.5)
    assert not client("one", **KEPT).connack.session_present


def test_message_expires_while_the_broker_is_down(client, away, broker, end, topic):
    away("one", topic())
    publisher = client()
    publisher.publish(topic(), b"short", qos=1, message_expiry_interval=1)
    publisher.publish(topic(), b"long", qos=2, message_expiry_interval=100)
    publisher.publish(topic(), b"for ever", qos=1)
    watch = Stopwatch()
    end()
    pass_by(watch, 1.2)
    broker.start()
    one = back_again(client, "one")
    packet = one.expect_publish(topic(), b"long", qos=2)
    assert 80 < packet.message_expiry_interval <= 99
    one.expect_publish(topic(), b"for ever", qos=1)


# Wills -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def watch_wills(client, topic):
    """A Session that gets the Wills of this test, now or when it is back."""
    one = client("watcher", **KEPT)
    one.subscribe(topic("will/#"), qos=2)
    one.disconnect()
    return lambda: back_again(client, "watcher")


def test_will_without_delay_comes_once(client, any_restart, watch_wills, topic):
    will = Will(topic("will/a"), b"gone", qos=2, user_property=[("a", "b")])
    client("one", will=will, **KEPT)
    any_restart()
    watcher = watch_wills()
    watcher.expect_publish(topic("will/a"), b"gone", qos=2, user_property=[("a", "b")])
    settle(watcher)
    any_restart()
    barrier(client(), watch_wills())


def test_will_after_an_orderly_stop_of_a_session_that_ends(client, broker, watch_wills, topic):
    client("one", will=Will(topic("will/a"), b"gone", qos=1))
    broker.stop()
    broker.start()
    watch_wills().expect_publish(topic("will/a"), b"gone", qos=1)


def test_will_reaches_everybody_after_an_orderly_stop(client, away, broker, topic):
    names = [f"s{number}" for number in range(8)]
    for name in names:
        away(name, topic("will/#"))
    wills = [Will(topic(f"will/{number}"), b"gone", qos=2, retain=True) for number in range(8)]
    for number, will in enumerate(wills):
        client(f"c{number}", will=will, **KEPT)
    broker.stop()
    broker.start()
    for name in names:
        received = take_publishes(back_again(client, name), len(wills))
        assert {packet.topic for packet in received} == {will.topic for will in wills}


def test_will_whose_delay_passes_while_the_broker_is_down_comes_at_the_start(client, broker, end, watch_wills, topic):
    client("one", will=Will(topic("will/a"), b"late", qos=1, will_delay_interval=1), **KEPT).close()
    watch = Stopwatch()
    client("two", will=Will(topic("will/b"), b"later", qos=1, will_delay_interval=3600), **KEPT).close()
    watcher = watch_wills()
    watcher.ping()
    pass_by(watch, 0.2)
    end()
    pass_by(watch, 1.5)
    broker.start()
    watcher = watch_wills()
    watcher.expect_publish(topic("will/a"), b"late", qos=1)
    barrier(client(), watcher)


def test_will_with_delay_of_a_client_that_was_there_when_the_broker_ended(client, broker, end, watch_wills, topic):
    client("one", will=Will(topic("will/a"), b"late", qos=1, will_delay_interval=1), **KEPT)
    end()
    watch = Stopwatch()
    broker.start()
    watcher = watch_wills()
    watcher.expect_publish(topic("will/a"), b"late", qos=1)
    watch.check(0.0, late=2.0)


def test_client_that_is_back_in_time_prevents_its_will(client, broker, end, watch_wills, topic):
    client("one", will=Will(topic("will/a"), b"late", qos=1, will_delay_interval=2), **KEPT)
    end()
    broker.start()
    watch = Stopwatch()
    back_again(client, "one")
    pass_by(watch, 2.5)
    barrier(client(), watch_wills())


def test_no_will_after_disconnect(client, any_restart, watch_wills, topic):
    for name, delay in (("one", 0), ("two", 1)):
        will = Will(topic("will/a"), b"never", qos=1, will_delay_interval=delay)
        client(name, will=will, **KEPT).disconnect()
    client("three", will=will, **KEPT).disconnect()
    any_restart()
    watch = Stopwatch()
    pass_by(watch, 1.5)
    barrier(client(), watch_wills())


def test_published_will_does_not_come_again(client, restart, watch_wills, topic):
    client("one", will=Will(topic("will/a"), b"gone", qos=1), **KEPT).close()
    watcher = watch_wills()
    watcher.expect_publish(topic("will/a"), b"gone", qos=1)
    settle(watcher)
    back_again(client, "one")
    restart()
    barrier(client(), watch_wills())


# Retained Messages -----------------------------------------------------------------------------------------------


def retained(client, filter):
    one = client()
    one.subscribe(filter, qos=2)
    (received,) = receive_until_barrier(client(), one)
    for packet in received:
        assert packet.retain
    return {packet.topic: packet for packet in received}


def test_retained_messages_survive(client, any_restart, topic):
    publisher = client()
    for number in range(30):
        publisher.publish(topic(f"set/{number}"), b"%d" % number, qos=1 + number % 2, retain=True, **PROPERTIES)
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
        for name, value in PROPERTIES.items():
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


def test_retained_message_that_expired_leaves_the_store(client, broker, topic):
    client().publish(topic("short"), b"x", qos=1, retain=True, message_expiry_interval=1)
    watch = Stopwatch()
    broker.kill()
    pass_by(watch, 1.2)
    for _ in range(2):
        started = len(broker.log)
        broker.start()
        barrier(client(), client())
        broker.stop()
    assert not found_in_store(broker, started)


# Shared Subscriptions --------------------------------------------------------------------------------------------


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


# Event loops, durability -----------------------------------------------------------------------------------------


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
