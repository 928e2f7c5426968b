# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.1: the form of CONNECT, its flags and its payload. What CONNECT does is in test_3_1_sessions.py."""

import pytest
from wire import (
    V5, Auth, Connack, Connect, Disconnect, Pingreq, Publish, Reason, Subscribe, Subscription, Will, barrier,
    encode_properties, frame, statement5 as statement,
)  # fmt: skip


def connect_bytes(flags, *payload):
    """A CONNECT of MQTT 5 with these flags; payload parts are strings, or bytes taken as they are."""
    body = bytes.fromhex("0004 4d515454 05") + bytes([flags]) + bytes.fromhex("003c 00")
    for part in payload:
        body += part if isinstance(part, bytes) else len(part).to_bytes(2, "big") + part.encode()
    return frame(0x10, body)


@statement("MQTT-3.1.0-1")
@pytest.mark.parametrize(
    "packet",
    [
        Auth(0x18, authentication_method="SCRAM-SHA-256"),
        Publish("a", b"x"),
        Publish("a", b"x", 1),
        Subscribe(None, [Subscription("a")]),
        Pingreq(),
        Disconnect(),
        Connack(),
        frame(0x00),
    ],
    ids=lambda packet: getattr(packet, "name", "reserved"),
)
def test_3_1_0_1_first_packet_has_to_be_connect(client, packet):
    one = client.open()
    one.send(packet)
    one.expect_closed()


@statement("MQTT-3.1.0-1")
def test_3_1_0_1_a_connect_behind_another_packet_has_no_effect(client):
    one = client.open()
    one.send(Pingreq(), Connect(one.client_identifier))
    one.expect_closed()


@statement("MQTT-3.1.0-2", "MQTT-3.2.0-2", "MQTT-3.1.2-8")
def test_3_1_0_2_second_connect_is_a_protocol_error(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("will"))
    one = client(will=Will(topic("will"), b"gone"))
    one.send(Connect(one.client_identifier))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)
    watcher.expect_publish(topic("will"), b"gone")


@statement("MQTT-3.1.2-1")
@pytest.mark.parametrize("name", ["MQTX", "mqtt", "MQTTX", "MQT", "", "HTTP", "MQTT\ufeff"])
def test_3_1_2_1_unknown_protocol_name_closes(client, name):
    one = client.open()
    if name:
        one.start_connect(protocol_name=name)
    else:
        one.send(frame(0x10, bytes.fromhex("0000 05 02 003c 00 0001 61")))
    one.expect_closed()


@statement("MQTT-3.1.2-2", "MQTT-3.2.2-7")
@pytest.mark.parametrize("level", [6, 7, 0x80, 0x84, 0x85, 255])
def test_3_1_2_2_newer_protocol_version_is_told(client, level):
    one = client.open()
    one.start_connect(protocol_version=level)
    refusal = one.expect_refused(Reason.UNSUPPORTED_PROTOCOL_VERSION)
    assert refusal.frame == bytes.fromhex("20 03 00 84 00")


@statement("MQTT-3.1.2-2")
@pytest.mark.parametrize("level", [0, 1, 2])
def test_3_1_2_2_older_protocol_version_is_told_in_its_own_form(client, level):
    one = client.open(version=4)
    one.start_connect(protocol_version=level)
    assert one.expect_refused(1).frame == bytes.fromhex("20 02 00 01")


@statement("MQTT-3.1.2-2")
@pytest.mark.parametrize("version", [3, 4, 5])
def test_3_1_2_2_served_versions_are_accepted(client, version):
    client(version=version).ping()


@statement("MQTT-3.1.2-3")
def test_3_1_2_3_reserved_connect_flag_is_malformed(refused):
    for flags in (0x01, 0x03):
        refused(Reason.MALFORMED_PACKET, connect_flags=flags, client_identifier="a")


@statement("MQTT-3.1.2-9", "MQTT-3.1.4-1")
@pytest.mark.parametrize(
    "payload",
    [("a",), ("a", b"\x00"), ("a", b"\x00", "topic"), ("a", b"\x00", "topic", b"\x00\x05four")],
    ids=["no_properties", "no_topic", "no_payload", "payload_cut"],
)
def test_3_1_2_9_will_flag_without_a_whole_will_is_malformed(refused, payload):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x06, *payload)])


