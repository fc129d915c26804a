"""Where base matches wait to be correlated: in memory, and past a limit in a file."""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self

from jumpsigma.matcher.correlate.rows import Row
from jumpsigma.matcher.findings import Finding

#: Rows held in memory; more go to a file.
DEFAULT_LIMIT = 30_000
#: Rows written at a time.
_BATCH = 10_000
#: Memory that SQLite may use for its pages, in KiB.
_CACHE = 16_384

FindingKey = tuple[int, int, str]


class Store(Protocol):
    """Rows, the payloads that they refer to, and findings until all are known."""

    def add_payload(self, payload: bytes) -> int:
        """Keep a payload; its number."""

    def payload(self, number: int) -> bytes:
        """The payload of a number."""

    def add(self, correlation: int, row: Row) -> None:
        """Keep a row of a correlation."""

    def sort(self, correlation: int) -> None:
        """Put the rows of a correlation, which are all known now, into their order."""

    def rows(self, correlation: int, start: int = 0, end: int | None = None) -> Iterator[Row]:
        """The rows [start, end) of a sorted correlation."""

    def drop(self, correlation: int) -> None:
        """Forget the rows of a correlation."""

    def add_finding(self, key: FindingKey, finding: Finding) -> None:
        """Keep a finding of a time, a correlation's place in the pack and a group."""

    def findings(self) -> Iterator[Finding]:
        """All findings, in the order of their keys."""

    def close(self) -> None:
        """Forget everything."""


