# SPDX-License-Identifier: Apache-2.0
"""Shared subscriptions: the six strategies, and what happens when members come and go."""

import collections

import pytest
from wire import Publish, barrier, receive_until_barrier

STRATEGIES = ["round-robin", "random", "least-inflight", "hash-client", "hash-topic", "sticky"]


@pytest.fixture
def group(client, make_broker):
    """group("random", 3) is a publisher and the members of one group, at QoS 1."""

    def make(strategy, members):
        broker = make_broker({"session": {"share_strategy": strategy}, "mqtt": {"max_inflight": 1000}})
        publisher = client(broker=broker)
        joined = [client(broker=broker) for _ in range(members)]
        for member in joined:
            member.subscribe("$share/g/work/#", qos=1)
        return publisher, joined

    return make


def publish_work(publisher, count, name=lambda number: f"work/{number}"):
    for number in range(count):
        publisher.publish(name(number), b"%d" % number, qos=1)


def receive_work(publisher, members):
    """What each member got, acknowledged."""
    work = []
    for member, packets in zip(members, receive_until_barrier(publisher, *members)):
        for packet in packets:
            member.acknowledge(packet)
        work.append([int(packet.payload) for packet in packets])
    return work


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_message_goes_to_one_member(group, strategy):
    publisher, members = group(strategy, 4)
    publish_work(publisher, 200)
    work = receive_work(publisher, members)
    assert sorted(number for part in work for number in part) == list(range(200))
    assert all(part == sorted(part) for part in work)


def test_round_robin_gives_each_member_the_same(group):
    publisher, members = group("round-robin", 4)
    publish_work(publisher, 200)
    assert [len(part) for part in receive_work(publisher, members)] == [50] * 4


def test_round_robin_is_the_default(client, make_broker):
    broker = make_broker()
    publisher, members = client(broker=broker), [client(broker=broker) for _ in range(3)]
    for member in members:
        member.subscribe("$share/g/work/#", qos=1)
    publish_work(publisher, 90)
    assert [len(part) for part in receive_work(publisher, members)] == [30] * 3


def test_random_gives_every_member_some(group):
    publisher, members = group("random", 4)
    publish_work(publisher, 400)
    sizes = [len(part) for part in receive_work(publisher, members)]
    assert min(sizes) > 50 and max(sizes) < 150


def test_least_inflight_spares_a_member_that_does_not_acknowledge(group):
    publisher, (slow, *quick) = group("least-inflight", 3)
    received = 0
    for number in range(60):
        publisher.publish(f"work/{number}", b"%d" % number, qos=1)
        for member, packets in zip(quick, receive_until_barrier(publisher, *quick)):
            for packet in packets:
                member.acknowledge(packet)
                received += 1
            member.ping()
    (unacknowledged,) = receive_until_barrier(publisher, slow)
    assert len(unacknowledged) + received == 60
    assert len(unacknowledged) <= 2, "a member with messages in flight got more although others had none"


def test_hash_client_gives_all_messages_of_a_publisher_to_one_member(client, group):
    publisher, members = group("hash-client", 4)
    broker_address = publisher.address
    publishers = [client(address=broker_address) for _ in range(24)]
    for number, one in enumerate(publishers):
        for _ in range(5):
            one.publish("work/any", b"%d" % number, qos=1)
    owners = collections.defaultdict(set)
    for member, part in enumerate(receive_work(publisher, members)):
        for number in part:
            owners[number].add(member)
    assert all(len(of_one) == 1 for of_one in owners.values()) and len(owners) == 24
    assert len(set.union(*owners.values())) >= 3, "24 publishers use fewer than three of four members"


def test_hash_topic_gives_all_messages_of_a_topic_to_one_member(group):
    publisher, members = group("hash-topic", 4)
    for _ in range(5):
        publish_work(publisher, 24)
    owners = collections.defaultdict(set)
    for member, part in enumerate(receive_work(publisher, members)):
        for number in part:
            owners[number].add(member)
    assert all(len(of_one) == 1 for of_one in owners.values()) and len(owners) == 24
    assert len(set.union(*owners.values())) >= 3, "24 topics use fewer than three of four members"


