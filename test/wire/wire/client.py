# SPDX-License-Identifier: Apache-2.0
"""A blocking MQTT client for tests: what it sends and what it expects read like the conversation on the wire.

Every wait has a deadline, and every failed expectation shows the whole conversation so far.
"""

import collections
import itertools
import os
import socket
import struct
import time

from . import decoder, packets
from .fields import MalformedPacket
from .packets import V5

TIMEOUT = 5.0 * float(os.environ.get("RUNNEL_TEST_PATIENCE", "1"))
_markers = itertools.count(1)
_TRACE_BYTES = 64


class Closed(AssertionError):
    """The broker closed the connection while a packet was expected."""


class Client:
    """One Network Connection. `address` is (host, port) or the path of a Unix socket.

    Opening it sends nothing; connect() sends CONNECT. `name` only labels the connection in traces.
    """

    def __init__(self, address, version=V5, client_identifier="", timeout=TIMEOUT, name=""):
        self.address = address
        self.version = version
        self.client_identifier = client_identifier
        self.name = name or client_identifier
        self.timeout = timeout
        self.connack = None
        self.maximum_packet_size = 1 << 28
        self.trace = []
        self._inbox = collections.deque()
        self._received = bytearray()
        self._identifiers = itertools.cycle(range(1, 65536))
        self._socket = self._open(address)

    def _open(self, address):
        if isinstance(address, (str, os.PathLike)):
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            opened.settimeout(self.timeout)
            opened.connect(os.fspath(address))
            return opened
        opened = socket.create_connection(address, self.timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the Network Connection without DISCONNECT, as a client that is cut off does."""
        self._socket.close()

    def fileno(self):
        """For select(): the connection is readable when the broker has sent something or has closed."""
        return self._socket.fileno()

    def reset(self):
        """Ends the Network Connection with a TCP reset: what the broker still had to send is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    @property
    def is_open(self):
        """Neither close() nor one of the expectations of the end has closed this side."""
        return self._socket.fileno() != -1

    def shut_sending(self):
        """Half a close: the broker reads the end of the stream while its own direction stays open."""
        self._socket.shutdown(socket.SHUT_WR)

    # Sending ----------------------------------------------------------------------------------------------------

    def next_packet_identifier(self):
        return next(self._identifiers)

    def send(self, *items, **overrides):
        """Sends packets and raw bytes in one write; overrides go to Packet.encode.

        A broker that has closed already is no error here: what is expected next will tell.
        """
        self._write(b"".join(self.encode(item, **overrides) for item in items))
        return items[0] if len(items) == 1 else items

    def send_bytewise(self, content):
        """Sends each byte in a segment of its own."""
        for position in range(len(content)):
            self._write(content[position : position + 1])

    def encode(self, item, **overrides):
        if isinstance(item, (bytes, bytearray)):
            self._note(">", f"bytes {item[:_TRACE_BYTES].hex(' ')}{' ...' if len(item) > _TRACE_BYTES else ''}")
            return bytes(item)
        needs_identifier = isinstance(item, (packets.Subscribe, packets.Unsubscribe)) or getattr(item, "qos", 0)
        if needs_identifier and item.packet_identifier is None:
            item.packet_identifier = self.next_packet_identifier()
        self._note(">", f"{item!r}{' ' + str(overrides) if overrides else ''}")
        return item.encode(self.version, **overrides)

    def _write(self, content):
        self._socket.settimeout(self.timeout)
        try:
            self._socket.sendall(content)
        except (BrokenPipeError, ConnectionResetError):
            self._note("=", "the broker has closed")

    # Receiving --------------------------------------------------------------------------------------------------

    def receive(self, timeout=None):
        """The next packet, whatever it is. Closed if the broker closed, AssertionError at the deadline."""
        if self._inbox:
            return self._inbox.popleft()
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while (split := self._split()) is None:
            if not self._read(deadline):
                raise Closed(self._told("the broker closed the connection"))
        first_byte, body, used = split
        frame = bytes(self._received[:used])
        del self._received[:used]
        if used > self.maximum_packet_size:
            raise AssertionError(self._told(f"{used} bytes pass Maximum Packet Size: {frame.hex(' ')} [MQTT-3.1.2-24]"))
        try:
            packet = decoder.decode(first_byte, body, self.version)
        except MalformedPacket as error:
            raise AssertionError(self._told(f"malformed: {error}\n    {first_byte:02x} | {body.hex(' ')}")) from error
        packet.frame = frame
        self._note("<", repr(packet))
        return packet

    def receive_frames(self, count, timeout=None):
        """(first byte, body) of the next `count` packets, unchecked and without a trace: for thousands of them."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        frames, position = [], 0
        while len(frames) < count:
            split = decoder.split_frame(memoryview(self._received)[position:])
            if split is not None:
                frames.append(split[:2])
                position += split[2]
                continue
            del self._received[:position]
            position = 0
            if not self._read(deadline):
                raise Closed(self._told("the broker closed the connection"))
        del self._received[:position]
        return frames

    def _split(self):
        try:
            return decoder.split_frame(self._received)
        except MalformedPacket as error:
            raise AssertionError(self._told(f"malformed: {error}")) from error

    def _read(self, deadline):
        """More bytes from the socket; False at the end of the stream."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(self._told("nothing came before the deadline"))
        self._socket.settimeout(left)
        try:
            received = self._socket.recv(65536)
        except socket.timeout:
            raise TimeoutError(self._told("nothing came before the deadline")) from None
        except ConnectionResetError:
            received = b""
        self._received += received
        return bool(received)

    def expect(self, kind, timeout=None, **wanted):
        """The next packet, which must be of this kind with these fields and properties."""
        packet = self.receive(timeout)
        self._check(packet, kind, wanted)
        return packet

    def _check(self, packet, kind, wanted):
        if not isinstance(packet, kind):
            raise AssertionError(self._told(f"expected {kind.__name__.upper()} {wanted}, got {packet!r}"))
        for name, value in wanted.items():
            if (seen := getattr(packet, name)) != value:
                raise AssertionError(self._told(f"expected {name}={value!r}, got {seen!r} in {packet!r}"))

    def await_packet(self, kind, timeout=None, **wanted):
        """The first packet of this kind with these fields; packets that come before stay to be received later."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        passed = []
        try:
            while True:
                packet = self.receive(max(0.0, deadline - time.monotonic()))
                if isinstance(packet, kind) and all(getattr(packet, name) == value for name, value in wanted.items()):
                    return packet
                if isinstance(packet, kind) and "packet_identifier" not in wanted:
                    self._check(packet, kind, wanted)
                passed.append(packet)
        finally:
            self._inbox.extendleft(reversed(passed))

    def expect_nothing(self):
        """Nothing is on the way to this client from its own loop: the answer to PINGREQ is the next packet.

        Messages of other clients may still travel between loops: use barrier() for those.
        """
        self.send(packets.Pingreq())
        self.expect(packets.Pingresp)

    def expect_closed(self, timeout=None):
        """The broker closes, and sends nothing before."""
        if self._inbox:
            raise AssertionError(self._told(f"expected the end of the connection, got {self._inbox[0]!r}"))
        try:
            packet = self.receive(timeout)
        except Closed:
            self.close()
            return
        raise AssertionError(self._told(f"expected the end of the connection, got {packet!r}"))

    def expect_disconnect(self, *reason_codes, timeout=None):
        """MQTT 5: DISCONNECT with one of these Reason Codes, then the end. Before 5: the end."""
        packet = None
        if self.version >= V5:
            packet = self.expect(packets.Disconnect, timeout)
            self._check_reason(packet, reason_codes)
        self.expect_closed(timeout)
        return packet

    def expect_refused(self, *reason_codes, timeout=None, optional=False):
        """CONNACK with one of these codes and Session Present 0, then the end. `optional`: the end alone will do."""
        try:
            packet = self.expect(packets.Connack, timeout, session_present=False)
        except Closed:
            if optional:
                return None
            raise
        self._check_reason(packet, reason_codes)
        self.expect_closed(timeout)
        return packet

    def _check_reason(self, packet, reason_codes):
        if reason_codes and packet.reason_code not in reason_codes:
            names = ", ".join(f"0x{code:02X}" for code in reason_codes)
            seen = f"0x{packet.reason_code:02X} in {packet!r}"
            raise AssertionError(self._told(f"expected Reason Code {names}, got {seen}"))

    # Whole exchanges --------------------------------------------------------------------------------------------

    def start_connect(self, client_identifier=None, **options):
        """Sends CONNECT only; options are the fields and properties of packets.Connect."""
        if client_identifier is not None:
            self.client_identifier = client_identifier
            self.name = self.name or client_identifier
        self.maximum_packet_size = options.get("maximum_packet_size", self.maximum_packet_size)
        return self.send(packets.Connect(self.client_identifier, **options))

    def connect(self, client_identifier=None, **options):
        """CONNECT and an accepting CONNACK, which is returned and kept as `connack`."""
        self.start_connect(client_identifier, **options)
        self.connack = self.expect(packets.Connack, reason_code=0)
        if self.connack.assigned_client_identifier:
            self.client_identifier = self.connack.assigned_client_identifier
        return self.connack

    def disconnect(self, reason_code=None, **properties):
        """DISCONNECT, and the broker's close: when this returns the broker knows that the connection is over."""
        self.send(packets.Disconnect(reason_code, **properties))
        self.expect_closed()

    def ping(self):
        self.send(packets.Pingreq())
        self.await_packet(packets.Pingresp)

    def subscribe(self, *filters, qos=0, expect=None, **options):
        """SUBSCRIBE and its SUBACK. Filters are texts (with `qos` and the options of packets.Subscription) or
        Subscriptions; other options are properties. Unless `expect` lists other codes all must be granted."""
        names = ("no_local", "retain_as_published", "retain_handling")
        chosen = {name: options.pop(name) for name in names if name in options}
        entries = [
            entry if isinstance(entry, packets.Subscription) else packets.Subscription(entry, qos, **chosen)
            for entry in filters
        ]
        sent = self.send(packets.Subscribe(None, entries, **options))
        suback = self.await_packet(packets.Suback, packet_identifier=sent.packet_identifier)
        wanted = [entry.options & 0x03 for entry in entries] if expect is None else expect
        self._check(suback, packets.Suback, {"reason_codes": wanted})
        return suback

    def unsubscribe(self, *filters, expect=None, **properties):
        """UNSUBSCRIBE and its UNSUBACK; in MQTT 5 all codes must be 0 unless `expect` lists others."""
        sent = self.send(packets.Unsubscribe(None, list(filters), **properties))
        unsuback = self.await_packet(packets.Unsuback, packet_identifier=sent.packet_identifier)
        if self.version >= V5:
            wanted = [0] * len(filters) if expect is None else expect
            self._check(unsuback, packets.Unsuback, {"reason_codes": wanted})
        return unsuback

    def publish(self, topic, payload=b"", qos=0, reason_codes=(0, 0x10), **options):
        """PUBLISH and the whole handshake of its QoS. Returns the PUBACK, or the PUBREC that ended or the PUBCOMP that
        completed the exchange. Packets of other exchanges stay to be received."""
        sent = self.send(packets.Publish(topic, payload, qos, **options))
        identifier = sent.packet_identifier
        if qos == 0:
            return None
        answer = self.await_packet(packets.Puback if qos == 1 else packets.Pubrec, packet_identifier=identifier)
        self._check_reason(answer, reason_codes)
        if qos == 1 or answer.reason_code >= 0x80:
            return answer
        self.send(packets.Pubrel(identifier))
        return self.await_packet(packets.Pubcomp, packet_identifier=identifier, reason_code=0)

    def expect_publish(self, topic, payload=None, qos=0, acknowledge=True, **wanted):
        """The next packet is this PUBLISH; its handshake is completed unless acknowledge is False.

        A Topic Alias the broker uses is resolved by the test that allowed aliases, not here.
        """
        wanted = {"topic": topic, "qos": qos, **wanted}
        if payload is not None:
            wanted["payload"] = payload
        packet = self.expect(packets.Publish, **wanted)
        if acknowledge:
            self.acknowledge(packet)
        return packet

    def acknowledge(self, publish, reason_code=None):
        """Completes the receiver's side of a PUBLISH."""
        if publish.qos == 1:
            self.send(packets.Puback(publish.packet_identifier, reason_code))
        elif publish.qos == 2:
            self.send(packets.Pubrec(publish.packet_identifier, reason_code))
            if (reason_code or 0) < 0x80:
                self.await_packet(packets.Pubrel, packet_identifier=publish.packet_identifier)
                self.send(packets.Pubcomp(publish.packet_identifier))

    # Traces -----------------------------------------------------------------------------------------------------

    def _note(self, direction, text):
        self.trace.append(f"{direction} {text if len(text) <= 400 else text[:400] + ' ...'}")

    def _told(self, problem):
        lines = self.trace[-60:]
        return "\n".join([f"{problem}", f"conversation of {self.name!r} (MQTT level {self.version}):", *lines])


def barrier(publisher, *subscribers, qos=0):
    """After this, every message the broker sent on because of what `publisher` did before has reached `subscribers`,
    and they had nothing else to receive: the marker must be their next packet.

    It works across loops because messages from one client to another keep their order. Topics of markers begin
    with "barrier/", away from those of the tests.
    """
    for subscriber, waiting in zip(subscribers, receive_until_barrier(publisher, *subscribers, qos=qos)):
        if waiting:
            raise AssertionError(subscriber._told(f"expected nothing, got {waiting!r}"))


def receive_until_barrier(publisher, *subscribers, qos=0):
    """Like barrier(), but returns for each subscriber the list of packets that came before the marker."""
    topic = f"barrier/{os.getpid()}/{next(_markers)}"
    for subscriber in subscribers:
        subscriber.subscribe(topic, qos=qos)
    publisher.publish(topic, b"marker", qos=qos)
    received = []
    for subscriber in subscribers:
        passed = []
        while not (isinstance(packet := subscriber.receive(), packets.Publish) and packet.topic == topic):
            passed.append(packet)
        subscriber.acknowledge(packet)
        subscriber.unsubscribe(topic)
        received.append(passed)
    return received
