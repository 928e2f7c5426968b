#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fan-out over WebSocket beside fan-out over plain TCP: messages delivered per second of the broker's CPU time.

One publisher over TCP, subscribers over the one or the other, 64-byte payloads at QoS 0. The readers count bytes, so the
load is the same for both. The two take turns on one broker; the figures are medians.

    cmake --build --preset release --target runnel
    test/benchmark/websocket.py
"""

import argparse
import os
import selectors
import socket
import statistics
import struct
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from compare import ROOT, Broker, free_port  # noqa: E402 (the path has to be set first)

TOPIC = b"fan/out"
PATIENCE = 30
UPGRADE = (b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Protocol: mqtt\r\n\r\n")


def text(value):
    return struct.pack(">H", len(value)) + value


def packet(kind, body):
    assert len(body) < 128
    return bytes([kind, len(body)]) + body


def frame(payload):
    return bytes([0x82, 0x80 | len(payload), 0, 0, 0, 0]) + payload  # Masked by zeros.


def receive(connection, size):
    received = b""
    while len(received) < size:
        more = connection.recv(size - len(received))
        if not more:
            raise ConnectionError("the broker closed the connection")
        received += more
    return received


def connect_packet(name):
    return packet(0x10, text(b"MQTT") + bytes([4, 2, 0, 0]) + text(name))


def tcp_subscriber(port, name):
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.sendall(connect_packet(name) + packet(0x82, b"\0\1" + text(TOPIC) + b"\0"))
    receive(connection, 4 + 5)
    return connection


def websocket_subscriber(port, name):
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.sendall(UPGRADE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += receive(connection, 1)
    assert head.startswith(b"HTTP/1.1 101"), head
    connection.sendall(frame(connect_packet(name)))
    receive(connection, 2 + 4)
    connection.sendall(frame(packet(0x82, b"\0\1" + text(TOPIC) + b"\0")))
    receive(connection, 2 + 5)
    return connection


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Readers:
    def __init__(self, connections):
        self.selector = selectors.EpollSelector()
        self.received = 0
        self.block = bytearray(1 << 18)
        for connection in connections:
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ)

    def read_until(self, count):
        """Reads what comes until so many bytes have come in all."""
        end = time.monotonic() + PATIENCE
        while self.received < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.received} of {count} bytes")
            for key, _ in self.selector.select(1):
                size = key.fileobj.recv_into(self.block)
                if size == 0:
                    raise ConnectionError("the broker closed the connection")
                self.received += size


def measure(options, broker, port, subscribe):
    """Messages delivered per second of the broker's CPU time."""
    publisher = socket.create_connection(("127.0.0.1", broker.port), PATIENCE)
    publisher.sendall(connect_packet(b"publisher"))
    receive(publisher, 4)
    connections = [subscribe(port, b"subscriber-%d" % i) for i in range(options.subscribers)]
    readers = Readers(connections)
    publish = packet(0x30, text(TOPIC) + b"x" * 64)
    burst = publish * options.window
    delivered, cpu, end = 0, cpu_seconds(broker.process.pid), time.monotonic() + options.duration
    while time.monotonic() < end:
        publisher.sendall(burst)
        delivered += options.window * options.subscribers
        readers.read_until(delivered * len(publish))
    cpu = cpu_seconds(broker.process.pid) - cpu
    for connection in [*connections, publisher]:
        connection.close()
    return delivered / cpu


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "release", help="has bin/runnel")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=3, help="seconds that are measured")
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--window", type=int, default=100, help="messages that are published at once")
    parser.add_argument("--broker-core", default="0")
    parser.add_argument("--generator-core", default="1")
    return parser.parse_args()


def main():
    options = parse_options()
    os.sched_setaffinity(0, {int(options.generator_core)})
    web_port = free_port()

    def command(port, folder):
        (folder / "runnel.toml").write_text(
            f'[broker]\nloops = 1\ndata_dir = "{folder}/data"\n[log]\nlevel = "warning"\n'
            f'[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:{port}"\n'
            f'[[listener]]\nprotocol = "http"\naddress = "127.0.0.1:{web_port}"\n'
        )
        return [str(options.build_dir / "bin" / "runnel"), "--config", str(folder / "runnel.toml")]

    kinds = {"TCP": tcp_subscriber, "WebSocket": websocket_subscriber}
    rates = {name: [] for name in kinds}
    with Broker("runnel", command, options.broker_core) as broker:
        for _ in range(options.rounds):
            for name, subscribe in kinds.items():
                port = broker.port if name == "TCP" else web_port
                rates[name].append(measure(options, broker, port, subscribe))
    base = statistics.median(rates["TCP"])
    print("| transport | messages delivered per broker CPU second | of TCP |\n|---|---:|---:|")
    for name, rows in rates.items():
        print(f"| {name} | {statistics.median(rows):,.0f} | {statistics.median(rows) / base:.2f} |")


if __name__ == "__main__":
    main()
