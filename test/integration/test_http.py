# SPDX-License-Identifier: Apache-2.0
"""Publishing, reading and clearing by HTTP, as stations and scripts do it."""

import signal
import socket

import pytest
import wire
from wire.http import LISTENERS, Http, path_of
from wire.restarts import KEPT, back_again


@pytest.fixture(scope="module")
def broker():
    one = wire.Broker(LISTENERS)
    yield one
    one.stop()
    one.remove()


@pytest.fixture
def request_to(broker):
    opened = []

    def connect(to=None):
        opened.append(Http(to or broker))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def test_body_becomes_the_payload_and_every_subscriber_counts(client, broker, request_to, topic):
    name = topic("home/temperature")
    receivers = [client(broker=broker) for _ in range(4)]
    for one in receivers[:3]:
        one.subscribe(name, qos=1)
    receivers[3].subscribe(f"$share/group/{name}", qos=1)
    answer = request_to()("POST", path_of(name), b"21.5\x00\xff")
    assert answer.status == 200 and answer.json()["matched"] == 4
    for one in receivers:
        one.expect_publish(name, b"21.5\x00\xff", qos=1)
    assert request_to()("POST", path_of(topic("nobody")), b"x").json() == {"matched": 0, "stored": False}


@pytest.mark.parametrize("encoded", ["a%2Fb%20c", "a/b%20c"])
def test_topic_is_the_rest_of_the_path(client, broker, request_to, topic, encoded):
    one = client(broker=broker)
    one.subscribe(topic("a/b c"), qos=1)
    assert request_to()("POST", f"/v1/topics/{topic(encoded)}", b"x").status == 200
    one.expect_publish(topic("a/b c"), b"x", qos=1)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_answer_says_what_was_promised(client, broker, request_to, topic, qos):
    away = client(f"away{qos}", broker=broker, **KEPT)
    away.subscribe(topic("kept"), qos=2)
    away.disconnect()
    answer = request_to()("POST", f"{path_of(topic('kept'))}?qos={qos}", b"x").json()
    expected = {"matched": 1, "stored": False} if qos == 0 else {"matched": 1, "stored": True, "durability": "synced"}
    assert answer == expected


def test_acknowledged_messages_survive_a_kill(client, make_broker, request_to, topic):
    broker = make_broker(LISTENERS)
    away = client("away", broker=broker, **KEPT)
    away.subscribe(topic("kept"), qos=1)
    away.disconnect()
    post = request_to(broker)
    for number in range(50):
        assert post("POST", path_of(topic("kept")), b"%d" % number).json()["stored"]
    assert post("POST", path_of(topic("last")) + "?retain=true", b"49").json()["stored"]
    broker.kill()
    broker.start()
    assert request_to(broker)("GET", path_of(topic("last"))).body == b"49"
    returned = back_again(client, "away", broker)
    for number in range(50):
        returned.expect_publish(topic("kept"), b"%d" % number, qos=1)


def test_properties_by_query_and_by_header(client, broker, request_to, topic):
    one = client(broker=broker)
    one.subscribe(topic("p"), qos=1)
    query = "retain=true&message_expiry_interval=600&response_topic=to/me&user_property=a%3D1%3D2"
    answer = request_to()(
        "POST", f"{path_of(topic('p'))}?{query}", b"{}",
        Content_Type="application/json", MQTT_User_Property="b=2", MQTT_Correlation_Data="AP8=",
        MQTT_Payload_Format_Indicator="1",
    )  # fmt: skip
    assert answer.status == 200, answer.body
    found = one.expect_publish(topic("p"), b"{}", qos=1).properties
    expected = {
        "content_type": "application/json", "response_topic": "to/me", "correlation_data": b"\x00\xff",
        "payload_format_indicator": 1, "user_property": [("a", "1=2"), ("b", "2")],
    }  # fmt: skip
    assert {name: found.get(name) for name in expected} == expected
    assert found.get("message_expiry_interval") in (599, 600)
    read = request_to()("GET", path_of(topic("p")))
    assert read.headers["Content-Type"] == "application/json" and read.body == b"{}"
    assert read.headers.get_all("MQTT-User-Property") == ["a=1=2", "b=2"]


def test_retained_message_is_read_and_cleared(client, broker, request_to, topic):
    http_client = request_to()
    assert http_client("GET", path_of(topic("r"))).problem == "no-retained-message"
    client(broker=broker).publish(topic("r"), b"<script>alert(1)</script>", qos=1, retain=True)
    answer = http_client("GET", path_of(topic("r")))
    assert (answer.status, answer.body) == (200, b"<script>alert(1)</script>")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert http_client("HEAD", path_of(topic("r"))).headers["Content-Length"] == "25"
    assert http_client("DELETE", path_of(topic("r"))).status == 204
    assert http_client("GET", path_of(topic("r"))).status == 404


