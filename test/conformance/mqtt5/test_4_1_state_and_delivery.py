# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 4.1 to 4.5: Session State, the connection, the protocols of QoS 0, 1 and 2, resending and receipt."""

import pytest
from wire import (
    Connack, Connect, Pingreq, Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Stopwatch, Subscribe,
    Subscription, barrier, receive_until_barrier, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


def away_and_back(client, one, **options):
    """The connection is cut, if it is not over yet, when all it sent has been read; the next one resumes the Session."""
    if one.is_open:
        one.ping()
        one.close()
    again = client(one.name, clean_start=False, **{**LASTING, **options})
    assert again.connack.session_present is True
    return again


# 4.1, 4.2


@statement("MQTT-4.1.0-1")
def test_4_1_0_1_session_state_stays_while_connected(client, topic):
    """Both sides of every exchange survive whatever else happens on the connection."""
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"out", 2)
    out = one.expect_publish(topic(), b"out", 2, acknowledge=False)
    one.send(Publish(topic("other"), b"in", 2, packet_identifier=7))
    one.expect(Pubrec, packet_identifier=7)
    for number in range(50):
        one.subscribe(topic(f"more/{number}"))
        one.unsubscribe(topic(f"more/{number}"))
        one.publish(topic("other"), b"x", 1)
    one.send(Publish(topic("other"), b"in", 2, packet_identifier=7, dup=True))
    one.expect(Pubrec, packet_identifier=7)
    one.send(Pubrel(7))
    one.expect(Pubcomp, packet_identifier=7, reason_code=0)
    one.acknowledge(out)
    publisher.publish(topic(), b"still", 1)
    one.expect_publish(topic(), b"still", 1)


@statement("MQTT-4.1.0-2")
def test_4_1_0_2_session_without_interval_ends_with_its_connection(client, topic):
    publisher = client("publisher")
    for options in ({}, {"session_expiry_interval": 0}):
        one = client("one", **options)
        one.subscribe(topic(), qos=1)
        one.disconnect()
        publisher.publish(topic(), b"x", 1)
        one = client("one", clean_start=False)
        assert one.connack.session_present is False
        barrier(publisher, one)
        one.disconnect()


@statement("MQTT-4.2.0-1")
def test_4_2_0_1_stream_may_be_cut_anywhere(client, topic):
    """The same conversation byte by byte and in one piece."""
    packets = (
        Connect(client.identifier("one")),
        Subscribe(1, [Subscription(topic(), 1)]),
        Publish(topic(), b"payload" * 30, 1, packet_identifier=2, user_property=[("a", "b")]),
        Pingreq(),
    )
    for bytewise in (True, False):
        one = client.open("one")
        content = b"".join(packet.encode(5) for packet in packets)
        one.send_bytewise(content) if bytewise else one.send(content)
        one.expect(Connack, reason_code=0)
        received = [one.receive() for _ in range(4)]
        assert sum(isinstance(packet, Pingresp) for packet in received) == 1
        assert [packet.payload for packet in received if isinstance(packet, Publish)] == [b"payload" * 30]
        one.disconnect() if bytewise else one.close()


@statement("MQTT-4.2.0-1")
def test_4_2_0_1_large_packets_arrive_whole_and_in_order(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), qos=1)
    payloads = [bytes([number]) * (number * 50_000) for number in range(1, 16)]
    for payload in payloads:
        publisher.publish(topic(), payload, 1)
    for payload in payloads:
        one.expect_publish(topic(), payload, 1)


# 4.3.1, 4.3.2: QoS 0 and 1


@statement("MQTT-4.3.1-1")
def test_4_3_1_1_qos_0_is_sent_with_qos_0_and_no_dup(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=0)
    for published in (0, 1, 2):
        publisher.publish(topic(), b"x", published)
        assert one.expect_publish(topic(), b"x").frame[0] == 0x30
    # It is never sent a second time.
    one = away_and_back(client, one)
    barrier(publisher, one)


@statement("MQTT-4.3.2-1", "MQTT-4.3.3-1", "MQTT-4.3.2-2", "MQTT-4.3.3-2", "MQTT-2.2.1-4")
@pytest.mark.parametrize("qos", [1, 2])
def test_4_3_2_1_each_new_message_has_an_unused_identifier(client, topic, qos):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=qos)
    for _ in range(5):
        publisher.publish(topic(), b"x", qos)
    held = [one.expect_publish(topic(), b"x", qos, dup=False, acknowledge=False) for _ in range(5)]
    one.acknowledge(held.pop(2))
    one = away_and_back(client, one)
    again = [one.expect_publish(topic(), b"x", qos, dup=True, acknowledge=False) for _ in range(4)]
    assert [packet.packet_identifier for packet in again] == [packet.packet_identifier for packet in held]
    for _ in range(3):
        publisher.publish(topic(), b"new", qos)
    new = [one.expect_publish(topic(), b"new", qos, dup=False, acknowledge=False) for _ in range(3)]
    assert len({packet.packet_identifier for packet in held + new}) == 7


