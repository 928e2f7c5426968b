# SPDX-License-Identifier: Apache-2.0
"""Every MQTT Control Packet of 3.1, 3.1.1 and 5.0 as a value: build it, encode it, compare it.

    Publish("a/b", b"x", qos=1, packet_identifier=7, content_type="text/plain").encode(V5)

Property names are ordinary keyword arguments and attributes: `packet.content_type` is None when the property is
absent, `packet.user_property` and `packet.subscription_identifier` are lists. Packets never check what they are
given; wrong ones come from wrong arguments, or from the overrides of encode(). See decoder.py for the way back.
"""

from . import fields
from .properties import NAMES, Properties, encode_properties

V31, V311, V5 = 3, 4, 5


def frame(first_byte, body=b"", remaining_length=None):
    """A fixed header and a body. remaining_length is the true one, another number, or bytes to be used as they are."""
    length = len(body) if remaining_length is None else remaining_length
    if not isinstance(length, (bytes, bytearray)):
        length = fields.variable_byte_integer(length)
    return bytes([first_byte]) + length + bytes(body)


class _WithProperties:
    """Keyword arguments are fields or properties; both are read as attributes.

    raw_properties, if given, is written in place of the property block, Property Length included.
    """

    fields = {}

    def __init__(self, *positional, properties=(), raw_properties=None, **named):
        if len(positional) > len(self.fields):
            raise TypeError(f"too many arguments for {type(self).__name__}")
        values = dict(zip(self.fields, positional))
        pairs = list(Properties(properties).pairs)
        for name, value in named.items():
            if name in self.fields and name not in values:
                values[name] = value
            elif name in NAMES:
                pairs += Properties({name: value}).pairs
            else:
                raise TypeError(f"{type(self).__name__} has no field {name}")
        self.__dict__.update({**self.fields, **values})
        self.properties = Properties(pairs)
        self.raw_properties = raw_properties

    def __getattr__(self, name):
        if name in NAMES:
            return self.properties.get(name)
        raise AttributeError(f"{type(self).__name__} has no field {name}")

    def __eq__(self, other):
        names = [*self.fields, "properties"]
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in names)

    def __repr__(self):
        values = {name: getattr(self, name) for name in self.fields}
        shown = [f"{name}={value!r}" for name, value in values.items() if value != self.fields[name]]
        return " ".join([type(self).__name__.upper(), *shown, repr(self.properties)]).strip()

    def property_block(self, version):
        if version < V5:
            return b""
        return encode_properties(self.properties) if self.raw_properties is None else self.raw_properties


class Packet(_WithProperties):
    """`frame` holds the bytes as received."""

    type = 0
    frame = b""
    flags = 0

    @property
    def name(self):
        return type(self).__name__.upper()

    def body(self, version):
        return b""

    def encode(self, version, first_byte=None, remaining_length=None, cut=0):
        """The packet's bytes. first_byte and remaining_length overrule the true ones; cut drops bytes at the end
        of the body before Remaining Length is computed."""
        body = self.body(version)
        body = body[: len(body) - cut]
        return frame(self.type << 4 | self.flags if first_byte is None else first_byte, body, remaining_length)


class Will(_WithProperties):
    fields = {"topic": "", "payload": b"", "qos": 0, "retain": False}


class Connect(Packet):
    """connect_flags and protocol_name overrule what follows from the other fields."""

    type = 1
    fields = {
        "client_identifier": "",
        "clean_start": True,
        "keep_alive": 60,
        "will": None,
        "user_name": None,
        "password": None,
        "protocol_name": None,
        "protocol_version": None,
        "connect_flags": None,
    }

    def _connect_flags(self):
        if self.connect_flags is not None:
            return self.connect_flags
        flags = 0x02 if self.clean_start else 0
        if self.will is not None:
            flags |= 0x04 | self.will.qos << 3 | (0x20 if self.will.retain else 0)
        flags |= 0x40 if self.password is not None else 0
        return flags | (0x80 if self.user_name is not None else 0)

    def body(self, version):
        name = self.protocol_name or ("MQIsdp" if version == V31 else "MQTT")
        level = version if self.protocol_version is None else self.protocol_version
        parts = [fields.string(name), bytes([level, self._connect_flags()]), fields.two_bytes(self.keep_alive)]
        parts += [self.property_block(version), fields.string(self.client_identifier)]
        if self.will is not None:
            parts += [self.will.property_block(version), fields.string(self.will.topic)]
            parts += [fields.binary(self.will.payload)]
        parts += [fields.string(text) for text in (self.user_name, self.password) if text is not None]
        return b"".join(parts)


