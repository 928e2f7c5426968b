# SPDX-License-Identifier: Apache-2.0
"""E: ways around the access rules."""

import pytest
from wire import V5, V311, Reason, Will, barrier

both_versions = pytest.mark.parametrize("version", [V311, V5])


@pytest.fixture
def denied(version):
    """The code of SUBACK for a filter that may not be subscribed."""
    return Reason.NOT_AUTHORIZED if version == V5 else 0x80


@pytest.fixture
def ruled(make_broker, client):
    """ruled(rule, ...) is a broker with these rules, where the client "judge" may do everything."""

    def make(*rules, **config):
        judge = {"client": client.identifier("judge"), "publish": ["#"], "subscribe": ["#", "$SYS/#"]}
        return make_broker({"access": [judge, *rules], **config})

    return make


def expect_publish_denied(one, judge, *names):
    """Nothing that `one` publishes under these names reaches the judge, who sees everything."""
    for name in names:
        for qos in (0, 1, 2):
            codes = (Reason.NOT_AUTHORIZED,) if one.version == V5 else (0,)
            one.publish(name, b"forbidden", qos=qos, reason_codes=codes)
            one.publish(name, b"forbidden", qos=qos, retain=True, reason_codes=codes)
    one.ping()
    barrier(judge, judge)


# E-01, E-02: names with a meaning elsewhere ----------------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("name", ["+/#", "+", "a/b", "a/+", "/"])
def test_e_01_user_name_does_not_widen_a_rule(client, ruled, password_file, version, denied, name):
    passwords = password_file(**{name: "secret", "plain": "secret", "judge": "secret"})
    rule = {"publish": ["devices/%u/#"], "subscribe": ["devices/%u/#"]}
    broker = ruled(rule, auth={"anonymous": "never", "password_file": passwords})
    judge = client("judge", broker=broker, user_name="judge", password=b"secret")
    judge.subscribe("#", qos=2)
    plain = client(broker=broker, user_name="plain", password=b"secret")
    plain.subscribe("devices/plain/#", qos=1)
    plain.publish("devices/plain/a", b"x", qos=1)
    plain.expect_publish("devices/plain/a", b"x", qos=1)
    judge.expect_publish("devices/plain/a", b"x", qos=1)
    wide = client(broker=broker, user_name=name, password=b"secret")
    for text in ("devices/#", "devices/+/a", "devices/plain/#", "devices/plain/a", "#", "devices/a/b/c"):
        wide.subscribe(text, qos=1, expect=[denied])
    expect_publish_denied(wide, judge, "devices/plain/a", "devices/a/b/c", "devices/x")
    judge.publish("devices/plain/last", b"x", qos=1)
    plain.expect_publish("devices/plain/last", b"x", qos=1)


@both_versions
@pytest.mark.parametrize("name", ["#", "+", "a/b", "/"])
def test_e_01_client_identifier_does_not_widen_a_rule(client, ruled, version, denied, name):
    broker = ruled({"publish": ["devices/%c/#"], "subscribe": ["devices/%c/#"]})
    judge, plain, wide = client("judge", broker=broker), client("plain", broker=broker), client.open(broker=broker)
    own = f"devices/{client.identifier('plain')}"
    judge.subscribe("#", qos=2)
    plain.subscribe(own + "/#", qos=1)
    plain.publish(own + "/a", b"x", qos=1)
    plain.expect_publish(own + "/a", b"x", qos=1)
    judge.expect_publish(own + "/a", b"x", qos=1)
    wide.connect(name)
    for text in ("devices/#", "devices/+/a", own + "/#", own, "#", "devices/a/b/c"):
        wide.subscribe(text, qos=1, expect=[denied])
    expect_publish_denied(wide, judge, own + "/a", "devices/a/b/c", "devices/x")
    judge.publish(own + "/last", b"x", qos=1)
    plain.expect_publish(own + "/last", b"x", qos=1)


