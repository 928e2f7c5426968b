# SPDX-License-Identifier: Apache-2.0
"""mosquitto_pub, mosquitto_sub and mosquitto_rr (package mosquitto-clients) in every version of MQTT they speak."""

import json

import pytest

ALL_VERSIONS = ["mqttv31", "mqttv311", "mqttv5"]
every_version = pytest.mark.parametrize("version", ALL_VERSIONS)
every_qos = pytest.mark.parametrize("qos", [0, 1, 2])


def at(broker):
    host, port = broker.address
    return "-h", host, "-p", port


class Mosquitto:
    """The three programs against one broker, with one version of MQTT."""

    def __init__(self, broker, version, start_program, run_program):
        self._where = (*at(broker), "-V", version)
        self._start, self._run = start_program, run_program

    def start_subscriber(self, *arguments):
        return self._start("mosquitto_sub", *self._where, "-d", *arguments)

    def subscribe(self, *arguments):
        """mosquitto_sub, from the moment on when its subscription is acknowledged."""
        program = self.start_subscriber(*arguments)
        program.wait_for_line("Subscribed (mid:")
        return program

    def run(self, name, *arguments, **options):
        return self._run(name, *self._where, *arguments, **options)

    def publish(self, *arguments, **options):
        ended = self.run("mosquitto_pub", *arguments, **options)
        assert ended.returncode == 0 and ended.stderr == "", ended


@pytest.fixture
def mosquitto(broker, start_program, run_program):
    return lambda version, of=None: Mosquitto(of or broker, version, start_program, run_program)


def messages(lines):
    """What mosquitto_sub shows besides its debugging output."""
    return [line for line in lines if not line.startswith(("Client ", "Subscribed "))]


@every_version
def test_first_example_of_the_readme(mosquitto, topic, version):
    subscriber = mosquitto(version).subscribe("-t", topic("home/#"), "-v", "-C", 1)
    mosquitto(version).publish("-t", topic("home/temperature"), "-m", "21.5")
    assert messages(subscriber.rest()) == [f"{topic('home/temperature')} 21.5"]


@pytest.mark.parametrize("other", ALL_VERSIONS)
@every_version
@every_qos
def test_every_version_to_every_version(mosquitto, topic, version, other, qos):
    subscriber = mosquitto(other).subscribe("-t", topic(), "-q", qos, "-F", "%t %q %r %p", "-C", 1)
    mosquitto(version).publish("-t", topic(), "-q", qos, "-m", "21.5")
    assert messages(subscriber.rest()) == [f"{topic()} {qos} 0 21.5"]


@every_version
@every_qos
def test_retained_message(mosquitto, topic, version, qos):
    mosquitto(version).publish("-t", topic(), "-q", qos, "-r", "-m", "kept")
    subscriber = mosquitto(version).subscribe("-t", topic(), "-q", qos, "-F", "%q %r %p", "-C", 1)
    assert messages(subscriber.rest()) == [f"{qos} 1 kept"]
    mosquitto(version).publish("-t", topic(), "-q", qos, "-r", "-n")
    mosquitto(version).publish("-t", topic("marker"), "-q", 1, "-r", "-m", "marker")
    subscriber = mosquitto(version).subscribe("-t", topic(), "-t", topic("marker"), "-F", "%p", "-C", 1)
    assert messages(subscriber.rest()) == ["marker"]


@every_version
@every_qos
def test_will(mosquitto, topic, version, qos):
    watcher = mosquitto(version).subscribe("-t", topic("will"), "-q", qos, "-F", "%q %r %p", "-C", 1)
    will = ["--will-topic", topic("will"), "--will-payload", "gone", "--will-qos", qos]
    mosquitto(version).subscribe("-t", topic("other"), *will).kill()
    assert messages(watcher.rest()) == [f"{qos} 0 gone"]


@every_version
@every_qos
def test_lines_of_standard_input_arrive_in_order(mosquitto, topic, version, qos):
    lines = [f"line {number}" for number in range(500)]
    subscriber = mosquitto(version).subscribe("-t", topic(), "-q", qos, "-F", "%p", "-C", len(lines))
    mosquitto(version).publish("-t", topic(), "-q", qos, "-l", input="\n".join(lines) + "\n")
    assert messages(subscriber.rest()) == lines


@every_version
def test_large_message_from_a_file(mosquitto, topic, version, tmp_path):
    path = tmp_path / "payload"
    path.write_text("x" * 900000)
    subscriber = mosquitto(version).subscribe("-t", topic(), "-q", 2, "-F", "%l", "-C", 1)
    mosquitto(version).publish("-t", topic(), "-q", 2, "-f", path)
    assert messages(subscriber.rest()) == ["900000"]


@every_version
@pytest.mark.parametrize("qos", [1, 2])
def test_session_is_kept_while_away(mosquitto, topic, prefix, version, qos):
    keep = ["-i", f"{prefix}away", "-c", "-q", qos, "-t", topic(), "-F", "%p"]
    keep += ["-x", "60"] if version == "mqttv5" else []
    first = mosquitto(version).subscribe(*keep, "-E")
    assert messages(first.rest()) == []
    for number in range(3):
        mosquitto(version).publish("-t", topic(), "-q", qos, "-m", f"message {number}")
    back = mosquitto(version).start_subscriber(*keep, "-C", 3)  # What waited may come before SUBACK.
    assert messages(back.rest()) == ["message 0", "message 1", "message 2"]


