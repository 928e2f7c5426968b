# SPDX-License-Identifier: Apache-2.0
"""Chapter 3.1: CONNECT, its flags and its payload."""

import pytest
from wire import (
    V5, Connack, Connect, Disconnect, Pingreq, Puback, Pubcomp, Publish, Pubrec, Pubrel, Stopwatch, Suback, Subscribe,
    Subscription, Unsuback, Unsubscribe, Will, barrier, statement311 as statement,
)  # fmt: skip
from wire.fields import string

CLEAN_SESSION, WILL, WILL_QOS_1, WILL_QOS_2, WILL_RETAIN = 0x02, 0x04, 0x08, 0x10, 0x20
PASSWORD, USER_NAME = 0x40, 0x80


def expect_not_answered(client, packet, **overrides):
    """A CONNECT that breaks the format: the connection is closed without CONNACK."""
    opened = client.open()
    opened.send(packet, **overrides)
    opened.expect_closed()


# 3.1 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet", [
    Publish("a", b"x"), Publish("a", b"x", qos=1, packet_identifier=1), Puback(1), Pubrec(1), Pubrel(1), Pubcomp(1),
    Subscribe(1, [Subscription("a")]), Unsubscribe(1, ["a"]), Pingreq(), Disconnect(), Connack(), Suback(1, [0]),
    Unsuback(1), b"\xd0\x00", b"\xf0\x00", b"\x00\x00",
], ids=lambda packet: packet.hex() if isinstance(packet, bytes) else repr(packet).split(" filters")[0])  # fmt: skip
@statement("MQTT-3.1.0-1")
def test_3_1_0_1_first_packet_other_than_connect_closes(client, packet):
    opened = client.open()
    opened.send(packet, Connect("late"))
    opened.expect_closed()


@statement("MQTT-3.1.0-2")
def test_3_1_0_2_second_connect_closes_and_publishes_the_will(client, topic):
    watcher, twice = client(), client("twice", will=Will(topic("will"), b"gone"))
    watcher.subscribe(topic("will"))
    twice.start_connect()
    twice.expect_closed()
    watcher.expect_publish(topic("will"), b"gone")


# 3.1.2.1, 3.1.2.2 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["MQTX", "mqtt", "MQT", "MQTTT", "MQIsdpX", "MQ\0T", "M", "HTTP"])
@statement("MQTT-3.1.2-1")
def test_3_1_2_1_unknown_protocol_name_closes_without_connack(client, name):
    expect_not_answered(client, Connect("a", protocol_name=name))


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@statement("MQTT-3.1.2-2")
def test_3_1_2_2_lower_level_is_refused_with_code_1(client, level):
    opened = client.open()
    opened.send(Connect("a", protocol_version=level))
    opened.expect_refused(1)


@pytest.mark.parametrize("level", [6, 0x84, 255])
@statement("MQTT-3.1.2-2")
def test_3_1_2_2_higher_level_is_refused_with_the_form_of_mqtt_5(client, level):
    # Chosen: who speaks more than 5 understands the CONNACK of 5 (Unsupported Protocol Version) best.
    opened = client.open(version=V5)
    opened.send(Connect("a", protocol_version=level))
    opened.expect_refused(0x84)


# 3.1.2.3 to 3.1.2.6: flags --------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [0x01, 0x03])
@statement("MQTT-3.1.2-3")
def test_3_1_2_3_reserved_connect_flag_closes_without_connack(client, flags):
    expect_not_answered(client, Connect("a", connect_flags=flags))


@statement("MQTT-3.1.2-4")
def test_3_1_2_4_session_is_kept_and_resumed(client, topic):
    first = client("s", clean_start=False)
    assert not first.connack.session_present
    first.subscribe(topic("kept"), qos=1)
    first.disconnect()
    resumed = client("s", clean_start=False)
    assert resumed.connack.session_present
    resumed.publish(topic("kept"), b"x", qos=1)
    resumed.expect_publish(topic("kept"), b"x", qos=1)


@statement("MQTT-3.1.2-4")
def test_3_1_2_4_session_is_kept_after_a_cut_connection_too(client, topic):
    first = client("s", clean_start=False)
    first.subscribe(topic("kept"), qos=2)
    first.close()
    resumed = client("s", clean_start=False)
    assert resumed.connack.session_present
    resumed.publish(topic("kept"), b"x", qos=2)
    resumed.expect_publish(topic("kept"), b"x", qos=2)


