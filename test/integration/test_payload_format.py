# SPDX-License-Identifier: Apache-2.0
"""Payload Format Indicator: what mqtt.check_payload_format makes of it."""

import pytest
from wire import Reason, Will, barrier

NOT_TEXT = [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"]
TEXT = [b"", b"text", "\u00e4\u20ac\U0001f600".encode(), "\ufeff".encode(), b"a\nb"]


@pytest.fixture
def checking_broker(make_broker):
    return make_broker({"mqtt": {"check_payload_format": True}})


@pytest.mark.parametrize("payload", NOT_TEXT)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_payload_that_is_no_text_is_refused(client, checking_broker, topic, payload, qos):
    watcher, one = client(broker=checking_broker), client(broker=checking_broker)
    watcher.subscribe(topic(), qos=2)
    # Chosen: without an acknowledgement that could say it, the message is dropped and the connection stays.
    options = {"payload_format_indicator": 1, "reason_codes": [Reason.PAYLOAD_FORMAT_INVALID]}
    one.publish(topic(), payload, qos=qos, retain=True, **options)
    one.publish(topic(), b"fine", qos=qos, payload_format_indicator=1)
    watcher.expect_publish(topic(), b"fine", qos=qos, payload_format_indicator=1)
    barrier(one, watcher)
    later = client(broker=checking_broker)
    later.subscribe(topic())
    barrier(watcher, later)


@pytest.mark.parametrize("payload", TEXT)
def test_text_passes(client, checking_broker, topic, payload):
    one = client(broker=checking_broker)
    one.subscribe(topic(), qos=1)
    one.publish(topic(), payload, qos=1, payload_format_indicator=1)
    one.expect_publish(topic(), payload, qos=1, payload_format_indicator=1)


@pytest.mark.parametrize("indicator", [None, 0])
def test_only_payloads_that_are_said_to_be_text_are_checked(client, checking_broker, topic, indicator):
    one = client(broker=checking_broker)
    one.subscribe(topic(), qos=1)
    one.publish(topic(), b"\xff", qos=1, payload_format_indicator=indicator)
    one.expect_publish(topic(), b"\xff", qos=1, payload_format_indicator=indicator)


def test_will_that_is_no_text_is_refused(client, checking_broker):
    one = client.open(broker=checking_broker)
    one.start_connect(will=Will("w", b"\xff", payload_format_indicator=1))
    one.expect_refused(Reason.PAYLOAD_FORMAT_INVALID)


def test_nothing_is_checked_by_default(client, topic):
    one = client(will=Will(topic(), b"\xff", payload_format_indicator=1))
    one.subscribe(topic(), qos=1)
    one.publish(topic(), b"\xff", qos=1, payload_format_indicator=1)
    one.expect_publish(topic(), b"\xff", qos=1, payload_format_indicator=1)
