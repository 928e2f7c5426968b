# SPDX-License-Identifier: Apache-2.0
"""The admin channel: the socket in the data directory, `runnelctl status`, `backup`, `restore` and `store`."""

import contextlib
import json
import os
import pathlib
import re
import socket
import stat
import subprocess

import pytest
import wire
from wire.broker import admin_tool, binary
from wire.restarts import KEPT, back_again, take_publishes
from wire.timing import wait_until

EX_UNAVAILABLE = 69


@pytest.fixture
def broker(make_broker):
    return make_broker()


def data_dir(broker):
    return pathlib.Path(broker.config["broker"]["data_dir"])


def admin_socket(broker):
    return data_dir(broker) / "admin.sock"


def ctl(*arguments, broker=None, cwd=None):
    """Runs runnelctl to its end."""
    where = ["--data-dir", str(data_dir(broker))] if broker else []
    command = [str(admin_tool()), *map(str, arguments), *where]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=cwd)


def status(broker):
    done = ctl("status", "--json", broker=broker)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextlib.contextmanager
def connected(broker):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(3 * wire.TIMEOUT)
        stream.connect(str(admin_socket(broker)))
        yield stream


def received_until_closed(stream):
    received = b""
    while part := stream.recv(65536):
        received += part
    return received


def ask(broker, request):
    """What is answered to these bytes, until the broker closes."""
    with connected(broker) as stream:
        stream.sendall(request)
        return received_until_closed(stream)


# ---- The socket


def test_socket_is_for_its_owner_alone(broker):
    mode = admin_socket(broker).stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


def test_socket_goes_with_the_broker(broker):
    broker.stop()
    assert not admin_socket(broker).exists()


def test_socket_that_was_left_over_is_replaced(broker):
    broker.kill()
    assert admin_socket(broker).exists()
    broker.start()
    assert status(broker)["pid"] == broker.pid


@pytest.mark.parametrize("engine", ["rocksdb", "memory"])
def test_second_broker_of_a_data_directory_ends_and_says_why(make_broker, tmp_path, engine):
    first = make_broker({"storage": {"engine": engine}})
    command = [str(binary()), "--config", str(first.directory / "runnel.toml")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert second.returncode == 1
    assert "another broker runs with this data directory" in second.stderr
    assert str(data_dir(first)) in second.stderr
    assert status(first)["pid"] == first.pid


def test_data_directory_with_a_path_too_long_for_a_socket(make_broker, tmp_path):
    broker = make_broker({"broker": {"data_dir": str(tmp_path / ("d" * 100))}})
    assert broker.wait_for_log("no admin channel")
    done = ctl("status", broker=broker)
    assert done.returncode == 1 and "may have no more than 107 bytes" in done.stderr


# ---- HTTP on it


def test_http_over_the_socket(broker):
    answer = ask(broker, b"GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"Content-Type: application/json" in head
    assert json.loads(body)["pid"] == broker.pid


@pytest.mark.parametrize(
    "request_bytes, code",
    [
        pytest.param(b"GET /v1/nothing HTTP/1.0\r\n\r\n", 404, id="path"),
        pytest.param(b"PUT /v1/status HTTP/1.0\r\n\r\n", 405, id="method"),
        pytest.param(b"GET /v1/status?queues=x HTTP/1.0\r\n\r\n", 422, id="no number"),
        pytest.param(b"GET /v1/status?queues=1001 HTTP/1.0\r\n\r\n", 422, id="large number"),
        pytest.param(b"POST /v1/backup HTTP/1.0\r\nContent-Length: 2\r\n\r\n{]", 400, id="no JSON"),
        pytest.param(b'POST /v1/backup HTTP/1.0\r\nContent-Length: 17\r\n\r\n{"directory":"a"}', 422, id="relative path"),
        pytest.param(b"\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00", 400, id="MQTT"),
        pytest.param(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n", 414, id="long target"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20000, 431, id="large headers"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 413, id="large body"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="smuggling",
        ),
    ],
)
def test_errors_are_problems(broker, request_bytes, code):
    head, body = ask(broker, request_bytes).split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 %d " % code)
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert problem["status"] == code and problem["type"].startswith("urn:runnel:problem:")


def test_request_that_does_not_come_whole(broker):
    """... is told so, and does not hold up others; a connection on which nothing is asked is closed."""
    watch = wire.Stopwatch()
    with connected(broker) as slow, connected(broker) as silent:
        slow.sendall(b"GET /v1/status HTTP/1.1\r\n")
        assert status(broker)["pid"] == broker.pid
        assert received_until_closed(slow).startswith(b"HTTP/1.1 408 ")
        assert received_until_closed(silent) == b""
    assert 9 < watch.elapsed < 14


def test_requests_are_answered_while_others_wait(broker):
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connected(broker)) for _ in range(12)]
        assert status(broker)["pid"] == broker.pid
        for stream in silent:
            stream.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert all(received_until_closed(stream).startswith(b"HTTP/1.1 200 ") for stream in silent)


