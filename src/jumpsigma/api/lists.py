"""The lists that placeholders stand for: those of a pack, of the caller, of the indicator store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity
from jumpsigma.matcher.indicators import Described, GivenLists, ListProvider
from jumpsigma.matcher.lookups import MANY_EXPRESSIONS, IndicatorLists

if TYPE_CHECKING:
    from jumpsigma.intel.store import Store
    from jumpsigma.interpret import Lists
    from jumpsigma.pack import Pack

Group = tuple[str, Collection[str], Mapping[str, Any]]


class StoredLists:
    """The lists of the indicator store, opened when the first of them is asked for.

    A store that cannot be read has no lists; why stands in ``problem``, and the rules run without
    it.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = path
        self._store: Store | None = None
        self.problem: Diagnostic | None = None

    def __reduce__(self) -> tuple[type[StoredLists], tuple[str | Path | None]]:
        return StoredLists, (self._path,)

    def names(self) -> Collection[str]:
        """The lists with indicators."""
        store = self._opened()
        try:
            return () if store is None else store.names()
        except DiagnosticError as error:
            self.problem = error.diagnostic
            return ()

    def values(self, name: str, /) -> Iterator[str]:
        """The values of a list that are not revoked."""
        store = self._opened()
        try:
            if store is not None:
                yield from store.values(name)
        except DiagnosticError as error:
            self.problem = error.diagnostic

    def details(self, name: str, value: str, /) -> Sequence[Described]:
        """The indicators of this value in a list that are not revoked."""
        store = self._opened()
        try:
            return () if store is None else store.details(name, value)
        except DiagnosticError as error:
            self.problem = error.diagnostic
            return ()

    def _opened(self) -> Store | None:
        if self._store is None and self.problem is None:
            # Only rules with placeholders come here, and not everybody has a store.
            from jumpsigma.intel.place import is_there, store_path

            try:
                path = store_path() if self._path is None else Path(self._path)
                if is_there(path):
                    from jumpsigma.intel.store import open_store

                    self._store = open_store(path)
            except DiagnosticError as error:
                self.problem = error.diagnostic
        return self._store


def lists_for(
    pack: Pack, lists: Lists | None = None, indicators: ListProvider | None = None
) -> IndicatorLists:
    """The lists of a pack, with more values from the caller and from an indicator store."""
    return lists_of(pack_groups(pack), lists, indicators)


def lists_of(
    groups: Iterable[Group], lists: Lists | None = None, indicators: ListProvider | None = None
) -> IndicatorLists:
    """The same, from what :func:`pack_groups` gave."""
    given = GivenLists([*groups, *((name, v, {}) for name, v in (lists or {}).items())])
    return IndicatorLists(given, *([] if indicators is None else [indicators]))


def plain_lists(lists: Lists | None) -> IndicatorLists:
    """Lists of plain values."""
    return IndicatorLists(GivenLists((name, values, {}) for name, values in (lists or {}).items()))


def list_problems(lists: IndicatorLists) -> Iterator[Diagnostic]:
    """What should be said of lists that rules have asked for."""
    empty = {name for name, values in lists.loaded.items() if not values}
    for name in sorted(empty - lists.names()) if empty else ():  # names() opens the store
        yield Diagnostic(
            "JS042",
            f"the list {name!r} has no values, so tests with %{name}% match nothing",
            Severity.INFO,
            hint=f"jumpsigma intel add FILE --list {name}",
        )
    for name in lists.slow:
        yield Diagnostic(
            "JS043",
            f"%{name}% in a regular expression is tried value by value, "
            f"which is slow for more than {MANY_EXPRESSIONS:,}",
            Severity.WARNING,
            hint="use the placeholder without re, with contains, startswith or endswith",
        )


def pack_groups(pack: Pack) -> Iterator[Group]:
    """The lists of a pack, each with what is known of its values."""
    for settings in pack.settings:
        for each in settings.lists:
            file = PurePath(each.path)
            if file.is_relative_to(settings.folder):
                file = file.relative_to(settings.folder)
            yield each.name, each.values, {"source": f"{settings.title}: {file.as_posix()}"}
