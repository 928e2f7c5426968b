# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, read-only or damaged: nothing is acknowledged that is not stored, what need not be stored goes on,
and the broker recovers by itself."""

import pathlib
import select
import subprocess

import pytest
from wire import V311, Puback, Publish, Reason, wait_until
from wire.broker import binary
from wire.restarts import KEPT, back_again
from wire.small_disk import SmallDisk


@pytest.fixture
def small_disk(tmp_path):
    made = []

    def make(**options):
        try:
            made.append(SmallDisk(tmp_path / "disk", "40m", **options))
        except (PermissionError, FileNotFoundError) as error:
            pytest.skip(f"no file system can be mounted here: {error}")
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def broker_on(make_broker):
    def make(disk):
        return make_broker({"broker": {"data_dir": str(disk.directory / "data"), "loops": 2}}, prefix=disk.prefix)

    return make


def answer_on_full_disk(disk, publisher, topic, payload):
    """The broker frees some room now and then; it is taken away from it. None: the message waits."""
    disk.fill()
    publisher.send(Publish(topic=topic, payload=payload, qos=1))
    if select.select([publisher], [], [], 5)[0]:
        return publisher.expect(Puback)
    return None


def publish_until_full(disk, publisher, topic):
    """Which messages were acknowledged before the disk took no more; the one behind them waits, or was refused."""
    for number in range(5000):
        answer = answer_on_full_disk(disk, publisher, topic, b"%d " % number + b"p" * 20_000)
        if answer is None or answer.reason_code == Reason.QUOTA_EXCEEDED:
            return list(range(number))
        assert answer.reason_code == 0
    raise AssertionError("a full disk takes everything")


def publish_until_refused(disk, client, broker, topic):
    """What comes once the broker knows is refused at once; what finds the disk full first waits."""
    for _ in range(20):
        publisher = client(broker=broker)
        answer = answer_on_full_disk(disk, publisher, topic, b"waits")
        if answer is not None and answer.reason_code != 0:
            return publisher, answer
    raise AssertionError("nothing is refused")


def test_full_disk_refuses_what_has_to_be_stored_and_nothing_else(client, small_disk, broker_on, topic):
    disk = small_disk()
    broker = broker_on(disk)
    away = client("away", broker=broker, **KEPT)
    away.subscribe(topic("kept"), qos=1)
    away.disconnect()
    live = [client(broker=broker) for _ in range(6)]  # On both loops, or it is a strange chance.
    for one in live:
        one.subscribe(topic("live"), qos=1)
    member = client(broker=broker)
    member.subscribe(f"$share/group/{topic('shared')}", qos=1)
    acknowledged = publish_until_full(disk, client(broker=broker), topic("kept"))
    publisher, refused = publish_until_refused(disk, client, broker, topic("kept"))
    assert refused.reason_code == Reason.QUOTA_EXCEEDED and refused.reason_string

    # MQTT 3.1.1 cannot be told: the answer waits, and so does what comes behind it.
    old = client("old", broker=broker, version=V311)
    old.send(Publish(topic=topic("kept"), payload=b"old", qos=1))
    for qos in (0, 1):
        publisher.publish(topic("live"), b"%d" % qos, qos=qos)
        for one in live:
            one.expect_publish(topic("live"), b"%d" % qos, qos=qos)
        publisher.publish(topic("shared"), b"%d" % qos, qos=qos)
        member.expect_publish(topic("shared"), b"%d" % qos, qos=qos)

    disk.relieve()
    old.expect(Puback, timeout=30)

    def accepted():
        publisher.send(Publish(topic=topic("kept"), payload=b"again", qos=1))
        return publisher.expect(Puback).reason_code == 0

    wait_until(accepted, timeout=30)
    broker.kill()
    broker.start()
    returned = back_again(client, "away", broker)
    received = []
    while not received or received[-1] != b"again":
        packet = returned.await_packet(Publish)
        returned.send(Puback(packet_identifier=packet.packet_identifier))
        received.append(packet.payload)
    numbers = [int(payload.split()[0]) for payload in received if payload[:1].isdigit()]
    assert numbers in (acknowledged, [*acknowledged, len(acknowledged)])  # The one that waited was not lost either.
    assert b"old" in received


def test_read_only_disk_is_named_at_the_start(small_disk, tmp_path):
    disk = small_disk(read_only=True)
    command = [*disk.prefix, str(binary()), "--data-dir", str(disk.directory / "data")]
    listener = ["--set", 'listener=[{address="127.0.0.1:0"}]']
    ended = subprocess.run([*command, *listener], capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode != 0
    assert str(disk.directory) in ended.stderr and "ead-only file system" in ended.stderr


def damage(store):
    """Every table and log loses its middle."""
    damaged = 0
    for path in pathlib.Path(store).iterdir():
        if path.suffix in (".sst", ".log") or path.name.startswith("MANIFEST"):
            content = bytearray(path.read_bytes())
            middle = slice(len(content) // 3, 2 * len(content) // 3)
            content[middle] = bytes(byte ^ 0x5A for byte in content[middle])
            path.write_bytes(content)
            damaged += len(content) != 0
    assert damaged


def test_damaged_store_is_set_aside_and_the_broker_starts(client, make_broker, topic):
    broker = make_broker()
    publisher = client(broker=broker)
    for number in range(200):
        publisher.publish(topic(f"t{number}"), b"x" * 2000, qos=1, retain=True)
    broker.stop()
    store = pathlib.Path(broker.config["broker"]["data_dir"]) / "store"
    damage(store)
    broker.start()
    line = broker.wait_for_log("set aside")
    aside = [path for path in store.parent.iterdir() if path.name.startswith("store") and path != store]
    assert len(aside) == 1 and aside[0].is_dir() and str(aside[0]) in line
    one = client("one", broker=broker, **KEPT)
    one.subscribe(topic("new"), qos=1)
    one.publish(topic("new"), b"works", qos=1)
    one.expect_publish(topic("new"), b"works", qos=1)
    broker.kill()
    broker.start()
    assert back_again(client, "one", broker).connack.session_present