@statement("MQTT-3.1.2-5")
def test_3_1_2_5_messages_are_stored_for_a_client_that_is_away(client, topic):
    away = client("s", clean_start=False)
    away.subscribe(topic("#"), qos=2)
    away.disconnect()
    publisher = client()
    publisher.publish(topic("1"), b"one", qos=1)
    publisher.publish(topic("2"), b"two", qos=2)
    publisher.publish(topic("1"), b"three", qos=1)
    back = client("s", clean_start=False)
    back.expect_publish(topic("1"), b"one", qos=1, dup=False)
    back.expect_publish(topic("2"), b"two", qos=2, dup=False)
    back.expect_publish(topic("1"), b"three", qos=1, dup=False)
    barrier(publisher, back)


@statement("MQTT-3.1.2-6")
def test_3_1_2_6_clean_session_drops_the_stored_one(client, topic):
    old = client("s", clean_start=False)
    old.subscribe(topic(), qos=1)
    old.disconnect()
    publisher = client()
    publisher.publish(topic(), b"for the old session", qos=1)
    clean = client("s", clean_start=True)
    assert not clean.connack.session_present
    publisher.publish(topic(), b"nobody subscribed", qos=1)
    barrier(publisher, clean)
    clean.disconnect()
    again = client("s", clean_start=False)
    assert not again.connack.session_present
    barrier(publisher, again)


@statement("MQTT-3.1.2-6")
def test_3_1_2_6_clean_session_ends_with_its_connection(client, topic):
    clean = client("s", clean_start=True)
    clean.subscribe(topic(), qos=1)
    clean.disconnect()
    publisher = client()
    publisher.publish(topic(), b"x", qos=1)
    later = client("s", clean_start=False)
    assert not later.connack.session_present
    barrier(publisher, later)


@statement("MQTT-3.1.2-7")
def test_3_1_2_7_retained_message_outlives_the_session(client, topic):
    publisher = client("p", clean_start=True)
    publisher.publish(topic(), b"kept", qos=1, retain=True)
    publisher.disconnect()
    client("p", clean_start=True).disconnect()
    subscriber = client()
    subscriber.subscribe(topic(), qos=1)
    subscriber.expect_publish(topic(), b"kept", qos=1, retain=True)


def cut(client, dying):
    dying.close()


def break_the_protocol(client, dying):
    dying.send(Publish("a", b"x"), first_byte=0x36)
    dying.expect_closed()


def be_taken_over(client, dying):
    client("dying")
    dying.expect_closed()


@pytest.mark.parametrize("end", [cut, break_the_protocol, be_taken_over])
@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.1.2-8")
def test_3_1_2_8_will_is_published_when_the_connection_ends_badly(client, topic, end, qos):
    watcher = client()
    watcher.subscribe(topic(), qos=2)
    dying = client("dying", will=Will(topic(), b"gone", qos))
    barrier(dying, watcher)
    end(client, dying)
    watcher.expect_publish(topic(), b"gone", qos=qos, retain=False)


@statement("MQTT-3.1.2-8")
def test_3_1_2_8_will_is_published_when_keep_alive_passes(client, topic):
    watcher = client()
    watcher.subscribe(topic())
    dying = client(will=Will(topic(), b"gone"), keep_alive=1)
    dying.expect_closed()
    watcher.expect_publish(topic(), b"gone")


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.1.2-9")
def test_3_1_2_9_missing_will_fields_close_without_connack(client, qos):
    flags = CLEAN_SESSION | WILL | qos << 3
    expect_not_answered(client, Connect("a", connect_flags=flags))
    expect_not_answered(client, Connect("a", will=Will("w", b"", qos)), cut=2)
    expect_not_answered(client, Connect("a", will=Will("w", b"xy", qos)), cut=1)


@statement("MQTT-3.1.2-9")
def test_3_1_2_9_will_qos_and_retain_bits_count(client, topic):
    watcher = client()
    watcher.subscribe(topic(), qos=2)
    client(will=Will(topic(), b"gone", 2, True)).close()
    watcher.expect_publish(topic(), b"gone", qos=2)
    later = client()
    later.subscribe(topic(), qos=2)
    later.expect_publish(topic(), b"gone", qos=2, retain=True)


@statement("MQTT-3.1.2-10")
def test_3_1_2_10_will_is_published_once(client, topic):
    watcher = client()
    watcher.subscribe(topic(), qos=1)
    dying = client("s", clean_start=False, will=Will(topic(), b"gone", 1))
    dying.close()
    watcher.expect_publish(topic(), b"gone", qos=1)
    resumed = client("s", clean_start=False)
    assert resumed.connack.session_present
    resumed.close()
    client("s", clean_start=False).disconnect()
    barrier(client(), watcher)