def test_sticky_stays_with_one_member_until_it_leaves(group):
    publisher, members = group("sticky", 3)
    while members:
        publish_work(publisher, 20)
        sizes = [len(part) for part in receive_work(publisher, members)]
        assert sorted(sizes) == [0] * (len(members) - 1) + [20]
        members.pop(sizes.index(20)).disconnect()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_messages_in_flight_to_a_member_that_goes_are_given_to_another(group, strategy):
    publisher, (first, second) = group(strategy, 2)
    publish_work(publisher, 40)
    (held,) = receive_until_barrier(publisher, first)
    first.close()
    received = set()
    while len(received) < 40:
        packet = second.expect(Publish)
        second.acknowledge(packet)
        received.add(int(packet.payload))
    barrier(publisher, second)
    assert {int(packet.payload) for packet in held} <= received


def test_member_that_is_away_with_its_session_is_passed_over(client, make_broker):
    broker = make_broker()
    publisher, present = client(broker=broker), client(broker=broker)
    away = client("away", broker=broker, clean_start=False, session_expiry_interval=60)
    for member in (away, present):
        member.subscribe("$share/g/work/#", qos=1)
    away.disconnect()
    publish_work(publisher, 20)
    (work,) = receive_work(publisher, [present])
    assert work == list(range(20))
    barrier(publisher, client("away", broker=broker, clean_start=False, session_expiry_interval=60))


def test_message_waits_when_all_members_are_away_with_their_sessions(client, make_broker):
    broker = make_broker()
    publisher = client(broker=broker)
    options = {"broker": broker, "clean_start": False, "session_expiry_interval": 60}
    for name in ("a", "b"):
        member = client(name, **options)
        member.subscribe("$share/g/work/#", qos=1)
        member.disconnect()
    publish_work(publisher, 10)
    back = [client(name, **options) for name in ("a", "b")]
    work = receive_work(publisher, back)
    assert sorted(number for part in work for number in part) == list(range(10))


def test_qos_2_message_in_flight_stays_with_its_member(client, make_broker):
    broker = make_broker()
    publisher = client(broker=broker)
    options = {"broker": broker, "clean_start": False, "session_expiry_interval": 60}
    owner = client("owner", **options)
    owner.subscribe("$share/g/work/#", qos=2)
    publisher.publish("work/a", b"x", qos=2)
    sent = owner.expect_publish("work/a", b"x", qos=2, acknowledge=False)
    other = client(broker=broker)
    other.subscribe("$share/g/work/#", qos=2)
    owner.close()
    barrier(publisher, other)
    owner = client("owner", **options)
    owner.expect_publish("work/a", b"x", qos=2, dup=True, packet_identifier=sent.packet_identifier)


def test_groups_and_plain_subscriptions_are_independent(client, make_broker):
    broker = make_broker()
    publisher, plain = client(broker=broker), client(broker=broker)
    plain.subscribe("work/#", qos=1)
    groups = {}
    for name in ("g", "h"):
        groups[name] = [client(broker=broker) for _ in range(2)]
        for member in groups[name]:
            member.subscribe(f"$share/{name}/work/#", qos=1)
    both = client(broker=broker)
    both.subscribe("$share/i/work/#", "work/#", qos=1)
    publish_work(publisher, 20)
    for members in groups.values():
        assert sorted(number for part in receive_work(publisher, members) for number in part) == list(range(20))
    assert receive_work(publisher, [plain]) == [list(range(20))]
    (of_both,) = receive_work(publisher, [both])
    assert sorted(of_both) == sorted([*range(20), *range(20)])


def test_retained_messages_are_not_sent_to_shared_subscriptions(client, make_broker):
    broker = make_broker()
    publisher, member = client(broker=broker), client(broker=broker)
    publisher.publish("work/kept", b"x", qos=1, retain=True)
    member.subscribe("$share/g/work/#", qos=1)
    barrier(publisher, member)
