"""Where events can be read again: a few numbers each, in memory and past a limit in a file."""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, compress
from operator import invert
from pathlib import Path
from typing import IO, NamedTuple

from jumpsigma.diagnostics import Diagnostic, DiagnosticError

#: Numbers of a :class:`Reference`.
_FIELDS = 5
_BYTES = _FIELDS * 8
#: References that are written, and read, at a time.
_BATCH = 8_192
#: Bytes of kept events that are written at a time, at most.
_WRITTEN_AT_ONCE = 1024 * 1024


def no_file(error: Exception) -> DiagnosticError:
    """What is raised when matches cannot be kept (JS091)."""
    return DiagnosticError(
        Diagnostic(
            "JS091",
            f"cannot keep the matches of correlations in a temporary file: {error}",
            hint="make room there, or set TMPDIR to a folder that has more",
        )
    )


class Reference(NamedTuple):
    """One event.

    ``number`` is that of its class, ``hour`` that of its time in UTC, counted from the year 0,
    ``line`` what a finding shows. Its bytes are ``length`` behind ``offset`` in the file that it
    was read from, or, where the offset is negative, behind its complement in the file of what was
    kept. One without a length is not to be read again.
    """

    number: int
    hour: int
    line: int
    offset: int
    length: int


class Origin(NamedTuple):
    """What the references from number ``first`` on were read from.

    ``path`` is None for what has none. ``kept`` is the file of another process with the events
    that it kept. ``lines`` are before those that the references count.
    """

    first: int
    path: str | None
    kept: str | None = None
    lines: int = 0


