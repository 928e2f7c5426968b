# SPDX-License-Identifier: Apache-2.0
"""What many tests of the MQTT 5.0 statements share."""

import pytest


@pytest.fixture
def refused(client):
    """refused(code, **options): a CONNECT with these options gets CONNACK with this code and the end. For packets
    that Connect cannot express, `items` are sent in its place."""

    def check(code, items=None, broker=None, **options):
        one = client.open(broker=broker)
        if items is None:
            one.start_connect(**options)
        else:
            one.send(*items)
        return one.expect_refused(code)

    return check


@pytest.fixture
def dropped(client):
    """dropped(code, *items, **overrides): who sends these gets DISCONNECT with this code, and the end."""

    def check(code, *items, broker=None, **overrides):
        one = client(broker=broker)
        one.send(*items, **overrides)
        return one.expect_disconnect(code)

    return check
