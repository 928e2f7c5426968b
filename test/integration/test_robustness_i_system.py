# SPDX-License-Identifier: Apache-2.0
"""I: limits and signals of the operating system."""

import resource
import socket

import pytest
from wire import V5, V311, Publish, Stopwatch, cpu_seconds, open_files, wait_until


def open_sockets(address, count):
    sockets = []
    for _ in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(address)
        sockets.append(one)
    return sockets


def test_i_01_no_descriptor_left(client, honest, make_broker):
    broker = make_broker()
    with honest(broker) as pair:
        limit = open_files(broker) + 40
        resource.prlimit(broker.pid, resource.RLIMIT_NOFILE, (limit, limit))
        flood = open_sockets(broker.address, 200)
        wait_until(lambda: open_files(broker) >= limit - 8)
        stopwatch, before = Stopwatch(), cpu_seconds(broker)
        while stopwatch.elapsed < 1.0:
            pair.check()
        assert cpu_seconds(broker) - before < 0.6, "accepting again and again in vain"
        for one in flood:
            one.close()
        fresh = client(broker=broker)  # Accepting has resumed.
        fresh.ping()
        wait_until(lambda: open_files(broker) <= limit - 30)


def test_i_01_quiet_while_no_descriptor_is_left(client, honest, make_broker):
    broker = make_broker({"broker": {"sys_interval": "0s"}})
    with honest(broker):
        clock = client(broker=broker, keep_alive=1)
        limit = open_files(broker) + 20
        resource.prlimit(broker.pid, resource.RLIMIT_NOFILE, (limit, limit))
        flood = open_sockets(broker.address, 100)
        wait_until(lambda: open_files(broker) >= limit - 8)
        before = cpu_seconds(broker)
        clock.expect_disconnect()  # One and a half seconds pass.
        assert cpu_seconds(broker) - before < 0.3
        for one in flood:
            one.close()
        client(broker=broker).ping()


def test_i_07_reset_before_and_after_accept(client, honest, make_broker):
    broker = make_broker()
    with honest(broker):
        files = open_files(broker)
        for _ in range(10):
            for one in [client.open(broker=broker) for _ in range(50)]:
                one.reset()
            for one in [client.open(broker=broker) for _ in range(10)]:
                one.start_connect()
                one.reset()
            client(broker=broker).disconnect()
        wait_until(lambda: open_files(broker) <= files)


@pytest.mark.parametrize("version", [V311, V5])
def test_i_07_reset_while_the_broker_writes(client, honest, make_broker, version):
    broker = make_broker()
    with honest(broker):
        publisher = client(broker=broker)
        for number in range(10):
            reader = client(broker=broker)
            reader.subscribe("big", qos=number % 2)
            for _ in range(12):
                publisher.send(Publish("big", b"x" * 250000))
            reader.reset()
            publisher.publish("big", b"x" * 250000, qos=1)


def test_i_07_half_closed_connection_gets_its_answers(client, honest, topic):
    with honest():
        one = client()
        one.send(Publish(topic(), b"x", qos=1, packet_identifier=1))
        one.shut_sending()
        while True:
            try:
                one.receive()
            except AssertionError:
                break
