# SPDX-License-Identifier: Apache-2.0
"""Attacks on the parser. The name of each test begins with the case it is about; the first two letters are its chapter:
A is what is wrong with a single packet."""

import pytest
from wire import (
    V5, V311, Closed, Connack, Connect, Disconnect, MemoryGrowth, Puback, Pubcomp, Publish, Pubrec, Pubrel, Reason,
    Subscribe, Subscription, Unsubscribe, Will, barrier, cpu_seconds, frame,
)  # fmt: skip
from wire.fields import string, two_bytes, variable_byte_integer

MEBIBYTE = 2**20
both_versions = pytest.mark.parametrize("version", [V311, V5])
ILL_FORMED = [b"a\xc0\x80", b"a\xed\xa0\x80", b"a\xf4\x90\x80\x80", b"a\0b", b"\xff", b"a\xe2\x82"]


def raw(text):
    return bytes.fromhex(text)


def expect_malformed(client, content, *codes):
    """These bytes after CONNECT end the connection: 0x81 in MQTT 5 unless other codes are given."""
    wrong = client()
    wrong.send(content)
    wrong.expect_disconnect(*(codes or [Reason.MALFORMED_PACKET]))


def expect_malformed_connect(client, packet, *codes):
    """CONNACK with the code in MQTT 5, nothing before; then the end."""
    opened = client.open()
    opened.send(packet)
    if opened.version >= V5:
        opened.expect_refused(*(codes or [Reason.MALFORMED_PACKET]))
    else:
        opened.expect_closed()


# Lengths ---------------------------------------------------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("first_byte", [0x30, 0x32, 0x40, 0x62, 0x82, 0xA2, 0xC0, 0xE0])
def test_a_01_remaining_length_of_five_bytes(client, honest, topic, version, first_byte):
    with honest():
        wrong = client()
        hidden = Publish(topic("smuggled"), b"x", qos=1, packet_identifier=1)
        wrong.send(bytes([first_byte]) + raw("ff ff ff ff 7f"), hidden, hidden)
        wrong.expect_disconnect(Reason.MALFORMED_PACKET)


@both_versions
def test_a_01_remaining_length_of_five_bytes_in_the_first_packet(client, honest, version):
    with honest():
        opened = client.open()
        opened.send(raw("10 ff ff ff ff 7f") + bytes(1000))
        opened.expect_closed()


def test_a_01_endless_length_costs_nothing(client, honest, make_broker):
    broker = make_broker()
    with honest(broker), MemoryGrowth(broker, below=16 * MEBIBYTE):
        before = cpu_seconds(broker)
        for _ in range(200):
            wrong = client(broker=broker)
            wrong.send(b"\x30" + b"\xff" * 20000)
            wrong.expect_disconnect(Reason.MALFORMED_PACKET)
        assert cpu_seconds(broker) - before < 2.0


OVERLONG = {
    "property length of CONNECT": "10 12 0004 4d515454 05 02 003c 80808080 01 0001 61",
    "property length of CONNECT longer than needed": "10 0f 0004 4d515454 05 02 003c 80 00 0001 61",
    "property length of the Will": "10 19 0004 4d515454 05 06 003c 00 0001 61 80808080 01 0001 77 0001 78",
}
OVERLONG_LATER = {
    "property length of PUBLISH": "30 08 0001 61 80808080 01",
    "property length of PUBLISH longer than needed": "30 05 0001 61 80 00",
    "property length of SUBSCRIBE": "82 0b 0001 80808080 01 0001 61 00",
    "Subscription Identifier": "82 0d 0001 06 0b 80808080 01 0001 61 00",
    "Subscription Identifier longer than needed": "82 0a 0001 03 0b 81 00 0001 61 00",
    "property length of PUBACK": "40 08 0001 00 80808080 01",
    "property length of DISCONNECT": "e0 06 00 80808080 01",
}


@pytest.mark.parametrize("content", OVERLONG.values(), ids=OVERLONG.keys())
def test_a_02_over_long_integer_in_connect(client, honest, content):
    with honest():
        expect_malformed_connect(client, raw(content))


@pytest.mark.parametrize("content", OVERLONG_LATER.values(), ids=OVERLONG_LATER.keys())
def test_a_02_over_long_integer_in_properties(client, honest, content):
    with honest():
        expect_malformed(client, raw(content))