@statement("MQTT-3.1.2-11")
@pytest.mark.parametrize("flags", [0x0A, 0x12, 0x1A])
def test_3_1_2_11_will_qos_without_will_is_malformed(refused, flags):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(flags, "a")])


@statement("MQTT-3.1.2-12")
@pytest.mark.parametrize("retain", [0, 0x20])
def test_3_1_2_12_will_qos_3_is_malformed(refused, retain):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x1E | retain, "a", b"\x00", "topic", "payload")])


@statement("MQTT-3.1.2-13")
@pytest.mark.parametrize("flags", [0x22, 0x20, 0x32])
def test_3_1_2_13_will_retain_without_will_is_malformed(refused, flags):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(flags, "a")])


@statement("MQTT-3.1.2-16")
def test_3_1_2_16_user_name_without_its_flag_is_malformed(refused):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x02, "a", "user")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x42, "a", "user", "password")])


@statement("MQTT-3.1.2-17")
def test_3_1_2_17_user_name_flag_without_user_name_is_malformed(refused):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x82, "a")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x82, "a", b"\x00")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x82, "a", b"\x00\x05user")])


@statement("MQTT-3.1.2-18")
def test_3_1_2_18_password_without_its_flag_is_malformed(refused):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x82, "a", "user", "password")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x02, "a", "password")])


@statement("MQTT-3.1.2-19")
def test_3_1_2_19_password_flag_without_password_is_malformed(refused):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0xC2, "a", "user")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x42, "a")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0xC2, "a", "user", b"\x00\x09password")])


@statement("MQTT-3.1.2-19")
def test_3_1_2_19_password_without_user_name_is_well_formed(client):
    """Whether such a client is let in is another question."""
    one = client.open()
    one.start_connect(password=b"\xff\x00binary")
    assert one.expect(Connack).reason_code in (0, Reason.BAD_USER_NAME_OR_PASSWORD, Reason.NOT_AUTHORIZED)


@statement("MQTT-3.1.3-1")
def test_3_1_3_1_payload_fields_come_in_their_order(client, topic, password_broker):
    """Each field is different; the broker has to find each in its place for all of this to work."""
    watcher = client("watcher", broker=password_broker, user_name="alice", password=b"wonderland")
    watcher.subscribe(topic("#"), qos=2)
    one = client.open("one", broker=password_broker)
    one.connect(
        user_name="bob",
        password=b"builder",
        will=Will(topic("will"), b"\x00\x01z", 2, content_type="kind", user_property=[("a", "b")]),
    )
    one.close()
    watcher.expect_publish(topic("will"), b"\x00\x01z", 2, content_type="kind", user_property=[("a", "b")])


@statement("MQTT-3.1.3-1")
def test_3_1_3_1_fields_in_another_order_are_not_understood(client, password_broker):
    one = client.open(broker=password_broker)
    one.send(connect_bytes(0xC2, one.client_identifier, "builder", "bob"))
    one.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)
    one = client.open(broker=password_broker)
    one.send(connect_bytes(0xC2, "bob", "builder", one.client_identifier))
    one.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)


@statement("MQTT-3.1.3-3")
@pytest.mark.parametrize("rest", [b"", b"\x00", b"\x00\x05", b"\x00\x05four", b"\xff\xffa"])
def test_3_1_3_3_missing_client_identifier_is_malformed(refused, rest):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x02, rest)])


@statement("MQTT-3.1.3-4")
@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", b"\xc0\x80"])
def test_3_1_3_4_client_identifier_is_utf_8(refused, text):
    refused(Reason.MALFORMED_PACKET, client_identifier=text)


@statement("MQTT-3.1.3-5")
@pytest.mark.parametrize(
    "identifier",
    ["a", "Z", "7", "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ"],
)
def test_3_1_3_5_client_identifiers_that_every_server_allows(client, identifier):
    one = client.open()
    one.connect(identifier)
    one.disconnect()


