# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 1.5: strings, integers and string pairs."""

import pytest
from wire import (
    V5, Auth, Connect, Puback, Publish, Reason, Subscribe, Subscription, Unsubscribe, Will, barrier, frame,
    statement5 as statement,
)  # fmt: skip

ILL_FORMED = {
    "overlong": b"\xc0\x80",
    "overlong_of_three": b"\xe0\x80\xaf",
    "surrogate": b"a\xed\xa0\x80",
    "surrogate_pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "above_10ffff": b"\xf4\x90\x80\x80",
    "never_a_byte": b"\xff",
    "lone_continuation": b"a\x80b",
    "cut_off": b"\xe2\x82",
}

CONNECT_FIELDS = {
    "client_identifier": lambda text: Connect(text),
    "will_topic": lambda text: Connect("a", will=Will(text, b"x")),
    "user_name": lambda text: Connect("a", user_name=text),
    "user_property": lambda text: Connect("a", user_property=[("a", text)]),
    "authentication_method": lambda text: Connect("a", authentication_method=text),
    "will_content_type": lambda text: Connect("a", will=Will("w", b"x", content_type=text)),
    "will_response_topic": lambda text: Connect("a", will=Will("w", b"x", response_topic=text)),
}
LATER_FIELDS = {
    "topic_name": lambda text: Publish(text, b"x"),
    "topic_name_qos_1": lambda text: Publish(text, b"x", 1),
    "content_type": lambda text: Publish("a", b"x", content_type=text),
    "response_topic": lambda text: Publish("a", b"x", response_topic=text),
    "filter": lambda text: Subscribe(None, [Subscription("fine"), Subscription(text)]),
    "shared_filter": lambda text: Subscribe(None, [Subscription(b"$share/g/" + text)]),
    "unsubscribe_filter": lambda text: Unsubscribe(None, ["fine", text]),
    "puback_reason_string": lambda text: Puback(9, 0, reason_string=text),
    "auth_reason_string": lambda text: Auth(0x19, authentication_method="m", reason_string=text),
}


@statement("MQTT-1.5.4-1", "MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12")
@pytest.mark.parametrize("field", CONNECT_FIELDS)
def test_1_5_4_1_ill_formed_string_in_connect_is_malformed(refused, field):
    for text in ILL_FORMED.values():
        refused(Reason.MALFORMED_PACKET, [CONNECT_FIELDS[field](text)])


@statement("MQTT-1.5.4-1", "MQTT-3.3.2-1", "MQTT-3.8.3-1", "MQTT-3.10.3-1", "MQTT-3.3.2-13", "MQTT-3.3.2-19")
@pytest.mark.parametrize("field", LATER_FIELDS)
def test_1_5_4_1_ill_formed_string_after_connect_is_malformed(dropped, field):
    for text in ILL_FORMED.values():
        dropped(Reason.MALFORMED_PACKET, LATER_FIELDS[field](text))


@statement("MQTT-1.5.4-2", "MQTT-4.7.3-2")
@pytest.mark.parametrize("field", CONNECT_FIELDS)
def test_1_5_4_2_null_character_in_connect_is_malformed(refused, field):
    for text in (b"\0", b"a\0b", b"ab\0"):
        refused(Reason.MALFORMED_PACKET, [CONNECT_FIELDS[field](text)])


@statement("MQTT-1.5.4-2", "MQTT-4.7.3-2")
@pytest.mark.parametrize("field", LATER_FIELDS)
def test_1_5_4_2_null_character_after_connect_is_malformed(dropped, field):
    for text in (b"\0", b"a\0b", b"ab\0"):
        dropped(Reason.MALFORMED_PACKET, LATER_FIELDS[field](text))


@statement("MQTT-1.5.4-3")
def test_1_5_4_3_byte_order_mark_is_a_character(client, topic):
    publisher, subscriber, other = client("publisher"), client("subscriber"), client("other")
    name = topic("\ufeffa/\ufeff")
    subscriber.subscribe(name)
    other.subscribe(topic("a/"), topic("a/\ufeff"), topic("\ufeffa/"))
    publisher.publish(
        name, "\ufeffpayload", content_type="\ufeff", response_topic="\ufeffr", user_property=[("\ufeffn", "v\ufeff")]
    )
    subscriber.expect_publish(
        name,
        b"\xef\xbb\xbfpayload",
        content_type="\ufeff",
        response_topic="\ufeffr",
        user_property=[("\ufeffn", "v\ufeff")],
    )
    barrier(publisher, subscriber, other)


@statement("MQTT-1.5.4-3")
def test_1_5_4_3_byte_order_mark_tells_client_identifiers_apart(client):
    name = client.identifier("same")
    plain, marked = client.open("plain"), client.open("marked")
    plain.connect(name)
    marked.connect("\ufeff" + name)
    plain.expect_nothing()  # It was not taken over.


