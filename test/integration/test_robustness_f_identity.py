# SPDX-License-Identifier: Apache-2.0
"""F: who a client is."""

import os
import statistics
import tomllib

import pytest
from wire import V5, V311, Reason, Stopwatch

both_versions = pytest.mark.parametrize("version", [V311, V5])
BAD_CREDENTIALS = {V311: 4, V5: Reason.BAD_USER_NAME_OR_PASSWORD}


@both_versions
@pytest.mark.parametrize("credentials", [
    {"user_name": "alice"}, {"user_name": "alice", "password": b""}, {"user_name": "", "password": b""},
    {"user_name": "", "password": b"wonderland"}, {"user_name": ""}, {"user_name": "alice", "password": b"\0"},
    {"user_name": "alice", "password": b"wonderland\0"}, {"user_name": "alice", "password": b"Wonderland"},
    {"user_name": "Alice", "password": b"wonderland"}, {"user_name": "alice ", "password": b"wonderland"},
    {"user_name": "alice", "password": b"builder"}, {"user_name": "alice:", "password": b"wonderland"},
    {"user_name": "alice", "password": b"\xff" * 60000}, {"user_name": "*", "password": b"wonderland"},
], ids=lambda credentials: repr(credentials)[:60])  # fmt: skip
def test_f_01_wrong_and_missing_passwords(client, users_broker, version, credentials):
    refused = client.open(broker=users_broker)
    refused.start_connect(**credentials)
    refused.expect_refused(BAD_CREDENTIALS[version])


@both_versions
def test_f_01_right_password(client, users_broker, version):
    client(broker=users_broker, user_name="alice", password=b"wonderland").ping()
    client(broker=users_broker, user_name="bob", password=b"builder").ping()


@both_versions
def test_f_01_nobody_without_a_name(client, users_broker, version):
    refused = client.open(broker=users_broker)
    refused.start_connect()
    refused.expect_refused(5 if version == V311 else Reason.NOT_AUTHORIZED)


def reply_to(client, broker, version, user_name, password):
    """The bytes of the refusal, and how long it took."""
    opened = client.open(broker=broker, version=version)
    stopwatch = Stopwatch()
    opened.start_connect(user_name=user_name, password=password)
    packet = opened.expect_refused(BAD_CREDENTIALS[version])
    return repr(packet), stopwatch.elapsed


@both_versions
def test_f_05_unknown_user_and_wrong_password_look_the_same(client, users_broker, version):
    known, unknown = [], []
    for number in range(9):
        known.append(reply_to(client, users_broker, version, "alice", b"wrong"))
        unknown.append(reply_to(client, users_broker, version, f"nobody{number}", b"wrong"))
    assert {reply for reply, _ in known} == {reply for reply, _ in unknown}
    known_time = statistics.median(seconds for _, seconds in known)
    unknown_time = statistics.median(seconds for _, seconds in unknown)
    assert unknown_time > known_time / 3, "an unknown user is refused without the work of a password check"


def test_f_10_without_a_configuration_only_this_machine_is_served(run_runnel):
    shown = run_runnel("--print-config")
    assert shown.returncode == 0, shown
    config = tomllib.loads(shown.stdout)
    assert config["auth"]["anonymous"] == "loopback"
    addresses = [entry["address"] for entry in config["listener"]]
    assert "127.0.0.1:1883" in addresses
    assert all(address.startswith("127.0.0.1:") for address in addresses)


def test_f_10_anonymous_clients_can_be_kept_out(client, make_broker):
    broker = make_broker({"auth": {"anonymous": "never"}})
    for version in (V311, V5):
        refused = client.open(broker=broker, version=version)
        refused.start_connect()
        refused.expect_refused(5 if version == V311 else Reason.NOT_AUTHORIZED)


def test_f_11_assigned_client_identifiers_cannot_be_guessed(client):
    names = []
    for _ in range(1000):
        opened = client.open()
        opened.connect("")
        names.append(opened.client_identifier)
        opened.close()
    assert len(set(names)) == 1000
    head = len(os.path.commonprefix(names))
    tails = [name[head:] for name in names]
    alphabet = set("".join(tails))
    bits_of_a_sign = (len(alphabet) - 1).bit_length()
    assert min(len(tail) for tail in tails) * bits_of_a_sign >= 120, f"too few random bits: {names[:3]}"
    # Every place takes every sign about equally often: no counter, no clock.
    for place in range(min(len(tail) for tail in tails)):
        counts = [sum(tail[place] == sign for tail in tails) for sign in alphabet]
        assert max(counts) < 4 * 1000 / len(alphabet), f"place {head + place} of {names[:3]}"
