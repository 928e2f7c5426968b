# SPDX-License-Identifier: Apache-2.0
"""The plug: the broker is killed at random moments while clients go on as the specification tells them to.

RUNNEL_PLUG_ROUNDS is how often (default 60), RUNNEL_PLUG_SEED repeats the choices of the clients of an earlier run.
"""

import collections
import os
import random
import subprocess
import threading
import time

import pytest
import wire
from wire import (
    Connack, Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel, Stopwatch, Suback, Subscribe, Subscription,
)  # fmt: skip
from wire.broker import binary
from wire.client import TIMEOUT

ROUNDS = int(os.environ.get("RUNNEL_PLUG_ROUNDS", "60"))
SEED = int(os.environ.get("RUNNEL_PLUG_SEED", random.SystemRandom().randrange(2**32)))
PUBLISHERS = 4
IN_FLIGHT = 8
EXPIRY = 3600


class Member(threading.Thread):
    """A client with a Session that stays, on a thread of its own. It connects again and again."""

    def __init__(self, plug, name):
        super().__init__(name=name, daemon=True)
        self.plug = plug
        self.random = random.Random(f"{plug.seed} {name}")
        self.identifier = f"plug-{name}"
        self.receive_maximum = 50
        self.tried_connect = False
        self.knows_session = False
        self.connection = None

    def run(self):
        try:
            while not self.plug.over.is_set():
                if self.may_connect():
                    self.stay_connected()
                else:
                    time.sleep(0.002)
        except Exception as error:  # pylint: disable=broad-except
            self.complain(f"{type(error).__name__}: {error}")

    def may_connect(self):
        return True

    def complain(self, text):
        lines = [text.split("\n")[0], *(self.connection.trace[-30:] if self.connection else ())]
        self.plug.complaints.append(f"{self.name}: " + "\n    ".join(line[:160] for line in lines))

    def check(self, holds, text):
        if not holds:
            self.complain(text)

    def stay_connected(self):
        """Until the connection breaks, or this member has enough."""
        try:
            address = self.plug.broker.address
            opened = wire.Client(address, client_identifier=self.identifier, name=self.name, timeout=4 * TIMEOUT)
            with opened as self.connection:
                self.connect()
                self.converse()
        except (wire.Closed, ConnectionError, TimeoutError, OSError) as error:
            if self.plug.is_up.is_set() and isinstance(error, TimeoutError):
                self.complain(f"no answer: {error}")
            time.sleep(0.002)

    def connect(self):
        one = self.connection
        first_try, self.tried_connect = not self.tried_connect, True
        one.start_connect(clean_start=False, session_expiry_interval=EXPIRY,
                          receive_maximum=self.receive_maximum)  # fmt: skip
        connack = one.expect(Connack, reason_code=0)
        self.check(connack.session_present or not self.knows_session, "the Session is gone")
        self.check(not connack.session_present or not first_try, "there is a Session that nobody made")
        self.knows_session = True
        self.resume()

    def readable(self, wait):
        """A packet, or None if none comes in this time."""
        try:
            return self.connection.receive(wait)
        except TimeoutError:
            return None


class Publisher(Member):
    """Sends numbered messages on topics of its own, up to IN_FLIGHT at once."""

    def __init__(self, plug, number):
        super().__init__(plug, f"publisher{number}")
        self.topics = [f"plain/{number}/q1", f"plain/{number}/q2", f"work/{number}/q1", f"work/{number}/q2"]
        self.retained = [f"kept/{number}/q1", f"kept/{number}/q2"]
        self.sent = collections.Counter()  # How many were published on a topic.
        self.acknowledged = {topic: -1 for topic in self.topics + self.retained}  # The last.
        self.flying = collections.OrderedDict()  # By Packet Identifier: [packet, released, PUBREL was sent before].
        self.releases = []  # Packet Identifiers, in the order of their PUBRECs.
        self.last_identifier = 0

    def is_idle(self):
        return not self.flying

    def resume(self):
        for identifier in self.releases:
            self.flying[identifier][2] = True
            self.connection.send(Pubrel(identifier))
        for packet, released, _ in self.flying.values():
            if not released:
                packet.dup = True
                self.connection.send(packet)

    def converse(self):
        while not self.plug.over.is_set():
            while self.plug.publishing.is_set() and len(self.flying) < IN_FLIGHT:
                self.publish(self.random.choice(self.topics + self.retained))
            if (packet := self.readable(0.05)) is not None:
                self.handle(packet)

    def publish(self, topic):
        while True:
            self.last_identifier = self.last_identifier % 65535 + 1
            if self.last_identifier not in self.flying:
                break
        number = self.sent[topic]
        self.sent[topic] += 1
        size = self.random.choice((0, 0, 0, 500, 20_000))
        packet = Publish(topic, b"%d %s" % (number, b"." * size), qos=int(topic[-1]), retain=topic in self.retained,
                         packet_identifier=self.last_identifier)  # fmt: skip
        self.flying[self.last_identifier] = [packet, False, False]
        self.connection.send(packet)

    def handle(self, packet):
        identifier = packet.packet_identifier
        flying = self.flying.get(identifier)
        if flying is None:
            return self.complain(f"an answer to nothing: {packet!r}")
        published, released, repeated = flying
        if isinstance(packet, (Puback, Pubrec)):
            self.check(packet.reason_code == 0 or published.retain, f"{packet!r} for {published.topic}")
            number = int(published.payload.split()[0])
            self.acknowledged[published.topic] = max(self.acknowledged[published.topic], number)
        if isinstance(packet, Puback):
            self.check(published.qos == 1, f"{packet!r} for QoS 2")
            del self.flying[identifier]
        elif isinstance(packet, Pubrec):
            self.check(published.qos == 2 and not released, f"{packet!r} came twice on one connection")
            flying[1] = True
            self.releases.append(identifier)
            self.connection.send(Pubrel(identifier))
        elif isinstance(packet, Pubcomp):
            self.check(released, f"{packet!r} before PUBREL")
            self.check(packet.reason_code == 0 or repeated, f"{packet!r}: what PUBREC has said is forgotten")
            self.releases.remove(identifier)
            del self.flying[identifier]
        return None


