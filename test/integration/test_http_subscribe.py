# SPDX-License-Identifier: Apache-2.0
"""GET /v1/subscribe: Server-Sent Events, NDJSON and long polls, and going on where they ended."""

import base64
import json
import socket
import urllib.parse

import pytest
import wire
from wire.http import LISTENERS, Http, path_of

KEPT = LISTENERS | {"history": [{"filter": "kept/#", "keep": "1d"}]}


@pytest.fixture(scope="module")
def broker():
    one = wire.Broker(KEPT)
    yield one
    one.stop()
    one.remove()


def query(*filters, **options):
    return "/v1/subscribe?" + urllib.parse.urlencode([*(("filter", one) for one in filters), *options.items()])


class Events:
    """A stream of events as EventSource reads it."""

    def __init__(self, broker, path, **headers):
        self._socket = socket.create_connection(broker.http_addresses[0], timeout=wire.TIMEOUT)
        fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode())
        self._lines = self._socket.makefile("rb")
        self.status = int(self._lines.readline().split()[1])
        self.headers = {}
        while (line := self._lines.readline()) != b"\r\n":
            name, value = line.decode().split(":", 1)
            self.headers[name] = value.strip()
        self.last_id = None

    def next(self):
        fields = {}
        while line := self._lines.readline():
            if line == b"\n" and "data" in fields:
                break
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        return json.loads(fields["data"])

    def line(self):
        return json.loads(self._lines.readline())

    def raw_line(self, patience):
        self._socket.settimeout(patience)
        return self._lines.readline()

    def rest(self):
        return self._lines.read()

    def close(self):
        self._lines.close()
        self._socket.close()


@pytest.fixture
def events(broker):
    opened = []

    def open_one(path, to=None, **headers):
        opened.append(Events(to or broker, path, **headers))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def publisher(client, broker):
    return client(broker=broker)


def test_messages_as_they_come(events, publisher, topic):
    stream = events(query(topic("a/+"), topic("b")))
    assert stream.status == 200 and stream.headers["Content-Type"] == "text/event-stream"
    publisher.publish(topic("a/1"), b"one", qos=1, user_property=[("n", "v")], content_type="text/plain")
    publisher.publish(topic("c"), b"not asked for", qos=1)
    publisher.publish(topic("b"), b"\x00\xff", qos=1)
    properties = {"content_type": "text/plain", "user_properties": [["n", "v"]]}
    assert stream.next() == {"topic": topic("a/1"), "payload": "one", "retain": False, "properties": properties}
    second = stream.next()
    assert base64.b64decode(second["payload_base64"]) == b"\x00\xff" and "payload" not in second


def test_retained_messages_come_first(events, publisher, topic):
    publisher.publish(topic("r"), b"kept", qos=1, retain=True)
    stream = events(query(topic("r")))
    first = stream.next()
    assert first["payload"] == "kept" and first["retain"]


def test_goes_on_behind_the_last_event(events, publisher, topic):
    name = "kept/" + topic("a")
    stream = events(query(name))
    for number in range(3):
        publisher.publish(name, b"%d" % number, qos=1)
    assert [stream.next()["payload"] for _ in range(2)] == ["0", "1"]
    stream.close()
    for number in range(3, 50):
        publisher.publish(name, b"%d" % number, qos=1)
    stream = events(query(name), Last_Event_ID=stream.last_id)
    assert [stream.next()["payload"] for _ in range(48)] == [f"{number}" for number in range(2, 50)]
    publisher.publish(name, b"live", qos=1)
    assert stream.next()["payload"] == "live"
    stream = events(query(name, last_event_id=stream.last_id, format="json", timeout="1s"))
    assert json.loads(stream.rest()) == []


def test_goes_on_across_a_kill(events, make_broker, client):
    broker = make_broker(KEPT)
    stream = events(query("kept/#"), to=broker)
    one = client(broker=broker)
    one.publish("kept/a", b"seen", qos=1)
    assert stream.next()["payload"] == "seen"
    one.publish("kept/a", b"missed", qos=1)
    broker.kill()
    broker.start()
    again = events(query("kept/#"), to=broker, Last_Event_ID=stream.last_id)
    assert again.next()["payload"] == "missed"