@both_versions
@pytest.mark.parametrize("length", [1, 1019])
@pytest.mark.parametrize("first_byte", [0x32, 0x34, 0x3A, 0x3D])
def test_a_03_publish_cut_before_the_packet_identifier(client, honest, version, length, first_byte):
    with honest():
        for surplus in (b"", b"\0"):
            expect_malformed(client, frame(first_byte, string("a" * length) + surplus))


@both_versions
def test_a_04_subscribe_cut_before_the_options(client, honest, version):
    properties = b"\0" if version == V5 else b""
    with honest():
        for filters in (string("a"), string("a") + b"\0" + string("b"), b"\0", b"\0\5ab"):
            expect_malformed(client, frame(0x82, two_bytes(1) + properties + filters))


@both_versions
@pytest.mark.parametrize("content", ["30 04 ffff 6162", "32 02 0001", "30 02 0001", "30 01 00", "30 00", "3d 02 ffff"])
def test_a_05_topic_longer_than_the_packet(client, honest, version, content):
    with honest():
        expect_malformed(client, raw(content))


def test_a_06_properties_that_run_past_their_packet(client, honest):
    with honest():
        opened = client.open()
        opened.send(raw("101000044d5154540502003c0321001400006202d301e0020020"))
        opened.expect(Connack, reason_code=0)
        opened.expect(Pubcomp, packet_identifier=0xD301, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)
        opened.expect_disconnect(Reason.MALFORMED_PACKET)


OVERRUN = {
    "PUBLISH, block longer than the packet": "30 06 0001 61 62 01 00",
    "PUBLISH, value crosses the end of the block": "30 08 0001 61 02 02 0000 00",
    "PUBLISH, string crosses the end of the block": "30 0a 0001 61 03 03 0005 61 62 63",
    "PUBLISH, user property without a value": "30 08 0001 61 04 26 0001 61",
    "PUBLISH, identifier alone": "30 05 0001 61 01 02",
    "SUBSCRIBE, block swallows the filter": "82 09 0001 06 0b 01 0001 61 00",
    "PUBACK, block longer than the packet": "40 04 0001 00 20",
    "DISCONNECT, block longer than the packet": "e0 02 00 20",
    "DISCONNECT, bytes after the block": "e0 03 00 00 00",
    "UNSUBSCRIBE, block longer than the packet": "a2 06 0001 62 0001 61",
}


@pytest.mark.parametrize("content", OVERRUN.values(), ids=OVERRUN.keys())
def test_a_06_properties_that_run_past_their_own_length(client, honest, content):
    with honest():
        expect_malformed(client, raw(content))


# Packets that may not come, flags, identifiers, text -------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("content", [
    "20 02 0000", "20 03 000000", "90 03 0001 00", "90 04 0001 0000", "b0 02 0001", "d0 00",
])  # fmt: skip
def test_a_07_packet_that_only_a_server_sends(client, honest, version, content):
    with honest():
        expect_malformed(client, raw(content), Reason.PROTOCOL_ERROR)


def test_a_07_connack_with_wrong_flags_behind_connect(client, honest):
    with honest():
        opened = client.open()
        opened.send(raw("101000044d5154540502003c03210014000029020001e000"))
        opened.expect(Connack, reason_code=0)
        opened.expect_disconnect(Reason.MALFORMED_PACKET, Reason.PROTOCOL_ERROR)


@both_versions
@pytest.mark.parametrize("kind", [
    lambda filters: Subscribe(1, [Subscription(text) for text in filters]), lambda filters: Unsubscribe(1, filters),
], ids=["subscribe", "unsubscribe"])  # fmt: skip
def test_a_10_bad_filter_at_the_end_of_a_list_leaks_nothing(client, honest, make_broker, topic, version, kind):
    broker = make_broker()
    packet = kind([topic(f"{number}/" + "x" * 100) for number in range(100)] + [b"\xff"])

    def attack(times):
        for _ in range(times):
            wrong = client("same", broker=broker)
            wrong.send(packet)
            wrong.expect_disconnect(Reason.MALFORMED_PACKET)

    attack(100)
    with honest(broker), MemoryGrowth(broker, below=4 * MEBIBYTE):  # The lists themselves would be 8 MiB.
        attack(700)


@pytest.mark.parametrize("text", ILL_FORMED)
def test_a_11_ill_formed_text_in_any_packet(client, honest, topic, text):
    with honest():
        for packet in (
            Publish(text, b"x"),
            Publish(topic(), b"x", content_type=text),
            Publish(topic(), b"x", response_topic=text),
            Publish(topic(), b"x", user_property=[(text, "v")]),
            Publish(topic(), b"x", user_property=[("a", "b"), ("k", text)]),
            Subscribe(1, [Subscription(text)]),
            Subscribe(1, [Subscription("a")], user_property=[("k", text)]),
            Unsubscribe(1, [text]),
            Puback(1, 0, reason_string=text),
            Disconnect(0, reason_string=text),
        ):
            expect_malformed(client, packet)


