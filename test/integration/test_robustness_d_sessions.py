# SPDX-License-Identifier: Apache-2.0
"""D: QoS, session, Will and take-over state."""

import random
import unicodedata

import pytest
from wire import (
    V5, V311, Closed, Connack, Connect, Disconnect, MemoryGrowth, Pingreq, Pingresp, Puback, Pubcomp, Publish, Pubrec,
    Pubrel, Reason, Subscribe, Subscription, Unsubscribe, Will, barrier, open_files, wait_until,
)  # fmt: skip

MEBIBYTE = 2**20
both_versions = pytest.mark.parametrize("version", [V311, V5])
KEPT = {"clean_start": False, "session_expiry_interval": 60}


# Packet Identifiers ----------------------------------------------------------------------------------------------


@both_versions
def test_d_01_more_unreleased_identifiers_than_allowed(client, honest, make_broker, topic, version):
    broker = make_broker()
    with honest(broker), MemoryGrowth(broker, below=32 * MEBIBYTE):
        for _ in range(2):
            one = client(broker=broker)
            for identifier in range(1, 101):
                one.send(Publish(topic(), b"x" * 64 * 1024, qos=2, packet_identifier=identifier))
                one.expect(Pubrec, packet_identifier=identifier)
            one.send(Publish(topic(), b"x", qos=2, packet_identifier=101))
            one.expect_disconnect(Reason.RECEIVE_MAXIMUM_EXCEEDED)


@both_versions
def test_d_01_one_identifier_many_times(client, honest, make_broker, topic, version):
    broker = make_broker()
    with honest(broker), MemoryGrowth(broker, below=16 * MEBIBYTE):
        subscriber, one = client(broker=broker), client(broker=broker)
        subscriber.subscribe(topic(), qos=2)
        for start in range(0, 20000, 500):
            again = [Publish(topic(), b"x" * 100, qos=2, dup=start > 0, packet_identifier=9) for _ in range(500)]
            one.send(*again)
            for _ in again:
                one.expect(Pubrec, packet_identifier=9)
        subscriber.expect_publish(topic(), b"x" * 100, qos=2)
        barrier(one, subscriber)


def hoard(client, topic, broker):
    """Every identifier the client may use, none released, then a broken connection with a session that stays."""
    one = client("hoarder", broker=broker, **KEPT)
    for identifier in range(1, 101):
        one.send(Publish(topic, b"x", qos=2, packet_identifier=identifier))
        one.expect(Pubrec, packet_identifier=identifier)
    return one


def test_d_01_hoarded_identifiers_are_released_after_resuming(client, honest, make_broker, topic):
    broker = make_broker()
    with honest(broker):
        hoard(client, topic(), broker).close()
        back = client("hoarder", broker=broker, **KEPT)
        assert back.connack.session_present
        for identifier in range(1, 101):
            back.send(Pubrel(identifier))
            back.expect(Pubcomp, packet_identifier=identifier, reason_code=0)
        back.send(Pubrel(1))
        back.expect(Pubcomp, packet_identifier=1, reason_code=Reason.PACKET_IDENTIFIER_NOT_FOUND)
        for _ in range(150):
            back.publish(topic(), b"x", qos=2)


ENDS_OF_A_SUBSCRIPTION = {
    "subscribed again at QoS 0": lambda one, topic: one.subscribe(topic, qos=0),
    "unsubscribed": lambda one, topic: one.unsubscribe(topic),
}


@both_versions
@pytest.mark.parametrize("end", ENDS_OF_A_SUBSCRIPTION.values(), ids=ENDS_OF_A_SUBSCRIPTION.keys())
def test_d_02_pending_releases_of_a_subscription_that_ended(client, honest, make_broker, topic, version, end):
    broker = make_broker({"mqtt": {"max_inflight": 3}})
    with honest(broker):
        publisher, one = client(broker=broker), client(broker=broker)
        for round_number in range(300):
            one.subscribe(topic(), qos=2)
            publisher.publish(topic(), b"%d" % round_number, qos=2)
            sent = one.expect_publish(topic(), b"%d" % round_number, qos=2, acknowledge=False)
            one.send(Pubrec(sent.packet_identifier))
            one.expect(Pubrel, packet_identifier=sent.packet_identifier)
            end(one, topic())
            one.send(Pubcomp(sent.packet_identifier))
        one.expect_nothing()


