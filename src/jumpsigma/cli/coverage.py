"""``jumpsigma coverage``: which rules can fire on this intake at all, and why others cannot."""

from __future__ import annotations

import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jumpsigma.cli.output import MappingOption, RulesOption, has_color, load_rules, tell

EXAMPLES = """Examples:

  jumpsigma coverage

  jumpsigma coverage --rules my_rules --witness --format json

  jumpsigma coverage --format html -o coverage.html
"""


class Format(StrEnum):
    """How the answers are printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def coverage(
    *,
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    mapping: MappingOption = "jumpcloud",
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.TABLE,
    witness: Annotated[
        bool, typer.Option("--witness", help="Show for each rule events that satisfy it.")
    ] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = None,
) -> int:
    """Say for each rule whether an event of JumpCloud can ever satisfy it.

    reachable: an event inside what is known of its fields does. partial: parts of the rule are
    dead. unlikely: it takes values that nobody has seen or documented. unreachable: fields are
    missing. Provenance is the weakest that the answer rests on.
    """
    from jumpsigma import api
    from jumpsigma.report import coverage as reports
    from jumpsigma.report.tables import PIPED_WIDTH

    pack = load_rules(rules, cases=False)
    tell(pack.diagnostics)
    found = api.coverage(pack, mapping)
    match form:
        case Format.TABLE:
            is_shown = output is None and sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if is_shown else PIPED_WIDTH
            color = output is None and has_color(sys.stdout)
            text = reports.coverage_table(found, witness=witness, color=color, width=width)
        case Format.JSON:
            text = reports.coverage_json(found, witness=witness)
        case Format.MARKDOWN:
            text = reports.coverage_markdown(found, witness=witness)
        case Format.HTML:
            from jumpsigma.report.coverage_page import coverage_page

            text = coverage_page(found, intake=api.intake_title(mapping))
    if output is None:
        sys.stdout.write(text)
    else:
        from jumpsigma.report.outputs import write_report

        write_report(Path(output), text, pack.files)
    return 1 if pack.has_errors else 0