# ---- runnelctl status


def test_status_counts(broker, client, topic):
    publisher, subscriber = client(broker=broker), client(broker=broker, **KEPT)
    subscriber.subscribe(topic("a"), qos=1)
    for _ in range(3):
        publisher.publish(topic("a"), b"0123456789", qos=1, retain=True)
        subscriber.expect_publish(topic("a"), b"0123456789", qos=1)
    shown = status(broker)
    assert shown["version"] and shown["uptime_seconds"] < 60
    assert [listener["address"] for listener in shown["listeners"]] == ["%s:%d" % broker.address]
    assert shown["listeners"][0]["connections"] == shown["connections"] == 2
    assert shown["sessions"] == 2 and shown["subscriptions"] == 1
    assert sum(loop["sessions"] for loop in shown["loops"]) == 2 and all(loop["answers"] for loop in shown["loops"])
    totals = shown["totals"]
    assert totals["messages_received"] == 3 and totals["messages_sent"] >= 3 and totals["messages_dropped"] == 0
    assert totals["bytes_received"] > 3 * 10
    storage = shown["storage"]
    assert (storage["engine"], storage["durability"]) == ("rocksdb", "synced")
    assert storage["size_bytes"] > 0 and storage["commits"] > 0
    assert not storage["failing"] and not storage["full"]


def test_status_shows_the_longest_queues(broker, client, topic):
    for name, filters in {"short": ["a"], "long": ["a", "b"], "none": []}.items():
        one = client(name, broker=broker, **KEPT)
        for each in filters:
            one.subscribe(topic(each), qos=1)
        one.disconnect()
    publisher = client(broker=broker)
    for each in "aab":
        publisher.publish(topic(each), b"x" * 100, qos=1)
    shown = status(broker)
    assert shown["queued_messages"] == 5 and shown["queued_bytes"] > 500
    longest = shown["longest_queues"]
    assert [(one["client_identifier"], one["messages"]) for one in longest] == [
        (client.identifier("long"), 3),
        (client.identifier("short"), 2),
    ]
    assert not longest[0]["connected"] and longest[0]["bytes"] > 300
    text = ctl("status", broker=broker).stdout
    assert re.search(rf"3 messages, .* for {re.escape(client.identifier('long'))} \(not connected\)", text)
    assert b'"longest_queues":[]' in ask(broker, b"GET /v1/status?queues=0 HTTP/1.0\r\n\r\n")


def test_status_of_a_broker_that_stores_nothing(make_broker):
    shown = status(make_broker({"storage": {"engine": "memory"}}))
    assert shown["storage"]["engine"] == "memory"


def test_status_without_a_broker(broker, tmp_path):
    broker.kill()
    for where in (["--data-dir", tmp_path], ["--data-dir", data_dir(broker)], ["--socket", tmp_path / "no.sock"]):
        done = ctl("status", *where)
        assert done.returncode == EX_UNAVAILABLE
        assert "is it running, and with this data directory?" in done.stderr


def test_status_by_socket(broker):
    done = ctl("status", "--json", "--socket", admin_socket(broker))
    assert json.loads(done.stdout)["pid"] == broker.pid


