# SPDX-License-Identifier: Apache-2.0
"""No statement of the lists is without a test, and README.md is up to date."""

import pathlib
import subprocess
import sys


def test_every_statement_has_a_test_and_the_table_is_up_to_date():
    table = pathlib.Path(__file__).with_name("table.py")
    checked = subprocess.run([sys.executable, str(table), "--check"], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