@pytest.mark.parametrize("text", ILL_FORMED)
def test_a_11_ill_formed_text_in_connect(client, honest, text):
    with honest():
        for packet in (
            Connect(text),
            Connect("a", will=Will(text, b"x")),
            Connect("a", will=Will("w", b"x", response_topic=text)),
            Connect("a", will=Will("w", b"x", user_property=[("k", text)])),
            Connect("a", user_name=text),
            Connect("a", user_property=[("k", text)]),
            Connect("a", authentication_method=text),
        ):
            expect_malformed_connect(client, packet)


@pytest.mark.parametrize("text", ILL_FORMED)
def test_a_11_ill_formed_topics_reach_no_subscriber(client, topic, text):
    subscriber = client()
    subscriber.subscribe(topic("#"))
    for version in (V311, V5):
        wrong = client(version=version)
        wrong.send(Publish(topic("").encode() + text, b"x", retain=True))
        wrong.expect_disconnect(Reason.MALFORMED_PACKET)
    barrier(client(), subscriber)


@both_versions
@pytest.mark.parametrize("content", [
    "80 06 0001 00 0001 61 00", "60 02 0001", "42 02 0001", "51 02 0001", "78 02 0001", "a0 06 0001 00 0001 61",
    "c1 00", "f1 00",
])  # fmt: skip
def test_a_13_reserved_flags(client, honest, version, content):
    with honest():
        expect_malformed(client, raw(content))


@both_versions
def test_a_13_reserved_flags_of_connect(client, honest, version):
    with honest():
        for first_byte in (0x11, 0x12, 0x14, 0x18):
            opened = client.open()
            opened.send(Connect("a"), first_byte=first_byte)
            # Whether a CONNECT with wrong flags is recognised as one of MQTT 5 is left open.
            allowed = [[], [Reason.MALFORMED_PACKET]] if version == V5 else [[]]
            assert [packet.reason_code for packet in packets_until_closed(opened)] in allowed


def packets_until_closed(opened):
    received = []
    while True:
        try:
            received.append(opened.receive())
        except Closed:
            return received


@both_versions
def test_a_13_reserved_flags_of_disconnect_do_not_stop_the_will(client, honest, topic, version):
    watcher, wrong = client(), client(will=Will(topic(), b"gone"))
    watcher.subscribe(topic())
    barrier(wrong, watcher)
    with honest():
        wrong.send(raw("e1 00"))
        wrong.expect_disconnect(Reason.MALFORMED_PACKET)
        watcher.expect_publish(topic(), b"gone")


@both_versions
@pytest.mark.parametrize("packet", [
    Publish("a", b"x", qos=1, packet_identifier=0), Publish("a", b"x", qos=2, packet_identifier=0), Puback(0),
    Pubrec(0), Pubrel(0), Pubcomp(0), Subscribe(0, [Subscription("a")]), Unsubscribe(0, ["a"]),
], ids=["publish-1", "publish-2", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "unsubscribe"])  # fmt: skip
def test_a_14_packet_identifier_0(client, honest, version, packet):
    with honest():
        expect_malformed(client, packet, Reason.PROTOCOL_ERROR)


# Properties ------------------------------------------------------------------------------------------------------

EMPTY_USER_PROPERTY = raw("26 0000 0000")


def block_of(count):
    return variable_byte_integer(count * 5) + EMPTY_USER_PROPERTY * count


def test_a_16_packet_full_of_user_properties(client, make_broker, honest):
    broker = make_broker()
    with honest(broker) as pair, MemoryGrowth(broker, below=32 * MEBIBYTE):
        for _ in range(30):
            wrong = client(broker=broker)
            wrong.send(Publish("a", b"x", raw_properties=block_of(52000)))
            wrong.expect_disconnect(Reason.QUOTA_EXCEEDED)
            assert pair.slowest(1) < 0.5


