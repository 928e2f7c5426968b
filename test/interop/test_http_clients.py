# SPDX-License-Identifier: Apache-2.0
"""Other people's HTTP clients: curl, and fetch of Node.js."""

import json
import subprocess

import pytest
import wire
from wire.http import LISTENERS

FETCH = """
const [base, topic] = process.argv.slice(1)
const said = []
const text_plain = { 'Content-Type': 'text/plain' }
const retained = `${base}/v1/topics/${topic}?qos=1&retain=true`
const posted = await fetch(retained, { method: 'POST', body: '21.5', headers: text_plain })
said.push(posted.status, (await posted.json()).stored)
const read = await fetch(`${base}/v1/topics/${topic}`)
said.push(await read.text(), read.headers.get('content-type'))
// A body that is sent as it comes, in chunks.
const parts = [`{"topic": "${topic}", "payload": "1"}\\n`, `{"topic": "${topic}", "pay`, 'load": "2"}\\n']
const body = new ReadableStream({
  start(to) {
    parts.forEach((part) => to.enqueue(new TextEncoder().encode(part)))
    to.close()
  }
})
const ndjson = { 'Content-Type': 'application/x-ndjson' }
const streamed = await fetch(`${base}/v1/publish`, { method: 'POST', body, duplex: 'half', headers: ndjson })
said.push((await streamed.text()).trim().split('\\n').length)
// Which it takes as gzip by itself.
const history = await fetch(`${base}/v1/history?filter=${topic}`)
said.push((await history.json()).items.length)
const events = await fetch(`${base}/v1/subscribe?filter=${topic}`)
const reader = events.body.pipeThrough(new TextDecoderStream()).getReader()
let text = ''
while (!text.includes('data: ')) text += (await reader.read()).value
await reader.cancel()
said.push(JSON.parse(text.split('data: ')[1].split('\\n')[0]).payload)
said.push((await fetch(`${base}/v1/topics/${topic}`, { method: 'DELETE' })).status)
console.log(JSON.stringify(said))
"""


@pytest.fixture(scope="module")
def broker():
    one = wire.Broker(LISTENERS | {"history": [{"filter": "kept/#", "keep": "1d"}]})
    yield one
    one.stop()
    one.remove()


@pytest.fixture(scope="module")
def base(broker):
    host, port = broker.http_addresses[0]
    return f"http://{host}:{port}"


def curl(*arguments, **more):
    done = subprocess.run(["curl", "-sS", "--max-time", "30", *arguments], capture_output=True, check=True, **more)
    return done.stdout


def test_curl_publishes_and_reads(base):
    stored = json.loads(curl("-d", "21.5", f"{base}/v1/topics/curl/temperature?retain=true"))
    assert stored["matched"] == 0
    assert curl(f"{base}/v1/topics/curl/temperature") == b"21.5"
    # Headers only; then many requests over one connection.
    assert curl("-I", f"{base}/v1/topics/curl/temperature").startswith(b"HTTP/1.1 200 OK\r\n")
    codes = curl("-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n", "-d", "x", f"{base}/v1/topics/curl/[1-20]")
    assert codes.split(b"\n")[:2] == [b"200 1", b"200 0"] and codes.count(b"200 0\n") == 19
    assert curl("-X", "DELETE", "-o", "/dev/null", "-w", "%{http_code}", f"{base}/v1/topics/curl/temperature") == b"204"


def test_curl_sends_bodies_of_every_kind(base, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 3000)
    target = f"{base}/v1/topics/curl/large?retain=true"
    # It waits for "100 Continue" before a body of this length.
    curl("-H", "Expect: 100-continue", "--data-binary", f"@{large}", target)
    assert curl(target.split("?")[0]) == large.read_bytes()
    small = tmp_path / "small"
    small.write_bytes(b"\x00\xff")
    curl("-H", "Transfer-Encoding: chunked", "--data-binary", f"@{small}", target)
    assert curl(target.split("?")[0]) == b"\x00\xff"
    curl("-T", str(small), target.replace("large", "put"))
    assert curl(target.split("?")[0].replace("large", "put")) == b"\x00\xff"


def test_curl_unpacks_history(base):
    for number in range(40):
        curl("-d", str(number), f"{base}/v1/topics/kept/curl")
    path = f"{base}/v1/history?filter=kept/curl&format=csv"
    packed = curl("--compressed", "-D", "-", path)
    assert b"Content-Encoding: gzip" in packed and packed.endswith(curl(path)) and b'"39"' in packed


def test_curl_follows_events(base):
    follower = subprocess.Popen(
        ["curl", "-sSN", "--max-time", "30", f"{base}/v1/subscribe?filter=curl/events&count=2"], stdout=subprocess.PIPE
    )
    first = follower.stdout.readline()
    assert first == b"retry: 2000\n"  # It is subscribed now.
    for number in (b"1", b"2"):
        curl("--data-binary", number, f"{base}/v1/topics/curl/events")
    rest, _ = follower.communicate(timeout=wire.TIMEOUT)
    payloads = [json.loads(line[6:])["payload"] for line in rest.splitlines() if line.startswith(b"data: ")]
    assert payloads == ["1", "2"] and follower.returncode == 0


def test_fetch(base):
    command = ["node", "--input-type=module", "-e", FETCH, base, "kept/fetch"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == [200, True, "21.5", "text/plain", 2, 3, "21.5", 204]
