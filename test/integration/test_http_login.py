# SPDX-License-Identifier: Apache-2.0
"""Logins by POST /v1/login, and what pages of other origins may do."""

import base64
import json
import signal

import pytest
import wire
from wire import Connack, Connect, Publish, Suback, Subscribe, Subscription
from wire.decoder import decode_all
from wire.http import LISTENERS, Http
from wire.websocket import BINARY, WebSocket, frame

ORIGIN = "https://office.example"
SAME = {"Sec_Fetch_Mode": "cors"}


@pytest.fixture
def broker(make_broker, tmp_path):
    passwords = tmp_path / "passwords"
    wire.write_password_file(passwords, {"alice": "wonderland", "bob": "builder"})
    rules = [{"user": "alice", "publish": ["#"], "subscribe": ["#"], "admin": True}, {"user": "bob", "publish": ["b"]}]
    users = {"anonymous": "never", "password_file": str(passwords)}
    return make_broker(LISTENERS | {"auth": users, "access": rules, "http": {"origins": [ORIGIN]}})


@pytest.fixture
def http(broker):
    one = Http(broker)
    yield one
    one.close()


def log_in(http, user="alice", password="wonderland", **headers):
    return http("POST", "/v1/login", json.dumps({"user": user, "password": password}), **headers)


def cookie_of(answer):
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    return cookie


def test_token_as_cookie_and_as_bearer(http, broker):
    answer = log_in(http)
    session = answer.json()
    assert (session["user"], session["admin"], session["anonymous"]) == ("alice", True, False)
    another = Http(broker)  # Maybe of another event loop.
    for shown in ({"Cookie": f"a=b; {cookie_of(answer)}"}, {"Authorization": f"Bearer {session['token']}"}):
        assert another("GET", "/v1/session", **shown).json()["user"] == "alice"
        assert another("POST", "/v1/topics/x", b"1", **shown).status == 200
    assert http("GET", "/v1/session").status == 401  # It is the request that counts, not the connection.
    bob = log_in(http, "bob", "builder").json()
    assert bob["user"] == "bob" and not bob["admin"]
    assert http("POST", "/v1/topics/x", b"1", Authorization=f"Bearer {bob['token']}").status == 403
    another.close()


def test_after_many_wrong_passwords_one_has_to_wait(http):
    basic = "Basic " + base64.b64encode(b"alice:wrong").decode()
    for number in range(10):
        answer = log_in(http, "alice", "wrong") if number % 2 else http("GET", "/v1/session", Authorization=basic)
        assert answer.status == 401
    for answer in (log_in(http, "alice", "wonderland"), http("GET", "/v1/session", Authorization=basic)):
        assert answer.status == 429 and answer.problem == "too-many-logins"
        assert 1 <= int(answer.headers["Retry-After"]) <= 6
    assert log_in(http, "bob", "builder").status == 200


def test_wrong_logins(http):
    for user, password in (("alice", "wrong"), ("nobody", "wonderland"), ("alice", "")):
        answer = log_in(http, user, password, **SAME)
        assert answer.problem == "unauthorized" and "Set-Cookie" not in answer.headers
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")  # No window of the browser.
    assert http("POST", "/v1/login", b"{}").problem == "malformed"
    assert http("GET", "/v1/session", Authorization="Bearer 0123").status == 401
    assert http("GET", "/v1/session", Cookie="runnel_session=0123").status == 401
    assert http("GET", "/v1/session").headers["WWW-Authenticate"].startswith("Basic")


def test_logout_and_reload_end_a_login(http, broker):
    shown = [{"Cookie": cookie_of(log_in(http))} for _ in range(2)]
    answer = http("POST", "/v1/logout", **shown[0])
    assert answer.status == 204 and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert http("GET", "/v1/session", **shown[0]).status == 401
    assert http("GET", "/v1/session", **shown[1]).status == 200
    broker.signal(signal.SIGHUP)
    wire.wait_until(lambda: http("GET", "/v1/session", **shown[1]).status == 401)


def test_anonymous_on_this_machine_needs_no_login(make_broker):
    one = Http(make_broker(LISTENERS))
    assert one("GET", "/v1/session").json() == {"user": None, "anonymous": True, "admin": True}
    # Nor does one who logged in at another broker before.
    assert one("GET", "/v1/session", Cookie="runnel_session=0123").json()["anonymous"]
    one.close()


def test_cookie_says_who_a_websocket_is(http, broker, topic):
    def answers(cookie):
        one = WebSocket(broker, cookie=cookie)
        one.send(frame(Connect(clean_start=True).encode(wire.V5)))
        opcode, payload = one.receive()
        assert opcode == BINARY
        [connack] = decode_all(payload, wire.V5)
        return one, connack

    one, connack = answers(cookie_of(log_in(http)))
    assert isinstance(connack, Connack) and connack.reason_code == 0
    one.send(frame(Subscribe(1, [Subscription(topic("a"))]).encode(wire.V5)))
    assert isinstance(decode_all(one.receive()[1], wire.V5)[0], Suback)
    http("POST", f"/v1/topics/{topic('a')}", b"x", Cookie=cookie_of(log_in(http)))
    assert isinstance(decode_all(one.receive()[1], wire.V5)[0], Publish)
    one.close()
    one, connack = answers("runnel_session=0123")
    assert connack.reason_code >= 0x80
    one.close()


def test_pages_of_other_origins_change_nothing(http):
    shown = {"Cookie": cookie_of(log_in(http))}
    assert http("POST", "/v1/topics/x", b"1", Origin="https://evil.example", **shown).problem == "cross-origin"
    assert http("POST", "/v1/topics/x", b"1", Origin="null", **shown).problem == "cross-origin"
    assert log_in(http, Origin="https://evil.example").problem == "cross-origin"
    read = http("GET", "/v1/session", Origin="https://evil.example", **shown)
    assert "Access-Control-Allow-Origin" not in read.headers
    assert http("POST", "/v1/topics/x", b"1", Origin="http://127.0.0.1:1", Host="127.0.0.1:1", **shown).status == 200


def test_named_origins_may(http):
    token = log_in(http, Origin=ORIGIN).json()["token"]
    asked = http("OPTIONS", "/v1/topics/x", Origin=ORIGIN, Access_Control_Request_Method="POST",
                 Access_Control_Request_Headers="authorization")  # fmt: skip
    assert asked.status == 204 and asked.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert asked.headers["Access-Control-Allow-Headers"] == "authorization"
    answer = http("POST", "/v1/topics/x", b"1", Origin=ORIGIN, Authorization=f"Bearer {token}")
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
