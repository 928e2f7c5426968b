# SPDX-License-Identifier: Apache-2.0
"""Chapter 3.2: CONNACK."""

import pytest
from wire import Connack, Connect, Pingreq, Pingresp, Publish, Subscribe, Subscription, Will, statement311 as statement


@statement("MQTT-3.2.0-1")
def test_3_2_0_1_connack_comes_before_everything_else(client, topic):
    away = client("s", clean_start=False)
    away.subscribe(topic(), qos=1)
    away.disconnect()
    client().publish(topic(), b"waiting", qos=1)
    back = client.open("s")
    back.send(Connect(back.client_identifier, clean_start=False), Pingreq(), Subscribe(1, [Subscription(topic(), 1)]))
    back.expect(Connack, session_present=True, reason_code=0)
    back.await_packet(Publish, topic=topic(), payload=b"waiting")
    back.await_packet(Pingresp)


@statement("MQTT-3.2.2-1")
def test_3_2_2_1_clean_session_gets_session_present_0(client):
    client("s", clean_start=False).disconnect()
    opened = client.open("s")
    opened.start_connect(clean_start=True)
    opened.expect(Connack, session_present=False, reason_code=0)


@statement("MQTT-3.2.2-2")
def test_3_2_2_2_stored_session_gets_session_present_1(client):
    client("s", clean_start=False).disconnect()
    opened = client.open("s")
    opened.start_connect(clean_start=False)
    opened.expect(Connack, session_present=True, reason_code=0)
    opened.close()
    again = client.open("s")
    again.start_connect(clean_start=False)
    again.expect(Connack, session_present=True, reason_code=0)


@statement("MQTT-3.2.2-3")
def test_3_2_2_3_no_stored_session_gets_session_present_0(client):
    opened = client.open("fresh")
    opened.start_connect(clean_start=False)
    opened.expect(Connack, session_present=False, reason_code=0)
    opened.disconnect()
    client("fresh", clean_start=True).disconnect()
    again = client.open("fresh")
    again.start_connect(clean_start=False)
    again.expect(Connack, session_present=False, reason_code=0)


REFUSED = {
    "level": (1, lambda name: Connect(name, clean_start=False, protocol_version=2)),
    "identifier": (2, lambda name: Connect("", clean_start=False)),
    "will": (5, lambda name: Connect(name, clean_start=False, will=Will("$SYS/will", b"x"))),
}


@pytest.mark.parametrize("reason", REFUSED)
@statement("MQTT-3.2.2-4")
def test_3_2_2_4_refusal_has_session_present_0(client, reason):
    code, connect = REFUSED[reason]
    stored = client("s", clean_start=False)
    opened = client.open("s")
    opened.send(connect(opened.client_identifier))
    opened.expect(Connack, session_present=False, reason_code=code)
    stored.ping()


@pytest.mark.parametrize("reason", REFUSED)
@statement("MQTT-3.2.2-5")
def test_3_2_2_5_refusal_is_followed_by_the_end_of_the_connection(client, reason):
    code, connect = REFUSED[reason]
    opened = client.open()
    opened.send(connect(opened.client_identifier))
    opened.expect_refused(code)


@statement("MQTT-3.2.2-5")
def test_3_2_2_5_bad_password_and_unknown_identity_are_refused(client, password_broker):
    for code, credentials in (
        (4, {"user_name": "alice", "password": b"wrong"}),
        (4, {"user_name": "nobody", "password": b"wonderland"}),
        (4, {"user_name": "alice"}),
        (5, {}),
    ):
        opened = client.open(broker=password_broker)
        opened.start_connect(**credentials)
        opened.expect_refused(code)


@pytest.mark.parametrize("connect", [
    Connect("a", protocol_name="NATS"), Connect("a", connect_flags=1), Connect(b"\xff"), Connect("a", password=b"p"),
], ids=["name", "flags", "text", "password"])  # fmt: skip
@statement("MQTT-3.2.2-6")
def test_3_2_2_6_where_no_code_fits_the_connection_ends_without_connack(client, connect):
    opened = client.open()
    opened.send(connect)
    opened.expect_closed()
