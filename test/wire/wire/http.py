# SPDX-License-Identifier: Apache-2.0
"""HTTP as stations and scripts speak it, with Python's own client."""

import http.client
import json
import urllib.parse

from .client import TIMEOUT

LISTENERS = {
    "listener": [{"protocol": "mqtt", "address": "127.0.0.1:0"}, {"protocol": "http", "address": "127.0.0.1:0"}]
}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The stable name of an error."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body)
        return self.json()["type"].removeprefix("urn:runnel:problem:")


class Http:
    """One keep-alive connection: http("POST", "/path", b"body", Content_Type="text/plain")."""

    def __init__(self, broker):
        host, port = broker.http_addresses[0]
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)

    def __call__(self, method, path, body=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, fields)
        return Answer(self._connection.getresponse())

    def close(self):
        self._connection.close()


def path_of(topic):
    return "/v1/topics/" + urllib.parse.quote(topic, safe="")
