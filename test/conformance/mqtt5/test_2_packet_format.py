# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 2: fixed header flags, Packet Identifiers, property lengths."""

import pytest
from wire import (
    V5, Auth, Connect, Disconnect, Pingreq, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Suback, Subscribe,
    Subscription, Unsuback, Unsubscribe, frame, statement5 as statement,
)  # fmt: skip

CLIENT_PACKETS = {
    "puback": Puback(1),
    "pubrec": Pubrec(1),
    "pubrel": Pubrel(1),
    "pubcomp": Pubcomp(1),
    "subscribe": Subscribe(1, [Subscription("a")]),
    "unsubscribe": Unsubscribe(1, ["a"]),
    "pingreq": Pingreq(),
    "disconnect": Disconnect(),
    "auth": Auth(0x19, authentication_method="m"),
}
MARKED = {
    "pubrel": "MQTT-3.6.1-1",
    "subscribe": "MQTT-3.8.1-1",
    "unsubscribe": "MQTT-3.10.1-1",
    "disconnect": "MQTT-3.14.1-1",
    "auth": "MQTT-3.15.1-1",
}
FLAG_CASES = [pytest.param(kind, marks=[statement(MARKED[kind])] if kind in MARKED else []) for kind in CLIENT_PACKETS]


@statement("MQTT-2.1.3-1")
@pytest.mark.parametrize("kind", FLAG_CASES)
def test_2_1_3_1_wrong_reserved_flags_are_malformed(dropped, kind):
    packet = CLIENT_PACKETS[kind]
    for flags in range(16):
        if flags != packet.flags:
            dropped(Reason.MALFORMED_PACKET, packet, first_byte=packet.type << 4 | flags)


@statement("MQTT-2.1.3-1")
@pytest.mark.parametrize("flags", range(1, 16))
def test_2_1_3_1_wrong_reserved_flags_of_connect_end_the_connection(client, flags):
    one = client.open()
    one.send(Connect("a"), first_byte=0x10 | flags)
    one.expect_refused(Reason.MALFORMED_PACKET, optional=True)  # The flags are wrong before anything is known.


@statement("MQTT-2.1.3-1")
def test_2_1_3_1_reserved_packet_type_is_malformed(dropped):
    for flags in range(16):
        dropped(Reason.MALFORMED_PACKET, frame(flags))


@statement("MQTT-2.2.1-2")
def test_2_2_1_2_qos_0_publish_carries_no_packet_identifier(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"\x00\x05payload")
    packet = subscriber.expect_publish(topic(), b"\x00\x05payload")
    assert packet.frame == Publish(topic(), b"\x00\x05payload").encode(V5)


@statement("MQTT-2.2.1-3")
@pytest.mark.parametrize(
    "packet",
    [
        Publish("a", b"x", 1, packet_identifier=0),
        Publish("a", b"x", 2, packet_identifier=0),
        Subscribe(0, [Subscription("a")]),
        Unsubscribe(0, ["a"]),
        Puback(0),
        Pubrec(0),
        Pubrel(0),
        Pubcomp(0),
    ],
    ids=lambda packet: f"{packet.name}-{getattr(packet, 'qos', '')}",
)
def test_2_2_1_3_packet_identifier_0_is_a_protocol_error(dropped, packet):
    dropped(Reason.PROTOCOL_ERROR, packet)


@statement("MQTT-2.2.1-4", "MQTT-4.3.2-1")
def test_2_2_1_4_identifiers_stay_unique_when_they_wrap(client, topic):
    """One message stays unacknowledged while more than 65,535 others come and go, less than `max_inflight` at once."""
    publisher, subscriber = client("publisher"), client("subscriber", receive_maximum=200)
    subscriber.subscribe(topic(), qos=1)
    publisher.publish(topic(), b"kept", qos=1)
    kept = subscriber.expect_publish(topic(), b"kept", qos=1, acknowledge=False).packet_identifier
    batch = b"".join(Publish(topic(), b"x", 1, packet_identifier=number).encode(V5) for number in range(1, 91))
    used = set()
    for _ in range(730):
        publisher.send(batch)
        bodies = [body for first_byte, body in subscriber.receive_frames(90) if first_byte == 0x32]
        start = 2 + len(topic())
        identifiers = [int.from_bytes(body[start : start + 2], "big") for body in bodies]
        assert len(set(identifiers)) == 90 and 0 not in identifiers and kept not in identifiers
        used.update(identifiers)
        subscriber.send(b"".join(Puback(identifier).encode(V5) for identifier in identifiers))
        assert all(first_byte == 0x40 for first_byte, _ in publisher.receive_frames(90))
    subscriber.send(Puback(kept))
    subscriber.expect_nothing()