@both_versions
def test_d_02_pending_releases_of_broken_connections(client, honest, make_broker, topic, version):
    broker = make_broker({"mqtt": {"max_inflight": 3}})
    options = KEPT if version == V5 else {"clean_start": False}
    with honest(broker):
        publisher, one = client(broker=broker), client("s", broker=broker, **options)
        one.subscribe(topic(), qos=2)
        for round_number in range(150):
            publisher.publish(topic(), b"%d" % round_number, qos=2)
            sent = one.expect_publish(topic(), b"%d" % round_number, qos=2, acknowledge=False)
            one.send(Pubrec(sent.packet_identifier))
            one.expect(Pubrel, packet_identifier=sent.packet_identifier)
            one.close()
            one = client("s", broker=broker, **options)
            one.expect(Pubrel, packet_identifier=sent.packet_identifier)
            one.send(Pubcomp(sent.packet_identifier))
        one.expect_nothing()


def test_d_02_refused_deliveries_free_their_identifier(client, honest, topic):
    with honest():
        publisher, one = client(), client(receive_maximum=1)
        one.subscribe(topic(), qos=2)
        for number in range(200):
            publisher.publish(topic(), b"%d" % number, qos=1 + number % 2)
            sent = one.expect_publish(topic(), b"%d" % number, qos=1 + number % 2, acknowledge=False)
            one.acknowledge(sent, reason_code=Reason.UNSPECIFIED_ERROR)


@both_versions
def test_d_02_acknowledgements_nobody_asked_for(client, honest, topic, version):
    with honest():
        one = client()
        one.subscribe(topic(), qos=2)
        for identifier in (1, 2, 3, 65535):
            one.send(Puback(identifier), Pubcomp(identifier), Pubrec(identifier))
            released = one.expect(Pubrel, packet_identifier=identifier)
            assert version < V5 or released.reason_code == Reason.PACKET_IDENTIFIER_NOT_FOUND
        one.publish(topic(), b"x", qos=2)
        one.expect_publish(topic(), b"x", qos=2)
        one.expect_nothing()


@both_versions
def test_d_02_acknowledgements_of_the_wrong_kind(client, honest, topic, version):
    with honest():
        publisher, one = client(), client()
        one.subscribe(topic(), qos=2)
        publisher.publish(topic(), b"two", qos=2)
        sent = one.expect_publish(topic(), b"two", qos=2, acknowledge=False)
        one.send(Puback(sent.packet_identifier), Pubcomp(sent.packet_identifier))
        # The delivery may go on or the connection may end; the identifier is not lost and nothing comes twice.
        answers = packets_until_silence(one)
        assert all(isinstance(packet, (Disconnect, Pubrel)) for packet in answers)


def packets_until_silence(one):
    one.send(Pingreq())
    received = []
    try:
        while (packet := one.receive()).name != "PINGRESP":
            received.append(packet)
    except Closed:
        pass
    return received


# Access, identity ------------------------------------------------------------------------------------------------


@both_versions
def test_d_04_refused_qos_2_publish_never_comes_out(client, make_broker, version):
    judge = {"client": client.identifier("judge"), "publish": ["#"], "subscribe": ["#"]}
    broker = make_broker({"access": [judge, {"publish": ["open/#"], "subscribe": ["#"]}]})
    options = KEPT if version == V5 else {"clean_start": False}
    watcher, one = client("judge", broker=broker), client("one", broker=broker, **options)
    watcher.subscribe("#", qos=2)
    one.send(Publish("closed/a", b"x", qos=2, packet_identifier=1))
    answer = one.expect(Pubrec, packet_identifier=1)
    assert version < V5 or answer.reason_code == Reason.NOT_AUTHORIZED
    one.close()
    one = client("one", broker=broker, **options)
    one.send(Pubrel(1))
    one.expect(Pubcomp, packet_identifier=1)
    one.publish("open/a", b"x", qos=2)
    watcher.expect_publish("open/a", b"x", qos=2)
    barrier(watcher, watcher)


