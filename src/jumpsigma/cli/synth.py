"""``jumpsigma synth``: invented events, for tests and demonstrations."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from jumpsigma.synth import Planted

EXAMPLES = """Examples:

  jumpsigma synth --count 5000 | jumpsigma scan -

  jumpsigma synth --attack all --labels labels.ndjson -o events.ndjson.gz

  jumpsigma synth --attack brute-force --start 2026-03-02T08:00:00Z

\b
Attacks:
  password-spraying, admin-lockout, api-key-rotated, policy-modified,
  policy-deleted, conditional-access-deleted, ip-list-changed,
  brute-force, impossible-travel, mfa-disabled, command-abuse,
  password-export, tor-sign-in, sign-in-without-mfa
"""

#: Lines handed to the system at once.
BATCH = 1000


def synth(
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", help="Events; those of attacks come on top.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Another number, another company.")] = 0,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="From when: RFC 3339.  [default: 2026-01-05T00:00:00Z]"),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Until just before.  [default: as long as so many events take]"
        ),
    ] = None,
    people: Annotated[int, typer.Option(help="Size of the company.")] = 50,
    attack: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|all", help="Plant an attack; names are below. Repeatable."),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write what should be found to FILE, as NDJSON."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to FILE; a name in .gz compresses."
        ),
    ] = None,
) -> int:
    """Make Directory Insights events of an invented company, one a line.

    The same options give the same bytes on every machine. No person, address or device is real.
    """
    from pathlib import Path

    from jumpsigma.report.outputs import refuse_overwriting
    from jumpsigma.synth import event_lines

    planted: list[Planted] = []
    lines = event_lines(
        count,
        seed=seed,
        start=start,
        end=end,
        people=people,
        attack=attack or (),
        on_planted=planted.append,
    )
    if output is not None and labels is not None:
        refuse_overwriting(
            output,
            [str(Path(labels).absolute())],
            "the events and their labels would overwrite each other",
            hint="choose another file for --labels",
        )
    with ExitStack() as stack:
        if labels is not None:  # first, so that a name that cannot be written costs no time
            label_file = _create(labels, stack)
        target = _create(output, stack) if output is not None else sys.stdout.buffer
        _write(lines, target)
        if labels is not None:
            _write(map(_label_line, planted), label_file)
    sys.stdout.flush()
    return 0


def _write(lines: Iterable[bytes], target: BinaryIO) -> None:
    from itertools import islice

    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        target.write(b"\n".join(batch) + b"\n")


def _label_line(label: Planted) -> bytes:
    from orjson import dumps

    return dumps(label.to_dict())


def _create(path: str, stack: ExitStack) -> BinaryIO:
    """Open a file for writing until the stack ends, through gzip when it is called so."""
    from gzip import GzipFile
    from pathlib import Path
    from typing import cast

    from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span

    try:
        file = stack.enter_context(Path(path).open("wb"))  # noqa: SIM115 - the stack closes it
    except OSError as error:
        raise DiagnosticError(
            Diagnostic("JS091", f"cannot write: {error.strerror}", span=Span(path))
        ) from None
    if not path.endswith(".gz"):
        return file
    # Neither name nor time go into the file: they would differ from run to run.
    return cast("BinaryIO", stack.enter_context(GzipFile("", "wb", fileobj=file, mtime=0)))
