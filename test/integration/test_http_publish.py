# SPDX-License-Identifier: Apache-2.0
"""POST /v1/publish: one message, several, and a stream of them."""

import contextlib
import json
import socket

import pytest
import wire
from wire.http import LISTENERS, Http

PATH = "/v1/publish"
LINES = {"Content_Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def broker():
    one = wire.Broker(LISTENERS)
    yield one
    one.stop()
    one.remove()


@pytest.fixture
def http(broker):
    one = Http(broker)
    yield one
    one.close()


@pytest.fixture
def receiver(client, broker, topic):
    one = client(broker=broker)
    one.subscribe(topic("#"), qos=2)
    return one


@pytest.mark.parametrize(("message", "payload"), [
    ({"payload": "näh\u0000"}, "näh\0".encode()),
    ({"payload_base64": "AP8="}, b"\x00\xff"),
    ({"payload_json": {"b": [1, 12345678901234567890, "\"x\\"], "a": None}},
     b'{"b":[1,12345678901234567890,"\\"x\\\\"],"a":null}'),
    ({"payload_json": "text"}, b'"text"'),
    ({}, b""),
])  # fmt: skip
def test_payload_in_three_forms(http, receiver, topic, message, payload):
    answer = http("POST", PATH, json.dumps({"topic": topic("a")} | message))
    assert answer.status == 200 and answer.json() == {"matched": 1, "stored": False}
    receiver.expect_publish(topic("a"), payload, qos=1)


def test_options_and_properties(http, receiver, topic):
    message = {
        "topic": topic("a"), "payload": "x", "qos": 2, "retain": True,
        "properties": {
            "message_expiry_interval": 60, "content_type": "text/plain", "response_topic": "r", "correlation_data": "AQ==",
            "payload_format_indicator": 1, "user_properties": [["a", "1"], ["a", "2"]],
        },
    }  # fmt: skip
    assert http("POST", PATH, json.dumps(message)).status == 200
    found = receiver.expect_publish(topic("a"), b"x", qos=2).properties
    assert found.get("user_property") == [("a", "1"), ("a", "2")] and found.get("correlation_data") == b"\x01"
    assert found.get("content_type") == "text/plain" and found.get("response_topic") == "r"
    assert http("GET", "/v1/topics/" + topic("a")).headers["MQTT-QoS"] == "2"


def test_an_array_has_a_limit(http):
    answer = http("POST", PATH, "[" + ",".join(['{"topic":"a"}'] * 10_001) + "]")
    assert answer.status == 413 and answer.problem == "too-many-messages"


@pytest.mark.parametrize("body", [
    b"{}", b'{"topic": 1}', b'{"topic": "a", "payload": 1}', b'{"topic": "a", "paylaod": "x"}', b'"a"',
    b'{"topic": "a", "payload": "x", "payload_base64": ""}', b'{"topic": "a", "payload_base64": "?"}',
    b'{"topic": "a", "qos": 3}', b'{"topic": "a", "qos": -1}', b'{"topic": "a", "retain": "yes"}',
    b'{"topic": "a", "properties": []}', b'{"topic": "a", "properties": {"qos": 1}}',
    b'{"topic": "a", "properties": {"user_properties": {"a": 1}}}', b'{"topic": "a", "qos": {}}',
])  # fmt: skip
def test_what_is_wrong_with_a_message_is_named(http, body):
    answer = http("POST", PATH, body)
    assert (answer.status, answer.problem) == (422, "message") and answer.json()["detail"]


def test_what_is_not_json_or_not_allowed(http):
    assert http("POST", PATH, b"{").problem == "malformed"
    assert http("POST", PATH, b"").problem == "malformed"
    assert http("POST", PATH, b'{"topic": "a/#"}').problem == "topic-name-invalid"
    assert http("POST", PATH, b'{"topic": "$SYS/a"}').status == 403


def test_array_has_a_result_for_each_in_order(http, receiver, topic):
    messages = [{"topic": topic(f"{number}"), "payload": f"{number}"} for number in range(50)]
    messages[7] = {"topic": "a/+"}
    messages[9] = 5
    results = http("POST", PATH, json.dumps(messages)).json()
    assert len(results) == 50
    assert results[7]["error"]["type"].endswith("topic-name-invalid") and results[9]["error"]["status"] == 422
    for number in range(50):
        if number not in (7, 9):
            assert results[number]["matched"] == 1
            receiver.expect_publish(topic(f"{number}"), b"%d" % number, qos=1)
    assert http("POST", PATH, b"[]").json() == []


def test_lines_have_a_line_each(http, receiver, topic):
    lines = [json.dumps({"topic": topic("l"), "payload": f"{number}"}) for number in range(5)]
    lines[2] = "not json"
    answer = http("POST", PATH, "\r\n".join([*lines, ""]), **LINES)
    results = [json.loads(line) for line in answer.body.splitlines()]
    assert answer.headers["Content-Type"] == "application/x-ndjson" and len(results) == 5
    assert "error" in results[2] and all(results[number]["matched"] == 1 for number in (0, 1, 3, 4))
    for number in (0, 1, 3, 4):
        receiver.expect_publish(topic("l"), b"%d" % number, qos=1)
    assert http("POST", PATH, json.dumps({"topic": topic("l")})).status == 200  # The connection goes on.


def test_lines_are_published_as_they_come_without_end(broker, receiver, topic):
    """More than a body may hold, and results before the end of it."""
    with socket.create_connection(broker.http_addresses[0], timeout=wire.TIMEOUT) as stream:
        stream.sendall(
            b"POST /v1/publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson; charset=utf-8\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        answers = stream.makefile("rb")
        assert answers.readline().startswith(b"HTTP/1.1 200")
        while answers.readline() != b"\r\n":
            pass
        payload = "p" * 60_000
        for number in range(40):
            line = json.dumps({"topic": topic("l"), "payload": f"{number}{payload}", "qos": 0}).encode() + b"\n"
            stream.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            receiver.expect_publish(topic("l"), f"{number}{payload}".encode())
            size = int(answers.readline(), 16)
            assert json.loads(answers.read(size)) == {"matched": 1, "stored": False}
            answers.readline()
        stream.sendall(b"0\r\n\r\n")
        assert answers.readline() == b"0\r\n"


def test_thousands_of_lines_at_once(http, client, broker, topic):
    count = 20_000
    lines = "\n".join(json.dumps({"topic": topic("many"), "payload": f"{number}"}) for number in range(count))
    answer = http("POST", PATH, lines, **LINES)
    assert answer.body.count(b"\n") == count and b"error" not in answer.body


def test_line_without_end_is_refused(broker):
    with wire.MemoryGrowth(broker, below=30_000_000):
        with socket.create_connection(broker.http_addresses[0], timeout=wire.TIMEOUT) as stream:
            head = b"POST /v1/publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            stream.sendall(head + b"Content-Length: 50000000\r\n\r\n")
            with contextlib.suppress(OSError):
                stream.sendall(b"x" * 50_000_000)
            received = b""
            with contextlib.suppress(OSError):
                while more := stream.recv(65536):
                    received += more
    assert b"longer than 1 MiB" in received


def test_lines_need_a_login(make_broker):
    broker = make_broker(LISTENERS | {"auth": {"anonymous": "never"}})
    one = Http(broker)
    answer = one("POST", PATH, b'{"topic": "a"}\n', **LINES)
    assert answer.status == 401
    one.close()
