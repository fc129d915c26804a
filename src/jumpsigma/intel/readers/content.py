"""The content of a feed as UTF-8 blocks, as often as a reader needs them.

Archives are unpacked and UTF-16 is transcoded by :mod:`jumpsigma.intake.opening`, in bounded
memory. Some formats name a source or a type behind what it belongs to, hence a second reading.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.intake.opening import STDIN, open_blocks
from jumpsigma.intake.records import Reading, ReadStats, Reject

MAX_BYTES = 2 * 1024 * 1024 * 1024
"""Unpacked bytes of one feed that are read; the largest public ones have some hundred MB."""

_COPIED = 1024 * 1024


class Content:
    """One document of a feed: a file, standard input (``-``) or something that was fetched."""

    def __init__(
        self, place: str, file: IO[bytes] | None = None, *, path: Path | None = None
    ) -> None:
        """``place`` is what diagnostics call it: a path, or a URL without its secrets.

        Where it is not itself the path, ``file`` (seekable) or ``path`` hold the content.
        """
        self.place = place
        self._file = file
        self._path = path or Path(place)

    def close(self) -> None:
        """Give up the file, if there is one; the content cannot be read again."""
        if self._file is not None:
            self._file.close()

    def reading(self) -> Reading:
        """A fresh record of one pass; rejected elements are kept in none but the caller's list."""
        return Reading(self.place, ReadStats(), on_reject=_ignore)

    def blocks(self, reading: Reading) -> Iterator[bytes]:
        """The content from its beginning. What is wrong with it is noted in ``reading``."""
        if self._file is None:
            self._keep_what_comes_once()
        if self._file is not None:
            self._file.seek(0)
        size = 0
        for block in open_blocks(self._file or self._path, reading):
            size += len(block)
            if size > MAX_BYTES:
                message = f"unpacks to more than {MAX_BYTES // 1024**3} GiB; not read on"
                reading.problem("JS087", message, hint="a decompression bomb? look at it by hand")
                return
            yield block

    def _keep_what_comes_once(self) -> None:
        """Copy a pipe to a file: standard input, or what a shell calls ``/dev/fd/63``."""
        if self.place == STDIN and sys.stdin is not None:
            self._file = _copy(sys.stdin.buffer)
        elif _is_pipe(self._path):
            try:
                with self._path.open("rb") as pipe:
                    self._file = _copy(pipe)
            except OSError:
                return  # opening it once more will say why not

    def problems(self, reading: Reading) -> Iterator[Diagnostic]:
        """What was wrong with the content as a whole, once it has been read."""
        for problem in reading.problems:
            hint = "it was cut off; fetch it again" if problem.code == "JS074" else problem.hint
            yield Diagnostic(problem.code, problem.message, span=Span(self.place), hint=hint)


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:
        return False


def _copy(pipe: IO[bytes]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the content
    # What is longer is refused when it is read, and must not fill the disk before.
    while file.tell() <= MAX_BYTES and (block := pipe.read(_COPIED)):
        file.write(block)
    return file


def _ignore(_reject: Reject) -> None:
    """Of a pass that looks for something else, what is malformed is told by the other pass."""
