# SPDX-License-Identifier: Apache-2.0
"""The inbox of a station: what is sent to a device that only posts comes in the answer to its next request."""

import base64
import json

import pytest
from wire.http import LISTENERS, Http
from wire.timing import wait_until

PATH = "/roof"
STATION = {
    "name": "roof", "path": PATH, "body": "form", "inbox": "commands/{station}/#", "answer_type": "application/json",
    "field": [{"from": "t", "topic": "temperature"}],
}  # fmt: skip


@pytest.fixture(params=[1, 3])
def station_broker(make_broker, request):
    """station_broker(inbox_max=2) is a broker with one station."""

    def make(**more):
        station = {**STATION, **more}
        limits = {"max_queued_messages": 1000}
        return make_broker({
            **LISTENERS, "http": {"station": [station]}, "broker": {"loops": request.param}, "session": limits,
        })  # fmt: skip

    return make


@pytest.fixture
def ask():
    """ask(broker) is what the station is told."""
    opened = []

    def post(broker, path=PATH):
        opened.append(Http(broker))
        answer = opened[-1]("POST", path, "t=21.5", Content_Type="application/x-www-form-urlencoded")
        assert answer.status == 200, answer.body
        return answer

    yield post
    for one in opened:
        one.close()


def payloads(answer):
    return [message["payload"] for message in answer.json()]


def send(client, broker, *names, topic="commands/roof/valve"):
    one = client(broker=broker)
    for name in names:
        one.publish(topic, name.encode(), qos=1)


def wait_for_queue(broker, count):
    """On another event loop they may arrive a little later."""
    http = Http(broker)
    path = "/v1/clients/station:roof"
    wait_until(lambda: http("GET", path).json()["queued_messages"] == count)
    http.close()


def test_commands_from_before_the_first_request_are_in_its_answer(client, station_broker, ask):
    broker = station_broker()
    send(client, broker, "open", "shut")
    wait_for_queue(broker, 2)
    answer = ask(broker)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == [
        {"topic": "commands/roof/valve", "payload": "open"}, {"topic": "commands/roof/valve", "payload": "shut"},
    ]  # fmt: skip
    assert payloads(ask(broker)) == []


def test_the_next_request_acknowledges_them(client, station_broker, ask):
    broker = station_broker()
    send(client, broker, "open")
    wait_for_queue(broker, 1)
    assert payloads(ask(broker)) == ["open"]
    wait_for_queue(broker, 1)  # It is not sure yet that the station has it.
    send(client, broker, "shut")
    wait_for_queue(broker, 2)
    assert payloads(ask(broker)) == ["shut"]
    wait_for_queue(broker, 1)


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_what_was_not_acknowledged_comes_again_after_a_restart(client, station_broker, ask, ending):
    broker = station_broker()
    send(client, broker, "one", "two")
    wait_for_queue(broker, 2)
    assert payloads(ask(broker)) == ["one", "two"]
    getattr(broker, ending)()
    broker.start()
    assert payloads(ask(broker)) == ["one", "two"]
    assert payloads(ask(broker)) == []


def test_one_answer_has_so_many_and_the_next_one_the_rest(client, station_broker, ask):
    broker = station_broker(inbox_max=2)
    names = [str(number) for number in range(5)]
    send(client, broker, *names)
    wait_for_queue(broker, 5)
    assert [payloads(ask(broker)) for _ in range(4)] == [["0", "1"], ["2", "3"], ["4"], []]


def test_a_long_inbox_comes_whole_and_in_order(client, station_broker, ask):
    """Most of it is in the store only."""
    broker = station_broker()
    names = [str(number) for number in range(400)]
    send(client, broker, *names)
    wait_for_queue(broker, 400)
    received = []

    def has_all():
        received.extend(payloads(ask(broker)))
        return len(received) >= len(names)

    wait_until(has_all)
    assert received == names


def test_large_messages_come_one_by_one(client, station_broker, ask):
    broker = station_broker()
    send(client, broker, "a" * 100_000, "b" * 100_000)
    wait_for_queue(broker, 2)
    assert [payloads(ask(broker)) for _ in range(3)] == [["a" * 100_000], ["b" * 100_000], []]


def test_bytes_that_are_no_text(client, station_broker, ask):
    broker = station_broker()
    client(broker=broker).publish("commands/roof/valve", b"\xff\x00", qos=2)
    wait_for_queue(broker, 1)
    assert base64.b64decode(ask(broker).json()[0]["payload_base64"]) == b"\xff\x00"


def test_the_answer_of_the_firmware_has_a_place_for_them(client, station_broker, ask):
    broker = station_broker(answer_body='{"ok": true, "todo": {inbox}}')
    send(client, broker, "open")
    wait_for_queue(broker, 1)
    assert json.loads(ask(broker).body) == {"ok": True, "todo": [{"topic": "commands/roof/valve", "payload": "open"}]}


def test_other_topics_and_expired_messages_do_not_come(client, station_broker, ask):
    broker = station_broker()
    send(client, broker, "no", topic="commands/cellar/valve")
    client(broker=broker).publish("commands/roof/a", b"late", qos=1, message_expiry_interval=1)
    send(client, broker, "yes")
    wait_for_queue(broker, 2)
    http = Http(broker)

    def uptime():
        return http("GET", "/v1/status").json()["uptime_seconds"]

    sent = uptime()
    wait_until(lambda: uptime() >= sent + 3)  # In whole seconds, which were not whole when it was sent.
    http.close()
    assert payloads(ask(broker)) == ["yes"]


def test_a_client_of_another_user_cannot_have_the_session(client, station_broker, ask):
    broker = station_broker()
    send(client, broker, "open")
    wait_for_queue(broker, 1)
    thief = client.open(broker=broker)
    thief.start_connect("station:roof", clean_start=False)
    refusal = thief.receive()
    assert refusal.reason_code == 0x87
    assert payloads(ask(broker)) == ["open"]
