#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes README.md: for each normative statement the tests that hold it, or why there is none.

Tests are found by collecting them, not by running them. With --check nothing is written; the exit code is 1 if a
statement has neither a test nor a line in not_wire.tsv, a test cites a statement that is not in the lists, or
README.md is not what would be written.
"""

import argparse
import csv
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
LISTS = {"mqtt5": "MQTT 5.0", "mqtt311": "MQTT 3.1.1"}
OPENING = """# Conformance

For every normative statement of the MQTT specifications the wire tests that hold it, found by their marks. Written by
`table.py`; `table.py --check` fails when a statement has no test or this file is out of date. The lists are `mqtt5.tsv`
and `mqtt311.tsv`; statements that no test on the wire can break are in `not_wire.tsv` with the reason.

Run the tests with `/usr/bin/python3 -m pytest test/conformance` (see `../wire/README.md`).
"""


class Collected:
    """The tests of each statement: {(list, id): {file: [function, ...]}}."""

    def __init__(self):
        self.tests = {}
        self.errors = []

    def pytest_collectreport(self, report):
        if report.failed:
            self.errors.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_collection_finish(self, session):
        for item in session.items:
            path = item.path.relative_to(HERE).as_posix()
            for name in LISTS:
                for mark in item.iter_markers(f"{name}_statement"):
                    for identifier in mark.args:
                        functions = self.tests.setdefault((name, identifier), {}).setdefault(path, [])
                        if item.originalname not in functions:
                            functions.append(item.originalname)


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as content:
        return list(csv.DictReader(content, delimiter="\t", quoting=csv.QUOTE_NONE))


def collect():
    collected = Collected()
    options = ["--collect-only", "-p", "no:terminal", "-c", str(HERE.parent / "pytest.ini"), str(HERE)]
    code = pytest.main(options, plugins=[collected])
    if code != pytest.ExitCode.OK:
        sys.exit("\n".join(["the tests cannot be collected:", *collected.errors]))
    return collected.tests


def row_text(name, row, tests, reason):
    if tests:
        held = "<br>".join(
            f"`{path.removeprefix(name + '/')}`: {', '.join(f'`{function}`' for function in functions)}"
            for path, functions in tests.items()
        )
    else:
        held = f"*{reason}*"
    statement = row["statement"].replace("|", "\\|")
    return f"| {row['id']} | {statement} | {held} |"


def document(lists, tests, not_wire):
    parts = [OPENING]
    for name, title in LISTS.items():
        rows = lists[name]
        held = sum((name, row["id"]) in tests for row in rows)
        counts = f"{len(rows)} statements: {held} with tests, {len(rows) - held} not on the wire."
        parts.append(f"\n## {title}\n\nTests are in `{name}/`. {counts}\n")
        parts.append("| id | statement | tests |\n|---|---|---|")
        for row in rows:
            key = (name, row["id"])
            parts.append(row_text(name, row, tests.get(key), not_wire.get(key, "no test")))
    return "\n".join(parts) + "\n"


def problems_of(lists, tests, not_wire):
    known = {(name, row["id"]) for name, rows in lists.items() for row in rows}
    for name, identifier in sorted(known - tests.keys() - not_wire.keys()):
        yield f"{name} {identifier}: no test, and not in not_wire.tsv"
    for name, identifier in sorted(tests.keys() - known):
        yield f"{name} {identifier}: not in the list, but cited by {', '.join(tests[name, identifier])}"
    for name, identifier in sorted(not_wire.keys() - known):
        yield f"{name} {identifier}: not in the list, but in not_wire.tsv"
    for name, identifier in sorted(not_wire.keys() & tests.keys()):
        yield f"{name} {identifier}: in not_wire.tsv, but cited by {', '.join(tests[name, identifier])}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something is missing")
    check = parser.parse_args().check
    lists = {name: rows_of(HERE / f"{name}.tsv") for name in LISTS}
    not_wire = {(row["list"], row["id"]): row["reason"] for row in rows_of(HERE / "not_wire.tsv")}
    tests = collect()
    problems = list(problems_of(lists, tests, not_wire))
    text, path = document(lists, tests, not_wire), HERE / "README.md"
    if not check:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        problems.append("README.md is out of date: run test/conformance/table.py")
    print(*problems, sep="\n", end="\n" if problems else "")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