@pytest.mark.parametrize("clean", [True, False])
@statement("MQTT-3.1.2-10")
def test_3_1_2_10_will_is_removed_by_disconnect(client, topic, clean):
    watcher = client()
    watcher.subscribe(topic(), qos=1)
    client("s", clean_start=clean, will=Will(topic(), b"gone", 1)).disconnect()
    client("s", clean_start=clean).close()
    client("s", clean_start=clean).disconnect()
    barrier(client(), watcher)


@pytest.mark.parametrize("bits", [WILL_QOS_1, WILL_QOS_2, WILL_RETAIN, WILL_QOS_1 | WILL_RETAIN])
@statement("MQTT-3.1.2-11")
def test_3_1_2_11_will_bits_without_will_flag_close(client, bits):
    expect_not_answered(client, Connect("a", connect_flags=CLEAN_SESSION | bits))


@statement("MQTT-3.1.2-11")
def test_3_1_2_11_will_fields_without_will_flag_close(client):
    expect_not_answered(client, Connect("a", will=Will("w", b"x"), connect_flags=CLEAN_SESSION))


@pytest.mark.parametrize("end", [cut, break_the_protocol, be_taken_over])
@statement("MQTT-3.1.2-12")
def test_3_1_2_12_nothing_is_published_without_will_flag(client, topic, end):
    watcher = client()
    watcher.subscribe(topic("#"))
    dying = client("dying")
    dying.publish(topic("sent by itself"), b"x", qos=1)
    watcher.expect_publish(topic("sent by itself"), b"x")
    end(client, dying)
    client("dying").disconnect()
    barrier(client(), watcher)


@pytest.mark.parametrize("qos_bits", [WILL_QOS_1, WILL_QOS_2, WILL_QOS_1 | WILL_QOS_2])
@statement("MQTT-3.1.2-13")
def test_3_1_2_13_will_qos_without_will_flag_closes(client, qos_bits):
    expect_not_answered(client, Connect("a", connect_flags=CLEAN_SESSION | qos_bits))


@statement("MQTT-3.1.2-14")
def test_3_1_2_14_will_qos_3_closes(client):
    expect_not_answered(client, Connect("a", will=Will("w", b"x", qos=3)))


@statement("MQTT-3.1.2-15")
def test_3_1_2_15_will_retain_without_will_flag_closes(client):
    expect_not_answered(client, Connect("a", connect_flags=CLEAN_SESSION | WILL_RETAIN))


@statement("MQTT-3.1.2-16")
def test_3_1_2_16_will_without_retain_is_not_retained(client, topic):
    watcher = client()
    watcher.subscribe(topic(), qos=1)
    client(will=Will(topic(), b"gone", 1)).close()
    watcher.expect_publish(topic(), b"gone", qos=1, retain=False)
    later = client()
    later.subscribe(topic(), qos=1)
    barrier(watcher, later)


@statement("MQTT-3.1.2-17")
def test_3_1_2_17_will_with_retain_is_retained(client, topic):
    watcher = client()
    watcher.subscribe(topic(), qos=1)
    client(will=Will(topic(), b"gone", 1, True)).close()
    watcher.expect_publish(topic(), b"gone", qos=1, retain=False)
    later = client()
    later.subscribe(topic(), qos=1)
    later.expect_publish(topic(), b"gone", qos=1, retain=True)


# 3.1.2.8, 3.1.2.9: user name and password -----------------------------------------------------------------------


@statement("MQTT-3.1.2-18")
def test_3_1_2_18_user_name_without_its_flag_closes(client):
    expect_not_answered(client, Connect("a", user_name="u", connect_flags=CLEAN_SESSION))


@statement("MQTT-3.1.2-19")
def test_3_1_2_19_user_name_flag_without_user_name_closes(client):
    expect_not_answered(client, Connect("a", connect_flags=CLEAN_SESSION | USER_NAME))


@statement("MQTT-3.1.2-20")
def test_3_1_2_20_password_without_its_flag_closes(client):
    expect_not_answered(client, Connect("a", user_name="u", password=b"p", connect_flags=CLEAN_SESSION | USER_NAME))


@statement("MQTT-3.1.2-21")
def test_3_1_2_21_password_flag_without_password_closes(client):
    expect_not_answered(client, Connect("a", user_name="u", connect_flags=CLEAN_SESSION | USER_NAME | PASSWORD))


