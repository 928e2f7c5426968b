# SPDX-License-Identifier: Apache-2.0
"""Stations: what weather stations send by HTTP arrives as messages."""

import json
import pathlib
import subprocess

import pytest
import wire
from wire.broker import admin_tool, binary
from wire.http import LISTENERS, Http
from wire.timing import wait_until
from wire.toml_writer import write

REQUESTS = pathlib.Path(__file__).parent.parent / "golden" / "stations"
STATIONS = {"http": {"station": [
    {"name": "roof", "preset": "ecowitt", "require": ["PASSKEY=0123456789ABCDEF0123456789ABCDEF"]},
    {"name": "garden", "preset": "wunderground", "require": ["ID=KXYZ1", "PASSWORD=secret"]},
    {"name": "street", "preset": "sensor-community"},
    {"name": "well", "path": "/well/{id}", "body": "json", "topic": "{station}/{id}", "reading": "",
     "field": [{"from": "/level", "topic": "level", "scale": 0.1, "offset": -2, "decimals": 1}]},
]}}  # fmt: skip
RULES = {"auth": {"anonymous": "always"}, "access": [
    {"user": "roof", "publish": ["weather/roof/#"]}, {"user": "garden", "publish": ["weather/garden/outdoor/#"]},
    {"user": "street", "publish": ["air/#"]}, {"user": "well", "publish": ["well/#"]}, {"subscribe": ["#"]},
]}  # fmt: skip


@pytest.fixture(scope="module")
def broker():
    one = wire.Broker(LISTENERS | STATIONS | RULES)
    yield one
    one.stop()
    one.remove()


@pytest.fixture
def http(broker):
    one = Http(broker)
    yield one
    one.close()


def recorded(name):
    """Method, target and body of a recorded request."""
    head, _, body = (REQUESTS / f"{name}.http").read_text().partition("\n\n")
    method, target, _ = head.split("\n")[0].split(" ")
    return method, target, body.rstrip("\n") or None


def test_an_upload_arrives_as_messages_with_their_time(http, client, broker):
    receiver = client(broker=broker)
    receiver.subscribe("weather/roof/outdoor/#", qos=1)
    answer = http(*recorded("ecowitt"))
    assert (answer.status, answer.body) == (200, b"")
    message = receiver.expect_publish("weather/roof/outdoor/temperature", b"20.8", qos=1)
    assert message.properties.get("user_property") == [("time", "2025-05-08T16:00:56.000Z")]
    receiver.expect_publish("weather/roof/outdoor/humidity", b"60", qos=1)
    reading = http("GET", "/v1/topics/weather%2Froof%2Freading")
    assert reading.headers["Content-Type"] == "application/json"
    assert reading.json()["pressure_relative"] == 975.42 and b"PASSKEY" not in reading.body


def test_the_wrong_password_and_the_rules(http):
    method, target, _ = recorded("wunderground")
    denied = http(method, target.replace("secret", "wrong"))
    assert (denied.status, denied.body) == (401, b"ID or PASSWORD is wrong\n")
    assert http(method, target).problem == "not-authorized"  # Its rule covers only weather/garden/outdoor.


def test_json_by_pointer_and_in_a_list(http, client, broker):
    receiver = client(broker=broker)
    receiver.subscribe("well/#")
    receiver.subscribe("air/street/dust/#")
    assert http("POST", "/well/7", json.dumps({"level": 234})).status == 200
    receiver.expect_publish("well/7/level", b"21.4")
    assert http("POST", "/well/%23", json.dumps({"level": 1})).problem == "station-value"
    assert http(*recorded("sensor-community")).status == 200
    receiver.expect_publish("air/street/dust/pm10", b"7.93")


def test_a_hundred_uploads_on_one_connection(http):
    for number in range(100):
        assert http("POST", "/well/1", json.dumps({"level": number})).status == 200
    assert http("GET", "/v1/topics/well%2F1%2Flevel").status == 404  # Not retained unless it says so.


@pytest.fixture
def watching_broker():
    one = wire.Broker(LISTENERS | {"http": {"station": [{"name": "roof", "preset": "ecowitt", "silent_after": "2s"}]}})
    yield one
    one.stop()
    one.remove()