@statement("MQTT-4.3.2-3", "MQTT-4.4.0-1")
def test_4_3_2_3_qos_1_message_is_kept_until_puback(client, topic):
    one = client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    client("publisher").publish(topic(), b"x", 1)
    sent = one.expect_publish(topic(), b"x", 1, acknowledge=False)
    one.send(Puback(sent.packet_identifier % 65535 + 1), Pubcomp(sent.packet_identifier))  # Neither is its PUBACK.
    for _ in range(2):
        one = away_and_back(client, one)
        one.expect_publish(topic(), b"x", 1, dup=True, packet_identifier=sent.packet_identifier, acknowledge=False)
    one.send(Puback(sent.packet_identifier))
    away_and_back(client, one).expect_nothing()


@statement("MQTT-4.3.2-4")
def test_4_3_2_4_qos_1_message_is_acknowledged_and_owned(client, topic):
    """After PUBACK the publisher may go: the message is there for a Session that is away."""
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    publisher.send(Publish(topic(), b"x", 1, packet_identifier=9))
    publisher.expect(Puback, packet_identifier=9, reason_code=0)
    publisher.close()
    away_and_back(client, one).expect_publish(topic(), b"x", 1)


@statement("MQTT-4.3.2-5")
def test_4_3_2_5_after_puback_the_identifier_is_new_whatever_dup_says(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), qos=1)
    for dup in (False, True, True):
        publisher.send(Publish(topic(), b"x", 1, dup=dup, packet_identifier=9))
        publisher.expect(Puback, packet_identifier=9)
        one.expect_publish(topic(), b"x", 1)
    barrier(publisher, one)


# 4.3.3: QoS 2


@statement("MQTT-4.3.3-3", "MQTT-4.4.0-1")
def test_4_3_3_3_qos_2_message_is_kept_until_pubrec(client, topic):
    one = client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    client("publisher").publish(topic(), b"x", 2)
    sent = one.expect_publish(topic(), b"x", 2, acknowledge=False)
    one.send(Puback(sent.packet_identifier), Pubcomp(sent.packet_identifier))  # Neither is its PUBREC.
    for _ in range(2):
        one = away_and_back(client, one)
        one.expect_publish(topic(), b"x", 2, dup=True, packet_identifier=sent.packet_identifier, acknowledge=False)
    one.acknowledge(sent)
    away_and_back(client, one).expect_nothing()


@statement("MQTT-4.3.3-4", "MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1")
def test_4_3_3_4_pubrec_is_answered_by_pubrel_which_alone_is_resent(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"x", 2)
    sent = one.expect_publish(topic(), b"x", 2, acknowledge=False)
    for _ in range(2):  # A repeated PUBREC is answered again.
        one.send(Pubrec(sent.packet_identifier))
        one.expect(Pubrel, packet_identifier=sent.packet_identifier, reason_code=0)
    for _ in range(2):
        one = away_and_back(client, one)
        one.expect(Pubrel, packet_identifier=sent.packet_identifier, reason_code=0)
        barrier(publisher, one)
    one.send(Pubcomp(sent.packet_identifier))
    barrier(publisher, away_and_back(client, one))


@statement("MQTT-4.3.3-4", "MQTT-4.4.0-2")
@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])
def test_4_3_3_4_pubrec_with_an_error_ends_the_exchange(client, topic, code):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"x", 2)
    sent = one.expect_publish(topic(), b"x", 2, acknowledge=False)
    one.send(Pubrec(sent.packet_identifier, code))
    one.expect_nothing()
    barrier(publisher, away_and_back(client, one))


