"""What was measured, as Markdown for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Measured, Pair, Spread
from benchmarks.rows import Loop, Row, Whole

_PACKAGES: Final = ("hyperscan", "orjson", "msgspec", "isal", "zstandard", "google-re2", "pysigma")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it ran."""

    processor: str
    cores: int
    system: str
    python: str
    packages: dict[str, str]

    @classmethod
    def here(cls) -> Machine:
        """The machine and the interpreter that run."""
        return cls(
            _processor(),
            os.cpu_count() or 1,
            f"{platform.system()} {platform.machine()}",
            f"{platform.python_implementation()} {platform.python_version()}",
            {name: found for name in _PACKAGES if (found := _version(name))},
        )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def machine_text(machine: Machine) -> str:
    """One paragraph."""
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.system}; {machine.python}; "
        f"{packages}.\n"
    )


def rows_table(measured: Sequence[Measured]) -> str:
    """A line a row and revision: the ratio, what it may be, and what it is a ratio of."""
    several = len({each.revision for each in measured}) > 1
    head = ["row", *(["revision"] if several else []), *_HEAD]
    lines = [
        [each.row.title, *([each.revision] if several else []), *_cells(each)] for each in measured
    ]
    return table(head, lines)


_HEAD = (
    "rules",
    "findings an event",
    "MB/s",
    "events/s",
    "time, as a multiple of the baseline's",
    "processor",
    "may be",
    "",
)


def _cells(each: Measured) -> list[str]:
    seconds = Spread.of([pair.candidate.wall for pair in each.pairs]).median
    return [
        f"{each.rules:,}",
        f"{each.rate:.4f}" if each.rate < 0.1 else f"{each.rate:.2f}",
        f"{each.size / seconds / 1e6:,.0f}",
        f"{each.events / seconds:,.0f}",
        spread(each.wall),
        f"{each.cpu.median:.2f}",
        f"{each.row.most:g}",
        verdict(each),
    ]


def verdict(each: Measured) -> str:
    """``ok``, or what is not."""
    if not each.is_right:
        return "**not the same findings**" if each.same is False else "**other findings than said**"
    return "ok" if each.is_fast_enough else "**too slow**"


def spread(value: Spread) -> str:
    """Median, and between which it was."""
    return f"**{value.median:.2f}** ({value.least:.2f} to {value.most:.2f})"


def comparison_table(measured: Sequence[Measured]) -> str:
    """New over old, row by row: the ratio of candidates that ran in the same round."""
    lines = []
    by_row: dict[str, list[Measured]] = {}
    for each in measured:
        by_row.setdefault(each.row.name, []).append(each)
    for new, *rest in by_row.values():
        for old in rest:
            wall, cpu = _over(new.pairs, old.pairs)
            lines.append([new.row.title, old.revision, spread(wall), spread(cpu)])
    return table(["row", "against", "time, new over old", "processor, new over old"], lines)


def _over(new: Sequence[Pair], old: Sequence[Pair]) -> tuple[Spread, Spread]:
    rounds = [(a.candidate, b.candidate) for a, b in zip(new, old, strict=True)]
    return (
        Spread.of([a.wall / b.wall for a, b in rounds]),
        Spread.of([a.cpu / b.cpu for a, b in rounds]),
    )


def baselines_table(measured: Iterable[Measured]) -> str:
    """How fast the loop itself was: what a ratio of 1 means on this machine."""
    lines = []
    seen = set[str]()
    for each in measured:
        baseline = each.row.baseline
        if not isinstance(baseline, Loop | Whole) or baseline.events in seen:
            continue
        seen.add(baseline.events)
        seconds = Spread.of([pair.baseline.wall for pair in each.pairs]).median
        lines.append(
            [
                baseline.events,
                f"{each.events:,}",
                f"{each.size / each.events:,.0f}",
                f"{each.size / seconds / 1e6:,.0f}",
                f"{each.events / seconds:,.0f}",
            ]
        )
    return table(["events", "count", "bytes each, as stored", "MB/s", "events/s"], lines)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    rows = [head, ["-"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def as_json(measured: Measured) -> dict[str, Any]:
    """All that is known of a row, the single runs too."""
    row: Row = measured.row
    return {
        "row": row.name,
        "title": row.title,
        "revision": measured.revision,
        "rules": measured.rules,
        "events": measured.events,
        "bytes": measured.size,
        "findings": measured.findings,
        "rate": measured.rate,
        "right": measured.is_right,
        "same": measured.same,
        "wall": asdict(measured.wall),
        "cpu": asdict(measured.cpu),
        "most": row.most,
        "fast_enough": measured.is_fast_enough,
        "pairs": [asdict(pair) for pair in measured.pairs],
    }


def tell(text: str) -> None:
    """To standard error, where the progress is told."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
