#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares brokers on this machine: CPU per delivered message, throughput, latency, loss, memory.

Every broker runs on one core, the load generator (runnelctl bench) on another. Every run has a fresh broker on a free
loopback port. The brokers take turns, round after round, so that what else the machine does hits all of them; the
figures are medians. What counts is the ratio to the floor within one run of this program, not the microseconds.

    cmake --preset release -DRUNNEL_TESTS=ON && cmake --build --preset release --target runnel runnelctl floor
    test/benchmark/compare.py
    test/benchmark/compare.py --quick --brokers floor,runnel --scenarios pairs,fan-out
"""

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_PATIENCE = 10
STOP_PATIENCE = 5
RUN_PATIENCE = 120

# The windows are those at which the floor takes about 0.08, 0.3, 0.25 and 0.57 microseconds: large enough that a broker
# can work in batches, and no larger.
SCENARIOS = {
    "fan-out": {
        "title": "Fan-out 1 to 100, QoS 0",
        "arguments": ["--scenario", "fan-out", "--publishers", "1", "--subscribers", "100", "--window", "1000"],
        "limit": 4.0,
    },
    "pairs": {
        "title": "Pairs 50 to 50, QoS 0",
        "arguments": ["--scenario", "pairs", "--publishers", "50", "--window", "100"],
        "limit": 2.5,
    },
    "fan-in": {
        "title": "Fan-in 50 to 1, QoS 0",
        "arguments": ["--scenario", "fan-in", "--publishers", "50", "--subscribers", "1", "--window", "100"],
        "limit": 2.5,
    },
    "pairs-qos1": {
        "title": "Pairs 50 to 50, QoS 1",
        "arguments": ["--scenario", "pairs", "--publishers", "50", "--qos", "1", "--window", "50"],
        "limit": 3.0,
    },
    "fixed-rate": {
        "title": "20,000 messages a second over 500 pairs, QoS 0",
        "arguments": ["--scenario", "pairs", "--publishers", "500", "--rate", "20000"],
        "limit": 1.35,
    },
    "connect": {
        "title": "Connect and disconnect, 50 at a time",
        "arguments": ["--scenario", "connect", "--connections", "50"],
        "limit": 1.5,
    },
    "idle": {
        "title": "10,000 idle connections",
        "arguments": ["--scenario", "idle", "--connections", "10000"],
        "limit": None,
    },
}

# Heading, member of the report, divided by, digits.
TRAFFIC_COLUMNS = [
    ("delivered /s", "delivered_per_second", 1, 0),
    ("p50 ms", "latency_p50_us", 1000, 2),
    ("p99 ms", "latency_p99_us", 1000, 2),
    ("lost", "lost", 1, 0),
    ("broker CPU %", "broker_cpu_percent", 1, 0),
]
CONNECT_COLUMNS = [
    ("connects /s", "connects_per_second", 1, 0),
    ("p50 ms", "latency_p50_us", 1000, 2),
    ("p99 ms", "latency_p99_us", 1000, 2),
    ("broker CPU %", "broker_cpu_percent", 1, 0),
]
IDLE_COLUMNS = [
    ("opened in s", "open_seconds", 1, 2),
    ("broker KiB before", "broker_resident_kib_before", 1, 0),
    ("broker KiB after", "broker_resident_kib_after", 1, 0),
]


def cost_column(scenario):
    """The figure that is compared with the floor."""
    return {
        "connect": ("CPU us per connect", "broker_cpu_us_per_connect", 1, 2),
        "idle": ("KiB per connection", "broker_bytes_per_connection", 1024, 2),
    }.get(scenario, ("CPU us per delivery", "broker_cpu_us_per_delivery", 1, 3))


def other_columns(scenario):
    return {"connect": CONNECT_COLUMNS, "idle": IDLE_COLUMNS}.get(scenario, TRAFFIC_COLUMNS)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """One broker process on its own port. Stopped when the `with` block ends, however it ends."""

    def __init__(self, name, command, cores):
        self.name = name
        self.command = command  # A function of the port and a folder of its own.
        self.cores = cores

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="compare-")
        self.port = free_port()
        self.log = open(Path(self.folder.name) / "log", "w+b")
        self.process = subprocess.Popen(
            ["taskset", "-c", self.cores, *self.command(self.port, Path(self.folder.name))],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            cwd=self.folder.name,
        )
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.log.seek(0)
        raise RuntimeError(f"{self.name} does not start: {self.log.read().decode(errors='replace')[-500:]}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()


def mosquitto_command(port, folder):
    """Without the limits that would make it drop messages, and without its log."""
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\nlog_type none\n"
        "max_queued_messages 0\nmax_inflight_messages 0\nuser root\n"
    )
    return ["/usr/sbin/mosquitto", "-c", str(configuration)]


def runnel_command(binary, loops):
    def command(port, folder):
        configuration = folder / "runnel.toml"
        configuration.write_text(
            f'[broker]\nloops = {loops}\ndata_dir = "{folder}/data"\n'
            f'[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:{port}"\n'
            '[log]\nlevel = "warning"\n'
        )
        return [str(binary), "--config", str(configuration)]

    return command


def known_brokers(options):
    binaries = options.build_dir / "bin"
    floor = str(binaries / "floor")
    one, both = options.broker_core, f"{options.broker_core},{options.generator_core}"
    return {
        "floor": Broker("floor", lambda port, _: [floor, str(port)], one),
        "mosquitto": Broker("mosquitto", mosquitto_command, one),
        "runnel": Broker("runnel", runnel_command(binaries / "runnel", 1), one),
        # The second loop has only the generator's core to run on.
        "runnel-2": Broker("runnel, 2 loops", runnel_command(binaries / "runnel", 2), both),
    }


def is_there(options, name):
    if name == "mosquitto":
        return os.access("/usr/sbin/mosquitto", os.X_OK)
    return os.access(options.build_dir / "bin" / ("floor" if name == "floor" else "runnel"), os.X_OK)


def measure(options, broker, scenario):
    """One run of the load generator; its report, or None if it failed."""
    command = ["taskset", "-c", options.generator_core, str(options.build_dir / "bin" / "runnelctl"), "bench"]
    command += SCENARIOS[scenario]["arguments"]
    command += ["--json", "--duration", str(options.duration), "--warm-up", str(options.warm_up)]
    command += ["-V", options.protocol_version]
    try:
        with broker:
            command += ["--port", str(broker.port), "--pid", str(broker.process.pid)]
            patience = options.duration + options.warm_up + RUN_PATIENCE
            done = subprocess.run(command, capture_output=True, timeout=patience, check=False)
    except (RuntimeError, subprocess.TimeoutExpired) as fault:
        print(f"{broker.name}, {scenario}: {fault}", file=sys.stderr)
        return None
    if done.returncode != 0:
        print(f"{broker.name}, {scenario}: {done.stderr.decode(errors='replace').strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def measure_all(options, brokers):
    """Reports by scenario and broker. The brokers take turns, each round starting with another one."""
    reports = {scenario: {name: [] for name in brokers} for scenario in options.scenarios}
    names = list(brokers)
    for turn in range(options.rounds):
        for scenario in options.scenarios:
            for name in names[turn % len(names):] + names[: turn % len(names)]:
                if sys.stderr.isatty():
                    print(f"\r\033[Kround {turn + 1} of {options.rounds}: {scenario}, {name}", end="", file=sys.stderr)
                report = measure(options, brokers[name], scenario)
                if report is not None:
                    reports[scenario][name].append(report)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return reports


def median(reports, member):
    values = [report[member] for report in reports if report.get(member) is not None]
    return statistics.median(values) if values else None


def cell(reports, column):
    _, member, divisor, digits = column
    value = median(reports, member)
    return "-" if value is None else f"{value / divisor:,.{digits}f}"


def ratio_cell(reports, floor_reports, member):
    value, floor = median(reports, member), median(floor_reports, member)
    return f"{value / floor:.2f}" if value is not None and floor else "-"


def table(scenario, reports, brokers):
    cost = cost_column(scenario)
    columns = other_columns(scenario)
    has_ratio = scenario != "idle"
    headings = ["broker", cost[0]] + (["x floor"] if has_ratio else []) + [column[0] for column in columns] + ["runs"]
    lines = ["| " + " | ".join(headings) + " |", "|---|" + "---:|" * (len(headings) - 1)]
    for name, broker in brokers.items():
        mine = reports[name]
        cells = [broker.name, cell(mine, cost)]
        if has_ratio:
            cells.append(ratio_cell(mine, reports.get("floor", []), cost[1]))
        cells += [cell(mine, column) for column in columns] + [str(len(mine))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def print_report(options, reports, brokers):
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}; ", end="")
    print(f"medians of {options.rounds}, {options.duration:g} s each, MQTT {options.protocol_version}, ", end="")
    print(f"64-byte payloads; brokers on core {options.broker_core}, load on core {options.generator_core}")
    for scenario in options.scenarios:
        limit = SCENARIOS[scenario]["limit"]
        goal = f" (goal: at most {limit:g} x floor)" if limit else " (goal: less than 2.5 KiB)"
        print(f"\n### {SCENARIOS[scenario]['title']}{goal}\n")
        print(table(scenario, reports[scenario], brokers))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "release", help="has bin/runnel, ...")
    parser.add_argument("--brokers", default="floor,mosquitto,runnel,runnel-2", help="which, parted by commas")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="which, parted by commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=3, help="seconds that are measured")
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--broker-core", default="0")
    parser.add_argument("--generator-core", default="1")
    parser.add_argument("--protocol-version", default="5", help="31, 311 or 5")
    parser.add_argument("--json", type=Path, help="write all reports to this file too")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.duration, options.warm_up = 1, 1, 0.5
    options.build_dir = options.build_dir.resolve()
    options.scenarios = options.scenarios.split(",")
    unknown = [scenario for scenario in options.scenarios if scenario not in SCENARIOS]
    if unknown:
        parser.error(f"unknown scenario {unknown[0]}; choose from {', '.join(SCENARIOS)}")
    return parser, options


def main():
    parser, options = parse_options()
    known = known_brokers(options)
    brokers = {}
    for name in options.brokers.split(","):
        if name not in known:
            parser.error(f"unknown broker {name}; choose from {', '.join(known)}")
        if is_there(options, name):
            brokers[name] = known[name]
        else:
            print(f"{name} is not there; left out", file=sys.stderr)
    if shutil.which("taskset") is None or not (options.build_dir / "bin" / "runnelctl").exists():
        parser.error(f"taskset and {options.build_dir}/bin/runnelctl are needed")
    if os.getloadavg()[0] > 0.5:
        print(f"The machine is busy (load {os.getloadavg()[0]:.1f}): expect noise.", file=sys.stderr)
    reports = measure_all(options, brokers)
    if options.json:
        options.json.write_text(json.dumps(reports, indent=1) + "\n")
    print_report(options, reports, brokers)
    return 0 if all(report for rows in reports.values() for report in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
