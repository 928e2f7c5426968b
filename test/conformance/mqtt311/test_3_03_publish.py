# SPDX-License-Identifier: Apache-2.0
"""Chapter 3.3: PUBLISH."""

import pytest
from wire import (
    Puback, Pubcomp, Publish, Pubrec, Pubrel, Will, barrier, receive_until_barrier, statement311 as statement,
)  # fmt: skip


@pytest.fixture
def expect_retained(client):
    """expect_retained(topic, payload, qos) subscribes anew: this message comes as retained; None stands for nothing."""

    def expect(topic, payload, qos=2):
        subscriber = client()
        subscriber.subscribe(topic, qos=2)
        if payload is not None:
            subscriber.expect_publish(topic, payload, qos=qos, retain=True)
        barrier(client(), subscriber)

    return expect


# 3.3.1.1 DUP, 3.3.1.2 QoS ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("qos", [1, 2])
@statement("MQTT-3.3.1-1")
def test_3_3_1_1_redelivery_has_dup_1(client, topic, qos):
    first = client("s", clean_start=False)
    first.subscribe(topic(), qos=qos)
    client().publish(topic(), b"x", qos=qos)
    first.expect_publish(topic(), b"x", qos=qos, dup=False, acknowledge=False)
    for _ in range(2):
        first.close()
        first = client("s", clean_start=False)
        first.expect_publish(topic(), b"x", qos=qos, dup=True, acknowledge=False)


@statement("MQTT-3.3.1-2")
def test_3_3_1_2_dup_with_qos_0_closes(client, topic):
    watcher, wrong = client(), client()
    watcher.subscribe(topic())
    wrong.send(Publish(topic(), b"x", dup=True))
    wrong.expect_closed()
    barrier(client(), watcher)


@statement("MQTT-3.3.1-2")
def test_3_3_1_2_qos_0_copies_have_dup_0(client, topic):
    one = client()
    one.subscribe(topic(), qos=0)
    one.send(Publish(topic(), b"x", qos=1, dup=True, packet_identifier=9))
    one.await_packet(Puback)
    one.expect_publish(topic(), b"x", qos=0, dup=False)


@pytest.mark.parametrize("qos", [1, 2])
@statement("MQTT-3.3.1-3")
def test_3_3_1_3_incoming_dup_is_not_passed_on(client, topic, qos):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"x", qos=qos, dup=True)
    subscriber.expect_publish(topic(), b"x", qos=qos, dup=False)


@pytest.mark.parametrize("flags", [0x06, 0x07, 0x0E, 0x0F])
@statement("MQTT-3.3.1-4")
def test_3_3_1_4_qos_bits_11_close(client, topic, flags):
    watcher, wrong = client(), client()
    watcher.subscribe(topic(), qos=2)
    wrong.send(Publish(topic(), b"x", qos=1), first_byte=0x30 | flags)
    wrong.expect_closed()
    barrier(client(), watcher)


# 3.3.1.3 RETAIN -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.1-5")
def test_3_3_1_5_retained_message_is_stored_with_its_qos(client, topic, qos, expect_retained):
    client().publish(topic(), b"first", qos=1, retain=True)
    publisher = client()
    publisher.publish(topic(), b"kept", qos=qos, retain=True)
    publisher.ping()
    expect_retained(topic(), b"kept", qos=qos)


@statement("MQTT-3.3.1-6")
def test_3_3_1_6_new_subscription_gets_the_last_retained_message_of_each_topic(client, topic):
    publisher = client()
    for name in ("a", "b", "a/b", "c"):
        publisher.publish(topic(name), b"old", qos=1, retain=True)
        publisher.publish(topic(name), name.encode(), qos=1, retain=True)
    subscriber = client()
    subscriber.subscribe(topic("+"), qos=1)
    received = {}
    for _ in range(3):
        packet = subscriber.expect(Publish, retain=True, qos=1)
        subscriber.acknowledge(packet)
        received[packet.topic] = packet.payload
    assert received == {topic("a"): b"a", topic("b"): b"b", topic("c"): b"c"}
    barrier(publisher, subscriber)