def test_traffic_goes_on_while_status_is_asked(broker, honest):
    with honest(broker):
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(connected(broker)) for _ in range(10)]
            for stream in streams:
                stream.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n" * 200)
            for stream in streams:
                stream.shutdown(socket.SHUT_WR)
                assert received_until_closed(stream).count(b"HTTP/1.1 200 OK") == 200


# ---- Backup and restore


def queue_for(client, broker, topic, payloads):
    publisher = client(broker=broker)
    for payload in payloads:
        publisher.publish(topic, payload, qos=1)


def test_backup_holds_what_was_acknowledged_before(broker, client, topic, tmp_path):
    one = client("away", broker=broker, **KEPT)
    one.subscribe(topic("q"), qos=1)
    one.disconnect()
    queue_for(client, broker, topic("q"), [b"1", b"2"])
    done = ctl("backup", tmp_path / "saved", broker=broker)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((tmp_path / "saved").stat().st_mode) == 0o700
    queue_for(client, broker, topic("q"), [b"3"])
    client.close()
    broker.stop()

    refused = ctl("restore", tmp_path / "saved", broker=broker)
    assert refused.returncode == 1 and "--set-aside" in refused.stderr
    restored = ctl("restore", tmp_path / "saved", "--set-aside", broker=broker)
    assert restored.returncode == 0, restored.stderr
    assert re.search(r"store\.before-restore-\d{8}-\d{6}", restored.stdout)
    broker.start()
    back = back_again(client, "away", broker=broker)
    assert [packet.payload for packet in take_publishes(back, 2)] == [b"1", b"2"]
    back.expect_nothing()


