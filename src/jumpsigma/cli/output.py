"""What the commands share in talking to a person: colour, diagnostics, options.

The modules of this package import what does the work inside their functions, so that ``--help``
and shell completion answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.diagnostics.render import to_text

if TYPE_CHECKING:
    from jumpsigma.pack import Pack

RulesOption = Annotated[
    list[str],
    typer.Option(
        "--rules",
        "-r",
        metavar="DIR|shipped",
        help="Rules to use: a file, a folder, or `shipped`. Repeatable.",
    ),
]
MappingOption = Annotated[
    str,
    typer.Option(
        "--mapping",
        "-m",
        metavar="NAME",
        help="Vocabulary of the events: jumpcloud, ecs, sigma, or a mapping file.",
    ),
]


def has_color(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: a terminal, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics on stderr."""
    found = list(diagnostics)
    if found:
        print(to_text(found, color=has_color(sys.stderr)), file=sys.stderr, end="")


def fail(diagnostic: Diagnostic) -> int:
    """Print the diagnostic that ends a command; the exit code of wrong use."""
    tell([diagnostic])
    return 2


def load_rules(paths: list[str]) -> Pack:
    """Load the rules of a command; a path that does not exist is wrong use."""
    from jumpsigma import api

    try:
        return api.load_pack(*paths)
    except FileNotFoundError as error:
        raise typer.BadParameter(f"{error.filename or error} does not exist") from None


def parse_logsource(text: str | None) -> dict[str, str] | None:
    """``product=windows,category=process_creation`` as a dict."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(separator and value.strip() for _, separator, value in pairs):
        raise typer.BadParameter(
            f"{text!r} is no log source; write product=windows,category=process_creation"
        )
    return {key.strip(): value.strip() for key, _, value in pairs}
