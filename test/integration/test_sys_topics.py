# SPDX-License-Identifier: Apache-2.0
"""The $SYS tree: what the broker tells about itself."""

import re

import pytest
from wire import V311, Publish, Reason, barrier

NUMBER = re.compile(rb"\d+(\.\d+)?")


@pytest.fixture
def talking_broker(make_broker):
    return make_broker({"broker": {"sys_interval": "1s"}})


class SysReader:
    """The latest value of each topic below $SYS/broker/."""

    def __init__(self, client):
        self._client = client
        self.values = {}
        client.subscribe("$SYS/#")
        self.read_until(lambda: "uptime" in self.values)

    def read_until(self, condition):
        while not condition():
            packet = self._client.expect(Publish)
            self.values[packet.topic.removeprefix("$SYS/broker/")] = packet.payload

    def number(self, name):
        return float(self.values.get(name, b"-1"))

    def read_round(self):
        """Reads until the same topic comes again."""
        first = self._client.expect(Publish)
        self.values[first.topic.removeprefix("$SYS/broker/")] = first.payload
        while (packet := self._client.expect(Publish)).topic != first.topic:
            self.values[packet.topic.removeprefix("$SYS/broker/")] = packet.payload


def test_what_the_tree_tells(client, talking_broker, run_runnel):
    reader = SysReader(client(broker=talking_broker))
    reader.read_round()
    values = reader.values
    assert values["version"].decode() in run_runnel("--version").stdout
    assert re.fullmatch(rb"\d+ seconds", values["uptime"])
    for name in (
        "clients/connected", "clients/total", "messages/received", "messages/sent", "bytes/received", "bytes/sent",
        "publish/messages/received", "publish/messages/sent", "subscriptions/count", "retained messages/count",
    ):  # fmt: skip
        assert NUMBER.fullmatch(values[name]), (name, values)
    rates = [name for name in values if name.startswith(("load/", "rate/"))]
    assert {"load/messages/received/1min", "load/messages/sent/15min", "load/bytes/received/5min"} <= set(rates)
    assert all(NUMBER.fullmatch(values[name]) for name in rates)


def test_numbers_follow_what_happens(client, talking_broker):
    reader = SysReader(client(broker=talking_broker))
    reader.read_until(lambda: reader.number("clients/connected") == 1)
    others = [client(broker=talking_broker) for _ in range(3)]
    others[0].subscribe("a", "b/#", "c", "$share/g/d")
    for number in range(5):
        others[1].publish(f"kept/{number}", b"x", qos=1, retain=True)
    before = reader.number("publish/messages/received")
    for _ in range(50):
        others[2].publish("a", b"x" * 1000)
    reader.read_until(lambda: reader.number("clients/connected") == 4)
    reader.read_until(lambda: reader.number("publish/messages/received") >= before + 50)
    reader.read_until(lambda: reader.number("bytes/received") > 50000)
    reader.read_round()
    assert reader.number("subscriptions/count") >= 4
    assert reader.number("retained messages/count") >= 5
    assert reader.number("load/messages/received/1min") > 0
    for one in others:
        one.close()
    reader.read_until(lambda: reader.number("clients/connected") == 1)
    reader.read_until(lambda: reader.number("subscriptions/count") == 1)


def test_uptime_counts_seconds(client, talking_broker):
    reader = SysReader(client(broker=talking_broker))
    reader.read_until(lambda: int(reader.values["uptime"].split()[0]) >= 2)


@pytest.mark.parametrize("version", [V311, 5])
def test_values_are_retained(client, talking_broker, version):
    first = SysReader(client(broker=talking_broker))
    first.read_round()
    later = client(broker=talking_broker, version=version)
    later.subscribe("$SYS/broker/version")
    later.expect_publish("$SYS/broker/version", first.values["version"], retain=True)


def test_nobody_may_publish_into_the_tree(client, talking_broker):
    reader, forger = client(broker=talking_broker), client(broker=talking_broker)
    reader.subscribe("$SYS/broker/version")
    version = reader.expect(Publish).payload
    for qos in (1, 2):
        forger.publish("$SYS/broker/version", b"forged", qos=qos, retain=True, reason_codes=[Reason.NOT_AUTHORIZED])
    old = client(broker=talking_broker, version=V311)
    old.publish("$SYS/broker/version", b"forged", qos=1, retain=True)
    old.publish("$SYS/broker/version", b"", qos=1, retain=True)
    later = client(broker=talking_broker)
    later.subscribe("$SYS/broker/version")
    later.expect_publish("$SYS/broker/version", version, retain=True)


def test_interval_of_0_says_nothing(client, make_broker):
    broker = make_broker({"broker": {"sys_interval": "0s"}})
    reader = client(broker=broker)
    reader.subscribe("$SYS/#")
    clock = client(broker=broker, keep_alive=1)
    clock.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    barrier(client(broker=broker), reader)


def test_interval_is_kept(client, talking_broker):
    one = client(broker=talking_broker)
    one.subscribe("$SYS/broker/uptime")
    uptimes = [int(one.expect(Publish).payload.split()[0]) for _ in range(4)]
    assert uptimes == sorted(uptimes) and uptimes[-1] - uptimes[0] in (2, 3, 4)
