"""``jumpsigma new``: start a rule or an export target of your own."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated

import typer

from jumpsigma.cli.output import tell
from jumpsigma.diagnostics import Diagnostic, Severity

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Start a rule or an export target of your own.",
)

EXAMPLES = """Examples:

  jumpsigma new rule "Admin Created" --event-type admin_create --folder my_rules

  jumpsigma list events password      (finds event types to write rules for)
"""


@app.callback()
def new() -> None:
    """Start a rule or an export target of your own."""


@app.command("rule", epilog=EXAMPLES)
def rule(
    title: Annotated[str, typer.Argument(help="The title; the file is named after it.")],
    *,
    folder: Annotated[str, typer.Option(help="Where to write it.")] = ".",
    service: Annotated[
        str, typer.Option("--service", "-s", help="The service that the events come from.")
    ] = "directory",
    event_type: Annotated[
        str, typer.Option("--event-type", "-e", help="The event type to detect.")
    ] = "user_update",
    author: Annotated[str, typer.Option(help="Who wrote it.")] = "TODO: your name",
) -> None:
    """Write a rule and its cases, valid and passing, for you to sharpen."""
    from jumpsigma import api

    written = api.new_rule(title, folder, service=service, event_type=event_type, author=author)
    tell(_doubts(service, event_type))
    print(f"wrote {written.rule}")
    print(f"wrote {written.cases}")
    print(f"next: edit both, then jumpsigma test {written.rule}")


def _doubts(service: str, event_type: str) -> Iterator[Diagnostic]:
    """Names that the schema lacks: often a typing error, yet the vendor's catalogue has gaps."""
    from jumpsigma.intake.schema import load_schema

    schema = load_schema()
    for what, name, found, known in (
        ("service", service, schema.service(service), [*schema.services]),
        ("event type", event_type, schema.event_type(event_type), [*schema.event_types]),
    ):
        if found is None:
            near = get_close_matches(name, known, n=1)
            command = "services" if what == "service" else "events"
            yield Diagnostic(
                "JS090",
                f"no {what} {name!r} is known",
                Severity.WARNING,
                hint=f"did you mean {near[0]}?" if near else f"see: jumpsigma list {command}",
            )


@app.command("backend")
def backend(
    name: Annotated[str, typer.Argument(help="The name: small letters, digits, - and _.")],
    *,
    folder: Annotated[str, typer.Option(help="Where the folders of targets are.")] = "backends",
) -> None:
    """Write the folder of an export target, with tables for you to change."""
    from pathlib import Path

    from jumpsigma import api

    place = api.new_target(name, folder)
    print(f"wrote {place}")
    here = Path(folder).name == "backends"
    setting = f"JUMPSIGMA_PATH={Path(folder).parent} " if here else ""
    target = name if here else place
    print(f"next: {setting}jumpsigma compile shipped -t {target}")
