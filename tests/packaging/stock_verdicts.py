"""Runs where only stock pySigma is: rules as SQL, put to the standard library's SQLite.

Reads a request (JSON) and prints one answer for each of its jobs: for every event whether the
query finds it, or why there is no query. A job is ``{rule, pipeline, lists, events}``: the path
of a rule file, that of a mapping, values of placeholders, and events flattened to columns.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline

NUMBER = "row_number"


@cache
def text_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def queries(job: dict[str, Any]) -> list[str]:
    values = {"name": "lists", "priority": 1, "vars": job["lists"]}
    values["transformations"] = [{"type": "value_placeholders"}]
    pipeline = ProcessingPipeline.from_dict(values) + ProcessingPipeline.from_yaml(
        text_of(job["pipeline"])
    )
    backend = import_module("sigma.backends.sqlite").sqliteBackend(pipeline, collate_nocase=True)
    return list(backend.convert(SigmaCollection.from_yaml(text_of(job["rule"]))))


def found(sql: list[str], events: list[dict[str, Any]]) -> list[bool]:
    columns = list(dict.fromkeys(name for event in events for name in event))
    while True:
        connection = sqlite3.connect(":memory:")
        connection.create_function("REGEXP", 2, matches, deterministic=True)
        try:
            # NUMERIC, so that 7045 is "7045" too (S351): which of them it is depends on the sender.
            declared = [f"{quoted(name)} NUMERIC COLLATE NOCASE" for name in columns]
            connection.execute(f"CREATE TABLE logs ({', '.join([NUMBER, *declared])})")
            marks = ", ".join("?" * (len(columns) + 1))
            rows = [[number, *map(event.get, columns)] for number, event in enumerate(events)]
            connection.executemany(f"INSERT INTO logs VALUES ({marks})", rows)
            hits = {row[0] for query in sql for row in connection.execute(query)}
            return [number in hits for number in range(len(events))]
        except sqlite3.OperationalError as error:
            missing = re.search('no such column: [`"]?([^`"]+)', str(error))
            if missing is None or missing[1] in columns:
                raise
            columns.append(missing[1])
        finally:
            connection.close()


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def matches(pattern: str, value: Any) -> bool:
    return value is not None and re.search(pattern, str(value)) is not None


def answer(job: dict[str, Any]) -> dict[str, Any]:
    try:
        sql = queries(job)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": f"{type(error).__name__}: {error}"}
    return {"found": found(sql, job["events"]), "sql": sql}


if __name__ == "__main__":
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump([answer(job) for job in jobs], sys.stdout)
