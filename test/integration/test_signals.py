# SPDX-License-Identifier: Apache-2.0
"""Signals: an orderly stop, and SIGHUP, which reads users, access rules and the log's settings again."""

import signal

import pytest
from wire import V5, V311, Disconnect, Reason, Stopwatch, Will, barrier, receive_until_barrier


def reload(broker, config=None):
    """SIGHUP, after the file has been written with what changed."""
    broker.config.update(config or {})
    broker.write_config()
    lines = len(broker.log)
    broker.signal(signal.SIGHUP)
    return broker.wait_for_log("(?<!not )reloaded", since=lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_orderly_stop(client, make_broker, number):
    broker = make_broker()
    new, old = client(broker=broker), client(broker=broker, version=V311)
    half_open = client.open(broker=broker)
    stopwatch = Stopwatch()
    broker.signal(number)
    new.expect_disconnect(Reason.SERVER_SHUTTING_DOWN)
    old.expect_closed()
    half_open.expect_closed()
    broker.stop()  # checks the exit code 0
    assert stopwatch.elapsed < 5


def test_stop_without_clients_is_quick(make_broker):
    broker = make_broker()
    stopwatch = Stopwatch()
    broker.stop()
    assert stopwatch.elapsed < 1


def test_stop_with_clients_that_do_not_read(client, make_broker):
    broker = make_broker()
    publisher, paused = client(broker=broker), [client(broker=broker) for _ in range(5)]
    for one in paused:
        one.subscribe("big", qos=1)
    for _ in range(30):
        publisher.publish("big", b"x" * 500000, qos=1)
    stopwatch = Stopwatch()
    broker.stop()
    assert stopwatch.elapsed < 8


def test_second_signal_does_no_harm(client, make_broker):
    broker = make_broker()
    client(broker=broker)
    for _ in range(3):
        broker.terminate()
    broker.stop()


def test_will_is_published_before_the_broker_stops_taking_its_messages(client, make_broker):
    """A stop ends connections in order: clients that are still there may see the Wills, nothing else."""
    broker = make_broker()
    watcher = client(broker=broker)
    watcher.subscribe("will")
    client(broker=broker, will=Will("will", b"gone"))
    broker.terminate()
    answers = [watcher.receive()]
    if not isinstance(answers[0], Disconnect):
        answers.append(watcher.receive())
    assert isinstance(answers[-1], Disconnect) and answers[-1].reason_code == Reason.SERVER_SHUTTING_DOWN
    watcher.expect_closed()


# SIGHUP ----------------------------------------------------------------------------------------------------------


def test_reload_of_the_password_file(client, make_broker, password_file):
    path = password_file(alice="wonderland")
    broker = make_broker({"auth": {"anonymous": "never", "password_file": path}})
    connected = client(broker=broker, user_name="alice", password=b"wonderland")
    refused = client.open(broker=broker)
    refused.start_connect(user_name="bob", password=b"builder")
    refused.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)
    password_file(bob="builder", alice="changed")
    reload(broker)
    client(broker=broker, user_name="bob", password=b"builder").ping()
    client(broker=broker, user_name="alice", password=b"changed").ping()
    refused = client.open(broker=broker)
    refused.start_connect(user_name="alice", password=b"wonderland")
    refused.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)
    connected.ping()


@pytest.mark.parametrize("version", [V311, V5])
def test_reload_of_access_rules(client, make_broker, version):
    denied = Reason.NOT_AUTHORIZED if version == V5 else 0x80
    codes = [Reason.NOT_AUTHORIZED] if version == V5 else [0]
    judge = {"client": client.identifier("judge"), "publish": ["#"], "subscribe": ["#"]}
    broker = make_broker({"access": [judge, {"publish": ["a/#"], "subscribe": ["a/#"]}]})
    watcher, one = client("judge", broker=broker), client(broker=broker)
    watcher.subscribe("#")
    one.subscribe("a/x", "b/x", qos=1, expect=[1, denied])
    reload(broker, {"access": [judge, {"publish": ["b/#"], "subscribe": ["b/#"]}]})
    one.subscribe("a/y", "b/x", qos=1, expect=[denied, 1])
    one.publish("a/x", b"no longer", qos=1, reason_codes=codes)
    one.publish("b/x", b"now", qos=1)
    watcher.expect_publish("b/x", b"now")
    one.expect_publish("b/x", b"now", qos=1)
    watcher.publish("a/x", b"to a subscription that is no longer allowed", qos=1)
    watcher.publish("b/x", b"last", qos=1)
    one.expect_publish("b/x", b"last", qos=1)


