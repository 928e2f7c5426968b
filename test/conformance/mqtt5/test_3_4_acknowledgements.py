# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.4 to 3.7: PUBACK, PUBREC, PUBREL, PUBCOMP."""

import pytest
from wire import (
    Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, barrier, encode_properties, statement5 as statement,
)  # fmt: skip
from wire.reason_codes import CLIENT_CODES

UNLISTED = [0x01, 0x04, 0x11, 0x18, 0x7F, 0x81, 0x82, 0x8E, 0x92, 0xA2, 0xFF]


@pytest.fixture
def receiver(client, topic):
    """receiver(qos): a client with a PUBLISH of that QoS that it has not answered."""
    publisher = client("publisher")

    def make(qos, **options):
        one = client(**options)
        one.subscribe(topic(), qos=2)
        publisher.publish(topic(), b"x", qos)
        return one, one.expect(Publish, topic=topic(), payload=b"x", qos=qos).packet_identifier

    return make


@statement("MQTT-3.4.2-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("code", UNLISTED)
def test_3_4_2_1_puback_with_an_unlisted_code_is_a_protocol_error(receiver, code):
    one, identifier = receiver(1)
    one.send(Puback(identifier, code))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.4.2-1")
def test_3_4_2_1_puback_with_each_listed_code_ends_the_exchange(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    one.subscribe(topic(), qos=1)
    for code in sorted(CLIENT_CODES["PUBACK"]):
        publisher.publish(topic(), b"%d" % code, 1)
        one.acknowledge(one.expect_publish(topic(), b"%d" % code, 1, acknowledge=False), code)
    one.expect_nothing()


@statement("MQTT-3.4.2-1", "MQTT-3.5.2-1")
def test_3_4_2_1_answers_of_the_broker_have_listed_codes(client, topic):
    """The decoder refuses unlisted codes; these provoke the different ones."""
    one = client()
    for qos in (1, 2):
        assert one.publish(topic("nobody"), b"x", qos).reason_code in (0, Reason.NO_MATCHING_SUBSCRIBERS)
        one.publish("$SYS/forbidden", b"x", qos, reason_codes=(Reason.NOT_AUTHORIZED,))
    one.subscribe(topic(), qos=2)
    for qos in (1, 2):
        one.publish(topic(), b"x", qos, reason_codes=(0,))
        one.expect_publish(topic(), b"x", qos)


@statement("MQTT-3.5.2-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("code", UNLISTED)
def test_3_5_2_1_pubrec_with_an_unlisted_code_is_a_protocol_error(receiver, code):
    one, identifier = receiver(2)
    one.send(Pubrec(identifier, code))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.5.2-1")
def test_3_5_2_1_pubrec_with_each_listed_code_is_understood(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    one.subscribe(topic(), qos=2)
    for code in sorted(CLIENT_CODES["PUBREC"]):
        publisher.publish(topic(), b"%d" % code, 2)
        one.acknowledge(one.expect_publish(topic(), b"%d" % code, 2, acknowledge=False), code)
    one.expect_nothing()


@statement("MQTT-3.6.1-1")
@pytest.mark.parametrize("flags", [0, 1, 3, 6, 10, 15])
def test_3_6_1_1_pubrel_with_other_flags_is_malformed(client, topic, flags):
    one = client()
    one.send(Publish(topic(), b"x", 2, packet_identifier=3))
    one.expect(Pubrec, packet_identifier=3)
    one.send(Pubrel(3), first_byte=0x60 | flags)
    one.expect_disconnect(Reason.MALFORMED_PACKET)


@statement("MQTT-3.6.1-1", "MQTT-3.6.2-1")
def test_3_6_2_1_pubrel_of_the_broker_has_its_flags_and_a_listed_code(receiver):
    one, identifier = receiver(2)
    one.send(Pubrec(identifier))
    assert one.expect(Pubrel, packet_identifier=identifier, reason_code=0).frame[0] == 0x62
    one.send(Pubcomp(identifier))
    one.send(Pubrec(identifier))  # Known no more.
    one.expect(Pubrel, packet_identifier=identifier, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)
    one.expect_nothing()


@statement("MQTT-3.6.2-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("code", [0x01, 0x10, 0x80, 0x91, 0xFF])
def test_3_6_2_1_pubrel_with_an_unlisted_code_is_a_protocol_error(client, topic, code):
    one = client()
    one.send(Publish(topic(), b"x", 2, packet_identifier=3))
    one.expect(Pubrec, packet_identifier=3)
    one.send(Pubrel(3, code))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.6.2-1")
def test_3_6_2_1_pubrel_with_each_listed_code_is_answered(client, topic):
    one = client()
    for code in (0x00, 0x92):
        one.send(Publish(topic(), b"x", 2, packet_identifier=3))
        one.expect(Pubrec, packet_identifier=3)
        one.send(Pubrel(3, code))
        one.expect(Pubcomp, packet_identifier=3)


@statement("MQTT-3.7.2-1", "MQTT-4.3.3-11")
def test_3_7_2_1_pubrel_of_an_unknown_identifier_is_answered_so(client, topic):
    one = client()
    one.send(Pubrel(77))
    one.expect(Pubcomp, packet_identifier=77, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)
    one.publish(topic(), b"x", 2, packet_identifier=78)
    one.send(Pubrel(78))
    one.expect(Pubcomp, packet_identifier=78, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)
    one.publish(topic(), b"x", 1, packet_identifier=79)
    one.send(Pubrel(79))
    one.expect(Pubcomp, packet_identifier=79, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)


@statement("MQTT-3.7.2-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("code", [0x01, 0x10, 0x80, 0x91, 0xFF])
def test_3_7_2_1_pubcomp_with_an_unlisted_code_is_a_protocol_error(receiver, code):
    one, identifier = receiver(2)
    one.send(Pubrec(identifier))
    one.expect(Pubrel, packet_identifier=identifier)
    one.send(Pubcomp(identifier, code))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.7.2-1")
def test_3_7_2_1_pubcomp_with_each_listed_code_ends_the_exchange(receiver):
    for code in (0x00, 0x92):
        one, identifier = receiver(2, receive_maximum=1)
        one.send(Pubrec(identifier))
        one.expect(Pubrel, packet_identifier=identifier)
        one.send(Pubcomp(identifier, code))
        one.expect_nothing()


@statement("MQTT-2.2.1-5")
def test_2_2_1_5_acknowledgements_nobody_waits_for_are_ignored(client):
    one = client()
    one.send(Puback(500), Pubcomp(501), Puback(500, 0x80), Pubcomp(501, 0x92))
    one.expect_nothing()


@statement("MQTT-4.13.1-1")
@pytest.mark.parametrize("kind", [Puback, Pubrec, Pubrel, Pubcomp], ids=lambda kind: kind.__name__)
def test_4_13_1_1_bad_forms_of_acknowledgements(dropped, kind):
    for cut in (1, 2):
        dropped(Reason.MALFORMED_PACKET, kind(5), cut=cut)
    dropped(Reason.MALFORMED_PACKET, kind(5, 0, raw_properties=b"\x00surplus"))
    dropped(Reason.MALFORMED_PACKET, kind(5, 0, raw_properties=b"\x05\x1f\x00\x01a"))
    dropped(Reason.MALFORMED_PACKET, kind(5, 0, raw_properties=encode_properties({"content_type": "a"})))
    dropped(Reason.PROTOCOL_ERROR, kind(5, 0, properties=[("reason_string", "a")] * 2))
    dropped(Reason.QUOTA_EXCEEDED, kind(5, 0, user_property=[("a", "b")] * 65))


@statement("MQTT-3.4.2-2", "MQTT-3.4.2-3", "MQTT-3.6.2-2", "MQTT-3.6.2-3")
def test_3_4_2_2_properties_of_the_client_are_taken(receiver):
    """Reason String and User Properties in each acknowledgement of a client change nothing."""
    said = {"reason_string": "because", "user_property": [("a", "b"), ("a", "b")]}
    one, identifier = receiver(1)
    one.send(Puback(identifier, 0, **said))
    one.expect_nothing()
    one, identifier = receiver(2)
    one.send(Pubrec(identifier, 0, **said))
    one.expect(Pubrel, packet_identifier=identifier, user_property=[], reason_code=0)
    one.send(Pubcomp(identifier, 0, **said))
    one.send(Publish("other", b"x", 2, packet_identifier=9, user_property=[("x", "y")]))
    one.expect(Pubrec, packet_identifier=9, user_property=[])
    one.send(Pubrel(9, 0, **said))
    one.expect(Pubcomp, packet_identifier=9, reason_code=0, user_property=[])


# Reason String and User Property against Maximum Packet Size

PROVOKED = {
    "puback": (Publish("$SYS/forbidden", b"x", 1, packet_identifier=7), Puback, Reason.NOT_AUTHORIZED),
    "pubrec": (Publish("$SYS/forbidden", b"x", 2, packet_identifier=7), Pubrec, Reason.NOT_AUTHORIZED),
    "pubrel": (Pubrec(7), Pubrel, Reason.PACKET_IDENTIFIER_NOT_FOUND),
    "pubcomp": (Pubrel(7), Pubcomp, Reason.PACKET_IDENTIFIER_NOT_FOUND),
}
LIMITED = {
    "puback": ("MQTT-3.4.2-2", "MQTT-3.4.2-3"),
    "pubrec": ("MQTT-3.5.2-2", "MQTT-3.5.2-3"),
    "pubrel": ("MQTT-3.6.2-2", "MQTT-3.6.2-3"),
    "pubcomp": ("MQTT-3.7.2-2", "MQTT-3.7.2-3"),
}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[statement(*LIMITED[kind])]) for kind in PROVOKED])
def test_3_4_2_2_reason_string_gives_way_to_maximum_packet_size(client, kind):
    """The client fails on a packet above its Maximum Packet Size, and the answer has to come all the same."""
    packet, answer, code = PROVOKED[kind]
    free = client()
    free.send(packet)
    size = len(free.expect(answer, packet_identifier=7, reason_code=code).frame)
    smallest = len(free.connack.frame)  # CONNACK itself has to fit.
    for maximum in {smallest, smallest + 3, max(smallest, size - 1), max(smallest, size)}:
        one = client(maximum_packet_size=maximum)
        one.send(packet)
        one.expect(answer, packet_identifier=7, reason_code=code)
        one.expect_nothing()


@statement("MQTT-3.4.2-1")
def test_3_4_2_1_refused_publish_reaches_nobody(client, topic):
    publisher, watcher = client("publisher"), client("watcher")
    watcher.subscribe("$SYS/forbidden", qos=2)
    for qos in range(3):
        publisher.publish("$SYS/forbidden", b"x", qos, reason_codes=(Reason.NOT_AUTHORIZED,))
    barrier(publisher, watcher)