class Memory:
    """Everything in lists."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.by_correlation: defaultdict[int, list[Row]] = defaultdict(list)
        self.found: list[tuple[FindingKey, Finding]] = []
        self.size = 0

    def add_payload(self, payload: bytes) -> int:
        """Keep a payload; its number."""
        self.payloads.append(payload)
        return len(self.payloads) - 1

    def payload(self, number: int) -> bytes:
        """The payload of a number."""
        return self.payloads[number]

    def add(self, correlation: int, row: Row) -> None:
        """Keep a row."""
        self.by_correlation[correlation].append(row)
        self.size += 1

    def narrow(self, correlation: int, kept: Callable[[list[Row]], list[Row]]) -> None:
        """Forget some of the rows."""
        rows = self.by_correlation[correlation]
        self.by_correlation[correlation] = kept(rows)
        self.size -= len(rows) - len(self.by_correlation[correlation])

    def sort(self, correlation: int) -> None:
        """Sort the rows."""
        self.by_correlation[correlation].sort()

    def rows(self, correlation: int, start: int = 0, end: int | None = None) -> Iterator[Row]:
        """The rows [start, end)."""
        return islice(self.by_correlation[correlation], start, end)

    def drop(self, correlation: int) -> None:
        """Forget the rows."""
        self.size -= len(self.by_correlation.pop(correlation, ()))

    def add_finding(self, key: FindingKey, finding: Finding) -> None:
        """Keep a finding."""
        self.found.append((key, finding))
        self.size += 1

    def findings(self) -> Iterator[Finding]:
        """All findings in order."""
        self.found.sort(key=lambda each: each[0])
        return (finding for _, finding in self.found)

    def close(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]


_COLUMNS = (
    "grp TEXT",
    "time INTEGER",
    "event_id BLOB",
    "origin TEXT",
    "digest BLOB",
    "path BLOB",
    "line INTEGER",
    "slots INTEGER",
    "vals TEXT",
    "spelled TEXT",
    "number INTEGER",
)
_NAMES = ", ".join(column.split()[0] for column in _COLUMNS)


class File:
    """Everything in a SQLite file of a private folder, which goes with :meth:`close`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jumpsigma-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / "matches.sqlite"
        self._db = sqlite3.connect(path, isolation_level=None)
        try:
            for setting in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "locking_mode = EXCLUSIVE",
                "temp_store = FILE",
                f"cache_size = -{_CACHE}",
            ):
                self._db.execute(f"PRAGMA {setting}").fetchall()
            self._db.execute("CREATE TABLE payloads (number INTEGER PRIMARY KEY, payload BLOB)")
            self._db.execute(
                "CREATE TABLE findings (time INTEGER, place INTEGER, grp TEXT, finding BLOB)"
            )
            # Never committed: the file is thrown away.
            self._db.execute("BEGIN")
        except BaseException:
            self.close()
            raise
        self._payloads: list[tuple[int, bytes]] = []
        self._rows: defaultdict[int, list[Row]] = defaultdict(list)
        self._waiting = 0
        self._tables: set[int] = set()
        self._next = 0

    @classmethod
    def holding(cls, memory: Memory, digested: Callable[[Row], Row]) -> Self:
        """A file with what was in memory, which is empty then; its rows have their digests."""
        file = cls()
        try:
            for payload in memory.payloads:
                file.add_payload(payload)
            for correlation, rows in memory.by_correlation.items():
                for row in rows:
                    file.add(correlation, digested(row))
            for key, finding in memory.found:
                file.add_finding(key, finding)
        except BaseException:
            file.close()
            raise
        memory.close()
        return file

    def add_payload(self, payload: bytes) -> int:
        """Keep a payload; its number."""
        number = self._next
        self._next += 1
        self._payloads.append((number, payload))
        if len(self._payloads) >= _BATCH:
            self._write_payloads()
        return number

    def _write_payloads(self) -> None:
        self._db.executemany("INSERT INTO payloads VALUES (?, ?)", self._payloads)
        self._payloads.clear()

    def payload(self, number: int) -> bytes:
        """The payload of a number."""
        if self._payloads and number >= self._payloads[0][0]:
            return self._payloads[number - self._payloads[0][0]][1]
        found = self._db.execute("SELECT payload FROM payloads WHERE number = ?", (number,))
        (payload,) = found.fetchone()
        return bytes(payload)

    def add(self, correlation: int, row: Row) -> None:
        """Keep a row."""
        self._rows[correlation].append(row)
        self._waiting += 1
        if self._waiting >= _BATCH:
            for waiting in list(self._rows):
                self._write_rows(waiting)

    def _write_rows(self, correlation: int) -> None:
        if correlation not in self._tables:
            self._tables.add(correlation)
            for name in (f"rows{correlation}", f"sorted{correlation}"):
                self._db.execute(f"CREATE TABLE {name} ({', '.join(_COLUMNS)})")
        rows = self._rows.pop(correlation, [])
        marks = ", ".join("?" * len(_COLUMNS))
        self._db.executemany(f"INSERT INTO rows{correlation} VALUES ({marks})", rows)  # noqa: S608
        self._waiting -= len(rows)

    def sort(self, correlation: int) -> None:
        """Write the rows anew in their order: what is read twice and by place is read in a row."""
        self._write_rows(correlation)
        self._db.execute(
            f"INSERT INTO sorted{correlation} SELECT * FROM rows{correlation} "  # noqa: S608
            "ORDER BY grp, time, event_id, origin, digest, path, line, number"
        )
        self._db.execute(f"DROP TABLE rows{correlation}")

    def rows(self, correlation: int, start: int = 0, end: int | None = None) -> Iterator[Row]:
        """The rows [start, end)."""
        cursor = self._db.execute(
            f"SELECT {_NAMES} FROM sorted{correlation} "  # noqa: S608
            "WHERE rowid > ? AND rowid <= ? ORDER BY rowid",
            (start, 2**62 if end is None else end),
        )
        return map(Row._make, cursor)

    def drop(self, correlation: int) -> None:
        """Forget the rows."""
        self._db.execute(f"DROP TABLE sorted{correlation}")
        self._tables.discard(correlation)

    def add_finding(self, key: FindingKey, finding: Finding) -> None:
        """Keep a finding."""
        self._db.execute("INSERT INTO findings VALUES (?, ?, ?, ?)", (*key, pickle.dumps(finding)))

    def findings(self) -> Iterator[Finding]:
        """All findings in order."""
        cursor = self._db.execute("SELECT finding FROM findings ORDER BY time, place, grp")
        for (finding,) in cursor:
            yield loaded(finding)

    def close(self) -> None:
        """Remove the file."""
        self._db.close()
        self._folder.cleanup()


def loaded(data: bytes) -> Any:
    """What this process, or one that it began, has pickled."""
    return pickle.loads(data)  # noqa: S301 - from memory or our own private file