class Subscriber(Member):
    """Keeps what it receives, by topic, in the order it came."""

    def __init__(self, plug, name, *filters, stays=True):
        super().__init__(plug, name)
        self.filters = filters
        self.kinds = tuple(filter[:-1] for filter in filters)
        self.stays = stays
        self.has_subscribed = False
        self.received = collections.defaultdict(list)
        self.unreleased = {}  # QoS 2, by Packet Identifier.
        self.held = []  # Answers that are sent later.

    def may_connect(self):
        return self.stays or not self.has_subscribed or self.plug.draining.is_set() or self.random.random() < 0.005

    def resume(self):
        self.held.clear()
        if not self.has_subscribed:
            entries = [Subscription(filter, 2) for filter in self.filters]
            sent = self.connection.send(Subscribe(None, entries))
            suback = self.connection.await_packet(Suback, packet_identifier=sent.packet_identifier)
            self.check(suback.reason_codes == [2] * len(entries), repr(suback))
            self.has_subscribed = True

    def converse(self):
        watch = Stopwatch()
        span = self.random.uniform(0, 0.3)
        while not self.plug.over.is_set():
            if not self.stays and watch.elapsed > span and not self.plug.draining.is_set():
                return self.leave()
            packet = self.readable(0.02)
            if packet is not None:
                self.held.append(self.answer(packet))
            if packet is None or self.random.random() < 0.5:
                self.connection.send(*self.held)
                self.held.clear()
        return None

    def leave(self):
        if self.random.random() < 0.5:
            self.connection.reset()
        else:
            self.connection.send(Disconnect())  # What is on the way to it is lost.

    def answer(self, packet):
        identifier = packet.packet_identifier
        if isinstance(packet, Pubrel):
            self.unreleased.pop(identifier, None)
            return Pubcomp(identifier)
        self.check(isinstance(packet, Publish), f"unexpected {packet!r}")
        if packet.qos == 1:
            self.take(packet)
            return Puback(identifier)
        if identifier in self.unreleased:
            same = self.unreleased[identifier] == (packet.topic, packet.payload)
            self.check(packet.dup and same, f"{packet!r} uses a Packet Identifier of another message")
        else:
            self.take(packet)
            self.unreleased[identifier] = (packet.topic, packet.payload)
        return Pubrec(identifier)

    def take(self, packet):
        self.check(packet.qos == int(packet.topic[-1]), f"wrong QoS: {packet!r}")
        self.received[packet.topic].append(int(packet.payload.split()[0]))

    def has_all(self, sent):
        wanted = {topic: count for topic, count in sent.items() if topic.startswith(self.kinds)}
        return all(set(self.received[topic]) >= set(range(count)) for topic, count in wanted.items())


