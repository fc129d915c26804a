"""What was measured, as Markdown for people and as JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.growth import LIMITS, Grown
from benchmarks.machine import Machine
from benchmarks.measure import Measured, Pair, Spread
from benchmarks.rows import Loop, Whole
from benchmarks.startup import Started

_BEGIN, _END = (
    "<!-- measured: written by python -m benchmarks --document -->",
    "<!-- /measured -->",
)


@dataclass(frozen=True, slots=True)
class Results:
    """All of one run; ``left_out`` are the names of what SigmaHQ's rules were missing for."""

    machine: Machine
    rows: list[Measured]
    starts: list[Started]
    growth: list[Grown]
    left_out: list[str]

    @property
    def revisions(self) -> list[str]:
        """What was measured, the checkout first."""
        every: tuple[Measured | Started | Grown, ...] = (*self.rows, *self.starts, *self.growth)
        return [*dict.fromkeys(each.revision for each in every)]


def page(results: Results) -> str:
    """Everything, as Markdown."""
    several = len(results.revisions) > 1
    parts = [results.machine.text() + f"Revision: {', '.join(results.revisions)}.\n"]
    if results.rows:
        parts += [_rows(results.rows, several=several), _baselines(results.rows)]
    if any(each.parts is not None for each in results.rows):
        parts.append(_parts(results.rows, several=several))
    if several and results.rows:
        parts.append(_comparison(results.rows))
    if results.starts:
        parts.append(_starts(results.starts, several=several))
    if results.growth:
        parts.append(_growth(results.growth, several=several))
    if results.left_out:
        names = ", ".join(results.left_out)
        parts.append(f"Left out for want of SigmaHQ's rules (--sigmahq): {names}.\n")
    return "\n".join(parts)


def as_json(results: Results) -> dict[str, Any]:
    """Everything, the single runs too."""
    return {
        "machine": asdict(results.machine),
        "rows": [
            {
                "row": each.row.name,
                "title": each.row.title,
                "revision": each.revision,
                "rules": each.rules,
                "events": each.events,
                "bytes": each.size,
                "findings": each.findings,
                "right": each.is_right,
                "wall": asdict(each.wall),
                "cpu": asdict(each.cpu),
                "first": asdict(each.first),
                "most": each.row.most,
                "fast_enough": each.is_fast_enough,
                "pairs": [asdict(pair) for pair in each.pairs],
            }
            for each in results.rows
        ],
        "starts": [asdict(each) for each in results.starts],
        "growth": [asdict(each) for each in results.growth],
        "left_out": results.left_out,
    }


def write_between_marks(document: Path, text: str) -> None:
    """Replace what stands between the two marks of a page.

    Raises :class:`ValueError` for a page without them.
    """
    before, begin, rest = document.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{document} lacks {_BEGIN} or {_END}")
    document.write_text(f"{before}{_BEGIN}\n\n{text}\n{_END}{after}", encoding="utf-8")