@both_versions
@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("online", [False, True])
def test_d_05_session_of_another_identity(client, users_broker, topic, version, clean, online):
    options = KEPT if version == V5 else {"clean_start": False}
    alice = {"broker": users_broker, "user_name": "alice", "password": b"wonderland"}
    bob = {"broker": users_broker, "user_name": "bob", "password": b"builder"}
    victim, publisher = client("victim", **alice, **options), client(**bob)
    victim.subscribe(topic(), qos=1)
    if not online:
        victim.disconnect()
    publisher.publish(topic(), b"for alice", qos=1)
    thief = client.open("victim", broker=users_broker)
    thief.start_connect(user_name="bob", password=b"builder", clean_start=clean)
    thief.expect_refused(Reason.NOT_AUTHORIZED if version == V5 else 5)
    if not online:
        victim = client("victim", **alice, **options)
        assert victim.connack.session_present
    victim.expect_publish(topic(), b"for alice", qos=1)
    barrier(publisher, victim)
    ending = {"session_expiry_interval": 0} if version == V5 else {}
    victim.disconnect(**ending)
    client("victim", **alice).disconnect()
    client("victim", **bob).disconnect()  # Nobody's any more.


@both_versions
def test_d_07_client_identifiers_that_look_alike(client, honest, topic, version):
    options = KEPT if version == V5 else {"clean_start": False}
    names = ["a", "A", "a ", " a", "a/", "/a", "a\t", "a" * 60000, "a" * 59999 + "b", "#", "+", "$", "ss", "\u00df"]
    names += ["\u03a9", "\u2126", "\ufeff", "\u200b"]
    names += [unicodedata.normalize(form, "\u00e9") for form in ("NFC", "NFD")]
    with honest():
        for name in names:
            one = client(name, **options)
            assert not one.connack.session_present, name
            one.subscribe(topic("all"), qos=1)
            one.disconnect()
        publisher = client()
        publisher.publish(topic("all"), b"x", qos=1)
        for name in names:
            one = client(name, **options)
            assert one.connack.session_present, name
            one.expect_publish(topic("all"), b"x", qos=1)
            barrier(publisher, one)
            client(name, clean_start=True).disconnect()


# Take-over -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_d_08_storm_of_take_overs_loses_and_doubles_nothing(client, honest, make_broker, topic, seed):
    chance = random.Random(seed)
    broker = make_broker({"broker": {"loops": 4}, "mqtt": {"max_inflight": 1000}})
    identifier = client.identifier("contested")
    with honest(broker):
        publisher, first = client(broker=broker), client("contested", broker=broker, **KEPT)
        first.subscribe(topic(), qos=1)
        files, sent = open_files(broker), 0
        for _ in range(15):
            storm = [client.open(broker=broker) for _ in range(40)]
            for one in storm:
                one.send(Connect(identifier, **KEPT))
                if chance.random() < 0.3:
                    publisher.publish(topic(), b"%d" % sent, qos=1)
                    sent += 1
                if chance.random() < 0.1:
                    one.close()
        wait_until(lambda: open_files(broker) == files)  # One connection has replaced the first.
        last = client("contested", broker=broker, **KEPT)
        assert last.connack.session_present
        received = [last.expect(Publish, topic=topic(), qos=1) for _ in range(sent)]
        assert [int(packet.payload) for packet in received] == list(range(sent))
        assert len({packet.packet_identifier for packet in received}) == sent
        for packet in received:
            last.acknowledge(packet)
        barrier(publisher, last)


def test_d_08_only_the_last_of_many_connections_stays(client, honest, make_broker):
    broker = make_broker({"broker": {"loops": 4}})
    identifier = client.identifier("contested")
    with honest(broker):
        storm = [client.open(broker=broker) for _ in range(100)]
        for one in storm:
            one.send(Connect(identifier, **KEPT))
        for one in storm:
            one.expect(Connack, reason_code=0)
        survivors = []
        for one in storm:
            one.send(Pingreq())
            answer = one.receive()
            if isinstance(answer, Pingresp):
                survivors.append(one)
            else:
                assert isinstance(answer, Disconnect) and answer.reason_code == Reason.SESSION_TAKEN_OVER
        assert len(survivors) == 1