def test_a_silent_station_is_offline_until_it_is_heard(client, watching_broker):
    receiver = client(broker=watching_broker)
    receiver.subscribe("weather/roof/status", qos=1)
    http = Http(watching_broker)
    assert http(*recorded("ecowitt")).status == 200
    receiver.expect_publish("weather/roof/status", b"online", qos=1)

    def known():
        (station,) = http("GET", "/v1/status").json()["stations"]
        return station

    assert known()["address"].startswith("127.0.0.1:") and known()["last_seen"].startswith("20")
    receiver.expect_publish("weather/roof/status", b"offline", qos=1)
    assert (known()["name"], known()["preset"], known()["state"]) == ("roof", "ecowitt", "silent")
    # Another event loop may hear of it a little later.
    wait_until(lambda: http("GET", "/v1/topics/weather%2Froof%2Fstatus").body == b"offline")
    assert http(*recorded("ecowitt")).status == 200
    receiver.expect_publish("weather/roof/status", b"online", qos=1)
    assert known()["state"] == "online"
    http.close()


def test_status_counts_what_stations_send(make_broker):
    rules = {"auth": {"anonymous": "always"}, "access": [{"publish": ["#"], "subscribe": ["#"], "admin": True}]}
    http = Http(make_broker(LISTENERS | STATIONS | rules | {"broker": {"loops": 2}}))
    method, target, _ = recorded("wunderground")
    assert http(method, target).status == 200
    assert http(method, target.replace("secret", "wrong")).status == 401
    assert http("POST", "/well/north", b"not JSON").status >= 400
    assert http("POST", "/well/north", b'{"level": 1}').status == 200
    stations = {one["name"]: one for one in http("GET", "/v1/status").json()["stations"]}
    assert set(stations) == {"roof", "garden", "street", "well"}
    counts = {name: (one["state"], one["requests"], one["rejected"]) for name, one in stations.items()}
    assert counts["roof"] == counts["street"] == ("unknown", 0, 0)
    assert counts["garden"] == counts["well"] == ("heard", 1, 1)
    assert "last_seen" not in stations["roof"] and "address" not in stations["roof"]
    http.close()


def test_a_station_that_nothing_is_known_of(http):
    assert http("POST", "/weatherstation/updateweatherstation.php", b"").status == 405
    assert http("GET", "/nowhere").status == 404


def test_mistakes_are_named_with_their_line(tmp_path):
    path = tmp_path / "runnel.toml"
    path.write_text('[[http.station]]\nname = "a"\npath = "/a"\n\n[[http.station.field]]\nfrom = "t"\nconvert = "f->c"\n')
    done = subprocess.run([binary(), "--config", path, "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f'{path}:7: http.station.field.convert: "f->c" is not known' in done.stderr


def test_printed_configuration_is_the_same_when_it_is_read(tmp_path):
    path = tmp_path / "runnel.toml"
    path.write_text(write(STATIONS))
    first = subprocess.run([binary(), "--config", path, "--print-config"], capture_output=True, timeout=60)
    path.write_bytes(first.stdout)
    second = subprocess.run([binary(), "--config", path, "--print-config"], capture_output=True, timeout=60)
    assert first.returncode == 0 and b'from = "temp{n}f"' in first.stdout
    assert second.stdout == first.stdout and second.stderr == b""


def test_the_tool_shows_what_a_request_would_publish(tmp_path):
    def show(source, name):
        return subprocess.run(
            [admin_tool(), "station", "test", source, REQUESTS / f"{name}.http", "--name=garden"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    for name in ("ecowitt", "wunderground", "ambient.query_in_path", "sensor-community"):
        shown = show(name.split(".")[0], name)
        assert shown.returncode == 0, shown.stderr
        lines = (REQUESTS / f"{name}.expected").read_text().splitlines()
        for line in lines[:-1]:
            assert line + "  (QoS 1, retained, time " in shown.stdout
        assert "HTTP/1.1 200 OK" in shown.stdout
    path = tmp_path / "runnel.toml"
    path.write_text(write(STATIONS))
    assert "weather/roof/outdoor/temperature 20.8" in show(path, "ecowitt").stdout
    assert show(path, "ambient").returncode == 1  # No station of this configuration is there.
    assert "ecowit: cannot open it" in show("ecowit", "ecowitt").stderr