@statement("MQTT-3.3.1-7")
def test_3_3_1_7_retained_message_of_qos_0_replaces_the_old_one(client, topic):
    publisher = client()
    publisher.publish(topic(), b"old", qos=1, retain=True)
    publisher.publish(topic(), b"new", qos=0, retain=True)
    publisher.ping()
    for _ in range(3):
        subscriber = client()
        subscriber.subscribe(topic(), qos=2)
        (received,) = receive_until_barrier(publisher, subscriber)
        assert [(packet.payload, packet.qos) for packet in received] in ([], [(b"new", 0)])


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.1-8")
def test_3_3_1_8_messages_of_a_new_subscription_have_retain_1(client, topic, qos):
    client().publish(topic(), b"kept", qos=1, retain=True)
    subscriber = client()
    subscriber.subscribe(topic("#"), qos=qos)
    subscriber.expect_publish(topic(), b"kept", qos=min(qos, 1), retain=True)


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.1-9")
def test_3_3_1_9_messages_of_an_existing_subscription_have_retain_0(client, topic, qos):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"live", qos=qos, retain=True)
    subscriber.expect_publish(topic(), b"live", qos=qos, retain=False)


@statement("MQTT-3.3.1-9")
def test_3_3_1_9_messages_queued_for_an_existing_subscription_have_retain_0(client, topic):
    away = client("s", clean_start=False)
    away.subscribe(topic(), qos=1)
    away.disconnect()
    client().publish(topic(), b"queued", qos=1, retain=True)
    client("s", clean_start=False).expect_publish(topic(), b"queued", qos=1, retain=False)


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.1-10")
def test_3_3_1_10_empty_retained_message_is_delivered_and_erases(client, topic, qos, expect_retained):
    publisher, live = client(), client()
    publisher.publish(topic(), b"kept", qos=1, retain=True)
    live.subscribe(topic(), qos=2)
    live.expect_publish(topic(), b"kept", qos=1, retain=True)
    publisher.publish(topic(), b"", qos=qos, retain=True)
    live.expect_publish(topic(), b"", qos=qos, retain=False)
    publisher.ping()
    expect_retained(topic(), None)


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.1-11")
def test_3_3_1_11_empty_retained_message_is_not_stored(client, topic, qos, expect_retained):
    publisher, live = client(), client()
    live.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"", qos=qos, retain=True)
    live.expect_publish(topic(), b"", qos=qos, retain=False)
    expect_retained(topic(), None)


@pytest.mark.parametrize("payload", [b"live", b""])
@statement("MQTT-3.3.1-12")
def test_3_3_1_12_message_without_retain_leaves_the_retained_one(client, topic, payload, expect_retained):
    publisher = client()
    publisher.publish(topic(), b"kept", qos=1, retain=True)
    for qos in (0, 1, 2):
        publisher.publish(topic(), payload, qos=qos, retain=False)
    expect_retained(topic(), b"kept", qos=1)
    publisher.publish(topic("other"), b"never retained", qos=1)
    expect_retained(topic("other"), None)


# 3.3.2 Topic Name -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "00", "0002", "000261", "ffff6162", "0002c328", "0001ff"])
@pytest.mark.parametrize("first_byte", [0x30, 0x32])
@statement("MQTT-3.3.2-1")
def test_3_3_2_1_missing_or_ill_formed_topic_closes(client, body, first_byte):
    content = bytes.fromhex(body)
    wrong = client()
    wrong.send(bytes([first_byte, len(content)]) + content)
    wrong.expect_closed()


@pytest.mark.parametrize("name", ["+", "#", "a/+", "a/#", "a/+/b", "a#", "+a", "a/b+c"])
@pytest.mark.parametrize("qos", [0, 1])
@statement("MQTT-3.3.2-2")
def test_3_3_2_2_wildcard_in_a_topic_name_closes(client, topic, name, qos):
    watcher, wrong = client(), client()
    watcher.subscribe(topic("#"))
    wrong.send(Publish(topic(name), b"x", qos=qos))
    wrong.expect_closed()
    barrier(client(), watcher)


MATCHES = {  # Topic Filter: Topic Names it matches, of all those that appear here.
    "a": {"a"},
    "a/b": {"a/b"},
    "a/b/c": {"a/b/c"},
    "+": {"a", ""},
    "a/+": {"a/b", "a/"},
    "+/b": {"a/b"},
    "+/+": {"a/b", "a/", "/a", "/"},
    "a/+/c": {"a/b/c"},
    "a/#": {"a", "a/b", "a/", "a/b/c"},
    "+/b/#": {"a/b", "a/b/c"},
    "/+": {"/a", "/"},
    "/#": {"", "/a", "/"},
    "#": {"a", "", "a/b", "a/", "/a", "/", "a/b/c"},
    "A": set(),
    "a/b/c/#": {"a/b/c"},
    "a/b/c/+": set(),
}


