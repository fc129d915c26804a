"""``jumpsigma list``: what there is: rules, event types, fields, services, mappings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from jumpsigma.cli.output import RulesOption, load_rules, print_table, tell

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List rules, event types, fields, services or mappings.",
)


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
TextArgument = Annotated[
    str | None, typer.Argument(metavar="TEXT", help="Only those that have TEXT in them.")
]
ServiceOption = Annotated[
    str | None, typer.Option("--service", "-s", help="Only those of this service.")
]


@app.command("rules")
def rules(
    text: TextArgument = None,
    *,
    rules: RulesOption = ["shipped"],  # noqa: B006 - typer copies its defaults
    level: Annotated[
        list[str] | None, typer.Option("--level", help="Only rules of this level. Repeatable.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            help="Only rules with this tag or one below it: t1110, attack.persistence. Repeatable.",
        ),
    ] = None,
    service: Annotated[
        str | None, typer.Option("--service", "-s", help="Only rules for this service.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> int:
    """List the rules of a pack with level, status and log source.

    TEXT is looked for in titles and descriptions. A rule is listed when it satisfies every
    option; for an option that is given twice, one of its values is enough.
    """
    from jumpsigma import api

    pack = load_rules(rules, cases=False)
    tell(pack.diagnostics)
    rows = api.list_rules(pack, text=text, levels=level, tags=tag, service=service)
    _print(rows, ("level", "title", "status", "product", "category", "service"), form)
    return 1 if pack.has_errors else 0


@app.command("events")
def events(
    text: TextArgument = None,
    *,
    service: ServiceOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the event types of Directory Insights, what they mean and how they are known."""
    from jumpsigma import api

    _print(
        api.list_events(service=service, text=text),
        ("event_type", "services", "meaning", "provenance"),
        form,
    )


@app.command("fields")
def fields(
    text: TextArgument = None,
    *,
    service: ServiceOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the fields of Directory Insights events, their type, values and provenance."""
    from jumpsigma import api

    _print(
        api.list_fields(service=service, text=text),
        ("field", "type", "services", "values", "provenance", "meaning"),
        form,
    )


@app.command("services")
def services(*, form: FormatOption = Format.TABLE) -> None:
    """List the services that events come from."""
    from jumpsigma import api

    _print(api.list_services(), ("service", "aliases", "meaning", "provenance"), form)


@app.command("mappings")
def mappings(*, form: FormatOption = Format.TABLE) -> None:
    """List the mappings that --mapping takes: shipped ones and your own."""
    from jumpsigma import api

    _print(api.list_mappings(), ("name", "description", "path"), form)


def _print(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...], form: Format) -> None:
    if form is Format.JSON:
        print(json.dumps(list(rows), indent=2, ensure_ascii=False))
    else:
        print_table(rows, columns)


@app.command("targets")
def targets(*, form: FormatOption = Format.TABLE) -> int:
    """List the products that rules can be exported to.

    Tier 1 is proven by running its queries on an engine; names says how sure the product's names
    of JumpCloud's fields are: documented, raw as JumpCloud gives them, or unconfirmed.
    """
    from jumpsigma import api

    rows = api.list_targets()
    if form is Format.JSON:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    shown = [
        {**row, "formats": ", ".join(row["formats"]), "options": ", ".join(row["options"])}
        for row in rows
    ]
    print_table(shown, ["name", "title", "tier", "names", "formats", "options"])
    return 0
