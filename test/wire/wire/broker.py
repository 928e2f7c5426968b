# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the broker under test.

RUNNEL_BIN names the binary (default: build/release/bin/runnel, or the newest of build/*/bin/runnel).
RUNNEL_TARGET=host:port uses a broker that runs already instead; tests that need their own configuration are skipped.
RUNNEL_TEST_LOOPS is the number of event loops (default 2, so that connections are handed from loop to loop).
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from . import toml_writer
from .client import TIMEOUT

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
_SANITIZER = re.compile(r"(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:", re.IGNORECASE)
_SECONDS_TO_STOP = 20


def binary():
    """The path of `runnel`; FileNotFoundError says how to get one."""
    if chosen := os.environ.get("RUNNEL_BIN"):
        return pathlib.Path(chosen)
    release = REPOSITORY / "build/release/bin/runnel"
    if release.exists():
        return release
    built = sorted(REPOSITORY.glob("build/*/bin/runnel"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise FileNotFoundError("no build/*/bin/runnel: build it, or set RUNNEL_BIN or RUNNEL_TARGET")
    return built[-1]


def admin_tool():
    """The path of `runnelctl`, beside the broker."""
    return binary().with_name("runnelctl")


def default_config(directory):
    return {
        "broker": {"loops": int(os.environ.get("RUNNEL_TEST_LOOPS", "2")), "data_dir": str(directory / "store")},
        "listener": [{"protocol": "mqtt", "address": "127.0.0.1:0"}],
    }


class RunningTarget:
    """A broker somebody else started (RUNNEL_TARGET)."""

    log = ()

    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self.addresses = [(host.strip("[]"), int(port))]

    @property
    def address(self):
        return self.addresses[0]

    def stop(self):
        pass


class Broker:
    """One process with its own directory. `config` overrides the default configuration; lists replace.

    `addresses` holds where it listens for MQTT, in the order of the listeners: (host, port), or a path for a Unix
    socket; `http_addresses` the same for HTTP.
    The directory lives as long as the object, so that start() after stop() or kill() is a restart with the same data.
    """

    def __init__(self, config=None, arguments=(), start=True, prefix=()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="runnel-test-"))
        self.config = toml_writer.merge(default_config(self.directory), config or {})
        self.arguments = list(arguments)
        self.prefix = list(prefix)  # A program that becomes the broker, such as nsenter.
        self.addresses = []
        self.log = []
        self._process = None
        self._changed = threading.Condition()
        if start:
            try:
                self.start()
            except BaseException:
                self.remove()
                raise

    @property
    def address(self):
        return self.addresses[0]

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        started = subprocess.Popen(
            [*self.prefix, str(binary()), "--config", str(self.write_config()), *self.arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.directory,
        )  # fmt: skip
        self._process = started
        first_line = len(self.log)
        self._reader = threading.Thread(target=self._collect, args=(started.stderr,), daemon=True)
        self._reader.start()
        ready = self.wait_for_log(r'\bready\b.*\bmqtt("?)[=:]', since=first_line, timeout=max(TIMEOUT, 10.0))
        self._ready = ready
        self.addresses = self.addresses_of("mqtt")
        self.http_addresses = self.addresses_of("http")

    def addresses_of(self, protocol):
        """Where it listens for "mqtt", "http" or "auto"."""
        return [self._address(text) for text in self._addresses_in(self._ready, protocol)]

    def write_config(self):
        """Writes `config` to the file that a start or SIGHUP reads."""
        path = self.directory / "runnel.toml"
        path.write_text(toml_writer.write(self.config))
        return path

    @staticmethod
    def _addresses_in(ready, protocol="mqtt"):
        if not ready.startswith("{"):
            return re.findall(rf"\b{protocol}=(\S+)", ready)
        found = json.loads(ready).get(protocol, [])
        return found if isinstance(found, list) else [found]

    @staticmethod
    def _address(text):
        text = text.strip('"')
        if text.startswith("unix:"):
            return text.removeprefix("unix:")
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)

    def _collect(self, stream):
        for line in iter(stream.readline, b""):
            with self._changed:
                self.log.append(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for_log(self, pattern, since=0, timeout=TIMEOUT):
        """The first line from `since` on in which the pattern is found."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for line in self.log[since:]:
                    if re.search(pattern, line):
                        return line
                if time.monotonic() > deadline or (self._process.poll() is not None and not self._reader.is_alive()):
                    raise AssertionError("\n".join([f"no line with {pattern!r} in the log:", *self.log[-40:]]))
                self._changed.wait(0.2)

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """SIGKILL: what a power cut looks like to the process."""
        if self.running:
            self._process.kill()
        self._end()

    def terminate(self):
        """SIGTERM without waiting; stop() waits and checks."""
        if self.running:
            self._process.terminate()

    def stop(self):
        """An orderly stop: SIGTERM ends it with exit code 0 and a log without reports of a sanitizer."""
        if self._process is None:
            return
        self.terminate()
        try:
            code = self._end()
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)
            self._end()
            raise AssertionError("\n".join(["the broker did not stop:", *self.log[-40:]])) from None
        self.check_log()
        assert code == 0, "\n".join([f"the broker ended with {code}:", *self.log[-40:]])

    def _end(self):
        code = self._process.wait(_SECONDS_TO_STOP)
        self._reader.join(_SECONDS_TO_STOP)
        self._process.stderr.close()
        self._process = None
        return code

    def check_log(self):
        reports = [line for line in self.log if _SANITIZER.search(line)]
        assert not reports, "\n".join(self.log[self.log.index(reports[0]) :][:80])

    def remove(self):
        """Ends the process if it still runs, and removes the directory."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def default_broker():
    target = os.environ.get("RUNNEL_TARGET")
    return RunningTarget(target) if target else Broker()


def write_password_file(path, users):
    """The password file of {user name: password}, written by the admin tool."""
    for user_name, password in users.items():
        command = [str(admin_tool()), "passwd", str(path), user_name]
        subprocess.run(command, input=f"{password}\n".encode(), check=True, timeout=60, stdout=subprocess.DEVNULL)