@pytest.mark.parametrize("clean_start", [False, True])
@pytest.mark.parametrize("expiry", [0, 60])
@pytest.mark.parametrize("delay", [0, 2])
def test_d_09_will_of_a_connection_that_is_taken_over(client, topic, delay, expiry, clean_start):
    watcher = client()
    watcher.subscribe(topic("#"), qos=1)
    will = Will(topic("old"), b"old", 1, will_delay_interval=delay)
    old = client("s", will=will, session_expiry_interval=expiry)
    barrier(old, watcher)
    will = Will(topic("new"), b"new", 1)
    new = client("s", clean_start=clean_start, session_expiry_interval=expiry, will=will)
    old.expect_disconnect(Reason.SESSION_TAKEN_OVER)
    assert new.connack.session_present == (expiry > 0 and not clean_start)
    if delay == 0 or expiry == 0 or clean_start:  # The connection, or the Session, has ended.
        watcher.expect_publish(topic("old"), b"old", qos=1)
    else:
        client(keep_alive=2).expect_disconnect(Reason.KEEP_ALIVE_TIMEOUT)  # Three seconds are over: the delay too.
    barrier(client(), watcher)
    new.close()
    watcher.expect_publish(topic("new"), b"new", qos=1)
    barrier(client(), watcher)


@both_versions
def test_d_19_receive_maximum_of_the_broker_is_a_limit(client, honest, make_broker, topic, version):
    broker = make_broker({"mqtt": {"receive_maximum": 10}})
    with honest(broker):
        one = client(broker=broker)
        assert version < V5 or one.connack.receive_maximum == 10
        for _ in range(2):
            for identifier in range(1, 11):
                one.send(Publish(topic(), b"x", qos=2, packet_identifier=identifier))
                one.expect(Pubrec, packet_identifier=identifier)
            for identifier in range(1, 11):
                one.send(Pubrel(identifier))
                one.expect(Pubcomp, packet_identifier=identifier)
        for identifier in range(1, 11):
            one.send(Publish(topic(), b"x", qos=2, packet_identifier=identifier))
            one.expect(Pubrec, packet_identifier=identifier)
        one.send(Publish(topic(), b"x", qos=2, packet_identifier=11))
        one.expect_disconnect(Reason.RECEIVE_MAXIMUM_EXCEEDED)


# Shared subscriptions --------------------------------------------------------------------------------------------


def cut(member):
    member.close()
    return set()


def disconnect_without_acknowledging(member):
    member.send(Disconnect())
    member.close()
    return set()


def finish_work(member):
    """Leaves the group, then does what it still got."""
    member.unsubscribe("$share/g/work/+")
    done = set()
    member.send(Pingreq())
    while isinstance(packet := member.receive(), Publish):
        member.acknowledge(packet)
        done.add(int(packet.payload))
    return done


@pytest.mark.parametrize("strategy", ["round-robin", "random", "least-inflight", "hash-client", "hash-topic", "sticky"])
def test_d_21_members_that_come_and_go_lose_nothing(client, honest, make_broker, strategy):
    broker = make_broker({"session": {"share_strategy": strategy}})
    chance = random.Random(strategy)
    with honest(broker):
        steady, publisher = client(broker=broker), client(broker=broker)
        steady.subscribe("$share/g/work/+", qos=1)
        ghosts, received = [], set()
        for number in range(200):
            action = chance.random()
            if action < 0.15:
                ghosts.append(client(broker=broker))
                ghosts[-1].subscribe("$share/g/work/+", qos=1)
            elif action < 0.3 and ghosts:
                ghost = ghosts.pop(chance.randrange(len(ghosts)))
                received |= chance.choice([cut, disconnect_without_acknowledging, finish_work])(ghost)
            publisher.publish(f"work/{number % 7}", b"%d" % number, qos=1)
        for ghost in ghosts:
            ghost.close()
        while len(received) < 200:
            packet = steady.expect(Publish)
            steady.acknowledge(packet)
            received.add(int(packet.payload))
        barrier(publisher, steady)