@pytest.mark.parametrize(("path", "status", "problem"), [
    ("a?qos=3", 422, "publish-option"),
    ("a?qos=1&qos=1", 422, "publish-option"),
    ("a?retain=maybe", 422, "publish-option"),
    ("a?ratain=true", 422, "publish-option"),
    ("a?user_property=x", 422, "publish-option"),
    ("a?correlation_data=%21", 422, "publish-option"),
    ("a?response_topic=a/%23", 422, "publish-option"),
    ("a?payload_format_indicator=2", 422, "publish-option"),
    ("a%23", 422, "topic-name-invalid"),
    ("a/%2B/b", 422, "topic-name-invalid"),
    ("", 422, "topic-name-invalid"),
    ("a%00b", 400, "malformed"),
    ("a%FF", 422, "topic-name-invalid"),
    ("$SYS/x", 403, "not-authorized"),
    ("/".join(["x"] * 200), 422, "topic-name-invalid"),
])  # fmt: skip
def test_what_is_wrong_is_named(request_to, path, status, problem):
    answer = request_to()("POST", "/v1/topics/" + path, b"x")
    assert (answer.status, answer.problem) == (status, problem)
    assert answer.json()["detail"]


def test_users_and_rules_hold_as_for_mqtt(make_broker, client, request_to, topic, tmp_path):
    passwords = tmp_path / "passwords"
    wire.write_password_file(passwords, {"alice": "wonderland", "bob": "builder"})
    rules = [{"user": "alice", "publish": ["%u/#"], "subscribe": ["%u/#"]}, {"user": "bob", "subscribe": ["#"]}]
    users = {"anonymous": "never", "password_file": str(passwords)}
    broker = make_broker(LISTENERS | {"auth": users, "access": rules})
    alice, bob = ({"Authorization": f"Basic {token}"} for token in ("YWxpY2U6d29uZGVybGFuZA==", "Ym9iOmJ1aWxkZXI="))
    one = request_to(broker)
    asked = one("POST", "/v1/topics/alice/x", b"1")
    assert (asked.status, asked.problem) == (401, "unauthorized") and "Basic" in asked.headers["WWW-Authenticate"]
    for _ in range(2):  # The second one is remembered.
        assert one("POST", "/v1/topics/alice/x?retain=1", b"1", **alice).status == 200
    assert one("POST", "/v1/topics/alice/x", b"1", **bob).problem == "not-authorized"
    assert one("POST", "/v1/topics/bob/x", b"1", **alice).status == 403
    assert one("GET", "/v1/topics/alice/x", **bob).body == b"1"
    assert one("GET", "/v1/topics/bob/x", **alice).status == 403
    for wrong in ("Basic YWxpY2U6d3Jvbmc=", "Basic !", "Basic YWxpY2U=", "Digest x", "Basic"):
        assert one("POST", "/v1/topics/alice/x", b"1", Authorization=wrong).status == 401
    # Who has just been refused is not taken for who came before.
    assert one("POST", "/v1/topics/alice/x", b"1").status == 401


def test_reload_forgets_who_was_let_in(make_broker, request_to, tmp_path):
    passwords = tmp_path / "passwords"
    wire.write_password_file(passwords, {"alice": "wonderland"})
    broker = make_broker(LISTENERS | {"auth": {"anonymous": "never", "password_file": str(passwords)}})
    one = request_to(broker)
    alice = {"Authorization": "Basic YWxpY2U6d29uZGVybGFuZA=="}
    assert one("POST", "/v1/topics/x", b"1", **alice).status == 200
    wire.write_password_file(passwords, {"alice": "changed"})
    broker.signal(signal.SIGHUP)
    wire.wait_until(lambda: one("POST", "/v1/topics/x", b"1", **alice).status == 401)


def test_pipelined_posts_are_answered_in_order(client, broker, request_to, topic):
    one = client(broker=broker)
    one.subscribe(topic("p/#"), qos=1)
    with socket.create_connection(broker.http_addresses[0], timeout=wire.TIMEOUT) as stream:
        heads = [
            f"POST {path_of(topic(f'p/{number}'))} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{number}"
            for number in range(5)
        ]
        stream.sendall("".join(heads).encode())
        received = b""
        while received.count(b'"matched":1') < 5:
            received += stream.recv(65536)
    for number in range(5):
        one.expect_publish(topic(f"p/{number}"), b"%d" % number, qos=1)
