"""Large files of lines cut into parts that several processes can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jumpsigma.intake.blocks import LineBlock, line_blocks
from jumpsigma.intake.ndjson import up_to_line_break
from jumpsigma.intake.records import Reading

PART_BYTES = 4 * 1024 * 1024
_BLOCK = 1024 * 1024
_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a file that begin at or after ``start`` and before ``end``.

    A part with ``end`` None is the whole input, of whatever form.
    """

    path: str
    start: int = 0
    end: int | None = None


def parts_of(path: str, size: int = PART_BYTES) -> list[Part]:
    """Cut an input into parts, in order; anything but a large file of NDJSON is one part."""
    whole = [Part(path)]
    if path == "-":
        return whole
    try:
        status = os.stat(path)  # noqa: PTH116 - before opening, which waits for a pipe's writer
        if not stat.S_ISREG(status.st_mode) or status.st_size < 2 * size:
            return whole
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return whole  # reading it says what is wrong
    line, line_break, _ = head.partition(b"\n")
    line = line.strip()
    if not line_break or not line.startswith(b"{") or not line.endswith(b"}"):
        return whole
    starts = range(0, status.st_size, size)
    ends = [*starts[1:], status.st_size + 1]
    return [Part(path, start, end) for start, end in zip(starts, ends, strict=True)]


class PartReader:
    """Reads one part of a file; ``lines`` is how many lines it had, once it is read."""

    def __init__(self, part: Part, reading: Reading) -> None:
        self.part, self.reading, self.lines = part, reading, 0

    def blocks(self) -> Iterator[LineBlock]:
        """The lines of the part in blocks, numbered from its first line."""
        self.lines = yield from line_blocks(self.reading, self._blocks())

    def count_lines(self) -> int:
        """How many lines the part has, without parsing them."""
        self.lines = sum(block.count(b"\n") for block in self._blocks())
        return self.lines

    def _blocks(self) -> Iterator[bytes]:
        part = self.part
        end = part.start if part.end is None else part.end
        try:
            with Path(part.path).open("rb") as file:
                # A part begins behind the first line break at or after the byte before it.
                file.seek(max(part.start - 1, 0))
                if part.start:
                    _skip_line(file)
                at = start = self.reading.plain_from = file.tell()
                while at < end:
                    block = file.read(up_to_line_break(file, min(_BLOCK, end - at)))
                    if not block:
                        break
                    at += len(block)
                    yield block
                # The last line may end in the next part.
                if at > start:
                    file.seek(at - 1)
                    if file.read(1) != b"\n":
                        yield from _rest_of_line(file)
        except OSError as error:
            reason = error.strerror or str(error)
            self.reading.problem("JS072", f"cannot be read: {reason}", unreadable=True)


def _skip_line(file: BinaryIO) -> None:
    for _ in _rest_of_line(file):
        pass


def _rest_of_line(file: BinaryIO) -> Iterator[bytes]:
    """What is left of a line, with its line break, in pieces of bounded size."""
    while piece := file.readline(_BLOCK):
        yield piece
        if piece.endswith(b"\n"):
            return
