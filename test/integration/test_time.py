# SPDX-License-Identifier: Apache-2.0
"""Time is exact: what is due comes never early and at most a second late."""

import time

import pytest
from wire import V5, V311, Publish, Reason, Stopwatch, Will, barrier

FOREVER = 0xFFFFFFFF


def test_delayed_will(client, topic):
    watcher = client()
    watcher.subscribe(topic("#"), qos=1)
    dying = []
    for delay in (0, 1, 2, 3):
        will = Will(topic(str(delay)), b"gone", 1, will_delay_interval=delay)
        dying.append(client(session_expiry_interval=100, will=will))
    stopwatch = Stopwatch()
    for one in dying:
        one.close()
    for delay in (0, 1, 2, 3):
        watcher.expect_publish(topic(str(delay)), b"gone", qos=1)
        stopwatch.check(delay)


@pytest.mark.parametrize("expiry", [1, 2])
def test_session_expiry_publishes_a_will_that_would_be_later(client, topic, expiry):
    watcher = client()
    watcher.subscribe(topic())
    dying = client("s", session_expiry_interval=expiry, will=Will(topic(), b"gone", will_delay_interval=60))
    stopwatch = Stopwatch()
    dying.close()
    watcher.expect_publish(topic(), b"gone")
    stopwatch.check(expiry)
    assert not client("s", clean_start=False).connack.session_present


def test_delayed_will_is_withdrawn_by_coming_back(client, topic):
    watcher = client()
    watcher.subscribe(topic("#"))
    will = Will(topic("withdrawn"), b"gone", will_delay_interval=2)
    client("s", session_expiry_interval=100, will=will).close()
    back = client("s", clean_start=False, session_expiry_interval=100)
    assert back.connack.session_present
    clock = Will(topic("clock"), b"later", will_delay_interval=3)
    client(session_expiry_interval=100, will=clock).close()
    watcher.expect_publish(topic("clock"), b"later")
    barrier(back, watcher)


def test_will_of_disconnect_with_will_waits_for_its_delay_too(client, topic):
    watcher = client()
    watcher.subscribe(topic())
    one = client(session_expiry_interval=100, will=Will(topic(), b"gone", will_delay_interval=1))
    stopwatch = Stopwatch()
    one.disconnect(Reason.DISCONNECT_WITH_WILL_MESSAGE)
    watcher.expect_publish(topic(), b"gone")
    stopwatch.check(1)


def await_end_of_session(client, name, publisher, topic, expiry):
    """Publishes until the broker says that nobody is subscribed any more: the Session has ended."""
    stopwatch = Stopwatch()
    client.close()
    while publisher.publish(topic, b"x", qos=1).reason_code == 0:
        assert stopwatch.elapsed < expiry + 5, f"the session of {name} is still there"
        time.sleep(0.02)
    stopwatch.check(expiry)


@pytest.mark.parametrize("expiry", [1, 3])
def test_session_expiry(client, make_broker, topic, expiry):
    broker = make_broker({"broker": {"loops": 1}})  # One loop always knows whether anybody is subscribed.
    publisher = client(broker=broker)
    one = client("s", broker=broker, session_expiry_interval=expiry)
    one.subscribe(topic(), qos=1)
    await_end_of_session(one, "s", publisher, topic(), expiry)
    assert not client("s", broker=broker, clean_start=False).connack.session_present


def test_session_expiry_counts_from_the_last_connection(client, make_broker, topic):
    broker = make_broker({"broker": {"loops": 1}})
    publisher = client(broker=broker)
    one = client("s", broker=broker, session_expiry_interval=1)
    one.subscribe(topic(), qos=1)
    client(broker=broker, keep_alive=1).expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)  # Connected, time does not count.
    one.close()
    one = client("s", broker=broker, clean_start=False, session_expiry_interval=2)
    assert one.connack.session_present
    await_end_of_session(one, "s", publisher, topic(), 2)


def test_session_expiry_is_changed_by_disconnect(client, make_broker, topic):
    broker = make_broker({"broker": {"loops": 1}})
    publisher, one = client(broker=broker), client("s", broker=broker, session_expiry_interval=100)
    one.subscribe(topic(), qos=1)
    stopwatch = Stopwatch()
    one.disconnect(session_expiry_interval=1)
    while publisher.publish(topic(), b"x", qos=1).reason_code == 0:
        assert stopwatch.elapsed < 6
        time.sleep(0.02)
    stopwatch.check(1)


def test_max_expiry_cuts_what_clients_ask_for(client, make_broker, topic):
    broker = make_broker({"broker": {"loops": 1}, "session": {"max_expiry": "1s"}})
    publisher = client(broker=broker)
    for name, options in (
        ("long", {"session_expiry_interval": 100}),
        ("forever", {"session_expiry_interval": FOREVER}),
        ("old", {"version": V311, "clean_start": False}),
    ):
        one = client(name, broker=broker, **options)
        assert one.version < V5 or one.connack.session_expiry_interval == 1
        one.subscribe(topic(name), qos=1)
        await_end_of_session(one, name, publisher, topic(name), 1)
    assert client(broker=broker, session_expiry_interval=1).connack.session_expiry_interval is None


