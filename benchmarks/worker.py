"""One row in a process of its own, which works when it is told to.

It reads lines from standard input: first a JSON object (:class:`Task`), then names of what it
knows to do: ``baseline``, ``candidate``, ``same`` and parts of the candidate. To each it answers
with a line of JSON. The process lives for all runs of the row, so that rules are loaded once, and
two revisions of the code can take turns.
"""

from __future__ import annotations

import gc
import gzip
import hashlib
import inspect
import json
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, assert_never

import orjson

import jumpsigma
from benchmarks.apart import Looking, hyperscan_alone, split_lines
from benchmarks.rows import (
    BY_NAME,
    Hyperscan,
    Lines,
    Loop,
    Row,
    Scan,
    UnpackAndScan,
    Whole,
    Work,
)
from benchmarks.rulesets import matcher_of
from jumpsigma.matcher import Finding, Matcher


@dataclass(frozen=True, slots=True)
class Task:
    """A row by name, the files of its workloads, how many indicators, and where the rest is."""

    row: str
    files: dict[str, list[str]]
    scratch: str
    sigmahq: str | None
    indicators: int


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds on the wall and of the processor (all threads and child processes), and how many.

    ``count`` is of bytes or elements for a baseline that only reads, of findings for a scan.
    """

    wall: float
    cpu: float
    count: int


def main() -> None:
    """Serve one row until standard input ends."""
    task = Task(**json.loads(sys.stdin.readline()))
    row = BY_NAME[task.row]
    matchers = _Matchers(task)
    work = {
        "baseline": _runner(row.baseline, task, matchers),
        "candidate": _runner(row.candidate, task, matchers),
        **_parts(row, task, matchers),
    }
    rules = matchers.of(row.candidate.rules).reporting if isinstance(row.candidate, Scan) else 0
    _answer({"rules": rules, "code": str(Path(jumpsigma.__file__).resolve()), "knows": [*work]})
    for line in sys.stdin:
        match line.strip():
            case "same":
                digests = {_digest(each, task, matchers) for each in (row.baseline, row.candidate)}
                _answer({"same": len(digests) == 1})
            case name:
                _answer(asdict(_timed(work[name])))


class _Matchers:
    """Each set of rules once."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._made: dict[str, Matcher] = {}

    def of(self, rules: str) -> Matcher:
        if rules not in self._made:
            sigmahq = self._task.sigmahq
            self._made[rules] = matcher_of(
                rules,
                sigmahq=Path(sigmahq) if sigmahq else None,
                scratch=Path(self._task.scratch),
                indicators=self._task.indicators,
            )
        return self._made[rules]


def _runner(work: Work, task: Task, matchers: _Matchers) -> Callable[[], int]:
    match work:
        case Loop(events):
            return lambda: sum(_loop(path) for path in task.files[events])
        case Whole(events):
            return lambda: sum(_whole(path) for path in task.files[events])
        case Scan():
            scan = _findings(work, task, matchers)
            return lambda: sum(1 for _ in scan())
        case UnpackAndScan(packed, plain, rules):
            scan = _findings(Scan(plain, rules), task, matchers)

            def unpack_and_scan() -> int:
                for path in task.files[packed]:
                    _unpack(path)
                return sum(1 for _ in scan())

            return unpack_and_scan
        case Lines(events):
            return lambda: sum(map(split_lines, task.files[events]))
        case Hyperscan(events):
            return lambda: sum(map(hyperscan_alone, task.files[events]))
        case _:
            assert_never(work)


def _parts(row: Row, task: Task, matchers: _Matchers) -> dict[str, Callable[[], int]]:
    scan = row.candidate
    if not row.has_parts or not isinstance(scan, Scan):
        return {}
    matcher, paths = matchers.of(scan.rules), task.files[scan.events]
    if not hasattr(matcher, "prefilter"):  # an old revision
        return {}
    looking = Looking(matcher, paths)
    return {
        "look": lambda: looking.run(parse=False),
        "parse": lambda: looking.run(parse=True),
    }


def _loop(path: str) -> int:
    with open(path, "rb") as file:  # noqa: PTH123 - as everybody writes it
        for line in file:
            orjson.loads(line)
        return file.tell()


def _whole(path: str) -> int:
    return len(orjson.loads(gzip.decompress(Path(path).read_bytes())))


def _unpack(path: str) -> None:
    if path.endswith(".zst"):
        import zstandard

        with Path(path).open("rb") as packed:
            deque(zstandard.ZstdDecompressor().read_to_iter(packed, write_size=1 << 20), maxlen=0)
        return
    from isal import igzip

    with igzip.open(path, "rb") as packed:  # type: ignore[no-untyped-call]
        while packed.read(1 << 20):
            pass


def _findings(work: Scan, task: Task, matchers: _Matchers) -> Callable[[], Iterator[Finding]]:
    matcher, paths = matchers.of(work.rules), task.files[work.events]
    options: dict[str, Any] = {}
    if work.jobs > 1:
        options["jobs"] = work.jobs
    # Revisions before the prefilter parse every line anyway.
    if work.strict and "every" in inspect.signature(matcher.scan_all).parameters:
        options["every"] = True
    return lambda: matcher.scan_all(paths, **options)


def _timed(work: Callable[[], int]) -> Run:
    gc.collect()
    cpu, wall = _processor(), time.perf_counter()
    count = work()
    return Run(time.perf_counter() - wall, _processor() - cpu, count)


def _processor() -> float:
    own, children = (resource.getrusage(who) for who in _WHO)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _digest(work: Work, task: Task, matchers: _Matchers) -> str:
    """Which findings a scan gives, in which order."""
    if not isinstance(work, Scan):
        return ""
    digest = hashlib.sha256()
    for each in _findings(work, task, matchers)():
        digest.update(f"{each.rule_id} {each.event_id} {each.source}\n".encode())
    return digest.hexdigest()


def _answer(value: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