class Connack(Packet):
    type = 2
    fields = {"session_present": False, "reason_code": 0}

    def body(self, version):
        return bytes([int(self.session_present), self.reason_code]) + self.property_block(version)


class Publish(Packet):
    """packet_identifier None means: left out for QoS 0; Client.send gives the next one for QoS 1 and 2."""

    type = 3
    fields = {"topic": "", "payload": b"", "qos": 0, "retain": False, "dup": False, "packet_identifier": None}

    @property
    def flags(self):
        return (0x08 if self.dup else 0) | self.qos << 1 | (0x01 if self.retain else 0)

    def body(self, version):
        identifier = b"" if self.packet_identifier is None else fields.two_bytes(self.packet_identifier)
        return fields.string(self.topic) + identifier + self.property_block(version) + fields.octets(self.payload)


class _Acknowledgement(Packet):
    """reason_code None and no properties give the short form of two bytes; without properties three bytes."""

    fields = {"packet_identifier": None, "reason_code": None}

    def body(self, version):
        identifier = fields.two_bytes(self.packet_identifier)
        if version < V5:
            return identifier
        has_properties = bool(self.properties) or self.raw_properties is not None
        if self.reason_code is None and not has_properties:
            return identifier
        return identifier + bytes([self.reason_code or 0]) + (self.property_block(version) if has_properties else b"")


class Puback(_Acknowledgement):
    type = 4


class Pubrec(_Acknowledgement):
    type = 5


class Pubrel(_Acknowledgement):
    type = 6
    flags = 0x02


class Pubcomp(_Acknowledgement):
    type = 7


class Subscription:
    """One Topic Filter of a SUBSCRIBE with its options; `options` overrules the options byte."""

    def __init__(self, filter, qos=0, no_local=False, retain_as_published=False, retain_handling=0, options=None):
        self.filter = filter
        if options is None:
            options = qos | no_local << 2 | retain_as_published << 3 | retain_handling << 4
        self.options = options

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return f"{self.filter!r} options=0x{self.options:02X}"


class Subscribe(Packet):
    """filters: Subscriptions."""

    type = 8
    flags = 0x02
    fields = {"packet_identifier": None, "filters": ()}

    def body(self, version):
        parts = [fields.two_bytes(self.packet_identifier), self.property_block(version)]
        parts += [fields.string(entry.filter) + bytes([entry.options]) for entry in self.filters]
        return b"".join(parts)


class Suback(Packet):
    type = 9
    fields = {"packet_identifier": None, "reason_codes": []}

    def body(self, version):
        return fields.two_bytes(self.packet_identifier) + self.property_block(version) + bytes(self.reason_codes)


class Unsubscribe(Packet):
    """filters: texts."""

    type = 10
    flags = 0x02
    fields = {"packet_identifier": None, "filters": ()}

    def body(self, version):
        filters = b"".join(fields.string(text) for text in self.filters)
        return fields.two_bytes(self.packet_identifier) + self.property_block(version) + filters


class Unsuback(Packet):
    type = 11
    fields = {"packet_identifier": None, "reason_codes": []}

    def body(self, version):
        codes = bytes(self.reason_codes) if version >= V5 else b""
        return fields.two_bytes(self.packet_identifier) + self.property_block(version) + codes


class Pingreq(Packet):
    type = 12


class Pingresp(Packet):
    type = 13


class _Closing(Packet):
    """DISCONNECT and AUTH: reason_code None and no properties give an empty body. Only DISCONNECT may have a Reason Code
    without a Property Length."""

    fields = {"reason_code": None}

    def body(self, version):
        if version < V5:
            return b""
        has_properties = bool(self.properties) or self.raw_properties is not None
        if self.reason_code is None and not has_properties:
            return b""
        whole = has_properties or self.type == Auth.type
        return bytes([self.reason_code or 0]) + (self.property_block(version) if whole else b"")


class Disconnect(_Closing):
    type = 14


class Auth(_Closing):
    type = 15


TYPES = {
    kind.type: kind
    for kind in (
        Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe, Suback, Unsubscribe, Unsuback,
        Pingreq, Pingresp, Disconnect, Auth,
    )
}  # fmt: skip
