# SPDX-License-Identifier: Apache-2.0
"""GET /metrics: the text format of Prometheus, checked by Prometheus' own tool."""

import base64
import contextlib
import os
import re
import shutil
import subprocess

import pytest
from wire.http import LISTENERS, Http

SAMPLE = re.compile(r"([a-z_]+)(\{[^}]*\})? ([0-9.e+-]+)")


def metrics_of(broker, **headers):
    with contextlib.closing(Http(broker)) as http:
        answer = http("GET", "/metrics", **headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.body.decode()


def values_of(text):
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        metric, labels, value = SAMPLE.fullmatch(line).groups()
        assert (metric, labels) not in found
        found[metric, labels] = float(value)
    return found


def check(text):
    """What promtool finds to say."""
    tool = shutil.which("promtool")
    if tool is None and os.environ.get("CI") != "true":
        pytest.skip("promtool (Debian package prometheus) is not installed")
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("engine", ["rocksdb", "memory"])
def test_promtool_finds_no_fault(make_broker, client, topic, tmp_path, engine):
    listeners = LISTENERS["listener"] + [{"protocol": "auto", "address": f"unix:{tmp_path}/a\"b\\c"}]
    broker = make_broker({"listener": listeners, "storage": {"engine": engine}, "broker": {"loops": 2}})
    client(broker=broker).publish(topic("a"), b"x", qos=1, retain=True)
    text = metrics_of(broker)
    assert check(text) == (0, ""), text
    assert ("runnel_store_commits_total" in text) == (engine == "rocksdb")


def test_promtool_finds_faults():
    code, said = check("runnel_things 1\nrunnel_things 1\n")
    assert code != 0 and said


def test_metrics_follow_what_happens(make_broker, client, topic):
    broker = make_broker(LISTENERS | {"broker": {"loops": 2, "sys_interval": "0s"}})
    one = client(broker=broker)
    one.subscribe(topic("a"), qos=1)
    for _ in range(3):
        one.publish(topic("a"), b"0123456789", qos=1, retain=True)
    values = values_of(metrics_of(broker))
    assert values["runnel_messages_received_total", None] == 3
    assert values["runnel_messages_received_bytes_total", None] == 30
    assert values["runnel_clients_connected", None] == values["runnel_sessions", None] == 1
    assert values["runnel_retained_messages", None] == 1
    assert values["runnel_loop_clients", '{loop="0"}'] + values["runnel_loop_clients", '{loop="1"}'] == 1
    assert values["runnel_messages_dropped_total", '{reason="queue_full"}'] == 0
    address = "%s:%d" % broker.addresses[0]
    assert values["runnel_listener_connections", f'{{protocol="mqtt",address="{address}"}}'] == 1
    assert values["runnel_store_size_bytes", None] > 0 and values["runnel_store_failing", None] == 0


def test_metrics_are_for_admins(make_broker, password_file):
    users = {"anonymous": "never", "password_file": password_file(alice="wonderland", root="toor")}
    rules = [{"user": "root", "admin": True}, {"user": "alice", "subscribe": ["#"]}]
    broker = make_broker(LISTENERS | {"auth": users, "access": rules})
    root = {"Authorization": "Basic " + base64.b64encode(b"root:toor").decode()}
    assert "runnel_sessions" in metrics_of(broker, **root)
    with contextlib.closing(Http(broker)) as http:
        assert http("GET", "/metrics").status == 401
        alice = {"Authorization": "Basic " + base64.b64encode(b"alice:wonderland").decode()}
        assert http("GET", "/metrics", **alice).problem == "forbidden"