@statement("MQTT-3.1.3-5")
def test_3_1_3_5_longer_and_stranger_client_identifiers_are_allowed_too(client, prefix):
    for rest in ("x" * 200, "+", "a/b/#", "two words", "é日本", "\u0001\u007f"):
        one = client.open()
        one.connect(prefix + rest)
        one.disconnect()


@statement("MQTT-3.1.3-8", "MQTT-3.1.3-4")
def test_3_1_3_8_rejected_client_identifier_ends_the_connection(client, topic, password_broker):
    """A Session of another user makes its Client Identifier one that is not to be had."""
    owner = client("one", broker=password_broker, user_name="alice", password=b"wonderland")
    other = client.open("one", broker=password_broker)
    other.start_connect(user_name="bob", password=b"builder", clean_start=False)
    other.expect_refused(Reason.NOT_AUTHORIZED)
    owner.expect_nothing()
    malformed = client.open(broker=password_broker)
    malformed.send(Connect(b"\xff"), Subscribe(1, [Subscription(topic())]))
    malformed.expect_refused(Reason.MALFORMED_PACKET)


@statement("MQTT-3.1.3-11", "MQTT-4.7.0-1")
@pytest.mark.parametrize("name", ["#", "a/#", "+", "a/+/b", "a+", "a#b"])
def test_3_1_3_11_will_topic_with_a_wildcard_is_refused(refused, name):
    refused(Reason.TOPIC_NAME_INVALID, client_identifier="a", will=Will(name, b"x"))


@statement("MQTT-3.1.3-11", "MQTT-4.7.3-1")
def test_3_1_3_11_empty_will_topic_is_refused(client):
    one = client.open()
    one.start_connect(will=Will("", b"x"))
    one.expect_refused(Reason.TOPIC_NAME_INVALID, Reason.PROTOCOL_ERROR, Reason.MALFORMED_PACKET)


@statement("MQTT-3.1.3-12")
@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", b"a\0"])
def test_3_1_3_12_user_name_is_utf_8(refused, text):
    refused(Reason.MALFORMED_PACKET, user_name=text, password=b"x")


PROTOCOL_ERRORS = {
    "receive_maximum_0": [("receive_maximum", 0)],
    "maximum_packet_size_0": [("maximum_packet_size", 0)],
    "request_problem_information_2": [("request_problem_information", 2)],
    "request_response_information_255": [("request_response_information", 255)],
    "authentication_data_alone": [("authentication_data", b"x")],
    "session_expiry_interval_twice": [("session_expiry_interval", 1)] * 2,
    "receive_maximum_twice": [("receive_maximum", 1)] * 2,
    "maximum_packet_size_twice": [("maximum_packet_size", 1000)] * 2,
    "topic_alias_maximum_twice": [("topic_alias_maximum", 1)] * 2,
    "request_problem_information_twice": [("request_problem_information", 1)] * 2,
    "request_response_information_twice": [("request_response_information", 0)] * 2,
    "authentication_method_twice": [("authentication_method", "m")] * 2,
    "authentication_data_twice": [("authentication_method", "m")] + [("authentication_data", b"x")] * 2,
}


