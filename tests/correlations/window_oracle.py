"""Correlations judged by an unrelated engine: pysigma-backend-sqlite on the library's sqlite3.

Compared are the windows in which the condition holds, as pairs of a group and the time at which
the window ends: the oracle tells of every such window, a finding only of the first of a row (S809).
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from streams import MEASURED, OPS, START, Event

import jumpsigma
from jumpsigma.intake.events import Event as Read
from jumpsigma.matcher import Matcher
from jumpsigma.matcher.correlate.windows import Judged

KINDS = ("event_count", "temporal", "temporal_ordered", *MEASURED)
COLUMNS = ("k", "m", "g", "h", "g2", "h2", "v", "v2")
#: Why a window may differ, by the number of the sentence.
REASONS = {
    "S813": "a number and its decimal text are one value; the oracle counts two",
    "S816": "the window ends at an event without the measured field, which takes no part",
    "S817": "`not` is judged on the past timespan; the oracle waits for the timespan to come",
    "S818": "the number is that of the references in order; the oracle counts those present",
}
#: The values of the group, and milliseconds.
Window = tuple[tuple[str, ...], int]


@dataclass(slots=True)
class Tally:
    """What was compared of one type, and what differed for which reason."""

    streams: int = 0
    windows: int = 0
    agreeing: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)


def _base(name: str, column: str, value: str) -> dict[str, Any]:
    return {
        "title": name,
        "name": name,
        "logsource": {"category": "test"},
        "detection": {"s": {column: value}, "condition": "s"},
    }


BASES = (_base("one", "k", "a"), _base("two", "m", "b"), _base("three", "k", "c"))


def documents(rng: Random, kind: str) -> list[dict[str, Any]]:
    """Base rules and a random correlation of a type over them."""
    count = rng.choice((2, 3)) if kind.startswith("temporal") else rng.choice((1, 1, 2, 3))
    names = rng.sample([base["name"] for base in BASES], count)
    section: dict[str, Any] = {
        "type": kind,
        "rules": names,
        "timespan": f"{rng.randint(2, 9)}s",
    }
    group_by = rng.choice(([], ["g"], ["g", "h"]))
    if group_by:
        section["group-by"] = group_by
    if group_by and rng.random() < 0.4:
        section["group-by"] = [*group_by[:-1], "who"]
        section["aliases"] = {
            "who": {name: rng.choice((group_by[-1], f"{group_by[-1]}2")) for name in names}
        }
    threshold: dict[str, Any] = {rng.choice(OPS): rng.choice((1, 2, 2, 3, 4))}
    if kind in MEASURED:
        threshold = {rng.choice(OPS): rng.choice((1, 1.5, 2, 2.5, 3, 6)), "field": "v"}
    if kind == "value_percentile":
        threshold["percentile"] = rng.choice((0, 25, 50, 75, 100))
    if not kind.startswith("temporal") or rng.random() < 0.6:
        section["condition"] = threshold
    elif rng.random() < 0.8:
        section["condition"] = _expression(rng, names)
    return [*BASES, {"title": kind, "correlation": section}]


def _expression(rng: Random, names: list[str]) -> str:
    """A condition that names every rule."""
    text = ""
    for place, name in enumerate(rng.sample(names, len(names))):
        negated = "not " if rng.random() < 0.2 else ""
        text += f" {rng.choice(('and', 'or'))} " * bool(place) + negated + name
    return text


def stream(rng: Random) -> list[Event]:
    """Events in the order of their times, some at once; flat, as a table wants them."""
    found: list[Event] = []
    time = 0.0
    for _ in range(rng.randint(8, 30)):
        time += rng.choice((0, 0.25, 0.5, 1, 1, 2, 5))
        event: Event = {"timestamp": START + time}
        event["k"] = rng.choice(("a", "A", "c", "z"))
        event["m"] = rng.choice(("b", "z"))
        for name in ("g", "h", "g2", "h2"):
            if rng.random() < 0.92:
                event[name] = rng.choice(("x", "X", "x", "yy", 7))
        for name in ("v", "v2"):
            if rng.random() < 0.85:
                event[name] = rng.choice((1, 2, 3, "2", 2.5, "w", "W", -1))
        found.append(event)
    return found


def theirs(query: str, events: list[Event]) -> set[Window]:
    """The windows in which the condition holds, as SQLite says."""
    connection = sqlite3.connect(":memory:")
    try:
        columns = ", ".join(f"{name} COLLATE NOCASE" for name in COLUMNS)
        connection.execute(f"CREATE TABLE logs (timestamp REAL, {columns})")
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        connection.executemany(
            f"INSERT INTO logs VALUES ({marks})",
            ([event["timestamp"], *map(event.get, COLUMNS)] for event in events),
        )
        rows = connection.execute(f"SELECT group_keys, window_end FROM ({query})")
        return {
            (tuple(str(key).lower() for key in json.loads(keys).values()), round(end * 1000))
            for keys, end in rows
        }
    finally:
        connection.close()


def judged_windows(matcher: Matcher, events: list[Event]) -> dict[Window, bool]:
    """Every window of ours that ends with an arrival, and whether the condition holds."""
    found: dict[Window, bool] = {}

    def watch(_: int, judged: Judged, rows: object) -> None:  # noqa: ARG001 - we need no rows
        found[tuple(json.loads(judged.group)), judged.time // 1_000_000] = judged.holds

    with matcher.correlator() as correlator:
        for line, event in enumerate(events, 1):
            read = Read(event, None, line, b"")
            matcher.match_read(read, correlator.add, correlator.left_out)
        list(correlator.findings(watch))
    return found


def compared(kind: str, correlations: int, streams: int, folder: Path) -> Tally:
    """Random correlations of a type, each on random streams."""
    # By name: only one environment has it, and it has no types.
    backend: Any = import_module("sigma.backends.sqlite").sqliteBackend(timestamp_format="unix")
    tally = Tally()
    for number in range(correlations):
        rng = Random(f"oracle {kind} {number}")
        made = documents(rng, kind)
        path = folder / f"{kind}{number}.yml"
        path.write_text(yaml.safe_dump_all(made), encoding="utf-8")
        matcher = jumpsigma.compile(jumpsigma.load_pack(path), mapping="sigma")
        assert len(matcher.correlations) == 1, matcher.refused
        query = backend.convert(SigmaCollection.from_dicts(made))[-1]
        for _ in range(streams):
            events = stream(rng)
            _compare(tally, made[-1]["correlation"], str(query), matcher, events)
    return tally


def _compare(
    tally: Tally, section: dict[str, Any], query: str, matcher: Matcher, events: list[Event]
) -> None:
    expected = theirs(query, events)
    windows = judged_windows(matcher, events)
    found = {window for window, holds in windows.items() if holds}
    tally.streams += 1
    tally.windows += len(windows)
    tally.agreeing += len(found & expected)
    differing = found ^ expected
    if not differing:
        return
    numbers = [{**event, "v": _number(event.get("v"))} for event in events]
    without_texts = theirs(query, numbers)
    for window in differing:
        condition = section.get("condition")
        if section["type"] in MEASURED and window not in windows:
            tally.explained["S816"] += 1
        elif section["type"] == "value_count" and (window in found) == (window in without_texts):
            tally.explained["S813"] += 1
        elif isinstance(condition, str) and "not " in condition:
            tally.explained["S817"] += 1
        elif (
            section["type"] == "temporal_ordered"
            and isinstance(condition, dict)
            and not condition.keys() & {"gt", "gte"}
        ):
            tally.explained["S818"] += 1
        else:
            tally.differing.append(f"{section} {window} {window in found} {events}")


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


__all__ = ["KINDS", "REASONS", "Tally", "compared"]
