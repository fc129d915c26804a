"""What ``compile`` and ``export`` share: the target, its format and its options."""

from __future__ import annotations

from typing import Annotated

import typer

TargetOption = Annotated[
    str,
    typer.Option(
        "--target", "-t", metavar="TARGET", help="What to write for: see jumpsigma list targets."
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option("--format", "-f", metavar="FORMAT", help="One of the target's formats."),
]
OptionsOption = Annotated[
    list[str] | None,
    typer.Option("-O", metavar="NAME=VALUE", help="One of the target's options. Repeatable."),
]
TargetMappingOption = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        "-m",
        metavar="NAME",
        help="Vocabulary of the events, in place of the target's own; for python: jumpcloud.",
    ),
]


def parse_options(given: list[str] | None) -> dict[str, str]:
    """``name=value`` pairs as a dict."""
    found: dict[str, str] = {}
    for each in given or ():
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{each!r} is no option; write -O name=value")
        if name in found:
            raise typer.BadParameter(f"the option {name} is given twice")
        found[name] = value
    return found
