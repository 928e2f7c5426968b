# SPDX-License-Identifier: Apache-2.0
"""For tests of what outlives a broker: Sessions that stay, and what they receive when they are back."""

import re

from .packets import Publish
from .timing import wait_until

KEPT = {"clean_start": False, "session_expiry_interval": 3600}


def back_again(client, name, broker=None, **options):
    """The Session is there. `client` is the fixture."""
    one = client(name, broker=broker, **{**KEPT, **options})
    assert one.connack.session_present
    return one


def settle(one):
    """What the client acknowledged before is stored: nothing else waits for that, and what follows is stored after."""
    one.publish("nobody/wants/this", b"x", qos=2)


def payloads(packets):
    return [packet.payload for packet in packets if isinstance(packet, Publish)]


def take_publishes(one, count, acknowledge=True):
    received = [one.await_packet(Publish) for _ in range(count)]
    for packet in received if acknowledge else ():
        one.acknowledge(packet)
    return received


def pass_by(watch, seconds):
    """What the clock of the wall does while the broker is down."""
    wait_until(lambda: watch.elapsed >= seconds, timeout=seconds + 10)


def found_in_store(broker, since):
    """What the broker says of its store since its last start."""
    for line in broker.log[since:]:
        if "read the store" in line:
            return {name: int(value) for name, value in re.findall(r"\b(\w+)=(\d+)", line)}
    return {}