def test_d_21_empty_group(client, honest, make_broker):
    broker = make_broker()
    with honest(broker):
        publisher, member = client(broker=broker), client(broker=broker)
        for _ in range(50):
            member.subscribe("$share/g/work", qos=1)
            member.unsubscribe("$share/g/work")
            publisher.publish("work", b"nobody", qos=1)
        member.subscribe("$share/g/work", qos=1)
        member.close()
        for _ in range(50):
            publisher.publish("work", b"nobody", qos=1)
        barrier(publisher, client(broker=broker))


# Sequences -------------------------------------------------------------------------------------------------------


class Wanderer:
    """Connections that send valid packets in a random order and answer as they like."""

    FILTERS = ["a", "a/b", "+", "#", "a/#", "+/b"]
    SHARES = ["", "", "$share/g/", "$share/h/"]
    TOPICS = ["a", "a/b", "b", "a/b/c"]

    def __init__(self, client, broker, prefix, seed):
        self._client, self._broker, self._prefix = client, broker, prefix
        self.chance = random.Random(seed)
        self._open = []

    def step(self):
        actions = [self.connect, self.publish, self.publish, self.subscribe, self.unsubscribe, self.answer, self.leave]
        if self._open:
            self.chance.choice(actions)()
        else:
            self.connect()

    def connect(self):
        chance = self.chance
        one = self._client.open(broker=self._broker, version=chance.choice([V311, V5]))
        options = {"clean_start": chance.random() < 0.5}
        if chance.random() < 0.5:
            delay = {"will_delay_interval": chance.choice([0, 1, 60])}
            options["will"] = Will(self.topic(), b"will", chance.randrange(3), chance.random() < 0.3, **delay)
        options["session_expiry_interval"] = chance.choice([0, 1, 600])
        options["receive_maximum"] = chance.choice([1, 2, 65535])
        options["topic_alias_maximum"] = chance.choice([0, 3])
        one.send(Connect(f"{self._prefix}{chance.randrange(4)}", keep_alive=60, **options))
        one.expect(Connack, reason_code=0)
        self._open.append(one)

    def topic(self):
        return self._prefix + "/" + self.chance.choice(self.TOPICS)

    def filter(self):
        return self.chance.choice(self.SHARES) + self._prefix + "/" + self.chance.choice(self.FILTERS)

    def send(self, *items):
        self.chance.choice(self._open).send(*items)

    def publish(self):
        packet = Publish(self.topic(), b"x" * self.chance.choice([0, 1, 500]), self.chance.randrange(3))
        packet.retain = self.chance.random() < 0.2
        self.send(packet)
        if packet.qos == 2 and self.chance.random() < 0.9:
            self.send(Pubrel(packet.packet_identifier))

    def subscribe(self):
        entries = [Subscription(self.filter(), self.chance.randrange(3)) for _ in range(self.chance.randrange(1, 4))]
        self.send(Subscribe(None, entries))

    def unsubscribe(self):
        self.send(Unsubscribe(None, [self.filter()]))

    def answer(self):
        """Reads all that one connection has got, and answers most of it."""
        one = self.chance.choice(self._open)
        for packet in self.drain(one):
            if isinstance(packet, Publish) and packet.qos and self.chance.random() < 0.8:
                one.send((Puback if packet.qos == 1 else Pubrec)(packet.packet_identifier))
            elif isinstance(packet, Pubrel) and self.chance.random() < 0.8:
                one.send(Pubcomp(packet.packet_identifier))

    def drain(self, one):
        one.send(Pingreq())
        received = []
        try:
            while (packet := one.receive()).name != "PINGRESP":
                received.append(packet)
        except Closed:
            self._open.remove(one)
        return received

    def leave(self):
        one = self._open.pop(self.chance.randrange(len(self._open)))
        if self.chance.random() < 0.5:
            one.send(Disconnect())
        one.close()


@pytest.mark.parametrize("seed", range(8))
def test_d_23_sequences_of_valid_packets(client, honest, make_broker, prefix, seed):
    broker = make_broker()
    wanderer = Wanderer(client, broker, prefix, seed)
    with honest(broker) as pair:
        for number in range(600):
            wanderer.step()
            if number % 100 == 99:
                pair.check()
