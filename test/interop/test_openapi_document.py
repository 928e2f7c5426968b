# SPDX-License-Identifier: Apache-2.0
"""What the broker serves as /openapi.json is one, says a validator of others."""

import pathlib
import subprocess

import pytest
from wire.http import LISTENERS, Http

SCRIPT = pathlib.Path(__file__).resolve().parent / "validate_openapi.mjs"
SECONDS = 60


@pytest.fixture
def validate(node_modules):
    """validate(document) is the exit code and what the validator says."""

    def run(document):
        done = subprocess.run(
            ["node", str(SCRIPT), str(node_modules)], input=document, capture_output=True, timeout=SECONDS, check=False
        )
        assert not done.stderr, done.stderr.decode()
        return done.returncode, done.stdout.decode()

    return run


def test_the_document_is_valid(validate, make_broker):
    http = Http(make_broker(LISTENERS))
    document = http("GET", "/openapi.json").body
    http.close()
    assert validate(document) == (0, "")
    code, said = validate(document.replace(b'"responses"', b'"answers"', 1))
    assert code == 1 and "answers" in said
