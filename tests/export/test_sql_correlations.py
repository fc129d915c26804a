"""Correlations of the databases on events with copies, instants and lists, beside their meaning.

The slow twin of the matcher's windows says what SQLite has to return of events made at random.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import re2

from jumpsigma import api, load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.interpret.correlations import Given, correlate

Event = dict[str, Any]

RULE = """
title: {name}
name: {name}
logsource: {{product: jumpcloud}}
detection: {{selection: {{event_type|contains: {name}}}, condition: selection}}
---
"""
BASES = "".join(RULE.format(name=name) for name in ("red", "blue"))

#: By name: type, condition, and whether numbers have to be whole.
CORRELATIONS: dict[str, tuple[str, str, bool]] = {
    "at least": ("event_count", "{gte: 4}", False),
    "fewer": ("event_count", "{lt: 3}", False),
    "as many": ("event_count", "{eq: 2}", False),
    "not as many": ("event_count", "{neq: 3}", False),
    "distinct": ("value_count", "{lte: 2, field: size}", False),
    "sum": ("value_sum", "{gt: 6, field: size}", True),
    "sum below zero": ("value_sum", "{lt: 0, field: size}", True),
    "mean": ("value_avg", "{gte: 2.5, field: size}", True),
    "median": ("value_median", "{lt: 1.75, field: size}", False),
    "the same median": ("value_median", "{eq: 2.5, field: size}", False),
    "percentile": ("value_percentile", "{gt: 3.7, field: size, percentile: 85}", True),
    "both": ("temporal", "{gte: 2}", False),
    "one of two": ("temporal", "{eq: 1}", False),
    "one without the other": ("temporal", "red and not blue", False),
    "not one without the other": ("temporal", "not red or blue", False),
}


@pytest.mark.parametrize("groups", [(), ("who", "where")])
@pytest.mark.parametrize("name", CORRELATIONS)
def test_sqlite_finds_what_the_correlation_means(
    name: str, groups: tuple[str, ...], tmp_path: Path
) -> None:
    kind, condition, whole = CORRELATIONS[name]
    listed = f"group-by: [{', '.join(groups)}], " if groups else ""
    path = tmp_path / "rules.yml"
    path.write_text(
        f"{BASES}title: {name}\ncorrelation: {{type: {kind}, rules: [red, blue], timespan: 30s,"
        f" {listed}condition: {condition}}}\n",
        encoding="utf-8",
    )
    pack = load_pack(path, cases=False)
    options = {"functions": "yes", **({"measured": "whole"} if whole else {})}
    exported = api.export_queries(pack, "sqlite", options=options)
    (query,) = [each.text for each in exported.queries]
    correlations = lower_pack(pack, "jumpcloud").correlations
    findings = 0
    for seed in range(2):
        events = list(history(random.Random(seed), whole=whole))
        given = [Given(event, "events", line) for line, event in enumerate(events)]
        found = [str(each.completing.event["id"]) for each in correlate(correlations, given)]
        assert sorted(returned(query, events)) == sorted(found), f"seed {seed}"
        findings += len(found)
    assert findings > 0


def history(chance: random.Random, *, whole: bool) -> Iterator[Event]:
    """Events of two people in eight minutes; one in four has a copy that says something else."""
    sizes: list[Any] = [0, 1, 2, "3", 4, -5, [2, 2], [1, ["4"], None], "x", None, True, {"a": 1}]
    sizes += [] if whole else [0.1, 0.2, "2.5", 1e300, [1.5, 1.5, 3]]
    for number in range(50):
        minute, second = divmod(chance.randrange(48) * 10, 60)
        fraction = chance.choice(("", ".5", ".000000001"))
        event: Event = {
            "id": f"e{number:03}",
            "timestamp": f"2026-11-02T09:{minute:02}:{second:02}{fraction}Z",
        }
        for _ in range(chance.choice((1, 1, 1, 2))):
            event |= {
                "event_type": chance.choice(("red", "blue", "red and blue", "green")),
                "who": chance.choice(("ann", ["Ann", "bo", "ann"], "bo", 7, "7", None)),
                "where": chance.choice(("here", "there", ["here", "HERE", "there"])),
                "size": chance.choice(sizes),
            }
            yield dict(event)


def returned(query: str, events: list[Event]) -> list[str]:
    """The ids that a query returns."""
    connection = sqlite3.connect(":memory:")
    connection.create_function(
        "regexp", 2, lambda pattern, text: text is not None and bool(re2.search(pattern, str(text)))
    )
    connection.execute("CREATE TABLE events (event TEXT)")
    rows = [(json.dumps(event),) for event in events]
    connection.executemany("INSERT INTO events VALUES (?)", rows)
    found = [str(row[0]) for row in connection.execute(query)]
    connection.close()
    return found
