# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0, 4.8: Shared Subscriptions."""

import pytest
from wire import (
    Publish, Pubrec, Pubrel, Reason, barrier, receive_until_barrier, statement5 as statement,
)  # fmt: skip

LASTING = {"session_expiry_interval": 600}


@statement("MQTT-4.8.2-1")
@pytest.mark.parametrize("filter", ["$share//a", "$share/", "$share//", "$share//#", "$share//+"])
def test_4_8_2_1_share_name_has_a_character(client, filter):
    client().subscribe(filter, expect=[Reason.TOPIC_FILTER_INVALID])


@statement("MQTT-4.8.2-2")
@pytest.mark.parametrize("rest", ["g", "g/", "g+/a", "+/a", "#/a", "g#/a", "#"])
def test_4_8_2_2_share_name_is_one_plain_level_before_a_filter(client, rest):
    client().subscribe(f"$share/{rest}", expect=[Reason.TOPIC_FILTER_INVALID])


@statement("MQTT-4.8.2-1", "MQTT-4.8.2-2")
@pytest.mark.parametrize("share_name", ["g", "a b", "é", "$", "$share", "g" * 1000])
def test_4_8_2_1_every_other_share_name_is_granted(client, topic, share_name):
    publisher, one = client("publisher"), client("one")
    one.subscribe(f"$share/{share_name}/{topic('#')}")
    publisher.publish(topic("a/b"), b"x")
    one.expect_publish(topic("a/b"), b"x")


@statement("MQTT-4.8.2-1")
def test_4_8_2_1_group_shares_and_others_get_all(client, topic):
    """Groups of the same name and filter share; other names, other filters and plain subscriptions do not."""
    publisher = client("publisher")
    group = [client(f"g{number}") for number in range(4)]
    for one in group:
        one.subscribe(f"$share/g/{topic('#')}", qos=1)
    alone = {"other_name": f"$share/h/{topic('#')}", "other_filter": f"$share/g/{topic('+')}", "plain": topic("#")}
    rest = [client(name) for name in alone]
    for one, filter in zip(rest, alone.values()):
        one.subscribe(filter, qos=1)
    count = 40
    for number in range(count):
        publisher.publish(topic("a"), b"%d" % number, 1)
    received = receive_until_barrier(publisher, *group, *rest)
    everything = [b"%d" % number for number in range(count)]
    shares = [[packet.payload for packet in packets] for packets in received[:4]]
    assert sorted(sum(shares, [])) == sorted(everything)
    assert all(shares), "each of four members gets something of forty messages in turn"
    for packets in received[4:]:
        assert [packet.payload for packet in packets] == everything


@statement("MQTT-4.8.2-1")
def test_4_8_2_1_leading_wildcard_of_a_shared_filter(client, topic):
    """The filter behind the ShareName matches as a plain one does."""
    publisher, one = client("publisher"), client("one")
    one.subscribe(f"$share/g/+/{topic('a')[:-2]}/a", f"$share/h/{topic('a')}")
    publisher.publish(f"x/{topic('a')}", b"x")
    one.expect_publish(f"x/{topic('a')}", b"x")
    publisher.publish(topic("a"), b"y")
    one.expect_publish(topic("a"), b"y")
    barrier(publisher, one)


@statement("MQTT-4.8.2-3")
def test_4_8_2_3_each_member_has_its_own_qos(client, topic):
    publisher = client("publisher")
    members = [client(f"m{granted}") for granted in range(3)]
    for granted, one in enumerate(members):
        one.subscribe(f"$share/g/{topic()}", qos=granted)
    count = 18
    for number in range(count):
        publisher.publish(topic(), b"%d" % number, 2)
    received = receive_until_barrier(publisher, *members)
    assert sum(len(packets) for packets in received) == count
    for granted, packets in enumerate(received):
        assert packets and {packet.qos for packet in packets} == {granted}


def two_members(client, topic):
    """A QoS 2 message that has gone to one of two members; returns that member, the other one and the packet."""
    publisher = client("publisher")
    members = [client(name, **LASTING) for name in ("left", "right")]
    for one in members:
        one.subscribe(f"$share/g/{topic()}", qos=2)
    publisher.publish(topic(), b"x", 2)
    received = receive_until_barrier(publisher, *members)
    (chosen,) = [number for number, packets in enumerate(received) if packets]
    assert len(received[chosen]) == 1
    return publisher, members[chosen], members[1 - chosen], received[chosen][0]


@statement("MQTT-4.8.2-4")
@pytest.mark.parametrize("received", [False, True], ids=["before_pubrec", "after_pubrec"])
def test_4_8_2_4_qos_2_delivery_is_finished_with_its_member(client, topic, received):
    publisher, member, other, packet = two_members(client, topic)
    if received:
        member.send(Pubrec(packet.packet_identifier))
        member.expect(Pubrel, packet_identifier=packet.packet_identifier)
    member.close()
    barrier(publisher, other)
    again = client(member.name, clean_start=False, **LASTING)
    if received:
        again.expect(Pubrel, packet_identifier=packet.packet_identifier)
    else:
        again.expect(Publish, payload=b"x", dup=True, packet_identifier=packet.packet_identifier)
    barrier(publisher, other, again)


@statement("MQTT-4.8.2-5")
@pytest.mark.parametrize("received", [False, True], ids=["before_pubrec", "after_pubrec"])
def test_4_8_2_5_qos_2_delivery_ends_with_the_session_of_its_member(client, topic, received):
    publisher, member, other, packet = two_members(client, topic)
    if received:
        member.send(Pubrec(packet.packet_identifier))
        member.expect(Pubrel, packet_identifier=packet.packet_identifier)
    member.disconnect(session_expiry_interval=0)
    barrier(client(member.name), other)  # From the loop of the Session that ended.
    publisher.publish(topic(), b"next", 2)
    other.expect_publish(topic(), b"next", 2)
    barrier(publisher, other)


@statement("MQTT-4.8.2-6", "MQTT-4.4.0-2")
@pytest.mark.parametrize("qos", [1, 2])
def test_4_8_2_6_refused_delivery_is_tried_with_nobody_else(client, topic, qos):
    publisher = client("publisher")
    members = [client(f"m{number}", **LASTING) for number in range(3)]
    for one in members:
        one.subscribe(f"$share/g/{topic()}", qos=qos)
    publisher.publish(topic(), b"x", qos)
    received = receive_until_barrier(publisher, *members)
    (chosen,) = [number for number, packets in enumerate(received) if packets]
    members[chosen].acknowledge(received[chosen][0], Reason.IMPLEMENTATION_SPECIFIC_ERROR)
    members[chosen].expect_nothing()
    barrier(members[chosen], *members)
    barrier(publisher, *members)


@statement("MQTT-4.8.2-1")
def test_4_8_2_1_member_that_leaves_gets_nothing_more(client, topic):
    publisher, stays, leaves = client("publisher"), client("stays"), client("leaves")
    for one in (stays, leaves):
        one.subscribe(f"$share/g/{topic()}", qos=1)
    leaves.unsubscribe(f"$share/g/{topic()}")
    for number in range(6):
        publisher.publish(topic(), b"%d" % number, 1)
    for number in range(6):
        stays.expect_publish(topic(), b"%d" % number, 1)
    barrier(publisher, stays, leaves)
    stays.disconnect()
    leaves.subscribe(f"$share/g/{topic()}", qos=1)
    publisher.publish(topic(), b"last", 1)
    leaves.expect_publish(topic(), b"last", 1)
