"""Kill a process while it adds to a store, many times, and look at what is left.

``python killed.py FOLDER FIRST RUNS``: run n of those depends on n alone. Prints a JSON object:
how often the store was as before, how often as after. Whatever else it finds is an error.

Every second run dies within SQLite, after a number of its steps; the others at any moment.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from jumpsigma.intel import database
from jumpsigma.intel.model import Entry
from jumpsigma.intel.store import open_store

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVERY = 200  # instructions of SQLite between two looks at whether to die
LATEST = 1.2  # of the time, or of the steps, that a run takes

Steps = list[int]


def feed(turn: int) -> Iterator[Entry]:
    """New, changed, unchanged, revoked and replaced indicators."""
    chance = random.Random(turn)
    for number in range(chance.randrange(50, 1500)):
        yield Entry(f"turn{turn}-{number}.example", confidence=turn % 100)
        yield Entry(f"common{number % 300}.example", confidence=chance.randrange(3))
    for number in range(chance.randrange(200)):
        version = NOW.replace(day=1 + turn % 28)
        yield Entry(
            f"of{number}.turn{turn % 4}.example",
            reference=f"indicator--{number}",
            modified=version,
            revoked=number % 5 == turn % 5,
        )


def take_turn(path: Path, turn: int) -> None:
    with open_store(path, create=True) as store:
        store.add(feed(turn), source="s", state={"turn": str(turn)}, now=NOW)


def content(path: Path) -> list[object]:
    """All that the store says; the file must be sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return []
        indicators = connection.execute(
            "SELECT list.name, kind, value, source.name, origin, reference, revoked, confidence, "
            "modified FROM indicator JOIN list ON list.id = indicator.list "
            "JOIN source ON source.id = indicator.source ORDER BY 1, 2, 3, 4, 5, 6"
        )
        return [*indicators, *connection.execute("SELECT * FROM state")]


def count_steps(steps: Steps, deadly: int | None) -> int:
    steps[0] += 1
    if steps[0] == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0


def watch(steps: Steps, deadly: int | None) -> None:
    """Count the steps of every connection that is made, and die at one of them."""
    connect = database._connect

    def connect_watched(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.set_progress_handler(partial(count_steps, steps, deadly), EVERY)
        return connection

    database._connect = connect_watched


def measure(path: Path, turn: int) -> tuple[int, float]:
    """Steps and seconds that a run takes, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        steps = [0]
        watch(steps, None)
        begin = time.perf_counter()
        take_turn(path, turn)
        os.write(writing, json.dumps([steps[0], time.perf_counter() - begin]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        steps_taken, seconds = json.load(pipe)
    return steps_taken, seconds


def killed_at_a_step(path: Path, turn: int, deadly: int) -> None:
    child = os.fork()
    if not child:
        watch([0], deadly)
        take_turn(path, turn)
        os._exit(0)
    os.waitpid(child, 0)


def killed_at_a_moment(path: Path, turn: int, seconds: float) -> None:
    child = os.fork()
    if not child:
        take_turn(path, turn)
        os._exit(0)
    time.sleep(seconds)  # this is the moment; nothing is expected to have happened by then
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def run(folder: Path, turn: int) -> str:
    """Add to a store and die; ``before`` or ``after``."""
    chance = random.Random(f"kill {turn}")
    path, twin = folder / "killed" / "indicators.sqlite", folder / "whole" / "indicators.sqlite"
    shutil.rmtree(twin.parent, ignore_errors=True)
    if turn % 10 == 0:  # to die while the store is made
        shutil.rmtree(path.parent, ignore_errors=True)
    before: list[object] = []
    if path.exists():
        before = content(path)  # also clears what the last run left beside it
        twin.parent.mkdir(mode=0o700)
        shutil.copy(path, twin)
    steps, seconds = measure(twin, turn)
    after = content(twin)
    assert before != after, f"run {turn} changes nothing, so that it can show nothing"
    if turn % 2:
        killed_at_a_step(path, turn, chance.randrange(1, int(steps * LATEST) + 2))
    else:
        killed_at_a_moment(path, turn, chance.random() * seconds * LATEST)
    left = content(path) if path.exists() else []
    if left == after:
        return "after"
    if left == before:
        return "before"
    raise AssertionError(f"run {turn} left something between before and after")


def main() -> None:
    folder, first, runs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    outcomes = Counter(run(folder, turn) for turn in range(first, first + runs))
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
