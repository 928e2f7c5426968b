# SPDX-License-Identifier: Apache-2.0
"""`runnelctl history`, and GET /v1/history behind it."""

import base64
import csv
import datetime
import io
import json
import subprocess

import pytest
from wire import Broker, admin_tool, resident_bytes

CONFIG = {"history": [{"filter": "plant/#", "keep": "1d", "value": "/celsius"}, {"filter": "raw/#", "keep": "1d"}]}


@pytest.fixture(scope="module")
def broker():
    one = Broker(CONFIG)
    yield one
    one.stop()
    one.remove()


def history(broker, *arguments):
    command = [str(admin_tool()), "history", "--data-dir", broker.config["broker"]["data_dir"], *arguments]
    return subprocess.run(command, capture_output=True, timeout=30, check=False)


def lines_of(broker, *arguments):
    ended = history(broker, *arguments)
    assert ended.returncode == 0, ended.stderr.decode()
    return [json.loads(line) for line in ended.stdout.splitlines()]


def published(client, broker, name, payloads, **options):
    one = client(broker=broker)
    for payload in payloads:
        one.publish(name, payload, qos=1, **options)
    one.disconnect()


def test_messages_in_order_with_what_belongs_to_them(client, broker, topic):
    name = "raw/" + topic("a")
    published(client, broker, name, [b"first", "zweites \"ö\"".encode(), b"\xff\x00"], retain=True)
    first, second, third = lines_of(broker, name)
    assert (first["topic"], first["payload"], first["qos"], first["retain"]) == (name, "first", 1, True)
    assert second["payload"] == "zweites \"ö\""
    assert "payload" not in third and base64.b64decode(third["payload_base64"]) == b"\xff\x00"
    times = [datetime.datetime.fromisoformat(line["time"]) for line in (first, second, third)]
    assert times == sorted(times)


def test_filters_limit_and_times(client, broker, topic):
    for number in range(5):
        published(client, broker, f"raw/{topic('b')}/{number}", [b"%d" % number])
    published(client, broker, topic("not kept"), [b"x"])
    everything = lines_of(broker, f"raw/{topic('b')}/#")
    assert [line["payload"] for line in everything] == list("01234")
    assert [line["payload"] for line in lines_of(broker, f"raw/{topic('b')}/#", "--limit", "2")] == ["0", "1"]
    two = lines_of(broker, f"raw/{topic('b')}/1", f"raw/{topic('b')}/3", topic("not kept"))
    assert [line["payload"] for line in two] == ["1", "3"]
    since = everything[2]["time"]
    wanted = [line for line in everything if line["time"] >= since]
    assert lines_of(broker, f"raw/{topic('b')}/#", "--from", since) == wanted
    assert lines_of(broker, f"raw/{topic('b')}/#", "--from=-2h", "--to=-1h") == []


def test_json_and_csv_say_the_same(client, broker, topic):
    name = "raw/" + topic("c")
    payloads = [b"plain", b'with "quotes", commas\nand lines', b"=1+1", b"-3.5"]
    published(client, broker, name, payloads)
    whole = json.loads(history(broker, name, "--format", "json").stdout)
    assert [item["payload"].encode() for item in whole["items"]] == payloads
    assert whole["to"] >= whole["items"][-1]["time"]
    rows = list(csv.DictReader(io.StringIO(history(broker, name, "--format", "csv").stdout.decode(), newline="")))
    assert [row["payload"].encode() for row in rows] == [*payloads[:2], b"'=1+1", b"-3.5"]
    assert [row["time"] for row in rows] == [item["time"] for item in whole["items"]]
    nothing = json.loads(history(broker, topic("nothing"), "--format", "json").stdout)
    assert nothing["items"] == []


def test_buckets_of_numbers(client, broker, topic):
    name = "plant/" + topic("t")
    published(client, broker, name, [b'{"celsius": %d}' % value for value in (10, 20, 60)] + [b"no number"])
    buckets = lines_of(broker, name, "--every", "1h")  # Two if the hour ends just now.
    assert sum(bucket["count"] for bucket in buckets) == 3
    assert min(bucket["min"] for bucket in buckets) == 10 and max(bucket["max"] for bucket in buckets) == 60
    assert buckets[-1]["last"] == 60
    if len(buckets) == 1:
        assert buckets[0]["value"] == 30
        assert lines_of(broker, name, "--every", "1h", "--value", "sum")[0]["value"] == 90


def test_long_answers_are_streamed(client, broker, topic):
    name = "raw/" + topic("many")
    one = client(broker=broker)
    count, payload = 3000, b"p" * 10_000
    for _ in range(count):
        one.publish(name, payload, qos=0)
    one.ping()
    before = resident_bytes(broker)
    found = 0
    command = [str(admin_tool()), "history", "--data-dir", broker.config["broker"]["data_dir"], name, "--limit=100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as asking:
        for line in asking.stdout:
            found += 1
            assert json.loads(line)["topic"] == name
        assert asking.wait(30) == 0
    assert found == count
    assert resident_bytes(broker) - before < 24 << 20


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["a/#/b"], "filter must be a Topic Filter"),
        (["a", "--from", "yesterday"], "from must be"),
        (["a", "--to", "tomorrow"], "to must be"),
        (["a", "--limit", "0"], "limit must be"),
        (["a", "--format", "xml"], "format must be one of json, ndjson, csv"),
        (["a", "--every", "7s"], "every must be a multiple of 10 seconds"),
        (["a", "--every", "1m", "--value", "median"], "value must be one of"),
    ],
)
def test_wrong_question_is_told_what_is_wrong(broker, arguments, told):
    ended = history(broker, *arguments)
    assert ended.returncode != 0 and told in ended.stderr.decode()
    assert ended.stdout == b""


def test_without_a_store_there_is_no_history(make_broker):
    broker = make_broker({"storage": {"engine": "memory"}})
    ended = history(broker, "a")
    assert ended.returncode != 0 and "Nothing is stored" in ended.stderr.decode()


def test_without_a_broker_it_says_so(make_broker):
    broker = make_broker()
    broker.stop()
    ended = history(broker, "a")
    assert ended.returncode == 69 and "no broker answers" in ended.stderr.decode()
    broker.start()
