# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.15 and 4.12: AUTH and enhanced authentication, with SCRAM-SHA-256 as the method."""

import pytest
from wire import (
    Auth, Connack, Connect, Disconnect, Pingreq, Publish, Reason, Subscribe, Subscription, Will, barrier,
    encode_properties, frame, statement5 as statement,
)  # fmt: skip
from wire.scram import METHOD, ScramClient

PASSWORDS = {"alice": "wonderland", "bob": "builder"}
CONTINUE, AGAIN = Reason.CONTINUE_AUTHENTICATION, Reason.RE_AUTHENTICATE


@pytest.fixture
def begin(client, password_broker):
    """begin(): a connection that has had the server's first message; returns it, the exchange and that message."""

    def start(name=None, user_name="alice", password=None, **options):
        one = client.open(name, broker=password_broker)
        scram = ScramClient(user_name, password or PASSWORDS[user_name])
        one.start_connect(authentication_method=METHOD, authentication_data=scram.first(), **options)
        challenge = one.expect(Auth, reason_code=CONTINUE, authentication_method=METHOD)
        return one, scram, challenge.authentication_data

    return start


def answer(scram, challenge, reason_code=CONTINUE, method=METHOD):
    return Auth(reason_code, authentication_method=method, authentication_data=scram.final(challenge))


@pytest.fixture
def authenticated(begin):
    """authenticated(): a connection that was accepted by SCRAM-SHA-256."""

    def login(name=None, user_name="alice", **options):
        one, scram, challenge = begin(name, user_name, **options)
        one.send(answer(scram, challenge))
        one.connack = one.expect(Connack, reason_code=0, authentication_method=METHOD)
        assert scram.verify(one.connack.authentication_data)
        return one

    return login


def start_again(one, scram, method=METHOD):
    """Re-authentication up to the server's first message."""
    one.send(Auth(AGAIN, authentication_method=method, authentication_data=scram.first()))
    return one.expect(Auth, reason_code=CONTINUE, authentication_method=METHOD).authentication_data


# The first authentication


@statement("MQTT-4.12.0-2", "MQTT-4.12.0-5", "MQTT-3.15.2-1", "MQTT-3.2.0-1")
def test_4_12_0_2_exchange_ends_in_an_accepting_connack(authenticated, topic):
    one = authenticated()
    one.subscribe(topic(), qos=1)
    one.publish(topic(), b"x", 1)
    one.expect_publish(topic(), b"x", 1)


@statement("MQTT-4.12.0-1", "MQTT-3.2.2-8")
@pytest.mark.parametrize("method", ["", "PLAIN", "scram-sha-256", "SCRAM-SHA-256 ", "é"])
def test_4_12_0_1_unsupported_method_is_refused(client, password_broker, method):
    for broker in (password_broker, None):
        one = client.open(broker=broker)
        one.start_connect(authentication_method=method, authentication_data=b"x")
        assert one.expect_refused(Reason.BAD_AUTHENTICATION_METHOD).authentication_data is None


@statement("MQTT-4.12.0-3", "MQTT-3.15.2-1")
@pytest.mark.parametrize("code", [0x00, 0x19, 0x01, 0x80, 0xFF])
def test_4_12_0_3_other_code_in_the_exchange_is_a_protocol_error(begin, code):
    one, scram, challenge = begin()
    one.send(answer(scram, challenge, reason_code=code))
    one.expect_refused(Reason.PROTOCOL_ERROR)


@statement("MQTT-4.12.0-4")
def test_4_12_0_4_wrong_proof_is_refused(begin, topic):
    one, scram, challenge = begin(password="wrong")
    one.send(answer(scram, challenge), Subscribe(1, [Subscription(topic())]))
    one.expect_refused(Reason.NOT_AUTHORIZED, Reason.BAD_USER_NAME_OR_PASSWORD)


FIRST_MESSAGES = [b"n", b"n,,", b"n,,n=alice", b"y,,n=alice,r=", b"\xff\xff", b"p=tls,,n=alice,r=abc"]


@statement("MQTT-4.12.0-4")
@pytest.mark.parametrize("content", FIRST_MESSAGES)
def test_4_12_0_4_ill_formed_first_message_is_refused(client, password_broker, content):
    one = client.open(broker=password_broker)
    one.start_connect(authentication_method=METHOD, authentication_data=content)
    one.expect_refused(Reason.NOT_AUTHORIZED, Reason.BAD_USER_NAME_OR_PASSWORD)


