"""Lines of text folded to a width, as rich folds them, without its import."""

from __future__ import annotations

import os
import re
from typing import Final

_WORD: Final = re.compile(r" *[^ ]+ *")
_STANDARD_STREAMS: Final = (0, 1, 2)
_USUAL_WIDTH: Final = 80


def terminal_width() -> int:
    """Columns of the terminal: ``COLUMNS``, else that of a standard stream, else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    for stream in _STANDARD_STREAMS:
        try:
            return os.get_terminal_size(stream).columns or _USUAL_WIDTH
        except (OSError, ValueError):  # no terminal
            continue
    return _USUAL_WIDTH


def folded(text: str, width: int) -> list[str]:
    """Printable text in lines of at most so many cells, broken between words where that can be.

    Blanks stay, also at the ends of lines.
    """
    breaks: list[int] = []
    used = 0
    for word in _WORD.finditer(text):
        start, whole = word.start(), word[0]
        length = _cells(whole.rstrip(" "))
        if length <= width - used:
            used += _cells(whole)
        elif length > width:
            for piece in _chopped(whole, width):
                breaks.append(start)
                start, used = start + len(piece), _cells(piece)
        elif used:
            breaks.append(start)
            used = _cells(whole)
    ends = [each for each in breaks if each]
    return [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _chopped(text: str, width: int) -> list[str]:
    if text.isascii():
        return [text[start : start + width] for start in range(0, len(text), width)]
    from rich.cells import chop_cells

    return chop_cells(text, width)
