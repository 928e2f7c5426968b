# SPDX-License-Identifier: Apache-2.0
"""The state of the broker by HTTP: status, clients, subscriptions, Retained Messages, and who may see them."""

import base64
import contextlib
import re
import urllib.parse

import pytest
import wire
from wire import Reason, Will
from wire.http import LISTENERS, Http, path_of
from wire.packets import Connect
from wire.restarts import KEPT
from wire.websocket import WebSocket, frame

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def broker(make_broker):
    return make_broker(LISTENERS | {"broker": {"loops": 3}})


@pytest.fixture
def request_to(broker):
    opened = []

    def connect(to=None):
        opened.append(Http(to or broker))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def client_path(identifier, query=""):
    return "/v1/clients/" + urllib.parse.quote(identifier, safe="") + query


def pages(http, path, **query):
    """All items, page after page."""
    items, after = [], {}
    while True:
        answer = http("GET", path + "?" + urllib.parse.urlencode(query | after))
        assert answer.status == 200, answer.body
        page = answer.json()
        items += page["items"]
        if "next" not in page:
            return items
        assert page["items"]
        after = {"after": page["next"]}


def names_of(items):
    return [item["client_identifier"] for item in items]


# ---- Status


def test_status_by_http(make_broker, client, request_to, topic):
    broker = make_broker(LISTENERS | {"history": [{"filter": "home/#", "keep": "30d"}]})
    one = client(broker=broker)
    one.subscribe(topic("a"), qos=1)
    one.publish(topic("a"), b"x", qos=1)
    answer = request_to(broker)("GET", "/v1/status")
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    status = answer.json()
    assert status["pid"] == broker.pid and TIME.fullmatch(status["time"])
    assert status["sessions"] == 1 and status["logins_refused"] == 0
    assert status["totals"]["messages_received"] == 1
    assert {"queue_full", "too_large", "expired", "not_authorized", "offline", "retained_full", "not_stored"} == set(
        status["dropped"]
    )
    assert status["history"] == [{"filter": "home/#", "keep": "30d"}]
    assert all(loop["answers"] and 0 <= loop["busy"] <= 1 for loop in status["loops"])
    assert status["longest_queues"] == []
    assert [listener["connections"] for listener in status["listeners"]] == [1, 1]


def test_status_is_answered_on_every_loop(broker, client, request_to, topic):
    away = client("away", broker=broker, **KEPT)
    away.subscribe(topic("a"), qos=1)
    away.disconnect()
    client(broker=broker).publish(topic("a"), b"x", qos=1)
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            http = stack.enter_context(contextlib.closing(Http(broker)))
            for _ in range(3):
                longest = http("GET", "/v1/status?queues=2").json()["longest_queues"]
                assert names_of(longest) == [client.identifier("away")]


def test_busy_loops_show(broker, client, request_to, topic):
    one = client(broker=broker)
    http = request_to()

    def busiest():
        one.publish(topic("x"), b"x" * 1000, qos=1)
        for _ in range(200):
            one.publish(topic("x"), b"x" * 1000)
        return max(loop["busy"] for loop in http("GET", "/v1/status").json()["loops"])

    wire.wait_until(lambda: busiest() > 0, timeout=15)


def test_refused_logins_are_counted(make_broker, client, request_to, password_file):
    broker = make_broker(LISTENERS | {"auth": {"password_file": password_file(alice="wonderland")}})
    for _ in range(2):
        one = client.open(broker=broker)
        one.start_connect(user_name="alice", password=b"wrong")
        one.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)
    http = request_to(broker)
    wrong = "Basic " + base64.b64encode(b"alice:wrong").decode()
    assert http("GET", "/v1/status", Authorization=wrong).status == 401
    assert http("GET", "/v1/status").json()["logins_refused"] == 3


@pytest.mark.parametrize("query", ["queues=x", "queues=1001", "queues="])
def test_status_with_a_wrong_query(request_to, query):
    assert request_to()("GET", "/v1/status?" + query).problem == "queues"


# ---- Clients


