# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.1: Clean Start, Session Expiry, Will, Keep Alive and what else CONNECT makes the broker do."""

import pytest
from wire import (
    Connack, Connect, Pingreq, Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason, Stopwatch, Suback, Subscribe,
    Subscription, Will, barrier, receive_until_barrier, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


# Clean Start and Session Present


def leave_session(client, topic, **options):
    """A Session with a subscription, an unacknowledged message and a queued one."""
    publisher, one = client("publisher"), client("one", **LASTING, **options)
    one.subscribe(topic("#"), qos=1)
    publisher.publish(topic("in_flight"), b"1", qos=1)
    one.expect_publish(topic("in_flight"), b"1", 1, acknowledge=False)
    one.disconnect()
    publisher.publish(topic("queued"), b"2", qos=1)
    return publisher


@statement("MQTT-3.1.2-4", "MQTT-3.2.2-2", "MQTT-3.1.4-4")
def test_3_1_2_4_clean_start_discards_the_session(client, topic):
    publisher = leave_session(client, topic)
    again = client("one", clean_start=True, **LASTING)
    assert again.connack.session_present is False
    publisher.publish(topic("new"), b"3", qos=1)
    barrier(publisher, again)
    again.disconnect()
    # It is gone for good, not only hidden: what Clean Start 0 finds now is the new Session.
    resumed = client("one", clean_start=False)
    assert resumed.connack.session_present is True
    barrier(publisher, resumed)


@statement("MQTT-3.1.2-5", "MQTT-3.2.2-3", "MQTT-3.1.4-4", "MQTT-3.1.2-23", "MQTT-3.3.1-1")
def test_3_1_2_5_session_is_resumed(client, topic):
    publisher = leave_session(client, topic)
    again = client("one", clean_start=False, **LASTING)
    assert again.connack.session_present is True
    again.expect_publish(topic("in_flight"), b"1", 1, dup=True)
    again.expect_publish(topic("queued"), b"2", 1, dup=False)
    publisher.publish(topic("new"), b"3", qos=1)
    again.expect_publish(topic("new"), b"3", 1)
    barrier(publisher, again)


@statement("MQTT-3.1.2-6", "MQTT-3.2.2-3")
def test_3_1_2_6_without_a_session_a_new_one_begins(client, topic):
    one = client("one", clean_start=False)
    assert one.connack.session_present is False
    one.subscribe(topic())
    one.disconnect()
    # It had no Session Expiry Interval, so it ended with its connection.
    again = client("one", clean_start=False)
    assert again.connack.session_present is False
    barrier(client("publisher"), again)


@statement("MQTT-3.1.2-5")
def test_3_1_2_5_session_is_resumed_by_take_over(client, topic):
    one = client("one", **LASTING)
    one.subscribe(topic())
    again = client("one", clean_start=False)
    assert again.connack.session_present is True
    one.expect_disconnect(Reason.SESSION_TAKEN_OVER)
    client("publisher").publish(topic(), b"x")
    again.expect_publish(topic(), b"x")


@statement("MQTT-3.1.3-2")
def test_3_1_3_2_session_is_found_by_client_identifier_alone(client, topic):
    publisher = leave_session(client, topic, keep_alive=60, receive_maximum=5)
    similar = client("One", clean_start=False)
    assert similar.connack.session_present is False
    barrier(publisher, similar)
    same = client("one", clean_start=False, keep_alive=0, receive_maximum=9, will=Will(topic(), b"x"))
    assert same.connack.session_present is True
    same.expect_publish(topic("in_flight"), b"1", 1, dup=True)
    same.expect_publish(topic("queued"), b"2", 1)


@statement("MQTT-3.1.2-23", "MQTT-4.1.0-1", "MQTT-4.1.0-2")
def test_3_1_2_23_session_lives_as_long_as_its_expiry_interval(client, topic):
    """Three Sessions at once: one that is resumed in time, one that is not, and one that stays connected."""
    publisher = client("publisher")
    back, late, present = (client(name, session_expiry_interval=1) for name in ("back", "late", "present"))
    for one in (back, late, present):
        one.subscribe(topic(), qos=1)
    watch = Stopwatch()
    late.close()
    back.disconnect()
    back = client("back", clean_start=False, session_expiry_interval=0xFFFFFFFF)
    assert back.connack.session_present is True
    back.disconnect()
    # The end of a Session shows in its Will: it is published when the Session ends.
    ending = client("ending", session_expiry_interval=1, will=Will(topic("ended"), b"x", will_delay_interval=600))
    publisher.subscribe(topic("ended"))
    ending_watch = Stopwatch()
    ending.close()
    publisher.expect_publish(topic("ended"), b"x")
    ending_watch.check(1.0)
    assert watch.elapsed > 1.0
    ended = client("ending", clean_start=False)
    assert ended.connack.session_present is False
    while watch.elapsed < 2.0:  # At most a second late: the broker's time to end it is over.
        present.ping()
    assert client("late", clean_start=False).connack.session_present is False
    assert client("back", clean_start=False).connack.session_present is True
    publisher.publish(topic(), b"x", qos=1)
    present.expect_publish(topic(), b"x", 1)


@statement("MQTT-3.1.2-23")
def test_3_1_2_23_disconnect_may_change_the_interval(client):
    one = client("one", session_expiry_interval=600)
    one.disconnect(session_expiry_interval=0)
    assert client("one", clean_start=False, session_expiry_interval=5).connack.session_present is False


# Will


@statement("MQTT-3.1.2-7", "MQTT-3.1.2-8", "MQTT-3.1.2-14", "MQTT-3.3.1-12")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_3_1_2_7_will_is_stored_and_published(client, topic, qos):
    watcher = client("watcher")
    watcher.subscribe(topic(), qos=2, retain_as_published=True)
    will = Will(
        topic(), b"\x00payload", qos, payload_format_indicator=0, message_expiry_interval=600, content_type="kind",
        response_topic="answer", correlation_data=b"\xff\x00", user_property=[("a", "1")],
    )  # fmt: skip
    one = client(will=will)
    barrier(one, watcher)
    one.close()
    packet = watcher.expect_publish(
        topic(), b"\x00payload", qos, retain=False, payload_format_indicator=0, content_type="kind",
        response_topic="answer", correlation_data=b"\xff\x00", user_property=[("a", "1")], will_delay_interval=None,
    )  # fmt: skip
    assert packet.message_expiry_interval in (599, 600)


@statement("MQTT-3.1.2-8", "MQTT-3.1.2-10", "MQTT-3.14.4-3")
def test_3_1_2_8_disconnect_removes_the_will(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client("one", will=Will(topic("will"), b"x"), **LASTING)
    one.disconnect()
    # Nor does it come with the end of a later connection of the Session.
    again = client("one", clean_start=False, **LASTING)
    again.close()
    third = client("one", clean_start=False)
    barrier(third, watcher)


@statement("MQTT-3.1.2-8")
def test_3_1_2_8_will_waits_for_its_delay_or_the_end_of_the_session(client, topic):
    """Four at once: no delay, a delay, a delay longer than the Session, a delay without a Session."""
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    at_once = client(will=Will(topic("at_once")), **LASTING)
    no_session = client(will=Will(topic("no_session"), will_delay_interval=600))
    delayed = client(will=Will(topic("delayed"), will_delay_interval=1), **LASTING)
    session_end = client(will=Will(topic("session_end"), will_delay_interval=600), session_expiry_interval=1)
    watch = Stopwatch()
    for one in (at_once, no_session, delayed, session_end):
        one.close()
    first = {watcher.receive().topic for _ in range(2)}
    watch.check(0.0, late=0.0)
    assert first == {topic("at_once"), topic("no_session")}
    second = {watcher.receive().topic}
    watch.check(1.0)
    second.add(watcher.receive().topic)
    watch.check(1.0)
    assert second == {topic("delayed"), topic("session_end")}
    watcher.expect_nothing()


@statement("MQTT-3.1.3-9", "MQTT-3.1.2-8")
def test_3_1_3_9_connection_within_the_delay_suppresses_the_will(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client("one", will=Will(topic("will"), b"x", will_delay_interval=1), **LASTING)
    other = client("other", will=Will(topic("other"), b"x", will_delay_interval=1), **LASTING)
    watch = Stopwatch()
    one.close()
    again = client("one", clean_start=False, **LASTING)
    assert again.connack.session_present is True
    other.close()
    watcher.expect_publish(topic("other"), b"x")  # Begun later, so the first one's time is over too.
    watch.check(1.0)
    barrier(again, watcher)


@statement("MQTT-3.1.3-9")
def test_3_1_3_9_clean_start_ends_the_session_and_publishes_the_will(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client("one", will=Will(topic("will"), b"x", will_delay_interval=600), **LASTING)
    one.close()
    client("one", clean_start=True)
    watcher.expect_publish(topic("will"), b"x")


@statement("MQTT-3.1.2-8", "MQTT-3.1.2-7")
def test_3_1_2_8_take_over_and_the_will(client, topic):
    """The old connection ends without DISCONNECT 0x00: its Will is published, unless its delay keeps it waiting."""
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    client("prompt", will=Will(topic("prompt"), b"x"), **LASTING)
    client("prompt", clean_start=False, **LASTING)
    watcher.expect_publish(topic("prompt"), b"x")
    client("delayed", will=Will(topic("delayed"), b"x", will_delay_interval=600), **LASTING)
    resumed = client("delayed", clean_start=False, will=Will(topic("second"), b"y", will_delay_interval=600), **LASTING)
    barrier(resumed, watcher)
    client("delayed", clean_start=True)
    watcher.expect_publish(topic("second"), b"y")
    watcher.expect_nothing()


@statement("MQTT-3.1.2-10")
def test_3_1_2_10_will_is_published_once(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"), qos=1)
    one = client("one", will=Will(topic("will"), b"x", 1), **LASTING)
    one.close()
    watcher.expect_publish(topic("will"), b"x", 1)
    again = client("one", clean_start=False, **LASTING)
    again.close()
    third = client("one", clean_start=True)
    barrier(third, watcher)


@statement("MQTT-3.1.2-14")
def test_3_1_2_14_will_without_retain_is_not_retained(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic(), retain_as_published=True)
    client(will=Will(topic(), b"x")).close()
    watcher.expect_publish(topic(), b"x", retain=False)
    watcher.subscribe(topic())
    watcher.expect_nothing()


@statement("MQTT-3.1.2-15")
def test_3_1_2_15_will_with_retain_is_retained(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic(), qos=1, retain_as_published=True)
    client(will=Will(topic(), b"x", 1, retain=True, content_type="kind")).close()
    watcher.expect_publish(topic(), b"x", 1, retain=True)
    later = client("later")
    later.subscribe(topic(), qos=2)
    later.expect_publish(topic(), b"x", 1, retain=True, content_type="kind")


@statement("MQTT-3.1.3-10")
def test_3_1_3_10_user_properties_of_the_will_keep_their_order(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic())
    pairs = [("b", "2"), ("a", "1"), ("b", "2"), ("", ""), ("a", "0"), ("z", "é")]
    client(will=Will(topic(), b"x", user_property=pairs)).close()
    watcher.expect_publish(topic(), b"x", user_property=pairs)


# Keep Alive


@statement("MQTT-3.1.2-22", "MQTT-3.2.2-22")
def test_3_1_2_22_silence_of_one_and_a_half_keep_alive_ends_the_connection(client, topic):
    watcher, lively = client("watcher"), client("lively", keep_alive=1)
    watcher.subscribe(topic("#"))
    unlimited = client("unlimited", keep_alive=0)
    watch = Stopwatch()
    silent = client("silent", keep_alive=1, will=Will(topic("will"), b"x"))
    half_sent = client("half_sent", keep_alive=1)
    half_sent.send(b"\x30\x20")  # The beginning of a packet is none.
    assert silent.connack.server_keep_alive is None
    while watch.elapsed < 1.4:
        lively.ping()
    silent.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    watch.check(1.5)
    half_sent.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    watch.check(1.5)
    watcher.expect_publish(topic("will"), b"x")
    lively.ping()
    unlimited.ping()


# Other properties of CONNECT


@statement("MQTT-3.1.2-24", "MQTT-3.1.2-25")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_3_1_2_24_no_packet_above_maximum_packet_size(client, topic, qos):
    publisher, one = client("publisher"), client("one", maximum_packet_size=200, receive_maximum=1)
    one.subscribe(topic(), qos=qos)
    probe = client("probe")
    probe.subscribe(topic(), qos=qos)
    publisher.publish(topic(), b"x", qos=qos)
    # What a packet of some 200 bytes has beside its payload: its Remaining Length takes one byte more than this one's.
    around = len(probe.expect_publish(topic(), b"x", qos).frame) - 1 + 1
    one.expect_publish(topic(), b"x", qos)
    for size in (201, 5000, 200, 201, 199):
        publisher.publish(topic(), b"y" * (size - around), qos=qos)
    # Receive Maximum is 1: a message that was dropped takes no place.
    for size in (200, 199):
        packet = one.expect_publish(topic(), b"y" * (size - around), qos)
        assert len(packet.frame) == size
    barrier(publisher, one)


@statement("MQTT-3.1.2-25", "MQTT-3.1.2-24")
def test_3_1_2_25_queued_message_too_large_for_the_next_connection_is_dropped(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    for payload in (b"first", b"x" * 500, b"last"):
        publisher.publish(topic(), payload, qos=1)
    again = client("one", clean_start=False, maximum_packet_size=200, receive_maximum=1, **LASTING)
    again.expect_publish(topic(), b"first", 1)
    again.expect_publish(topic(), b"last", 1)
    again.disconnect()
    third = client("one", clean_start=False)
    barrier(publisher, third)


@statement("MQTT-3.1.2-26", "MQTT-3.3.2-11", "MQTT-3.3.2-8", "MQTT-3.3.2-7")
@pytest.mark.parametrize("maximum", [1, 2, 65535])
def test_3_1_2_26_topic_aliases_stay_within_the_maximum_of_the_client(client, topic, maximum):
    publisher = client("publisher")
    for connection in range(2):  # Aliases of one connection mean nothing in the next.
        one = client("one", clean_start=connection == 0, topic_alias_maximum=maximum, **LASTING)
        one.subscribe(topic("#"))
        aliases = {}
        for number in range(12):
            name = topic(f"{number % 4}/long-enough-to-be-worth-an-alias")
            publisher.publish(name, b"%d" % number)
            packet = one.expect(Publish, payload=b"%d" % number)
            if packet.topic_alias is not None:
                assert 1 <= packet.topic_alias <= maximum
                if packet.topic:
                    aliases[packet.topic_alias] = packet.topic
            assert (packet.topic or aliases[packet.topic_alias]) == name
        one.disconnect()


@statement("MQTT-3.1.2-27")
@pytest.mark.parametrize("options", [{}, {"topic_alias_maximum": 0}], ids=["absent", "zero"])
def test_3_1_2_27_no_topic_alias_for_a_client_that_takes_none(client, topic, options):
    publisher, one = client("publisher", topic_alias_maximum=10), client("one", **options)
    one.subscribe(topic("#"))
    for number in range(8):
        name = topic("long-enough-to-be-worth-an-alias")
        publisher.publish(name, b"%d" % number, topic_alias=1)
        one.expect_publish(name, b"%d" % number, topic_alias=None)


@statement("MQTT-3.1.2-28")
@pytest.mark.parametrize("options", [{}, {"request_response_information": 0}], ids=["absent", "zero"])
def test_3_1_2_28_no_response_information_unless_it_is_asked_for(client, options):
    assert client(**options).connack.response_information is None


@statement("MQTT-3.1.2-29")
def test_3_1_2_29_no_reason_string_where_problem_information_is_not_wanted(client, topic):
    one = client(request_problem_information=0)
    answers = [
        one.publish("$forbidden", b"x", 1, reason_codes=(Reason.NOT_AUTHORIZED,)),
        one.publish("$forbidden", b"x", 2, reason_codes=(Reason.NOT_AUTHORIZED,)),
        one.publish(topic("nobody"), b"x", 1),
        one.subscribe("a/#/b", expect=[Reason.TOPIC_FILTER_INVALID]),
        one.unsubscribe("a/#/b", "absent", expect=[Reason.TOPIC_FILTER_INVALID, Reason.NO_SUBSCRIPTION_EXISTED]),
    ]
    one.send(Pubrel(999))
    answers.append(one.expect(Pubcomp, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND))
    one.send(Pubrec(999))
    answers.append(one.expect(Pubrel, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND))
    for answer in answers:
        assert answer.reason_string is None and answer.user_property == []


# What CONNECT makes happen


@statement("MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16")
@pytest.mark.parametrize("clean_start", [True, False])
def test_3_1_3_6_empty_client_identifier_gets_one_assigned(client, topic, clean_start):
    connections = [client.open() for _ in range(5)]
    names = [one.connect("", clean_start=clean_start, **LASTING).assigned_client_identifier for one in connections]
    assert all(names) and len(set(names)) == 5
    assert not any(one.connack.session_present for one in connections)
    # It names the Session as if the client had sent it.
    first, again = connections[0], client.open()
    first.subscribe(topic())
    connack = again.connect(names[0], clean_start=False)
    assert connack.session_present is True and connack.assigned_client_identifier is None
    first.expect_disconnect(Reason.SESSION_TAKEN_OVER)
    connections[1].publish(topic(), b"x")
    again.expect_publish(topic(), b"x")


@statement("MQTT-3.1.4-3")
@pytest.mark.parametrize("clean_start", [True, False])
def test_3_1_4_3_second_connection_takes_over(client, clean_start):
    first = client("one", **LASTING)
    second = client("one", clean_start=clean_start, **LASTING)
    assert second.connack.session_present is not clean_start
    first.expect_disconnect(Reason.SESSION_TAKEN_OVER)
    second.ping()


@statement("MQTT-3.1.4-3")
def test_3_1_4_3_many_take_overs_leave_the_last_one(client, topic):
    connections = [client("one", clean_start=False, **LASTING) for _ in range(20)]
    for one in connections[:-1]:
        one.expect_disconnect(Reason.SESSION_TAKEN_OVER)
    last = connections[-1]
    last.subscribe(topic())
    last.publish(topic(), b"x")
    last.expect_publish(topic(), b"x")


@statement("MQTT-3.1.4-6", "MQTT-3.1.4-5", "MQTT-3.2.0-1")
def test_3_1_4_5_packets_sent_before_connack_are_served_after_it(client, topic):
    """A client need not wait for CONNACK; with several loops these bytes travel with the connection."""
    one = client.open()
    one.send(
        Connect(one.client_identifier),
        Subscribe(1, [Subscription(topic(), 1)]),
        Pingreq(),
        Publish(topic(), b"x", 1, packet_identifier=7),
    )
    one.expect(Connack, reason_code=0)
    rest = {type(packet): packet for packet in (one.receive() for _ in range(4))}
    assert set(rest) == {Suback, Pingresp, Puback, Publish}
    assert rest[Suback].reason_codes == [1] and rest[Publish].payload == b"x" and rest[Puback].packet_identifier == 7


@statement("MQTT-3.1.2-5")
def test_3_1_2_5_queue_keeps_its_order_over_a_resume(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    one.disconnect()
    for number in range(50):
        publisher.publish(topic(), b"%d" % number, qos=1 + number % 2)
    again = client("one", clean_start=False, receive_maximum=3)
    (packets,) = [[again.receive() for _ in range(3)]]
    for number in range(50):
        packet = packets.pop(0)
        assert packet.payload == b"%d" % number
        again.acknowledge(packet)
        packets += [again.await_packet(Publish)] if number < 47 else []
    (left,) = receive_until_barrier(publisher, again)
    assert left == []
