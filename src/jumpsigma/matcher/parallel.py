"""A scan in several processes: the findings of a scan in one, in the same order."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intake.events import ReadStats, Reject
from jumpsigma.intake.parts import Part, PartReader, parts_of
from jumpsigma.intake.records import Reading
from jumpsigma.matcher.correlate import Classes, Collected, Correlator, LeftOut, Match
from jumpsigma.matcher.engine import Matcher
from jumpsigma.matcher.findings import Finding, packed
from jumpsigma.prefilter import Prefilter


@dataclass(slots=True)
class PartResult:
    """What one process found in one part; lines are numbered from the part's first.

    ``findings`` are as :func:`packed` has them.
    """

    findings: list[tuple[tuple[int, ...], bytes, int]] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    collected: Collected | None = None
    left_out: LeftOut = field(default_factory=LeftOut)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    stats: ReadStats = field(default_factory=ReadStats)
    lines: int = 0


def scan_in_processes(
    matcher: Matcher,
    inputs: Iterable[str],
    jobs: int,
    correlator: Correlator,
    prefilter: Prefilter,
    *,
    stats: ReadStats,
    on_reject: Callable[[Reject], None] | None = None,
    on_problem: Callable[[Diagnostic], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    every: bool = False,
) -> Iterator[Finding]:
    """The findings of single-event rules on each input, in their order.

    Base matches go to ``correlator``; ``prefilter`` is what processes begin with. Large files of
    NDJSON are shared among the processes; of other forms (archives, arrays) a process takes one
    input at a time. Memory is bounded by two parts a process. Standard input and pipes are read by
    the process that calls.
    """
    with _Pool(matcher, jobs, _Given(prefilter, correlator.folder, every=every)) as pool:
        waiting: deque[tuple[Part, Future[PartResult] | None]] = deque()
        base = 0
        parts = (part for path in inputs for part in _parts(path))
        while True:
            while len(waiting) < 2 * jobs and (part := next(parts, None)) is not None:
                waiting.append((part, pool.submit(part) if _is_shared(part.path) else None))
            if not waiting:
                return
            part, future = waiting.popleft()
            if part.start == 0:
                base = 0
                if on_start is not None:
                    on_start(part.path)
            if future is None:
                yield from matcher.scan_events(
                    part.path,
                    correlator.add,
                    correlator.left_out,
                    stats=stats,
                    on_reject=on_reject,
                    on_problem=on_problem,
                    prefilter=prefilter,
                    classes=correlator.classes,
                    every=every,
                )
                continue
            result = pool.result(part, future)
            _add(stats, result.stats, part)
            if on_reject is not None:
                for reject in result.rejects:
                    on_reject(_moved_reject(reject, base))
            if result.collected is not None:
                correlator.include(result.collected, part.path, base)
            for match in result.matches:
                correlator.add(match._replace(line=match.line + base) if base else match)
            correlator.left_out.add(result.left_out)
            for numbers, raw, line in result.findings:
                yield from matcher.findings_again(numbers, raw, path=part.path, line=line + base)
            for problem in result.problems:
                if on_problem is None:
                    raise DiagnosticError(problem)
                on_problem(problem)
            base += result.lines


class _Pool:
    """Processes that scan parts; one that dies takes no part with it but the one that killed it."""

    def __init__(self, matcher: Matcher, jobs: int, given: _Given) -> None:
        self._matcher, self._jobs, self._given = matcher, jobs, given
        self._executor = self._begun(jobs)

    def _begun(self, jobs: int) -> ProcessPoolExecutor:
        arguments = (self._matcher, self._given, os.getpid())
        return ProcessPoolExecutor(jobs, initializer=_begin, initargs=arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def submit(self, part: Part) -> Future[PartResult]:
        try:
            return self._executor.submit(_scan_part, part)
        except BrokenProcessPool:
            self._executor = self._begun(self._jobs)
            return self._executor.submit(_scan_part, part)

    def result(self, part: Part, future: Future[PartResult]) -> PartResult:
        """What the process found. When it died, the part is tried once more on its own."""
        try:
            return future.result()
        except BrokenProcessPool:
            pass
        with self._begun(1) as alone:
            try:
                return alone.submit(_scan_part, part).result()
            except BrokenProcessPool:
                return _lost(part)


def _lost(part: Part) -> PartResult:
    """A part whose process died twice: told, and its lines counted for those behind it."""
    result = PartResult(stats=ReadStats(unreadable=1))
    where = "" if part.end is None else f" (bytes {part.start} to {part.end})"
    result.problems.append(
        Diagnostic(
            "JS072",
            f"the process that scanned it{where} ended, perhaps for want of memory",
            span=Span(part.path),
            hint="scan it with --jobs 1",
        )
    )
    if part.end is not None:
        result.lines = PartReader(part, Reading(part.path, ReadStats())).count_lines()
    return result


def _parts(path: str) -> list[Part]:
    return parts_of(path) if _is_shared(path) else [Part(path)]


def _is_shared(path: str) -> bool:
    """Whether another process can read it: its standard input is empty, a pipe opens once."""
    return path != "-" and Path(path).is_file()


@dataclass(frozen=True, slots=True)
class _Given:
    """What a process of the pool is told besides its matcher.

    It keeps in ``folder`` what cannot be read again.
    """

    prefilter: Prefilter
    folder: str
    every: bool


@dataclass(frozen=True, slots=True)
class _Work:
    """What a process of the pool keeps from part to part."""

    matcher: Matcher
    prefilter: Prefilter
    classes: Classes
    every: bool


_work: _Work | None = None


def _begin(matcher: Matcher, given: _Given, parent: int) -> None:
    global _work  # noqa: PLW0603 - set once, when a process of the pool begins
    _work = _Work(matcher, given.prefilter, matcher.classes(given.folder), given.every)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when the one that began it is gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _scan_part(part: Part) -> PartResult:
    assert _work is not None  # noqa: S101 - the pool's initializer ran
    matcher, prefilter, every = _work.matcher, _work.prefilter, _work.every
    classes = _work.classes
    result = PartResult()

    def keep(match: Match) -> None:
        if not classes.keep(match):
            result.matches.append(match)

    found: list[Finding] = []
    if part.end is None:
        found += matcher.scan_events(
            part.path,
            keep,
            result.left_out,
            stats=result.stats,
            on_reject=lambda reject: result.rejects.append(_held(reject)),
            on_problem=result.problems.append,
            prefilter=prefilter,
            classes=classes,
            every=every,
        )
        result.findings = packed(found)
        result.collected = classes.collected()
        return result
    reading = Reading(
        part.path,
        result.stats,
        lambda reject: result.rejects.append(_held(reject)),
        result.problems.append,
        unwraps=matcher.unwraps,
    )
    reader = PartReader(part, reading)
    classes.begin(part.path)
    for block in reader.blocks():
        found += matcher.match_block(
            block,
            prefilter,
            keep,
            result.left_out,
            classes=classes,
            every=every,
        )
    result.findings = packed(found)
    result.collected = classes.collected()
    reading.tell_problems()
    result.lines = reader.lines
    return result


def _held(reject: Reject) -> Reject:
    """A reject that outlives the reading: what follows its bytes is read now."""
    return replace(reject, raw=reject.raw + b"".join(reject.rest), rest=())


def _moved_reject(reject: Reject, base: int) -> Reject:
    if not base:
        return reject
    diagnostic, line = reject.diagnostic, reject.line + base
    span = diagnostic.span and replace(diagnostic.span, line=line)
    message = diagnostic.message.replace(f"line {reject.line}:", f"line {line}:", 1)
    return replace(reject, line=line, diagnostic=replace(diagnostic, span=span, message=message))


def _add(total: ReadStats, found: ReadStats, part: Part) -> None:
    total.read += found.read
    total.parsed += found.parsed
    total.rejected += found.rejected
    total.unreadable += found.unreadable
    # A file in parts is one file.
    total.files += found.files if part.end is None else part.start == 0
