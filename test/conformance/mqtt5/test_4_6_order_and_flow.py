# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 4.6, 4.9 and 4.13: order, flow control, and what errors lead to."""

import pytest
from wire import (
    V5, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Suback, Subscribe, Subscription, Will, barrier, frame,
    statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


# 4.6: order


@statement("MQTT-4.6.0-1", "MQTT-4.4.0-1")
@pytest.mark.parametrize("qos", [1, 2])
def test_4_6_0_1_resent_messages_keep_their_order(client, topic, qos):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic("#"), qos=qos)
    for number in range(12):
        publisher.publish(topic(str(number % 3)), b"%d" % number, qos)
    first = [one.expect(Publish, payload=b"%d" % number) for number in range(12)]
    for number in (3, 7):
        one.acknowledge(first[number])
    one.expect_nothing()
    for _ in range(2):
        one.close()
        one = client("one", clean_start=False, **LASTING)
        for number in (number for number in range(12) if number not in (3, 7)):
            one.expect(Publish, payload=b"%d" % number, dup=True, packet_identifier=first[number].packet_identifier)
    # New messages come after the old ones.
    publisher.publish(topic("new"), b"new", qos)
    one.expect(Publish, payload=b"new", dup=False)


@statement("MQTT-4.6.0-2", "MQTT-4.6.0-3", "MQTT-3.3.4-1")
def test_4_6_0_2_answers_follow_the_order_of_arrival(client, topic):
    """One kind after the other, and both mixed, in one write."""
    one, watcher = client("one"), client("watcher", **LASTING)
    watcher.subscribe(topic("#"), qos=2)
    watcher.disconnect()
    identifiers = [9, 3, 40, 1, 65535, 2, 17, 100, 5, 4]
    one.send(*[Publish(topic(), b"x", 1, packet_identifier=number) for number in identifiers])
    assert [one.expect(Puback).packet_identifier for _ in identifiers] == identifiers
    one.send(*[Publish(topic(), b"x", 2, packet_identifier=number) for number in identifiers])
    assert [one.expect(Pubrec).packet_identifier for _ in identifiers] == identifiers
    one.send(*[Pubrel(number) for number in reversed(identifiers)])
    assert [one.expect(Pubcomp).packet_identifier for _ in identifiers] == identifiers[::-1]
    one.send(*[Publish(topic(), b"x", 1 + number % 2, packet_identifier=number) for number in identifiers])
    answers = [one.receive() for _ in identifiers]
    for kind, parity in ((Puback, 0), (Pubrec, 1)):
        seen = [packet.packet_identifier for packet in answers if isinstance(packet, kind)]
        assert seen == [number for number in identifiers if number % 2 == parity]


@statement("MQTT-4.6.0-2", "MQTT-4.6.0-3")
def test_4_6_0_2_order_of_answers_does_not_depend_on_who_is_interested(client, topic):
    """Some topics have subscribers on other loops, some here, some nowhere."""
    watchers = [client(f"w{number}") for number in range(4)]
    for number, watcher in enumerate(watchers):
        watcher.subscribe(topic(f"{number}/#"), qos=2)
    one = client("one")
    for kind, qos in ((Puback, 1), (Pubrec, 2)):
        identifiers = list(range(1, 61))
        one.send(*[Publish(topic(f"{number % 6}/x"), b"x", qos, packet_identifier=number) for number in identifiers])
        assert [one.expect(kind).packet_identifier for _ in identifiers] == identifiers


@statement("MQTT-4.6.0-4")
def test_4_6_0_4_pubrels_follow_the_order_of_the_pubrecs(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), qos=2)
    for _ in range(10):
        publisher.publish(topic(), b"x", 2)
    identifiers = [one.expect(Publish, qos=2).packet_identifier for _ in range(10)]
    shuffled = [identifiers[number] for number in (3, 0, 9, 1, 2, 8, 4, 7, 5, 6)]
    one.send(*[Pubrec(identifier) for identifier in shuffled])
    assert [one.expect(Pubrel).packet_identifier for _ in range(10)] == shuffled


@statement("MQTT-4.6.0-5", "MQTT-4.6.0-6")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_4_6_0_5_messages_of_each_publisher_keep_their_order(client, topic, qos):
    publishers = [client(f"p{number}") for number in range(3)]
    subscribers = [client(f"s{number}") for number in range(3)]
    for number, one in enumerate(subscribers):
        one.subscribe(topic("#") if number else topic("a"), qos=qos)
    count = 60
    for publisher in publishers:
        packets = [Publish(topic("a"), f"{publisher.name} {number}", qos) for number in range(count)]
        for number, packet in enumerate(packets, 1):
            packet.packet_identifier = number if qos else None
        publisher.send(b"".join(packet.encode(V5) for packet in packets))
    for one in subscribers:
        seen = {}
        for _ in range(count * len(publishers)):
            packet = one.await_packet(Publish)
            one.acknowledge(packet)
            name, number = packet.payload.decode().split()
            assert int(number) == seen.get(name, -1) + 1
            seen[name] = int(number)
    if qos:
        for publisher in publishers:
            kind = Puback if qos == 1 else Pubrec
            assert [publisher.expect(kind).packet_identifier for _ in range(count)] == list(range(1, count + 1))


