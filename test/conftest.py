# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all wire tests. wire/README.md shows how to use them."""

import itertools
import os
import pathlib
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "wire"))

import wire  # noqa: E402 (the path has to be set first)

_test_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def broker():
    """One broker with the default configuration, for all tests that need nothing else."""
    running = wire.default_broker()
    yield running
    running.stop()
    if isinstance(running, wire.Broker):
        running.remove()


@pytest.fixture
def make_broker(client):
    """make_broker(config) starts one more broker; each is stopped at the end and must end well. The test's clients have
    gone by then: a broker waits a second for those that do not hang up."""
    if os.environ.get("RUNNEL_TARGET"):
        pytest.skip("needs a broker with its own configuration")
    started = []

    def make(config=None, **options):
        started.append(wire.Broker(config, **options))
        return started[-1]

    yield make
    client.close()
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.remove()


@pytest.fixture
def password_file(tmp_path):
    """password_file(alice="wonder") adds these users to the test's password file and returns its path."""
    path = tmp_path / "passwords"

    def add(**users):
        wire.write_password_file(path, users)
        return str(path)

    return add


@pytest.fixture
def version():
    """The protocol version of clients; suites of another version override this fixture."""
    return wire.V5


@pytest.fixture
def prefix():
    """Letters and digits no other test uses: the start of its topics and Client Identifiers."""
    return f"t{os.getpid()}n{next(_test_numbers)}"


@pytest.fixture
def topic(prefix):
    """topic("a/b") is a Topic Name or Topic Filter below this test's own first level."""
    return lambda rest="topic": f"{prefix}/{rest}"


class Clients:
    """clients("a", clean_start=False) opens a connection and connects as this test's Client Identifier "a";
    clients.open() only opens it."""

    def __init__(self, default_broker, version, prefix):
        self._broker = default_broker
        self._version = version
        self._prefix = prefix
        self._opened = []
        self._numbers = itertools.count(1)

    def identifier(self, name):
        return f"{self._prefix}x{name}"

    def open(self, name=None, broker=None, version=None, address=None, **options):
        name = f"c{next(self._numbers)}" if name is None else name
        address = address or (broker or self._broker()).address
        opened = wire.Client(address, version or self._version, self.identifier(name), name=name, **options)
        self._opened.append(opened)
        return opened

    def __call__(self, name=None, broker=None, version=None, address=None, **options):
        opened = self.open(name, broker, version, address)
        opened.connect(**options)
        return opened

    def close(self):
        for opened in self._opened:
            opened.close()


@pytest.fixture
def client(request, version, prefix):
    """The factory of this test's clients, all closed at its end. The default broker starts when first needed."""
    factory = Clients(lambda: request.getfixturevalue("broker"), version, prefix)
    yield factory
    factory.close()