def test_publisher_cannot_move_the_cursor(events, publisher, topic):
    name = "kept/" + topic("a")
    forged = [("history-id", "65:9999999999999-1")]
    stream = events(query(name, topic("b")))
    publisher.publish(name, b"0", qos=1, user_property=forged)
    publisher.publish(topic("b"), b"1", qos=1, user_property=forged)
    assert [stream.next()["payload"] for _ in range(2)] == ["0", "1"]
    publisher.publish(name, b"2", qos=1)
    again = events(query(name), Last_Event_ID=stream.last_id)
    assert again.next()["payload"] == "2"


def test_since_and_count(events, publisher, topic):
    name = "kept/" + topic("a")
    for number in range(5):
        publisher.publish(name, b"%d" % number, qos=1)
    stream = events(query(name, since="10m", count=3, format="ndjson"))
    assert stream.headers["Content-Type"] == "application/x-ndjson"
    lines = [stream.line() for _ in range(3)]
    assert [line["payload"] for line in lines] == ["0", "1", "2"] and stream.rest() == b""
    again = events(query(name, last_event_id=lines[-1]["id"], count=2))
    assert [again.next()["payload"] for _ in range(2)] == ["3", "4"]


def test_long_poll_waits_for_the_first_message(broker, events, publisher, topic):
    stream = Http(broker)
    assert stream("GET", query(topic("p"), format="json", timeout="1s")).json() == []
    publisher.publish(topic("p"), b"kept", qos=1, retain=True)
    answer = Http(broker)("GET", query(topic("p"), format="json"))
    assert answer.headers["Content-Type"] == "application/json"
    assert [message["payload"] for message in answer.json()] == ["kept"]


@pytest.mark.parametrize("path", [
    "/v1/subscribe", "/v1/subscribe?filter=a%23", "/v1/subscribe?filter=", "/v1/subscribe?filter=%24share/g/a",
    "/v1/subscribe?filter=a&format=xml", "/v1/subscribe?filter=a&timeout=0s", "/v1/subscribe?filter=a&count=0",
    "/v1/subscribe?filter=a&since=yesterday", "/v1/subscribe?filter=a&last_event_id=c1,x", "/v1/subscribe?filter=a&x=1",
    "/v1/subscribe?" + "&".join(["filter=a"] * 101),
])  # fmt: skip
def test_what_is_wrong_is_named(broker, path):
    answer = Http(broker)("GET", path)
    assert (answer.status, answer.problem) == (422, "parameter")


def test_rules_hold(make_broker, client, events, tmp_path):
    passwords = tmp_path / "passwords"
    wire.write_password_file(passwords, {"alice": "wonderland", "bob": "builder"})
    rules = [{"user": "alice", "subscribe": ["%u/#"], "deny": ["alice/secret"]}, {"user": "bob", "publish": ["#"]}]
    users = {"anonymous": "never", "password_file": str(passwords)}
    broker = make_broker(LISTENERS | {"auth": users, "access": rules})
    alice = {"Authorization": "Basic YWxpY2U6d29uZGVybGFuZA=="}
    assert Http(broker)("GET", query("alice/#")).status == 401
    assert Http(broker)("GET", query("bob/#"), **alice).problem == "not-authorized"
    stream = events(query("alice/#"), to=broker, **alice)
    one = client(broker=broker, user_name="bob", password=b"builder")
    one.publish("alice/secret", b"not for her", qos=1)
    one.publish("alice/a", b"hers", qos=1)
    assert stream.next()["payload"] == "hers"


def test_who_goes_is_forgotten(broker, events, topic):
    stream = events(query(topic("gone")))
    post = Http(broker)
    assert post("POST", path_of(topic("gone")), b"x").json()["matched"] == 1
    stream.close()
    wire.wait_until(lambda: post("POST", path_of(topic("gone")), b"x").json()["matched"] == 0)


def test_silent_stream_shows_life(events, publisher, topic):
    name = topic("x")
    silent, lines = events(query(name)), events(query(name, format="ndjson"))
    assert silent.raw_line(wire.TIMEOUT) == b"retry: 2000\n" and silent.raw_line(wire.TIMEOUT) == b"\n"
    assert silent.raw_line(25) == b":\n" and silent.raw_line(wire.TIMEOUT) == b"\n"
    publisher.publish(name, b"1")
    assert silent.next()["payload"] == "1"
    assert lines.line()["payload"] == "1"  # Which has nothing that a reader of NDJSON would have to skip.
