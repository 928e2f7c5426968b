# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.12 to 3.14: PINGREQ, PINGRESP and DISCONNECT."""

import pytest
from wire import (
    Connack, Connect, Disconnect, Pingreq, Pingresp, Publish, Reason, Suback, Subscribe, Subscription, Unsuback, Will,
    barrier, encode_properties, frame, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


@statement("MQTT-3.12.4-1")
def test_3_12_4_1_pingreq_is_answered(client):
    one = client()
    for _ in range(3):
        one.send(Pingreq())
        assert one.expect(Pingresp).frame == bytes.fromhex("d0 00")
    one.send(*[Pingreq()] * 100)
    for _ in range(100):
        one.expect(Pingresp)


@statement("MQTT-3.12.4-1", "MQTT-4.13.1-1")
def test_3_12_4_1_pingreq_has_no_body(dropped):
    dropped(Reason.MALFORMED_PACKET, frame(0xC0, b"x"))


@statement("MQTT-3.14.0-1")
def test_3_14_0_1_no_disconnect_before_connack(client):
    """What is wrong before CONNACK ends in a CONNACK with the code or in silence; here the silent ones."""
    for content in (frame(0x00), frame(0xE0), frame(0x30, b"\x00\x01a\x00"), b"\x10\xff\xff\xff\xff\x7f", frame(0x10)):
        one = client.open()
        one.send(content)
        one.expect_refused(Reason.MALFORMED_PACKET, optional=True)
    one = client.open()
    one.send(Connect("a", receive_maximum=0), Disconnect(0x04))
    one.expect_refused(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.14.1-1")
@pytest.mark.parametrize("flags", range(1, 16))
def test_3_14_1_1_other_flags_are_malformed_and_the_will_is_published(client, topic, flags):
    watcher = client("watcher")
    watcher.subscribe(topic())
    one = client(will=Will(topic(), b"x"))
    one.send(Disconnect(), first_byte=0xE0 | flags)
    one.expect_disconnect(Reason.MALFORMED_PACKET)
    watcher.expect_publish(topic(), b"x")


ONLY_A_SERVER = [0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2]
UNLISTED = [0x01, 0x05, 0x10, 0x18, 0x7F, 0x84, 0x86, 0x91, 0xA3, 0xFF]
BY_CLIENTS = [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]


@statement("MQTT-3.14.2-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("code", ONLY_A_SERVER + UNLISTED)
def test_3_14_2_1_code_no_client_may_send_is_a_protocol_error(dropped, code):
    dropped(Reason.PROTOCOL_ERROR, Disconnect(code))


@statement("MQTT-3.14.2-1", "MQTT-3.14.4-3", "MQTT-3.1.2-8", "MQTT-3.1.2-10", "MQTT-4.13.2-1")
@pytest.mark.parametrize("code", BY_CLIENTS)
def test_3_14_4_3_only_a_normal_disconnect_discards_the_will(client, topic, code):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client("one", will=Will(topic("will"), b"x"), **LASTING)
    one.disconnect(code)
    if code == 0:
        barrier(client("one", clean_start=False), watcher)
    else:
        watcher.expect_publish(topic("will"), b"x")


@statement("MQTT-3.14.4-3")
def test_3_14_4_3_every_form_of_a_normal_disconnect(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    for body in (b"", b"\x00", b"\x00\x00", b"\x00\x05\x11\x00\x00\x00\x00"):
        one = client("one", will=Will(topic("will"), b"x"), **LASTING)
        one.send(frame(0xE0, body))
        one.expect_closed()
        barrier(client("one"), watcher)


@statement("MQTT-3.14.2-2", "MQTT-4.13.1-1")
def test_3_14_2_2_expiry_interval_may_not_be_raised_from_0(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic())
    for options in ({}, {"session_expiry_interval": 0}):
        one = client("one", will=Will(topic(), b"x"), **options)
        one.send(Disconnect(0, session_expiry_interval=600))
        one.expect_disconnect(Reason.PROTOCOL_ERROR)
        watcher.expect_publish(topic(), b"x")
        assert client("one", clean_start=False).connack.session_present is False


@statement("MQTT-3.14.2-2")
def test_3_14_2_2_the_interval_never_comes_from_the_broker(client):
    first = client("one", **LASTING)
    client("one", **LASTING)
    packet = first.expect_disconnect(Reason.SESSION_TAKEN_OVER)
    assert packet.session_expiry_interval is None


@statement("MQTT-3.14.2-3", "MQTT-3.14.2-4")
def test_3_14_2_3_reason_string_gives_way_to_maximum_packet_size(client):
    free = client()
    free.send(Connect("a"))
    size, smallest = len(free.expect_disconnect(Reason.PROTOCOL_ERROR).frame), len(free.connack.frame)
    for maximum in {smallest, smallest + 3, max(smallest, size - 1), max(smallest, size)}:
        one = client(maximum_packet_size=maximum)
        one.send(Connect("a"))
        one.expect_disconnect(Reason.PROTOCOL_ERROR)
        old = client("one", maximum_packet_size=maximum)
        client("one")
        old.expect_disconnect(Reason.SESSION_TAKEN_OVER)


@statement("MQTT-3.14.2-3", "MQTT-3.14.2-4")
def test_3_14_2_3_client_may_say_why(client):
    client().disconnect(0x80, reason_string="because", user_property=[("a", "b"), ("a", "b")])


@statement("MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-4.13.2-1")
def test_3_14_4_1_nothing_follows_the_disconnect_of_the_broker(client, topic):
    """What came before the fault is answered, what comes after it is not; the broker closes by itself."""
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client("one")
    one.send(
        Pingreq(),
        frame(0x00),
        Pingreq(),
        Publish(topic("late"), b"x"),
        Subscribe(2, [Subscription(topic("#"))]),
    )
    one.expect(Pingresp)
    one.expect_disconnect(Reason.MALFORMED_PACKET)
    barrier(client("one"), watcher)


@statement("MQTT-3.14.4-1")
def test_3_14_4_1_input_after_the_disconnect_of_the_client_is_ignored(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client("one", **LASTING)
    one.send(
        Publish(topic("before"), b"x"),
        Disconnect(),
        Publish(topic("after"), b"x", retain=True),
        Subscribe(2, [Subscription(topic("#"))]),
        Pingreq(),
    )
    one.expect_closed()
    watcher.expect_publish(topic("before"), b"x")
    again = client("one", clean_start=False)
    again.publish(topic("again"), b"x")
    watcher.expect_publish(topic("again"), b"x")
    barrier(again, watcher)
    again.expect_nothing()


@statement("MQTT-3.14.4-2")
def test_3_14_4_2_broker_closes_after_a_disconnect(client):
    """Neither side's DISCONNECT leaves the connection to the other to close: expect_closed waits without closing."""
    client().disconnect()
    client().disconnect(0x04)
    one = client()
    one.send(frame(0x00))
    one.expect_disconnect(Reason.MALFORMED_PACKET)


@statement("MQTT-3.14.4-2", "MQTT-4.13.2-1")
def test_3_14_4_2_broker_that_stops_says_so_and_closes(client, make_broker):
    broker = make_broker()
    connections = [client(f"c{number}", broker=broker) for number in range(6)]
    old = client("old", broker=broker, version=4)
    broker.terminate()
    for one in connections:
        one.expect_disconnect(Reason.SERVER_SHUTTING_DOWN)
    old.expect_closed()


@statement("MQTT-4.13.1-1")
@pytest.mark.parametrize(
    "packet",
    [Connack(), Suback(1, [0]), Unsuback(1, [0]), Pingresp()],
    ids=lambda packet: packet.name,
)
def test_4_13_1_1_packet_of_a_server_is_a_protocol_error(dropped, packet):
    dropped(Reason.PROTOCOL_ERROR, packet)


@statement("MQTT-4.13.1-1")
def test_4_13_1_1_bad_forms_of_disconnect(dropped):
    dropped(Reason.MALFORMED_PACKET, frame(0xE0, b"\x00\x05"))
    dropped(Reason.MALFORMED_PACKET, frame(0xE0, b"\x00\x00surplus"))
    for name, value in (("server_keep_alive", 1), ("topic_alias", 1), (0x7E, b"\x01")):
        dropped(Reason.MALFORMED_PACKET, Disconnect(0, raw_properties=encode_properties([(name, value)])))
    dropped(Reason.PROTOCOL_ERROR, Disconnect(0, properties=[("reason_string", "a")] * 2))
