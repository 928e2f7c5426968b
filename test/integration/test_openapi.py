# SPDX-License-Identifier: Apache-2.0
"""/openapi.json describes the paths as they are."""

import pathlib
import re

import pytest
import wire
from wire.http import LISTENERS, Http


@pytest.fixture(scope="module")
def http():
    broker = wire.Broker(LISTENERS)
    one = Http(broker)
    yield one
    one.close()
    broker.stop()
    broker.remove()


def operations(path):
    return {method.upper() for method in path if method != "parameters"}


def test_every_path_takes_the_methods_that_are_described(http):
    answer = http("GET", "/openapi.json")
    document = answer.json()
    assert answer.headers["Content-Type"] == "application/json" and document["openapi"].startswith("3.1")
    for path, described in document["paths"].items():
        expected = operations(described) | {"OPTIONS"}
        expected |= {"HEAD"} if "GET" in expected else set()
        asked = http("OPTIONS", re.sub(r"\{\w+\}", "x", path))
        assert asked.status == 204, path
        assert set(asked.headers["Allow"].split(", ")) == expected, path


def test_every_path_of_the_bridge_is_described(http):
    """The paths are named in one place each, where their handlers are added."""
    bridge = pathlib.Path(__file__).resolve().parents[2] / "bridges" / "http"
    text = "".join(path.read_text() for path in [*bridge.glob("*_routes.cc"), bridge / "http_service.cc"])
    routes = {path.replace("...}", "}") for path in re.findall(r'"(/(?:v1/|metrics|healthz|readyz|openapi)[^" ]*)"', text)}
    described = set(http("GET", "/openapi.json").json()["paths"])
    assert len(routes) > 15
    assert routes - described == set()
    assert described - routes <= {"/mqtt"}


def test_references_and_names_are_whole(http):
    document = http("GET", "/openapi.json").json()
    found = re.findall(r"'\$ref': '#/([^']*)'", str(document))
    assert found
    for reference in set(found):
        place = document
        for step in reference.split("/"):
            place = place[step]
    identifiers = [
        operation["operationId"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    ]
    assert len(identifiers) == len(set(identifiers))
    for name, path in document["paths"].items():
        declared = {one["name"] for one in path.get("parameters", []) if one["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", name))