@statement("MQTT-3.1.4-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("case", PROTOCOL_ERRORS)
def test_3_1_4_1_properties_of_connect_against_the_protocol(refused, case):
    refused(Reason.PROTOCOL_ERROR, client_identifier="a", properties=PROTOCOL_ERRORS[case])


WILL_PROTOCOL_ERRORS = {
    "payload_format_indicator_2": [("payload_format_indicator", 2)],
    "wildcard_in_response_topic": [("response_topic", "a/#")],
    **{
        f"{name}_twice": [(name, value)] * 2
        for name, value in [
            ("will_delay_interval", 1),
            ("payload_format_indicator", 0),
            ("message_expiry_interval", 1),
            ("content_type", "a"),
            ("response_topic", "a"),
            ("correlation_data", b"a"),
        ]
    },
}


@statement("MQTT-3.1.4-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize("case", WILL_PROTOCOL_ERRORS)
def test_3_1_4_1_properties_of_the_will_against_the_protocol(refused, case):
    refused(Reason.PROTOCOL_ERROR, client_identifier="a", will=Will("a", b"x", properties=WILL_PROTOCOL_ERRORS[case]))


FOREIGN = [
    ("payload_format_indicator", 0), ("message_expiry_interval", 1), ("content_type", "a"), ("response_topic", "a"),
    ("correlation_data", b"a"), ("subscription_identifier", 1), ("assigned_client_identifier", "a"),
    ("server_keep_alive", 1), ("will_delay_interval", 1), ("response_information", "a"), ("server_reference", "a"),
    ("reason_string", "a"), ("topic_alias", 1), ("maximum_qos", 1), ("retain_available", 1),
    ("wildcard_subscription_available", 1), ("subscription_identifier_available", 1),
    ("shared_subscription_available", 1), (0x7E, b"\x01"), (0x00, b""),
]  # fmt: skip


@statement("MQTT-3.1.4-1")
@pytest.mark.parametrize("name, value", FOREIGN)
def test_3_1_4_1_property_of_another_packet_is_malformed(refused, name, value):
    block = encode_properties([(name, value)])
    refused(Reason.MALFORMED_PACKET, [Connect("a", raw_properties=block)])


@statement("MQTT-3.1.4-1", "MQTT-3.1.2-16", "MQTT-3.1.2-18")
def test_3_1_4_1_bytes_behind_the_payload_are_malformed(refused):
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0x02, "a", b"\x00")])
    refused(Reason.MALFORMED_PACKET, [connect_bytes(0xC2, "a", "user", "password", b"surplus")])


@statement("MQTT-3.1.4-1")
def test_3_1_4_1_connect_cut_at_every_byte_is_malformed(client):
    """Before the version is known the broker closes without CONNACK; either way nobody is let in."""
    whole = Connect("a", will=Will("w", b"x", user_property=[("n", "v")]), user_name="u", password=b"p").body(V5)
    for length in range(len(whole)):
        one = client.open()
        one.send(frame(0x10, whole[:length]))
        one.expect_refused(Reason.MALFORMED_PACKET, optional=length < 8)


@statement("MQTT-3.1.4-1")
def test_3_1_4_1_more_than_64_user_properties_are_too_many(client, refused):
    client.open().connect("a", user_property=[("n", "v")] * 64)
    refused(Reason.QUOTA_EXCEEDED, client_identifier="a", user_property=[("n", "v")] * 65)


@statement("MQTT-3.1.4-2", "MQTT-3.2.2-7", "MQTT-3.2.2-6")
def test_3_1_4_2_wrong_credentials_end_the_connection(client, refused, password_broker):
    client(broker=password_broker, user_name="alice", password=b"wonderland").ping()
    wrong = [("alice", b"builder"), ("alice", b""), ("nobody", b"wonderland"), ("alice", None), ("", b"wonderland")]
    for user_name, password in wrong:
        refused(Reason.BAD_USER_NAME_OR_PASSWORD, broker=password_broker, user_name=user_name, password=password)


@statement("MQTT-3.1.4-2")
def test_3_1_4_2_nobody_comes_in_without_a_name_where_that_is_not_allowed(refused, password_broker):
    refused(Reason.NOT_AUTHORIZED, broker=password_broker)


@statement("MQTT-3.1.4-5", "MQTT-3.2.0-1")
def test_3_1_4_5_accepted_connect_gets_connack_0(client):
    one = client.open()
    assert one.connect().reason_code == 0
    one.expect_nothing()


@statement("MQTT-3.1.4-6", "MQTT-3.2.2-7")
def test_3_1_4_6_packets_behind_a_rejected_connect_have_no_effect(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    rejected = client.open("rejected")
    rejected.send(
        Connect("a", will=Will("a/#", b"x")),
        Publish(topic("live"), b"x"),
        Publish(topic("kept"), b"x", retain=True),
        Subscribe(1, [Subscription(topic("#"))]),
        Pingreq(),
    )
    rejected.expect_refused(Reason.TOPIC_NAME_INVALID)
    # One on the loop of the rejected client, so that what it might have sent would have come before this.
    again = client("rejected")
    barrier(again, watcher)
    watcher.subscribe(topic("kept"))
    watcher.expect_nothing()
