"""Adding to the store: entries are gathered beside it, then merged in one transaction.

Reading a feed can take minutes and fail half-way. Until it is done the store is not touched, nor
locked; memory stays bounded, for what is gathered spills to a temporary file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intel.database import transaction
from jumpsigma.intel.model import AddResult, Entry, FeedProblem, Kind, require_list_name, shown
from jumpsigma.intel.normalise import NotAnIndicatorError, normalise

BATCH: Final = 10_000
CACHE: Final = 64 * 1024 * 1024
"""Bytes of pages that each of the two databases keeps in memory."""

MAX_TAGS: Final = 100
MAX_TEXT: Final = 1000
"""Characters of a note, a tag, a name or an id; a feed must not fill the disk with them."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_STAGE: Final = """
CREATE TEMP TABLE stage (
    list INTEGER, kind TEXT, value TEXT, source INTEGER, reference TEXT, revoked INTEGER,
    confidence INTEGER, valid_from INTEGER, valid_until INTEGER, modified INTEGER,
    tags TEXT, note TEXT, seq INTEGER,
    PRIMARY KEY (list, kind, value, source, reference)
) WITHOUT ROWID;
CREATE INDEX temp.stage_by_reference ON stage (reference) WHERE reference != '';
CREATE TEMP TABLE list_here (local INTEGER PRIMARY KEY, id INTEGER);
CREATE TEMP TABLE source_here (local INTEGER PRIMARY KEY, id INTEGER);
CREATE TEMP TABLE latest (reference TEXT PRIMARY KEY, modified INTEGER, revoked INTEGER)
"""
_CONTENT: Final = ("revoked", "confidence", "valid_from", "valid_until", "modified", "tags", "note")
_GATHER: Final = f"""
INSERT INTO stage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in (*_CONTENT, "seq"))}
WHERE modified IS NULL OR excluded.modified >= modified
"""
# Of each id the newest version counts, and of equal ones the last that was read.
_LATEST: Final = """
INSERT INTO latest SELECT reference, modified, revoked FROM (
    SELECT *, row_number() OVER (PARTITION BY reference ORDER BY modified DESC, seq DESC) AS place
    FROM stage WHERE reference != ''
) WHERE place = 1
"""
_DROP_OLDER: Final = """
DELETE FROM stage WHERE reference != '' AND modified < (
    SELECT modified FROM latest WHERE latest.reference = stage.reference
)
"""
_REVOKE_HERE: Final = """
UPDATE stage SET revoked = 1
WHERE reference != '' AND reference IN (SELECT reference FROM latest WHERE revoked)
"""
_SAME_ORIGIN: Final = "source IN (SELECT id FROM source WHERE origin = :origin)"
_DROP_OUTDATED: Final = f"""
DELETE FROM stage WHERE reference != '' AND EXISTS (
    SELECT 1 FROM indicator AS there
    WHERE there.reference = stage.reference AND there.reference != ''
    AND there.list = (SELECT id FROM list_here WHERE local = stage.list)
    AND there.{_SAME_ORIGIN} AND there.modified > stage.modified
)
"""
_REPLACE_OLDER: Final = f"""
DELETE FROM indicator WHERE reference != '' AND reference IN (SELECT reference FROM latest)
AND {_SAME_ORIGIN}
AND modified < (SELECT modified FROM latest WHERE latest.reference = indicator.reference)
AND EXISTS (
    SELECT 1 FROM stage JOIN list_here ON local = stage.list
    WHERE stage.reference = indicator.reference AND stage.reference != '' AND value != ''
    AND list_here.id = indicator.list
)
"""
_PAIRED: Final = """
FROM stage CROSS JOIN list_here AS l ON l.local = stage.list
CROSS JOIN source_here AS s ON s.local = stage.source
"""
_COUNT: Final = f"""
SELECT count(*), count(*) FILTER (WHERE there.list IS NULL), count(*) FILTER (
    WHERE there.list IS NOT NULL
    AND ({", ".join(f"there.{name}" for name in _CONTENT)})
    IS NOT ({", ".join(f"stage.{name}" for name in _CONTENT)})
) {_PAIRED} LEFT JOIN indicator AS there
ON there.list = l.id AND there.kind = stage.kind AND there.value = stage.value
AND there.source = s.id AND there.reference = stage.reference
WHERE stage.value != ''
"""
_MERGE: Final = f"""
INSERT INTO indicator
SELECT l.id, kind, value, s.id, reference, {", ".join(_CONTENT)}, :now {_PAIRED} WHERE value != ''
ON CONFLICT DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in (*_CONTENT, "seen"))}
"""
_REVOKE: Final = f"""
UPDATE indicator SET revoked = 1 WHERE NOT revoked AND reference != ''
AND reference IN (SELECT reference FROM latest WHERE revoked) AND {_SAME_ORIGIN}
AND NOT EXISTS (
    SELECT 1 FROM latest
    WHERE latest.reference = indicator.reference AND indicator.modified > latest.modified
)
"""


def microseconds(when: datetime | None) -> int | None:
    """A time as the store keeps it; one without a zone is in UTC."""
    if when is None:
        return None
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def time_of(stored: int | None) -> datetime | None:
    """The time that the store keeps so; beyond the year 9999 its last moment."""
    if stored is None:
        return None
    try:
        return _EPOCH + stored * _MICROSECOND
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if stored > 0 else datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Defaults:
    """What fills in for entries that do not say it themselves."""

    list: str
    source: str
    keep_sources: bool = True
    tags: tuple[str, ...] = ()
    confidence: int | None = None
    valid_until: datetime | None = None


@dataclass(slots=True)
class Staging:
    """Entries on their way into a store, on a connection of its own that can write."""

    connection: sqlite3.Connection
    defaults: Defaults
    on_problem: Callable[[Diagnostic], None]
    rejected: int = 0
    lists: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)

    def gather(self, entries: Iterable[Entry | Diagnostic]) -> None:
        """Normalise and stage all entries; what is none goes to ``on_problem`` and is counted."""
        self.connection.execute(f"PRAGMA cache_size = -{CACHE // 1024}")
        self.connection.execute(f"PRAGMA temp.cache_size = -{CACHE // 1024}")
        # When something fails the connection, and with it all that is temporary, is thrown away.
        self.connection.execute("PRAGMA temp.journal_mode = OFF")
        for statement in _STAGE.split(";\n"):
            self.connection.execute(statement)
        rows = self._rows(entries)
        while batch := list(islice(rows, BATCH)):
            self.connection.execute("BEGIN")  # of the temporary tables alone: locks nobody
            self.connection.executemany(_GATHER, batch)
            self.connection.execute("COMMIT")

    def merge(self, origin: str, state: Mapping[str, str], now: datetime) -> AddResult:
        """Put what was gathered into the store, with ``state``, in one transaction."""
        execute = self.connection.execute
        about = {"origin": origin, "now": microseconds(now)}
        with transaction(self.connection):
            self._number_lists()
            self._number_sources(origin)
            execute(_LATEST)
            outdated = execute(_DROP_OLDER).rowcount
            outdated += execute(_DROP_OUTDATED, about).rowcount
            execute(_REVOKE_HERE)
            total, added, updated = execute(_COUNT).fetchone()
            execute(_REPLACE_OLDER, about)
            execute(_MERGE, about)
            revoked = execute(_REVOKE, about).rowcount  # beside those that were gathered
            self.connection.executemany(
                "INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                state.items(),
            )
        unchanged = total - added - updated + outdated
        lists = tuple(sorted(self.lists))
        return AddResult(added, updated + revoked, unchanged, self.rejected, lists)

    def _rows(self, entries: Iterable[Entry | Diagnostic]) -> Iterator[tuple[Any, ...]]:
        for number, entry in enumerate(entries):
            if isinstance(entry, Diagnostic):
                self.rejected += entry.rejected if isinstance(entry, FeedProblem) else 0
                self.on_problem(entry)
                continue
            try:
                yield self._row(entry, number)
            except NotAnIndicatorError as error:
                self.rejected += 1
                self.on_problem(entry.problem("JS080", f"{shown(entry.value)} {error}"))

    def _row(self, entry: Entry, number: int) -> tuple[Any, ...]:
        ours = self.defaults
        kind: Kind | str = ""
        value = ""
        if entry.value or not (entry.revoked and entry.reference):
            kind, value = normalise(entry.value, entry.kind)
        source = (entry.source if ours.keep_sources else None) or ours.source
        tags = (*entry.tags, *ours.tags)
        return (
            self._list_number(entry.list or ours.list),
            str(kind),
            value,
            _number(self.sources, _text(source)),
            _text(entry.reference or ""),
            entry.revoked,
            ours.confidence if entry.confidence is None else entry.confidence,
            microseconds(entry.valid_from),
            microseconds(entry.valid_until or ours.valid_until),
            microseconds(entry.modified),
            _json([*dict.fromkeys(map(_text, tags[:MAX_TAGS]))]) if tags else None,
            _text(entry.note) if entry.note else None,
            number,
        )

    def _list_number(self, name: str) -> int:
        if name not in self.lists:
            require_list_name(name)
        return _number(self.lists, name)

    def _number_lists(self) -> None:
        for name, local in self.lists.items():
            self.connection.execute("INSERT OR IGNORE INTO list (name) VALUES (?)", (name,))
            self.connection.execute(
                "INSERT INTO list_here SELECT ?, id FROM list WHERE name = ?", (local, name)
            )

    def _number_sources(self, origin: str) -> None:
        for name, local in self.sources.items():
            key = (name, origin)
            self.connection.execute(
                "INSERT OR IGNORE INTO source (name, origin) VALUES (?, ?)", key
            )
            self.connection.execute(
                "INSERT INTO source_here SELECT ?, id FROM source WHERE name = ? AND origin = ?",
                (local, *key),
            )


def _number(numbers: dict[str, int], name: str) -> int:
    return numbers.setdefault(name, len(numbers))


def _text(text: str) -> str:
    """A text that the database takes: no lone surrogates, no more than is of use."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode()


def _json(value: list[str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