@statement("MQTT-4.6.0-5")
def test_4_6_0_5_order_holds_where_the_session_was_away(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    for number in range(120):
        publisher.publish(topic(), b"%d" % number, 1)
    one = client("one", clean_start=False)
    for number in range(60):
        one.expect_publish(topic(), b"%d" % number, 1)
    publisher.publish(topic(), b"120", 1)
    for number in range(60, 121):
        one.expect_publish(topic(), b"%d" % number, 1)


# 4.9: flow control


@statement("MQTT-4.9.0-1", "MQTT-4.9.0-2")
@pytest.mark.parametrize("maximum", [1, 2, 65535])
def test_4_9_0_1_quota_is_used_and_not_passed(client, topic, maximum):
    publisher, one = client("publisher"), client("one", receive_maximum=maximum)
    one.subscribe(topic(), qos=1)
    for number in range(10):
        publisher.publish(topic(), b"%d" % number, 1)
    sent = [one.expect(Publish, payload=b"%d" % number) for number in range(min(10, maximum))]
    barrier(publisher, one)
    for number, packet in enumerate(sent):
        one.acknowledge(packet)
        if number + maximum < 10:
            sent.append(one.expect(Publish, payload=b"%d" % (number + maximum)))


@statement("MQTT-4.9.0-1", "MQTT-4.13.1-1")
def test_4_9_0_1_receive_maximum_0_is_a_protocol_error(refused):
    refused(Reason.PROTOCOL_ERROR, client_identifier="a", receive_maximum=0)


@statement("MQTT-4.9.0-2")
def test_4_9_0_2_acknowledgements_of_nothing_raise_no_quota(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    one.subscribe(topic(), qos=2)
    for number in range(3):
        publisher.publish(topic(), b"%d" % number, 2)
    sent = one.expect(Publish, payload=b"0")
    other = sent.packet_identifier % 65535 + 1
    one.send(Puback(other), Pubcomp(other), Puback(other), Pubrec(other, 0x80))
    barrier(publisher, one)
    one.acknowledge(sent)
    one.expect(Publish, payload=b"1")
    barrier(publisher, one)


@statement("MQTT-4.9.0-3", "MQTT-3.3.4-10")
def test_4_9_0_3_everything_else_is_served_at_quota_0(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=1)
    one.subscribe(topic("full"), qos=2)
    publisher.publish(topic("full"), b"1", 2)
    publisher.publish(topic("full"), b"2", 2)
    held = one.expect_publish(topic("full"), b"1", 2, acknowledge=False)
    for number in range(20):
        one.ping()
        one.send(Subscribe(900, [Subscription(topic(f"more/{number}"))]))
        one.expect(Suback, packet_identifier=900)
        one.publish(topic("elsewhere"), b"x", number % 3)
    publisher.publish(topic("more/7"), b"qos 0")
    one.expect_publish(topic("more/7"), b"qos 0")
    one.acknowledge(held)
    one.expect_publish(topic("full"), b"2", 2)


@statement("MQTT-4.9.0-2")
def test_4_9_0_2_quota_begins_anew_with_a_connection(client, topic):
    publisher, one = client("publisher"), client("one", receive_maximum=2, **LASTING)
    one.subscribe(topic(), qos=1)
    for number in range(4):
        publisher.publish(topic(), b"%d" % number, 1)
    for number in range(2):
        one.expect(Publish, payload=b"%d" % number)
    barrier(publisher, one)
    one.close()
    again = client("one", clean_start=False, receive_maximum=4)
    packets = [again.expect(Publish, payload=b"%d" % number) for number in range(4)]
    assert [packet.dup for packet in packets] == [True, True, False, False]


# 4.13: errors

ERRORS = [
    (Reason.MALFORMED_PACKET, frame(0x00)),
    (Reason.PROTOCOL_ERROR, Publish("", b"x")),
    (Reason.TOPIC_NAME_INVALID, Publish("a/#", b"x")),
    (Reason.TOPIC_ALIAS_INVALID, Publish("a", b"x", topic_alias=0)),
    (Reason.PACKET_TOO_LARGE, frame(0x30, b"", 268435455)),
    (Reason.QUOTA_EXCEEDED, Publish("a", b"x", user_property=[("a", "b")] * 65)),
]


@statement("MQTT-4.13.1-1", "MQTT-4.13.2-1", "MQTT-3.1.2-8")
@pytest.mark.parametrize("code, fault", ERRORS, ids=[code.name for code, _ in ERRORS])
def test_4_13_1_1_error_ends_the_connection_and_publishes_the_will(client, topic, code, fault):
    watcher, bystander = client("watcher"), client("bystander")
    watcher.subscribe(topic())
    one = client("one", will=Will(topic(), b"x"), **LASTING)
    one.send(fault)
    one.expect_disconnect(code)
    watcher.expect_publish(topic(), b"x")
    bystander.ping()
    assert client("one", clean_start=False).connack.session_present is True


@statement("MQTT-4.13.1-1")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_4_13_1_1_too_many_topic_levels(client, dropped, topic, qos):
    one = client()
    one.subscribe(topic("#"), qos=2)
    name = topic("/".join("a" * 127))
    one.publish(name, b"x", qos)
    one.expect_publish(name, b"x", qos)
    dropped(Reason.TOPIC_NAME_INVALID, Publish(topic("/".join("a" * 128)), b"x", qos))


@statement("MQTT-4.13.2-1")
def test_4_13_2_1_code_that_means_the_end_closes_also_if_it_cannot_be_sent(client):
    """The client does not read what it is told: the connection ends all the same."""
    one = client()
    one.shut_sending()
    one.expect_closed()
    one = client()
    one.send(frame(0x00))
    one.shut_sending()
    one.expect_disconnect(Reason.MALFORMED_PACKET)
