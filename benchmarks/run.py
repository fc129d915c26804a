"""The command ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import report, revisions
from benchmarks.events import Store
from benchmarks.growth import LIMITS, Grown, grow, made_file
from benchmarks.growth import SIGMAHQ as GROWN_WITH_SIGMAHQ
from benchmarks.machine import Machine
from benchmarks.measure import Measured, measure
from benchmarks.rows import BY_NAME, FLOORS, ROWS
from benchmarks.sigmahq import rules_folder
from benchmarks.startup import STARTS, Started, measure_start

EVENTS, PAIRS = 200_000, 7
QUICK_EVENTS, QUICK_PAIRS = 50_000, 5
INDICATORS = 1_000_000
#: In gigabytes; the others are compared with the first.
SIZES, QUICK_SIZES = (0.25, 1.0, 4.0), (0.05, 0.2)

STARTUP, GROWTH = "startup", "growth"
NAMES: Final = (*BY_NAME, STARTUP, GROWTH)


def main() -> None:
    """Measure what is asked for and print it.

    Leaves with 1 when a scan found what it should not. Being slow is no error: machines differ.
    """
    options = _parser().parse_args()
    scratch: Path = options.scratch
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        codes = [revisions.checkout(scratch)]
        if options.base:
            base = stack.enter_context(revisions.at(options.base))
            if base.name == codes[0].name:  # measured twice, to see how much chance there is
                base = replace(base, name=f"{base.name} again")
            codes.append(base)
        session = _Session(options, codes)
        made = report.Results(
            Machine.here(),
            [*session.rows()],
            [*session.starts()],
            [*session.growth()],
            session.left_out,
        )
    sys.stdout.write(report.page(made))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(made), indent=1), encoding="utf-8")
    if options.document:
        report.write_between_marks(options.document, report.page(made))
    sys.exit(0 if all(each.is_right for each in made.rows) else 1)


class _Session:
    """What was asked for, step by step; ``left_out`` is what SigmaHQ's rules are missing for."""

    def __init__(self, options: argparse.Namespace, codes: Sequence[revisions.Revision]) -> None:
        quick: bool = options.quick
        scratch: Path = options.scratch
        self.names = frozenset[str](options.rows or NAMES)
        self.sigmahq = rules_folder(options.sigmahq, scratch) if options.sigmahq else None
        self.pairs: int = options.pairs or (QUICK_PAIRS if quick else PAIRS)
        self.sizes: Sequence[float] = options.sizes or (QUICK_SIZES if quick else SIZES)
        events: int = options.events or (QUICK_EVENTS if quick else EVENTS)
        self.store = Store(scratch / "events", events, options.indicators, self.sigmahq)
        self.codes = codes
        self.left_out: list[str] = []

    def rows(self) -> Iterator[Measured]:
        """The rows that scan."""
        for row in (*ROWS, *FLOORS):
            if row.name in self.names and self._can(
                row.name, row.title, needs_sigmahq=row.needs_sigmahq
            ):
                yield from measure(row, self.codes, self.store, self.pairs)

    def starts(self) -> Iterator[Started]:
        """The commands that are timed from their start."""
        for start in STARTS if STARTUP in self.names else ():
            if self._can(start.name, start.title, needs_sigmahq=start.needs_sigmahq):
                yield from measure_start(start, self.codes, self.sigmahq, self.pairs)

    def growth(self) -> Iterator[Grown]:
        """Ever larger files; with SigmaHQ's rules the two smallest alone."""
        for rules in LIMITS if GROWTH in self.names else ():
            needs = rules == GROWN_WITH_SIGMAHQ
            if not self._can(
                f"{GROWTH} with {rules}", "time and memory by size", needs_sigmahq=needs
            ):
                continue
            for code in self.codes:
                # Compiling takes more memory than a scan: the first fills the cache.
                grow(rules, code, made_file(self.store.folder, self.sizes[0]), self.sigmahq)
                for size in self.sizes[:2] if needs else self.sizes:
                    path = made_file(self.store.folder, size)
                    yield grow(rules, code, path, self.sigmahq)

    def _can(self, name: str, title: str, *, needs_sigmahq: bool) -> bool:
        if needs_sigmahq and self.sigmahq is None:
            self.left_out.append(name)
            return False
        report.tell(f"{name}: {title}")
        return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure scans against a loop that parses every line, in pairs of runs.",
        epilog=f"rows: {', '.join(NAMES)}",
    )
    add = parser.add_argument
    add("rows", nargs="*", metavar="ROW", type=_name, help="default: all")
    add("--base", metavar="REVISION", help="measure this revision besides, and compare")
    add("--sigmahq", type=Path, metavar="PLACE", help="a checkout of its rules, or a .tar.gz")
    add("--quick", action="store_true", help="fewer events, pairs and gigabytes")
    add("--events", type=int, metavar="N", help=f"default: {EVENTS:,}; quick: {QUICK_EVENTS:,}")
    add("--pairs", type=int, metavar="N", help=f"default: {PAIRS}; quick: {QUICK_PAIRS}")
    add("--sizes", type=_sizes, metavar="GB,GB", help="files for growth; default: 0.25,1,4")
    add("--indicators", type=int, default=INDICATORS, metavar="N", help=f"default: {INDICATORS:,}")
    add("--json", type=Path, metavar="FILE", help="write every single run there")
    add(
        "--document", type=Path, metavar="PAGE", help="write the tables between the marks of a page"
    )
    add(
        "--scratch",
        type=Path,
        default=revisions.CHECKOUT / "build" / "bench",
        metavar="FOLDER",
        help="where events are kept (default: build/bench)",
    )
    return parser


def _name(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"there is no row {name!r}: {', '.join(NAMES)}")
    return name


def _sizes(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]
