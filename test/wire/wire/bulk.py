# SPDX-License-Identifier: Apache-2.0
"""Many messages of one size, faster than a Client makes them: MQTT 3.1.1, QoS 1, every payload begins with its number."""

import select
import socket
import struct
import time

from .client import TIMEOUT

_NUMBER = struct.Struct(">Q")
_IDENTIFIER = struct.Struct(">H")
_PUBACK_SIZE = 4


def _text(value):
    return _IDENTIFIER.pack(len(value)) + value


def _remaining_length(size):
    encoded = bytearray()
    while True:
        size, low = divmod(size, 128)
        encoded.append(low | (0x80 if size else 0))
        if not size:
            return bytes(encoded)


class Bulk:
    """One connection. `size` is that of a payload, at least 8."""

    def __init__(self, address, client_identifier, topic, size, clean_session=True):
        self._head = _text(topic.encode())
        rest = len(self._head) + 2 + size
        self._start = bytes([0x32]) + _remaining_length(rest)
        self._packet_size = len(self._start) + rest
        self._filler = bytes(size - _NUMBER.size)
        self._unread = bytearray()
        self._socket = socket.create_connection(address, TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = _text(b"MQTT") + bytes([4, 2 if clean_session else 0, 0, 0]) + _text(client_identifier.encode())
        self._socket.sendall(bytes([0x10]) + _remaining_length(len(body)) + body)
        connack = self._take(4)
        assert connack[0] == 0x20 and connack[3] == 0, connack
        self.session_present = connack[2] == 1

    def close(self):
        """Says goodbye; when this returns, the broker knows that the client is gone."""
        try:
            self._socket.sendall(b"\xe0\x00")
            self._socket.settimeout(TIMEOUT)
            while self._socket.recv(1 << 20):
                pass
        except OSError:
            pass
        self._socket.close()

    def subscribe(self, topic_filter):
        body = _IDENTIFIER.pack(1) + _text(topic_filter.encode()) + bytes([1])
        self._socket.sendall(bytes([0x82]) + _remaining_length(len(body)) + body)
        suback = self._take(5)
        assert suback[0] == 0x90 and suback[4] == 1, suback

    def publish(self, numbers, in_flight=1000, timeout=120.0):
        """Publishes these numbers and waits for every PUBACK; returns how many were acknowledged if the broker ends."""
        deadline = time.monotonic() + timeout
        sent = acknowledged = 0
        try:
            for number in numbers:
                self._socket.sendall(b"".join(
                    (self._start, self._head, _IDENTIFIER.pack(sent % 65_535 + 1), _NUMBER.pack(number), self._filler)
                ))  # fmt: skip
                sent += 1
                while sent - acknowledged >= in_flight:
                    acknowledged += self._take_pubacks(deadline)
            while acknowledged < sent:
                acknowledged += self._take_pubacks(deadline)
        except ConnectionError:
            pass
        return acknowledged

    def receive(self, count, timeout=120.0):
        """The numbers of the next `count` messages, each acknowledged as it comes; fewer if the broker ends."""
        deadline = time.monotonic() + timeout
        numbers = []
        identifier_at = len(self._start) + len(self._head)
        try:
            while len(numbers) < count:
                if len(self._unread) < self._packet_size:
                    self._fill(deadline)
                whole = min(len(self._unread) // self._packet_size, count - len(numbers))
                answer = bytearray()
                for start in range(0, whole * self._packet_size, self._packet_size):
                    assert self._unread[start] & 0xF7 == 0x32, "a PUBLISH of QoS 1"
                    at = start + identifier_at
                    numbers.append(_NUMBER.unpack_from(self._unread, at + 2)[0])
                    answer += b"\x40\x02" + self._unread[at : at + 2]
                del self._unread[: whole * self._packet_size]
                if answer:
                    self._socket.sendall(answer)
        except ConnectionError:
            pass
        return numbers

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._socket], [], [], left)[0]:
            raise TimeoutError("the broker sent nothing more in time")
        received = self._socket.recv(1 << 20)
        if not received:
            raise ConnectionResetError
        self._unread += received

    def _take(self, size):
        while len(self._unread) < size:
            self._fill(time.monotonic() + TIMEOUT)
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    def _take_pubacks(self, deadline):
        self._fill(deadline)
        whole = len(self._unread) // _PUBACK_SIZE
        del self._unread[: whole * _PUBACK_SIZE]
        return whole


def resident_bytes(pid):
    """What the process has in memory."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as figures:
        return int(figures.read().split()[1]) * 4096
