"""What the commands share in talking to a person: colour, diagnostics, options.

The modules of this package import what does the work inside their functions, so that ``--help``
and shell completion answer at once.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from jumpsigma.diagnostics import Diagnostic, Severity
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


#: More problems of one code than this are counted, not printed, unless --verbose.
SHOWN = 5


def has_color(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: a terminal, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics on stderr."""
    found = list(diagnostics)
    if found:
        print(to_text(found, color=has_color(sys.stderr)), file=sys.stderr, end="")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print the chosen columns of the rows on stdout, as wide as the terminal is."""
    from jumpsigma.report.tables import PIPED_WIDTH, table_text

    # Whether colours are wanted says nothing about how wide a terminal is.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH
    print(table_text(rows, columns, color=has_color(sys.stdout), width=width), end="")


def fail(diagnostic: Diagnostic) -> int:
    """Print the diagnostic that ends a command; the exit code of wrong use."""
    tell([diagnostic])
    return 2


def load_rules(paths: list[str], *, cases: bool = True) -> Pack:
    """Load the rules of a command, with their cases; a path that does not exist is wrong use."""
    from jumpsigma import api

    with existing_paths():
        return api.load_pack(*paths, cases=cases)


@contextmanager
def existing_paths() -> Iterator[None]:
    """A path of rules that does not exist is wrong use."""
    try:
        yield
    except FileNotFoundError as error:
        from difflib import get_close_matches

        from jumpsigma import api

        path = str(error.filename or error)
        near = get_close_matches(path.lower(), [api.SHIPPED], cutoff=0.7)
        hint = f"; did you mean {api.SHIPPED}?" if near else ""
        raise typer.BadParameter(f"{path} does not exist{hint}") from None


def parse_logsource(text: str | None) -> dict[str, str] | None:
    """``product=windows,category=process_creation`` as a dict."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(separator and value.strip() for _, separator, value in pairs):
        raise typer.BadParameter(
            f"{text!r} is no log source; write product=windows,category=process_creation"
        )
    logsource = {key.strip(): value.strip() for key, _, value in pairs}
    if len(logsource) < len(pairs):
        raise typer.BadParameter(f"{text!r} gives an attribute twice; a log source has one of each")
    return logsource


def choose_rules(
    pack: Pack, logsource: str | None = None, min_level: str | None = None
) -> dict[str, Any]:
    """The options that choose rules, as arguments; warns where they choose none of those there."""
    from difflib import get_close_matches

    from jumpsigma.api.selection import LOGSOURCE_KEYS, select

    wanted = parse_logsource(logsource)
    if pack.rules and not select(pack.rules, logsource=wanted, min_level=min_level):
        given = {"--logsource": logsource, "--min-level": min_level}
        options = " ".join(f"{name} {value}" for name, value in given.items() if value is not None)
        sources = {
            ",".join(f"{key}={value}" for key in LOGSOURCE_KEYS if (value := getattr(source, key)))
            for source in (rule.logsource for rule in pack.rules)
        }
        hint = "take a lower level"
        if wanted and not select(pack.rules, logsource=wanted):
            near = get_close_matches(str(logsource), sorted(sources - {""}), n=1, cutoff=0)
            hint = f"their log sources are such as {near[0]}" if near else "leave --logsource out"
        tell([Diagnostic("JS090", f"no rule fits {options}", Severity.WARNING, hint=hint)])
    return {"logsource": wanted, "min_level": min_level}


def shortened(diagnostics: tuple[Diagnostic, ...], *, verbose: bool) -> list[Diagnostic]:
    """Errors first few of each code; what merely does not apply only when asked for."""
    if verbose:
        return list(diagnostics)
    errors = [each for each in diagnostics if each.severity is not Severity.INFO]
    shown: list[Diagnostic] = []
    for code, group in groupby(sorted(errors, key=lambda d: d.code), key=lambda d: d.code):
        same = list(group)
        shown += same[:SHOWN]
        if len(same) > SHOWN:
            message = f"... and {len(same) - SHOWN} more rules, refused with {code} (--verbose)"
            shown.append(Diagnostic(code, message, same[0].severity))
    return shown
