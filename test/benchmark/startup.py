#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long the broker takes from its start to `ready` with many stored Sessions and Retained Messages.

Makes the store through the broker itself, stops it, and starts it again a few times.
"""

import argparse
import pathlib
import socket
import statistics
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import wire  # noqa: E402 (the path has to be set first)
from wire.bulk import resident_bytes  # noqa: E402

AT_ONCE = 200


def text(value):
    return struct.pack(">H", len(value)) + value


def packet(kind, body):
    size, length = len(body), bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return bytes([kind]) + bytes(length) + body


def connect_packet(name, clean_session):
    return packet(0x10, text(b"MQTT") + bytes([4, 2 if clean_session else 0, 0, 0]) + text(name))


def receive(connection, size):
    received = b""
    while len(received) < size:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the broker closed the connection")
        received += more
    return received


def make_sessions(address, count, subscriptions):
    for begin in range(0, count, AT_ONCE):
        connections = []
        for number in range(begin, min(begin + AT_ONCE, count)):
            name = b"sensor-%d" % number
            filters = b"".join(text(b"site/%d/%s/%d" % (number % 1000, name, i)) + b"\1" for i in range(subscriptions))
            connection = socket.create_connection(address, 30)
            connection.sendall(connect_packet(name, False) + packet(0x82, b"\0\1" + filters))
            connections.append(connection)
        for connection in connections:
            receive(connection, 4 + 4 + subscriptions)
            connection.close()


def make_retained(address, count):
    connection = socket.create_connection(address, 30)
    connection.sendall(connect_packet(b"retainer", True))
    receive(connection, 4)
    for begin in range(0, count, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, count))
        connection.sendall(b"".join(
            packet(0x33, text(b"state/%d/value" % number) + struct.pack(">H", number - begin + 1) + b"x" * 100)
            for number in numbers
        ))  # fmt: skip
        receive(connection, 4 * len(numbers))
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--subscriptions", type=int, default=5)
    parser.add_argument("--retained", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args()
    broker = wire.Broker({"storage": {"durability": "written"}})
    try:
        start = time.monotonic()
        make_sessions(broker.address, options.sessions, options.subscriptions)
        make_retained(broker.address, options.retained)
        print(f"made the store in {time.monotonic() - start:.1f} s")
        seconds = []
        for _ in range(options.starts):
            broker.stop()
            start = time.monotonic()
            broker.start()
            seconds.append(time.monotonic() - start)
            told = [line for line in broker.log if "read the store" in line][-1]
            print(f"ready after {seconds[-1]:.2f} s, {resident_bytes(broker.pid) >> 20} MiB: {told}")
        print(f"median {statistics.median(seconds):.2f} s")
    finally:
        broker.remove()


if __name__ == "__main__":
    main()