@every_version
def test_several_filters_wildcards_and_unsubscribe(mosquitto, topic, version):
    arguments = ["-t", topic("a/+/c"), "-t", topic("b/#"), "-U", topic("b/#"), "-v", "-C", 2]
    subscriber = mosquitto(version).subscribe(*arguments)
    for name in ("a/1/c", "a/1/2/c", "a/2/c"):
        mosquitto(version).publish("-t", topic(name), "-m", "x", "-q", 1)
    assert [line for line in messages(subscriber.rest()) if line.endswith(" x")] == [
        f"{topic('a/1/c')} x", f"{topic('a/2/c')} x",
    ]  # fmt: skip


@every_version
def test_wrong_password_is_said(mosquitto, make_broker, password_file, topic, version):
    broker = make_broker({"auth": {"anonymous": "never", "password_file": password_file(alice="wonderland")}})
    programs = mosquitto(version, broker)
    programs.publish("-t", topic(), "-m", "x", "-u", "alice", "-P", "wonderland")
    for arguments in (["-u", "alice", "-P", "wrong"], []):
        refused = programs.run("mosquitto_pub", "-t", topic(), "-m", "x", *arguments)
        assert refused.returncode != 0
        assert "refused" in refused.stderr or "Bad User Name" in refused.stderr or "Not auth" in refused.stderr, refused


@every_version
def test_refused_filter_is_said(mosquitto, make_broker, version):
    broker = make_broker({"access": [{"subscribe": ["open/#"], "publish": ["open/#"]}]})
    refused = mosquitto(version, broker).run("mosquitto_sub", "-t", "closed/#", "-W", 5)
    assert "All subscription requests were denied" in refused.stderr


@every_version
def test_unix_socket(make_broker, start_program, run_program, tmp_path, version):
    path = tmp_path / "mqtt.socket"
    make_broker({"listener": [{"protocol": "mqtt", "address": f"unix:{path}"}]})
    where = ["--unix", path, "-V", version]
    subscriber = start_program("mosquitto_sub", *where, "-d", "-t", "a", "-C", 1)
    subscriber.wait_for_line("Subscribed (mid:")
    assert run_program("mosquitto_pub", *where, "-t", "a", "-m", "x").returncode == 0
    assert messages(subscriber.rest()) == ["x"]


@every_version
def test_ipv6(make_broker, mosquitto, version):
    programs = mosquitto(version, make_broker({"listener": [{"protocol": "mqtt", "address": "[::1]:0"}]}))
    subscriber = programs.subscribe("-t", "a", "-C", 1)
    programs.publish("-t", "a", "-m", "x")
    assert messages(subscriber.rest()) == ["x"]


@every_version
def test_broker_tells_its_version(mosquitto, version):
    subscriber = mosquitto(version).subscribe("-t", "$SYS/broker/version", "-C", 1)
    (shown,) = messages(subscriber.rest())
    assert shown


def test_properties_pass_through(mosquitto, topic):
    subscriber = mosquitto("mqttv5").subscribe("-t", topic(), "-q", 1, "-F", "%j", "-C", 1)
    properties = {
        "content-type": "text/plain", "correlation-data": "17", "response-topic": topic("answer"),
        "payload-format-indicator": "1", "message-expiry-interval": "100",
    }  # fmt: skip
    arguments = [part for name, value in properties.items() for part in ("-D", "publish", name, value)]
    arguments += ["-D", "publish", "user-property", "a", "1", "-D", "publish", "user-property", "a", "2"]
    mosquitto("mqttv5").publish("-t", topic(), "-q", 1, "-m", "x", *arguments)
    (line,) = messages(subscriber.rest())
    shown = json.loads(line)["properties"]
    assert shown["content-type"] == "text/plain" and shown["response-topic"] == topic("answer")
    assert shown["correlation-data"] == "17" and shown["payload-format-indicator"] == 1
    assert 98 <= shown["message-expiry-interval"] <= 100


def test_request_and_response(mosquitto, topic, start_program, broker):
    answering = mosquitto("mqttv5").subscribe("-t", topic("request"), "-F", "%R %D", "-C", 1)
    asking = start_program(
        "mosquitto_rr", *at(broker), "-V", "mqttv5", "-t", topic("request"), "-e", topic("response"), "-m", "ask",
        "-D", "publish", "correlation-data", "17",
    )  # fmt: skip
    (line,) = messages(answering.rest())
    response_topic, correlation = line.split()
    assert response_topic == topic("response")
    mosquitto("mqttv5").publish("-t", response_topic, "-m", "answer", "-D", "publish", "correlation-data", correlation)
    assert asking.rest() == ["answer"]


def test_shared_subscription(mosquitto, topic):
    arguments = ["-t", f"$share/g/{topic()}", "-q", 1, "-F", "%p", "-C", 5]
    members = [mosquitto("mqttv5").subscribe(*arguments) for _ in range(2)]
    for number in range(10):
        mosquitto("mqttv5").publish("-t", topic(), "-q", 1, "-m", number)
    work = [messages(member.rest()) for member in members]
    assert sorted(int(number) for part in work for number in part) == list(range(10))


@every_version
def test_take_over(mosquitto, topic, prefix, version):
    first = mosquitto(version).subscribe("-i", f"{prefix}same", "-t", topic())
    second = mosquitto(version).subscribe("-i", f"{prefix}same", "-t", topic(), "-C", 1)
    if version == "mqttv5":
        first.wait_for_line("DISCONNECT")
    first.kill()
    mosquitto(version).publish("-t", topic(), "-m", "x")
    assert messages(second.rest()) == ["x"]
