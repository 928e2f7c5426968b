# SPDX-License-Identifier: Apache-2.0
"""The configuration as its user meets it: the file, --check, --print-config, --set, and what errors say."""

import re
import tomllib

import pytest


@pytest.fixture
def config_file(tmp_path):
    """config_file(text) writes it and returns its path."""

    def write(text):
        path = tmp_path / "runnel.toml"
        path.write_text(text)
        return str(path)

    return write


# What is wrong, and what the message must say: the line, the key, what is allowed.
ERRORS = {
    "unknown key": ("[mqtt]\n\nmax_packet_sise = 1000\n", 3, ["mqtt.max_packet_sise", "max_packet_size"]),
    "unknown key of a list": ('[[listener]]\nadress = "127.0.0.1:0"\n', 2, ["adress", "address"]),
    "unknown section": ("[broker]\n[sesion]\nmax_expiry = 1\n", 2, ["sesion", "session"]),
    "key of another section": ("[broker]\nmax_qos = 1\n", 2, ["broker.max_qos", "mqtt.max_qos"]),
    "number out of range": ("[mqtt]\nmax_qos = 3\n", 2, ["mqtt.max_qos", "0", "2"]),
    "number below its range": ("[mqtt]\nreceive_maximum = 0\n", 2, ["mqtt.receive_maximum", "1", "65535"]),
    "text for a number": ('[mqtt]\nreceive_maximum = "many"\n', 2, ["mqtt.receive_maximum", "1", "65535"]),
    "number for a text": ("[log]\nlevel = 3\n", 2, ["log.level", "error", "warning", "info", "debug", "packets"]),
    "word that is no choice": ('[log]\nlevel = "verbose"\n', 2, ["log.level", "error", "warning", "info", "debug"]),
    "strategy": ('[session]\nshare_strategy = "robin"\n', 2, ["session.share_strategy", "round-robin", "hash-topic"]),
    "when full": ('[session]\nwhen_full = "block"\n', 2, ["session.when_full", "drop-oldest", "disconnect"]),
    "anonymous": ('[auth]\nanonymous = "yes"\n', 2, ["auth.anonymous", "never", "loopback", "always"]),
    "duration without a unit": ('[broker]\nsys_interval = "10"\n', 2, ["broker.sys_interval", "10"]),
    "duration with another unit": ('[broker]\nsys_interval = "10 parsecs"\n', 2, ["broker.sys_interval"]),
    "negative duration": ('[broker]\nsys_interval = "-1s"\n', 2, ["broker.sys_interval"]),
    "size with another unit": ('[session]\nmax_queued_bytes = "64MoB"\n', 2, ["session.max_queued_bytes"]),
    "boolean as a number": ("[mqtt]\nretain_available = 1\n", 2, ["mqtt.retain_available", "true", "false"]),
    "address without a port": ('[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1"\n', 3, ["address", "127.0.0.1"]),
    "port out of range": ('[[listener]]\naddress = "127.0.0.1:65536"\n', 2, ["address", "65536"]),
    "unknown protocol": ('[[listener]]\nprotocol = "amqp"\naddress = "127.0.0.1:0"\n', 2, ["protocol", "amqp"]),
    "filter that is none": ('[[access]]\npublish = ["a/#/b"]\n', 2, ["publish", "a/#/b"]),
    "no TOML": ("[mqtt]\nmax_qos = \n", 2, []),
    "a key twice": ("[mqtt]\nmax_qos = 1\nmax_qos = 2\n", 3, []),
    "table where a value belongs": ("[mqtt.max_qos]\nx = 1\n", 1, ["mqtt.max_qos"]),
    "value where a table belongs": ("mqtt = 3\n", 1, ["mqtt"]),
    "password file that is not there": ('[auth]\npassword_file = "/nonexistent/file"\n', 2, ["/nonexistent/file"]),
}  # fmt: skip


