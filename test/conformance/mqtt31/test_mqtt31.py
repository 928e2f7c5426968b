# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1 (protocol name MQIsdp, level 3): it works as 3.1.1 does, but for the differences that these tests name."""

import pytest
from wire import (
    V31, V311, Connack, Connect, Puback, Publish, Pubrec, Suback, Subscribe, Subscription, Will, barrier,
)  # fmt: skip


@pytest.fixture
def version():
    return V31


# What is the same ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("published", [0, 1, 2])
@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("other", [V31, V311])
def test_publishes_and_subscribes_at_every_qos(client, topic, published, granted, other):
    publisher, subscriber = client(), client(version=other)
    subscriber.subscribe(topic("+"), qos=granted)
    publisher.publish(topic("a"), b"x", qos=published)
    subscriber.expect_publish(topic("a"), b"x", qos=min(published, granted))
    barrier(publisher, subscriber)
    publisher.subscribe(topic("back/#"), qos=granted)
    subscriber.publish(topic("back"), b"y", qos=published)
    publisher.expect_publish(topic("back"), b"y", qos=min(published, granted))


def test_unsubscribe_ping_and_disconnect(client, topic):
    one = client()
    one.subscribe(topic("a"), topic("b"), qos=1)
    one.unsubscribe(topic("a"))
    one.publish(topic("a"), b"x", qos=1)
    one.publish(topic("b"), b"x", qos=1)
    one.expect_publish(topic("b"), b"x", qos=1)
    one.ping()
    one.disconnect()


def test_retained_messages(client, topic):
    publisher, subscriber = client(), client()
    publisher.publish(topic(), b"kept", qos=1, retain=True)
    subscriber.subscribe(topic(), qos=2)
    subscriber.expect_publish(topic(), b"kept", qos=1, retain=True)
    publisher.publish(topic(), b"", qos=1, retain=True)
    subscriber.expect_publish(topic(), b"", qos=1, retain=False)
    later = client()
    later.subscribe(topic())
    barrier(publisher, later)


def test_will(client, topic):
    watcher = client()
    watcher.subscribe(topic(), qos=2)
    client("a", will=Will(topic(), b"gone", 2, True)).close()
    watcher.expect_publish(topic(), b"gone", qos=2)
    client("a", will=Will(topic(), b"gone", 2)).disconnect()
    barrier(client(), watcher)


def test_session_is_kept_without_clean_session(client, topic):
    away = client("s", clean_start=False)
    away.subscribe(topic(), qos=2)
    away.disconnect()
    publisher = client()
    publisher.publish(topic(), b"x", qos=1)
    publisher.publish(topic(), b"y", qos=2)
    back = client("s", clean_start=False)
    back.expect_publish(topic(), b"x", qos=1)
    back.expect_publish(topic(), b"y", qos=2)
    barrier(publisher, back)
    client("s", clean_start=True).disconnect()
    barrier(publisher, client("s", clean_start=False))


def test_unacknowledged_messages_are_sent_again_with_dup(client, topic):
    first = client("s", clean_start=False)
    first.subscribe(topic(), qos=2)
    publisher = client()
    publisher.publish(topic(), b"x", qos=1)
    publisher.publish(topic(), b"y", qos=2)
    sent = [first.expect_publish(topic(), qos=qos, dup=False, acknowledge=False) for qos in (1, 2)]
    first.close()
    resumed = client("s", clean_start=False)
    for packet in sent:
        wanted = {"packet_identifier": packet.packet_identifier, "dup": True}
        resumed.expect_publish(topic(), packet.payload, qos=packet.qos, **wanted)
    barrier(publisher, resumed)


def test_second_connection_of_a_client_ends_the_first(client):
    old = client("same")
    new = client("same")
    old.expect_closed()
    new.ping()


def test_keep_alive_ends_a_silent_connection(client):
    client(keep_alive=1).expect_closed()


