# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket, frame by frame: for what no real client sends."""

import base64
import hashlib
import os
import socket
import struct

from .client import TIMEOUT

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_MASK = b"\x12\x7f\x00\xff"


def request(**changed):
    """The opening handshake as bytes; a header field by its name in lower case with "_", None leaves it out."""
    fields = {
        "host": "localhost", "upgrade": "websocket", "connection": "Upgrade",
        "sec_websocket_key": base64.b64encode(os.urandom(16)).decode(), "sec_websocket_version": "13",
        "sec_websocket_protocol": "mqtt", **changed,
    }  # fmt: skip
    lines = ["GET /mqtt HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def head(opcode, length, final=True, masked=True):
    first = (0x80 if final else 0) | opcode
    mask = 0x80 if masked else 0
    if length < 126:
        return bytes([first, mask | length])
    if length <= 0xFFFF:
        return bytes([first, mask | 126]) + struct.pack(">H", length)
    return bytes([first, mask | 127]) + struct.pack(">Q", length)


def frame(payload, opcode=BINARY, final=True):
    masked = bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(payload))
    return head(opcode, len(payload), final) + _MASK + masked


class WebSocket:
    """A connection after its handshake."""

    def __init__(self, broker, followed_by=b"", **changed):
        self.socket = socket.create_connection(broker.http_addresses[0], TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._bytes = b""
        self.status, self.fields = handshake(self, request(**changed) + followed_by)

    def send(self, data):
        self.socket.sendall(data)

    def _read(self, size):
        while len(self._bytes) < size:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed by the broker")
            self._bytes += more
        taken, self._bytes = self._bytes[:size], self._bytes[size:]
        return taken

    def read_until(self, mark):
        while mark not in self._bytes:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed by the broker")
            self._bytes += more
        at = self._bytes.index(mark) + len(mark)
        taken, self._bytes = self._bytes[:at], self._bytes[at:]
        return taken

    def receive(self):
        """(opcode, payload) of the next frame; the broker's are final and without a mask."""
        first, second = self._read(2)
        assert first & 0xF0 == 0x80 and second & 0x80 == 0
        length = second
        if length == 126:
            (length,) = struct.unpack(">H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._read(8))
        return first & 0x0F, self._read(length)

    def expect_close(self, code):
        opcode, payload = self.receive()
        assert opcode == CLOSE and payload[:2] == struct.pack(">H", code), (opcode, payload)
        self.expect_end()

    def expect_end(self):
        try:
            assert self.socket.recv(1) == b""
        except ConnectionResetError:
            pass

    def close(self):
        self.socket.close()


def handshake(one, data):
    one.send(data)
    lines = one.read_until(b"\r\n\r\n").decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    return int(lines[0].split()[1]), fields


def accept_for(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()
