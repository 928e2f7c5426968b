# SPDX-License-Identifier: Apache-2.0
"""Other people's clients as processes, with what they print."""

import os
import pathlib
import queue
import shutil
import subprocess
import threading

import pytest
from wire import TIMEOUT

HERE = pathlib.Path(__file__).resolve().parent
SECONDS_FOR_NPM = 300


@pytest.fixture(scope="session")
def need_program():
    """need_program("node") skips the test if there is no such program. Where CI=true, everything has to be there."""

    def need(name):
        if shutil.which(name) is None:
            end = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            end(f"{name} is not installed")

    return need


@pytest.fixture(scope="session")
def node_modules(need_program):
    """What package-lock.json says. RUNNEL_NODE_MODULES names a folder that has it already; otherwise `npm ci` puts it
    beside this file when it is missing."""
    need_program("node")
    if given := os.environ.get("RUNNEL_NODE_MODULES"):
        return pathlib.Path(given)
    installed = HERE / "node_modules"
    lock = installed / ".package-lock.json"
    if not lock.exists() or lock.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        need_program("npm")
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=HERE, check=True, timeout=SECONDS_FOR_NPM)
    return installed


class Program:
    """A running program; its output is read line by line."""

    def __init__(self, command, **options):
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
        )
        self._command = command
        self._lines = queue.Queue()
        self._seen = []
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self):
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for_line(self, part, timeout=2 * TIMEOUT):
        """The next line that holds this text."""
        while True:
            try:
                line = self._lines.get(timeout=timeout)
            except queue.Empty:
                raise AssertionError(f"no line with {part!r} from {self._command}:\n" + "\n".join(self._seen)) from None
            if line is None:
                raise AssertionError(f"{self._command} ended without {part!r}:\n" + "\n".join(self._seen))
            self._seen.append(line)
            if part in line:
                return line

    def rest(self, timeout=4 * TIMEOUT):
        """All further lines, once the program has ended well."""
        code = self._process.wait(timeout)
        self._reader.join(timeout)
        lines = []
        while (line := self._lines.get(timeout=timeout)) is not None:
            lines.append(line)
        assert code == 0, f"{self._command} ended with {code}:\n" + "\n".join([*self._seen, *lines])
        return lines

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        self._process.stdout.close()


@pytest.fixture
def start_program(need_program):
    """start_program("mosquitto_sub", ...) runs until the end of the test at most."""
    started = []

    def start(name, *arguments, **options):
        need_program(name)
        # Line by line, also into a pipe.
        started.append(Program(["stdbuf", "-oL", name, *map(str, arguments)], **options))
        return started[-1]

    yield start
    for program in started:
        program.kill()


@pytest.fixture
def run_program(need_program):
    """run_program("mosquitto_pub", ...) runs to the end, with whatever exit code."""

    def run(name, *arguments, **options):
        need_program(name)
        command = [name, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=4 * TIMEOUT, check=False, **options)

    return run