@statement("MQTT-2.2.1-4", "MQTT-4.3.3-1")
def test_2_2_1_4_identifiers_are_unique_over_qos_1_and_2(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(topic(), qos=2)
    for number in range(16):
        publisher.publish(topic(), b"%d" % number, qos=1 + number % 2)
    packets = [subscriber.receive() for _ in range(16)]
    assert len({packet.packet_identifier for packet in packets}) == 16
    assert [packet.payload for packet in packets] == [b"%d" % number for number in range(16)]
    second = packets[1]
    assert second.qos == 2
    # An identifier is in use until PUBCOMP, also when PUBREC has come.
    subscriber.send(Pubrec(second.packet_identifier))
    subscriber.expect(Pubrel, packet_identifier=second.packet_identifier)
    publisher.publish(topic(), b"new", qos=1)
    new = subscriber.expect_publish(topic(), b"new", qos=1, acknowledge=False)
    assert new.packet_identifier not in {packet.packet_identifier for packet in packets}


@statement("MQTT-2.2.1-5")
@pytest.mark.parametrize("identifier", [1, 255, 256, 0x1234, 65535])
def test_2_2_1_5_acknowledgements_carry_the_identifier_of_their_publish(client, topic, identifier):
    one = client()
    one.publish(topic(), b"x", qos=1, packet_identifier=identifier)
    one.publish(topic(), b"x", qos=2, packet_identifier=identifier)
    one.send(Publish(topic(), b"x", 2, packet_identifier=identifier))
    one.expect(Pubrec, packet_identifier=identifier)
    one.send(Pubrel(identifier))
    one.expect(Pubcomp, packet_identifier=identifier)


@statement("MQTT-2.2.1-5")
def test_2_2_1_5_pubrel_of_the_broker_carries_the_identifier_of_its_publish(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(topic(), qos=2)
    for _ in range(3):
        publisher.publish(topic(), b"x", qos=2)
    identifiers = [subscriber.receive().packet_identifier for _ in range(3)]
    for identifier in reversed(identifiers):
        subscriber.send(Pubrec(identifier))
        subscriber.expect(Pubrel, packet_identifier=identifier, reason_code=0)


@statement("MQTT-2.2.1-6", "MQTT-3.8.4-2")
@pytest.mark.parametrize("identifier", [1, 255, 256, 0x1234, 65535])
def test_2_2_1_6_suback_and_unsuback_carry_the_identifier_of_the_request(client, topic, identifier):
    one = client()
    one.send(Subscribe(identifier, [Subscription(topic())]))
    one.expect(Suback, packet_identifier=identifier)
    one.send(Unsubscribe(identifier, [topic()]))
    one.expect(Unsuback, packet_identifier=identifier)


@statement("MQTT-2.2.2-1")
def test_2_2_2_1_broker_writes_property_length_0(client, topic):
    one = client()
    one.send(Subscribe(5, [Subscription(topic())]))
    assert one.expect(Suback).frame.hex(" ") == "90 04 00 05 00 00"
    one.publish(topic(), b"payload")
    name = topic().encode()
    body = len(name).to_bytes(2, "big") + name + b"\x00" + b"payload"
    assert one.expect_publish(topic()).frame == frame(0x30, body)


@statement("MQTT-2.2.2-1")
@pytest.mark.parametrize(
    "packet",
    ["30 03 0001 61", "32 05 0001 61 0001", "82 02 0001", "a2 02 0001", "82 06 0001 0001 61 00", "a2 05 0001 0001 61"],
)
def test_2_2_2_1_missing_property_length_is_malformed(dropped, packet):
    dropped(Reason.MALFORMED_PACKET, bytes.fromhex(packet))


@statement("MQTT-2.2.2-1")
def test_2_2_2_1_missing_property_length_in_connect_is_malformed(refused):
    refused(Reason.MALFORMED_PACKET, [bytes.fromhex("10 0d 0004 4d515454 05 02 003c 0001 61")])
    refused(Reason.MALFORMED_PACKET, [bytes.fromhex("10 0a 0004 4d515454 05 02 003c")])


@statement("MQTT-2.2.2-1")
@pytest.mark.parametrize("length", [1, 98, 127, 200, 268435455])
def test_2_2_2_1_properties_past_the_packet_are_malformed(dropped, length):
    dropped(Reason.MALFORMED_PACKET, Publish("a", b"", raw_properties=frame(0, b"", length)[1:]))
