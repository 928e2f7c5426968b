# SPDX-License-Identifier: Apache-2.0
"""C: slow, idle and too many connections."""

import select

import pytest
from wire import (
    V5, V311, Closed, Connack, MemoryGrowth, Publish, Reason, Stopwatch, Will, cpu_seconds, open_files, wait_until,
)  # fmt: skip

MEBIBYTE = 2**20
both_versions = pytest.mark.parametrize("version", [V311, V5])


def trickle_until_closed(clients, interval, limit, content, stopwatch):
    """Sends a byte on every connection in each interval until the broker has ended all of them; returns the seconds
    after which each ended."""
    ended, open_ones, position = [], list(clients), 0
    while open_ones:
        assert stopwatch.elapsed < limit, f"{len(open_ones)} connections are still open after {limit} s"
        for one in open_ones:
            one.send(content[position % len(content) : position % len(content) + 1])
        position += 1
        gone, _, _ = select.select(open_ones, [], [], interval)
        ended += [stopwatch.elapsed] * len(gone)
        open_ones = [one for one in open_ones if one not in gone]
    return ended


CONNECT_BYTES = bytes.fromhex("10 ff 01 0004 4d515454 04 02 003c 00f1") + b"a" * 300


@pytest.mark.parametrize("content", [b"", CONNECT_BYTES], ids=["silent", "trickle"])
def test_c_01_slow_connect_is_ended_at_the_deadline(client, honest, make_broker, content):
    broker = make_broker({"mqtt": {"connect_timeout": "2s"}})
    with honest(broker) as pair:
        stopwatch = Stopwatch()
        slow = [client.open(broker=broker) for _ in range(300)]
        assert pair.slowest(10) < 0.5
        fresh = client(broker=broker)
        if content:
            ended = trickle_until_closed(slow, 0.1, 5.0, content, stopwatch)
            assert min(ended) >= 2.0
        for one in slow:
            one.expect_closed()
        stopwatch.check(2.0, late=1.5)
        fresh.ping()
        client(broker=broker).ping()


def test_c_01_connect_timeout_ends_with_connect(client, make_broker):
    broker = make_broker({"mqtt": {"connect_timeout": "1s"}})
    early, late = client(broker=broker, keep_alive=0), client.open(broker=broker)
    late.expect_closed()
    early.ping()


@pytest.mark.parametrize("keep_alive", [0, 2, 65535])
def test_c_02_max_keep_alive_is_announced_to_mqtt_5(client, make_broker, keep_alive):
    broker = make_broker({"mqtt": {"max_keep_alive": 1}})
    stopwatch = Stopwatch()
    one = client(broker=broker, keep_alive=keep_alive)
    assert one.connack.server_keep_alive == 1
    one.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    stopwatch.check(1.5)
    assert client(broker=broker, keep_alive=1).connack.server_keep_alive is None


@pytest.mark.parametrize("keep_alive", [0, 65535])
def test_c_02_max_keep_alive_holds_for_older_versions_too(client, make_broker, keep_alive):
    broker = make_broker({"mqtt": {"max_keep_alive": 1}})
    stopwatch = Stopwatch()
    one = client(broker=broker, version=V311, keep_alive=keep_alive)
    one.expect_closed()
    stopwatch.check(1.5)


def test_c_02_server_keep_alive_replaces_the_clients(client, make_broker, topic):
    broker = make_broker({"mqtt": {"server_keep_alive": 1}})
    watcher = client(broker=broker, version=V311, keep_alive=0)
    stopwatch = Stopwatch()
    one = client(broker=broker, keep_alive=100, will=Will(topic(), b"gone"))
    assert one.connack.server_keep_alive == 1
    one.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    stopwatch.check(1.5)
    watcher.close()


