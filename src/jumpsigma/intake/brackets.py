"""Where a JSON value ends, without parsing it: brackets counted, strings stepped over.

The scanner never looks at single bytes in Python: one regular expression jumps from bracket to
bracket. A raw line break cannot stand in a JSON string (RFC 8259 section 7), so a string that
meets one is broken, and the damage stays on its line.
"""

from __future__ import annotations

import re

MORE = -1
"""The text ends before the value does."""

BROKEN = -2
"""A string runs into a line break, or a bracket closes one of the other kind: no valid JSON."""

_STRING_TAIL = rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
# The outer groups are not possessive: CPython before 3.11.4 loses a round of such a group when
# its next one fails half-way.
_to_string_end = re.compile(_STRING_TAIL)
_to_bracket = re.compile(rb'[^"{}\[\]]*+(?:"' + _STRING_TAIL + rb'[^"{}\[\]]*+)*')
_to_bracket_or_comma = re.compile(rb'[^"{}\[\],]*+(?:"' + _STRING_TAIL + rb'[^"{}\[\],]*+)*')
_openings = re.compile(rb"[\[{]++")
_closings = re.compile(rb"[\]}]++")

_QUOTE, _COMMA, _BACKSLASH = b'",\\'
_LINE_BREAK = b"\n"[0]
_ARRAY_END = b"]"[0]
_CLOSES = {b"{"[0]: b"}"[0], b"["[0]: b"]"[0]}
_MAX_KINDS = 4096  # deeper than any event may be; below that only the depth is counted


class ElementScanner:
    """Finds the comma or bracket that ends one array element; can go on where the text ended."""

    __slots__ = ("_closers", "_deeper", "_done", "_escaped", "_in_string", "broken_at")

    def __init__(self) -> None:
        self._closers = bytearray()  # of the open brackets, the innermost last
        self._deeper = 0  # open brackets beyond those
        self._done = 0
        self._in_string = False
        self._escaped = False
        self.broken_at = 0

    def find_end(self, text: bytes, start: int) -> int:
        """Index of the ``,`` or ``]`` after the element at ``start``, or MORE or BROKEN.

        After MORE, call again with a text that has the same element, and more of it, at
        ``start`` (which may be another index than before). After BROKEN, ``broken_at`` is how
        far behind ``start`` the damage shows.
        """
        position = start + self._done
        if self._in_string:
            position = self._leave_string(text, position)
        while position >= 0:
            skip = _to_bracket if self._closers else _to_bracket_or_comma
            position = skip.match(text, position).end()  # type: ignore[union-attr]
            if position == len(text):
                self._done = position - start
                return MORE
            byte = text[position]
            if byte == _QUOTE:
                self._in_string = True
                position = self._leave_string(text, position + 1)
                continue
            if not self._closers and byte in (_COMMA, _ARRAY_END):
                return position
            counted = self._count(text, position)
            if not counted:
                self.broken_at = position - start
                return BROKEN
            position += counted
        self._done = len(text) - start
        if position == BROKEN:
            self.broken_at -= start
        return position

    def _count(self, text: bytes, position: int) -> int:
        """Count a bracket, beyond _MAX_KINDS all that follow at once.

        Returns how many, 0 for one that closes what is not open.
        """
        bracket = text[position]
        if bracket in _CLOSES:
            if len(self._closers) < _MAX_KINDS:
                self._closers.append(_CLOSES[bracket])
                return 1
            opened = _openings.match(text, position).end() - position  # type: ignore[union-attr]
            self._deeper += opened
            return opened
        if self._deeper:
            closed = _closings.match(text, position).end() - position  # type: ignore[union-attr]
            closed = min(closed, self._deeper)
            self._deeper -= closed
            return closed
        return 1 if self._closers and self._closers.pop() == bracket else 0

    def forget(self) -> None:
        """Go on at the very start of the next text: what was scanned so far is dropped."""
        self._done = 0

    def _leave_string(self, text: bytes, position: int) -> int:
        """Index after the closing quote, MORE, or BROKEN with ``broken_at`` an index."""
        if self._escaped and position < len(text):
            if text[position] == _LINE_BREAK:
                self.broken_at = position
                return BROKEN
            position += 1
            self._escaped = False
        closed = _to_string_end.match(text, position)
        if closed:
            self._in_string = False
            return closed.end()
        line_break = text.find(b"\n", position)
        if line_break >= 0:
            self.broken_at = line_break
            return BROKEN
        tail = text[position:]
        self._escaped = self._escaped or (len(tail) - len(tail.rstrip(b"\\"))) % 2 == 1
        return MORE


def find_comma(text: bytes, start: int) -> int:
    """Index of the comma behind ``start``; -1 if there is none before a bracket."""
    end = _to_bracket_or_comma.match(text, start).end()  # type: ignore[union-attr]
    return end if text[end : end + 1] == b"," else -1


def deeper_than(text: bytes, limit: int) -> bool:
    """Whether brackets outside strings nest deeper than ``limit`` (also in malformed text)."""
    depth = 0
    position = 0
    while True:
        position = _to_bracket.match(text, position).end()  # type: ignore[union-attr]
        if position == len(text) or text[position] == _QUOTE:
            return False
        if text[position] in _CLOSES:
            depth += 1
            if depth > limit:
                return True
        else:
            depth -= 1
        position += 1
