# SPDX-License-Identifier: Apache-2.0
"""Nested dicts and lists as TOML: enough for a broker's configuration file."""

import json


def merge(base, overrides):
    """A copy of base where overrides win; tables are merged, everything else (lists too) is replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both_tables else value
    return merged


def _is_tables(value):
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    return json.dumps(str(value)) if not isinstance(value, (int, float)) else repr(value)


def write(table, path=()):
    """The text of a table; `path` names the one it stands in."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) and not _is_tables(value)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        name = ".".join((*path, key))
        if isinstance(value, dict):
            lines += [f"\n[{name}]", write(value, (*path, key))]
        elif _is_tables(value):
            for entry in value:
                lines += [f"\n[[{name}]]", write(entry, (*path, key))]
    return "\n".join(lines)
