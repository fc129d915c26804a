"""Rows as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from jumpsigma.report.visible import visible

#: Width of a table that does not go to a terminal.
PIPED_WIDTH = 160


def table_text(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    color: bool = False,
    width: int = PIPED_WIDTH,
) -> str:
    """The chosen columns of the rows as a table; lists are joined with commas, None is empty.

    It is at most ``width`` characters wide: cells that do not fit are folded, never cut. Ends in a
    newline; without rows it says so.
    """
    if not rows:
        return "nothing to list\n"
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, highlight=False
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return visible(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
