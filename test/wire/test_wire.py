# SPDX-License-Identifier: Apache-2.0
"""The test library against bytes worked out by hand, and against itself."""

import tomllib

import pytest
from wire import (
    V5, V31, V311, Auth, Connack, Connect, Disconnect, MalformedPacket, Pingreq, Puback, Pubcomp, Publish, Pubrec,
    Pubrel, Suback, Subscribe, Subscription, Unsuback, Unsubscribe, Will, encode_properties, frame,
)  # fmt: skip
from wire.decoder import decode_all
from wire.fields import Reader, variable_byte_integer
from wire.toml_writer import write

BYTES = [
    (V5, "client", Connect("a"), "10 0e 0004 4d515454 05 02 003c 00 0001 61"),
    (V311, "client", Connect("a"), "10 0d 0004 4d515454 04 02 003c 0001 61"),
    (V31, "client", Connect("a"), "10 0f 0006 4d5149736470 03 02 003c 0001 61"),
    (V5, "client", Connect("a", will=Will("w", b"x", 1, True, will_delay_interval=5), user_name="u", password=b"p"),
     "10 20 0004 4d515454 05 ee 003c 00 0001 61 05 18 00000005 0001 77 0001 78 0001 75 0001 70"),
    (V5, "server", Connack(True, 0, receive_maximum=100), "20 06 01 00 03 21 0064"),
    (V311, "server", Connack(False, 5), "20 02 00 05"),
    (V5, "server", Publish("a", b"x", 1, True, packet_identifier=7), "33 07 0001 61 0007 00 78"),
    (V311, "server", Publish("a", b"x", 2, dup=True, packet_identifier=7), "3c 06 0001 61 0007 78"),
    (V5, "server", Puback(1), "40 02 0001"),
    (V5, "server", Pubrec(1, 0x10), "50 03 0001 10"),
    (V5, "server", Pubrel(1, 0x92, reason_string="r"), "62 08 0001 92 04 1f 0001 72"),
    (V311, "server", Pubcomp(1), "70 02 0001"),
    (V5, "client", Subscribe(1, [Subscription("a", 1, True, True, 2)], subscription_identifier=200),
     "82 0a 0001 03 0b c8 01 0001 61 2d"),
    (V5, "server", Suback(1, [0, 0x8F]), "90 05 0001 00 00 8f"),
    (V5, "client", Unsubscribe(1, ["a"]), "a2 06 0001 00 0001 61"),
    (V5, "server", Unsuback(1, [0x11]), "b0 04 0001 00 11"),
    (V311, "server", Unsuback(1, []), "b0 02 0001"),
    (V5, "client", Pingreq(), "c0 00"),
    (V5, "server", Disconnect(0x8E), "e0 01 8e"),
    (V5, "client", Disconnect(), "e0 00"),
    (V5, "client", Auth(0x18, authentication_method="m"), "f0 06 18 04 15 0001 6d"),
]  # fmt: skip


NAMES = [f"{row[2].name}-{row[3][:5]}" for row in BYTES]


@pytest.mark.parametrize("version, sender, packet, expected", BYTES, ids=NAMES)
def test_packet_is_these_bytes_and_back(version, sender, packet, expected):
    content = bytes.fromhex(expected)
    assert packet.encode(version) == content
    (decoded,) = decode_all(content, version, sender)
    assert type(decoded) is type(packet)
    assert decoded.encode(version).startswith(content[:1])
    assert decoded.properties == packet.properties
    if not isinstance(packet, Connect):
        shown = {name: value for name, value in vars(packet).items() if value is not None}
        assert {name: getattr(decoded, name) for name in shown} == shown


def test_over_long_integers_can_be_made_and_are_refused():
    assert variable_byte_integer(3, width=2) == b"\x83\x00"
    with pytest.raises(MalformedPacket):
        Reader(b"\x83\x00").variable_byte_integer()
    with pytest.raises(MalformedPacket):
        decode_all(b"\xd0\x80\x00", V5)


def test_wrong_packets_can_be_made():
    assert Publish("a", b"x").encode(V5, first_byte=0x3E, remaining_length=b"\xff\xff") == b"\x3e\xff\xff\x00\x01a\x00x"
    assert Publish(b"\xff", b"").encode(V311, cut=1) == b"\x30\x02\x00\x01"
    assert frame(0x30, b"abc", 200) == b"\x30\xc8\x01abc"
    assert encode_properties([("topic_alias", 1), ("topic_alias", 2), (0x7F, b"zz")], length=3) == bytes.fromhex(
        "03 23 0001 23 0002 7f 7a7a"
    )


@pytest.mark.parametrize("content", [
    "20 02 02 00", "30 03 0001 2b", "38 03 0001 61", "36 05 0001 61 0001", "40 03 0001 77", "32 06 0001 61 0000 00",
    "30 07 0001 61 03 7f 0000", "d1 00", "30 05 0002 c080 00", "60 02 0001", "30 03 0000 00",
    "30 0a 0001 61 06 02 00000001 01",
])  # fmt: skip
def test_bad_bytes_of_a_server_are_refused(content):
    with pytest.raises(MalformedPacket):
        decode_all(bytes.fromhex(content), V5)


def test_configuration_is_read_back_as_written():
    config = {
        "broker": {"loops": 2, "data_dir": 'a "b" \\ c'},
        "listener": [{"address": "127.0.0.1:0", "tls": {"key": "k"}}, {"address": "unix:/x", "max_connections": 3}],
        "access": [{"user": "u", "publish": ["a/%u/#", "b"], "deny": []}],
        "mqtt": {"retain_available": False},
    }
    assert tomllib.loads(write(config)) == config
