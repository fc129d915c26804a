"""What a command costs before it does anything: ``--help``, and a scan of one small file."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import jumpcloud
from benchmarks.measure import Spread
from benchmarks.revisions import Revision, python

SMALL_EVENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Start:
    """A command, and how many seconds it may take. ``cold``: with no compiled rules kept."""

    name: str
    title: str
    arguments: tuple[str, ...]
    most: float
    cold: bool = False

    @property
    def needs_sigmahq(self) -> bool:
        """Whether it loads SigmaHQ's rules."""
        return _SIGMAHQ in self.arguments


_SMALL, _SIGMAHQ = "{small}", "{sigmahq}"
_WITH_SIGMAHQ = ("scan", _SMALL, "--rules", _SIGMAHQ, "--mapping", "sigma")
STARTS: Final = (
    Start("help", "`jumpsigma --help`", ("--help",), 0.15),
    Start("warm", "scan of a small file, shipped rules, kept compiled", ("scan", _SMALL), 0.35),
    Start("warm-sigmahq", "the same, all of SigmaHQ", _WITH_SIGMAHQ, 0.7),
    Start(
        "cold-sigmahq", "the same for the first time, compiled anew", _WITH_SIGMAHQ, 6, cold=True
    ),
)


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds of a command and, next to it, of an interpreter that does nothing."""

    start: Start
    revision: str
    seconds: Spread
    processor: Spread
    over_python: Spread

    @property
    def is_fast_enough(self) -> bool:
        """Whether the median is within what it may take."""
        return self.seconds.median <= self.start.most


def measure_start(
    start: Start, revisions: Sequence[Revision], sigmahq: Path | None, runs: int
) -> list[Started]:
    """Time a command at each revision, in turns with an interpreter that does nothing."""
    made: list[list[tuple[float, float, float]]] = [[] for _ in revisions]
    with _small_file() as small:
        fill = {_SMALL: str(small), _SIGMAHQ: str(sigmahq)}
        arguments = [fill.get(each, each) for each in start.arguments]
        for number in range(runs + 1):
            for index, revision in enumerate(revisions):
                with _home(revision, start) as environment:
                    wall, cpu = _run([*_command(), *arguments], environment)
                    nothing, _ = _run(python("-c", "pass"), environment)
                if number:  # the first run of each fills caches
                    made[index].append((wall, cpu, wall / nothing))
    return [
        Started(start, revision.name, *map(Spread.of, zip(*each, strict=True)))
        for revision, each in zip(revisions, made, strict=True)
    ]


def _command() -> list[str]:
    """The command as people run it, where it is installed beside the interpreter."""
    script = Path(sys.executable).with_name("jumpsigma")
    return python(str(script)) if script.exists() else python("-m", "jumpsigma")


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(  # noqa: S603 - ourselves
        command, env=environment, capture_output=True, check=False, text=True
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} left with {done.returncode}: {done.stderr}")
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


_numbers = count()


@contextmanager
def _home(revision: Revision, start: Start) -> Iterator[dict[str, str]]:
    """The revision's own home; an empty one for a cold start."""
    environment = revision.environment(dict(os.environ))
    if not start.cold:
        yield environment
        return
    home = revision.scratch / f"cold-{next(_numbers)}"
    try:
        yield {**environment, "JUMPSIGMA_HOME": str(home)}
    finally:
        rmtree(home, ignore_errors=True)


@contextmanager
def _small_file() -> Iterator[Path]:
    with TemporaryDirectory(prefix="jumpsigma-bench-") as folder:
        path = Path(folder, "small.ndjson")
        path.write_bytes(b"".join(line + b"\n" for line in jumpcloud.lines(SMALL_EVENTS)))
        yield path