@both_versions
@pytest.mark.parametrize("header", ["30 ff ff ff 7f", "32 81 80 40", "82 ff ff ff 7f", "40 ff ff ff 7f"])
def test_c_04_packet_above_the_maximum_size_is_refused_on_its_header(client, honest, make_broker, version, header):
    broker = make_broker()
    with honest(broker), MemoryGrowth(broker, below=16 * MEBIBYTE):
        for _ in range(20):
            one = client(broker=broker)
            one.send(bytes.fromhex(header))
            one.expect_disconnect(Reason.PACKET_TOO_LARGE)


@both_versions
def test_c_04_packet_of_the_maximum_size_is_taken(client, topic, version):
    one = client()
    one.subscribe(topic())
    room = 2**20 - 4 - 2 - len(topic()) - (1 if version == V5 else 0)
    one.publish(topic(), b"x" * room)
    one.expect_publish(topic(), b"x" * room)
    one.send(Publish(topic(), b"x" * (room + 1)))
    one.expect_disconnect(Reason.PACKET_TOO_LARGE)


@both_versions
def test_c_04_slow_body_does_not_keep_a_connection_alive(client, honest, version):
    with honest():
        stopwatch = Stopwatch()
        slow = client(keep_alive=1)
        slow.send(bytes.fromhex("30 80 80 04 0001 61"))
        trickle_until_closed([slow], 0.2, 5.0, b"x", stopwatch)
        stopwatch.check(1.5)
        slow.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)


def test_c_04_many_slow_bodies_take_memory_only_for_what_came(client, honest, make_broker):
    broker = make_broker()
    with honest(broker), MemoryGrowth(broker, below=24 * MEBIBYTE):
        slow = [client(broker=broker) for _ in range(200)]
        for one in slow:
            one.send(bytes.fromhex("30 80 80 20 0001 61") + b"x" * 1000)
        for one in slow:
            one.send(b"x" * 1000)


# Counting --------------------------------------------------------------------------------------------------------


def count_accepted(client, broker, attempts):
    """Connects until the broker takes no more; the clients it took."""
    accepted = []
    for _ in range(attempts):
        one = client.open(broker=broker)
        one.start_connect()
        try:
            answer = one.expect(Connack)
        except Closed:
            continue
        if answer.reason_code == 0:
            accepted.append(one)
        else:
            one.expect_closed()
    return accepted


def limited_broker(make_broker, limit):
    listener = {"protocol": "mqtt", "address": "127.0.0.1:0", "max_connections": limit}
    return make_broker({"listener": [listener]})


def test_c_09_connections_above_the_limit_are_refused_and_others_stay(client, honest, make_broker):
    broker = limited_broker(make_broker, 12)
    with honest(broker):  # two of the twelve
        accepted = count_accepted(client, broker, 20)
        assert len(accepted) == 10
        for one in accepted:
            one.ping()
            one.disconnect()


def abort(client, broker):
    client.open(broker=broker).close()


def abort_in_connect(client, broker):
    one = client.open(broker=broker)
    one.send(b"\x10\x20\x00\x04MQ")
    one.close()


def be_refused(client, broker):
    one = client.open(broker=broker)
    one.send(b"\x30\x00")
    one.close()


def come_and_go(client, broker):
    client("same", broker=broker).close()


@pytest.mark.parametrize("visit", [abort, abort_in_connect, be_refused, come_and_go])
def test_c_09_connections_that_ended_are_not_counted(client, honest, make_broker, visit):
    broker = limited_broker(make_broker, 12)
    with honest(broker):
        files = open_files(broker)
        for _ in range(300):
            try:
                visit(client, broker)
            except AssertionError:
                continue  # The broker has not yet seen the end of those before.
        wait_until(lambda: open_files(broker) <= files)
        assert len(count_accepted(client, broker, 20)) == 10


def test_c_01_many_idle_connections_cost_no_time(client, honest, make_broker):
    broker = make_broker({"broker": {"sys_interval": "0s"}})
    with honest(broker):
        idle = [client(broker=broker, keep_alive=60) for _ in range(300)]
        clock = client(broker=broker, keep_alive=1)
        before = cpu_seconds(broker)
        clock.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
        assert cpu_seconds(broker) - before < 0.2
        idle[0].ping()
