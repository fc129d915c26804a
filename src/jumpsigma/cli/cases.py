"""``jumpsigma test``: run the cases that stand beside rules."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jumpsigma.cli.output import has_color, load_rules, tell
from jumpsigma.diagnostics import Diagnostic

if TYPE_CHECKING:
    from jumpsigma.api import CaseReport
    from jumpsigma.pack import Pack

EXAMPLES = """Examples:

  jumpsigma test

  jumpsigma test my_rules/

  jumpsigma test sigma_rules/jumpcloud/directory/jumpcloud_account_locked.yml --format json
"""


class Format(StrEnum):
    """How the outcome is printed."""

    TEXT = "text"
    JSON = "json"


def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Rules or folders of rules; default: shipped."),
    ] = None,
    *,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.TEXT,
) -> int:
    """Run the cases of rules: events that must match, and near misses that must not.

    The cases of my_rule.yml are in my_rule.cases.yaml beside it. Exits with 1 when a case
    fails, a file of the pack is wrong, or there is no case at all.
    """
    from jumpsigma import api

    pack = load_rules(paths or ["shipped"])
    report = api.run_cases(pack)
    tell(report.diagnostics)
    if form is Format.JSON:
        print(json.dumps(_json(report), indent=2))
    else:
        _print(report, pack)
    if not report.results:
        tell([_nothing(pack)])
    return 0 if report.ok and report.results else 1


def _nothing(pack: Pack) -> Diagnostic:
    """Silence would look like success to whoever named the wrong folder."""
    if not pack.rules:
        return Diagnostic("JS090", "nothing was tested: there is no rule", hint="name other rules")
    path = PurePath(pack.rules[0].path)
    hint = f"write the cases of {path.name} to {path.with_suffix('.cases.yaml').name} beside it"
    return Diagnostic("JS090", "nothing was tested: no rule has a case", hint=hint)


def _print(report: CaseReport, pack: Pack) -> None:
    from jumpsigma import api
    from jumpsigma.report.explanation import closest, explanation_text
    from jumpsigma.report.visible import visible

    color = has_color(sys.stdout)
    for result in report.failed:
        span = result.case.span
        told = f"{span.path}:{span.line}: {result.case.name}: {result.reason}"
        print(f"FAILED {visible(told)}")
        judged = [
            api.Explainer(rule, api.lists_for(pack, result.case.lists)).explain(event)
            for rule in result.compiled
            for event in result.case.events
        ]
        chosen = closest(judged)
        if chosen is not None:
            print(explanation_text(chosen, color=color))
    for rule in report.untested:
        print(visible(f"no cases: {rule.path}: {rule.title}"))
    rules = {rule.path for result in report.results for rule in result.rules}
    passed = len(report.results) - len(report.failed)
    plural = "" if len(rules) == 1 else "s"
    print(f"{len(rules)} rule{plural} with cases, {len(report.untested)} without")
    print(f"{passed} passed, {len(report.failed)} failed")


def _json(report: CaseReport) -> dict[str, Any]:
    return {
        "passed": len(report.results) - len(report.failed),
        "failed": len(report.failed),
        "untested": [rule.path for rule in report.untested],
        "cases": [
            {
                "path": result.case.span.path,
                "line": result.case.span.line,
                "name": result.case.name,
                "rule_ids": [rule.id for rule in result.rules],
                "expect": result.case.expect,
                "mapping": result.mapping,
                "findings": result.findings,
                "passed": result.passed,
                "reason": result.reason,
            }
            for result in report.results
        ],
    }
