# SPDX-License-Identifier: Apache-2.0
"""GET /v1/history on listeners for HTTP: as on the admin channel, within the rights of who asks."""

import gzip
import json

import pytest
import wire
from wire.http import LISTENERS, Http

HISTORY = [{"filter": "plant/#", "keep": "1d"}]


@pytest.fixture(scope="module")
def broker():
    one = wire.Broker(LISTENERS | {"history": HISTORY})
    yield one
    one.stop()
    one.remove()


def test_messages_and_buckets(broker):
    http = Http(broker)
    for number in range(1000):
        assert http("POST", "/v1/topics/plant/t", b"%d" % number).status == 200
    messages = http("GET", "/v1/history?filter=plant/%23&format=ndjson")
    lines = [json.loads(line) for line in messages.body.splitlines()]
    assert [line["payload"] for line in lines] == [f"{number}" for number in range(1000)]
    assert all(line["topic"] == "plant/t" for line in lines)
    assert len(http("GET", "/v1/history?filter=plant/t&limit=300").json()["items"]) == 300

    def counted():
        rows = http("GET", "/v1/history?filter=plant/%23&every=1h&value=count").json()["items"]
        return sum(row["count"] for row in rows) == 1000

    wire.wait_until(counted)
    assert http("GET", "/v1/history?filter=plant/%23&limit=x").problem == "parameter"
    http.close()


def test_rules_hold(make_broker, tmp_path):
    passwords = tmp_path / "passwords"
    wire.write_password_file(passwords, {"alice": "wonderland", "bob": "builder"})
    rules = [{"user": "alice", "publish": ["#"], "subscribe": ["#"]}, {"user": "bob", "subscribe": ["plant/bob/#"]}]
    broker = make_broker(
        LISTENERS | {"history": HISTORY, "access": rules,
                     "auth": {"anonymous": "never", "password_file": str(passwords)}}
    )  # fmt: skip
    alice, bob = ({"Authorization": f"Basic {token}"} for token in ("YWxpY2U6d29uZGVybGFuZA==", "Ym9iOmJ1aWxkZXI="))
    http = Http(broker)
    for name in ("alice", "bob"):
        assert http("POST", f"/v1/topics/plant/{name}/t", b"1", **alice).status == 200
    path = "/v1/history?filter=plant/%23&format=ndjson"
    assert http("GET", path).status == 401
    assert len(http("GET", path, **alice).body.splitlines()) == 2
    assert [json.loads(line)["topic"] for line in http("GET", path, **bob).body.splitlines()] == ["plant/bob/t"]
    http.close()


def test_gzip_for_who_takes_it(broker):
    http = Http(broker)
    for number in range(1500):
        assert http("POST", "/v1/topics/plant/gzip", b"%d" % number).status == 200
    for form in ("json", "ndjson", "csv"):
        path = f"/v1/history?filter=plant/gzip&format={form}"
        plain = http("GET", path)
        assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
        packed = http("GET", path, Accept_Encoding="br, gzip")
        assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
        assert packed.headers["Content-Type"] == plain.headers["Content-Type"]
        assert len(packed.body) < len(plain.body) / 4
        unpacked = gzip.decompress(packed.body)
        assert len(unpacked) == len(plain.body) > 50_000
        # JSON ends with the time up to which the answer goes.
        assert unpacked[:-50] == plain.body[:-50]
        assert http("HEAD", path, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in http("GET", path, Accept_Encoding="gzip;q=0").headers
    short = http("GET", "/v1/history?filter=plant/none", Accept_Encoding="gzip")
    assert gzip.decompress(short.body).startswith(b'{')
    http.close()


def test_whole_answers_as_gzip(broker):
    http = Http(broker)
    for path in ("/metrics", "/openapi.json"):
        plain, packed = http("GET", path), http("GET", path, Accept_Encoding="gzip")
        assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body) / 2
        assert gzip.decompress(packed.body).splitlines()[0] == plain.body.splitlines()[0]
        assert "Vary" in plain.headers
    short = http("GET", "/healthz", Accept_Encoding="gzip")
    assert "Content-Encoding" not in short.headers and short.json()["status"] == "ok"
    http.close()
