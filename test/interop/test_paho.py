# SPDX-License-Identifier: Apache-2.0
"""Paho's Python client (package python3-paho-mqtt) in every version of MQTT it speaks."""

import os
import queue
import threading

import pytest
from wire import TIMEOUT

if os.environ.get("CI") != "true":  # There, everything has to be there.
    pytest.importorskip("paho.mqtt.client")
from paho.mqtt import client as paho  # noqa: E402
from paho.mqtt.packettypes import PacketTypes  # noqa: E402
from paho.mqtt.properties import Properties  # noqa: E402

VERSIONS = {"3.1": paho.MQTTv31, "3.1.1": paho.MQTTv311, "5": paho.MQTTv5}
every_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS.keys())
every_qos = pytest.mark.parametrize("qos", [0, 1, 2])
WAIT = 2 * TIMEOUT


class PahoClient:
    """A Paho client on its own thread; what its callbacks tell waits in queues."""

    def __init__(self, version, name, clean, configure=None):
        options = {} if version == paho.MQTTv5 else {"clean_session": clean}
        self.client = paho.Client(name, protocol=version, **options)
        self.messages = queue.Queue()
        self.connected = queue.Queue()
        self.granted = queue.Queue()
        self.gone = threading.Event()
        self._cut = False
        self.client.on_message = lambda client, data, message: self.messages.put(message)
        self.client.on_connect = lambda client, data, flags, code, *more: self.connected.put((flags, code))
        self.client.on_subscribe = lambda client, data, identifier, codes, *more: self.granted.put(codes)
        self.client.on_disconnect = lambda *told: self.gone.set()
        if configure:
            configure(self.client)

    def connect(self, address, **options):
        self.client.connect(*address, **options)
        self.client.loop_start()
        return self.connected.get(timeout=WAIT)

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        return [int(getattr(code, "value", code)) for code in self.granted.get(timeout=WAIT)]

    def publish(self, topic, payload, qos=0, **options):
        sent = self.client.publish(topic, payload, qos, **options)
        sent.wait_for_publish(WAIT)
        assert sent.is_published()

    def receive(self):
        return self.messages.get(timeout=WAIT)

    def cut(self):
        """Ends the connection without DISCONNECT."""
        self._cut = True
        self.client.loop_stop()
        self.client.socket().close()

    def stop(self):
        if not self._cut:
            self.client.disconnect()
            self.client.loop_stop()


@pytest.fixture
def connect(broker, prefix):
    """connect(version, "name") is a connected Paho client."""
    started = []

    def start(version, name, clean=True, of=None, configure=None, **options):
        one = PahoClient(version, f"{prefix}{name}", clean, configure)
        started.append(one)
        one.flags, code = one.connect((of or broker).address, **options)
        assert code == 0
        return one

    yield start
    for one in started:
        one.stop()


@every_version
@every_qos
def test_publish_and_subscribe(connect, topic, version, qos):
    publisher, subscriber = connect(version, "p"), connect(version, "s")
    assert subscriber.subscribe(topic("#"), qos) == [qos]
    for number in range(50):
        publisher.publish(topic("a/b"), f"message {number}", qos)
    for number in range(50):
        message = subscriber.receive()
        assert (message.topic, message.payload, message.qos) == (topic("a/b"), f"message {number}".encode(), qos)
        assert not message.retain


@every_version
@every_qos
def test_many_messages_without_waiting_arrive_in_order(connect, topic, version, qos):
    publisher, subscriber = connect(version, "p"), connect(version, "s")
    subscriber.subscribe(topic(), qos)
    publisher.client.max_inflight_messages_set(50)
    sent = [publisher.client.publish(topic(), str(number), qos) for number in range(1000)]
    for one in sent:
        one.wait_for_publish(WAIT)
    assert [int(subscriber.receive().payload) for _ in range(1000)] == list(range(1000))


@every_version
def test_retained_message(connect, topic, version):
    publisher, subscriber, later = connect(version, "p"), connect(version, "s"), connect(version, "l")
    publisher.publish(topic(), "kept", 1, retain=True)
    subscriber.subscribe(topic(), 1)
    message = subscriber.receive()
    assert message.payload == b"kept" and message.retain and message.qos == 1
    publisher.publish(topic(), "", 1, retain=True)
    assert subscriber.receive().payload == b""
    later.subscribe(topic(), 1)
    publisher.publish(topic(), "live", 1)
    assert later.receive().payload == b"live"


@every_version
@every_qos
def test_will(connect, topic, version, qos):
    watcher = connect(version, "w")
    watcher.subscribe(topic("will"), qos)
    dying = connect(version, "d", configure=lambda client: client.will_set(topic("will"), "gone", qos))
    dying.cut()
    message = watcher.receive()
    assert (message.payload, message.qos) == (b"gone", qos)


def keep_session(version):
    if version != paho.MQTTv5:
        return {"clean": False}
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 60
    return {"clean_start": False, "properties": properties}


@every_version
@pytest.mark.parametrize("qos", [1, 2])
def test_session_is_kept_while_away(connect, topic, version, qos):
    away, publisher = connect(version, "away", **keep_session(version)), connect(version, "p")
    away.subscribe(topic(), qos)
    away.stop()
    for number in range(20):
        publisher.publish(topic(), str(number), qos)
    back = connect(version, "away", **keep_session(version))
    if version != paho.MQTTv31:
        assert back.flags["session present"] == 1
    assert [int(back.receive().payload) for _ in range(20)] == list(range(20))