@pytest.mark.parametrize("text, line, parts", ERRORS.values(), ids=ERRORS.keys())
def test_error_names_file_line_key_and_what_is_allowed(run_runnel, config_file, text, line, parts):
    path = config_file(text)
    checked = run_runnel("--config", path, "--check")
    assert checked.returncode == 1, checked
    (about_line,) = [shown for shown in checked.stderr.splitlines() if f"runnel.toml:{line}" in shown]
    assert all(part in checked.stderr for part in parts), checked.stderr
    assert not parts or parts[0] in about_line
    started = run_runnel("--config", path)
    assert started.returncode == 78 and all(part in started.stderr for part in parts), started
    assert "ready" not in started.stderr


def test_all_errors_are_told_at_once(run_runnel, config_file):
    path = config_file('[mqtt]\nmax_qos = 9\nmax_kos = 1\n[log]\nlevel = "x"\n[[access]]\npublish = ["#/a", "b+"]\n')
    checked = run_runnel("--config", path, "--check")
    assert checked.returncode == 1
    for line in (2, 3, 5, 7):
        assert f"runnel.toml:{line}" in checked.stderr
    assert "#/a" in checked.stderr and "b+" in checked.stderr


def test_missing_configuration_file(run_runnel, tmp_path):
    path = str(tmp_path / "absent.toml")
    for arguments, code in ((["--check"], 1), ([], 78)):
        ended = run_runnel("--config", path, *arguments)
        assert ended.returncode == code and path in ended.stderr


def test_good_configuration_passes_the_check_and_starts_nothing(run_runnel, config_file, tmp_path):
    store, socket = tmp_path / "store", tmp_path / "socket"
    path = config_file(f'[broker]\ndata_dir = "{store}"\n[[listener]]\naddress = "unix:{socket}"\n')
    checked = run_runnel("--config", path, "--check")
    assert checked.returncode == 0 and checked.stderr == ""
    assert not store.exists() and not socket.exists()


def test_printed_configuration_has_every_default(run_runnel):
    printed = run_runnel("--print-config")
    assert printed.returncode == 0 and printed.stderr == ""
    config = tomllib.loads(printed.stdout)
    assert config["broker"]["loops"] == 0 and config["broker"]["sys_interval"] == "10s"
    assert config["listener"] == [
        {"protocol": "mqtt", "address": "127.0.0.1:1883", "max_connections": 0},
        {"protocol": "http", "address": "127.0.0.1:8080", "max_connections": 0},
    ]
    expected = {
        "max_packet_size": 1048576, "receive_maximum": 100, "max_inflight": 100, "topic_alias_maximum": 100,
        "max_qos": 2, "retain_available": True, "wildcard_subscription_available": True,
        "shared_subscription_available": True,
        "server_keep_alive": 0, "max_keep_alive": 0, "max_topic_levels": 128, "connect_timeout": "10s",
    }  # fmt: skip
    assert {key: config["mqtt"][key] for key in expected} == expected
    expected = {
        "max_expiry": "7d", "max_queued_messages": 100000, "max_queued_bytes": "64MiB", "when_full": "drop-oldest",
        "share_strategy": "round-robin",
    }  # fmt: skip
    assert config["session"] == {**config["session"], **expected}
    assert config["auth"]["anonymous"] == "loopback" and config["auth"]["password_file"] == ""
    assert config["log"] == {**config["log"], "level": "info", "format": "text"}


