"""The databases: exact queries, refusals, and what they return of events hard to ask for."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import re2
from snippets import exported

from jumpsigma.diagnostics import Diagnostic

QUERIES = {
    ("sqlite", "{event_type: user_delete}"): (
        "SELECT * FROM events WHERE EXISTS (SELECT 1 FROM"
        " json_tree(event -> '$.\"event_type\"') AS v"
        " WHERE ltrim(v.fullkey, '$[]0123456789') = '' AND v.type <> 'array'"
        " AND (lower(CASE v.type WHEN 'text' THEN v.atom END) = 'user_delete'))"
    ),
    ("duckdb", "{mfa|exists: true}"): (
        "SELECT * FROM events WHERE (event -> '$.\"mfa\"') IS NOT NULL"
    ),
    ("duckdb", "{resource.name|re: 'a.b'}"): (
        "SELECT * FROM events WHERE EXISTS (SELECT 1 FROM"
        " json_tree(event -> '$.\"resource\"') AS v_0,"
        " json_tree(CASE v_0.type WHEN 'OBJECT' THEN v_0.value END -> '$.\"name\"') AS v"
        " WHERE ltrim(v_0.fullkey, '$[]0123456789') = '' AND ltrim(v.fullkey, '$[]0123456789') = ''"
        " AND v.type <> 'ARRAY' AND (regexp_matches((v.atom ->> '$'), 'a.b')))"
    ),
    ("postgres", "{initiated_by.email: it's@example.com}"): (
        "SELECT * FROM events WHERE EXISTS (SELECT 1 FROM jsonb_path_query(event,"
        ' \'$."initiated_by"[*][*][*][*]."email"[*][*][*][*]\') AS v'
        " WHERE lower(CASE jsonb_typeof(v) WHEN 'string' THEN v #>> '{}' END)"
        " = 'it''s@example.com')"
    ),
    ("clickhouse", "{success|exists: false}"): (
        "SELECT * FROM events WHERE NOT JSONHas(event, 'success')"
    ),
    ("databricks", "{mfa|exists: true}"): (
        "SELECT * FROM events WHERE try_variant_get(parse_json(event), '$[\"mfa\"]') IS NOT NULL"
    ),
}


@pytest.mark.parametrize(("target", "detection"), QUERIES)
def test_the_query_is_exactly_this(tmp_path: Path, target: str, detection: str) -> None:
    assert exported(tmp_path, target, detection) == QUERIES[target, detection]


PIECES = [
    ("sqlite", "{a|contains: '50%_!'}", "LIKE '%50!%!_!!%' ESCAPE '!'"),
    ("sqlite", "{a|cased|contains: '[x]*?'}", "GLOB '*[[]x]*?*'"),
    ("clickhouse", r"{a|contains: 'c:\50%'}", r"LIKE '%c:\\\\50\\%%'"),
    ("clickhouse", "{a|re: '.'}", "'(?-s).'"),
    ("databricks", r"{a: '${x}'}", r"'\u0024{x}'"),
    ("databricks", r"{a: 'it''s'}", r"'it\'s'"),
    ("databricks", "{a|re: 'x$'}", r"RLIKE '\\A(?s:.*)(?:x\\z)(?s:.*)\\z'"),
    ("postgres", r"{a|re: '\bx'}", r"(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])"),
    ("postgres", r"{a|contains: 'a\b'}", r"LIKE '%a\b%' ESCAPE '!'"),
    ("duckdb", "{a: [x, y]}", "IN ('x', 'y')"),
]


@pytest.mark.parametrize(("target", "detection", "piece"), PIECES)
def test_a_query_has_this_in_it(tmp_path: Path, target: str, detection: str, piece: str) -> None:
    query = exported(tmp_path, target, detection)
    assert isinstance(query, str), query
    assert piece in query


REFUSED = [
    ("sqlite", "{a|re: x}", "JS067", "no regular expressions of its own"),
    ("sqlite", "{a|cidr: 192.0.2.0/24}", "JS067", "told by an expression"),
    ("sqlite", "{a|gt: 5}", "JS067", "may be a number"),
    ("sqlite", "{a: Zürich}", "JS066", "does not lower ü"),
    ("duckdb", "{a: İzmir}", "JS066", "does not lower İ"),
    ("duckdb", "{timestamp|hour: 3}", "JS065", "parts of a time"),
    ("duckdb", "{'a\"b': x}", "JS066", "a field with the name"),
    ("databricks", "{a|re: '(a|b)+'}", "JS066", "a part that repeats or has alternatives"),
    ("postgres", r"{a|re: 'a\B'}", "JS066", "RE2 also finds within a character"),
]


@pytest.mark.parametrize(("target", "detection", "code", "reason"), REFUSED)
def test_what_a_database_cannot_say(
    tmp_path: Path, target: str, detection: str, code: str, reason: str
) -> None:
    refusal = exported(tmp_path, target, detection)
    assert isinstance(refusal, Diagnostic), refusal
    assert (refusal.code, reason in refusal.message) == (code, True)


#: Detection, events that it finds, events that it does not.
ROWS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    (
        "{initiated_by.email: A@example.com}",
        [
            {"initiated_by": {"email": "a@EXAMPLE.com"}},
            {"initiated_by": [{"email": ["a@example.com"]}]},
        ],
        [{"initiated_by": {"email": None}}, {"initiated_by.email": "a@example.com"}, {}],
    ),
    ("{success: false}", [{"success": False}, {"success": "False"}], [{"success": 0}, {}]),
    ("a: {success: true}\ncondition: not a", [{"success": False}, {}], [{"success": True}]),
    (
        "{'changes[totp_enabled].to': false}",
        [{"changes": [{"field": "x", "to": True}, {"field": "TOTP_enabled", "to": False}]}],
        [{"changes": [{"field": "totp_enabled", "to": True}, {"field": "x", "to": False}]}, {}],
    ),
    ("{a: null}", [{}, {"a": None}, {"a": []}], [{"a": ""}, {"a": {}}]),
    ("{a|gt: 5}", [{"a": 6}, {"a": "+6.0"}], [{"a": "6x"}, {"a": True}, {"a": [5]}]),
    ("['needle']", [{"x": {"y": ["a NEEDLE b"]}}], [{"needle": 1}]),
]


@pytest.mark.parametrize(("detection", "match", "no_match"), ROWS)
def test_sqlite_returns_what_the_rule_means(
    tmp_path: Path,
    detection: str,
    match: list[dict[str, Any]],
    no_match: list[dict[str, Any]],
) -> None:
    query = exported(tmp_path, "sqlite", detection, functions="yes")
    assert isinstance(query, str), query
    connection = sqlite3.connect(":memory:")
    connection.create_function(
        "regexp", 2, lambda p, text: text is not None and re2.search(p, str(text)) is not None
    )
    connection.execute("CREATE TABLE events (id, event)")
    rows = [*((f"yes {n}", each) for n, each in enumerate(match)),
            *((f"no {n}", each) for n, each in enumerate(no_match))]  # fmt: skip
    connection.executemany(
        "INSERT INTO events VALUES (?, ?)", [(name, json.dumps(each)) for name, each in rows]
    )
    found = sorted(name for name, _ in connection.execute(query))
    assert found == [name for name, _ in rows if name.startswith("yes")]
