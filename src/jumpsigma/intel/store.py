"""The indicator store: one SQLite file of the user's own.

Reading takes no lock: who reads sees the store as it was at the first look (or after a change of
their own), while others may add. Any number of threads may read from one :class:`Store`; a process
that forks from it, or to which it is pickled, opens the file anew.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, assert_never

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel.database import (
    answered,
    connect_to_read,
    connect_to_write,
    damaged,
    transaction,
)
from jumpsigma.intel.model import (
    DEFAULT_LIST,
    AddResult,
    Entry,
    Indicator,
    Kind,
    ListSummary,
    Match,
    require_list_name,
    shown,
)
from jumpsigma.intel.normalise import (
    NotAnIndicatorError,
    domains_above,
    host_of,
    networks_around,
    normalise,
)
from jumpsigma.intel.place import store_path
from jumpsigma.intel.staging import Defaults, Staging, microseconds, time_of

_NOUNS: Final = {
    Kind.DOMAIN: "domain",
    Kind.IP: "address",
    Kind.CIDR: "network",
    Kind.URL: "URL",
    Kind.HASH: "hash",
    Kind.EMAIL: "e-mail address",
}
_KINDS: Final = ", ".join(f"'{kind}'" for kind in Kind)

_COLUMNS: Final = """
SELECT kind, value, list.name, source.name, tags, confidence, valid_from, valid_until, revoked,
    reference, note
