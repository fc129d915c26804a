"""``jumpsigma compile``: rules as one file that runs anywhere."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from jumpsigma.cli.output import MappingOption, load_rules, parse_logsource, shortened, tell
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span

EXAMPLES = """Examples:

  jumpsigma compile shipped -t python -o matchers.py

  python -I matchers.py < events.ndjson

  jumpsigma compile my_rules/ shipped -t python --min-level medium > matchers.py
"""


class Target(StrEnum):
    """What rules can be compiled to."""

    PYTHON = "python"


def compile_rules(
    rules: Annotated[
        list[str], typer.Argument(metavar="RULES", help="Rules, folders of rules, or `shipped`.")
    ],
    *,
    target: Annotated[Target, typer.Option("--target", "-t", help="What to make.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = None,
    mapping: MappingOption = "jumpcloud",
    logsource: Annotated[
        str | None,
        typer.Option(help="What kind of log: product=windows,category=process_creation"),
    ] = None,
    min_level: Annotated[str | None, typer.Option(help="Leave out rules below this level.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when a rule cannot be compiled.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every problem, not the first few.")
    ] = False,
) -> int:
    """Write rules as a program that needs only Python's standard library.

    The file finds what scan finds. It has match(event), scan(lines) and RULES for programs,
    and reads files or standard input when it is run. The lists that rules have placeholders for,
    also those of the indicator store, are in it as they are now.
    """
    from jumpsigma import api
    from jumpsigma.mapping import load_mapping
    from jumpsigma.report.outputs import refuse_overwriting

    pack = load_rules(rules, cases=False)
    tell(pack.diagnostics)
    stored = api.StoredLists()
    match target:
        case Target.PYTHON:
            made = api.compile_python(
                pack,
                mapping,
                logsource=parse_logsource(logsource),
                min_level=min_level,
                indicators=stored,
            )
        case _:
            assert_never(target)
    tell(shortened(made.refused, verbose=verbose))
    tell([] if stored.problem is None else [stored.problem])
    if output is None:
        sys.stdout.write(made.source)
    else:
        refuse_overwriting(
            output,
            [*pack.files, str(load_mapping(mapping).path)],
            "the matchers would overwrite what they are made of",
            hint="choose another file, such as matchers.py",
        )
        try:
            Path(output).write_text(made.source, encoding="utf-8", newline="\n")
        except OSError as error:
            raise DiagnosticError(
                Diagnostic("JS091", f"cannot write: {error.strerror}", span=Span(output))
            ) from None
    sys.stdout.flush()
    told = [each for each in (*pack.diagnostics, *made.refused) if each.is_error]
    noun = "rule" if made.rules == 1 else "rules"
    print(f"{made.rules} {noun} compiled, {len(told)} left out with an error", file=sys.stderr)
    if pack.has_errors or stored.problem is not None:
        return 2
    return 1 if strict and told else 0