@pytest.mark.parametrize("count", [65, 1000])
def test_a_16_too_many_user_properties_in_any_packet(client, honest, topic, count):
    with honest():
        for packet in (
            Publish(topic(), b"x", raw_properties=block_of(count)),
            Subscribe(1, [Subscription(topic())], raw_properties=block_of(count)),
            Unsubscribe(1, [topic()], raw_properties=block_of(count)),
            Puback(1, 0, raw_properties=block_of(count)),
        ):
            expect_malformed(client, packet, Reason.QUOTA_EXCEEDED)
        for packet in (
            Connect("a", raw_properties=block_of(count)),
            Connect("a", will=Will("w", b"x", raw_properties=block_of(count))),
        ):
            expect_malformed_connect(client, packet, Reason.QUOTA_EXCEEDED)


def test_a_16_user_properties_up_to_the_limit_pass(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic(), user_property=[("n", str(number)) for number in range(64)])
    pairs = [("n", str(number)) for number in range(64)]
    publisher.publish(topic(), b"x", qos=1, user_property=pairs)
    subscriber.expect_publish(topic(), b"x", user_property=pairs)


def test_a_17_huge_property_block_of_connect_is_refused_on_its_header(client, honest, make_broker):
    broker = make_broker()
    size = 200 * MEBIBYTE
    with honest(broker), MemoryGrowth(broker, below=16 * MEBIBYTE):
        for _ in range(20):
            opened = client.open(broker=broker)
            opened.send(b"\x10" + variable_byte_integer(size + 20))
            opened.expect_closed()
            opened = client.open(broker=broker)
            head = b"\x10" + variable_byte_integer(size + 20) + raw("0004 4d515454 05 02 003c")
            opened.send(head + variable_byte_integer(size) + EMPTY_USER_PROPERTY)
            opened.expect_closed()


def test_a_17_property_block_that_arrives_slowly_is_not_read_again_and_again(client, honest, make_broker):
    broker = make_broker()
    packet = Publish("a", b"x", user_property=[("n" * 200, "v" * 200)] * 64)
    with honest(broker):
        slow = client(broker=broker)
        slow.subscribe("a")
        before = cpu_seconds(broker)
        slow.send_bytewise(packet.encode(V5))
        slow.expect_publish("a", b"x", user_property=packet.user_property)
        assert cpu_seconds(broker) - before < 4.0


# Topic Aliases ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", [0, 101, 65535])
def test_a_18_topic_alias_outside_the_allowed_range(client, honest, topic, alias):
    with honest():
        one = client()
        assert one.connack.topic_alias_maximum == 100
        one.send(Publish(topic(), b"x", topic_alias=alias))
        one.expect_disconnect(Reason.TOPIC_ALIAS_INVALID)


@pytest.mark.parametrize("alias", [1, 100])
def test_a_18_unknown_topic_alias(client, honest, alias):
    with honest():
        expect_malformed(client, Publish("", b"x", topic_alias=alias), Reason.PROTOCOL_ERROR)


def test_a_18_access_is_checked_on_the_topic_behind_the_alias(client, make_broker):
    judge = {"client": client.identifier("judge"), "publish": ["#"], "subscribe": ["#"]}
    broker = make_broker({"access": [judge, {"publish": ["open/#", "barrier/#"], "subscribe": ["#"]}]})
    watcher, one = client("judge", broker=broker), client(broker=broker)
    watcher.subscribe("#")
    one.publish("open/a", b"first", qos=1, topic_alias=1)
    watcher.expect_publish("open/a", b"first")
    one.publish("closed/a", b"denied", qos=1, topic_alias=1, reason_codes=[Reason.NOT_AUTHORIZED])
    one.publish("", b"denied by its alias", qos=1, topic_alias=1, reason_codes=[Reason.NOT_AUTHORIZED])
    one.publish("", b"denied by its alias", qos=0, topic_alias=1)
    one.publish("open/b", b"allowed again", qos=1, topic_alias=1)
    one.publish("", b"allowed by its alias", qos=1, topic_alias=1)
    watcher.expect_publish("open/b", b"allowed again")
    watcher.expect_publish("open/b", b"allowed by its alias")
    barrier(one, watcher)


def test_a_19_topic_aliases_of_the_longest_topics_take_bounded_memory(client, honest, make_broker):
    # Chosen: whoever fills the budget of bytes is disconnected with 0x97; the broker may also have room for all.
    broker = make_broker()
    clients = 10
    with honest(broker), MemoryGrowth(broker, below=clients * 7 * MEBIBYTE):
        for number in range(clients):
            one = client(broker=broker)
            for alias in range(1, one.connack.topic_alias_maximum + 1):
                one.send(Publish(f"{number}/{alias}/".ljust(65000, "x"), b"", topic_alias=alias))
            one.send(Publish("after/all", b"x", qos=1, packet_identifier=1))
            answer = one.receive()
            assert isinstance(answer, Puback) or answer.reason_code == Reason.QUOTA_EXCEEDED


