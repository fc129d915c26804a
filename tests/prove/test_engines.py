"""The engines that come with the development environment do what they are taken for."""

from __future__ import annotations

import pytest
from engines.catalogue import ENGINES, problem
from engines.engine import QueryError

#: The light ones that return the rows of a table.
SQL = ("duckdb", "sqlite3")


@pytest.mark.parametrize("name", [name for name, entry in ENGINES.items() if entry.light])
def test_an_engine_answers_and_refuses(name: str) -> None:
    engine = ENGINES[name].start()
    assert engine.available()
    assert problem(name, engine) is None
    engine.close()


@pytest.mark.parametrize("name", SQL)
def test_a_result_without_ids_proves_nothing(name: str) -> None:
    engine = ENGINES[name].start()
    engine.load({"one": {"a": 1}})
    with pytest.raises(QueryError, match="no column id"):
        engine.run("SELECT event FROM events")
    assert engine.run("SELECT e.* FROM events e, events f") == ["one"]
    assert engine.run("SELECT id FROM events UNION ALL SELECT id FROM events") == ["one", "one"]
    engine.close()