@both_versions
@pytest.mark.parametrize("name", [".*", "a|.*", "(", "[a-z]*", "a{1,99}", "^", "\\", "%c", "%u", "*", "?", "sensor-*"])
def test_e_02_client_identifier_is_no_pattern(client, ruled, version, denied, name):
    broker = ruled(
        {"client": "sensor-1", "publish": ["open/#"], "subscribe": ["open/#"]},
        {"publish": ["devices/%c/#"], "subscribe": ["devices/%c/#"]},
    )
    judge, odd = client("judge", broker=broker), client.open(broker=broker)
    judge.subscribe("#", qos=2)
    odd.connect(name)
    odd.subscribe("devices/a/#", "devices/plain/a", "devices/#", qos=1, expect=[denied] * 3)
    odd.subscribe(f"devices/{name}/#", qos=1)
    odd.publish(f"devices/{name}/a", b"own", qos=1)
    odd.expect_publish(f"devices/{name}/a", b"own", qos=1)
    judge.expect_publish(f"devices/{name}/a", b"own", qos=1)
    expect_publish_denied(odd, judge, "devices/a/x", "devices/plain/a", "open/a")


# E-03, E-04: filters that are wider than what is denied -----------------------------------------------------------

SECRET = {"publish": ["#"], "subscribe": ["#"], "deny": ["secret/#"]}
GRANTED_BUT_FILTERED = ["#", "+/x", "+/#", "+/+", "$share/g/#", "$share/g/+/x"]
WITHIN_THE_DENIED = ["secret/#", "secret/+", "secret/x", "secret/+/y", "secret", "secret/x/#"]


def publish_both(judge, payload, retain=False):
    judge.publish("secret/x", b"secret " + payload, qos=1, retain=retain)
    judge.publish("secret", b"secret " + payload, qos=1, retain=retain)
    judge.publish("open/x", payload, qos=1, retain=retain)


@both_versions
@pytest.mark.parametrize("text", GRANTED_BUT_FILTERED)
def test_e_03_broad_filter_brings_no_denied_message(client, ruled, version, text):
    broker = ruled(SECRET)
    judge = client("judge", broker=broker)
    publish_both(judge, b"retained", retain=True)
    one = client(broker=broker)
    one.subscribe(text, qos=1)
    if not text.startswith("$share"):
        one.expect_publish("open/x", b"retained", qos=1, retain=True)
    publish_both(judge, b"live")
    one.expect_publish("open/x", b"live", qos=1)
    barrier(judge, one)


@both_versions
@pytest.mark.parametrize("text", ["#", "+/x"])
def test_e_03_broad_filter_queues_no_denied_message(client, ruled, version, text):
    broker = ruled(SECRET)
    options = {"clean_start": False, "session_expiry_interval": 60}
    judge, one = client("judge", broker=broker), client("s", broker=broker, **options)
    one.subscribe(text, qos=1)
    one.disconnect()
    publish_both(judge, b"queued")
    back = client("s", broker=broker, **options)
    back.expect_publish("open/x", b"queued", qos=1)
    barrier(judge, back)


@both_versions
@pytest.mark.parametrize("text", WITHIN_THE_DENIED)
@pytest.mark.parametrize("share", ["", "$share/g/", "$share/secret/"])
def test_e_03_e_04_filter_within_the_denied_is_refused(client, ruled, version, denied, text, share):
    broker = ruled(SECRET)
    judge, one = client("judge", broker=broker), client(broker=broker)
    publish_both(judge, b"retained", retain=True)
    one.subscribe(share + text, qos=1, expect=[denied])
    publish_both(judge, b"live")
    barrier(judge, one)


@both_versions
def test_e_03_without_a_rule_nothing_is_allowed(client, ruled, version, denied):
    broker = ruled({"publish": ["open/#"], "subscribe": ["open/+"]})
    judge, one = client("judge", broker=broker), client(broker=broker)
    judge.subscribe("#", qos=2)
    refused = ["closed", "#", "+/x", "open/#", "open/+/x", "open/x/y", "$share/g/#", "$share/g/closed"]
    one.subscribe("open/+", "open/x", *refused, qos=1, expect=[1, 1] + [denied] * len(refused))
    expect_publish_denied(one, judge, "closed", "x/open", "/open", "Open/x")
    one.publish("open/x", b"x", qos=1)
    one.expect_publish("open/x", b"x", qos=1)
    judge.expect_publish("open/x", b"x", qos=1)