FROM indicator JOIN list ON list.id = indicator.list JOIN source ON source.id = indicator.source
"""
_ORDER: Final = "ORDER BY list.name, kind, value, source.name, reference"


class Store:
    """The indicators of one file; see :func:`open_store`. A context manager that closes it."""

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        self._create = create
        self._reader: sqlite3.Connection | None = None
        self._process: int | None = None
        self._left: list[sqlite3.Connection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return open_store, (self.path,)

    def close(self) -> None:
        """End the view of the store; the next look takes a new one.

        When a writer is the last to close, SQLite writes all changes into the file itself and
        takes the ``-wal`` file away; who may only read leaves them there, and who then copies the
        file alone would lose them.
        """
        if self._reader is not None and self._process == os.getpid():
            self._reader.close()
        self._reader = self._process = None

    # --- reading

    @property
    def exists(self) -> bool:
        """Whether anything was ever put into the store."""
        return self._connection() is not None

    def names(self) -> tuple[str, ...]:
        """The names of its lists, sorted."""
        found = self._all(
            "SELECT name FROM list WHERE EXISTS "
            "(SELECT 1 FROM indicator WHERE indicator.list = list.id) ORDER BY name"
        )
        return tuple(name for (name,) in found)

    def values(self, list_name: str) -> Iterator[str]:
        """The normalised values of a list that are not revoked, whatever their validity.

        A value of several sources may come several times. Networks are in CIDR notation; they
        alone have a slash and no ``://``.
        """
        connection = self._connection()
        if connection is None:
            return
        with answered(self.path):
            rows = connection.execute(
                "SELECT value FROM indicator WHERE list = (SELECT id FROM list WHERE name = ?) "
                "AND NOT revoked",
                (list_name,),
            )
            for (value,) in rows:
                yield value

    def details(self, list_name: str, value: str) -> list[Indicator]:
        """What a list says about one normalised value, by source; revoked ones are left out."""
        return self._indicators(
            f"list = (SELECT id FROM list WHERE name = ?) AND kind IN ({_KINDS}) AND value = ? "
            "AND NOT revoked",
            (list_name, value),
        )

    def match(self, value: str) -> list[Match]:
        """What a value matches, revoked and expired indicators too, and why.

        A domain matches those above it, an address the networks around it, a URL its host.
        Raises :class:`DiagnosticError` (JS080) for a value that is no indicator.
        """
        kind, normal = _understood(value)
        reasons = dict(_reasons(kind, normal))
        marks = ", ".join("?" * len(reasons))
        found = self._indicators(
            f"list IN (SELECT id FROM list) AND kind IN ({_KINDS}) AND value IN ({marks})",
            (*reasons,),
        )
        order = {value: place for place, value in enumerate(reasons)}
        found.sort(key=lambda each: order[each.value])
        return [Match(each, reasons[each.value]) for each in found]

    def lists(self, now: datetime | None = None) -> list[ListSummary]:
        """What each list holds, by name; ``now`` says what has expired (default: the clock)."""
        rows = self._all(
            "SELECT list.name, count(*), "
            "count(*) FILTER (WHERE NOT revoked AND valid_until <= ?), sum(revoked), "
            "json_group_array(DISTINCT kind), json_group_array(DISTINCT source), max(seen) "
            "FROM indicator JOIN list ON list.id = indicator.list "
            "GROUP BY indicator.list ORDER BY list.name",
            (microseconds(now or datetime.now(UTC)),),
        )
        sources = dict(self._all("SELECT id, name FROM source"))
        return [
            ListSummary(
                name=name,
                count=count,
                expired=expired,
                revoked=revoked,
                sources=tuple(sorted({sources[each] for each in json.loads(source_ids)})),
                kinds=tuple(kind for kind in Kind if kind in json.loads(kinds)),
                updated=_time(seen),
            )
            for name, count, expired, revoked, kinds, source_ids, seen in rows
        ]

    def get_state(self, key: str) -> str | None:
        """What a feed left for its next turn; see ``state`` of :meth:`add`."""
        rows = self._all("SELECT value FROM state WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    # --- changing

    def add(
        self,
        entries: Iterable[Entry | Diagnostic],
        *,
        source: str,
        origin: str = "file",
        list: str | None = None,  # noqa: A002 - what everybody calls it
        keep_sources: bool = True,
        tags: Iterable[str] = (),
        confidence: int | None = None,
        valid_until: datetime | None = None,
        state: Mapping[str, str] | None = None,
        on_problem: Callable[[Diagnostic], None] = lambda _: None,
        now: datetime | None = None,
    ) -> AddResult:
        """Add or update indicators, all in one transaction after the last entry was read.

        An indicator is known by list, value, source and the feed's own id of it; adding it again
        replaces what was said. Of two versions of one id the newer counts. A revocation with an id
        revokes it in every list, as far as it came from the same ``origin``: a feed has no say over
        the indicators of another.

        Parameters
        ----------
        entries
            What a reader yields. If it raises, the store is as before. Of the problems among them
            each :class:`~jumpsigma.intel.model.FeedProblem` says how much it left out.
        on_problem
            Is given the problems among ``entries``, and one for each that is no indicator (JS080).
        source, keep_sources
            Who says so, where an entry does not tell; ``keep_sources=False``: of all entries.
        origin
            Whose word it is: ``file``, a host, a server and its collection.
        list
            The list, of entries that name none. Default: :data:`DEFAULT_LIST`.
        tags
            Are added to those of every entry.
        confidence, valid_until
            Fill in where an entry has none.
        state
            Texts for :meth:`get_state`, read after the last entry and kept in the same transaction.
        now
            When it was seen; default: the clock.

        Raises
        ------
        DiagnosticError
            JS081 to JS084 and JS091 for what is wrong with the store, JS090 for a list's name.

        """
        name = DEFAULT_LIST if list is None else list
        require_list_name(name)
        defaults = Defaults(name, source, keep_sources, tuple(tags), confidence, valid_until)
        with answered(self.path), closing(self._writer()) as connection:
            staging = Staging(connection, defaults, on_problem)
            staging.gather(entries)
            result = staging.merge(origin, state or {}, now or datetime.now(UTC))
            self.close()  # before the writer: see close()
        return result

    def expire(
        self,
        values: Sequence[str] = (),
        *,
        list: str | None = None,  # noqa: A002
        unseen_since: datetime | None = None,
        at: datetime | None = None,
    ) -> int:
        """End the validity of indicators; how many were changed.

        Those of ``values``, or all that no feed has named since ``unseen_since``. Events before
        ``at`` (default: the clock) are still matched, and a feed that names them again revives
        them. Raises :class:`DiagnosticError` as :meth:`add` does, and JS080.
        """
        until = microseconds(at or datetime.now(UTC))
        if not values and unseen_since is None:
            return 0
        chosen, parameters = _choice(values, list)
        if unseen_since is not None:
            chosen.append("seen < ?")
            parameters.append(microseconds(unseen_since))
        return self._change(
            "UPDATE indicator SET valid_until = ? "
            f"WHERE {' AND '.join(chosen)} AND (valid_until IS NULL OR valid_until > ?)",
            (until, *parameters, until),
        )

    def remove(
        self,
        values: Sequence[str] = (),
        *,
        list: str | None = None,  # noqa: A002
        source: str | None = None,
        dry_run: bool = False,
    ) -> int:
        """Delete the indicators that fit all that is given; how many they are.

        With nothing given none fits. Where whole lists or sources go, what feeds left for their
        next turn goes too: they would say that nothing is new. Raises :class:`DiagnosticError` as
        :meth:`expire` does.
        """
        chosen, parameters = _choice(values, list)
        if source is not None:
            chosen.append("source IN (SELECT id FROM source WHERE name = ?)")
            parameters.append(source)
        if not chosen:
            return 0
        return self._change(
            f"DELETE FROM indicator WHERE {' AND '.join(chosen)}",
            parameters,
            keep=not dry_run,
            forget=not values,
        )

    # --- how

    def _change(
        self, sql: str, parameters: Sequence[Any], *, keep: bool = True, forget: bool = False
    ) -> int:
        with (
            answered(self.path),
            closing(self._writer()) as connection,
            transaction(connection, keep=keep),
        ):
            changed = connection.execute(sql, parameters).rowcount
            if forget:
                connection.execute("DELETE FROM state")
            self.close()  # before the writer: see close()
        return changed

    def _writer(self) -> sqlite3.Connection:
        return connect_to_write(self.path, create=self._create)

    def _connection(self) -> sqlite3.Connection | None:
        """The connection of this process, in the transaction that keeps its view."""
        if self._process != os.getpid():
            if self._reader is not None:
                # SQLite forbids to use, or even to close, what was opened before a fork.
                self._left.append(self._reader)
            self._reader = connect_to_read(self.path)
            self._process = os.getpid()
            if self._reader is not None:
                with answered(self.path):
                    self._reader.execute("BEGIN")
        return self._reader

    def _all(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        connection = self._connection()
        if connection is None:
            return []
        with answered(self.path):
            return connection.execute(sql, parameters).fetchall()

    def _indicators(self, where: str, parameters: Sequence[Any]) -> list[Indicator]:
        rows = self._all(f"{_COLUMNS} WHERE {where} {_ORDER}", parameters)
        try:
            return [*map(_indicator, rows)]
        except ValueError as error:  # a damaged page that SQLite could still read
            raise DiagnosticError(damaged(self.path, str(error))) from None


def open_store(path: str | Path | None = None, *, create: bool = False) -> Store:
    """Open the indicator store; by default the user's own (:func:`store_path`).

    One that is not there reads as empty; only ``create`` lets :meth:`Store.add` make it. Raises
    :class:`DiagnosticError`: JS081 damaged or not ours, JS082 of a newer version, JS083 others may
    write to it.
    """
    store = Store(store_path() if path is None else Path(path), create=create)
    _ = store.exists
    return store


def _understood(value: str) -> tuple[Kind, str]:
    """A value that a person gave; one word may be a domain, as ``onion`` is."""
    try:
        return normalise(value)
    except NotAnIndicatorError as error:
        try:
            return normalise(value, Kind.DOMAIN)
        except NotAnIndicatorError:
            raise DiagnosticError(Diagnostic("JS080", f"{shown(value)} {error}")) from None


def _reasons(kind: Kind, value: str) -> Iterator[tuple[str, str]]:
    """The values of the store that a normalised value matches, nearest first, each with why."""
    yield value, f"is the {_NOUNS[kind]}"
    match kind:
        case Kind.DOMAIN:
            for above in domains_above(value)[1:]:
                yield above, f"is below {above}"
        case Kind.IP | Kind.CIDR:
            for network in networks_around(value):
                yield network, f"is in {network}"
        case Kind.URL:
            host = host_of(value)
            for found, reason in _reasons(*normalise(host, _host_kind(host))):
                yield found, f"its host {reason}"
        case Kind.HASH | Kind.EMAIL:
            pass
        case never:
            assert_never(never)


def _host_kind(host: str) -> Kind:
    return Kind.IP if ":" in host or host.rpartition(".")[2].isdigit() else Kind.DOMAIN


def _indicator(row: tuple[Any, ...]) -> Indicator:
    kind, value, list_name, source, tags, confidence, since, until, revoked, reference, note = row
    return Indicator(
        kind=Kind(kind),
        value=value,
        list=list_name,
        source=source,
        tags=tuple(json.loads(tags)) if tags else (),
        confidence=confidence,
        valid_from=time_of(since),
        valid_until=time_of(until),
        revoked=bool(revoked),
        reference=reference or None,
        note=note,
    )


def _choice(values: Sequence[str], list_name: str | None) -> tuple[list[str], list[Any]]:
    """Conditions and their parameters for indicators of these values and this list."""
    chosen: list[str] = []
    parameters: list[Any] = []
    if list_name is not None:
        chosen.append("list = (SELECT id FROM list WHERE name = ?)")
        parameters.append(list_name)
    if values:
        if list_name is None:  # without these two the key is of no use to find values
            chosen.append("list IN (SELECT id FROM list)")
        chosen.append(f"kind IN ({_KINDS}) AND value IN (SELECT j.value FROM json_each(?) AS j)")
        parameters.append(json.dumps([_understood(value)[1] for value in values]))
    return chosen, parameters


def _time(stored: int) -> datetime:
    return time_of(stored) or datetime.min.replace(tzinfo=UTC)
