# SPDX-License-Identifier: Apache-2.0
"""Bytes to packets, strictly: anything the specification does not allow raises MalformedPacket.

So every test, whatever it is about, also proves that the broker's packets are well formed: reserved flags, shortest
lengths, UTF-8, properties allowed where they stand, Reason Codes of the packet's table.
"""

from . import packets, reason_codes
from .fields import MalformedPacket, Reader
from .packets import V5, V31
from .properties import decode_properties


def split_frame(content):
    """(first byte, body, bytes used) of the packet at the front, or None while it is incomplete."""
    length = 0
    for index in range(4):
        if len(content) < index + 2:
            return None
        digit = content[index + 1]
        length |= (digit & 0x7F) << (7 * index)
        if digit & 0x80 == 0:
            break
    else:
        raise MalformedPacket("Remaining Length of more than four bytes")
    if digit == 0 and index > 0:
        raise MalformedPacket("Remaining Length longer than needed [MQTT-1.5.5-1]")
    start = index + 2
    if len(content) < start + length:
        return None
    return content[0], bytes(content[start : start + length]), start + length


def decode(first_byte, body, version, sender="server"):
    """One packet. `sender` chooses the table of Reason Codes."""
    kind = packets.TYPES.get(first_byte >> 4)
    if kind is None:
        raise MalformedPacket(f"packet type {first_byte >> 4}")
    reader = Reader(body)
    if kind is packets.Publish:
        packet = _publish(first_byte & 0x0F, reader, version)
    else:
        if first_byte & 0x0F != kind.flags:
            raise MalformedPacket(f"flags {first_byte & 0x0F:04b} of {kind.__name__} [MQTT-2.1.3-1]")
        packet = _READERS[kind](kind, reader, version)
    if reader.remaining:
        raise MalformedPacket(f"{reader.remaining} bytes too many in {packet!r}: {body.hex(' ')}")
    _check_reason_codes(packet, version, sender)
    return packet


def decode_all(content, version, sender="server"):
    """All packets of some bytes that hold nothing but whole packets."""
    decoded = []
    while content:
        split = split_frame(content)
        if split is None:
            raise MalformedPacket(f"incomplete packet: {content.hex(' ')}")
        first_byte, body, used = split
        decoded.append(decode(first_byte, body, version, sender))
        content = content[used:]
    return decoded


def _properties(reader, kind, version):
    return decode_properties(reader, kind if isinstance(kind, str) else kind.__name__.upper()) if version >= V5 else ()


def _publish(flags, reader, version):
    qos = flags >> 1 & 0x03
    if qos == 3:
        raise MalformedPacket("PUBLISH with QoS 3 [MQTT-3.3.1-4]")
    if qos == 0 and flags & 0x08:
        raise MalformedPacket("PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]")
    topic = reader.string()
    if "+" in topic or "#" in topic:
        raise MalformedPacket(f"wildcard in Topic Name {topic!r} [MQTT-3.3.2-2]")
    identifier = _packet_identifier(reader) if qos else None
    properties = _properties(reader, packets.Publish, version)
    packet = packets.Publish(
        topic, qos=qos, retain=bool(flags & 1), dup=bool(flags & 8), packet_identifier=identifier, properties=properties
    )
    if topic == "" and packet.topic_alias is None:
        raise MalformedPacket("PUBLISH with neither topic nor Topic Alias [MQTT-4.7.3-1]")
    packet.payload = reader.rest()
    return packet


def _packet_identifier(reader):
    identifier = reader.two_bytes()
    if identifier == 0:
        raise MalformedPacket("Packet Identifier 0 [MQTT-2.2.1-3]")
    return identifier


def _connect(kind, reader, version):
    del version  # CONNECT says its own.
    name, level, flags = reader.string(), reader.byte(), reader.byte()
    packet = kind(protocol_name=name, protocol_version=level, connect_flags=flags, keep_alive=reader.two_bytes())
    packet.clean_start = bool(flags & 0x02)
    packet.properties = packets.Properties(_properties(reader, kind, level))
    packet.client_identifier = reader.string()
    if flags & 0x04:
        properties = _properties(reader, "WILL", level)
        topic = reader.string()
        packet.will = packets.Will(topic, reader.binary(), flags >> 3 & 3, bool(flags & 0x20), properties=properties)
    if flags & 0x80:
        packet.user_name = reader.string()
    if flags & 0x40:
        packet.password = reader.binary()
    return packet


def _connack(kind, reader, version):
    flags = reader.byte()
    if flags > 1:
        raise MalformedPacket(f"Connect Acknowledge Flags 0x{flags:02X} [MQTT-3.2.2-1]")
    if version == V31 and flags:
        raise MalformedPacket("Session Present in MQTT 3.1")
    code = reader.byte()
    # A server that does not know the client's version answers with a CONNACK that has no properties.
    properties = _properties(reader, kind, version) if reader.remaining or version >= V5 else ()
    return kind(bool(flags), code, properties=properties)


def _acknowledgement(kind, reader, version):
    identifier = _packet_identifier(reader)
    if version < V5 or not reader.remaining:
        return kind(identifier, 0)
    code = reader.byte()
    return kind(identifier, code, properties=_properties(reader, kind, version) if reader.remaining else ())


def _subscribe(kind, reader, version):
    identifier = _packet_identifier(reader)
    packet = kind(identifier, [], properties=_properties(reader, kind, version))
    while reader.remaining:
        text = reader.string()
        packet.filters.append(packets.Subscription(text, options=reader.byte()))
    return packet


def _unsubscribe(kind, reader, version):
    identifier = _packet_identifier(reader)
    packet = kind(identifier, [], properties=_properties(reader, kind, version))
    while reader.remaining:
        packet.filters.append(reader.string())
    return packet


def _subscription_answer(kind, reader, version):
    identifier = _packet_identifier(reader)
    properties = _properties(reader, kind, version)
    has_codes = kind is packets.Suback or version >= V5
    return kind(identifier, list(reader.rest()) if has_codes else [], properties=properties)


def _empty(kind, reader, version):
    del reader, version
    return kind()


def _closing(kind, reader, version):
    if version < V5 or not reader.remaining:
        return kind(0)
    code = reader.byte()
    whole = reader.remaining or kind is packets.Auth
    return kind(code, properties=_properties(reader, kind, version) if whole else ())


_READERS = {
    packets.Connect: _connect,
    packets.Connack: _connack,
    packets.Puback: _acknowledgement,
    packets.Pubrec: _acknowledgement,
    packets.Pubrel: _acknowledgement,
    packets.Pubcomp: _acknowledgement,
    packets.Subscribe: _subscribe,
    packets.Suback: _subscription_answer,
    packets.Unsubscribe: _unsubscribe,
    packets.Unsuback: _subscription_answer,
    packets.Pingreq: _empty,
    packets.Pingresp: _empty,
    packets.Disconnect: _closing,
    packets.Auth: _closing,
}

_VERSION_3_CODES = {"CONNACK": set(range(6)), "SUBACK": {0, 1, 2, 0x80}}


def _check_reason_codes(packet, version, sender):
    tables = reason_codes.SERVER_CODES if sender == "server" else reason_codes.CLIENT_CODES
    allowed = (tables if version >= V5 else _VERSION_3_CODES).get(packet.name)
    if allowed is None:
        return
    sent = packet.reason_codes if hasattr(packet, "reason_codes") else [packet.reason_code]
    for code in sent:
        if code not in allowed:
            raise MalformedPacket(f"Reason Code 0x{code:02X} is not one of {packet.name}")
