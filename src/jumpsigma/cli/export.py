"""``jumpsigma export``: the files that a product deploys, as a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jumpsigma.cli.output import RulesOption, choose_rules, load_rules, shortened, tell
from jumpsigma.cli.targets import (
    FormatOption,
    OptionsOption,
    TargetMappingOption,
    TargetOption,
    parse_options,
)

EXAMPLES = """Examples:

  jumpsigma export -t sqlite -o queries/

  jumpsigma export -t duckdb -o queries/ --rules my_rules/ --min-level high -O table=logs
"""


def export(
    *,
    target: TargetOption,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")
    ],
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    form: FormatOption = None,
    option: OptionsOption = None,
    mapping: TargetMappingOption = None,
    logsource: Annotated[
        str | None,
        typer.Option(help="What kind of log: product=windows,category=process_creation"),
    ] = None,
    min_level: Annotated[str | None, typer.Option(help="Leave out rules below this level.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when a rule is refused.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every problem, not the first few.")
    ] = False,
) -> int:
    """Write what a product deploys: a file for each rule, an index and checksums.

    A folder that was exported before is brought up to date: what has not changed is left alone,
    what is no longer exported is removed. Files that somebody has changed are neither removed nor
    written over, and while a rule cannot be read nothing is removed. A rule that the target
    cannot say faithfully is left out; the index tells why.
    """
    from jumpsigma import api

    pack = load_rules(rules, cases=False)
    tell(pack.diagnostics)
    chosen = choose_rules(pack, logsource, min_level)
    stored = api.StoredLists()
    exported = api.export_queries(
        pack,
        target,
        form,
        options=parse_options(option),
        mapping=mapping,
        **chosen,
        indicators=stored,
    )
    tell(shortened(exported.refused, verbose=verbose))
    tell([] if stored.problem is None else [stored.problem])
    written = api.export_tree(exported, pack, output)
    counts = exported.counts
    aside = f", {counts['left_out']} that do not apply or only serve others"
    print(
        f"{counts['written']} rules for {exported.target.title} in {output}: "
        f"{len(written.changed)} files written, {len(written.same)} unchanged, "
        f"{len(written.removed)} removed; {counts['refused']} refusals"
        + (aside if counts["left_out"] else ""),
        file=sys.stderr,
    )
    if exported.tables:
        print(
            f"queries ask look-up tables, to be loaded as the README of {exported.target.name} "
            f"says: {', '.join(table.name for table in exported.tables)}",
            file=sys.stderr,
        )
    for path in written.kept:
        print(f"left alone, not as it was exported: {output / path}", file=sys.stderr)
    if written.waiting:
        print(
            f"{len(written.waiting)} files of rules that are not there now were left: "
            "not all rules could be read, or none was written",
            file=sys.stderr,
        )
    if pack.has_errors or stored.problem is not None:
        return 2
    return 1 if strict and counts["refused"] else 0
