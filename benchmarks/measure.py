"""Runs in pairs: baseline and candidate in turn, and of each pair the ratio.

Times on a machine that does other things swing by more than what is to be seen. What two runs that
follow each other have in common falls out of their ratio, and the median of several ratios does
without the pair that was disturbed. All runs of a row are made in one process, because a fresh one
for each would load the rules each time, and its first megabytes would be read into cold caches.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any, cast

from benchmarks.events import Store
from benchmarks.revisions import Revision, python
from benchmarks.rows import Row, UnpackAndScan
from benchmarks.worker import Run, Task


@dataclass(frozen=True, slots=True)
class Pair:
    """A run of the baseline and one of the candidate, next to each other.

    Behind them those parts of the candidate that can be told apart: reading and looking through
    raw bytes; the same, and parsing what that leaves.
    """

    baseline: Run
    candidate: Run
    look: Run | None = None
    parse: Run | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several numbers, the least and the greatest."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """At least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Measured:
    """A row at one revision.

    ``size`` is in bytes, as the files are stored. ``first`` is the first scan with a matcher, which
    chooses and compiles what later ones have. ``same``: whether two scans gave the same
    findings in the same order, where that is asked.
    """

    row: Row
    revision: str
    rules: int
    events: int
    size: int
    findings: int
    first: Run
    pairs: tuple[Pair, ...]
    same: bool | None

    @property
    def wall(self) -> Spread:
        """Candidate over baseline, on the wall."""
        return Spread.of([each.candidate.wall / each.baseline.wall for each in self.pairs])

    @property
    def cpu(self) -> Spread:
        """Candidate over baseline, of the processor."""
        return Spread.of([each.candidate.cpu / each.baseline.cpu for each in self.pairs])

    @property
    def first_cpu(self) -> float:
        """The first scan over the baselines of later rounds, of the processor."""
        return self.first.cpu / median(each.baseline.cpu for each in self.pairs)

    @property
    def rate(self) -> float:
        """Findings an event."""
        return self.findings / self.events

    @property
    def is_right(self) -> bool:
        """Whether the workload has the findings that the title says, the same ones in both scans.

        Else its times mean nothing.
        """
        least, most = self.row.findings
        return least <= self.rate <= most and self.same is not False

    @property
    def is_fast_enough(self) -> bool:
        """Whether the row costs no more than it may."""
        return self.row.most is None or self.wall.median <= self.row.most

    @property
    def parts(self) -> tuple[float, float, float] | None:
        """Looking through, parsing, and all that follows, as multiples of the baseline's time."""
        parts = [
            (
                each.look.cpu / each.baseline.cpu,
                (each.parse.cpu - each.look.cpu) / each.baseline.cpu,
                (each.candidate.cpu - each.parse.cpu) / each.baseline.cpu,
            )
            for each in self.pairs
            if each.look is not None and each.parse is not None
        ]
        if not parts:
            return None
        look, parse, rest = map(median, zip(*parts, strict=True))
        return look, parse, rest


_PARTS = ("look", "parse")


class Worker:
    """A process that runs one row with the code of one revision."""

    def __init__(self, process: subprocess.Popen[str], task: Task) -> None:
        self._to = cast("IO[str]", process.stdin)
        self._from = cast("IO[str]", process.stdout)
        ready = self._ask(json.dumps(asdict(task)))
        self.rules: int = ready["rules"]
        self.code: str = ready["code"]
        self._knows = frozenset[str](ready["knows"])

    def pair(self) -> Pair:
        """Baseline and candidate, next to each other, and the candidate's parts."""
        return Pair(self._run("baseline"), self._run("candidate"), *map(self._part, _PARTS))

    def _run(self, what: str) -> Run:
        return Run(**self._ask(what))

    def _part(self, what: str) -> Run | None:
        return self._run(what) if what in self._knows else None

    def same(self) -> bool:
        """Whether baseline and candidate, both scans, give the same findings in the same order."""
        return bool(self._ask("same")["same"])

    def _ask(self, line: str) -> dict[str, Any]:
        self._to.write(f"{line}\n")
        self._to.flush()
        answer = self._from.readline()
        if not answer:
            raise RuntimeError("the process that runs a row has ended: see above")
        return json.loads(answer)  # type: ignore[no-any-return]


@contextmanager
def worker(revision: Revision, task: Task) -> Iterator[Worker]:
    """A process for a row; its errors go to ours.

    Raises :class:`RuntimeError` when it runs other code than that of the revision.
    """
    revision.scratch.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(  # noqa: S603 - ourselves
        python("-m", "benchmarks.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=revision.environment(dict(os.environ)),
    )
    with process, cast("IO[str]", process.stdin):
        made = Worker(process, task)
        if not Path(made.code).is_relative_to(revision.code):
            raise RuntimeError(f"{revision.name} was to be measured, not {made.code}")
        yield made


def measure(row: Row, revisions: Sequence[Revision], store: Store, pairs: int) -> list[Measured]:
    """Measure a row at each revision; these take turns, and the first is another one each time.

    Raises :class:`RuntimeError` when runs of the same work count differently.
    """
    files = {name: [str(path) for path in store.files(name)] for name in _workloads(row)}
    size = sum(Path(path).stat().st_size for path in files[row.candidate.events])
    sigmahq = str(store.sigmahq) if store.sigmahq else None
    tasks = [
        Task(row.name, files, str(each.scratch), sigmahq, store.indicators) for each in revisions
    ]
    made: dict[str, list[Pair]] = {each.name: [] for each in revisions}
    with ExitStack() as stack:
        workers = [
            (revision.name, stack.enter_context(worker(revision, task)))
            for revision, task in zip(revisions, tasks, strict=True)
        ]
        # These fill caches, of the machine and ours.
        firsts = {name: each.pair().candidate for name, each in workers}
        for number in range(pairs):
            turn = number % len(workers)
            for name, each in (*workers[turn:], *workers[:turn]):
                made[name].append(each.pair())
        return [
            Measured(
                row,
                name,
                each.rules,
                store.count,
                size,
                _count(row, name, [pair.candidate for pair in made[name]]),
                firsts[name],
                tuple(made[name]),
                each.same() if row.must_agree else None,
            )
            for name, each in workers
        ]


def _workloads(row: Row) -> set[str]:
    baseline = row.baseline
    more = {baseline.packed, baseline.plain} if isinstance(baseline, UnpackAndScan) else set[str]()
    return more or {row.candidate.events}


def _count(row: Row, revision: str, runs: Sequence[Run]) -> int:
    counts = {run.count for run in runs}
    if len(counts) > 1:
        raise RuntimeError(f"{row.name} at {revision}: scans of the same events count {counts}")
    return counts.pop()
