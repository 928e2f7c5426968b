# SPDX-License-Identifier: Apache-2.0
"""Brokers with users and access rules, shared by the tests of both lists."""

import os

import pytest
from wire import Broker, write_password_file

USERS = {"alice": "wonderland", "bob": "builder"}


@pytest.fixture(scope="session")
def password_broker(tmp_path_factory):
    """Lets in alice and bob (see USERS) by password or SCRAM-SHA-256, and nobody without a name."""
    if os.environ.get("RUNNEL_TARGET"):
        pytest.skip("needs a broker with users")
    path = tmp_path_factory.mktemp("users") / "passwords"
    write_password_file(path, USERS)
    running = Broker({"auth": {"anonymous": "never", "password_file": str(path)}})
    yield running
    running.stop()
    running.remove()
