# SPDX-License-Identifier: Apache-2.0
"""The properties of MQTT 5.0: which exist, which packet may carry them, and their bytes (section 2.2.2)."""

from . import fields
from .fields import MalformedPacket

_INTEGER_WRITERS = {
    "byte": fields.byte,
    "two_bytes": fields.two_bytes,
    "four_bytes": fields.four_bytes,
    "variable_byte_integer": fields.variable_byte_integer,
}
_WRITERS = {
    **_INTEGER_WRITERS,
    "string": fields.string,
    "binary": fields.binary,
    "string_pair": fields.string_pair,
}

# Identifier: (name, form on the wire, packets that may carry it).
TABLE = {
    0x01: ("payload_format_indicator", "byte", "PUBLISH WILL"),
    0x02: ("message_expiry_interval", "four_bytes", "PUBLISH WILL"),
    0x03: ("content_type", "string", "PUBLISH WILL"),
    0x08: ("response_topic", "string", "PUBLISH WILL"),
    0x09: ("correlation_data", "binary", "PUBLISH WILL"),
    0x0B: ("subscription_identifier", "variable_byte_integer", "PUBLISH SUBSCRIBE"),
    0x11: ("session_expiry_interval", "four_bytes", "CONNECT CONNACK DISCONNECT"),
    0x12: ("assigned_client_identifier", "string", "CONNACK"),
    0x13: ("server_keep_alive", "two_bytes", "CONNACK"),
    0x15: ("authentication_method", "string", "CONNECT CONNACK AUTH"),
    0x16: ("authentication_data", "binary", "CONNECT CONNACK AUTH"),
    0x17: ("request_problem_information", "byte", "CONNECT"),
    0x18: ("will_delay_interval", "four_bytes", "WILL"),
    0x19: ("request_response_information", "byte", "CONNECT"),
    0x1A: ("response_information", "string", "CONNACK"),
    0x1C: ("server_reference", "string", "CONNACK DISCONNECT"),
    0x1F: (
        "reason_string",
        "string",
        "CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH",
    ),
    0x21: ("receive_maximum", "two_bytes", "CONNECT CONNACK"),
    0x22: ("topic_alias_maximum", "two_bytes", "CONNECT CONNACK"),
    0x23: ("topic_alias", "two_bytes", "PUBLISH"),
    0x24: ("maximum_qos", "byte", "CONNACK"),
    0x25: ("retain_available", "byte", "CONNACK"),
    0x26: (
        "user_property",
        "string_pair",
        "CONNECT CONNACK PUBLISH WILL PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK DISCONNECT "
        "AUTH",
    ),
    0x27: ("maximum_packet_size", "four_bytes", "CONNECT CONNACK"),
    0x28: ("wildcard_subscription_available", "byte", "CONNACK"),
    0x29: ("subscription_identifier_available", "byte", "CONNACK"),
    0x2A: ("shared_subscription_available", "byte", "CONNACK"),
}

NAMES = {name: identifier for identifier, (name, _, _) in TABLE.items()}
_BOOLEANS = {0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A}
_NEVER_ZERO = {0x0B, 0x21, 0x23, 0x27}


class Properties:
    """An ordered list of (name, value). Built from a dict, from pairs, or from another Properties.

    In a dict a list value repeats the property: {"user_property": [("a", "1"), ("a", "2")]}.
    """

    def __init__(self, content=()):
        if isinstance(content, Properties):
            content = content.pairs
        if isinstance(content, dict):
            content = [
                (name, value)
                for name, values in content.items()
                if values is not None
                for value in (values if isinstance(values, list) else [values])
            ]
        self.pairs = list(content)

    def get(self, name):
        """The value of a property; None if absent; for those that may repeat always a list, maybe empty."""
        values = self.all(name)
        if name in ("user_property", "subscription_identifier"):
            return values
        return values[0] if values else None

    def all(self, name):
        return [value for known, value in self.pairs if known == name]

    def __contains__(self, name):
        return bool(self.all(name))

    def __bool__(self):
        return bool(self.pairs)

    def __eq__(self, other):
        return self.pairs == Properties(other).pairs

    def __repr__(self):
        return " ".join(f"{name}={value!r}" for name, value in self.pairs)


def encode_property(name, value):
    """One property by its name or by its number; bytes as the value of a number are written as they are."""
    if isinstance(name, int):
        return fields.variable_byte_integer(name) + value
    identifier = NAMES[name]
    return fields.variable_byte_integer(identifier) + _WRITERS[TABLE[identifier][1]](value)


def encode_properties(properties, length=None):
    """Property Length and properties. `length` overrules the true one; bytes stand for ready-made properties."""
    if isinstance(properties, (bytes, bytearray)):
        content = bytes(properties)
    else:
        content = b"".join(encode_property(name, value) for name, value in Properties(properties).pairs)
    return fields.variable_byte_integer(len(content) if length is None else length) + content


def decode_properties(reader, packet_name):
    """Reads a property block strictly; packet_name is as in TABLE."""
    block = fields.Reader(reader.take(reader.variable_byte_integer()))
    pairs = []
    while block.remaining:
        identifier = block.variable_byte_integer()
        if identifier not in TABLE:
            raise MalformedPacket(f"unknown property 0x{identifier:02X} in {packet_name}")
        name, form, carriers = TABLE[identifier]
        if packet_name not in carriers.split():
            raise MalformedPacket(f"property {name} in {packet_name}")
        repeats = name == "user_property" or (name == "subscription_identifier" and packet_name == "PUBLISH")
        if not repeats and any(known == name for known, _ in pairs):
            raise MalformedPacket(f"property {name} twice in {packet_name}")
        value = getattr(block, form)()
        if (identifier in _BOOLEANS and value > 1) or (identifier in _NEVER_ZERO and value == 0):
            raise MalformedPacket(f"property {name} of {packet_name} has the value {value}")
        pairs.append((name, value))
    return Properties(pairs)