def test_what_a_client_shows(broker, client, request_to, topic):
    will = Will(topic("will"), b"gone", qos=1, retain=True)
    one = client("one", broker=broker, keep_alive=60, will=will, session_expiry_interval=100)
    one.subscribe(topic("a"), qos=1)
    one.subscribe("$share/g/" + topic("b"))
    shown = request_to()("GET", client_path(client.identifier("one"))).json()
    for name in ("connected_at", "last_seen"):
        assert TIME.fullmatch(shown.pop(name))
    assert re.fullmatch(r"127\.0\.0\.1:\d+", shown.pop("address"))
    assert shown.pop("maximum_packet_size") > 0 and shown.pop("receive_maximum") > 0
    assert shown == {
        "client_identifier": client.identifier("one"), "connected": True, "user": None, "transport": "mqtt",
        "protocol": "5.0", "subscriptions": 2, "queued_messages": 0, "queued_bytes": 0, "inflight_messages": 0,
        "session_expiry_interval": 100, "keep_alive": 60,
        "will": {"topic": topic("will"), "qos": 1, "retain": True, "delay": 0},
    }  # fmt: skip
    one.disconnect()
    client(broker=broker).publish(topic("a"), b"x", qos=1)
    shown = request_to()("GET", client_path(client.identifier("one"))).json()
    assert not shown["connected"] and TIME.fullmatch(shown["disconnected_at"])
    assert shown["queued_messages"] == 1 and shown["queued_bytes"] > 0
    assert "will" not in shown and "address" not in shown


def test_pages_of_clients_over_all_loops(broker, client, request_to):
    expected = sorted(client.identifier(f"n{number}") for number in range(25))
    for number in range(25):
        client(f"n{number}", broker=broker)
    http = request_to()
    for limit in (1, 7, 25, 1000):
        assert names_of(pages(http, "/v1/clients", limit=limit)) == expected
    first = http("GET", "/v1/clients?limit=10").json()
    assert first["total"] == 25 and first["next"] == expected[9]


def test_search_among_clients(make_broker, client, request_to, password_file):
    broker = make_broker(LISTENERS | {"auth": {"password_file": password_file(alice="wonderland")}})
    client("Kitchen", broker=broker, user_name="alice", password=b"wonderland")
    client("hall", broker=broker, **KEPT).disconnect()
    with contextlib.closing(WebSocket(broker)) as browser:
        browser.send(frame(Connect(client_identifier="browser", clean_start=True).encode(wire.V5)))
        browser.receive()
        http = request_to(broker)
        kitchen, hall = client.identifier("Kitchen"), client.identifier("hall")
        for query, expected in {
            "": ["browser", hall, kitchen], "search=kitch": [kitchen], "search=LICE": [kitchen],
            "search=nobody": [], "state=connected": ["browser", kitchen], "state=offline": [hall],
            "transport=websocket": ["browser"], "transport=mqtt": [kitchen], "transport=http": [],
        }.items():  # fmt: skip
            page = http("GET", "/v1/clients?" + query).json()
            assert names_of(page["items"]) == sorted(expected) and page["total"] == len(expected), query
        assert http("GET", client_path(kitchen)).json()["user"] == "alice"
        assert http("GET", client_path("browser")).json()["transport"] == "websocket"


@pytest.mark.parametrize("version, name", [(wire.V31, "3.1"), (wire.V311, "3.1.1")])
def test_protocol_of_a_client(broker, client, request_to, version, name):
    client("old", broker=broker, version=version)
    assert request_to()("GET", client_path(client.identifier("old"))).json()["protocol"] == name


@pytest.mark.parametrize(
    "path",
    [
        "/v1/clients?limit=0", "/v1/clients?limit=1001", "/v1/clients?state=gone", "/v1/clients?transport=tcp",
        "/v1/clients?serch=a", "/v1/subscriptions?limit=x", "/v1/subscriptions?after=x", "/v1/retained?limit=0",
        "/v1/retained?filter=a%23", "/v1/retained?filter=", "/v1/retained?topic=a",
    ],
)  # fmt: skip
def test_wrong_queries_are_named(request_to, path):
    answer = request_to()("GET", path)
    assert (answer.status, answer.problem) == (422, "parameter") and answer.json()["detail"]


def test_disconnect(broker, client, request_to, topic):
    watcher = client(broker=broker)
    watcher.subscribe(topic("will"), qos=1)
    one = client("a/b", broker=broker, will=Will(topic("will"), b"gone", qos=1), session_expiry_interval=100)
    http, path = request_to(), client_path(client.identifier("a/b"))
    assert http("DELETE", path).status == 204
    one.expect_disconnect(Reason.ADMINISTRATIVE_ACTION)
    watcher.expect_publish(topic("will"), b"gone", qos=1)
    assert http("GET", path).json()["connected"] is False
    assert http("DELETE", path).status == 204  # It is disconnected.
    assert client("a/b", broker=broker, **KEPT).connack.session_present
    assert http("DELETE", path + "?session=true").status == 204
    assert http("GET", path).problem == "no-client"
    assert http("DELETE", path).problem == "no-client"
    assert not client("a/b", broker=broker, **KEPT).connack.session_present


def test_ended_session_stays_ended_after_a_restart(broker, client, request_to, topic):
    one = client("away", broker=broker, **KEPT)
    one.subscribe(topic("a"), qos=1)
    one.disconnect()
    assert request_to()("DELETE", client_path(client.identifier("away"), "?session=true")).status == 204
    broker.stop()
    broker.start()
    with contextlib.closing(Http(broker)) as http:
        assert http("GET", client_path(client.identifier("away"))).status == 404
        assert http("GET", "/v1/subscriptions").json() == {"items": []}


