# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of a whole broker."""

import contextlib
import itertools
import os
import subprocess

import pytest
import wire
from wire import toml_writer
from wire.broker import binary, default_config


class HonestPair:
    """A publisher and a subscriber that were connected before something bad happened, and must not feel it."""

    def __init__(self, client, topic, broker):
        self._numbers = itertools.count(1)
        self._topic = topic
        self._publisher, self._subscriber = client(broker=broker), client(broker=broker)
        self._subscriber.subscribe(topic, qos=1)
        self.check()

    def check(self):
        payload = b"honest %d" % next(self._numbers)
        self._publisher.publish(self._topic, payload, qos=1)
        self._subscriber.expect_publish(self._topic, payload, qos=1)

    def slowest(self, rounds):
        """The longest of some exchanges, in seconds."""
        longest = 0.0
        for _ in range(rounds):
            stopwatch = wire.Stopwatch()
            self.check()
            longest = max(longest, stopwatch.elapsed)
        return longest


@pytest.fixture
def honest(client, topic):
    """with honest(): attack the broker. Clients that were connected before must still exchange QoS 1 messages after."""
    numbers = itertools.count(1)

    @contextlib.contextmanager
    def protect(broker=None):
        pair = HonestPair(client, topic(f"honest/{next(numbers)}"), broker)
        yield pair
        pair.check()

    return protect


@pytest.fixture(scope="session")
def users_broker(tmp_path_factory):
    """Lets in alice (password "wonderland") and bob ("builder"), and nobody without a name."""
    if os.environ.get("RUNNEL_TARGET"):
        pytest.skip("needs a broker with users")
    path = tmp_path_factory.mktemp("users") / "passwords"
    wire.write_password_file(path, {"alice": "wonderland", "bob": "builder"})
    running = wire.Broker({"auth": {"anonymous": "never", "password_file": str(path)}})
    yield running
    running.stop()
    running.remove()


@pytest.fixture
def run_runnel(tmp_path):
    """run_runnel("--version") runs the broker's program to its end."""
    if os.environ.get("RUNNEL_TARGET"):
        pytest.skip("needs the program")

    def run(*arguments):
        command = [str(binary()), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )

    return run


@pytest.fixture
def check_config(tmp_path, run_runnel):
    """check_config({"mqtt": {"max_qos": 3}}) is what `runnel --check` complains of; nothing if all is well."""

    def check(config):
        path = tmp_path / "checked.toml"
        path.write_text(toml_writer.write(toml_writer.merge(default_config(tmp_path), config)))
        ended = run_runnel("--config", str(path), "--check")
        assert ended.returncode in (0, 1), ended
        assert (ended.returncode == 1) == bool(ended.stderr.strip()), ended
        return ended.stderr

    return check