class References:
    """References in the order in which they are added.

    Past ``limit`` of them, and past 80 bytes of kept events for each, they are held in files,
    which go with :meth:`close`. With a ``folder`` what is kept is in a file there, which is left
    to who reads it. What writes raises :class:`DiagnosticError` (JS091) when that fails.
    """

    def __init__(self, limit: int, folder: str | None = None) -> None:
        self._columns = [array("q") for _ in range(_FIELDS)]
        self._origins: list[Origin] = []
        self._written = self._kept_bytes = 0
        limit = max(limit, 1)
        self._file = tempfile.SpooledTemporaryFile(max_size=limit * _BYTES)  # noqa: SIM115
        self._open: tuple[str, IO[bytes]] | None = None
        self._kept: IO[bytes] | None = None
        self._unwritten: list[bytes] = []
        self._unwritten_bytes = 0
        self._kept_limit, self._folder = limit * 80, folder

    def __len__(self) -> int:
        return self._written * _BATCH + len(self._columns[0])

    def close(self) -> None:
        """Forget everything, and remove the files."""
        self._file.close()
        if self._kept is not None:
            self._kept.close()
        self._close()

    def begin(self, path: str | None, kept: str | None = None, lines: int = 0) -> Origin:
        """What is added from here on has this origin; see :class:`Origin`."""
        origin = Origin(len(self), path, kept, lines)
        self._origins.append(origin)
        return origin

    def begin_again(self, path: str | None) -> None:
        """As :meth:`begin`, when that was not what was begun last."""
        last = self._origins[-1] if self._origins else None
        if last is None or last[1:] != (path, None, 0):
            self.begin(path)

    def append(self, reference: Reference) -> None:
        """Add one reference."""
        for held, value in zip(self._columns, reference, strict=True):
            held.append(value)
        if len(self._columns[0]) >= _BATCH:
            self._write_columns()

    def add(self, *columns: Sequence[int]) -> None:
        """Add references: the numbers of their classes, their hours, lines, offsets and lengths."""
        for held, more in zip(self._columns, columns, strict=True):
            held.extend(more if isinstance(more, array) else array("q", more))
        if len(self._columns[0]) >= _BATCH:
            self._write_columns()

    def _write_columns(self) -> None:
        try:
            self._file.seek(self._written * _BATCH * _BYTES)
            while len(self._columns[0]) >= _BATCH:
                for held in self._columns:
                    self._file.write(held[:_BATCH].tobytes())
                    del held[:_BATCH]
                self._written += 1
        except OSError as error:
            raise no_file(error) from None

    def keep(self, raws: Sequence[bytes]) -> list[int]:
        """Keep the bytes of events that cannot be read again; their (negative) offsets."""
        ends = list(accumulate(map(len, raws), initial=self._kept_bytes))
        self._kept_bytes = ends.pop()
        self._unwritten += raws
        self._unwritten_bytes += self._kept_bytes - ends[0]
        if self._unwritten_bytes >= min(_WRITTEN_AT_ONCE, self._kept_limit):
            self._write()
        return list(map(invert, ends))

    def _write(self) -> None:
        if not self._unwritten:
            return
        try:
            if self._kept is None:
                self._kept = self._begun()
            self._kept.seek(self._kept_bytes - self._unwritten_bytes)
            self._kept.write(b"".join(self._unwritten))
        except OSError as error:
            raise no_file(error) from None
        self._unwritten, self._unwritten_bytes = [], 0

    def _begun(self) -> IO[bytes]:
        if self._folder is not None:
            return tempfile.NamedTemporaryFile(dir=self._folder, delete=False)
        return tempfile.SpooledTemporaryFile(max_size=self._kept_limit)

    def packed(self) -> tuple[list[bytes], str | None]:
        """Everything, for another process: the columns, and the file of what was kept.

        All is forgotten here.
        """
        columns = [array("q") for _ in range(_FIELDS)]
        for _, batch in self._batches():
            for column, more in zip(columns, batch, strict=True):
                column.extend(more)
        self._write()
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
        self._columns = [array("q") for _ in range(_FIELDS)]
        self._origins, self._written, self._kept_bytes = [], 0, 0
        return [column.tobytes() for column in columns], None if kept is None else str(kept.name)

    def include(self, packed: list[bytes], numbers: Sequence[int]) -> list[Reference]:
        """Add what another process packed; ``numbers`` are those that its classes have here.

        Gives those back, with the numbers of the other process, that are in no class here.
        """
        columns = [array("q", column) for column in packed]
        theirs = columns[0]
        known = array("q", map(numbers.__getitem__, theirs))
        alone = [place for place, number in enumerate(known) if number < 0]
        for place in alone:
            known[place] = 0
        self.add(known, *columns[1:])
        return [Reference(*[column[place] for column in columns]) for place in alone]

    def counts(self) -> Counter[int]:
        """How many references each class has."""
        found: Counter[int] = Counter()
        for _, batch in self._batches():
            found.update(batch[0])
        return found

    def times(self, wanted: Sequence[object]) -> Counter[tuple[int, int]]:
        """How many references each class, of those that are wanted, has in each hour."""
        flags = bytes(map(bool, wanted))
        found: Counter[tuple[int, int]] = Counter()
        for _, (numbers, hours, *_) in self._batches():
            chosen = list(map(flags.__getitem__, numbers))
            found.update(zip(compress(numbers, chosen), compress(hours, chosen), strict=True))
        return found

    def among(self, wanted: Sequence[object]) -> Iterator[tuple[Origin, Reference]]:
        """The references for whose class ``wanted`` has something true, in order."""
        for _, batch, chosen in self._chosen(wanted):
            for origin, places in chosen:
                for place in places:
                    yield origin, Reference(*[column[place] for column in batch])

    def revise(
        self,
        wanted: Sequence[object],
        revised: Callable[[Origin, Sequence[Reference]], tuple[list[int], list[int]]],
    ) -> None:
        """Give references of some classes others: ``revised`` says which, and the hours.

        It is asked for those of one origin at a time. What it does must add no reference.
        """
        for first, batch, chosen in self._chosen(wanted):
            for origin, places in chosen:
                references = [Reference(*[column[place] for column in batch]) for place in places]
                numbers, hours = revised(origin, references)
                for place, number, hour in zip(places, numbers, hours, strict=True):
                    batch[0][place], batch[1][place] = number, hour
            if first < self._written * _BATCH:
                try:
                    self._file.seek(first * _BYTES)
                    self._file.write(batch[0].tobytes() + batch[1].tobytes())
                except OSError as error:
                    raise no_file(error) from None

    def _chosen(
        self, wanted: Sequence[object]
    ) -> Iterator[tuple[int, list[array[int]], list[tuple[Origin, list[int]]]]]:
        """Batches, the number of the first in each, and the places in it that are wanted."""
        origins = iter([*self._origins, Origin(len(self), None)])
        origin = following = Origin(0, None)
        flags = bytes(map(bool, wanted))
        if not any(flags):
            return
        for first, batch in self._batches():
            chosen: list[tuple[Origin, list[int]]] = []
            for place in compress(range(_BATCH), map(flags.__getitem__, batch[0])):
                while following.first <= first + place:
                    origin, following = following, next(origins)
                if not chosen or chosen[-1][0] is not origin:
                    chosen.append((origin, []))
                chosen[-1][1].append(place)
            yield first, batch, chosen

    def _batches(self) -> Iterator[tuple[int, list[array[int]]]]:
        size = _BATCH * 8
        for number in range(self._written):
            self._file.seek(number * _BATCH * _BYTES)
            yield number * _BATCH, [array("q", self._file.read(size)) for _ in range(_FIELDS)]
        yield self._written * _BATCH, list(self._columns)

    def read(self, origin: Origin, reference: Reference) -> bytes:
        """The bytes of an event; fewer where its file has become shorter.

        Raises ``OSError`` when it cannot be read.
        """
        if reference.offset >= 0:
            file: IO[bytes] | None = self._opened(str(origin.path))
            offset = reference.offset
        else:
            self._write()
            file = self._opened(origin.kept) if origin.kept is not None else self._kept
            offset = ~reference.offset
        assert file is not None  # noqa: S101 - an offset in it was given
        file.seek(offset)
        return file.read(reference.length)

    def _opened(self, path: str) -> IO[bytes]:
        """A file; the one before is closed, as those of one are read one behind the other."""
        if self._open is None or self._open[0] != path:
            file = Path(path).open("rb")  # noqa: SIM115 - until another is asked for
            self._close()
            self._open = path, file
        return self._open[1]

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