@statement("MQTT-4.12.0-4")
@pytest.mark.parametrize("content", [b"", b"c=biws", b"c=biws,r=other,p=AAAA", b"\xff" * 100])
def test_4_12_0_4_ill_formed_final_message_is_refused(begin, content):
    one, _, _ = begin()
    one.send(Auth(CONTINUE, authentication_method=METHOD, authentication_data=content))
    one.expect_refused(Reason.NOT_AUTHORIZED, Reason.BAD_USER_NAME_OR_PASSWORD)


@statement("MQTT-4.12.0-4")
def test_4_12_0_4_unknown_user_is_refused(client, password_broker):
    """Whether at once or after the proof, which does not tell an attacker who exists."""
    one = client.open(broker=password_broker)
    scram = ScramClient("nobody", "x")
    one.start_connect(authentication_method=METHOD, authentication_data=scram.first())
    packet = one.receive()
    if isinstance(packet, Auth):
        one.send(answer(scram, packet.authentication_data))
        packet = one.receive()
    assert isinstance(packet, Connack)
    assert packet.reason_code in (Reason.NOT_AUTHORIZED, Reason.BAD_USER_NAME_OR_PASSWORD)
    one.expect_closed()


@statement("MQTT-4.12.0-5")
@pytest.mark.parametrize("method", ["PLAIN", "", None])
def test_4_12_0_5_another_method_in_the_exchange_is_refused(begin, method):
    one, scram, challenge = begin()
    one.send(answer(scram, challenge, method=method))
    one.expect_refused(Reason.PROTOCOL_ERROR, Reason.BAD_AUTHENTICATION_METHOD)