@statement("MQTT-3.1.2-19", "MQTT-3.1.2-21")
def test_3_1_2_19_user_name_and_password_are_read(client, password_broker):
    client(broker=password_broker, user_name="alice", password=b"wonderland").ping()
    for password in (b"builder", b"", b"wonderland\0", b"wonderlan"):
        refused = client.open(broker=password_broker)
        refused.start_connect(user_name="alice", password=password)
        refused.expect_refused(4)


@statement("MQTT-3.1.2-22")
def test_3_1_2_22_password_without_user_name_closes(client):
    expect_not_answered(client, Connect("a", password=b"p"))


# 3.1.2.10: Keep Alive -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep_alive", [1, 2])
@statement("MQTT-3.1.2-24")
def test_3_1_2_24_silence_of_one_and_a_half_keep_alive_closes(client, keep_alive):
    stopwatch = Stopwatch()
    silent = client(keep_alive=keep_alive)
    silent.expect_closed()
    stopwatch.check(1.5 * keep_alive)


@statement("MQTT-3.1.2-24")
def test_3_1_2_24_any_packet_keeps_the_connection_alive_and_0_needs_none(client, topic):
    lively, unlimited = client(keep_alive=1), client(keep_alive=0)
    packets = [Pingreq(), Publish(topic(), b"x"), Subscribe(None, [Subscription(topic())]), Unsubscribe(None, ["a"])]
    for _ in range(2):  # The second silent client proves that more than one period has passed.
        silent = client(keep_alive=1)
        for number in range(20):
            lively.send(packets[number % len(packets)])
            if is_closed(silent, timeout=0.3):
                break
        else:
            pytest.fail("the silent client was not closed")
    lively.ping()
    unlimited.ping()


def is_closed(client, timeout):
    try:
        client.expect_closed(timeout)
        return True
    except TimeoutError:
        return False


# 3.1.3: payload -------------------------------------------------------------------------------------------------


@statement("MQTT-3.1.3-1")
def test_3_1_3_1_payload_fields_are_read_in_their_order(client, password_broker, topic):
    watcher = client(broker=password_broker, user_name="bob", password=b"builder")
    watcher.subscribe(topic("will"))
    full = client(broker=password_broker, will=Will(topic("will"), b"gone"), user_name="alice", password=b"wonderland")
    barrier(full, watcher)
    full.close()
    watcher.expect_publish(topic("will"), b"gone")


@statement("MQTT-3.1.3-1")
def test_3_1_3_1_payload_fields_in_another_order_are_other_fields(client, password_broker, topic):
    swapped = client.open(broker=password_broker)
    swapped.start_connect(will=Will("alice", b"wonderland"), user_name=topic("will"), password=b"gone")
    swapped.expect_refused(4)


@statement("MQTT-3.1.3-2")
def test_3_1_3_2_client_identifier_alone_names_the_session(client, topic):
    first = client("s", clean_start=False, keep_alive=10, will=Will(topic("w"), b"x"))
    first.subscribe(topic("mine"), qos=1)
    first.disconnect()
    for other in ("S", "s ", " s", "ss", "s/"):
        assert not client(other, clean_start=False).connack.session_present
    resumed = client("s", clean_start=False, keep_alive=20)
    assert resumed.connack.session_present
    resumed.publish(topic("mine"), b"x", qos=1)
    resumed.expect_publish(topic("mine"), b"x", qos=1)


@statement("MQTT-3.1.3-3")
def test_3_1_3_3_missing_client_identifier_closes_without_connack(client):
    expect_not_answered(client, Connect(""), cut=2)
    expect_not_answered(client, Connect(""), cut=1)


@pytest.mark.parametrize("identifier", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"a\0"])
@statement("MQTT-3.1.3-4")
def test_3_1_3_4_ill_formed_client_identifier_closes_without_connack(client, identifier):
    expect_not_answered(client, Connect(identifier))


@statement("MQTT-3.1.3-5")
def test_3_1_3_5_identifiers_of_1_to_23_letters_and_digits_are_taken(client):
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for length in range(1, 24):
        opened = client.open()
        opened.connect(letters[length * 2 : length * 2 + length].ljust(length, "Z"))
        opened.disconnect()
    for letter in letters:
        opened = client.open()
        opened.connect(letter)
        opened.disconnect()


@statement("MQTT-3.1.3-6")
def test_3_1_3_6_clients_without_identifier_get_one_each(client, topic):
    nameless = [client.open() for _ in range(3)]
    for one in nameless:
        one.connect("", clean_start=True)
    for one in nameless:
        one.subscribe(topic(), qos=1)
    client().publish(topic(), b"x", qos=1)
    for one in nameless:
        one.expect_publish(topic(), b"x", qos=1)


