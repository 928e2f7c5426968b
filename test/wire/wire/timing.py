# SPDX-License-Identifier: Apache-2.0
"""Intervals that the broker measures: never early, at most a second late."""

import time

from .client import TIMEOUT

# What a busy machine may add to the broker's own second.
SLACK = TIMEOUT / 10


class Stopwatch:
    """Start it before the broker can start to count; check() says whether `seconds` have passed, and not many more."""

    def __init__(self):
        self._start = time.monotonic()

    @property
    def elapsed(self):
        return time.monotonic() - self._start

    def check(self, seconds, late=1.0):
        assert self.elapsed >= seconds, f"{seconds} s were over after {self.elapsed:.3f} s"
        assert self.elapsed <= seconds + late + SLACK, f"{seconds} s were over only after {self.elapsed:.3f} s"


def wait_until(condition, timeout=2 * TIMEOUT):
    """Looks again and again until condition() holds: for what no packet tells."""
    stopwatch = Stopwatch()
    while not condition():
        assert stopwatch.elapsed < timeout, "the condition did not come true before the deadline"
        time.sleep(0.01)