@statement("MQTT-3.3.2-3")
def test_3_3_2_3_message_arrives_under_its_topic_and_only_at_matching_filters(client, topic):
    names = sorted(set().union(*MATCHES.values()))
    subscribers = {text: client() for text in MATCHES}
    for text, subscriber in subscribers.items():
        subscriber.subscribe(topic(text), qos=1)
    publisher = client()
    for name in names:
        publisher.publish(topic(name), name.encode(), qos=1)
    inboxes = receive_until_barrier(publisher, *subscribers.values())
    for text, inbox in zip(subscribers, inboxes):
        received = [packet.topic for packet in inbox]
        assert received == [topic(name) for name in names if name in MATCHES[text]], text
        assert all(packet.payload == packet.topic.removeprefix(topic("")).encode() for packet in inbox)


# 3.3.4, 3.3.5 ---------------------------------------------------------------------------------------------------


@statement("MQTT-3.3.4-1")
def test_3_3_4_1_the_answer_follows_the_qos(client, topic):
    one = client()
    one.send(Publish(topic(), b"x", qos=0))
    one.expect_nothing()
    one.send(Publish(topic(), b"x", qos=1, packet_identifier=5))
    one.expect(Puback, packet_identifier=5)
    one.expect_nothing()
    one.send(Publish(topic(), b"x", qos=2, packet_identifier=6))
    one.expect(Pubrec, packet_identifier=6)
    one.expect_nothing()
    one.send(Pubrel(6))
    one.expect(Pubcomp, packet_identifier=6)
    one.expect_nothing()


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.5-1")
def test_3_3_5_1_overlapping_subscriptions_give_one_copy_of_the_highest_qos(client, topic, qos):
    # Chosen: one copy for each Session.
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic("a/#"), qos=0)
    subscriber.subscribe(topic("a/b"), qos=2)
    subscriber.subscribe(topic("+/b"), qos=1)
    publisher.publish(topic("a/b"), b"x", qos=qos)
    subscriber.expect_publish(topic("a/b"), b"x", qos=qos)
    barrier(publisher, subscriber)
    subscriber.unsubscribe(topic("a/b"))
    publisher.publish(topic("a/b"), b"x", qos=qos)
    subscriber.expect_publish(topic("a/b"), b"x", qos=min(qos, 1))
    barrier(publisher, subscriber)


@pytest.mark.parametrize("qos", [0, 1, 2])
@statement("MQTT-3.3.5-2")
def test_3_3_5_2_publish_without_permission_is_acknowledged_and_dropped(client, make_broker, qos):
    broker = make_broker({"access": [{"publish": ["open/#", "barrier/#"], "subscribe": ["#"]}]})
    watcher, publisher = client(broker=broker), client(broker=broker)
    watcher.subscribe("#", qos=2)
    publisher.publish("closed/a", b"x", qos=qos)
    publisher.publish("closed/a", b"x", qos=qos, retain=True)
    publisher.publish("open/a", b"x", qos=qos)
    watcher.expect_publish("open/a", b"x", qos=qos)
    barrier(publisher, watcher)
    later = client(broker=broker)
    later.subscribe("closed/#", qos=2)
    barrier(publisher, later)


@statement("MQTT-3.3.5-2")
def test_3_3_5_2_publish_to_a_topic_of_the_broker_is_acknowledged_and_dropped(client, prefix):
    watcher, publisher = client(), client()
    watcher.subscribe(f"$SYS/{prefix}/#", f"${prefix}/#", qos=2)
    for name in (f"$SYS/{prefix}/a", f"${prefix}/a"):
        for qos in (0, 1, 2):
            publisher.publish(name, b"x", qos=qos, retain=True)
    barrier(publisher, watcher)


@statement("MQTT-3.3.5-2")
def test_3_3_5_2_will_without_permission_is_refused(client, make_broker):
    broker = make_broker({"access": [{"publish": ["open/#"], "subscribe": ["#"]}]})
    refused = client.open(broker=broker)
    refused.start_connect(will=Will("closed/a", b"x"))
    refused.expect_refused(5)
    client(broker=broker, will=Will("open/a", b"x")).disconnect()
