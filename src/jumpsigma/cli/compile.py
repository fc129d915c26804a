"""``jumpsigma compile``: rules as one file that runs anywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jumpsigma.cli.output import choose_rules, load_rules, shortened, tell
from jumpsigma.cli.targets import (
    FormatOption,
    OptionsOption,
    TargetMappingOption,
    TargetOption,
    parse_options,
)
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span

if TYPE_CHECKING:
    from jumpsigma.pack import Pack

EXAMPLES = """Examples:

  jumpsigma compile shipped -t python -o matchers.py

  python -I matchers.py < events.ndjson

  jumpsigma compile my_rules/ shipped -t python --min-level medium > matchers.py

  jumpsigma compile shipped -t sqlite --min-level high
"""


PYTHON = "python"


def compile_rules(
    rules: Annotated[
        list[str], typer.Argument(metavar="RULES", help="Rules, folders of rules, or `shipped`.")
    ],
    *,
    target: TargetOption,
    form: FormatOption = None,
    option: OptionsOption = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = None,
    mapping: TargetMappingOption = None,
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
    """Write rules as a program that needs only Python's standard library, or as queries.

    `-t python` gives a file that finds what scan finds. It has match(event), scan(lines) and RULES
    for programs, and reads files or standard input when it is run. The lists that rules have
    placeholders for, also those of the indicator store, are in it as they are now.

    Any other target (jumpsigma list targets) gives the query of each rule in that product's
    language. What it cannot say faithfully is left out, and told with the reason.
    """
    from jumpsigma import api

    pack = load_rules(rules, cases=False)
    tell(pack.diagnostics)
    chosen = choose_rules(pack, logsource, min_level)
    stored = api.StoredLists()
    if target == PYTHON:
        if form is not None or option:
            raise typer.BadParameter("the target python has neither formats nor options")
        made = api.compile_python(
            pack,
            mapping or "jumpcloud",
            **chosen,
            indicators=stored,
        )
        text, count, refused = made.source, made.rules, made.refused
    else:
        exported = api.export_queries(
            pack,
            target,
            form,
            options=parse_options(option),
            mapping=mapping,
            **chosen,
            indicators=stored,
        )
        if exported.tables:
            names = ", ".join(table.name for table in exported.tables)
            print(f"the look-up tables that jumpsigma export writes: {names}", file=sys.stderr)
        text, count, refused = (
            api.compiled_text(exported, pack),
            len(exported.queries),
            exported.refused,
        )
    tell(shortened(refused, verbose=verbose))
    tell([] if stored.problem is None else [stored.problem])
    _write(text, output, pack, mapping)
    left_out = {
        each.rule_id or str(each.span) for each in refused if each.severity is not Severity.INFO
    }
    wrong = sum(each.is_error for each in pack.diagnostics) + len(left_out)
    noun = "rule" if count == 1 else "rules"
    print(f"{count} {noun} compiled, {wrong} left out with an error", file=sys.stderr)
    if pack.has_errors or stored.problem is not None:
        return 2
    return 1 if strict and wrong else 0


def _write(text: str, output: str | None, pack: Pack, mapping: str | None) -> None:
    from jumpsigma.mapping import load_mapping
    from jumpsigma.report.outputs import refuse_overwriting

    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    refuse_overwriting(
        output,
        [*pack.files, str(load_mapping(mapping or "jumpcloud").path)],
        "the result would overwrite what it is made of",
        hint="choose another file, such as matchers.py",
    )
    try:
        Path(output).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DiagnosticError(
            Diagnostic("JS091", f"cannot write: {error.strerror}", span=Span(output))
        ) from None
