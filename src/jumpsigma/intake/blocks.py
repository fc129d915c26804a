"""Many events in one text, unparsed: what a scan looks through before it parses anything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Generator, Iterator
from itertools import chain
from typing import Final

import orjson

from jumpsigma.intake.jsontext import objects_in
from jumpsigma.intake.ndjson import line_events, lines_of, whole_lines
from jumpsigma.intake.records import Event, Oversized, Reading

#: Expressions, over bytes, for lines that do not begin with ``{`` or do not end with ``}``.
_ODD: Final = (r"\n[^{]", r"[^}]\n")
#: The same where lines end as on Windows.
_ODD_CRLF: Final = (r"\n[^{]", r"[^}\r]\n", r"[^}]\r\n")


class Block(ABC):
    """Unparsed events one behind the other.

    ``number`` is that of the first. What matches an expression of ``odd`` must be parsed to know
    what it is. ``offset`` is where the text begins in its file, None where that is not known.
    """

    __slots__ = ("_is_ascii", "_not_counted", "number", "odd", "offset", "reading", "text")

    def __init__(
        self,
        reading: Reading,
        text: bytes,
        number: int,
        odd: tuple[str, ...],
        offset: int | None = None,
    ) -> None:
        self.reading, self.text, self.number = reading, text, number
        self.odd, self.offset = odd, offset
        self._not_counted = 0
        self._is_ascii: bool | None = None

    @property
    def is_ascii(self) -> bool:
        """Whether the whole text is ASCII."""
        if self._is_ascii is None:
            self._is_ascii = self.text.isascii()
        return self._is_ascii

    @property
    @abstractmethod
    def count(self) -> int:
        """How many events, also those that turn out to be none."""

    @abstractmethod
    def locate(self, at: int) -> tuple[int, int, int]:
        """The number, start and end of the event that a byte belongs to.

        What stands behind an event belongs to it. ``at`` rises from call to call.
        """

    @abstractmethod
    def places(self) -> Iterator[tuple[int, int, int]]:
        """The number, start and end of each event."""

    @abstractmethod
    def events(self) -> Iterator[Event]:
        """Parse everything. Counts for itself."""

    @abstractmethod
    def are_objects(self) -> bool:
        """Whether all that does not match ``odd`` is an object for certain, without a parse."""

    def event(self, number: int, start: int, end: int) -> Event | None:
        """Parse one event; None for what is none, which is told."""
        reading, raw = self.reading, self.text[start:end]
        try:
            data = orjson.loads(raw)
        except ValueError:
            data = None
        if data.__class__ is not dict:
            data = reading.decode(raw, number)
            if data is None:
                self._not_counted += 1  # a reject is counted already, a blank line is none
                return None
        reading.stats.parsed += 1
        return reading.event(data, number, raw)

    def close(self, number: int | None = None) -> None:
        """Count the events up to a number, all without one: they were looked through."""
        seen = self.count if number is None else number - self.number + 1
        self.reading.stats.read += seen - self._not_counted


class LineBlock(Block):
    """Whole lines of newline-delimited JSON; the text ends with a line break."""

    __slots__ = ("_ends",)

    def __init__(
        self, reading: Reading, text: bytes, number: int, offset: int | None = None
    ) -> None:
        first = text.find(b"\n")
        odd = _ODD_CRLF if text[first - 1 : first] == b"\r" else _ODD
        super().__init__(reading, text, number, odd, offset)
        self._ends: list[int] = []

    def _line_ends(self) -> list[int]:
        """Where the line breaks are."""
        ends = self._ends
        if not ends:
            # CPython counts and splits byte by byte; it finds one byte three times as fast.
            found, find, end = ends.append, self.text.find, -1
            while (end := find(b"\n", end + 1)) >= 0:
                found(end)
        return ends

    @property
    def count(self) -> int:
        """How many lines."""
        return len(self._line_ends())

    def locate(self, at: int) -> tuple[int, int, int]:
        """The line of a byte; a line break belongs to the line before it."""
        ends = self._ends or self._line_ends()
        index = bisect_left(ends, at)
        return self.number + index, ends[index - 1] + 1 if index else 0, ends[index]

    def places(self) -> Iterator[tuple[int, int, int]]:
        """The lines, without their line breaks."""
        start = 0
        for number, end in enumerate(self._line_ends(), self.number):
            yield number, start, end
            start = end + 1

    def are_objects(self) -> bool:
        """Whether each line that begins with ``{`` is an object; False also where it is not clear.

        The lines are parsed as the elements of an array, without their values being made.
        """
        text = self.text[:-1]
        elements = objects_in(b"[%b]" % text.replace(b"\n", b","))
        return elements is not None and b"\n".join(elements) == text

    def events(self) -> Iterator[Event]:
        """Parse every line."""
        return line_events(self.reading, iter([lines_of(self.text)]), self.number - 1)


def line_blocks(
    reading: Reading, blocks: Iterator[bytes], number: int = 0
) -> Generator[LineBlock, None, int]:
    """Blocks of whole lines; ``number`` is that of the line before the first.

    Gives back the number of the last.
    """
    texts = whole_lines(blocks)
    first = next(texts, b"")
    offset = reading.plain_from  # known once something is read
    for text in chain([first] if first else [], texts):
        if isinstance(text, Oversized):
            number, offset = number + 1, None
            reading.decode(text, number)
            continue
        block = LineBlock(
            reading, text if text.endswith(b"\n") else text + b"\n", number + 1, offset
        )
        yield block
        number += block.count
        offset = None if offset is None else offset + len(text)
    return number