def test_disconnect_with_a_wrong_query(broker, client, request_to):
    one = client("one", broker=broker)
    http = request_to()
    for query in ("?session=yes", "?sesion=true"):
        assert http("DELETE", client_path(client.identifier("one"), query)).problem == "parameter"
    one.ping()


# ---- Subscriptions


def test_subscriptions(broker, client, request_to, topic):
    for name in ("b", "a"):
        one = client(name, broker=broker)
        for rest in ("y", "x/+", "#"):
            one.subscribe(topic(rest), qos=2)
        one.subscribe("$share/group/" + topic("x"), qos=1)
    http = request_to()
    expected = [
        (client.identifier(name), group, topic(rest))
        for name in "ab"
        for group, rest in [(None, "#"), (None, "x/+"), (None, "y"), ("group", "x")]
    ]
    for limit in (1, 3, 8, 100):
        items = pages(http, "/v1/subscriptions", limit=limit)
        assert [(one["client_identifier"], one.get("share_name"), one["filter"]) for one in items] == expected
    assert [one["qos"] for one in items[:4]] == [2, 2, 2, 1]
    of_one = pages(http, "/v1/subscriptions", client=client.identifier("b"))
    assert of_one == items[4:]
    assert pages(http, "/v1/subscriptions", filter=topic("y")) == [items[2], items[6]]
    assert pages(http, "/v1/subscriptions", client="nobody") == []


# ---- Retained Messages


def test_retained_messages(broker, client, request_to, topic):
    http = request_to()
    for number in range(12):
        path = path_of(topic(f"r/{number:02}")) + "?retain=true&qos=1&message_expiry_interval=600"
        assert http("POST", path, b"x" * (number + 1), Content_Type="text/plain").status == 200
    client(broker=broker).publish(topic("other"), b"x", qos=0, retain=True)
    wire.wait_until(lambda: http("GET", path_of(topic("other"))).status == 200)
    expected = [topic(f"r/{number:02}") for number in range(12)]
    for limit in (1, 5, 12, 1000):
        items = pages(http, "/v1/retained", filter=topic("r/#"), limit=limit)
        assert [item["topic"] for item in items] == expected
    assert [item["bytes"] for item in items] == list(range(1, 13))
    first = items[0]
    assert TIME.fullmatch(first["time"]) and TIME.fullmatch(first["expires_at"]) and first["time"] < first["expires_at"]
    assert (first["qos"], first["content_type"], first["publisher"]) == (1, "text/plain", "http")
    assert topic("other") in [item["topic"] for item in pages(http, "/v1/retained")]


# ---- Who may


def test_only_admins_see_what_belongs_to_others(make_broker, client, request_to, password_file):
    users = {"anonymous": "never", "password_file": password_file(alice="wonderland", root="toor")}
    rules = [
        {"user": "root", "admin": True, "publish": ["#"], "subscribe": ["#"]},
        {"user": "alice", "publish": ["%u/#"], "subscribe": ["%u/#"]},
    ]
    broker = make_broker(LISTENERS | {"auth": users, "access": rules})
    alice, root = (
        {"Authorization": "Basic " + base64.b64encode(text).decode()} for text in (b"alice:wonderland", b"root:toor")
    )
    http = request_to(broker)
    for method, path in [
        ("GET", "/v1/status"), ("GET", "/v1/clients"), ("GET", "/v1/clients/x"), ("DELETE", "/v1/clients/x"),
        ("GET", "/v1/subscriptions"),
    ]:  # fmt: skip
        assert http(method, path).status == 401
        assert http(method, path, **alice).problem == "forbidden"
        assert http(method, path, **root).status == (404 if path.endswith("/x") else 200)
    for topic in ("alice/a", "root/a", "root/b"):
        assert http("POST", f"/v1/topics/{topic}?retain=true", b"x", **root).status == 200
    assert http("GET", "/v1/retained").status == 401
    topics = {
        name: [item["topic"] for item in http("GET", "/v1/retained?limit=2", **who).json()["items"]]
        for name, who in {"alice": alice, "root": root}.items()
    }
    assert topics == {"alice": ["alice/a"], "root": ["alice/a", "root/a"]}


def test_traffic_goes_on_while_everything_is_asked(broker, honest):
    with honest(broker), contextlib.ExitStack() as stack:
        https = [stack.enter_context(contextlib.closing(Http(broker))) for _ in range(4)]
        for _ in range(50):
            for http, path in zip(https, ("clients", "subscriptions", "retained", "status?queues=5"), strict=True):
                assert http("GET", "/v1/" + path).status == 200
