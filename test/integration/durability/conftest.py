# SPDX-License-Identifier: Apache-2.0
"""Acknowledged means stored: what the broker has promised survives its end, whether it was killed or stopped."""

import pytest
from wire.restarts import KEPT


@pytest.fixture
def broker(make_broker):
    """One for each test: it is going to be killed."""
    return make_broker()


ENDS = {"killed": lambda broker: broker.kill(), "stopped": lambda broker: broker.stop()}


@pytest.fixture(params=ENDS.values(), ids=ENDS.keys())
def end(request, broker):
    """Ends the broker, one way or the other; broker.start() is the restart."""
    return lambda: request.param(broker)


@pytest.fixture
def restart(broker):
    def again():
        broker.kill()
        broker.start()

    return again


@pytest.fixture
def any_restart(end, broker):
    def again():
        end()
        broker.start()

    return again


@pytest.fixture
def away(client):
    """away("a", "filter", qos=1) is a Session that subscribes and goes away."""

    def make(name, *filters, qos=2, broker=None):
        one = client(name, broker=broker, **KEPT)
        one.subscribe(*filters, qos=qos)
        one.disconnect()

    return make


PROPERTIES = {
    "payload_format_indicator": 1,
    "message_expiry_interval": 3600,
    "content_type": "text/plain",
    "response_topic": "answers/to/me",
    "correlation_data": b"\0\xff\x01",
    "user_property": [("a", "1"), ("b", "2"), ("a", "1")],
}


@pytest.fixture
def properties():
    return PROPERTIES
