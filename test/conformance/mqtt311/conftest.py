# SPDX-License-Identifier: Apache-2.0
"""Clients of this suite speak MQTT 3.1.1."""

import pytest
from wire import V311


@pytest.fixture
def version():
    return V311