def test_reload_takes_a_right_from_an_absent_session(client, make_broker):
    options = {"clean_start": False, "session_expiry_interval": 60}
    judge = {"client": client.identifier("judge"), "publish": ["#"], "subscribe": ["#"]}
    broker = make_broker({"access": [judge, {"publish": ["#"], "subscribe": ["#"]}]})
    watcher, one = client("judge", broker=broker), client("s", broker=broker, **options)
    one.subscribe("a", "b", "barrier/#", qos=1)
    one.disconnect()
    watcher.publish("a", b"queued before", qos=1)
    reload(broker, {"access": [judge, {"publish": ["#"], "subscribe": ["b", "barrier/#"]}]})
    watcher.publish("a", b"queued after", qos=1)
    watcher.publish("b", b"allowed", qos=1)
    back = client("s", broker=broker, **options)
    (received,) = receive_until_barrier(watcher, back)
    assert [packet.payload for packet in received if packet.topic == "a"] in ([], [b"queued before"])
    assert [packet.payload for packet in received if packet.topic == "b"] == [b"allowed"]


def test_reload_of_a_wrong_configuration_changes_nothing(client, make_broker, password_file):
    path = password_file(alice="wonderland")
    broker = make_broker({"auth": {"anonymous": "never", "password_file": path}, "access": [{"publish": ["a"]}]})
    connected = client(broker=broker, user_name="alice", password=b"wonderland")
    for wrong in (
        {"access": [{"publish": ["#/x"]}]},
        {"mqtt": {"max_qos": 77}},
        {"auth": {"anonymous": "always", "password_file": path + ".absent"}},
    ):
        good = dict(broker.config)
        broker.config.update(wrong)
        broker.write_config()
        lines = len(broker.log)
        broker.signal(signal.SIGHUP)
        broker.wait_for_log("not reloaded", since=lines)
        broker.config.clear()
        broker.config.update(good)
        connected.publish("a", b"x", qos=1)
        connected.publish("b", b"x", qos=1, reason_codes=[Reason.NOT_AUTHORIZED])
        refused = client.open(broker=broker)
        refused.start_connect()
        refused.expect_refused(Reason.NOT_AUTHORIZED)


def test_reload_of_the_log_level(client, make_broker):
    broker = make_broker({"log": {"level": "error"}, "broker": {"loops": 1}}, start=False)
    broker.config["log"] = {"level": "info"}
    broker.start()
    client(broker=broker).disconnect()
    assert not [line for line in broker.log if " debug " in line or " packets " in line]
    reload(broker, {"log": {"level": "packets"}})
    client("traced", broker=broker).disconnect()
    broker.wait_for_log(r" packets .*CONNECT")


def test_storm_of_reloads_under_load(client, honest, make_broker, password_file):
    path = password_file(alice="wonderland")
    broker = make_broker({"auth": {"password_file": path}, "access": [{"publish": ["#"], "subscribe": ["#"]}]})
    with honest(broker) as pair:
        for _ in range(100):
            broker.signal(signal.SIGHUP)
            pair.check()
    publisher, one = client(broker=broker), client(broker=broker)
    one.subscribe("a", qos=1)
    publisher.publish("a", b"x", qos=1)
    one.expect_publish("a", b"x", qos=1)
    barrier(publisher, one)