def test_a_19_all_topic_aliases_of_usual_topics_fit(client, topic):
    publisher, subscriber = client(), client()
    subscriber.subscribe(topic("#"))
    aliases = range(1, publisher.connack.topic_alias_maximum + 1)
    for alias in aliases:
        publisher.publish(topic(f"{alias}/" + "x" * 100), b"named", topic_alias=alias)
        subscriber.expect_publish(topic(f"{alias}/" + "x" * 100), b"named")
    for alias in aliases:
        publisher.publish("", b"by alias", topic_alias=alias)
        subscriber.expect_publish(topic(f"{alias}/" + "x" * 100), b"by alias")


# Before CONNECT --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["10 ffffff7f", "10 81 80 04", "30 ffffff7f", "82 ffffff7f"])
def test_a_20_large_first_packet_is_refused_on_its_header(client, honest, make_broker, header):
    broker = make_broker()
    with honest(broker), MemoryGrowth(broker, below=32 * MEBIBYTE):
        attackers = [client.open(broker=broker) for _ in range(150)]
        for one in attackers:
            one.send(raw(header))
        for one in attackers:
            one.expect_closed()
        pushing = [client.open(broker=broker) for _ in range(20)]
        for one in pushing:
            one.send(raw(header) + bytes(MEBIBYTE))
        for one in pushing:
            one.expect_closed()


def test_a_20_connect_up_to_64_kibibytes_is_read(client):
    one = client(will=Will("w", b"x" * 60000))
    one.disconnect()


@pytest.mark.parametrize("version, credentials, code", [
    (V311, {}, 5), (V5, {}, Reason.NOT_AUTHORIZED),
    (V311, {"user_name": ""}, 4), (V5, {"user_name": ""}, Reason.BAD_USER_NAME_OR_PASSWORD),
    (V311, {"user_name": "", "password": b""}, 4),
    (V5, {"user_name": "", "password": b""}, Reason.BAD_USER_NAME_OR_PASSWORD),
    (V311, {"user_name": "alice"}, 4), (V5, {"user_name": "alice"}, Reason.BAD_USER_NAME_OR_PASSWORD),
])  # fmt: skip
def test_a_22_missing_and_empty_credentials(client, users_broker, version, credentials, code):
    refused = client.open(broker=users_broker, version=version)
    refused.start_connect(**credentials)
    refused.expect_refused(code)
    client(broker=users_broker, user_name="alice", password=b"wonderland").disconnect()


def test_a_22_password_alone(client, users_broker):
    refused = client.open(broker=users_broker)
    refused.start_connect(password=b"wonderland")
    refused.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD, Reason.NOT_AUTHORIZED)


@pytest.mark.parametrize("value", [2, 127, 128, 255])
def test_a_25_booleans_that_are_neither_0_nor_1(client, honest, topic, value):
    with honest():
        expect_malformed_connect(client, Connect("a", request_response_information=value), Reason.PROTOCOL_ERROR)
        expect_malformed_connect(client, Connect("a", request_problem_information=value), Reason.PROTOCOL_ERROR)
        will = Will("w", b"x", payload_format_indicator=value)
        expect_malformed_connect(client, Connect("a", will=will), Reason.PROTOCOL_ERROR)
        expect_malformed(client, Publish(topic(), b"x", payload_format_indicator=value), Reason.PROTOCOL_ERROR)
        expect_malformed_connect(client, Connect("a", retain_available=value))
        expect_malformed(client, Publish(topic(), b"x", retain_available=value))


# Borders of segments ---------------------------------------------------------------------------------------------


def opening(prefix):
    filters = [Subscription(f"{prefix}/+", 0), Subscription(f"{prefix}/a#", 2), Subscription(f"{prefix}/b/#", 2)]
    return [Connect(prefix, will=Will(f"{prefix}/a", b"w" * 40, 1)), Subscribe(1, filters)]


def conversation(prefix):
    """What a client may send without waiting for an answer, of every packet type."""
    topic = f"{prefix}/a"
    return [
        Publish(topic, b""),
        Publish(topic, b"x" * 200),
        Publish(topic, b"y", qos=1, packet_identifier=2),
        Publish(topic, b"z", qos=2, packet_identifier=3),
        Pubrel(3),
        Pubrel(4),
        Puback(9),
        Pubrec(10),
        Pubcomp(11),
        b"\xc0\x00",
        Unsubscribe(5, [f"{prefix}/+", "never"]),
        Publish(topic, b"nobody", qos=1, packet_identifier=6),
    ]