@statement("MQTT-3.1.3-7")
def test_3_1_3_7_empty_identifier_goes_with_clean_session_only(client):
    clean, unclean = client.open(), client.open()
    clean.connect("", clean_start=True)
    unclean.start_connect("", clean_start=False)
    unclean.expect_refused(2)
    clean.ping()


@statement("MQTT-3.1.3-8")
def test_3_1_3_8_empty_identifier_without_clean_session_is_refused_with_code_2(client):
    opened = client.open()
    opened.send(Connect("", clean_start=False, will=Will("w", b"x")))
    opened.expect_refused(2)


@statement("MQTT-3.1.3-9")
def test_3_1_3_9_any_identifier_is_accepted_or_refused_with_code_2(client):
    # The only identifier this broker does not take is the empty one of a session that would have to be kept.
    for name in ("a" * 24, "a" * 2000, "with space", "a/b", "+", "#", "$SYS", "ünï", "\u200b", "\x01", "\U0001f600"):
        assert client(name).connack.reason_code == 0
    opened = client.open()
    opened.start_connect("", clean_start=False)
    opened.expect_refused(2)


@pytest.mark.parametrize("will_topic", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"a\0"])
@statement("MQTT-3.1.3-10")
def test_3_1_3_10_ill_formed_will_topic_closes_without_connack(client, will_topic):
    expect_not_answered(client, Connect("a", will=Will(will_topic, b"x")))


@pytest.mark.parametrize("user_name", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"a\0"])
@statement("MQTT-3.1.3-11")
def test_3_1_3_11_ill_formed_user_name_closes_without_connack(client, user_name):
    expect_not_answered(client, Connect("a", user_name=user_name))
    expect_not_answered(client, Connect("a", user_name=user_name, password=b"p"))


# 3.1.4: response ------------------------------------------------------------------------------------------------


@statement("MQTT-3.1.4-1")
def test_3_1_4_1_connect_cut_anywhere_is_not_answered(client, version):
    packet = Connect("client", will=Will("will", b"message", 1), user_name="user", password=b"pass")
    for dropped in range(1, len(packet.body(version)) + 1):
        expect_not_answered(client, packet, cut=dropped)


@pytest.mark.parametrize("surplus", [b"\0", string("more")])
@statement("MQTT-3.1.4-1")
def test_3_1_4_1_connect_with_bytes_too_many_is_not_answered(client, version, surplus):
    body = Connect("client").body(version) + surplus
    opened = client.open()
    opened.send(bytes([0x10, len(body)]) + body)
    opened.expect_closed()


@statement("MQTT-3.1.4-2")
def test_3_1_4_2_second_connection_of_a_client_ends_the_first(client, topic):
    watcher, old = client(), client("same", will=Will(topic("will"), b"gone"))
    watcher.subscribe(topic("will"))
    barrier(old, watcher)
    new = client("same")
    old.expect_closed()
    watcher.expect_publish(topic("will"), b"gone")
    new.subscribe(topic("x"), qos=1)
    new.publish(topic("x"), b"x", qos=1)
    new.expect_publish(topic("x"), b"x", qos=1)


@statement("MQTT-3.1.4-3")
def test_3_1_4_3_clean_session_rules_hold_on_take_over_too(client, topic):
    first = client("s", clean_start=False)
    first.subscribe(topic(), qos=1)
    second = client("s", clean_start=False)
    first.expect_closed()
    assert second.connack.session_present
    second.publish(topic(), b"x", qos=1)
    second.expect_publish(topic(), b"x", qos=1)
    third = client("s", clean_start=True)
    second.expect_closed()
    assert not third.connack.session_present
    third.publish(topic(), b"x", qos=1)
    third.expect_nothing()


@statement("MQTT-3.1.4-4")
def test_3_1_4_4_valid_connect_is_acknowledged_with_code_0(client):
    opened = client.open()
    opened.start_connect()
    opened.expect(Connack, session_present=False, reason_code=0)


@statement("MQTT-3.1.4-5")
def test_3_1_4_5_what_follows_a_refused_connect_is_not_done(client, topic):
    watcher, refused = client(), client.open()
    watcher.subscribe(topic("#"))
    refused.send(
        Connect("", clean_start=False, will=Will(topic("will"), b"x")),
        Publish(topic("early"), b"x"),
        Publish(topic("early"), b"x", retain=True),
        Subscribe(1, [Subscription(topic("#"))]),
        Connect("late"),
    )
    refused.expect_refused(2)
    barrier(client(), watcher)
    later = client()
    later.subscribe(topic("#"))
    barrier(watcher, later)
