# SPDX-License-Identifier: Apache-2.0
"""The smallest parts of MQTT packets: integers, strings, binary fields. Written from section 1.5 of the specification.

Encoders do what they are told, also when it is wrong: a test that sends ill-formed bytes builds them here.
The Reader is strict: what the broker sends has to be right to the last bit.
"""


class MalformedPacket(Exception):
    """The peer sent bytes that no MQTT packet may have."""


def byte(value):
    return bytes([value])


def two_bytes(value):
    return value.to_bytes(2, "big")


def four_bytes(value):
    return value.to_bytes(4, "big")


def variable_byte_integer(value, width=1):
    """Encodes value in at least `width` bytes: a width above the shortest makes the over-long form."""
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        more = value > 0 or len(encoded) + 1 < width
        encoded.append(digit | (0x80 if more else 0))
        if not more:
            return bytes(encoded)


def octets(text):
    """Text as bytes. Bytes pass unchanged, so that ill-formed strings are as easy to send as good ones."""
    return text if isinstance(text, (bytes, bytearray)) else text.encode("utf-8")


def string(text):
    content = octets(text)
    return two_bytes(len(content)) + content


binary = string  # The same form on the wire; the name says what is meant.


def string_pair(pair):
    name, value = pair
    return string(name) + string(value)


class Reader:
    """Reads fields from the front of some bytes; running out of them is a MalformedPacket."""

    def __init__(self, content):
        self._content = bytes(content)
        self._position = 0

    @property
    def remaining(self):
        return len(self._content) - self._position

    def take(self, count):
        if count > self.remaining:
            raise MalformedPacket(f"{count} bytes wanted, {self.remaining} left in {self._content.hex(' ')}")
        self._position += count
        return self._content[self._position - count : self._position]

    def rest(self):
        return self.take(self.remaining)

    def byte(self):
        return self.take(1)[0]

    def two_bytes(self):
        return int.from_bytes(self.take(2), "big")

    def four_bytes(self):
        return int.from_bytes(self.take(4), "big")

    def variable_byte_integer(self):
        value = 0
        for index in range(4):
            digit = self.byte()
            value |= (digit & 0x7F) << (7 * index)
            if digit & 0x80 == 0:
                if digit == 0 and index > 0:
                    raise MalformedPacket("Variable Byte Integer longer than needed [MQTT-1.5.5-1]")
                return value
        raise MalformedPacket("Variable Byte Integer of more than four bytes")

    def string(self):
        content = self.take(self.two_bytes())
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedPacket(f"string is not UTF-8: {content!r} [MQTT-1.5.4-1]") from error
        if "\0" in text:
            raise MalformedPacket(f"string holds U+0000: {content!r} [MQTT-1.5.4-2]")
        return text

    def binary(self):
        return self.take(self.two_bytes())

    def string_pair(self):
        name = self.string()
        return name, self.string()
