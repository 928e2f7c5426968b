# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: what is sent again after a lost answer is published once, also across a kill of the broker."""

import base64
import json
import random
import threading
import time
from http.client import HTTPException

import pytest
import wire
from wire.http import LISTENERS, Http, path_of
from wire.timing import wait_until

LOOPS = 3
SEED = random.SystemRandom().randrange(2**32)


@pytest.fixture(scope="module")
def broker():
    """Several loops: a key is known to all of them, whichever takes the connection."""
    one = wire.Broker({"broker": {"loops": LOOPS}, **LISTENERS})
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


@pytest.fixture
def post(http, topic):
    """post(key, body) publishes to one topic."""

    def send(key, body, query="", name="a", **headers):
        return http("POST", path_of(topic(name)) + query, body, Idempotency_Key=key, **headers)

    return send


def finished(receiver, publisher_post):
    """What has come before a last message that is published now."""
    assert publisher_post(f"last {random.random()}".replace(" ", "-"), b"last", name="z").status == 200
    payloads = []
    while (packet := receiver.receive()).payload != b"last":
        payloads.append(packet.payload)
        receiver.acknowledge(packet)
    receiver.acknowledge(packet)
    return payloads


def test_the_second_request_is_answered_and_not_published(post, receiver, topic):
    first = post(topic("key"), b"21.5")
    again = post(topic("key"), b"21.5")
    assert first.status == again.status == 200
    assert first.json() == {"matched": 1, "stored": True, "durability": "synced"}
    assert again.json() == {**first.json(), "replayed": True}
    assert finished(receiver, post) == [b"21.5"]


def test_every_loop_knows_the_key(broker, topic, receiver, post):
    answers = []
    for _ in range(4 * LOOPS):
        http = Http(broker)
        answers.append(http("POST", path_of(topic("a")), b"x", Idempotency_Key=topic("key")).json())
        http.close()
    assert [answer.get("replayed", False) for answer in answers] == [False] + [True] * (4 * LOOPS - 1)
    assert finished(receiver, post) == [b"x"]


def test_requests_at_the_same_time_publish_once(broker, topic, receiver, post):
    answers = []

    def ask():
        http = Http(broker)
        answers.append(http("POST", path_of(topic("a")), b"x", Idempotency_Key=topic("key")))
        http.close()

    askers = [threading.Thread(target=ask) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert [answer.status for answer in answers] == [200] * 20
    assert sum(not answer.json().get("replayed", False) for answer in answers) == 1
    assert finished(receiver, post) == [b"x"]


@pytest.mark.parametrize(("body", "query", "name"), [
    (b"y", "", "a"), (b"x", "?qos=0", "a"), (b"x", "?retain=true", "a"), (b"x", "", "b"),
    (b"x", "?content_type=a", "a"), (b"x", "?message_expiry_interval=9", "a"),
])  # fmt: skip
def test_another_message_under_the_same_key_is_refused(post, receiver, topic, body, query, name):
    assert post(topic("key"), b"x").status == 200
    answer = post(topic("key"), body, query, name)
    assert answer.status == 422 and answer.problem == "idempotency-key-reused"
    assert finished(receiver, post) == [b"x"]


def test_what_was_refused_may_be_tried_again(post, topic):
    assert post(topic("key"), b"x", "?qos=2", name="+").status == 422
    assert post(topic("key"), b"x", name="a").status == 200


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, '""', '"a'])
def test_a_key_that_is_none(post, key):
    answer = post(key.encode("utf-8").decode("latin-1"), b"x")
    assert answer.status == 400 and answer.problem == "idempotency-key"


def test_quotes_are_not_part_of_the_key(post, topic):
    assert "replayed" not in post(f'"{topic("key")}"', b"x").json()
    assert post(topic("key"), b"x").json()["replayed"] is True


def test_qos_0_is_published_once_too(post, receiver, topic):
    for _ in range(2):
        assert post(topic("key"), b"x", "?qos=0").json()["stored"] is True
    assert finished(receiver, post) == [b"x"]


