"""``jumpsigma validate``: check rules before they are merged."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from jumpsigma.cli.output import has_color, load_rules, tell
from jumpsigma.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from jumpsigma.api import Validation

EXAMPLES = """Examples:

  jumpsigma validate my_rules/

  jumpsigma validate my_rules/ --select default,JS2 --fail-on warning
"""


class Format(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    JSON = "json"


def validate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Rules or folders of rules; default: shipped."),
    ] = None,
    *,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="CHECKS",
            help="Checks to run: codes, beginnings of codes, families, `default`, `all`.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.TEXT,
    fail_on: Annotated[
        Severity, typer.Option("--fail-on", help="Exit with 1 from this severity on.")
    ] = Severity.ERROR,
) -> int:
    """Check rules: what is wrong with them, where, and what to do about it."""
    from jumpsigma import api

    pack = load_rules(paths or ["shipped"])
    wanted = [name.strip() for each in select or ["default"] for name in each.split(",")]
    found = api.validate(pack, select=wanted)
    _print(found, form)
    if not pack.rules and not pack.filters and not found.results:
        tell([Diagnostic("JS090", "nothing was checked: there is no rule")])
        return 1
    order = list(Severity)
    worst = found.worst
    return 1 if worst is not None and order.index(worst) <= order.index(fail_on) else 0


def _print(found: Validation, form: Format) -> None:
    from jumpsigma.diagnostics.render import to_json, to_text

    if form is Format.JSON:
        print(json.dumps(to_json(found.diagnostics), indent=2, ensure_ascii=False))
        return
    print(to_text(found.diagnostics, color=has_color(sys.stdout)), end="")
    counts = [f"{found.count(each)} {each}" for each in Severity if found.count(each)]
    print(f"{found.rules} rules checked: {', '.join(counts) or 'nothing to complain about'}")