def test_restore_into_a_new_data_directory(broker, make_broker, client, topic, tmp_path):
    queue_for(client, broker, topic("x"), [b"1"])
    client(broker=broker).publish(topic("kept"), b"value", qos=1, retain=True)
    assert ctl("backup", tmp_path / "saved", broker=broker).returncode == 0
    done = ctl("restore", tmp_path / "saved", "--data-dir", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    other = make_broker({"broker": {"data_dir": str(tmp_path / "new")}})
    reader = client(broker=other)
    reader.subscribe(topic("kept"))
    reader.expect_publish(topic("kept"), b"value", retain=True)


def test_backup_while_messages_come(broker, make_broker, client, topic, tmp_path):
    """A backup is one moment of all loops: of what several publishers had acknowledged, it holds the beginning."""
    for number in range(4):
        one = client(f"away{number}", broker=broker, **KEPT)
        one.subscribe(topic("#"), qos=1)
        one.disconnect()
    publisher = client(broker=broker)
    for number in range(200):
        publisher.publish(topic("a"), b"%d" % number, qos=1)
    tool = [str(admin_tool()), "backup", str(tmp_path / "saved"), "--data-dir", str(data_dir(broker))]
    running = subprocess.Popen(tool, stdout=subprocess.DEVNULL)
    number = 200
    while running.poll() is None:
        publisher.publish(topic("a"), b"%d" % number, qos=1)
        number += 1
    assert running.returncode == 0
    assert ctl("restore", tmp_path / "saved", "--data-dir", tmp_path / "new").returncode == 0
    other = make_broker({"broker": {"data_dir": str(tmp_path / "new")}})
    for away in range(4):
        back = back_again(client, f"away{away}", broker=other)
        for first in range(0, 200, 50):
            received = [packet.payload for packet in take_publishes(back, 50)]
            assert received == [b"%d" % number for number in range(first, first + 50)]


@pytest.mark.parametrize("where", ["file", "full", "missing parent"])
def test_backup_where_it_cannot_be(broker, tmp_path, where):
    target = tmp_path / "saved"
    if where == "file":
        target.write_text("mine")
    elif where == "full":
        target.mkdir()
        (target / "mine").write_text("mine")
    else:
        target = tmp_path / "no" / "saved"
    done = ctl("backup", target, broker=broker)
    assert done.returncode == 1 and str(target) in done.stderr
    assert not (target / "RUNNEL-BACKUP").exists()
    assert where != "full" or os.listdir(target) == ["mine"]


def test_backup_into_an_empty_directory_by_a_relative_path(broker, tmp_path):
    (tmp_path / "empty").mkdir()
    assert ctl("backup", "empty/", broker=broker, cwd=tmp_path).returncode == 0
    assert (tmp_path / "empty" / "RUNNEL-BACKUP").exists()


def test_backup_of_a_broker_that_stores_nothing(make_broker, tmp_path):
    done = ctl("backup", tmp_path / "saved", broker=make_broker({"storage": {"engine": "memory"}}))
    assert done.returncode == 1 and "stores nothing" in done.stderr


def test_restore_while_the_broker_runs(broker, tmp_path):
    assert ctl("backup", tmp_path / "saved", broker=broker).returncode == 0
    done = ctl("restore", tmp_path / "saved", "--set-aside", broker=broker)
    assert done.returncode == 1 and "stop it first" in done.stderr
    admin_socket(broker).unlink()  # The lock of the store says so too.
    done = ctl("restore", tmp_path / "saved", "--set-aside", broker=broker)
    assert done.returncode == 1 and "stop it first" in done.stderr


def test_restore_what_is_no_backup(tmp_path):
    (tmp_path / "saved").mkdir()
    done = ctl("restore", tmp_path / "saved", "--data-dir", tmp_path / "new")
    assert done.returncode == 1 and "no finished backup" in done.stderr
    assert not (tmp_path / "new" / "store").exists()


# ---- runnelctl store


def test_store_stats_and_check(broker, client, topic):
    one = client("away", broker=broker, **KEPT)
    one.subscribe(topic("q"), qos=1)
    one.disconnect()
    queue_for(client, broker, topic("q"), [b"1", b"2", b"3"])
    for action in ("stats", "check"):
        done = ctl("store", action, broker=broker)
        assert done.returncode == 1 and "a broker has this store open" in done.stderr
    client.close()
    broker.stop()
    checked = ctl("store", "check", broker=broker)
    assert checked.returncode == 0 and "no fault found" in checked.stdout
    shown = ctl("store", "stats", broker=broker)
    assert shown.returncode == 0
    assert re.search(r"^Sessions +1 ", shown.stdout, re.MULTILINE)
    assert re.search(r"^subscriptions +1 ", shown.stdout, re.MULTILINE)
    assert re.search(r"^queues .* 3 ", shown.stdout, re.MULTILINE)
    assert "others" not in shown.stdout


def test_store_check_finds_damage(broker, client, topic):
    client(broker=broker).publish(topic("kept"), b"x" * 10000, qos=1, retain=True)
    client.close()
    broker.stop()
    table = max((data_dir(broker) / "store").glob("*.sst"), key=lambda path: path.stat().st_size)
    content = bytearray(table.read_bytes())
    content[100:200] = bytes(100)
    table.write_bytes(content)
    done = ctl("store", "check", broker=broker)
    assert done.returncode == 1 and "damaged" in done.stderr and "store repair" in done.stderr


def test_store_commands_where_there_is_none(tmp_path):
    for action in ("stats", "check"):
        done = ctl("store", action, "--data-dir", tmp_path)
        assert done.returncode == 1 and "there is no store here" in done.stderr
    assert os.listdir(tmp_path) == []


def test_space_of_ended_sessions_comes_back(make_broker, client, topic):
    """Sessions with much in their queues end, and what the store takes up falls while the broker runs."""
    broker = make_broker()
    names = [f"away{number}" for number in range(20)]
    for name in names:
        one = client(name, broker=broker, **KEPT)
        one.subscribe(topic(name), qos=1)
        one.disconnect()
    publisher = client(broker=broker)
    for name in names:
        for _ in range(10):
            publisher.publish(topic(name), os.urandom(150_000), qos=1)
    full = status(broker)["storage"]["size_bytes"]
    assert full > 25 << 20
    for name in names:
        client(name, broker=broker, clean_start=True, session_expiry_interval=0).disconnect()
    wait_until(lambda: status(broker)["storage"]["size_bytes"] < 8 << 20, timeout=60)
