"""Walking through a JSON document in bounded memory: members, items and values as they come.

The arrays in which indicators stand are read by :class:`jumpsigma.intake.arrays.ArrayReader`,
which gets by malformed elements. This module finds the way to them, steps over the rest, and where
the document itself is damaged looks for the next such array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from jumpsigma.intake.arrays import ArrayReader
from jumpsigma.intake.records import Event, Reading

MAX_VALUE = 1024 * 1024
"""Bytes of a value that is taken as a whole."""

_space = re.compile(rb"[ \t\r\n]*+")
_space_or_comma = re.compile(rb"[ \t\r\n,]*+")
# The group is not possessive: CPython before 3.11.4 loses a round of such a group.
_string = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*"')
_scalar = re.compile(rb'[^\s,\]}"{\[]*+')
_plain = re.compile(rb'[^"{}\[\]]*+')
_PIECE = 32 * 1024
_HELD = 512  # of the text behind which a search goes on in the next block


class DamagedError(ValueError):
    """The document cannot be followed from here; the text says why."""


class _Elements(ArrayReader):
    """An array within a document: what may stand behind it is not what may between exports."""

    _behind: tuple[bytes, bytes, int] = (b"", b"", 0)

    def _quick(self) -> Iterator[Event]:
        """As inherited, but no separator is searched for twice.

        Where none is near, every malformed element would look through all that is held.
        """
        text, separator, end = self._behind
        if text is self._text and separator == self._separator and self._start < end:
            return
        yield from super()._quick()
        end = self._text.find(self._separator, self._start + 1)
        self._behind = (self._text, self._separator, end if end >= 0 else len(self._text))

    def _is_over(self) -> bool:
        self._skip(_space)
        while (found := _space_or_comma.match(self._text, self._start)) is not None:
            if found.end() < len(self._text) or not self._more():
                break
        rest = self._text[self._start :]
        if not rest.startswith(b","):
            return not rest.startswith(b"{")
        return rest.lstrip(b", \t\r\n").startswith(b'"')  # the next key


class Walk:
    """A place in a document. What is read is behind it for good."""

    def __init__(self, reading: Reading, blocks: Iterator[bytes]) -> None:
        self.reading = reading
        self._blocks = _pieces(blocks)
        self._text = b""
        self._start = 0
        self._before = 0  # bytes of the document before the text

    def peek(self) -> bytes:
        """The byte that the next value begins with; empty at the end."""
        self._pass(_space)
        return self._text[self._start : self._start + 1]

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here, each with the walk at its value.

        A value that was not taken is stepped over. :raises DamagedError: it cannot be followed.
        """
        for _ in self._inside(b"{", b"}"):
            if self.peek() != b'"':
                raise self._damaged("a key is missing")
            key = self._take_string()
            if self.peek() != b":":
                raise self._damaged("a colon is missing")
            self._start += 1
            self.peek()
            before = self._position()
            yield key
            if self._position() == before:
                self.skip()

    def items(self) -> Iterator[int]:
        """Yield the index of each item of the array that begins here, as :meth:`members`."""
        for index in self._inside(b"[", b"]"):
            before = self._position()
            yield index
            if self._position() == before:
                self.skip()

    def elements(self) -> Iterator[Event]:
        """Yield the objects in the array that begins here; others go to ``reading.on_reject``."""
        reader = _Elements(self.reading, self._text[self._start :], self._blocks)
        self._before += self._start + 1  # enough to know that the walk has moved
        self._text, self._start = b"", 0
        yield from reader.events()
        self._text = reader.rest

    def value(self, limit: int = MAX_VALUE) -> Any:
        """Take the value that begins here.

        :raises ValueError: it is no JSON, or longer than ``limit``; it is stepped over.
        """
        parts: list[bytes] | None = []
        size = 0
        for part in self._pieces():
            size += len(part)
            if parts is not None:
                parts.append(part)
            if size > limit:
                parts = None
        if parts is None:
            raise ValueError(f"longer than {limit // 1024**2} MiB")
        return orjson.loads(b"".join(parts))

    def skip(self) -> None:
        """Step over the value that begins here."""
        for _ in self._pieces():
            pass

    def finish(self) -> None:
        """Read what is left, so that all that is wrong with the content is known."""
        while self._more():
            self._start = len(self._text)

    def search(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Go on behind the next match of ``pattern`` (at most 512 bytes long)."""
        while (found := pattern.search(self._text, self._start)) is None:
            self._start = max(self._start, len(self._text) - _HELD)
            if not self._more():
                self._start = len(self._text)
                return None
        self._start = found.end()
        return found

    def _inside(self, opening: bytes, closing: bytes) -> Iterator[int]:
        if self.peek() != opening:
            raise self._damaged(f"{opening.decode()} is missing")
        self._start += 1
        index = 0
        while True:
            self._pass(_space_or_comma)
            byte = self._text[self._start : self._start + 1]
            if byte == closing:
                self._start += 1
                return
            if not byte:
                raise self._damaged("it ends early")
            yield index
            index += 1

    def _pieces(self) -> Iterator[bytes]:
        """The text of the value that begins here, in pieces."""
        byte = self.peek()
        if byte == b'"':
            yield from self._string_pieces()
            return
        if byte not in (b"{", b"["):
            begin = self._position()
            yield from self._run(_scalar)
            if self._position() == begin:
                raise self._damaged("a value is missing")
            return
        depth = 0
        while True:
            yield from self._run(_plain)
            byte = self._text[self._start : self._start + 1]
            if byte == b'"':
                yield from self._string_pieces()
                continue
            if not byte:
                raise self._damaged("it ends early")
            self._start += 1
            depth += 1 if byte in (b"{", b"[") else -1
            yield byte
            if depth == 0:
                return

    def _run(self, pattern: re.Pattern[bytes]) -> Iterator[bytes]:
        """What matches ``pattern`` here, over as many blocks as it takes."""
        while True:
            end = pattern.match(self._text, self._start).end()  # type: ignore[union-attr]
            piece = self._text[self._start : end]
            self._start = end
            if piece:
                yield piece
            if end < len(self._text) or not self._more():
                return

    def _string_pieces(self) -> Iterator[bytes]:
        """A string with its quotes. One that runs into a line break is damage, and stays there."""
        if (found := _string.match(self._text, self._start)) is not None:
            self._start = found.end()
            yield found[0]
            return
        self._start += 1
        yield b'"'
        escaped = False
        while True:
            if self._start == len(self._text) and not self._more():
                raise self._damaged("a string is not closed")
            byte = self._text[self._start : self._start + 1]
            if not escaped and byte not in (b'"', b"\\", b"\n"):
                yield from self._run(_in_string)
                continue
            if byte == b"\n":
                raise self._damaged("a string is not closed")
            self._start += 1
            yield byte
            if byte == b'"' and not escaped:
                return
            escaped = byte == b"\\" and not escaped

    def _take_string(self) -> str:
        raw = bytearray()
        for piece in self._string_pieces():
            if len(raw) <= MAX_VALUE:
                raw += piece
        try:
            return str(orjson.loads(raw))
        except ValueError:
            # It names nothing that anybody looks for; its value is stepped over.
            return raw.decode("utf-8", "replace")

    def _pass(self, pattern: re.Pattern[bytes]) -> None:
        for _ in self._run(pattern):
            pass

    def _position(self) -> int:
        return self._before + self._start

    def _damaged(self, reason: str) -> DamagedError:
        return DamagedError(f"not JSON from byte {self._position():,} on: {reason}")

    def _more(self) -> bool:
        block = next(self._blocks, b"")
        self._before += self._start
        self._text = self._text[self._start :] + block
        self._start = 0
        return bool(block)


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks in smaller ones: each array that begins takes a copy of what is held."""
    for block in blocks:
        for start in range(0, len(block), _PIECE):
            yield block[start : start + _PIECE]


_in_string = re.compile(rb'[^"\\\n]*+')
