# SPDX-License-Identifier: Apache-2.0
"""What the kernel says about a running broker: memory, CPU time, open files."""

import os
import pathlib

_TEBIBYTE = 2**40


def _status(broker, name):
    for line in pathlib.Path(f"/proc/{broker.pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def resident_bytes(broker):
    return _status(broker, "VmRSS")


def has_sanitizer(broker):
    """A sanitizer reserves terabytes of address space; memory figures then say nothing about the broker."""
    return _status(broker, "VmSize") > _TEBIBYTE


def cpu_seconds(broker):
    """User and system time of the whole process so far."""
    fields = pathlib.Path(f"/proc/{broker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_files(broker):
    return len(os.listdir(f"/proc/{broker.pid}/fd"))


class MemoryGrowth:
    """with MemoryGrowth(broker, below=2**20): ... fails if the broker's memory grows by more meanwhile."""

    def __init__(self, broker, below):
        self._broker = broker
        self._below = below

    def __enter__(self):
        self._before = resident_bytes(self._broker)

    def __exit__(self, kind, *_):
        grown = resident_bytes(self._broker) - self._before
        if kind is None and not has_sanitizer(self._broker):
            assert grown < self._below, f"memory grew by {grown} bytes, allowed are {self._below}"
