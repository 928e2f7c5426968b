# SPDX-License-Identifier: Apache-2.0
"""Chapter 1.5: UTF-8 encoded strings, in every field that has one."""

import pytest
from wire import Connect, Publish, Subscribe, Subscription, Unsubscribe, Will, barrier, statement311 as statement

ILL_FORMED = {
    "lone continuation byte": b"a\x80",
    "byte that is never used": b"\xff",
    "cut sequence": b"a\xc3",
    "over-long form": b"\xc0\xaf",
    "over-long U+0000": b"\xc0\x80",
    "surrogate U+D800": b"\xed\xa0\x80",
    "surrogate U+DFFF": b"\xed\xbf\xbf",
    "pair of surrogates": b"\xed\xa0\x81\xed\xb0\x80",
    "above U+10FFFF": b"\xf4\x90\x80\x80",
}
IN_CONNECT = {
    "client_identifier": lambda text: Connect(text),
    "will_topic": lambda text: Connect("a", will=Will(text, b"x")),
    "user_name": lambda text: Connect("a", user_name=text),
}
AFTER_CONNECT = {
    "topic_name": lambda text: Publish(text, b"x"),
    "filter_in_subscribe": lambda text: Subscribe(1, [Subscription(text)]),
    "second_filter_in_subscribe": lambda text: Subscribe(1, [Subscription("a"), Subscription(text)]),
    "filter_in_unsubscribe": lambda text: Unsubscribe(1, [text]),
}


def send_in_connect(client, field, text):
    """CONNECT with this text is not answered: the connection is closed."""
    opened = client.open()
    opened.send(IN_CONNECT[field](text))
    opened.expect_closed()


def send_after_connect(client, field, text):
    connected = client()
    connected.send(AFTER_CONNECT[field](text))
    connected.expect_closed()


@pytest.mark.parametrize("field", IN_CONNECT)
@pytest.mark.parametrize("text", ILL_FORMED.values(), ids=ILL_FORMED.keys())
@statement("MQTT-1.5.3-1")
def test_1_5_3_1_ill_formed_text_in_connect_closes_without_connack(client, field, text):
    send_in_connect(client, field, text)


@pytest.mark.parametrize("field", AFTER_CONNECT)
@pytest.mark.parametrize("text", ILL_FORMED.values(), ids=ILL_FORMED.keys())
@statement("MQTT-1.5.3-1")
def test_1_5_3_1_ill_formed_text_closes(client, field, text):
    send_after_connect(client, field, text)


@statement("MQTT-1.5.3-1")
def test_1_5_3_1_well_formed_text_of_every_length_is_taken(client, topic):
    subscriber = client()
    subscriber.subscribe(topic("#"))
    for character in ("\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"):
        subscriber.publish(topic(f"x{character}y"), b"x")
        subscriber.expect_publish(topic(f"x{character}y"), b"x")


@pytest.mark.parametrize("field", IN_CONNECT)
@pytest.mark.parametrize("text", [b"\0", b"a\0b"])
@statement("MQTT-1.5.3-2")
def test_1_5_3_2_null_character_in_connect_closes_without_connack(client, field, text):
    send_in_connect(client, field, text)


@pytest.mark.parametrize("field", AFTER_CONNECT)
@pytest.mark.parametrize("text", [b"\0", b"a\0b", b"a/\0"])
@statement("MQTT-1.5.3-2")
def test_1_5_3_2_null_character_closes(client, field, text):
    send_after_connect(client, field, text)


@statement("MQTT-1.5.3-3")
def test_1_5_3_3_zero_width_no_break_space_is_kept_as_a_character(client, topic):
    with_mark, without_mark, publisher = client(), client(), client()
    with_mark.subscribe("\ufeff" + topic("a"), topic("\ufeff"), qos=1)
    without_mark.subscribe(topic("a"), topic(""), qos=1)
    publisher.publish("\ufeff" + topic("a"), b"first", qos=1)
    publisher.publish(topic("\ufeff"), b"alone in its level", qos=1)
    with_mark.expect_publish("\ufeff" + topic("a"), b"first", qos=1)
    with_mark.expect_publish(topic("\ufeff"), b"alone in its level", qos=1)
    barrier(publisher, with_mark, without_mark)
    publisher.publish(topic("a"), b"bare", qos=1)
    without_mark.expect_publish(topic("a"), b"bare", qos=1)
    barrier(publisher, with_mark, without_mark)
