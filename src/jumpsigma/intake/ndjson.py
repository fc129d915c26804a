"""Newline-delimited JSON, and pretty-printed objects one after the other (as ``jq .`` prints)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import orjson

from jumpsigma.intake.jsontext import MAX_EVENT_BYTES
from jumpsigma.intake.records import Event, Oversized, Reading

Lines = Iterable[Sequence[bytes | Oversized]]
"""Lines without their line breaks, in batches: one batch is what one block completes."""


_NEAR = 8 * 1024


def up_to_line_break(file: IO[bytes], size: int) -> int:
    """How many of the next ``size`` bytes of a file end with a line break; all if none is near.

    Blocks that are read so need not be copied to have whole lines.
    """
    at = file.tell()
    before = max(size - _NEAR, 0)
    file.seek(at + before)
    end = file.read(size - before).rfind(b"\n") + 1
    file.seek(at)
    return before + end if end else size


def split_lines(blocks: Iterator[bytes]) -> Lines:
    """Cut blocks into lines in bounded memory, as :func:`whole_lines` does."""
    for text in whole_lines(blocks):
        yield [text] if isinstance(text, Oversized) else lines_of(text)


def lines_of(text: bytes) -> list[bytes]:
    """The lines of a text of whole lines."""
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes | Oversized]:
    """Cut blocks at line breaks: texts of one or more whole lines, in bounded memory.

    Each ends with a line break, but for the last of an input that does not. A line of more than
    MAX_EVENT_BYTES comes as :class:`Oversized`.
    """
    parts: list[bytes] = []  # the beginning of a line, in pieces so that it is joined only once
    size = 0
    after = b""  # of a line that was too long
    while block := after or next(blocks, b""):
        after = b""
        if (cut := block.rfind(b"\n") + 1) and size:
            end = block.find(b"\n")
            if size + end > MAX_EVENT_BYTES:
                yield Oversized(b"".join([*parts, block[:end]]), ())
                parts, size, after = [], 0, block[end + 1 :]
                continue
        if cut == len(block) and not size:
            yield block
            continue
        if cut:
            yield b"".join([*parts, memoryview(block)[:cut]])
            parts, size = [], 0
            block = block[cut:]
        if block:
            parts.append(block)
            size += len(block)
        if size > MAX_EVENT_BYTES:
            rest = _RestOfLine(blocks)
            yield Oversized(b"".join(parts), rest)
            after = rest.after()
            parts, size = [], 0
    if size:
        yield b"".join(parts)


class _RestOfLine:
    """Streams the blocks up to the next line break; keeps what comes after it."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._after: bytes | None = None

    def __iter__(self) -> Iterator[bytes]:
        while self._after is None:
            block = next(self._blocks, b"")
            piece, line_break, after = block.partition(b"\n")
            if line_break or not block:
                self._after = after
            yield piece

    def after(self) -> bytes:
        """What follows the line break, once the rest of the line is out of the way."""
        for _ in self:
            pass
        return self._after or b""


def line_events(reading: Reading, batches: Lines, number: int = 0) -> Iterator[Event]:
    """Yield the event of each line; ``number`` is that of the line before the first."""
    stats, event = reading.stats, reading.event
    loads = orjson.loads
    for batch in batches:
        parsed = 0
        try:
            for line in batch:
                number += 1
                try:
                    data = loads(line)  # type: ignore[arg-type]  # Oversized is refused here
                except ValueError:
                    data = None
                if data.__class__ is not dict:
                    data = reading.decode(line, number)
                    if data is None:
                        continue
                parsed += 1
                yield event(data, number, line)  # type: ignore[arg-type]
        finally:
            stats.read += parsed
            stats.parsed += parsed


def pretty_events(reading: Reading, batches: Lines, number: int = 0) -> Iterator[Event]:
    """Yield objects that are printed over several lines each, one after the other.

    An object begins on a line that begins with ``{`` and ends before the next such line; its
    ``line`` is the one it begins on.
    """
    start = number + 1
    lines: list[bytes] = []
    size = 0
    for batch in batches:
        for line in batch:
            number += 1
            if isinstance(line, Oversized):
                yield from _pretty(reading, lines, start)
                reading.decode(line, number)
                lines, size, start = [], 0, number + 1
                continue
            if line.startswith(b"{") and lines:
                yield from _pretty(reading, lines, start)
                lines, size = [], 0
            if not lines:
                start = number
            lines.append(line)
            size += len(line) + 1
            if size > MAX_EVENT_BYTES:  # too long to be an event: rejected in pieces
                yield from _pretty(reading, lines, start)
                lines, size = [], 0
    yield from _pretty(reading, lines, start)


def _pretty(reading: Reading, lines: list[bytes], start: int) -> Iterator[Event]:
    raw = b"\n".join(lines).rstrip()
    data = reading.decode(raw, start) if raw else None
    if data is not None:
        reading.stats.read += 1
        reading.stats.parsed += 1
        yield reading.event(data, start, raw)
