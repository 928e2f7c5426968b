# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.3.2.3: the properties of PUBLISH."""

import pytest
from wire import (
    Publish, Reason, Stopwatch, Will, barrier, encode_properties, receive_until_barrier, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


def pair(client, topic, qos=0):
    publisher, subscriber = client("publisher"), client("subscriber")
    subscriber.subscribe(topic("#"), qos=qos)
    return publisher, subscriber


# What is forwarded as it is


@statement("MQTT-3.3.2-4")
def test_3_3_2_4_payload_format_indicator_is_forwarded(client, topic):
    publisher, subscriber = pair(client, topic)
    for value in (1, 0, None):
        publisher.publish(topic(), b"text", payload_format_indicator=value)
        subscriber.expect_publish(topic(), b"text", payload_format_indicator=value)


@statement("MQTT-3.3.2-15")
def test_3_3_2_15_response_topic_is_forwarded(client, topic):
    publisher, subscriber = pair(client, topic)
    for value in ("answer/é", "$share/looks/odd", "/", "x" * 1000, None):
        publisher.publish(topic(), b"x", response_topic=value)
        subscriber.expect_publish(topic(), b"x", response_topic=value)


@statement("MQTT-3.3.2-16")
def test_3_3_2_16_correlation_data_is_forwarded(client, topic):
    publisher, subscriber = pair(client, topic)
    for value in (b"\x00\xff\xc0\x80", b"", bytes(range(256)) * 4, None):
        publisher.publish(topic(), b"x", correlation_data=value)
        subscriber.expect_publish(topic(), b"x", correlation_data=value)


@statement("MQTT-3.3.2-20")
def test_3_3_2_20_content_type_is_forwarded(client, topic):
    publisher, subscriber = pair(client, topic)
    for value in ("text/plain; charset=utf-8", "", "é日本", "x" * 1000, None):
        publisher.publish(topic(), b"x", content_type=value)
        subscriber.expect_publish(topic(), b"x", content_type=value)


@statement("MQTT-3.3.2-17", "MQTT-3.3.2-18")
def test_3_3_2_17_user_properties_are_forwarded_in_their_order(client, topic):
    publisher, subscriber = pair(client, topic, qos=1)
    pairs = [("b", "2"), ("a", "1"), ("b", "2"), ("", ""), ("A", "é"), ("b", "1"), ("long", "x" * 500)]
    publisher.publish(topic(), b"x", 1, user_property=pairs)
    subscriber.expect_publish(topic(), b"x", 1, user_property=pairs)
    # Other properties between them change nothing.
    mixed = [("user_property", pair) for pair in pairs[:3]]
    mixed.insert(1, ("content_type", "kind"))
    publisher.publish(topic(), b"x", properties=mixed)
    subscriber.expect_publish(topic(), b"x", user_property=pairs[:3], content_type="kind")


@statement("MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-20")
@pytest.mark.parametrize("way", ["queued", "retained", "will"])
def test_3_3_2_4_properties_survive_every_way_of_a_message(client, topic, way):
    properties = {
        "payload_format_indicator": 1, "content_type": "kind", "response_topic": "answer",
        "correlation_data": b"\x00\xff", "user_property": [("b", "1"), ("a", "2"), ("b", "1")],
    }  # fmt: skip
    one = client("one", **LASTING)
    if way == "queued":
        one.subscribe(topic(), qos=1)
        one.disconnect()
        client("publisher").publish(topic(), b"x", 1, **properties)
        one = client("one", clean_start=False)
    elif way == "retained":
        client("publisher").publish(topic(), b"x", 1, retain=True, **properties)
        one.subscribe(topic(), qos=1)
    else:
        one.subscribe(topic(), qos=1)
        client("willing", will=Will(topic(), b"x", 1, **properties)).close()
    one.expect_publish(topic(), b"x", 1, retain=way == "retained", **properties)


@statement("MQTT-3.3.2-17")
def test_3_3_2_17_at_most_64_user_properties(client, dropped, topic):
    publisher, subscriber = pair(client, topic)
    pairs = [(f"n{number}", "v") for number in range(64)]
    publisher.publish(topic(), b"x", user_property=pairs)
    subscriber.expect_publish(topic(), b"x", user_property=pairs)
    dropped(Reason.QUOTA_EXCEEDED, Publish(topic(), b"x", user_property=[*pairs, ("n", "v")]))


# Message Expiry Interval


@statement("MQTT-3.3.2-5", "MQTT-3.3.2-6")
def test_3_3_2_5_message_expires_for_who_has_not_got_it(client, topic):
    """One subscriber is away, one has no quota left, one is there."""
    publisher, present, full, away = (
        client("publisher"), client("present"), client("full", receive_maximum=1), client("away", **LASTING)
    )  # fmt: skip
    for one in (present, full, away):
        one.subscribe(topic("#"), qos=1)
    away.disconnect()
    publisher.publish(topic("first"), b"x", 1)
    first = full.expect_publish(topic("first"), b"x", 1, acknowledge=False)
    watch = Stopwatch()
    publisher.publish(topic("short"), b"x", 1, message_expiry_interval=1)
    publisher.publish(topic("long"), b"x", 1, message_expiry_interval=600)
    publisher.publish(topic("never"), b"x", 1)
    present.expect_publish(topic("first"), b"x", 1)
    present.expect_publish(topic("short"), b"x", 1, message_expiry_interval=1)
    while watch.elapsed < 2.1:
        present.ping()
    full.acknowledge(first)
    away = client("away", clean_start=False)
    away.expect_publish(topic("first"), b"x", 1)
    for one in (full, away):
        packet = one.expect_publish(topic("long"), b"x", 1)
        # It waited more than two seconds, and less than what has passed by now.
        assert 600 - watch.elapsed - 1 <= packet.message_expiry_interval <= 598
        one.expect_publish(topic("never"), b"x", 1, message_expiry_interval=None)
        barrier(publisher, one)


@statement("MQTT-3.3.2-6")
def test_3_3_2_6_expiry_of_a_message_that_did_not_wait(client, topic):
    publisher, subscriber = pair(client, topic)
    for interval in (2, 0x7FFFFFFF, 0xFFFFFFFF):
        publisher.publish(topic(), b"x", message_expiry_interval=interval)
        assert subscriber.expect_publish(topic(), b"x").message_expiry_interval in (interval, interval - 1)


# Topic Alias


@statement("MQTT-3.3.2-12")
def test_3_3_2_12_every_alias_up_to_the_maximum_is_accepted(client, topic):
    publisher, subscriber = pair(client, topic)
    maximum = publisher.connack.topic_alias_maximum
    aliases = list(range(1, maximum + 1))
    for alias in aliases:
        publisher.publish(topic(str(alias)), b"set", topic_alias=alias)
        subscriber.expect_publish(topic(str(alias)), b"set", topic_alias=None)
    for alias in reversed(aliases):
        publisher.publish("", b"used", topic_alias=alias)
        subscriber.expect_publish(topic(str(alias)), b"used", topic_alias=None)


@statement("MQTT-3.3.2-12")
def test_3_3_2_12_alias_may_be_set_anew(client, topic):
    publisher, subscriber = pair(client, topic, qos=2)
    for name in ("a", "b", "a"):
        publisher.publish(topic(name), b"set", topic_alias=1)
        subscriber.expect_publish(topic(name), b"set")
        publisher.publish("", b"used", 2, topic_alias=1)
        subscriber.expect_publish(topic(name), b"used", 2)


@statement("MQTT-3.3.2-7")
def test_3_3_2_7_aliases_end_with_the_connection(client, topic):
    first = client("one", **LASTING)
    first.publish(topic(), b"x", topic_alias=1)
    first.publish("", b"x", topic_alias=1)
    first.disconnect()
    second = client("one", clean_start=False)
    assert second.connack.session_present is True
    second.send(Publish("", b"x", topic_alias=1))
    second.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.3.2-7")
def test_3_3_2_7_aliases_of_one_connection_are_not_those_of_another(client, dropped, topic):
    client("one").publish(topic(), b"x", topic_alias=1)
    dropped(Reason.PROTOCOL_ERROR, Publish("", b"x", topic_alias=1))


@statement("MQTT-3.3.2-8", "MQTT-4.13.1-1")
def test_3_3_2_8_alias_0_is_invalid(dropped, topic):
    for qos in range(3):
        dropped(Reason.TOPIC_ALIAS_INVALID, Publish(topic(), b"x", qos, topic_alias=0))


@statement("MQTT-4.7.3-1")
def test_4_7_3_1_empty_topic_without_alias_is_a_protocol_error(dropped):
    for qos in range(3):
        dropped(Reason.PROTOCOL_ERROR, Publish("", b"x", qos))


@statement("MQTT-3.3.2-11", "MQTT-3.3.2-8")
def test_3_3_2_11_aliases_of_the_broker_stay_in_range_over_many_topics(client, topic):
    publisher, subscriber = client("publisher"), client("subscriber", topic_alias_maximum=3)
    subscriber.subscribe(topic("#"))
    names = [topic(f"{number}/with-a-name-that-is-long-enough") for number in range(10)]
    for _ in range(4):
        for name in names:
            publisher.publish(name, name)
    (packets,) = receive_until_barrier(publisher, subscriber)
    aliases = {}
    for packet, name in zip(packets, names * 4, strict=True):
        if packet.topic_alias is not None:
            assert 1 <= packet.topic_alias <= 3
            if packet.topic:
                aliases[packet.topic_alias] = packet.topic
        assert (packet.topic or aliases[packet.topic_alias]) == name == packet.payload.decode()


# What is refused


@statement("MQTT-3.3.2-13")
@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", b"a\0"])
def test_3_3_2_13_response_topic_is_utf_8(dropped, topic, text):
    dropped(Reason.MALFORMED_PACKET, Publish(topic(), b"x", response_topic=text))


@statement("MQTT-3.3.2-14")
@pytest.mark.parametrize("text", ["#", "+", "a/#", "a/+/b", "a+"])
def test_3_3_2_14_wildcard_in_response_topic_is_a_protocol_error(dropped, topic, text):
    dropped(Reason.PROTOCOL_ERROR, Publish(topic(), b"x", response_topic=text))


@statement("MQTT-3.3.2-19")
@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", b"a\0"])
def test_3_3_2_19_content_type_is_utf_8(dropped, topic, text):
    dropped(Reason.MALFORMED_PACKET, Publish(topic(), b"x", content_type=text))


@statement("MQTT-3.3.2-4", "MQTT-4.13.1-1")
@pytest.mark.parametrize("value", [2, 255])
def test_3_3_2_4_payload_format_indicator_is_0_or_1(dropped, topic, value):
    dropped(Reason.PROTOCOL_ERROR, Publish(topic(), b"x", payload_format_indicator=value))


SINGLE = [
    ("payload_format_indicator", 1), ("message_expiry_interval", 1), ("content_type", "a"), ("response_topic", "a"),
    ("correlation_data", b"a"), ("topic_alias", 1),
]  # fmt: skip


@statement("MQTT-4.13.1-1")
@pytest.mark.parametrize("name, value", SINGLE)
def test_4_13_1_1_property_that_may_not_repeat_is_a_protocol_error(dropped, topic, name, value):
    dropped(Reason.PROTOCOL_ERROR, Publish(topic(), b"x", properties=[(name, value)] * 2))


FOREIGN = [
    ("session_expiry_interval", 1), ("assigned_client_identifier", "a"), ("server_keep_alive", 1),
    ("authentication_method", "m"), ("authentication_data", b"x"), ("request_problem_information", 1),
    ("will_delay_interval", 1), ("request_response_information", 1), ("response_information", "a"),
    ("server_reference", "a"), ("reason_string", "a"), ("receive_maximum", 1), ("topic_alias_maximum", 1),
    ("maximum_qos", 1), ("retain_available", 1), ("maximum_packet_size", 100), ("wildcard_subscription_available", 1),
    ("subscription_identifier_available", 1), ("shared_subscription_available", 1), (0x7E, b"\x01"), (0x00, b""),
]  # fmt: skip


@statement("MQTT-4.13.1-1")
@pytest.mark.parametrize("name, value", FOREIGN)
def test_4_13_1_1_property_of_another_packet_is_malformed(dropped, topic, name, value):
    dropped(Reason.MALFORMED_PACKET, Publish(topic(), b"x", raw_properties=encode_properties([(name, value)])))


CUT_OFF = [
    "01 01", "04 02 000000", "02 03 00", "04 03 0005 61", "03 09 0001", "02 23 00", "04 26 0001 61", "01 80",
    "02 ff ff",
]  # fmt: skip


@statement("MQTT-4.13.1-1")
@pytest.mark.parametrize("block", CUT_OFF)
def test_4_13_1_1_property_cut_off_is_malformed(dropped, topic, block):
    dropped(Reason.MALFORMED_PACKET, Publish(topic(), b"xxxx", raw_properties=bytes.fromhex(block)))