def tell(text: str) -> None:
    """To standard error: what is being measured."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _rows(rows: Sequence[Measured], *, several: bool) -> str:
    head = (
        "row",
        "rules",
        "findings an event",
        "MB/s",
        "events/s",
        "time",
        "processor",
        "the first",
    )
    return _table(
        ("revision",) * several + (*head, "may be", ""), _row_cells(rows, several=several)
    )


def _parts(rows: Sequence[Measured], *, several: bool) -> str:
    """Where the time of the processor goes, in times of the baseline."""
    lines = [
        (each.revision,) * several + (each.row.title, *(f"{part:.2f}" for part in each.parts))
        for each in rows
        if each.parts is not None
    ]
    head = (
        "row",
        "reading, looking through bytes",
        "parsing",
        "evaluating, findings, correlations",
    )
    return _table(("revision",) * several + head, lines)


def _row_cells(rows: Sequence[Measured], *, several: bool) -> Iterator[Sequence[str]]:
    for each in rows:
        seconds = Spread.of([pair.candidate.wall for pair in each.pairs]).median
        rate = each.rate
        yield (each.revision,) * several + (
            each.row.title,
            f"{each.rules:,}" if each.rules else "",
            (f"{rate:.4f}" if rate < 0.1 else f"{rate:.2f}") if each.rules else "",
            f"{each.size / seconds / 1e6:,.0f}",
            f"{each.events / seconds:,.0f}",
            _spread(each.wall),
            f"{each.cpu.median:.2f}",
            f"{each.first_cpu:.2f}",
            "" if each.row.most is None else f"{each.row.most:g}",
            _verdict(each),
        )


def _verdict(each: Measured) -> str:
    if not each.is_right:
        same = "**not the same findings**"
        return same if each.same is False else "**other findings than the title says**"
    if each.row.most is None:
        return ""
    return "ok" if each.is_fast_enough else "**too slow**"


def _baselines(rows: Iterable[Measured]) -> str:
    """How fast the loop itself was: what a ratio of 1 means here."""
    lines: dict[str, Sequence[str]] = {}
    for each in rows:
        baseline = each.row.baseline
        if isinstance(baseline, Loop | Whole) and baseline.events not in lines:
            seconds = Spread.of([pair.baseline.wall for pair in each.pairs]).median
            lines[baseline.events] = (
                baseline.events,
                f"{each.events:,}",
                f"{each.size / each.events:,.0f}",
                f"{each.size / seconds / 1e6:,.0f}",
                f"{each.events / seconds:,.0f}",
            )
    head = ("baseline over", "events", "bytes each, as stored", "MB/s", "events/s")
    return _table(head, lines.values())


def _comparison(rows: Sequence[Measured]) -> str:
    """The ratios of candidates that ran in the same round."""
    by_row: dict[str, list[Measured]] = {}
    for each in rows:
        by_row.setdefault(each.row.name, []).append(each)
    lines = [
        (new.row.title, old.revision, *map(_spread, _over(new.pairs, old.pairs)))
        for new, *rest in by_row.values()
        for old in rest
    ]
    return _table(("row", "against", "time, new over old", "processor, new over old"), lines)


def _over(new: Sequence[Pair], old: Sequence[Pair]) -> tuple[Spread, Spread]:
    rounds = [(a.candidate, b.candidate) for a, b in zip(new, old, strict=True)]
    return (
        Spread.of([a.wall / b.wall for a, b in rounds]),
        Spread.of([a.cpu / b.cpu for a, b in rounds]),
    )


def _starts(starts: Sequence[Started], *, several: bool) -> str:
    head = ("command", "seconds", "processor", "times `python -c pass`", "may be", "")
    lines = [
        (each.revision,) * several
        + (
            each.start.title,
            _spread(each.seconds),
            f"{each.processor.median:.2f}",
            f"{each.over_python.median:.1f}",
            f"{each.start.most:g}",
            "ok" if each.is_fast_enough else "**too slow**",
        )
        for each in starts
    ]
    return _table(("revision",) * several + head, lines)


def _growth(growth: Sequence[Grown], *, several: bool) -> str:
    """The time of a byte, as a multiple of that in the smallest file with the same rules."""
    first: dict[tuple[str, str], float] = {}
    lines = []
    for each in growth:
        pace = each.seconds / each.size
        least = first.setdefault((each.revision, each.rules), pace)
        lines.append(
            (each.revision,) * several
            + (
                each.rules,
                f"{each.size / 1e9:.2f}",
                f"{each.size / each.seconds / 1e6:,.0f}",
                f"{pace / least:.2f}",
                f"{each.loaded:.0f}",
                f"{each.peak:.0f}",
                f"{LIMITS[each.rules]}",
                "ok" if each.is_within else "**too much**",
            )
        )
    head = (
        "rules",
        "GB",
        "MB/s",
        "time of a byte",
        "MB, rules loaded",
        "MB, at most",
        "may be",
        "",
    )
    return _table(("revision",) * several + head, lines)


def _spread(value: Spread) -> str:
    return f"**{value.median:.2f}** ({value.least:.2f} to {value.most:.2f})"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["-"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
