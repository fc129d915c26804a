"""``jumpsigma diff``: what a change of rules really does."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jumpsigma.cli.output import tell

EXAMPLES = """Examples:

  jumpsigma diff main

  jumpsigma diff v1.2 v1.3 --rules sigma_rules/jumpcloud --format json

  jumpsigma diff main --target splunk --target elasticsearch:eql

  jumpsigma diff old_rules new_rules --events export.ndjson -o comment.md
"""


class Format(StrEnum):
    """How a comparison is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


def diff(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A folder or a git revision.")],
    head: Annotated[
        str | None,
        typer.Argument(metavar="HEAD", help="Another; default: the working tree of git."),
    ] = None,
    *,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--rules",
            "-r",
            metavar="PATH",
            help="Rules below the top of both; default: sigma_rules, else all. Repeatable.",
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--mapping",
            "-m",
            metavar="NAME",
            help="Compare queries and coverage in these words; default: jumpcloud. Repeatable.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="NAME[:FORMAT]",
            help="Compare this target's queries; default: those of jumpsigma.toml. Repeatable.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings; default: the nearest jumpsigma.toml."),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--events",
            metavar="PATH",
            help="Say which of these events match anew, or no longer. Repeatable.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.MARKDOWN,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = None,
) -> int:
    """Show what a change of rules does: to their meaning, their queries and their coverage.

    Rules are compared by id: what was added, removed, moved or retitled, and whether a condition
    became wider, narrower, different, or is only written differently. The Markdown is made for a
    comment on a pull request.
    """
    from jumpsigma import api
    from jumpsigma.api.configuration_place import find_configuration
    from jumpsigma.report import diff as reports

    targets: Sequence[str] = target or ()
    options: Mapping[str, Mapping[str, str]] = {}
    found_at = config or find_configuration([])
    if found_at is not None:
        from jumpsigma.api.configuration import read_configuration

        given = read_configuration(found_at)
        targets, options = targets or given.targets, given.target_options
    found = api.diff(
        base,
        head,
        rules=rules or (),
        mappings=mapping or ("jumpcloud",),
        targets=targets,
        options=options,
        events=events or (),
    )
    tell(found.diagnostics)
    text = reports.diff_json(found) if form is Format.JSON else reports.diff_markdown(found)
    if output is None:
        sys.stdout.write(text)
    else:
        from jumpsigma.report.outputs import write_report

        write_report(Path(output), text, events or ())
    return 1 if any(each.is_error for each in found.diagnostics) else 0