@every_version
def test_client_reconnects_after_a_restart(connect, make_broker, topic, version):
    broker = make_broker()
    broker.config["listener"][0]["address"] = f"127.0.0.1:{broker.address[1]}"
    configure = lambda client: client.reconnect_delay_set(1, 1)  # noqa: E731
    one = connect(version, "p", of=broker, configure=configure, keepalive=5)
    broker.stop()
    assert one.gone.wait(WAIT)
    broker.start()
    one.connected.get(timeout=WAIT)
    one.subscribe(topic(), 1)
    one.publish(topic(), "back", 1)
    assert one.receive().payload == b"back"


@every_version
def test_keep_alive_is_kept(connect, topic, version):
    one = connect(version, "p", keepalive=1)
    assert not one.gone.wait(3.5)
    one.subscribe(topic(), 1)
    one.publish(topic(), "x", 1)
    assert one.receive().payload == b"x"


@every_version
def test_large_message(connect, topic, version):
    one = connect(version, "p")
    one.subscribe(topic(), 2)
    payload = bytes(range(256)) * 4000
    one.publish(topic(), payload, 2)
    assert one.receive().payload == payload


@every_version
def test_users_and_refusals(connect, make_broker, password_file, version):
    auth = {"anonymous": "never", "password_file": password_file(alice="wonderland")}
    broker = make_broker({"auth": auth, "access": [{"user": "alice", "publish": ["#"], "subscribe": ["open/#"]}]})
    alice = lambda client: client.username_pw_set("alice", "wonderland")  # noqa: E731
    one = connect(version, "p", of=broker, configure=alice)
    assert one.subscribe("open/#", 1) == [1]
    assert one.subscribe("closed/#", 1)[0] >= 0x80
    one.publish("open/a", "x", 1)
    assert one.receive().payload == b"x"
    refused = PahoClient(version, "r", True, lambda client: client.username_pw_set("alice", "wrong"))
    _, code = refused.connect(broker.address)
    refused.client.loop_stop()
    assert code != 0


def test_properties_pass_through(connect, topic):
    publisher, subscriber = connect(paho.MQTTv5, "p"), connect(paho.MQTTv5, "s")
    subscriber.subscribe(topic(), 1)
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "text/plain"
    properties.ResponseTopic = topic("answer")
    properties.CorrelationData = b"\x00\xff17"
    properties.PayloadFormatIndicator = 1
    properties.MessageExpiryInterval = 100
    properties.UserProperty = [("a", "1"), ("b", "2"), ("a", "3")]
    publisher.publish(topic(), "x", 1, properties=properties)
    received = subscriber.receive().properties
    assert received.ContentType == "text/plain" and received.ResponseTopic == topic("answer")
    assert received.CorrelationData == b"\x00\xff17" and received.PayloadFormatIndicator == 1
    assert 99 <= received.MessageExpiryInterval <= 100
    assert received.UserProperty == [("a", "1"), ("b", "2"), ("a", "3")]


def test_topic_alias_of_the_client(connect, topic):
    publisher, subscriber = connect(paho.MQTTv5, "p"), connect(paho.MQTTv5, "s")
    subscriber.subscribe(topic("#"), 1)
    for name in (topic("a long name"), "", ""):
        properties = Properties(PacketTypes.PUBLISH)
        properties.TopicAlias = 7
        publisher.publish(name, "x", 1, properties=properties)
        assert subscriber.receive().topic == topic("a long name")


def test_subscription_options_and_identifier(connect, topic):
    publisher, subscriber = connect(paho.MQTTv5, "p"), connect(paho.MQTTv5, "s")
    publisher.publish(topic(), "kept", 1, retain=True)
    options = paho.SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True, retainHandling=2)
    properties = Properties(PacketTypes.SUBSCRIBE)
    properties.SubscriptionIdentifier = 4711
    subscriber.client.subscribe(topic(), options=options, properties=properties)
    subscriber.granted.get(timeout=WAIT)
    subscriber.publish(topic(), "own", 1)
    publisher.publish(topic(), "live", 1, retain=True)
    message = subscriber.receive()
    assert message.payload == b"live" and message.retain and message.properties.SubscriptionIdentifier == [4711]


def test_shared_subscription(connect, topic):
    publisher, members = connect(paho.MQTTv5, "p"), [connect(paho.MQTTv5, f"m{number}") for number in range(3)]
    for member in members:
        member.subscribe(f"$share/g/{topic('#')}", 1)
    for number in range(30):
        publisher.publish(topic(str(number)), str(number), 1)
    work = [[int(member.receive().payload) for _ in range(10)] for member in members]
    assert sorted(number for part in work for number in part) == list(range(30))


def test_assigned_client_identifier(broker):
    one = PahoClient(paho.MQTTv5, "", True)
    assigned = queue.Queue()
    one.client.on_connect = lambda client, data, flags, code, properties: assigned.put(properties)
    one.client.connect(*broker.address)
    one.client.loop_start()
    assert len(assigned.get(timeout=WAIT).AssignedClientIdentifier) > 10
    one.stop()
