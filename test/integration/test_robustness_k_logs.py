# SPDX-License-Identifier: Apache-2.0
"""K: what others can read: the log and $SYS."""

import json
import re

import pytest
from wire import V5, V311, Publish, Reason, Subscribe, Subscription, Will, barrier

TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug|packets) \S")
ODD_NAMES = [
    "a\n2026-01-01T00:00:00.000Z info admin logged in",
    "a\r\n2026-01-01T00:00:00.000Z info admin logged in",
    "\x1b[2J\x1b[31mred",
    "tab\tquote\" backslash\\ equals=",
    "bell\x07 backspace\x08 delete\x7f next line\x85 separator\u2028",
    "user=alice reason=none",
    "%s%n%d{}{0}$(id)",
    "\u202emirrored",
]


def odd_visits(client, broker, version, name):
    """This text wherever a client may put one, in connections that are refused, end well and end badly."""
    for options in ({"user_name": name, "password": b"wrong"}, {}, {"will": Will(name, b"x")}):
        opened = client.open(broker=broker, version=version)
        opened.connect(name, **options) if "user_name" not in options else opened.start_connect(name, **options)
        opened.send(Subscribe(1, [Subscription(name), Subscription(name + "/#/x")]), Publish(name, b"x", qos=1))
        opened.send(Publish("#", b"x"))
        opened.close()


def strange_lines(log, line_is_right):
    return [line for line in log if not line_is_right(line)]


@pytest.mark.parametrize("level", ["info", "debug"])
@pytest.mark.parametrize("version", [V311, V5])
def test_k_01_names_cannot_forge_log_lines(client, make_broker, version, level):
    broker = make_broker({"log": {"level": level}})
    for name in ODD_NAMES:
        odd_visits(client, broker, version, name)
    client(broker=broker).disconnect()
    broker.stop()
    assert not strange_lines(broker.log, TEXT_LINE.match)
    text = "".join(broker.log)
    assert not [sign for sign in "\r\x07\x08\x1b\x7f\x85\u2028\u202e" if sign in text]
    assert not [line for line in broker.log if line.startswith("2026-01-01T00:00:00.000Z")]


def is_json_record(line):
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and {"level", "message"} <= record.keys()


@pytest.mark.parametrize("version", [V311, V5])
def test_k_01_json_logs_stay_json(client, make_broker, version):
    broker = make_broker({"log": {"format": "json", "level": "debug"}})
    for name in ODD_NAMES:
        odd_visits(client, broker, version, name)
    broker.stop()
    assert not strange_lines(broker.log, is_json_record)


def test_k_01_refusals_are_logged_with_who_and_why(client, make_broker, password_file):
    broker = make_broker({"auth": {"anonymous": "never", "password_file": password_file(alice="wonderland")}})
    refused = client.open(broker=broker)
    refused.start_connect("the client\n", user_name="mallory\x1b[2J", password=b"wrong-password")
    refused.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)
    line = broker.wait_for_log("the client")
    assert "mallory" in line and "\x1b" not in line and "127.0.0.1" in line
    assert not [line for line in broker.log if "wrong-password" in line]


@pytest.mark.parametrize("level", ["debug", "packets"])
def test_k_02_longest_and_strangest_texts_at_every_level(client, honest, make_broker, level):
    broker = make_broker({"log": {"level": level}})
    texts = ["x" * 64000, "\U0001f600" * 16000, "\u0301" * 30000, "\x01" * 60000, "{}" * 30000]
    texts += ["\U0010ffff\ufffe\uffff"]
    with honest(broker):
        for version in (V311, V5):
            for text in texts:
                opened = client.open(broker=broker, version=version)
                opened.connect(text)
                opened.subscribe(text, qos=1)
                opened.publish(text, text.encode(), qos=1)
                opened.expect_publish(text, text.encode(), qos=1)
                opened.disconnect()
            for content in (b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01\xff", b"\x30\x05\x00\x03\xff\xfe\x00"):
                opened = client.open(broker=broker, version=version)
                opened.send(content)
                opened.expect_closed()
    broker.stop()
    assert max(len(line) for line in broker.log) < 20000, "a line of the log has no limit"


@pytest.mark.parametrize("version", [V311, V5])
def test_k_07_sys_needs_a_right_once_there_are_rules(client, make_broker, version):
    denied = Reason.NOT_AUTHORIZED if version == V5 else 0x80
    admin = {"client": client.identifier("admin"), "subscribe": ["$SYS/#", "#"], "publish": ["#"]}
    broker = make_broker({
        "access": [admin, {"subscribe": ["#"], "publish": ["#"]}], "broker": {"sys_interval": "1s"}
    })  # fmt: skip
    normal, reader = client(broker=broker), client("admin", broker=broker)
    filters = ["$SYS/#", "$SYS/broker/uptime", "$SYS/broker/+", "$share/g/$SYS/#"]
    normal.subscribe(*filters, qos=1, expect=[denied] * len(filters))
    reader.subscribe("$SYS/#")
    reader.await_packet(Publish)
    normal.subscribe("#", "+/broker/#")
    barrier(reader, normal)
