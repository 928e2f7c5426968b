# SPDX-License-Identifier: Apache-2.0
"""Sessions, their ends, and Wills."""

import pytest
from wire import V311, Publish, Pubrec, Reason, Stopwatch, Will, barrier
from wire.restarts import KEPT, back_again, found_in_store, pass_by, settle, take_publishes

# Sessions ---------------------------------------------------------------------------------------------------------


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


# Wills ------------------------------------------------------------------------------------------------------------


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