@statement("MQTT-4.4.0-2")
def test_4_4_0_2_puback_with_an_error_stops_retransmission(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    publisher.publish(topic(), b"x", 1)
    sent = one.expect_publish(topic(), b"x", 1, acknowledge=False)
    one.send(Puback(sent.packet_identifier, Reason.NOT_AUTHORIZED))
    one.expect_nothing()
    barrier(publisher, away_and_back(client, one))


@statement("MQTT-4.3.3-7", "MQTT-4.3.3-13", "MQTT-4.4.0-1")
def test_4_3_3_7_exchange_that_has_begun_does_not_expire(client, topic):
    """Both sides, while more than the Message Expiry Interval passes; and nothing is resent by a timer."""
    publisher, one = client("publisher", **LASTING), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    watch = Stopwatch()
    publisher.send(Publish(topic(), b"x", 2, packet_identifier=7, message_expiry_interval=1))
    publisher.expect(Pubrec, packet_identifier=7)
    sent = one.expect_publish(topic(), b"x", 2, acknowledge=False)
    publisher.publish(topic(), b"y", 2, message_expiry_interval=1)
    second = one.expect_publish(topic(), b"y", 2, acknowledge=False)
    one.send(Pubrec(second.packet_identifier))
    one.expect(Pubrel, packet_identifier=second.packet_identifier)
    while watch.elapsed < 2.2:
        one.expect_nothing()
    publisher.send(Publish(topic(), b"x", 2, packet_identifier=7, message_expiry_interval=1, dup=True))
    publisher.expect(Pubrec, packet_identifier=7)
    publisher.send(Pubrel(7))
    publisher.expect(Pubcomp, packet_identifier=7, reason_code=0)
    one.send(Pubcomp(second.packet_identifier))
    one.send(Pubrec(sent.packet_identifier))
    one.expect(Pubrel, packet_identifier=sent.packet_identifier, reason_code=0)
    one.send(Pubcomp(sent.packet_identifier))
    barrier(publisher, one)


@statement("MQTT-4.3.3-7")
def test_4_3_3_7_begun_delivery_is_resent_after_its_expiry(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    watch = Stopwatch()
    publisher.publish(topic(), b"x", 2, message_expiry_interval=1)
    sent = one.expect_publish(topic(), b"x", 2, acknowledge=False)
    one.close()
    while watch.elapsed < 2.1:
        publisher.ping()
    one = away_and_back(client, one)
    one.expect_publish(topic(), b"x", 2, dup=True, packet_identifier=sent.packet_identifier)
    barrier(publisher, one)


@statement("MQTT-4.3.3-8")
def test_4_3_3_8_qos_2_message_is_acknowledged_and_owned(client, topic):
    """After PUBREC the publisher may go; how far it came with the exchange makes no difference."""
    publisher, one = client("publisher", **LASTING), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    one.disconnect()
    publisher.send(Publish(topic(), b"x", 2, packet_identifier=9))
    publisher.expect(Pubrec, packet_identifier=9, reason_code=0)
    publisher = away_and_back(client, publisher)
    publisher.send(Pubrel(9))
    publisher.expect(Pubcomp, packet_identifier=9, reason_code=0)
    one = away_and_back(client, one)
    one.expect_publish(topic(), b"x", 2)
    barrier(publisher, one)


@statement("MQTT-4.3.3-9")
def test_4_3_3_9_after_a_pubrec_with_an_error_the_identifier_is_new(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic("#"), qos=2)
    publisher.send(Publish("$SYS/forbidden", b"x", 2, packet_identifier=9))
    publisher.expect(Pubrec, packet_identifier=9, reason_code=Reason.NOT_AUTHORIZED)
    publisher.publish(topic(), b"x", 2, packet_identifier=9)
    one.expect_publish(topic(), b"x", 2)
    barrier(publisher, one)


@statement("MQTT-4.3.3-10")
@pytest.mark.parametrize("dup", [True, False])
def test_4_3_3_10_repeated_publish_is_delivered_once(client, topic, dup):
    publisher, one = client("publisher", **LASTING), client("one")
    one.subscribe(topic(), qos=2)
    for _ in range(3):
        publisher.send(Publish(topic(), b"x", 2, packet_identifier=7, dup=dup))
        publisher.expect(Pubrec, packet_identifier=7)
        dup = True
    # Also over a new connection of the Session.
    publisher = away_and_back(client, publisher)
    publisher.send(Publish(topic(), b"x", 2, packet_identifier=7, dup=True))
    publisher.expect(Pubrec, packet_identifier=7)
    publisher.send(Pubrel(7))
    publisher.expect(Pubcomp, packet_identifier=7, reason_code=0)
    one.expect_publish(topic(), b"x", 2)
    barrier(publisher, one)


@statement("MQTT-4.3.3-10")
def test_4_3_3_10_identifiers_of_two_publishers_are_apart(client, topic):
    first, second, one = client("first"), client("second"), client("one")
    one.subscribe(topic(), qos=2)
    for publisher in (first, second):
        publisher.send(Publish(topic(), b"x", 2, packet_identifier=7))
        publisher.expect(Pubrec, packet_identifier=7)
        one.expect_publish(topic(), b"x", 2)


@statement("MQTT-4.3.3-10", "MQTT-2.2.1-4")
def test_4_3_3_10_both_sides_may_use_the_same_identifier(client, topic):
    one = client()
    one.subscribe(topic(), qos=2)
    sent = one.send(Publish(topic(), b"x", 2, packet_identifier=1))
    one.await_packet(Pubrec, packet_identifier=1)
    back = one.expect_publish(topic(), b"x", 2, acknowledge=False)
    one.send(Pubrel(sent.packet_identifier), Pubrec(back.packet_identifier))
    one.await_packet(Pubcomp, packet_identifier=1, reason_code=0)
    one.await_packet(Pubrel, packet_identifier=back.packet_identifier, reason_code=0)
    one.send(Pubcomp(back.packet_identifier))
    one.expect_nothing()


@statement("MQTT-4.3.3-11")
def test_4_3_3_11_every_pubrel_is_answered(client, topic):
    one = client("one", **LASTING)
    one.send(Publish(topic(), b"x", 2, packet_identifier=7))
    one.expect(Pubrec, packet_identifier=7)
    one = away_and_back(client, one)
    one.send(Pubrel(7))
    one.expect(Pubcomp, packet_identifier=7, reason_code=0)
    one.send(Pubrel(7))
    one.expect(Pubcomp, packet_identifier=7, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)


@statement("MQTT-4.3.3-12")
def test_4_3_3_12_after_pubcomp_the_identifier_is_new(client, topic):
    publisher, one = client("publisher"), client("one")
    one.subscribe(topic(), qos=2)
    for dup in (False, True, False):
        publisher.publish(topic(), b"x", 2, packet_identifier=7, dup=dup)
        one.expect_publish(topic(), b"x", 2, dup=False)
    barrier(publisher, one)


# 4.4, 4.5: resending and receipt


@statement("MQTT-4.4.0-1", "MQTT-4.6.0-1")
def test_4_4_0_1_resume_sends_what_is_unacknowledged_in_its_order(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    for number in range(8):
        publisher.publish(topic(), b"%d" % number, 1 + number % 2)
    sent = [one.receive() for _ in range(8)]
    one.send(Pubrec(sent[1].packet_identifier), Puback(sent[2].packet_identifier), Pubrec(sent[5].packet_identifier))
    one.expect(Pubrel), one.expect(Pubrel)
    one.expect_nothing()
    one = away_and_back(client, one)
    again = [one.receive() for _ in range(7)]
    publishes = [packet for packet in again if isinstance(packet, Publish)]
    left = [sent[number] for number in (0, 3, 4, 6, 7)]
    assert [packet.payload for packet in publishes] == [packet.payload for packet in left]
    assert [packet.packet_identifier for packet in publishes] == [packet.packet_identifier for packet in left]
    assert all(packet.dup for packet in publishes)
    pubrels = [packet.packet_identifier for packet in again if isinstance(packet, Pubrel)]
    assert pubrels == [sent[1].packet_identifier, sent[5].packet_identifier]
    barrier(publisher, one)


@statement("MQTT-4.4.0-1", "MQTT-4.9.0-1")
def test_4_4_0_1_resume_keeps_to_the_new_receive_maximum(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    for number in range(6):
        publisher.publish(topic(), b"%d" % number, 1)
    for number in range(6):
        one.expect_publish(topic(), b"%d" % number, 1, acknowledge=False)
    one = away_and_back(client, one, receive_maximum=2)
    waiting = receive_until_barrier(publisher, one)[0]
    assert [packet.payload for packet in waiting] == [b"0", b"1"]
    for number in range(6):
        packet = waiting.pop(0)
        assert (packet.payload, packet.dup) == (b"%d" % number, True)
        one.acknowledge(packet)
        one.expect_nothing() if number >= 4 else waiting.append(one.expect(Publish))


@statement("MQTT-4.4.0-1")
def test_4_4_0_1_clean_start_resends_nothing(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    publisher.publish(topic(), b"x", 2)
    publisher.publish(topic(), b"x", 1)
    sent = one.receive()
    one.send(Pubrec(sent.packet_identifier))
    one.await_packet(Pubrel)
    one.close()
    barrier(publisher, client("one", clean_start=True))


@statement("MQTT-4.5.0-1")
def test_4_5_0_1_message_reaches_every_matching_session(client, topic):
    publisher = client("publisher")
    present = [client(f"present{number}") for number in range(6)]
    away = [client(f"away{number}", **LASTING) for number in range(6)]
    bystander = client("bystander")
    for number, one in enumerate(present + away):
        one.subscribe(topic("#") if number % 2 else topic("+/b"), qos=number % 3)
    bystander.subscribe(topic("a/c"))
    for one in away:
        one.disconnect()
    publisher.publish(topic("a/b"), b"x", 2)
    for number, one in enumerate(present):
        one.expect_publish(topic("a/b"), b"x", number % 3)
    for number, one in enumerate(away, len(present)):
        again = away_and_back(client, one)
        if number % 3:  # Whether QoS 0 waits for a Session is the server's choice.
            again.expect_publish(topic("a/b"), b"x", number % 3)
    barrier(publisher, *present, bystander)


@statement("MQTT-4.5.0-1")
def test_4_5_0_1_publisher_gets_its_own_message(client, topic):
    one = client()
    one.subscribe(topic(), qos=2)
    for qos in range(3):
        one.publish(topic(), b"x", qos)
        one.expect_publish(topic(), b"x", qos)
