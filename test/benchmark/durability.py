#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What it costs that an acknowledgement means stored: QoS 1 to a persistent subscriber, by durability.

100 publishers with 100 messages in flight each, as `runnelctl bench` says; mosquitto with its persistence beside, which
writes nothing before it acknowledges. The brokers take turns; the figures are medians. The disk is that of --data-dir.

    cmake --build --preset release --target runnel runnelctl
    test/benchmark/durability.py
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from compare import ROOT, RUN_PATIENCE, Broker  # noqa: E402 (the path has to be set first)


def runnel_command(binary, durability):
    def command(port, folder):
        (folder / "runnel.toml").write_text(
            f'[broker]\nloops = 1\ndata_dir = "{folder}/data"\n[storage]\ndurability = "{durability}"\n'
            f'[session]\nmax_queued_messages = 1000000\n'
            f'[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:{port}"\n[log]\nlevel = "warning"\n'
        )
        return [str(binary), "--config", str(folder / "runnel.toml")]

    return command


def mosquitto_command(port, folder):
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "log_type none\nmax_queued_messages 0\nmax_inflight_messages 0\nuser root\n"
    )
    return ["/usr/sbin/mosquitto", "-c", str(folder / "mosquitto.conf")]


def measure(options, broker):
    command = ["taskset", "-c", options.generator_core, str(options.build_dir / "bin" / "runnelctl"), "bench"]
    command += ["--scenario", "fan-in", "--publishers", str(options.publishers), "--subscribers", "1", "--persistent"]
    command += ["--qos", "1", "--window", str(options.window), "--json", "--warm-up", "1"]
    command += ["--duration", str(options.duration)]
    with broker:
        command += ["--port", str(broker.port), "--pid", str(broker.process.pid)]
        done = subprocess.run(command, capture_output=True, timeout=options.duration + RUN_PATIENCE, check=True)
    return json.loads(done.stdout)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "release", help="has bin/runnel, ...")
    parser.add_argument("--data-dir", type=Path, help="where the stores are: its disk is what is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=4, help="seconds that are measured")
    parser.add_argument("--publishers", type=int, default=100)
    parser.add_argument("--window", type=int, default=100)
    parser.add_argument("--broker-core", default="0")
    parser.add_argument("--generator-core", default="1")
    return parser.parse_args()


def main():
    options = parse_options()
    if options.data_dir:
        tempfile.tempdir = str(options.data_dir)
    runnel = options.build_dir / "bin" / "runnel"
    brokers = {name: runnel_command(runnel, name) for name in ("memory", "written", "synced")}
    if Path("/usr/sbin/mosquitto").exists():
        brokers["mosquitto, persistence on"] = mosquitto_command
    reports = {name: [] for name in brokers}
    for _ in range(options.rounds):
        for name, command in brokers.items():
            reports[name].append(measure(options, Broker(name, command, options.broker_core)))
    base = statistics.median(report["delivered_per_second"] for report in reports["memory"])
    print("| durability | delivered /s | of memory | p50 ms | p99 ms | broker CPU us per delivery | lost |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, rows in reports.items():
        middle = {member: statistics.median(row[member] for row in rows) for member in rows[0] if member != "scenario"
                  and isinstance(rows[0][member], (int, float))}
        print(f"| {name} | {middle['delivered_per_second']:,.0f} | {middle['delivered_per_second'] / base:.2f} "
              f"| {middle['latency_p50_us'] / 1000:.1f} | {middle['latency_p99_us'] / 1000:.1f} "
              f"| {middle['broker_cpu_us_per_delivery']:.2f} | {middle['lost']:.0f} |")


if __name__ == "__main__":
    main()
