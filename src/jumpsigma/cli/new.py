"""``jumpsigma new``: start a rule of your own."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Start a rule of your own, with its cases."
)

EXAMPLES = """Examples:

  jumpsigma new rule "Admin Created" --event-type admin_create --folder my_rules

  jumpsigma list events password      (finds event types to write rules for)
"""


@app.callback()
def new() -> None:
    """Start a rule of your own, with its cases."""


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
    print(f"wrote {written.rule}")
    print(f"wrote {written.cases}")
    print(f"next: edit both, then jumpsigma test {written.rule}")
