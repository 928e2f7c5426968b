# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 3.2: CONNACK and the limits it announces."""

import pytest
from wire import (
    Connack, Connect, Publish, Reason, Stopwatch, Subscribe, Subscription, Will, barrier, frame,
    statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


@statement("MQTT-3.2.0-1")
def test_3_2_0_1_connack_comes_before_the_queue_of_the_session(client, topic):
    publisher, one = client("publisher"), client("one", **LASTING)
    one.subscribe(topic(), qos=2)
    one.disconnect()
    for qos in (1, 2, 1):
        publisher.publish(topic(), b"x", qos)
    again = client("one", clean_start=False)  # connect() takes nothing but CONNACK as the first packet.
    for qos in (1, 2, 1):
        again.expect_publish(topic(), b"x", qos)


@statement("MQTT-3.2.0-1")
def test_3_2_0_1_connack_comes_before_messages_that_arrive_while_connecting(client, topic):
    publisher = client("publisher")
    client("one", **LASTING).subscribe(topic())
    for number in range(20):
        again = client.open("one")
        again.start_connect(clean_start=False, **LASTING)
        publisher.publish(topic(), b"%d" % number)
        again.expect(Connack, session_present=True, reason_code=0)


@statement("MQTT-3.2.0-2")
def test_3_2_0_2_one_connack_for_a_connection(client, topic):
    """Neither a second CONNECT nor anything else brings a second CONNACK."""
    one = client()
    one.subscribe(topic(), qos=2)
    one.publish(topic(), b"x", qos=2)
    one.expect_publish(topic(), b"x", 2)
    one.expect_nothing()
    one.send(Connect(one.client_identifier))
    one.expect_disconnect(Reason.PROTOCOL_ERROR)
    hasty = client.open("hasty")
    hasty.send(Connect(hasty.client_identifier), Connect(hasty.client_identifier))
    hasty.expect(Connack, reason_code=0)
    hasty.expect_disconnect(Reason.PROTOCOL_ERROR)


@statement("MQTT-3.2.2-1", "MQTT-3.2.2-2", "MQTT-3.2.2-3")
def test_3_2_2_1_acknowledge_flags_hold_session_present_alone(client):
    for clean_start, expected in ((True, 0), (False, 1), (True, 0)):
        one = client("one", clean_start=clean_start, **LASTING)
        assert one.connack.frame[2:4] == bytes([expected, 0])
        one.disconnect()


@statement("MQTT-3.2.2-2")
def test_3_2_2_2_clean_start_is_never_told_of_a_session(client):
    for _ in range(3):
        assert client("one", clean_start=True, **LASTING).connack.session_present is False


@statement("MQTT-3.2.2-3")
def test_3_2_2_3_session_present_is_told_exactly_if_there_is_state(client):
    assert client("one", clean_start=False, **LASTING).connack.session_present is False
    assert client("one", clean_start=False, **LASTING).connack.session_present is True
    last = client("one", clean_start=False, session_expiry_interval=0)
    assert last.connack.session_present is True
    last.disconnect()
    assert client("one", clean_start=False).connack.session_present is False


@statement("MQTT-3.2.2-6", "MQTT-3.2.2-7")
def test_3_2_2_6_refusal_says_no_session_also_where_there_is_one(client, topic):
    one = client("one", **LASTING)
    one.subscribe(topic(), qos=1)
    refused = client.open("one")
    refused.start_connect(clean_start=False, will=Will("a/#", b"x"))
    connack = refused.expect_refused(Reason.TOPIC_NAME_INVALID)
    assert connack.frame[2] == 0
    # The Session is as it was, and so is its connection.
    one.publish(topic(), b"x", 1)
    one.expect_publish(topic(), b"x", 1)


@statement("MQTT-3.2.2-7", "MQTT-3.2.2-8", "MQTT-4.13.2-1", "MQTT-3.14.0-1", "MQTT-4.13.1-1")
@pytest.mark.parametrize(
    "code, options",
    [
        (Reason.MALFORMED_PACKET, {"client_identifier": b"\xff"}),
        (Reason.PROTOCOL_ERROR, {"receive_maximum": 0}),
        (Reason.UNSUPPORTED_PROTOCOL_VERSION, {"protocol_version": 6}),
        (Reason.BAD_AUTHENTICATION_METHOD, {"authentication_method": "unknown"}),
        (Reason.TOPIC_NAME_INVALID, {"will": Will("+", b"x")}),
        (Reason.QUOTA_EXCEEDED, {"user_property": [("a", "b")] * 65}),
        (Reason.NOT_AUTHORIZED, {"will": Will("$SYS/x", b"x")}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_3_2_2_7_refusal_has_a_code_of_the_table_and_closes(refused, code, options):
    """The decoder refuses codes that are not of CONNACK; expect_refused wants the end and no DISCONNECT."""
    refused(code, **options)


@pytest.fixture
def modest_broker(make_broker):
    return make_broker({"mqtt": {"retain_available": False, "topic_alias_maximum": 0}})


@statement("MQTT-3.2.2-9", "MQTT-3.2.2-10", "MQTT-3.2.2-11", "MQTT-3.2.2-12")
@pytest.mark.parametrize("maximum", [0, 1])
def test_3_2_2_9_maximum_qos_is_announced_and_kept(client, refused, dropped, topic, make_broker, maximum):
    broker = make_broker({"mqtt": {"max_qos": maximum}})
    one = client("one", broker=broker)
    assert one.connack.maximum_qos == maximum
    filters = [Subscription(topic(str(qos)), qos) for qos in range(3)]
    one.subscribe(*filters, expect=[min(qos, maximum) for qos in range(3)])
    for qos in range(3):
        one.publish(topic(str(qos)), b"x", maximum)
        one.expect_publish(topic(str(qos)), b"x", min(qos, maximum))
    for qos in range(maximum + 1, 3):
        dropped(Reason.QOS_NOT_SUPPORTED, Publish(topic(), b"x", qos), broker=broker)
        refused(Reason.QOS_NOT_SUPPORTED, broker=broker, will=Will(topic(), b"x", qos))
    client(broker=broker, will=Will(topic(), b"x", maximum)).disconnect()


@statement("MQTT-3.2.2-9")
def test_3_2_2_9_maximum_qos_is_not_mentioned_where_all_are_served(client):
    connack = client().connack
    assert connack.maximum_qos is None and connack.retain_available in (None, 1)


@statement("MQTT-3.2.2-13", "MQTT-3.2.2-14")
def test_3_2_2_13_retain_that_is_not_available_is_refused(client, refused, dropped, topic, modest_broker):
    one = client("one", broker=modest_broker)
    assert one.connack.retain_available == 0
    refused(Reason.RETAIN_NOT_SUPPORTED, broker=modest_broker, will=Will(topic(), b"x", retain=True))
    dropped(Reason.RETAIN_NOT_SUPPORTED, Publish(topic(), b"x", retain=True), broker=modest_broker)
    dropped(Reason.RETAIN_NOT_SUPPORTED, Publish(topic(), b"", 1, retain=True), broker=modest_broker)
    one.subscribe(topic())
    one.expect_nothing()


@statement("MQTT-3.2.2-15", "MQTT-4.13.1-1")
@pytest.mark.parametrize("maximum", [1000, 1048576])
def test_3_2_2_15_packet_above_maximum_packet_size_ends_on_its_header(client, topic, make_broker, maximum):
    broker = make_broker({"mqtt": {"max_packet_size": maximum}})
    one = client("one", broker=broker)
    assert one.connack.maximum_packet_size == maximum
    around = 1 + (2 if maximum == 1000 else 3) + 2 + len(topic()) + 1
    one.subscribe(topic())
    one.publish(topic(), b"x" * (maximum - around))
    assert len(one.expect_publish(topic()).frame) == maximum
    for remaining_length in (maximum - around + 2 + len(topic()) + 2, 268435455):
        large = client(broker=broker)
        large.send(frame(0x30, b"", remaining_length))  # The body never comes.
        large.expect_disconnect(Reason.PACKET_TOO_LARGE)


@statement("MQTT-3.2.2-17", "MQTT-3.3.2-9", "MQTT-3.3.2-12")
def test_3_2_2_17_topic_alias_above_the_maximum_is_invalid(client, dropped, topic):
    maximum = client().connack.topic_alias_maximum
    assert maximum
    for alias in (maximum + 1, 65535):
        dropped(Reason.TOPIC_ALIAS_INVALID, Publish(topic(), b"x", topic_alias=alias))
        dropped(Reason.TOPIC_ALIAS_INVALID, Publish(topic(), b"x", 1, topic_alias=alias))


@statement("MQTT-3.2.2-18")
def test_3_2_2_18_no_topic_alias_without_a_maximum(client, dropped, topic, modest_broker):
    assert client(broker=modest_broker).connack.topic_alias_maximum in (None, 0)
    for alias in (1, 65535):
        dropped(Reason.TOPIC_ALIAS_INVALID, Publish(topic(), b"x", topic_alias=alias), broker=modest_broker)


@statement("MQTT-3.2.2-16")
def test_3_2_2_16_assigned_client_identifiers_are_not_in_use(client):
    connections = [client.open() for _ in range(50)]
    names = {one.connect("", **LASTING).assigned_client_identifier for one in connections}
    assert len(names) == 50 and "" not in names
    for one in connections:
        assert one.connack.session_present is False
        one.expect_nothing()  # None took over another.


@statement("MQTT-3.2.2-19", "MQTT-3.2.2-20")
def test_3_2_2_19_reason_string_gives_way_to_maximum_packet_size(client):
    """The client fails on a packet above its Maximum Packet Size; the refusal has to come all the same."""
    whole = client.open()
    whole.start_connect(will=Will("a/#", b"x"))
    size = len(whole.expect_refused(Reason.TOPIC_NAME_INVALID).frame)
    for maximum in {20, *range(20, size + 1, 5), size - 1, size}:
        if maximum >= 20:
            one = client.open()
            one.start_connect(maximum_packet_size=maximum, will=Will("a/#", b"x"))
            one.expect_refused(Reason.TOPIC_NAME_INVALID)


@statement("MQTT-3.2.2-19", "MQTT-3.2.2-20")
def test_3_2_2_19_accepting_connack_gives_way_too(client):
    size = len(client().connack.frame)
    client(maximum_packet_size=size)
    client(maximum_packet_size=size + 1)


@statement("MQTT-3.2.2-22")
def test_3_2_2_22_server_keep_alive_is_said_and_kept(client, make_broker):
    """Without it the client's own value holds: test_3_1_2_22 in test_3_1_sessions.py."""
    broker = make_broker({"mqtt": {"server_keep_alive": 1}})
    watch = Stopwatch()
    silent, lively = client(broker=broker, keep_alive=600), client(broker=broker, keep_alive=0)
    same = client(broker=broker, keep_alive=1)
    assert silent.connack.server_keep_alive == 1 and lively.connack.server_keep_alive == 1
    assert same.connack.server_keep_alive in (None, 1)
    while watch.elapsed < 1.4:
        lively.ping()
    silent.expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)
    watch.check(1.5)
    lively.ping()


@statement("MQTT-3.2.0-1", "MQTT-3.2.2-7")
def test_3_2_2_7_nothing_follows_a_refusal(client, topic):
    watcher = client("watcher")
    watcher.subscribe(topic("#"))
    one = client.open("one")
    one.send(Connect("a", receive_maximum=0), Subscribe(1, [Subscription(topic())]), Publish(topic(), b"x"))
    one.expect_refused(Reason.PROTOCOL_ERROR)
    barrier(client("one"), watcher)