def test_many_sessions_expire_at_their_times(client, make_broker, topic):
    broker = make_broker()
    watcher = client(broker=broker)
    watcher.subscribe(topic("+"))
    stopwatch, due = Stopwatch(), {}
    for number in range(60):
        expiry = 1 + number % 3
        will = Will(topic(str(number)), b"over", will_delay_interval=1000)
        one = client(broker=broker, session_expiry_interval=expiry, will=will)
        due[topic(str(number))] = (stopwatch.elapsed, expiry)
        one.close()
    while due:
        closed, expiry = due.pop(watcher.expect(Publish, payload=b"over").topic)
        passed = stopwatch.elapsed - closed
        assert expiry <= passed <= expiry + 1.5


# Message Expiry --------------------------------------------------------------------------------------------------


def test_message_expiry_counts_down_while_the_message_waits(client, topic):
    options = {"clean_start": False, "session_expiry_interval": 60}
    away, publisher = client("s", **options), client()
    away.subscribe(topic("#"), qos=1)
    away.disconnect()
    stopwatch = Stopwatch()
    publisher.publish(topic("short"), b"x", qos=1, message_expiry_interval=1)
    publisher.publish(topic("long"), b"x", qos=1, message_expiry_interval=100)
    publisher.publish(topic("none"), b"x", qos=1)
    client(keep_alive=1).expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)  # More than a second passes.
    back = client("s", **options)
    waited = stopwatch.elapsed
    packet = back.expect_publish(topic("long"), b"x", qos=1)
    assert 100 - waited - 1 <= packet.message_expiry_interval <= 99
    back.expect_publish(topic("none"), b"x", qos=1, message_expiry_interval=None)
    barrier(publisher, back)


def test_message_expiry_of_a_retained_message(client, topic):
    publisher = client()
    stopwatch = Stopwatch()
    publisher.publish(topic("short"), b"x", qos=1, retain=True, message_expiry_interval=1)
    publisher.publish(topic("long"), b"x", qos=1, retain=True, message_expiry_interval=100)
    client(keep_alive=1).expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    later = client()
    later.subscribe(topic("#"))
    packet = later.expect_publish(topic("long"), b"x", retain=True)
    assert 100 - stopwatch.elapsed - 1 <= packet.message_expiry_interval <= 99
    barrier(publisher, later)


def test_message_expiry_of_a_will_counts_from_its_publication(client, topic):
    watcher = client()
    watcher.subscribe(topic())
    will = Will(topic(), b"gone", will_delay_interval=1, message_expiry_interval=50)
    client(session_expiry_interval=100, will=will).close()
    packet = watcher.expect_publish(topic(), b"gone")
    assert packet.message_expiry_interval in (49, 50)


def test_message_expiry_while_the_window_is_full(client, topic):
    publisher, slow = client(), client(receive_maximum=1)
    slow.subscribe(topic("#"), qos=1)
    publisher.publish(topic("first"), b"x", qos=1)
    first = slow.expect_publish(topic("first"), b"x", qos=1, acknowledge=False)
    publisher.publish(topic("short"), b"x", qos=1, message_expiry_interval=1)
    publisher.publish(topic("long"), b"x", qos=1, message_expiry_interval=100)
    client(keep_alive=1).expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    slow.acknowledge(first)
    packet = slow.expect_publish(topic("long"), b"x", qos=1)
    assert packet.message_expiry_interval <= 99
    barrier(publisher, slow)


@pytest.mark.parametrize("interval", [1, 100, FOREVER])
def test_message_expiry_passes_unchanged_when_nothing_waits(client, topic, interval):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic())
    publisher.publish(topic(), b"x", message_expiry_interval=interval)
    assert subscriber.expect_publish(topic(), b"x").message_expiry_interval in (interval, interval - 1)


# Keep Alive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [V311, V5])
def test_keep_alive_counts_from_the_last_packet(client, version):
    one = client(keep_alive=1)
    for _ in range(3):
        deadline = Stopwatch()
        while deadline.elapsed < 0.7:  # Less than one and a half seconds each time, more than that together.
            time.sleep(0.05)
        stopwatch = Stopwatch()
        one.ping()
    one.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    stopwatch.check(1.5)


def test_what_the_broker_sends_does_not_count(client, topic):
    silent, publisher = client(keep_alive=1), client()
    silent.subscribe(topic())
    stopwatch = Stopwatch()
    while True:
        publisher.publish(topic(), b"x")
        packet = silent.receive()
        if not isinstance(packet, Publish):
            break
        assert stopwatch.elapsed < 5
        time.sleep(0.05)
    assert packet.reason_code == Reason.KEEP_ALIVE_TIMEOUT
    stopwatch.check(1.45)
