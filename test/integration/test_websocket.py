# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket: what no real client does, and listeners that tell protocols apart. The framing itself is a table
in test/unit/websocket; real clients are in test/interop."""

import socket
import struct

import pytest
from wire import (
    TIMEOUT, V5, V311, Client, Connack, Connect, MemoryGrowth, Puback, Publish, Subscribe, Subscription, Will,
    resident_bytes, statement5,
)  # fmt: skip
from wire.decoder import decode_all
from wire.websocket import BINARY, CLOSE, PING, PONG, TEXT, WebSocket, accept_for, frame, head

HTTP = {"listener": [{"protocol": "mqtt", "address": "127.0.0.1:0"}, {"protocol": "http", "address": "127.0.0.1:0"}]}


@pytest.fixture
def broker(make_broker):
    return make_broker(HTTP)


@pytest.fixture
def websocket(broker):
    opened = []

    def open_one(to=None, **fields):
        opened.append(WebSocket(to or broker, **fields))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def connect(identifier="", version=V5):
    return Connect(client_identifier=identifier, clean_start=True).encode(version)


def connected(one, identifier=""):
    one.send(frame(connect(identifier)))
    return packets_of(one)


def packets_of(one):
    opcode, payload = one.receive()
    assert opcode == BINARY, (opcode, payload)
    return decode_all(payload, V5)


def subscription(name):
    return Subscribe(packet_identifier=1, filters=[Subscription(name)]).encode(V5)


def honest_client_is_served(broker, topic):
    with Client(broker.address) as one:
        one.connect()
        one.subscribe(topic("honest"), qos=1)
        one.publish(topic("honest"), b"x", qos=1)
        one.expect_publish(topic("honest"), b"x", qos=1)


@statement5("MQTT-6.0.0-4")
def test_handshake_and_a_publish_back(websocket, topic):
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    one = websocket(sec_websocket_key=key, sec_websocket_protocol="soap, mqtt")
    assert one.status == 101
    assert one.fields["sec-websocket-accept"] == accept_for(key).lower()
    assert one.fields["sec-websocket-protocol"] == "mqtt"
    (connack,) = connected(one)
    assert isinstance(connack, Connack) and connack.reason_code == 0


@statement5("MQTT-6.0.0-2")
def test_packets_cut_anywhere_and_several_in_a_frame(websocket, topic):
    one = websocket()
    whole = connect() + subscription(topic("a")) + Publish(topic=topic("a"), payload=b"p" * 300, qos=0).encode(V5)
    for at in range(0, len(whole), 7):
        one.send(frame(whole[at : at + 7]))
    received = []
    while len(received) < 3:
        received += packets_of(one)
    assert received[2].payload == b"p" * 300
    one.send(frame(Publish(topic=topic("a"), payload=b"1", qos=0).encode(V5) * 5))
    received = []
    while len(received) < 5:
        received += packets_of(one)


@statement5("MQTT-6.0.0-1")
def test_text_frame_ends_the_connection(websocket):
    one = websocket()
    connected(one)
    one.send(frame(b"hello", TEXT))
    one.expect_close(1003)


def test_what_comes_with_the_handshake_counts(websocket):
    one = websocket(followed_by=frame(connect()))
    assert one.status == 101
    assert isinstance(packets_of(one)[0], Connack)


def test_ping_is_answered(websocket):
    one = websocket()
    one.send(frame(b"are you there", PING))
    assert one.receive() == (PONG, b"are you there")
    connected(one)


def test_client_closes(websocket):
    one = websocket()
    connected(one)
    one.send(frame(struct.pack(">H", 1000), CLOSE))
    one.expect_close(1000)


def test_end_without_disconnect_publishes_the_will(websocket, broker, client, topic):
    watcher = client(broker=broker)
    watcher.subscribe(topic("will"), qos=1)
    one = websocket()
    one.send(frame(Connect(client_identifier="", clean_start=True, will=Will(topic("will"), b"gone", qos=1)).encode(V5)))
    packets_of(one)
    one.send(frame(struct.pack(">H", 1001), CLOSE))
    watcher.expect_publish(topic("will"), b"gone", qos=1)


def test_broker_says_that_it_closes(websocket):
    one = websocket()
    connected(one)
    one.send(frame(b"\xe0\x00"))  # DISCONNECT
    one.expect_close(1000)


def test_taken_over_client_is_told_in_a_frame(websocket, topic):
    first, second = websocket(), websocket()
    connected(first, "same")
    connected(second, "same")
    (disconnect,) = packets_of(first)
    assert disconnect.reason_code == 0x8E
    first.expect_close(1000)


@pytest.mark.parametrize(
    "changed, status",
    [
        ({"sec_websocket_key": None}, 400),
        ({"sec_websocket_key": "short"}, 400),
        ({"sec_websocket_version": "8"}, 426),
        ({"sec_websocket_protocol": None}, 400),
        ({"sec_websocket_protocol": "wamp"}, 400),
        ({"upgrade": None}, 426),
        ({"connection": "close"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"host": None}, 400),
    ],
)
def test_g_12_handshake_that_is_wrong(websocket, broker, topic, changed, status):
    assert websocket(**changed).status == status
    honest_client_is_served(broker, topic)


def test_g_14_many_header_fields(websocket, broker, topic):
    many = {f"x_{number}": "y" for number in range(300)}
    assert websocket(**many).status == 431
    honest_client_is_served(broker, topic)


def test_origins_that_are_listed_may_connect(make_broker, websocket):
    allowing = make_broker({**HTTP, "websocket": {"origins": ["https://dash.example"]}})
    assert websocket(allowing, origin="https://dash.example").status == 101
    assert websocket(allowing, origin="https://other.example").status == 403
    assert websocket(allowing, origin="http://localhost").status == 101  # The Host of the request.


def test_g_01_announced_length_costs_nothing(websocket, broker, topic):
    with MemoryGrowth(broker, below=8 << 20):
        for _ in range(100):
            one = websocket()
            one.send(head(BINARY, 0x7FFFFFFF) + b"mask")
            one.expect_close(1009)
    honest_client_is_served(broker, topic)


def test_g_02_fragments_without_end(websocket, broker, topic):
    one = websocket()
    connected(one)
    one.send(frame(b"", BINARY, final=False))
    part = frame(b"\xc0\x00" * 500, 0, final=False)  # PINGREQ
    with MemoryGrowth(broker, below=16 << 20):
        for _ in range(200):
            one.send(part)
            got = 0
            while got < 500:
                got += len(packets_of(one))
    honest_client_is_served(broker, topic)


def test_g_04_flood_of_pings_that_are_not_read(websocket, broker, topic):
    one = websocket()
    flood = frame(b"p" * 125, PING) * 1000
    before = resident_bytes(broker)
    try:
        for _ in range(100):
            one.send(flood)
    except OSError:
        pass  # It has had enough.
    assert resident_bytes(broker) - before < 32 << 20
    honest_client_is_served(broker, topic)


def test_g_05_frame_without_a_mask(websocket, broker, topic):
    one = websocket()
    one.send(head(BINARY, 5, masked=False) + b"\x10\x0f\x00\x04M")
    one.expect_close(1002)
    honest_client_is_served(broker, topic)


def test_auto_listener_tells_what_comes(make_broker, websocket):
    listeners = [{"protocol": "mqtt", "address": "127.0.0.1:0"}, {"protocol": "auto", "address": "127.0.0.1:0"}]
    one = make_broker({"listener": listeners})
    one.http_addresses = one.addresses_of("auto")
    for version in (V311, V5):
        with Client(one.http_addresses[0], version=version) as plain:
            plain.connect()
            plain.ping()
    assert websocket(one).status == 101


def test_http_listener_is_not_for_mqtt(broker):
    with socket.create_connection(broker.http_addresses[0], TIMEOUT) as plain:
        plain.sendall(connect())
        answer = plain.recv(12)
    assert answer == b"HTTP/1.1 400"


@pytest.mark.parametrize("qos", [0, 1])
def test_slow_reader_gets_everything_in_the_end(websocket, broker, client, topic, qos):
    """Its socket is full for long, while messages wait in the queue."""
    one = websocket()
    connected(one)
    one.send(frame(Subscribe(packet_identifier=1, filters=[Subscription(topic("slow"), qos=qos)]).encode(V5)))
    packets_of(one)
    publisher = client(broker=broker)
    count, payload = 400, b"p" * 50_000
    for _ in range(count):
        publisher.publish(topic("slow"), payload, qos=1)
    received, rest = 0, b""
    while received < count:
        opcode, part = one.receive()
        assert opcode == BINARY
        rest += part
        packets, rest = whole_packets(rest)
        for packet in packets:
            if qos == 1:
                one.send(frame(Puback(packet_identifier=packet.packet_identifier).encode(V5)))
            received += 1


def whole_packets(content):
    """What of it is whole, and the rest."""
    packets = []
    while True:
        length, shift, at = 0, 0, 1
        while at < len(content):
            length |= (content[at] & 0x7F) << shift
            shift += 7
            at += 1
            if content[at - 1] < 0x80:
                break
        else:
            return packets, content
        if len(content) < at + length:
            return packets, content
        packets += decode_all(content[: at + length], V5)
        content = content[at + length :]
