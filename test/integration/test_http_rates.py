# SPDX-License-Identifier: Apache-2.0
"""http.max_requests_per_second: nobody takes the HTTP bridge for himself."""

import wire
from wire.http import LISTENERS, Http


def refusal_of(http, *request, **headers):
    """The first one: requests come quicker than one in a second."""
    for _ in range(100):
        answer = http(*request, **headers)
        if answer.status == 429:
            return answer
        assert answer.status == 200
    return None


def test_too_many_requests_have_to_wait(make_broker):
    broker = make_broker(LISTENERS | {"http": {"max_requests_per_second": 1}, "broker": {"loops": 2}})
    http = Http(broker)
    answer = refusal_of(http, "POST", "/v1/topics/x", b"1")
    assert answer.problem == "too-many-requests" and answer.headers["Retry-After"] == "1"
    # Another connection, maybe of another event loop, is the same host.
    another = Http(broker)
    assert refusal_of(another, "GET", "/healthz") is not None
    # The connection is still good, and what comes later is answered again.
    wire.wait_until(lambda: http("POST", "/v1/topics/x", b"2").status == 200)
    body = b'{"topic": "x", "payload": "1"}\n' * 3
    refused = refusal_of(http, "POST", "/v1/publish", body, Content_Type="application/x-ndjson")
    assert refused is not None and refused.problem == "too-many-requests"
    another.close()
    http.close()


def test_without_a_limit_nothing_is_refused(make_broker):
    http = Http(make_broker(LISTENERS))
    assert all(http("POST", "/v1/topics/x", b"1").status == 200 for _ in range(2000))
    http.close()
