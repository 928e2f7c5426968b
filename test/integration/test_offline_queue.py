# SPDX-License-Identifier: Apache-2.0
"""Queues of clients that are away: they lie in the store, memory stays flat, and order holds."""

import pytest
from wire.bulk import Bulk, resident_bytes

SIZE = 1024
MANY = 200_000
SOME = 5_000
MIB = 1 << 20


@pytest.fixture
def queue_broker(make_broker):
    """A broker whose queues may grow long; `session` overrides its limits."""

    def make(**session):
        limits = {"max_queued_messages": 0, "max_queued_bytes": 0, **session}
        return make_broker({"session": limits, "storage": {"durability": "written"}})

    return make


@pytest.fixture
def bulk(prefix, topic):
    """bulk(broker, "name") connects; all are closed at the end."""
    opened = []

    def connect(broker, name, **options):
        opened.append(Bulk(broker.address, f"{prefix}{name}", topic("queue"), SIZE, **options))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@pytest.fixture
def go_away(bulk, topic):
    """go_away(broker) leaves a Session behind that wants everything."""

    def leave(broker):
        subscriber = bulk(broker, "away", clean_session=False)
        subscriber.subscribe(topic("queue"))
        subscriber.close()

    return leave


def come_back(bulk, broker):
    subscriber = bulk(broker, "away", clean_session=False)
    assert subscriber.session_present
    return subscriber


def test_memory_stays_flat_and_the_queue_comes_in_order(queue_broker, bulk, go_away):
    broker = queue_broker()
    go_away(broker)
    before = resident_bytes(broker.pid)
    assert bulk(broker, "publisher").publish(range(MANY)) == MANY
    queued = resident_bytes(broker.pid)
    assert queued - before < 64 * MIB
    subscriber = come_back(bulk, broker)
    assert subscriber.receive(MANY) == list(range(MANY))
    assert resident_bytes(broker.pid) - before < 80 * MIB


def test_messages_that_come_during_the_drain_are_behind_the_queue(queue_broker, bulk, go_away):
    broker = queue_broker()
    go_away(broker)
    publisher = bulk(broker, "publisher")
    assert publisher.publish(range(SOME)) == SOME
    subscriber = come_back(bulk, broker)
    assert subscriber.receive(SOME // 2) == list(range(SOME // 2))
    assert publisher.publish(range(SOME, SOME + 100)) == 100
    assert subscriber.receive(SOME // 2 + 100) == list(range(SOME // 2, SOME + 100))


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_the_queue_outlives_the_broker(queue_broker, bulk, go_away, ending):
    broker = queue_broker()
    go_away(broker)
    assert bulk(broker, "publisher").publish(range(SOME)) == SOME
    getattr(broker, ending)()
    broker.start()
    assert come_back(bulk, broker).receive(SOME) == list(range(SOME))


def test_a_drain_goes_on_after_the_broker_was_killed(queue_broker, bulk, go_away):
    broker = queue_broker()
    go_away(broker)
    assert bulk(broker, "publisher").publish(range(SOME)) == SOME
    first = come_back(bulk, broker).receive(SOME // 2)
    assert first == list(range(SOME // 2))
    broker.kill()
    broker.start()
    subscriber = come_back(bulk, broker)
    # What was acknowledged last may come again; then nothing is missing and nothing is out of order.
    start = subscriber.receive(1)[0]
    assert start <= SOME // 2
    assert subscriber.receive(SOME - 1 - start) == list(range(start + 1, SOME))


def test_the_oldest_are_dropped_where_they_lie_in_the_store(queue_broker, bulk, go_away):
    kept = 1_000
    broker = queue_broker(max_queued_messages=kept)
    go_away(broker)
    assert bulk(broker, "publisher").publish(range(SOME)) == SOME
    assert come_back(bulk, broker).receive(kept) == list(range(SOME - kept, SOME))


def test_what_was_dropped_stays_dropped_after_a_restart(queue_broker, bulk, go_away):
    kept = 1_000
    broker = queue_broker(max_queued_messages=kept)
    go_away(broker)
    assert bulk(broker, "publisher").publish(range(SOME)) == SOME
    broker.stop()
    broker.start()
    assert bulk(broker, "publisher").publish(range(SOME, SOME + 10)) == 10
    assert come_back(bulk, broker).receive(kept) == list(range(SOME + 10 - kept, SOME + 10))


def test_the_newest_are_dropped_if_so_configured(queue_broker, bulk, go_away):
    kept = 1_000
    broker = queue_broker(max_queued_messages=kept, when_full="drop-newest")
    go_away(broker)
    assert bulk(broker, "publisher").publish(range(SOME)) == SOME
    assert come_back(bulk, broker).receive(kept) == list(range(kept))


def receive_to(subscriber, last):
    received = subscriber.receive(1)
    while received[-1] != last:
        received += subscriber.receive(1)
    return received


@pytest.mark.parametrize("when_full", ["drop-oldest", "drop-newest", "disconnect"])
def test_bytes_are_limited_where_they_lie_in_the_store(queue_broker, bulk, go_away, when_full):
    broker = queue_broker(max_queued_bytes="1MiB", when_full=when_full)
    go_away(broker)
    publisher = bulk(broker, "publisher")
    assert publisher.publish(range(SOME)) == SOME
    subscriber = come_back(bulk, broker)
    received = subscriber.receive(100)  # Then there is room again.
    assert publisher.publish([SOME]) == 1
    received += receive_to(subscriber, SOME)
    kept = len(received) - 1
    assert MIB // (2 * SIZE) < kept <= MIB // SIZE
    numbers = range(SOME - kept, SOME) if when_full == "drop-oldest" else range(kept)
    assert received == [*numbers, SOME]


def test_a_long_queue_that_is_full_disconnects_its_client_and_stays(queue_broker, bulk, topic):
    kept = 1_000
    broker = queue_broker(max_queued_messages=kept, when_full="disconnect")
    slow = bulk(broker, "away", clean_session=False)
    slow.subscribe(topic("queue"))
    publisher = bulk(broker, "publisher")
    assert publisher.publish(range(SOME)) == SOME
    assert len(slow.receive(SOME)) < SOME  # The connection has ended; what it acknowledges now comes to nobody.
    subscriber = come_back(bulk, broker)
    received = subscriber.receive(kept)
    assert publisher.publish([SOME]) == 1
    received += receive_to(subscriber, SOME)
    assert received == [*range(len(received) - 1), SOME]
    assert kept <= len(received) - 1 < SOME
