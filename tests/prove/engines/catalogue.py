"""The engines by name, each with a question whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from engines.engine import Engine, QueryError


@dataclass(frozen=True, slots=True)
class Entry:
    """An engine: its class, a query for the events of :data:`EVENTS`, and one that is none.

    ``light``: it comes with the development environment, and ``make test`` runs it.
    """

    module: str
    cls: str
    query: str
    wrong: str
    light: bool = False

    def start(self) -> Engine:
        """A new engine.

        Raises :class:`ImportError` where it is not installed.
        """
        made: Callable[[], Engine] = getattr(import_module(f"engines.{self.module}"), self.cls)
        return made()


#: Every query of the catalogue returns the last two: `a.b` is not `x`, or is missing.
EVENTS: dict[str, dict[str, Any]] = {
    "one": {"a": {"b": "x"}},
    "two": {"a": {"b": "it's"}, "n": 5},
    "three": {"n": 7, "flag": True, "list": [{"field": "é"}]},
}
ANSWER = ["three", "two"]

_WRONG_SQL = "SELECT id FROM events WHERE ((1 = 1"

ENGINES: dict[str, Entry] = {
    "sqlite3": Entry(
        "sqlite",
        "Sqlite",
        "SELECT id FROM events WHERE coalesce(event ->> '$.a.b', '') NOT REGEXP '^x$'",
        _WRONG_SQL,
        light=True,
    ),
    "duckdb": Entry(
        "duckdb_engine",
        "DuckDB",
        "SELECT * FROM events WHERE coalesce(event ->> '$.a.b', '') != 'x'",
        _WRONG_SQL,
        light=True,
    ),
    "chdb": Entry(
        "chdb_engine",
        "ChDB",
        "SELECT * FROM events WHERE JSONExtractString(event, 'a', 'b') != 'x'",
        _WRONG_SQL,
    ),
    "pyspark": Entry(
        "spark",
        "Spark",
        "SELECT * FROM events WHERE coalesce(get_json_object(event, '$.a.b'), '') != 'x'",
        _WRONG_SQL,
    ),
    "postgresql": Entry(
        "postgres",
        "Postgres",
        "SELECT * FROM events WHERE coalesce(event #>> '{a,b}', '') NOT LIKE 'x'",
        _WRONG_SQL,
    ),
    "osmem-server": Entry("opensearch", "OpenSearch", "NOT a.b:x", "a.b:(x"),
    "kusto": Entry(
        "kusto",
        "Kusto",
        'JumpCloud_CL | where tostring(todynamic(a)["b"]) != "x"',
        "JumpCloud_CL | where a =~ true",
    ),
    "osmem-elastic": Entry("opensearch", "Elastic", "NOT a.b:x", "a.b:(x"),
    "eql": Entry("eql_engine", "Eql", 'any where a.b == null or not a.b : "X"', "any where (a.b"),
    "jumpcloud": Entry(
        "jumpcloud_model",
        "JumpCloudModel",
        '{"request": {"service": ["all"], "start_time": "2000-01-01T00:00:00Z",'
        ' "search_term": {"not": [{"a.b": "x"}]}}}',
        '{"request": {"service": ["all"]}}',
        light=True,
    ),
    "sekoia": Entry(
        "sekoia",
        "Sekoia",
        "detection:\n  one:\n    a.b|startswith: X\n  condition: not one\n",
        "detection:\n  one:\n    a.b|exists: x\n  condition: one\n",
        light=True,
    ),
    "panther": Entry(
        "panther",
        "Panther",
        "def rule(event):\n    return (event.get('a') or {}).get('b') != 'x'\n",
        "def rule(event):\n    return event['a']['b']\n",
        light=True,
    ),
    "aql-model": Entry(
        "aql_model",
        "AqlModel",
        "SELECT starttime, UTF8(payload) FROM events WHERE LOGSOURCETYPENAME(deviceType) ="
        " 'JumpCloud' AND (NOT (\"JumpCloud a b\" IS NOT NULL AND LOWER(\"JumpCloud a b\") = 'x'))"
        " LAST 1 DAYS",
        "SELECT starttime, UTF8(payload) FROM events WHERE NOT \"JumpCloud a b\" = 'x' LAST 1 DAYS",
        light=True,
    ),
    "logscale-model": Entry(
        "logscale_model", "LogScaleModel", "#type=x\n| not (a.b=/^x$/i)", "#type=x\n| (", light=True
    ),
    "logql-model": Entry(
        "logql_model",
        "LogQlModel",
        '{job="x"}\n| json | __error__=""\n| a_b!~`(?i)x`',
        '{job="x"}\n| json | __error__=""\n| a_b!~`(`',
        light=True,
    ),
    "logsql-model": Entry(
        "logsql_model",
        "LogsQlModel",
        '{job="x"} AND NOT a.b:~`(?i)^x$`',
        '{job="x"} AND NOT a.b:~`(`',
        light=True,
    ),
    "spl-model": Entry(
        "spl_model",
        "SplModel",
        """index=x\n| where isnull(mvfilter(match('a.b', "^x\\z")))""",
        "index=x\n| where isnull(",
        light=True,
    ),
    "yaral-model": Entry(
        "yaral_model",
        "YaraLModel",
        '$e.metadata.log_type = "JUMPCLOUD_DIRECTORY_INSIGHTS"\n'
        'not ($e.extracted.fields["a.b"] = "X" nocase)',
        'not $e.extracted.fields["a.b"] = "x"',
        light=True,
    ),
    "sumo-model": Entry(
        "sumo_model",
        "SumoModel",
        '_sourceCategory=*JumpCloud* | json "a.b" as one nodrop'
        ' | where !(!isNull(one) and toLowerCase(one) = "x")',
        '_sourceCategory=*JumpCloud* | json "a.b" as one nodrop | where ! one = "x"',
        light=True,
    ),
}


def problem(name: str, engine: Engine) -> str | None:
    """What an engine does wrong with its own question, or None."""
    entry = ENGINES[name]
    engine.load(EVENTS)
    if (found := engine.run(entry.query)) != ANSWER:
        return f"{entry.query} returns {found}, not {ANSWER}"
    try:
        found = engine.run(entry.wrong)
    except QueryError:
        return None
    return f"{entry.wrong} is no query, and yet returns {found}"
