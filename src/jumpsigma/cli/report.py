"""``jumpsigma report``: a pack shown to people."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from jumpsigma.cli.output import RulesOption, choose_rules, load_rules, tell

EXAMPLES = """Examples:

  jumpsigma report navigator -o layer.json

  jumpsigma report rules -o site/docs/rules --rules my_rules
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show a pack to people: pages of documentation, an ATT&CK Navigator layer.",
    epilog=EXAMPLES,
)


@app.command("navigator")
def navigator(
    *,
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    min_level: Annotated[str | None, typer.Option(help="Leave out rules below this level.")] = None,
    name: Annotated[str, typer.Option(help="What the layer is called.")] = "jumpsigma",
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = None,
) -> int:
    """Write an ATT&CK Navigator layer: techniques coloured by the level of their worst rule.

    Open it at https://mitre-attack.github.io/attack-navigator/ with "Open Existing Layer". The
    layer has format 4.5 and the identifiers of ATT&CK v19.
    """
    from jumpsigma import api
    from jumpsigma.report.outputs import write_report

    pack = load_rules(rules, cases=False)
    tell(pack.diagnostics)
    choose_rules(pack, min_level=min_level)
    layer = api.navigator_layer(pack, name, min_level=min_level)
    text = json.dumps(layer, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        write_report(Path(output), text, pack.files)
    return 1 if pack.has_errors else 0


@app.command("rules")
def rules(
    *,
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")
    ],
) -> int:
    """Write a page of documentation for each rule, in Markdown.

    A page says what the rule detects, its logic in words, what ATT&CK calls it, the log source,
    the false positives and the cases. Pages of other rules in the folder are left alone.
    """
    from jumpsigma import api
    from jumpsigma.report.outputs import write_report

    pack = load_rules(rules)
    tell(pack.diagnostics)
    pages = api.rule_pages(pack)
    for page, text in pages.items():
        write_report(Path(output) / page, text, pack.files)
    print(f"{len(pages)} {'page' if len(pages) == 1 else 'pages'} written", file=sys.stderr)
    return 1 if pack.has_errors else 0
