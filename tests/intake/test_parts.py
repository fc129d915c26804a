"""A file read in parts gives the events of the file read whole, whatever the parts' size."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jumpsigma.intake.events import ReadStats, Reject, read_events
from jumpsigma.intake.parts import Part, PartReader, parts_of
from jumpsigma.intake.records import Reading

LINES = [
    b'{"a": 1}',
    b"",
    b'{"b": "' + b"x" * 90 + b'"}',
    b"broken",
    b'{"c": 3}\r',
    b"[1]",
    b'{"d": 4}',
]
FILES = {
    "ends with a line break": b"\n".join(LINES) + b"\n",
    "ends without": b"\n".join(LINES),
    "one long line in many parts": b'{"a": "' + b"y" * 400 + b'"}\n{"b": 2}\n',
    "blank lines": b'{"a": 1}\n' + b"\n" * 60 + b'{"b": 2}\n',
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 10, 33, 100])
def test_parts_are_the_whole(name: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(FILES[name])
    whole_rejects: list[Reject] = []
    stats = ReadStats()
    whole = [
        (event.line, event.data, event.raw)
        for event in read_events(path, stats=stats, on_reject=whole_rejects.append)
    ]
    found, rejects, base, totals = [], [], 0, ReadStats()
    parts = parts_of(str(path), size)
    assert len(parts) > 1 or 2 * size > len(FILES[name])
    for part in parts:
        here: list[Reject] = []
        reader = PartReader(
            Part(str(path), part.start, part.end or len(FILES[name]) + 1),
            Reading(str(path), totals, here.append),
        )
        events = (event for block in reader.blocks() for event in block.events())
        found += [(e.line + base, e.data, e.raw) for e in events]
        rejects += [(r.line + base, r.raw) for r in here]
        base += reader.lines
    assert found == whole
    assert rejects == [(r.line, r.raw) for r in whole_rejects]
    assert (totals.read, totals.parsed, totals.rejected) == (
        stats.read,
        stats.parsed,
        stats.rejected,
    )


WHOLE = {
    "an array": b"[" + b",\n".join([b'{"a": 1}'] * 50) + b"]",
    "a pretty object": json.dumps({"a": list(range(50))}, indent=2).encode(),
    "gzip": b"\x1f\x8b" + b"x" * 200,
    "small": b'{"a": 1}\n',
    "utf-16": ('{"a": 1}\n' * 30).encode("utf-16"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_other_forms_are_one_part(name: str, tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(WHOLE[name])
    assert parts_of(str(path), 20) == [Part(str(path))]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(path := tmp_path / "pipe")  # opening it would wait for somebody to write
    assert parts_of(str(path)) == [Part(str(path))]


def test_what_cannot_be_opened_is_left_to_the_reader(tmp_path: Path) -> None:
    for path in ("-", str(tmp_path), str(tmp_path / "missing")):
        assert parts_of(path) == [Part(path)]
