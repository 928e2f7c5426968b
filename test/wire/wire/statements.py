# SPDX-License-Identifier: Apache-2.0
"""Marks that say which normative statements a test proves. The two lists number them independently."""

import pytest


def statement5(*identifiers):
    """Ids of conformance/mqtt5.tsv."""
    return pytest.mark.mqtt5_statement(*identifiers)


def statement311(*identifiers):
    """Ids of conformance/mqtt311.tsv."""
    return pytest.mark.mqtt311_statement(*identifiers)