@statement("MQTT-3.1.2-30")
@pytest.mark.parametrize(
    "packet",
    [Pingreq(), Subscribe(1, [Subscription("a")]), Publish("a", b"x"), Publish("a", b"x", 1), Connect("a")],
    ids=lambda packet: f"{packet.name}-{getattr(packet, 'qos', '')}",
)
def test_3_1_2_30_other_packets_before_connack_are_a_protocol_error(begin, packet):
    one, _, _ = begin()
    one.send(packet)
    one.expect_refused(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.1.2-30", "MQTT-3.1.4-6")
def test_3_1_2_30_such_packets_have_no_effect(client, begin, authenticated, topic):
    watcher = authenticated("watcher", "bob")
    watcher.subscribe(topic("#"))
    one, scram, challenge = begin("one")
    one.send(Publish(topic("kept"), b"x", retain=True), answer(scram, challenge))
    one.expect_refused(Reason.PROTOCOL_ERROR)
    barrier(authenticated("one"), watcher)


@statement("MQTT-3.1.2-30")
def test_3_1_2_30_client_may_give_up_by_disconnect(begin):
    one, _, _ = begin()
    one.send(Disconnect())
    one.expect_closed()


@statement("MQTT-4.12.0-6", "MQTT-4.12.0-5")
def test_4_12_0_6_without_a_method_the_broker_speaks_of_none(client, password_broker):
    """expect() fails on an AUTH; the password of alice is the same one that SCRAM proves."""
    one = client(broker=password_broker, user_name="alice", password=b"wonderland")
    assert one.connack.authentication_method is None and one.connack.authentication_data is None
    one.expect_nothing()


@statement("MQTT-4.12.0-7", "MQTT-4.13.1-1")
@pytest.mark.parametrize("code", [0x00, 0x18, 0x19])
def test_4_12_0_7_auth_without_a_method_in_connect_is_a_protocol_error(dropped, code):
    dropped(Reason.PROTOCOL_ERROR, Auth(code, authentication_method=METHOD, authentication_data=b"x"))
    dropped(Reason.PROTOCOL_ERROR, Auth(code))


@statement("MQTT-4.12.0-7")
def test_4_12_0_7_auth_of_the_short_form_is_a_protocol_error_too(dropped):
    dropped(Reason.PROTOCOL_ERROR, frame(0xF0))


@statement("MQTT-3.15.1-1")
@pytest.mark.parametrize("flags", range(1, 16))
def test_3_15_1_1_other_flags_are_malformed(begin, authenticated, flags):
    one, scram, challenge = begin()
    one.send(answer(scram, challenge), first_byte=0xF0 | flags)
    one.expect_refused(Reason.MALFORMED_PACKET)
    one = authenticated()
    one.send(Auth(AGAIN, authentication_method=METHOD), first_byte=0xF0 | flags)
    one.expect_disconnect(Reason.MALFORMED_PACKET)


@statement("MQTT-3.15.2-1", "MQTT-4.12.1-1")
@pytest.mark.parametrize("code", [0x00, 0x18, 0x01, 0x80, 0xFF])
def test_3_15_2_1_other_code_after_connack_is_a_protocol_error(authenticated, code):
    one = authenticated()
    one.send(Auth(code, authentication_method=METHOD, authentication_data=b"x"))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.15.2-1")
def test_3_15_2_1_bad_forms_of_auth(authenticated):
    cases = [
        (Reason.MALFORMED_PACKET, Auth(AGAIN, raw_properties=b"\x05")),
        (Reason.MALFORMED_PACKET, frame(0xF0, bytes([AGAIN]))),
        (Reason.MALFORMED_PACKET, Auth(AGAIN, raw_properties=encode_properties({"topic_alias": 1}))),
        (Reason.PROTOCOL_ERROR, Auth(AGAIN, properties=[("authentication_method", METHOD)] * 2)),
    ]
    for code, packet in cases:
        one = authenticated()
        one.send(packet)
        one.expect_disconnect(code)


@statement("MQTT-3.15.2-2", "MQTT-3.15.2-3")
def test_3_15_2_2_auth_keeps_to_maximum_packet_size(begin, authenticated):
    """The challenge has to fit, with nothing beside it that does not; the client fails on a packet above."""
    one, _, challenge = begin()
    bare = Auth(CONTINUE, authentication_method=METHOD, authentication_data=challenge)
    smallest = len(bare.encode(5)) + 8  # The length of a challenge may differ a little.
    authenticated(maximum_packet_size=max(smallest, 128))
    _, _, again = begin(maximum_packet_size=smallest)
    assert again
    del one


@statement("MQTT-3.15.2-2", "MQTT-3.15.2-3", "MQTT-3.1.2-29")
def test_3_15_2_2_no_reason_string_where_problem_information_is_not_wanted(client, password_broker):
    one = client.open(broker=password_broker)
    scram = ScramClient("alice", "wonderland")
    one.start_connect(
        authentication_method=METHOD, authentication_data=scram.first(), request_problem_information=0
    )
    challenge = one.expect(Auth, reason_code=CONTINUE, reason_string=None, user_property=[])
    one.send(answer(scram, challenge.authentication_data))
    one.expect(Connack, reason_code=0)
    challenge = start_again(one, scram)
    one.send(answer(scram, challenge))
    one.expect(Auth, reason_code=0, reason_string=None, user_property=[])


# Re-authentication


@statement("MQTT-4.12.1-1", "MQTT-3.15.2-1", "MQTT-4.12.0-5")
def test_4_12_1_1_re_authentication(authenticated, topic):
    """Other packets flow while it goes on."""
    one = authenticated()
    one.subscribe(topic(), qos=1)
    for _ in range(2):
        scram = ScramClient("alice", "wonderland")
        challenge = start_again(one, scram)
        one.publish(topic(), b"x", 1)
        one.expect_publish(topic(), b"x", 1)
        one.ping()
        one.send(answer(scram, challenge))
        done = one.expect(Auth, reason_code=0, authentication_method=METHOD)
        assert scram.verify(done.authentication_data)
    one.expect_nothing()


@statement("MQTT-4.12.1-1")
@pytest.mark.parametrize("method", ["PLAIN", "", None])
def test_4_12_1_1_another_method_than_that_of_the_connection(authenticated, method):
    one = authenticated()
    one.send(Auth(AGAIN, authentication_method=method, authentication_data=b"x"))
    one.expect_disconnect(Reason.PROTOCOL_ERROR, Reason.BAD_AUTHENTICATION_METHOD)


@statement("MQTT-4.12.1-2", "MQTT-4.13.2-1")
def test_4_12_1_2_failed_re_authentication_ends_the_connection(authenticated, topic):
    watcher = authenticated("watcher", "bob")
    watcher.subscribe(topic())
    one = authenticated(will=Will(topic(), b"gone"))
    scram = ScramClient("alice", "wrong")
    one.send(answer(scram, start_again(one, scram)))
    one.expect_disconnect(Reason.NOT_AUTHORIZED, Reason.BAD_USER_NAME_OR_PASSWORD)
    watcher.expect_publish(topic(), b"gone")


@statement("MQTT-4.12.1-2")
def test_4_12_1_2_re_authentication_does_not_change_who_it_is(authenticated):
    """The password of bob is right, but this is the connection of alice."""
    one = authenticated()
    scram = ScramClient("bob", "builder")
    one.send(Auth(AGAIN, authentication_method=METHOD, authentication_data=scram.first()))
    packet = one.receive()
    if isinstance(packet, Auth):
        one.send(answer(scram, packet.authentication_data))
        packet = one.receive()
    assert isinstance(packet, Disconnect) and packet.reason_code >= 0x80
    one.expect_closed()
