#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a long queue of one offline Session costs: memory, a restart, and the drain."""

import argparse
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import wire  # noqa: E402 (the path has to be set first)
from wire.bulk import Bulk, resident_bytes  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--durability", default="written")
    options = parser.parse_args()
    count = options.messages
    broker = wire.Broker({
        "session": {"max_queued_messages": 0, "max_queued_bytes": 0},
        "storage": {"durability": options.durability},
    })  # fmt: skip
    try:
        subscriber = Bulk(broker.address, "away", "queue", options.size, clean_session=False)
        subscriber.subscribe("queue")
        subscriber.close()
        before = resident_bytes(broker.pid)
        publisher = Bulk(broker.address, "publisher", "queue", options.size)
        start = time.monotonic()
        assert publisher.publish(range(count), timeout=3600) == count
        grown = resident_bytes(broker.pid) - before
        print(f"queued {count} in {time.monotonic() - start:.1f} s, memory grew by {grown / (1 << 20):.1f} MiB")
        broker.stop()
        start = time.monotonic()
        broker.start()
        print(f"ready again after {time.monotonic() - start:.1f} s, {resident_bytes(broker.pid) / (1 << 20):.1f} MiB")
        start = time.monotonic()
        subscriber = Bulk(broker.address, "away", "queue", options.size, clean_session=False)
        assert subscriber.receive(1) == [0]
        print(f"the first message came after {1000 * (time.monotonic() - start):.1f} ms")
        assert subscriber.receive(count - 1, timeout=3600) == list(range(1, count))
        print(f"drained in {time.monotonic() - start:.1f} s, {resident_bytes(broker.pid) / (1 << 20):.1f} MiB")
        subscriber.close()
    finally:
        broker.remove()


if __name__ == "__main__":
    main()
