# SPDX-License-Identifier: Apache-2.0
"""[[history]]: what was kept is replayed to subscriptions that ask for it, across restarts and crashes."""

import datetime
import threading
import time

import pytest
from wire import Publish, Reason, Suback, Subscribe, Subscription

KEPT = {"history": [{"filter": "kept/#", "keep": "1h"}]}


def since(value="1h"):
    return [("replay-since", value)]


def replayed_at(packet):
    """The original time of a replayed message in seconds; None for a live one."""
    marks = [value for name, value in packet.user_property if name == "replayed"]
    assert len(marks) <= 1
    return datetime.datetime.fromisoformat(marks[0].replace("Z", "+00:00")).timestamp() if marks else None


def expect_replayed(client, topic, payload, qos=0, **wanted):
    packet = client.expect_publish(topic, payload, qos=qos, **wanted)
    assert replayed_at(packet) is not None
    return packet


def expect_live(client, topic, payload, qos=0):
    packet = client.expect_publish(topic, payload, qos=qos)
    assert replayed_at(packet) is None
    return packet


@pytest.fixture
def kept(make_broker):
    return make_broker(KEPT)


def test_replay_comes_first_in_order_and_marked_then_live(client, kept):
    before = time.time()
    publisher = client("publisher", broker=kept)
    for number in range(300):
        publisher.publish(f"kept/{number % 3}", b"%d" % number, qos=number % 3, user_property=[("own", "x")])
    publisher.publish("other", b"never kept", qos=1)
    subscriber = client("subscriber", broker=kept)
    subscriber.subscribe("kept/#", "other", qos=2, user_property=since(), subscription_identifier=7)
    for number in range(300):
        packet = expect_replayed(
            subscriber, f"kept/{number % 3}", b"%d" % number, qos=number % 3, subscription_identifier=[7], retain=False
        )
        assert ("own", "x") in packet.user_property
        assert before - 1 <= replayed_at(packet) <= time.time() + 1
    publisher.publish("kept/live", b"now", qos=1)
    expect_live(subscriber, "kept/live", b"now", qos=1)


@pytest.mark.parametrize("filters", [["kept/a"], ["kept/+"], ["kept/a", "kept/b"], ["#", "kept/a"]])
def test_one_copy_by_the_filters_of_the_subscription(client, kept, filters):
    publisher = client("publisher", broker=kept)
    for payload in (b"1", b"2"):
        publisher.publish("kept/a", payload, qos=1)
    subscriber = client("subscriber", broker=kept)
    subscriber.subscribe(*filters, qos=1, user_property=since())
    expect_replayed(subscriber, "kept/a", b"1", qos=1)
    expect_replayed(subscriber, "kept/a", b"2", qos=1)
    publisher.publish("kept/a", b"live", qos=1)
    expect_live(subscriber, "kept/a", b"live", qos=1)


def test_without_the_property_nothing_is_replayed(client, kept):
    publisher, subscriber = client("publisher", broker=kept), client("subscriber", broker=kept)
    publisher.publish("kept/a", b"old", qos=1)
    subscriber.subscribe("kept/#", qos=1)
    subscriber.expect_nothing()


def test_a_time_bounds_the_replay(client, kept):
    publisher = client("publisher", broker=kept)
    publisher.publish("kept/a", b"old", qos=1)
    all_of_it = client("all", broker=kept)
    all_of_it.subscribe("kept/#", qos=1, user_property=since("1970-01-01T00:00:00Z"))
    mark = replayed_at(expect_replayed(all_of_it, "kept/a", b"old", qos=1))
    after = datetime.datetime.fromtimestamp(mark + 0.001, datetime.timezone.utc).isoformat(timespec="milliseconds")
    later = client("later", broker=kept)
    later.subscribe("kept/#", qos=1, user_property=since(after))
    publisher.publish("kept/a", b"live", qos=1)
    expect_live(later, "kept/a", b"live", qos=1)


@pytest.mark.parametrize("value", ["", "yesterday", "1", "-1h", "1h ", "2024-02-30T00:00:00Z"])
def test_a_bad_value_is_refused_with_a_reason(client, kept, value):
    subscriber = client("subscriber", broker=kept)
    sent = subscriber.send(Subscribe(None, [Subscription("kept/#", 1)], user_property=since(value)))
    suback = subscriber.expect(Suback, packet_identifier=sent.packet_identifier)
    assert suback.reason_codes == [Reason.IMPLEMENTATION_SPECIFIC_ERROR]
    assert "replay-since" in suback.reason_string
    subscriber.publish("kept/a", b"x", qos=1)
    subscriber.expect_nothing()


def test_the_window_holds_the_replay_back(client, kept):
    publisher = client("publisher", broker=kept)
    for number in range(1000):
        publisher.send(Publish("kept/a", b"%d" % number, qos=0))
    publisher.publish("kept/a", b"last", qos=1)
    subscriber = client("subscriber", broker=kept, receive_maximum=2)
    subscriber.subscribe("kept/#", qos=1, user_property=since())
    for number in range(1000):
        expect_replayed(subscriber, "kept/a", b"%d" % number)
    expect_replayed(subscriber, "kept/a", b"last", qos=1)


def test_a_connection_may_end_in_the_middle(client, kept):
    publisher = client("publisher", broker=kept)
    for number in range(200):
        publisher.publish("kept/a", b"%d" % number, qos=1)
    for _ in range(5):
        subscriber = client("leaver", broker=kept, receive_maximum=3)
        subscriber.subscribe("kept/#", qos=1, user_property=since())
        subscriber.expect(Publish)
        subscriber.reset()
    subscriber = client("leaver", broker=kept)
    subscriber.subscribe("kept/#", qos=1, user_property=since())
    for number in range(200):
        expect_replayed(subscriber, "kept/a", b"%d" % number, qos=1)