@both_versions
@pytest.mark.parametrize("prefix", ["$queue", "$exclusive", "$delayed/1", "$local", "$MQTT", "$JS", "$internal"])
def test_e_04_other_prefixes_lead_nowhere(client, ruled, version, denied, prefix):
    broker = ruled(SECRET)
    judge, one = client("judge", broker=broker), client(broker=broker)
    publish_both(judge, b"retained", retain=True)
    one.subscribe(f"{prefix}/secret/#", qos=1, expect=[denied])
    publish_both(judge, b"live")
    barrier(judge, one)


# E-08, E-11, E-18 -------------------------------------------------------------------------------------------------


@both_versions
def test_e_08_refused_subscribe_brings_no_retained_message(client, ruled, version, denied):
    broker = ruled({"publish": ["open/#"], "subscribe": ["open/#"]})
    judge, one = client("judge", broker=broker), client(broker=broker)
    for name in ("closed", "closed/a", "open/a"):
        judge.publish(name, b"retained", qos=1, retain=True)
    refused = ["closed", "closed/a", "closed/#", "#", "+/a", "+"]
    one.subscribe(*refused, qos=1, expect=[denied] * len(refused))
    barrier_in(one, judge, "open/marker")
    one.subscribe(*refused, "open/#", qos=1, expect=[denied] * len(refused) + [1])
    received = {one.receive().topic for _ in range(2)}
    assert received == {"open/a", "open/marker"}
    one.expect_nothing()


def barrier_in(one, judge, name):
    """A barrier under a name that `one` may subscribe."""
    one.subscribe(name)
    judge.publish(name, b"marker", retain=True)
    one.expect_publish(name, b"marker")
    one.unsubscribe(name)


@both_versions
def test_e_11_will_needs_the_right_to_publish(client, ruled, version):
    broker = ruled({"publish": ["open/#"], "subscribe": ["open/#"]})
    judge = client("judge", broker=broker)
    judge.subscribe("#", qos=2)
    for name in ("closed/a", "$SYS/a", "opened", "Open/a", "/open/a"):
        refused = client.open(broker=broker)
        refused.start_connect(will=Will(name, b"forbidden", 1, True))
        refused.expect_refused(Reason.NOT_AUTHORIZED if version == V5 else 5)
    client(broker=broker, will=Will("open/a", b"allowed", 1)).close()
    judge.expect_publish("open/a", b"allowed", qos=1)
    barrier(judge, judge)


@both_versions
def test_e_11_the_same_topic_is_denied_in_every_way(client, ruled, version):
    broker = ruled({"publish": ["open/#"], "subscribe": ["#"]})
    judge, one = client("judge", broker=broker), client(broker=broker)
    judge.subscribe("#", qos=2)
    expect_publish_denied(one, judge, "closed/a", "closed", "opened", "/open/a")
    later = client("judge2", broker=broker)
    later.subscribe("#")
    barrier(judge, later)


NEAR_MISSES = ["a//b", "/a/b", "a/b/", "A/b", "a/B", "a /b", " a/b", "a/b ", "a/b/c", "a", "a/", "/"]
NEAR_MISSES += ["a/\u200bb", "\uff41/b"]


@both_versions
@pytest.mark.parametrize("allowed", [["a/b"], ["a/b", "%c"]])
def test_e_18_topics_that_look_like_an_allowed_one(client, ruled, version, denied, allowed):
    broker = ruled({"publish": allowed, "subscribe": allowed})
    judge, one = client("judge", broker=broker), client(broker=broker)
    judge.subscribe("#", qos=2)
    one.subscribe("a/b", *NEAR_MISSES, qos=1, expect=[1] + [denied] * len(NEAR_MISSES))
    expect_publish_denied(one, judge, *NEAR_MISSES)
    one.publish("a/b", b"x", qos=1)
    one.expect_publish("a/b", b"x", qos=1)
    judge.expect_publish("a/b", b"x", qos=1)


@both_versions
def test_e_18_topics_that_look_like_a_denied_one_are_others(client, ruled, version):
    broker = ruled({"publish": ["#"], "subscribe": ["#"], "deny": ["a/b"]})
    judge, one = client("judge", broker=broker), client(broker=broker)
    judge.subscribe("#", qos=2)
    one.subscribe(*NEAR_MISSES, qos=1)
    for name in NEAR_MISSES:
        one.publish(name, b"x", qos=1)
        one.expect_publish(name, b"x", qos=1)
        judge.expect_publish(name, b"x", qos=1)
    expect_publish_denied(one, judge, "a/b")