def test_printed_configuration_can_be_read_back(run_runnel, config_file):
    first = config_file(
        '[broker]\nloops = 3\n[mqtt]\nmax_qos = 1\nconnect_timeout = "1500ms"\n[session]\nmax_queued_bytes = "3KiB"\n'
        '[[listener]]\naddress = "[::1]:0"\n[[listener]]\naddress = "unix:/tmp/x y.socket"\nmax_connections = 7\n'
        '[[access]]\nuser = "a\\"b\\\\"\npublish = ["x/%u/#"]\n[[access]]\nsubscribe = ["#"]\ndeny = ["z"]\n'
    )
    printed = run_runnel("--config", first, "--print-config")
    assert printed.returncode == 0, printed
    config = tomllib.loads(printed.stdout)
    assert config["mqtt"]["connect_timeout"] == "1500ms" and config["session"]["max_queued_bytes"] == "3KiB"
    assert [entry["address"] for entry in config["listener"]] == ["[::1]:0", "unix:/tmp/x y.socket"]
    assert config["access"][0]["user"] == 'a"b\\' and config["access"][1]["deny"] == ["z"]
    again = run_runnel("--config", config_file(printed.stdout), "--print-config")
    assert again.stdout == printed.stdout


def test_set_wins_over_the_file(run_runnel, config_file):
    path = config_file("[mqtt]\nmax_qos = 1\nreceive_maximum = 7\n")
    overrides = ["mqtt.max_qos=0", 'log.level="debug"', "broker.sys_interval='1s'", "mqtt.retain_available=false"]
    arguments = [part for override in overrides for part in ("--set", override)]
    config = tomllib.loads(run_runnel("--config", path, *arguments, "--print-config").stdout)
    assert config["mqtt"]["max_qos"] == 0 and config["mqtt"]["receive_maximum"] == 7
    assert config["log"]["level"] == "debug" and config["broker"]["sys_interval"] == "1s"
    assert config["mqtt"]["retain_available"] is False


@pytest.mark.parametrize("override, parts", [
    ("mqtt.max_qos=3", ["mqtt.max_qos", "0", "2"]), ("mqtt.max_kos=1", ["mqtt.max_kos", "mqtt.max_qos"]),
    ("mqtt.max_qos", ["mqtt.max_qos"]), ("mqtt.max_qos=", ["mqtt.max_qos"]), ("=1", []), ("mqtt=1", ["mqtt"]),
])  # fmt: skip
def test_set_is_checked_as_the_file_is(run_runnel, override, parts):
    checked = run_runnel("--set", override, "--check")
    assert checked.returncode in (1, 64) and checked.stderr
    assert all(part in checked.stderr for part in parts), checked.stderr
    assert run_runnel("--set", override).returncode in (64, 78)


def test_data_dir_option(run_runnel, tmp_path):
    config = tomllib.loads(run_runnel("--data-dir", str(tmp_path / "d"), "--print-config").stdout)
    assert config["broker"]["data_dir"] == str(tmp_path / "d")


def test_version_and_help(run_runnel):
    assert re.search(r"\d+\.\d+\.\d+", run_runnel("--version").stdout)
    shown = run_runnel("--help")
    assert shown.returncode == 0
    for option in ("--config", "--check", "--print-config", "--set", "--data-dir", "--version"):
        assert option in shown.stdout


def test_unknown_option(run_runnel):
    ended = run_runnel("--frobnicate")
    assert ended.returncode not in (0, 1) and "frobnicate" in ended.stderr


def test_limits_of_the_configuration_are_announced(client, make_broker):
    broker = make_broker({
        "mqtt": {
            "max_packet_size": 2000, "receive_maximum": 7, "topic_alias_maximum": 3, "max_qos": 1,
            "retain_available": False, "wildcard_subscription_available": False,
            "shared_subscription_available": False, "server_keep_alive": 33,
        },
        "session": {"max_expiry": "100s"},
    })  # fmt: skip
    connack = client(broker=broker, session_expiry_interval=1000).connack
    assert connack.maximum_packet_size == 2000 and connack.receive_maximum == 7
    assert connack.topic_alias_maximum == 3 and connack.maximum_qos == 1
    assert connack.retain_available == 0 and connack.wildcard_subscription_available == 0
    assert connack.shared_subscription_available == 0 and connack.server_keep_alive == 33
    assert connack.session_expiry_interval == 100
