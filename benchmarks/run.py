"""The command ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks import report, revisions
from benchmarks.events import Store
from benchmarks.measure import Measured, measure
from benchmarks.rows import BY_NAME, ROWS, Row
from benchmarks.sigmahq import rules_folder

EVENTS, PAIRS = 200_000, 7
QUICK_EVENTS, QUICK_PAIRS = 50_000, 5


def main() -> None:
    """Measure what is asked for and print it.

    Leaves with 1 when a scan found what it should not. Being slow is no error: machines differ.
    """
    options = _parser().parse_args()
    scratch: Path = options.scratch
    scratch.mkdir(parents=True, exist_ok=True)
    events = options.events or (QUICK_EVENTS if options.quick else EVENTS)
    pairs = options.pairs or (QUICK_PAIRS if options.quick else PAIRS)
    sigmahq = rules_folder(options.sigmahq, scratch) if options.sigmahq else None
    wanted: list[Row] = options.rows or [*ROWS]
    left_out = [row for row in wanted if row.needs_sigmahq and sigmahq is None]
    measured: list[Measured] = []
    with ExitStack() as stack:
        codes = [revisions.checkout(scratch)]
        if options.base:
            codes.append(stack.enter_context(revisions.at(options.base)))
        store = Store(scratch / "events", events, sigmahq)
        for row in wanted:
            if row not in left_out:
                report.tell(f"{row.name}: {row.title}")
                measured += measure(row, codes, store, sigmahq, pairs)
                for each in measured[-len(codes) :]:
                    report.tell(f"  {each.revision} {report.spread(each.wall)}")
    machine = report.Machine.here()
    sys.stdout.write(_page(machine, measured, left_out, compared=bool(options.base)))
    if options.json:
        rows = [report.as_json(each) for each in measured]
        left = [row.name for row in left_out]
        made = {"machine": asdict(machine), "rows": rows, "left_out": left}
        options.json.write_text(json.dumps(made, indent=1), encoding="utf-8")
    sys.exit(0 if all(each.is_right for each in measured) else 1)


def _page(
    machine: report.Machine,
    measured: Sequence[Measured],
    left_out: Sequence[Row],
    *,
    compared: bool,
) -> str:
    parts = [report.machine_text(machine)]
    if measured:
        parts += [report.rows_table(measured), report.baselines_table(measured)]
    if compared:
        parts.append(report.comparison_table(measured))
    if left_out:
        names = ", ".join(row.name for row in left_out)
        parts.append(f"Left out for want of SigmaHQ's rules (--sigmahq): {names}.\n")
    return "\n".join(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure scans against a loop that parses every line, in pairs of runs.",
        epilog=f"rows: {', '.join(BY_NAME)}",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", type=_row, help="default: all")
    parser.add_argument("--base", metavar="REVISION", help="measure this revision beside")
    parser.add_argument(
        "--sigmahq", type=Path, metavar="PLACE", help="a checkout, or a .tar.gz of it"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_EVENTS:,} events, {QUICK_PAIRS} pairs"
    )
    parser.add_argument("--events", type=int, metavar="N", help=f"default: {EVENTS:,}")
    parser.add_argument("--pairs", type=int, metavar="N", help=f"default: {PAIRS}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single run there")
    parser.add_argument(
        "--scratch",
        type=Path,
        default=revisions.CHECKOUT / "build" / "bench",
        metavar="FOLDER",
        help="where events are kept (default: build/bench)",
    )
    return parser


def _row(name: str) -> Row:
    if name not in BY_NAME:
        raise argparse.ArgumentTypeError(f"there is no row {name!r}: {', '.join(BY_NAME)}")
    return BY_NAME[name]
