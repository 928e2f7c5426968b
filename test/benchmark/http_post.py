#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""POST /v1/topics/... beside nginx that answers the same requests with a fixed 200.

wrk with 64 keep-alive connections and bodies of 100 bytes; nothing has to be stored. Both servers have one core, wrk the
other; they take turns; the figures are medians. Needs nginx and wrk (Debian: nginx-light, wrk).

    cmake --build --preset release --target runnel
    test/benchmark/http_post.py
"""

import argparse
import re
import statistics
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from compare import ROOT, RUN_PATIENCE, Broker  # noqa: E402 (the path has to be set first)

SCRIPT = """
wrk.method = "POST"
wrk.body = string.rep("x", 100)
wrk.headers["Content-Type"] = "text/plain"
"""


def nginx_command(port, folder):
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; user root;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type application/json; return 200 '{{"published":1,"matched":0}}'; }}
    }}
}}
"""
    )
    return ["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def runnel_command(binary):
    def command(port, folder):
        (folder / "runnel.toml").write_text(
            f'[broker]\nloops = 1\ndata_dir = "{folder}/data"\n'
            f'[[listener]]\nprotocol = "http"\naddress = "127.0.0.1:{port}"\n[log]\nlevel = "warning"\n'
        )
        return [str(binary), "--config", str(folder / "runnel.toml")]

    return command


def measure(options, broker, script):
    with broker:
        command = ["taskset", "-c", options.generator_core, "wrk", "-t1", f"-c{options.connections}"]
        command += [f"-d{options.duration}s", "--latency", "-s", str(script)]
        command += [f"http://127.0.0.1:{broker.port}/v1/topics/plant/line/temperature"]
        text = subprocess.run(command, capture_output=True, timeout=options.duration + RUN_PATIENCE, check=True,
                              text=True).stdout
    faults = re.search(r"Non-2xx.*|Socket errors.*", text)
    if faults:
        raise RuntimeError(f"{broker.name}: {faults.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), re.search(r"99%\s+(\S+)", text).group(1)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "release", help="has bin/runnel")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=int, default=4, help="whole seconds of each run")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--broker-core", default="0")
    parser.add_argument("--generator-core", default="1")
    return parser.parse_args()


def main():
    options = parse_options()
    commands = {"nginx": nginx_command, "runnel": runnel_command(options.build_dir / "bin" / "runnel")}
    reports = {name: [] for name in commands}
    script = options.build_dir / "post.lua"
    script.write_text(SCRIPT)
    for _ in range(options.rounds):
        for name, command in commands.items():
            reports[name].append(measure(options, Broker(name, command, options.broker_core), script))
    base = statistics.median(rate for rate, _ in reports["nginx"])
    print("| server | requests /s | of nginx | p99 of the last run |\n|---|---:|---:|---:|")
    for name, rows in reports.items():
        rate = statistics.median(rate for rate, _ in rows)
        print(f"| {name} | {rate:,.0f} | {rate / base:.2f} | {rows[-1][1]} |")


if __name__ == "__main__":
    main()