def test_no_gap_and_no_repeat_while_others_publish(client, kept):
    """Several publishers, whose Sessions lie on different loops, go on while clients subscribe. Each has
    its own QoS, for QoS 0 may overtake."""
    total, publishers = 600, 3
    started = threading.Barrier(publishers + 1)

    def publish(index):
        with client.open(broker=kept) as publisher:
            publisher.connect(f"publisher-{index}")
            started.wait()
            for number in range(total):
                publisher.publish(f"kept/{index}", b"%d" % number, qos=index)

    threads = [threading.Thread(target=publish, args=(index,)) for index in range(publishers)]
    for thread in threads:
        thread.start()
    started.wait()
    seen = {}
    for attempt in range(4):
        subscriber = client(f"subscriber-{attempt}", broker=kept)
        subscriber.subscribe("kept/#", qos=1, user_property=since())
        seen[subscriber] = {}
    for thread in threads:
        thread.join()
    for subscriber, numbers in seen.items():
        was_live = {}
        while any(numbers.get(index, -1) != total - 1 for index in range(publishers)):
            packet = subscriber.expect(Publish)
            subscriber.acknowledge(packet)
            index = int(packet.topic.split("/")[1])
            assert int(packet.payload) == numbers.get(index, -1) + 1
            numbers[index] = int(packet.payload)
            is_live = replayed_at(packet) is None
            assert is_live or not was_live.get(index), "a replayed message behind a live one"
            was_live[index] = is_live
        subscriber.expect_nothing()


def test_what_was_acknowledged_is_there_after_a_crash(client, kept):
    for crash in range(4):
        publisher = client(f"publisher-{crash}", broker=kept)
        for number in range(20):
            publisher.publish("kept/a", b"%d-%d" % (crash, number), qos=1 + number % 2)
        kept.kill()
        kept.start()
        subscriber = client(f"subscriber-{crash}", broker=kept)
        subscriber.subscribe("kept/#", qos=2, user_property=since())
        for before in range(crash + 1):
            for number in range(20):
                expect_replayed(subscriber, "kept/a", b"%d-%d" % (before, number), qos=1 + number % 2)
        subscriber.expect_nothing()


def test_wills_and_retained_messages_are_kept_and_those_of_the_broker_are_not(client, make_broker):
    kept = make_broker({"history": [{"filter": "#"}], "broker": {"sys_interval": "100ms"}})
    publisher = client("publisher", broker=kept)
    publisher.publish("a", b"retained", qos=1, retain=True)
    publisher.publish("a", b"", qos=1, retain=True)
    kept.stop()
    kept.start()
    subscriber = client("subscriber", broker=kept)
    subscriber.subscribe("#", qos=1, user_property=since())
    expect_replayed(subscriber, "a", b"retained", qos=1)
    expect_replayed(subscriber, "a", b"", qos=1)
    subscriber.expect_nothing()


def test_a_persistent_session_gets_live_messages_that_came_during_a_replay(client, kept):
    publisher = client("publisher", broker=kept)
    for number in range(50):
        publisher.publish("kept/a", b"%d" % number, qos=1)
    options = {"clean_start": False, "session_expiry_interval": 60, "receive_maximum": 1}
    subscriber = client("subscriber", broker=kept, **options)
    subscriber.subscribe("kept/#", qos=1, user_property=since())
    first = subscriber.expect(Publish)
    publisher.publish("kept/a", b"live", qos=1)
    subscriber.reset()
    subscriber = client("subscriber", broker=kept, **options)
    again = subscriber.expect_publish("kept/a", b"0", qos=1, dup=True)
    assert replayed_at(again) == replayed_at(first)
    expect_live(subscriber, "kept/a", b"live", qos=1)


def test_access_rules_hold_for_a_replay(client, make_broker):
    rules = [{"client": "*publisher", "publish": ["#"]}, {"client": "*reader", "subscribe": ["#"], "deny": ["kept/secret"]}]
    kept = make_broker({**KEPT, "access": rules})
    publisher = client("publisher", broker=kept)
    publisher.publish("kept/secret", b"no", qos=1)
    publisher.publish("kept/open", b"yes", qos=1)
    reader = client("reader", broker=kept)
    reader.subscribe("kept/open", qos=1, user_property=since())
    expect_replayed(reader, "kept/open", b"yes", qos=1)
    reader.expect_nothing()


def test_history_runs_out(client, make_broker):
    kept = make_broker({"history": [{"filter": "kept/#", "keep": "1s"}]})
    publisher = client("publisher", broker=kept)
    publisher.publish("kept/a", b"old", qos=1)
    deadline = time.monotonic() + 10
    for attempt in range(1000):
        subscriber = client(f"subscriber-{attempt}", broker=kept)
        subscriber.subscribe("kept/#", qos=1, user_property=since())
        publisher.publish("kept/end", b"%d" % attempt)
        packets = []
        while not packets or packets[-1].payload != b"%d" % attempt:
            packets.append(subscriber.expect(Publish))
        subscriber.close()
        if b"old" not in [packet.payload for packet in packets]:
            return
        assert time.monotonic() < deadline
    raise AssertionError("it is still there")


def test_without_a_store_there_is_no_history(run_runnel, tmp_path):
    path = tmp_path / "runnel.toml"
    path.write_text('[storage]\nengine = "memory"\n[[history]]\nfilter = "#"\n')
    checked = run_runnel("--config", str(path), "--check")
    assert checked.returncode != 0
    assert "history" in checked.stdout + checked.stderr
