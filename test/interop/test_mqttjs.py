# SPDX-License-Identifier: Apache-2.0
"""MQTT.js (npm package mqtt). The conversations are in conversations.js."""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
IN_EVERY_VERSION = [
    "publishAndSubscribe", "manyInOrder", "retained", "will", "session", "keepAlive", "large", "refusedFilter",
]  # fmt: skip
IN_VERSION_5 = ["properties", "topicAliases", "receiveMaximum", "sharedSubscription", "takenOver"]


@pytest.fixture
def command_of(node_modules, prefix):
    """command_of("retained", "5", broker) is the command of one conversation, and its environment."""

    def command(name, version, broker, protocol="mqtt"):
        host, port = broker.address if protocol == "mqtt" else broker.http_addresses[0]
        line = ["node", str(HERE / "conversations.js"), name, host, str(port), version, prefix, protocol]
        return line, {**os.environ, "NODE_PATH": str(node_modules)}

    return command


def converse(command, environment):
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("version", ["3", "4", "5"])
@pytest.mark.parametrize("name", IN_EVERY_VERSION)
def test_conversation(command_of, broker, name, version):
    converse(*command_of(name, version, broker))


@pytest.mark.parametrize("name", IN_VERSION_5)
def test_conversation_of_version_5(command_of, broker, name):
    converse(*command_of(name, "5", broker))


@pytest.mark.parametrize("version", ["3", "4", "5"])
def test_client_reconnects_after_a_restart(command_of, make_broker, start_program, version):
    broker = make_broker()
    broker.config["listener"][0]["address"] = f"127.0.0.1:{broker.address[1]}"
    (name, *arguments), environment = command_of("reconnect", version, broker)
    program = start_program(name, *arguments, env=environment)
    program.wait_for_line("connected")
    broker.stop()
    broker.start()
    program.rest()


WEBSOCKET = {"listener": [{"protocol": "mqtt", "address": "127.0.0.1:0"}, {"protocol": "http", "address": "127.0.0.1:0"}]}


# keepAlive brings a second client of its own, which speaks over TCP.
@pytest.mark.parametrize("name", [name for name in IN_EVERY_VERSION + IN_VERSION_5 if name != "keepAlive"])
def test_conversation_over_websocket(command_of, make_broker, name):
    converse(*command_of(name, "5", make_broker(WEBSOCKET), "ws"))


@pytest.mark.parametrize("name", ["publishAndSubscribe", "manyInOrder", "session"])
def test_conversation_of_version_3_over_websocket(command_of, make_broker, name):
    converse(*command_of(name, "3", make_broker(WEBSOCKET), "ws"))
