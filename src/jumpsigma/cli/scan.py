"""``jumpsigma scan``: which rules fire on which events."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from jumpsigma.cli.output import (
    SHOWN,
    MappingOption,
    RulesOption,
    existing_paths,
    has_color,
    parse_logsource,
    shortened,
    tell,
)
from jumpsigma.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from jumpsigma.intake.events import ReadStats, Reject
    from jumpsigma.matcher import Matcher
    from jumpsigma.report.rejects import RejectWriter

EXAMPLES = """Examples:

  jumpsigma scan export.json.gz

  jumpsigma scan logs/ --format ndjson --min-level high > findings.ndjson

  aws s3 cp s3://bucket/export.json.gz - | jumpsigma scan - --fail-on high

  jumpsigma scan sysmon.ndjson --rules my_rules --mapping sigma --logsource product=windows
"""


class Format(StrEnum):
    """How findings are printed."""

    TABLE = "table"
    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"


def scan(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files, folders or patterns; - is standard input."),
    ],
    *,
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    mapping: MappingOption = "jumpcloud",
    logsource: Annotated[
        str | None,
        typer.Option(help="What kind of log: product=windows,category=process_creation"),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.TABLE,
    min_level: Annotated[str | None, typer.Option(help="Leave out rules below this level.")] = None,
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 1 on a finding of this level or above.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Processes to scan with; findings as with 1.")
    ] = 1,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when a line is no event.")
    ] = False,
    rejects: Annotated[
        str | None, typer.Option(metavar="FILE", help="Keep lines that are no events in FILE.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every problem, not the first few.")
    ] = False,
) -> int:
    """Run rules over events and print what fired.

    Reads NDJSON and JSON arrays, plain, gzip or zstd, as JumpCloud's exports and API give them,
    and events that Elastic or Sekoia wrap. A line that is no event is reported and counted, and
    never ends the scan. On a terminal, a bar shows how far it is. Placeholders of rules stand for
    the lists of their packs and of the indicator store (jumpsigma intel).
    """
    from jumpsigma import api
    from jumpsigma.intake.events import ReadStats, expand_inputs
    from jumpsigma.report.progress import ScanProgress
    from jumpsigma.report.rejects import RejectWriter
    from jumpsigma.report.sinks import open_sink

    least = api.level_rank(fail_on) if fail_on is not None else None
    stored = api.StoredLists()
    with existing_paths():
        compiled = api.compile_paths(
            *rules,
            mapping=mapping,
            logsource=parse_logsource(logsource),
            min_level=min_level,
            indicators=stored,
        )
    tell(compiled.diagnostics)
    matcher = compiled.matcher
    tell(shortened(matcher.refused, verbose=verbose))
    tell(api.list_problems(matcher.lists))
    if not matcher.reporting:
        hint = "see what --rules, --mapping, --logsource and --min-level leave"
        tell([Diagnostic("JS090", "no rule runs on these events", Severity.WARNING, hint=hint)])
    inputs, problems = expand_inputs(paths)
    stats, levels = ReadStats(), Counter[str | None]()
    with ExitStack() as stack:
        bar = stack.enter_context(ScanProgress(sys.stderr, inputs, stats, levels))
        rejected = _Rejects(verbose=verbose, hide_progress=bar.hide)
        if rejects is not None:
            rejected.writer = stack.enter_context(RejectWriter(rejects, [*inputs, *compiled.files]))
        sink = open_sink(form.value, sys.stdout, color=has_color(sys.stdout))
        share_terminal = sys.stdout.isatty()
        for finding in matcher.scan_all(
            inputs,
            jobs=jobs,
            stats=stats,
            on_reject=rejected.take,
            on_problem=problems.append,
            on_progress=bar.advance,
            on_start=bar.start,
            every=strict or rejects is not None,
        ):
            levels[finding.level] += 1
            if share_terminal:
                bar.hide()
            sink.write(finding)
        bar.hide()
        sink.close()
    rejected.tell_rest()
    if stored.problem is not None:
        problems.append(stored.problem)
    tell(problems)
    sys.stdout.flush()
    print(_summary(stats, levels, matcher, mapping), file=sys.stderr)
    if stats.unreadable or any(p.is_error for p in (*problems, *compiled.diagnostics)):
        return 2
    failed = least is not None and any(api.level_rank(level) >= least for level in levels)
    return 1 if failed or (strict and stats.rejected) else 0


class _Rejects:
    """Tells of the first rejects, and keeps all of them when there is a file for them."""

    def __init__(self, *, verbose: bool, hide_progress: Callable[[], None]) -> None:
        self.verbose = verbose
        self.hide_progress = hide_progress
        self.seen = 0
        self.writer: RejectWriter | None = None

    def take(self, reject: Reject) -> None:
        self.seen += 1
        if self.writer is not None:
            self.writer(reject)
        if self.verbose or self.seen <= SHOWN:
            self.hide_progress()
            tell([reject.diagnostic])

    def tell_rest(self) -> None:
        if not self.verbose and self.seen > SHOWN:
            more = self.seen - SHOWN
            print(f"... and {more} more lines that are no events (--verbose)", file=sys.stderr)


def _summary(stats: ReadStats, levels: Counter[str | None], matcher: Matcher, mapping: str) -> str:
    from jumpsigma.report.summary import summary_text

    refused = {d.rule_id or str(d.span): d.severity for d in matcher.refused}
    not_applicable = sum(severity is Severity.INFO for severity in refused.values())
    return summary_text(
        stats,
        levels,
        rules=matcher.reporting,
        not_applicable=not_applicable,
        refused=len(refused) - not_applicable,
        mapping=mapping,
    )
