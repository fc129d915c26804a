"""From bytes to text that YAML allows, and from character indices to lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, Final

import yaml

_FORBIDDEN: Final[re.Pattern[str]] = yaml.reader.Reader.NON_PRINTABLE
_BREAK: Final = re.compile("\r\n|\n|\r")


class TextError(Exception):
    """The bytes are no YAML text; ``line`` and ``column`` (1-based) say where."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def decode(data: bytes) -> str:
    """Decode UTF-8 (a byte order mark is dropped). Raises :class:`TextError`."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TextError("the file is UTF-16, not UTF-8", 1, 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", "replace")
        line, column = LineTable(good).place(len(good))
        byte = data[error.start]
        raise TextError(f"the byte 0x{byte:02x} is not UTF-8 text", line, column) from None
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        line, column = LineTable(text).place(forbidden.start())
        message = f"the character U+{ord(forbidden.group()):04X} is not allowed in YAML"
        raise TextError(message, line, column)
    return text


class LineTable:
    """Character index to (line, column) of a text, both 1-based."""

    __slots__ = ("starts",)

    def __init__(self, text: str) -> None:
        self.starts: list[int] = [0, *(found.end() for found in _BREAK.finditer(text))]

    @classmethod
    def for_text(cls, text: str) -> LineTable | None:
        """A table when YAML and editors would count the lines of this text differently.

        YAML 1.1 ends a line at U+0085, U+2028 and U+2029 too, editors do not.
        """
        return cls(text) if any(char in text for char in "\x85\u2028\u2029") else None

    def place(self, index: Any) -> tuple[int, int]:
        """The line and column of the character at ``index``."""
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1