@pytest.mark.parametrize("packet", [
    Publish("a", b"x", dup=True), Publish("+", b"x"), Publish("a", b"x", qos=1, packet_identifier=0),
    Subscribe(1, []), Subscribe(1, [Subscription("a", options=3)]), Connect("again"), b"\xf0\x00",
], ids=lambda packet: packet.hex() if isinstance(packet, bytes) else packet.name)  # fmt: skip
def test_violations_end_the_connection(client, packet):
    one = client()
    one.send(packet)
    one.expect_closed()


# What differs ----------------------------------------------------------------------------------------------------


def test_the_byte_that_later_became_session_present_is_always_0(client):
    client("s", clean_start=False).disconnect()
    resumed = client.open("s")
    resumed.start_connect(clean_start=False)
    resumed.expect(Connack, session_present=False, reason_code=0)


def test_session_is_shared_with_later_versions(client, topic):
    first = client("s", clean_start=False)
    first.subscribe(topic(), qos=1)
    first.disconnect()
    resumed = client("s", version=V311, clean_start=False)
    assert resumed.connack.session_present
    resumed.publish(topic(), b"x", qos=1)
    resumed.expect_publish(topic(), b"x", qos=1)


@pytest.mark.parametrize("clean", [True, False])
def test_empty_client_identifier_is_refused(client, clean):
    opened = client.open()
    opened.start_connect("", clean_start=clean)
    opened.expect_refused(2)


def test_client_identifiers_of_more_than_23_bytes_are_taken(client):
    # 3.1 allows to refuse them; clients of today rely on long ones.
    one = client("x" * 100)
    one.ping()


def test_refused_filter_gets_0x80(client, topic):
    # SUBACK of 3.1 knows no failure; clients of today understand this one, and a granted QoS would be a lie.
    one = client()
    one.send(Subscribe(1, [Subscription(topic("a"), 1), Subscription(topic("a#"), 1)]))
    one.expect(Suback, reason_codes=[1, 0x80])
    one.ping()


def test_publish_without_permission_is_acknowledged_and_dropped(client, prefix):
    watcher, publisher = client(version=V311), client()
    watcher.subscribe(f"${prefix}/#", qos=2)
    publisher.send(Publish(f"${prefix}/a", b"x", qos=1, packet_identifier=1))
    publisher.expect(Puback, packet_identifier=1)
    publisher.send(Publish(f"${prefix}/a", b"x", qos=2, packet_identifier=2))
    publisher.expect(Pubrec, packet_identifier=2)
    barrier(publisher, watcher)


def test_bad_password_and_unknown_identity_are_refused(client, password_broker):
    client(broker=password_broker, user_name="alice", password=b"wonderland").disconnect()
    for code, credentials in ((4, {"user_name": "alice", "password": b"no"}), (4, {"user_name": "alice"}), (5, {})):
        refused = client.open(broker=password_broker)
        refused.start_connect(**credentials)
        refused.expect_refused(code)


@pytest.mark.parametrize("level", [0, 1, 2, 4, 5])
def test_other_levels_of_the_old_name_are_refused(client, level):
    opened = client.open()
    opened.send(Connect("a", protocol_version=level))
    opened.expect_refused(1)


def test_old_level_with_the_new_name_is_refused(client):
    opened = client.open()
    opened.send(Connect("a", protocol_name="MQTT"))
    opened.expect_refused(1)


@pytest.mark.parametrize("packet", [
    Connect(b"\xff"), Connect("a", password=b"p"),
], ids=["text", "password"])  # fmt: skip
def test_malformed_connect_is_not_answered(client, packet):
    opened = client.open()
    opened.send(packet)
    opened.expect_closed()


@pytest.mark.parametrize("flags", [0x03, 0x1A], ids=["reserved", "will-qos"])
def test_flags_that_mean_nothing_in_this_version_are_ignored(client, flags):
    """MQTT 3.1 does not ask for zeros there, and devices of its time do not send them."""
    opened = client.open()
    opened.send(Connect("a", connect_flags=flags))
    opened.expect(Connack, reason_code=0)
