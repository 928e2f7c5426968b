# SPDX-License-Identifier: Apache-2.0
"""Chapter 2: fixed header flags and Packet Identifiers."""

import pytest
from wire import (
    Connect, Disconnect, Pingreq, Puback, Pubcomp, Publish, Pubrec, Pubrel, Suback, Subscribe, Subscription,
    Unsuback, Unsubscribe, frame, statement311 as statement,
)  # fmt: skip

FIXED_FLAGS = {
    "PUBACK": Puback(1),
    "PUBREC": Pubrec(1),
    "PUBREL": Pubrel(1),
    "PUBCOMP": Pubcomp(1),
    "SUBSCRIBE": Subscribe(1, [Subscription("a")]),
    "UNSUBSCRIBE": Unsubscribe(1, ["a"]),
    "PINGREQ": Pingreq(),
    "DISCONNECT": Disconnect(),
}


def wrong_first_bytes(packet):
    return [packet.type << 4 | flags for flags in range(16) if flags != packet.flags]


@statement("MQTT-2.2.2-1")
def test_2_2_2_1_every_packet_of_the_broker_has_the_flags_of_the_table(client, topic):
    # The decoder refuses any other flags; here every type that a server sends passes it.
    one = client(clean_start=False)
    one.subscribe(topic(), qos=2)
    one.publish(topic(), b"x", qos=1)
    one.expect_publish(topic(), b"x", qos=1)
    one.publish(topic(), b"x", qos=2)
    received = one.expect(Publish, qos=2)
    one.send(Pubrec(received.packet_identifier))
    one.expect(Pubrel, packet_identifier=received.packet_identifier)
    one.send(Pubcomp(received.packet_identifier))
    one.unsubscribe(topic())
    one.ping()


@pytest.mark.parametrize("name", FIXED_FLAGS)
@statement("MQTT-2.2.2-2")
def test_2_2_2_2_wrong_flags_close(client, name):
    for first_byte in wrong_first_bytes(FIXED_FLAGS[name]):
        connected = client()
        connected.send(FIXED_FLAGS[name], first_byte=first_byte)
        connected.expect_closed()


@statement("MQTT-2.2.2-2")
def test_2_2_2_2_wrong_flags_of_connect_close_without_connack(client):
    for first_byte in wrong_first_bytes(Connect()):
        opened = client.open()
        opened.send(Connect("a"), first_byte=first_byte)
        opened.expect_closed()


@pytest.mark.parametrize("first_byte", [0x00, 0x0F, 0xF0, 0xFF])
@statement("MQTT-2.2.2-2")
def test_2_2_2_2_reserved_packet_types_close(client, first_byte):
    connected = client()
    connected.send(frame(first_byte))
    connected.expect_closed()


@pytest.mark.parametrize("packet", [
    Publish("a", b"x", qos=1, packet_identifier=0), Publish("a", b"x", qos=2, packet_identifier=0),
    Subscribe(0, [Subscription("a")]), Unsubscribe(0, ["a"]), Puback(0), Pubrec(0), Pubrel(0), Pubcomp(0),
], ids=lambda packet: f"{packet.name}-{getattr(packet, 'qos', '')}")  # fmt: skip
@statement("MQTT-2.3.1-1")
def test_2_3_1_1_packet_identifier_0_closes(client, packet):
    connected = client()
    connected.send(packet)
    connected.expect_closed()


@statement("MQTT-2.3.1-4")
def test_2_3_1_4_identifiers_of_the_broker_are_unique_in_flight_and_kept_on_resend(client, topic):
    publisher, subscriber = client(), client("s", clean_start=False)
    subscriber.subscribe(topic(), qos=2)
    for number in range(20):
        publisher.publish(topic(), b"%d" % number, qos=1 + number % 2)
    first = [subscriber.expect_publish(topic(), qos=1 + n % 2, acknowledge=False, dup=False) for n in range(20)]
    identifiers = [packet.packet_identifier for packet in first]
    assert 0 not in identifiers and len(set(identifiers)) == 20
    subscriber.close()
    resumed = client("s", clean_start=False)
    assert resumed.connack.session_present
    again = [resumed.expect_publish(topic(), qos=1 + n % 2, acknowledge=False, dup=True) for n in range(20)]
    assert [(p.packet_identifier, p.payload) for p in again] == [(p.packet_identifier, p.payload) for p in first]


@statement("MQTT-2.3.1-5")
def test_2_3_1_5_two_bytes_after_the_topic_of_a_qos_0_publish_are_payload(client, topic):
    one = client()
    one.subscribe(topic(), qos=2)
    one.send(Publish(topic(), b"", qos=0, packet_identifier=0x0102))
    one.expect_publish(topic(), b"\x01\x02", qos=0, packet_identifier=None)
    one.publish(topic(), b"", qos=0)
    one.expect_publish(topic(), b"", qos=0)


@pytest.mark.parametrize("identifier", [1, 0x0100, 0xABCD, 0xFFFF])
@statement("MQTT-2.3.1-6")
def test_2_3_1_6_acknowledgements_repeat_the_identifier_of_the_publish(client, topic, identifier):
    one = client()
    one.send(Publish(topic(), b"x", qos=1, packet_identifier=identifier))
    one.expect(Puback, packet_identifier=identifier)
    one.send(Publish(topic(), b"x", qos=2, packet_identifier=identifier))
    one.expect(Pubrec, packet_identifier=identifier)
    one.send(Pubrel(identifier))
    one.expect(Pubcomp, packet_identifier=identifier)


@statement("MQTT-2.3.1-6")
def test_2_3_1_6_pubrel_of_the_broker_repeats_the_identifier(client, topic):
    one = client()
    one.subscribe(topic(), qos=2)
    one.publish(topic(), b"x", qos=2)
    received = one.expect(Publish, topic=topic(), qos=2)
    one.send(Pubrec(received.packet_identifier))
    one.expect(Pubrel, packet_identifier=received.packet_identifier)


@pytest.mark.parametrize("identifier", [1, 0x0100, 0xABCD, 0xFFFF])
@statement("MQTT-2.3.1-7")
def test_2_3_1_7_suback_and_unsuback_repeat_the_identifier_of_the_request(client, topic, identifier):
    one = client()
    one.send(Subscribe(identifier, [Subscription(topic())]))
    one.expect(Suback, packet_identifier=identifier)
    one.send(Unsubscribe(identifier, [topic()]))
    one.expect(Unsuback, packet_identifier=identifier)