@statement("MQTT-1.5.4-1")
def test_1_5_4_1_every_kind_of_well_formed_character_passes(client, topic):
    one = client()
    for text in ("\u0001\u001f", "\u007f\u009f", "\ud7ff\ue000", "\ufffe\uffff", "\U00010000\U0010ffff", "é日本🚌"):
        one.subscribe(topic(text))
        one.publish(topic(text), text.encode(), content_type=text, user_property=[(text, text)])
        one.expect_publish(topic(text), text.encode(), content_type=text, user_property=[(text, text)])


@statement("MQTT-1.5.5-1")
@pytest.mark.parametrize("packet", ["c0 80 00", "30 84 00 0001 61 00", "30 84 80 80 00 0001 61 00"])
def test_1_5_5_1_over_long_remaining_length_is_malformed(dropped, packet):
    dropped(Reason.MALFORMED_PACKET, bytes.fromhex(packet))


@statement("MQTT-1.5.5-1")
@pytest.mark.parametrize("packet", ["30 ff ff ff ff 7f", "30 80 80 80 80 01", "30 80 80 80 80 00", "c0 ff ff ff ff"])
def test_1_5_5_1_remaining_length_of_five_bytes_is_malformed(dropped, packet):
    dropped(Reason.MALFORMED_PACKET, bytes.fromhex(packet))


@statement("MQTT-1.5.5-1")
@pytest.mark.parametrize("length", [b"\x80\x00", b"\x80\x80\x80\x00", b"\x80\x80\x80\x80\x00", b"\x80\x80\x80\x80\x01"])
def test_1_5_5_1_property_length_not_in_its_shortest_form_is_malformed(refused, dropped, length):
    refused(Reason.MALFORMED_PACKET, [Connect("a", raw_properties=length)])
    refused(Reason.MALFORMED_PACKET, [Connect("a", will=Will("w", b"x", raw_properties=length))])
    dropped(Reason.MALFORMED_PACKET, Publish("a", b"x", raw_properties=length))
    dropped(Reason.MALFORMED_PACKET, Subscribe(None, [Subscription("a")], raw_properties=length))


@statement("MQTT-1.5.5-1")
@pytest.mark.parametrize("value", [b"\x81\x00", b"\x81\x80\x80\x80\x00", b"\xff\xff\xff\xff\x7f"])
def test_1_5_5_1_subscription_identifier_not_in_its_shortest_form_is_malformed(dropped, value):
    block = bytes([len(value) + 1]) + b"\x0b" + value
    dropped(Reason.MALFORMED_PACKET, Subscribe(None, [Subscription("a")], raw_properties=block))


@statement("MQTT-1.5.5-1")
def test_1_5_5_1_broker_writes_every_length_in_its_shortest_form(client, topic):
    """The decoder refuses an over-long one; these payloads lie on both sides of each border."""
    publisher, subscriber = client("publisher"), client("subscriber")
    name = topic()
    subscriber.subscribe(name)
    around = len(Publish(name).body(V5))
    for remaining_length in (127, 128, 16383, 16384):
        payload = b"x" * (remaining_length - around)
        publisher.publish(name, payload)
        subscriber.expect_publish(name, payload)


@statement("MQTT-1.5.5-1")
@pytest.mark.parametrize("identifier", [1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455])
def test_1_5_5_1_subscription_identifiers_of_every_length(client, topic, identifier):
    one = client()
    one.subscribe(topic(), subscription_identifier=identifier)
    one.publish(topic())
    one.expect_publish(topic(), subscription_identifier=[identifier])


@statement("MQTT-1.5.7-1")
@pytest.mark.parametrize("pair", [(b"\xff", "v"), ("n", b"\xff"), (b"a\0", "v"), ("n", b"\0"), (b"\xed\xa0\x80", "")])
def test_1_5_7_1_both_strings_of_a_pair_are_checked(refused, dropped, pair):
    properties = [("user_property", ("fine", "fine")), ("user_property", pair)]
    refused(Reason.MALFORMED_PACKET, properties=properties)
    refused(Reason.MALFORMED_PACKET, will=Will("w", b"x", properties=properties))
    dropped(Reason.MALFORMED_PACKET, Publish("a", b"x", properties=properties))
    dropped(Reason.MALFORMED_PACKET, Subscribe(None, [Subscription("a")], properties=properties))
    dropped(Reason.MALFORMED_PACKET, Unsubscribe(None, ["a"], properties=properties))


@statement("MQTT-1.5.7-1")
def test_1_5_7_1_a_pair_cut_after_its_name_is_malformed(dropped):
    dropped(Reason.MALFORMED_PACKET, frame(0x30, bytes.fromhex("0001 61 04 26 0001 6e")))
