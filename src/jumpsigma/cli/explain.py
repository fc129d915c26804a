"""``jumpsigma explain``: the condition of a rule, node by node, on one event."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from jumpsigma.cli.output import MappingOption, RulesOption, has_color, load_rules, tell
from jumpsigma.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from jumpsigma.pack import Pack

EXAMPLES = """Examples:

  jumpsigma explain "Jumpcloud Account Locked" export.json.gz

  jumpsigma explain jumpcloud_account_locked export.ndjson --line 12

  jumpsigma explain my_rule.yml events.ndjson --rules my_rules --format json
"""


class Format(StrEnum):
    """How an explanation is printed."""

    TEXT = "text"
    JSON = "json"


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id, title or file name of a rule.")],
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Files or folders; - is standard input.")
    ],
    *,
    line: Annotated[
        int | None,
        typer.Option("--line", min=1, help="Explain the event of this line or array element."),
    ] = None,
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    mapping: MappingOption = "jumpcloud",
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.TEXT,
) -> int:
    """Show why a rule fires on an event, or what keeps it from firing.

    Without --line it explains the first event on which the rule fires and, when there is none,
    the event that comes closest. Of a correlation it shows the events of each finding on a
    timeline and, when there is none, the window that comes closest.
    """
    from jumpsigma import api
    from jumpsigma.intake import wrapped
    from jumpsigma.intake.events import ReadStats, expand_inputs, read_events
    from jumpsigma.matcher import Source
    from jumpsigma.report.explanation import closest, explanation_dict, explanation_text

    pack = load_rules(rules, cases=False)
    tell(each for each in pack.diagnostics if each.is_error)
    inputs, problems = expand_inputs(paths)
    stats = ReadStats()
    if api.find_rule(pack, rule).kind == "correlation":
        return _explain_correlation(pack, rule, inputs, problems, mapping, line=line, form=form)
    compiled = api.compile_one(pack, rule, mapping)
    stored = api.StoredLists()
    explainer = api.Explainer(compiled, api.lists_for(pack, indicators=stored))
    explanations = (
        explainer.explain(event.data, Source(event.path, event.line))
        for each in inputs
        for event in read_events(
            each,
            stats=stats,
            on_problem=problems.append,
            unwrap=compiled.mapping == wrapped.MAPPING,
        )
        if line is None or event.line == line
    )
    chosen = closest(explanations)
    if stored.problem is not None:
        problems.append(stored.problem)
    tell(problems)
    if chosen is None and problems and not stats.read:
        return 2  # that nothing could be read says it all
    if chosen is None:
        what = "there is no event" if line is None else f"there is no event at line {line}"
        raise DiagnosticError(
            Diagnostic("JS090", f"{what} in {', '.join(paths)}", hint="see: jumpsigma scan PATH")
        )
    if form is Format.JSON:
        print(json.dumps(explanation_dict(chosen), indent=2))
    else:
        print(explanation_text(chosen, color=has_color(sys.stdout)), end="")
    return 2 if problems else 0


def _explain_correlation(
    pack: Pack,
    rule: str,
    inputs: list[str],
    problems: list[Diagnostic],
    mapping: str,
    *,
    line: int | None,
    form: Format,
) -> int:
    from jumpsigma import api
    from jumpsigma.intake.events import ReadStats
    from jumpsigma.report.timeline import correlation_dict, correlation_text

    if line is not None:
        raise DiagnosticError(
            Diagnostic("JS090", "a correlation is about many events", hint="leave --line away")
        )
    stats = ReadStats()
    stored = api.StoredLists()
    explained = api.explain_correlation(
        pack,
        rule,
        inputs,
        mapping,
        indicators=stored,
        stats=stats,
        on_problem=problems.append,
    )
    if stored.problem is not None:
        problems.append(stored.problem)
    tell(problems)
    failed = any(problem.is_error for problem in problems)
    if failed and not stats.read:
        return 2  # that nothing could be read says it all
    if form is Format.JSON:
        print(json.dumps(correlation_dict(explained), indent=2))
    else:
        print(correlation_text(explained, color=has_color(sys.stdout)), end="")
    return 2 if failed else 0
