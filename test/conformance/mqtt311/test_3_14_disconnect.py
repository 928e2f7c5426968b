# SPDX-License-Identifier: Apache-2.0
"""Chapter 3.14: DISCONNECT."""

import pytest
from wire import Disconnect, Pingreq, Publish, Subscribe, Subscription, Will, barrier, frame, statement311 as statement


@pytest.mark.parametrize("flags", range(1, 16))
@statement("MQTT-3.14.1-1")
def test_3_14_1_1_flags_other_than_0_are_an_error_and_the_will_is_published(client, topic, flags):
    watcher, wrong = client(), client(will=Will(topic(), b"gone"))
    watcher.subscribe(topic())
    barrier(wrong, watcher)
    wrong.send(Disconnect(), first_byte=0xE0 | flags)
    wrong.expect_closed()
    watcher.expect_publish(topic(), b"gone")


@statement("MQTT-3.14.1-1")
def test_3_14_1_1_body_is_an_error_and_the_will_is_published(client, topic):
    watcher, wrong = client(), client(will=Will(topic(), b"gone"))
    watcher.subscribe(topic())
    barrier(wrong, watcher)
    wrong.send(frame(0xE0, b"\0"))
    wrong.expect_closed()
    watcher.expect_publish(topic(), b"gone")


@statement("MQTT-3.14.4-1")
def test_3_14_4_1_broker_closes_if_the_client_does_not(client):
    one = client()
    one.send(Disconnect())
    one.expect_closed()


@statement("MQTT-3.14.4-2")
def test_3_14_4_2_whatever_follows_disconnect_is_ignored(client, topic):
    watcher, one = client(), client("s", clean_start=False)
    watcher.subscribe(topic("#"))
    barrier(one, watcher)
    one.send(
        Disconnect(),
        Publish(topic("late"), b"x"),
        Publish(topic("late"), b"x", qos=1, packet_identifier=1, retain=True),
        Subscribe(2, [Subscription(topic("late"))]),
        Pingreq(),
        b"\xff\xff\xff\xff\xff",
    )
    one.expect_closed()
    barrier(client(), watcher)
    back = client("s", clean_start=False)
    back.publish(topic("late"), b"x", qos=1)
    watcher.expect_publish(topic("late"), b"x")
    barrier(back, back)


@pytest.mark.parametrize("clean", [True, False])
@statement("MQTT-3.14.4-3")
def test_3_14_4_3_disconnect_discards_the_will(client, topic, clean):
    watcher, one = client(), client("s", clean_start=clean, will=Will(topic(), b"gone", 1, True))
    watcher.subscribe(topic(), qos=1)
    barrier(one, watcher)
    one.disconnect()
    barrier(client(), watcher)
    again = client("s", clean_start=clean)
    again.subscribe(topic(), qos=1)
    barrier(watcher, again)