def test_several_messages_under_one_key(http, receiver, post, topic):
    messages = [{"topic": topic("a"), "payload": str(number)} for number in range(5)]
    key = {"Idempotency_Key": topic("key")}
    first = http("POST", "/v1/publish", json.dumps(messages[:3]), **key).json()
    assert all("replayed" not in one for one in first)
    again = http("POST", "/v1/publish", json.dumps(messages), **key).json()
    assert ["replayed" in one for one in again] == [True] * 3 + [False] * 2
    lines = "\n".join(json.dumps(message) for message in messages)
    told = http("POST", "/v1/publish", lines, Content_Type="application/x-ndjson", **key).body.splitlines()
    assert all(json.loads(line)["replayed"] for line in told) and len(told) == 5
    assert finished(receiver, post) == [b"0", b"1", b"2", b"3", b"4"]


def test_users_do_not_share_keys(make_broker, tmp_path, topic):
    passwords = tmp_path / "passwords"
    users = {"alice": "wonderland", "bob": "builder"}
    wire.write_password_file(passwords, users)
    broker = make_broker(LISTENERS | {"auth": {"anonymous": "never", "password_file": str(passwords)}})
    for is_second in (False, True):
        http = Http(broker)
        answers = []
        for user, password in users.items():
            basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
            answers.append(http("POST", path_of(topic("a")), user, Idempotency_Key="k", Authorization=basic))
        assert [answer.status for answer in answers] == [200, 200]
        replayed = [answer.json().get("replayed", False) for answer in answers]
        assert replayed == [is_second] * 2


def test_a_restart_keeps_the_keys(make_broker, topic):
    broker = make_broker(LISTENERS)
    for ending in (broker.stop, broker.kill, broker.kill):
        answer = Http(broker)("POST", path_of(topic("a")), b"x", Idempotency_Key="key").json()
        assert answer.get("replayed", False) == (ending != broker.stop) and answer["stored"]
        ending()
        broker.start()


class Station(threading.Thread):
    """Sends messages one by one, each again and again until it is answered."""

    def __init__(self, broker, name, topic, over):
        super().__init__(daemon=True)
        self.broker, self.key, self.path, self.over = broker, name, path_of(topic) + "?qos=2", over
        self.answered = 0
        self.faults = []

    def run(self):
        while not self.over.is_set():
            while (answer := self.try_once()) is None:
                time.sleep(0.005)  # The broker is away.
            if answer.status != 200:
                self.faults.append(f"{answer.status} {answer.body}")
                return
            self.answered += 1

    def try_once(self):
        try:
            http = Http(self.broker)
            answer = http("POST", self.path, self.message(self.answered), Idempotency_Key=f"{self.key}-{self.answered}")
            http.close()
        except (OSError, HTTPException):
            return None
        return answer

    def message(self, number):
        return f"{self.key} {number}"


@pytest.mark.parametrize("loops", [1, LOOPS])
def test_a_retry_across_a_kill_publishes_once(make_broker, client, topic, loops):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    broker = make_broker({"broker": {"loops": loops}, "session": {"max_queued_messages": 0}, **LISTENERS})
    sessions = [f"server{number}" for number in range(3)]
    for name in sessions:
        one = client(broker=broker, client_identifier=name, session_expiry_interval=3600)
        one.subscribe(topic("#"), qos=2)
        one.disconnect()
    over = threading.Event()
    stations = [Station(broker, f"station{number}", topic(f"{number}"), over) for number in range(6)]
    for station in stations:
        station.start()
    for _ in range(15):
        before = sum(station.answered for station in stations)
        wait_until(lambda goal=before + 20: sum(station.answered for station in stations) >= goal)
        time.sleep(chance.uniform(0, 0.02))
        broker.kill()
        broker.start()
    over.set()
    for station in stations:
        station.join()
    assert not [fault for station in stations for fault in station.faults]
    expected = sorted(one.message(number) for one in stations for number in range(one.answered))
    for name in sessions:
        assert received_by(client, broker, name, topic) == expected


def received_by(client, broker, name, topic):
    """Everything that waits for this Session, up to a last message."""
    one = client(broker=broker, client_identifier=name, clean_start=False, session_expiry_interval=3600)
    client(broker=broker).publish(topic("last"), b"last", qos=1)
    payloads = []
    while (packet := one.receive()).payload != b"last":
        payloads.append(packet.payload.decode())
        one.acknowledge(packet)
    return sorted(payloads)