class Plug:
    """The broker that is killed, its clients, and what is wrong."""

    def __init__(self, broker, seed):
        self.broker = broker
        self.seed = seed
        self.random = random.Random(seed)
        self.complaints = []
        self.over, self.is_up = threading.Event(), threading.Event()
        self.publishing, self.draining = threading.Event(), threading.Event()
        self.publishers = [Publisher(self, number) for number in range(PUBLISHERS)]
        self.subscribers = [Subscriber(self, f"online{number}", "plain/#") for number in range(2)]
        self.subscribers += [Subscriber(self, "both", "plain/#", "kept/#")]
        self.subscribers += [Subscriber(self, f"offline{number}", "plain/#", stays=False) for number in range(3)]
        self.workers = [Subscriber(self, "worker0", "$share/g/work/#")]
        self.workers += [Subscriber(self, f"worker{number}", "$share/g/work/#", stays=False) for number in (1, 2)]
        for one in self.workers:  # Much has to wait, and goes back to the group with them.
            one.receive_maximum = 2

    def members(self):
        return [*self.subscribers, *self.workers, *self.publishers]

    def begin(self):
        self.is_up.set()
        for one in (*self.subscribers, *self.workers):
            one.start()
        self.wait("the SUBACKs", lambda: all(one.has_subscribed for one in (*self.subscribers, *self.workers)))
        self.publishing.set()
        for one in self.publishers:
            one.start()

    def wait(self, what, condition):
        watch = Stopwatch()
        while not condition() and not self.complaints:
            if watch.elapsed > 6 * TIMEOUT:
                self.complaints.append(f"no end of waiting for {what}")
            time.sleep(0.005)

    def pull(self):
        self.is_up.clear()
        self.broker.kill()
        promised = {topic: number for one in self.publishers for topic, number in one.acknowledged.items()}
        if self.random.random() < 0.2:
            self.kill_while_starting()
        self.broker.start()
        self.is_up.set()
        self.check_retained(promised)

    def kill_while_starting(self):
        command = [str(binary()), "--config", str(self.broker.write_config())]
        nowhere = subprocess.DEVNULL
        starting = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
        time.sleep(self.random.uniform(0, 0.1))
        starting.kill()
        starting.wait()

    def check_retained(self, promised):
        with wire.Client(self.broker.address, name="reader") as reader:
            reader.connect("reader")
            for publisher in self.publishers:
                for topic in publisher.retained:
                    if promised[topic] < 0:
                        continue
                    reader.subscribe(topic)
                    while (packet := reader.receive()).topic != topic or not packet.retain:
                        pass  # Publishers are there already.
                    number = int(packet.payload.split()[0])
                    if not promised[topic] <= number < publisher.sent[topic]:
                        self.complaints.append(f"{topic} holds {number}, acknowledged was {promised[topic]}")

    def drain(self):
        """Everything goes where it belongs, and then one more message on each topic, which comes behind all others."""
        for last in (False, True):
            self.publishing.clear()
            self.draining.set()
            self.wait("acknowledgements", lambda: all(one.is_idle() for one in self.publishers))
            self.wait("messages", lambda: all(one.has_all(self.sent()) for one in self.subscribers))
            self.wait("work", lambda: self.work() >= set(self.expected_work()))
            if not last:
                before = self.sent()
                self.publishing.set()
                self.wait("one more", lambda: all(self.sent()[topic] > count for topic, count in before.items()))
        self.over.set()
        for one in self.members():
            one.join(30)

    def sent(self, kind=""):
        return {t: count for one in self.publishers for t, count in one.sent.items() if t.startswith(kind)}

    def expected_work(self):
        return [(topic, number) for topic, count in self.sent("work").items() for number in range(count)]

    def work(self):
        return {(t, number) for one in self.workers for t, numbers in list(one.received.items()) for number in numbers}

    def check(self):
        for one in self.subscribers:
            for topic, count in self.sent(one.kinds).items():
                self.check_stream(one.name, topic, count, one.received[topic])
        for topic, count in self.sent("work").items():
            numbers = sorted(number for one in self.workers for number in one.received[topic])
            self.check_stream("the workers", topic, count, numbers)
        self.check_retained({topic: one.acknowledged[topic] for one in self.publishers for topic in one.retained})

    def check_stream(self, who, topic, count, numbers):
        first_times = list(dict.fromkeys(numbers))
        lost = sorted(set(range(count)) - set(numbers))
        if lost:
            self.complaints.append(f"{who} has no {len(lost)} of {count} of {topic}: {lost[:10]}")
        if first_times != sorted(first_times):
            broken = [(a, b) for a, b in zip(first_times, first_times[1:]) if b < a]
            self.complaints.append(f"{who} got {topic} out of order: {broken[:10]}")
        if topic.endswith("2") and len(first_times) != len(numbers):
            twice = [number for number, times in collections.Counter(numbers).items() if times > 1]
            self.complaints.append(f"{who} got {topic} more than once: {twice[:10]}")


@pytest.mark.parametrize("loops", [1, 2, 3])
def test_plug(make_broker, loops):
    print(f"RUNNEL_PLUG_SEED={SEED} RUNNEL_PLUG_ROUNDS={ROUNDS}")
    broker = make_broker({"broker": {"loops": loops}, "session": {"max_queued_messages": 0, "max_queued_bytes": 0}})
    plug = Plug(broker, SEED)
    plug.begin()
    for _ in range(ROUNDS // 3):
        time.sleep(plug.random.uniform(0.02, 0.4))
        plug.pull()
        if plug.complaints:
            break
    plug.drain()
    plug.check()
    print(f"{sum(plug.sent().values())} messages")
    broker.check_log()
    if plug.complaints:
        pytest.fail("\n".join(plug.complaints[:20]), pytrace=False)