def replies_to(opened, prefix, send):
    """Both parts of the conversation, and all that comes back, in an order that no loop's speed can change."""
    received = []
    for items, count in ((opening(prefix), 2), (conversation(prefix), 12)):
        send(opened, b"".join(opened.encode(item) for item in items))
        # "Nobody wants it" (0x10) and success are both right while other loops learn of the UNSUBSCRIBE.
        received += [repr(opened.receive()).replace("reason_code=16", "reason_code=0") for _ in range(count)]
    opened.expect_nothing()
    opened.disconnect()
    return sorted(received)


def at_once(opened, content):
    opened.send(content)


def in_pieces(size):
    def send(opened, content):
        for start in range(0, len(content), size):
            opened.send(content[start : start + size])

    return send


def cut_at(position):
    def send(opened, content):
        opened.send(content[:position])
        opened.send(content[position:])

    return send


@both_versions
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_26_replies_do_not_depend_on_the_segments(client, prefix, version, size):
    expected = replies_to(client.open(), prefix, at_once)
    assert replies_to(client.open(), prefix, in_pieces(size)) == expected


@both_versions
def test_a_26_stream_cut_once_at_every_byte(client, prefix, version):
    expected = replies_to(client.open(), prefix, at_once)
    length = sum(len(item if isinstance(item, bytes) else item.encode(version)) for item in conversation(prefix))
    for position in range(1, length):
        assert replies_to(client.open(), prefix, cut_at(position)) == expected, f"cut at {position}"


# Odd but possible ------------------------------------------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("name", ["$foo/bar", "$", "$SYS", "$SYS/", "$share/x/y", "$share/", "$share", "/", "//"])
def test_a_28_odd_topics(client, honest, version, name):
    codes = (0, Reason.NO_MATCHING_SUBSCRIBERS)
    if name.startswith("$") and version == V5:
        codes = (Reason.NOT_AUTHORIZED,)
    with honest():
        one = client()
        for retain in (True, False):
            for qos in (0, 1, 2):
                one.publish(name, b"x", qos=qos, retain=retain, reason_codes=codes)
        one.subscribe("/", "//", "/+", "+/+", "$", "$SYS", "$foo/+", qos=2)
        one.unsubscribe("/", "//", "/+", "+/+", "$", "$SYS", "$foo/+")
        one.publish(name, b"", qos=1, retain=True, reason_codes=codes)


NUMBERS = {
    "broker.loops": (0, 64),
    "mqtt.max_packet_size": (0, 1, 268435455, 2**31, 2**63 - 1),
    "mqtt.receive_maximum": (0, 1, 65535, 65536),
    "mqtt.max_inflight": (0, 1, 65535, 65536),
    "mqtt.topic_alias_maximum": (0, 1, 65535, 65536),
    "mqtt.max_qos": (0, 2, 3),
    "mqtt.server_keep_alive": (0, 1, 65535, 65536),
    "mqtt.max_keep_alive": (0, 1, 65535, 65536),
    "mqtt.max_topic_levels": (0, 1, 65535, 2**63 - 1),
    "mqtt.max_user_properties": (0, 1, 65535, 2**63 - 1),
    "session.max_queued_messages": (0, 1, 2**63 - 1),
    "session.max_queued_bytes": (0, 1, 2**63 - 1),
    "session.max_expiry": ("0s", "1s", "1000000d"),
    "broker.sys_interval": ("0s", "1s", "1000000d"),
    "mqtt.connect_timeout": ("0s", "1s", "1000000d"),
}


@pytest.mark.parametrize("key, value", [(key, value) for key, values in NUMBERS.items() for value in values])
def test_a_29_extreme_settings_are_refused_or_work(client, make_broker, check_config, key, value):
    table, _, name = key.partition(".")
    problem = check_config({table: {name: value}})
    if problem:
        assert name in problem
        return
    broker = make_broker({table: {name: value}})
    for version in (V311, V5):
        one, other = client(broker=broker, version=version), client(broker=broker, version=version)
        one.subscribe("a")
        other.publish("a", b"x")
        one.expect_publish("a", b"x")
        away = client("away", broker=broker, version=version, clean_start=False)
        away.disconnect()
        one.disconnect()
        other.disconnect()
