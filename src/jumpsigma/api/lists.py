"""The lists that placeholders stand for: those of a pack, of the caller, of the indicator store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from jumpsigma.codegen.emit import keyword_value
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity
from jumpsigma.interpret import Lists, event_time, leaves
from jumpsigma.ir.bind import has_placeholder, placeholders_of
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import (
    Expr,
    Keyword,
    Network,
    Placeholder,
    Regex,
    Test,
    Text,
    TextPart,
    Wildcard,
)
from jumpsigma.ir.regex import escape, from_source, parts_of
from jumpsigma.matcher.indicators import Described, GivenLists, ListProvider, MatchedIndicator
from jumpsigma.matcher.lookups import MANY_EXPRESSIONS, IndicatorLists, LookUp, Piece
from jumpsigma.matcher.runtime import MANY, ONE
from jumpsigma.pack import Pack

if TYPE_CHECKING:
    from jumpsigma.intel.store import Store

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
            from jumpsigma.intel.store import open_store  # only rules with placeholders need it

            try:
                self._store = open_store(self._path)
            except DiagnosticError as error:
                self.problem = error.diagnostic
        return self._store


def lists_for(
    pack: Pack, lists: Lists | None = None, indicators: ListProvider | None = None
) -> IndicatorLists:
    """The lists of a pack, with more values from the caller and from an indicator store."""
    given = GivenLists([*_pack_groups(pack), *((name, v, {}) for name, v in (lists or {}).items())])
    return IndicatorLists(given, *([] if indicators is None else [indicators]))


def plain_lists(lists: Lists | None) -> IndicatorLists:
    """Lists of plain values."""
    return IndicatorLists(GivenLists((name, values, {}) for name, values in (lists or {}).items()))


class ListsInView:
    """What the interpreter needs of lists: the few values that one event has to do with.

    It writes values out, which for a million of them takes a second an event. Values with
    which nothing in the event fits change no verdict, so they can be left away; only where all
    values are demanded they are all given.
    """

    def __init__(self, expr: Expr, lists: IndicatorLists) -> None:
        self._lists = lists
        self._look_ups = [_look_up(each, lists) for each in _placeholder_tests(expr)]

    def of(self, event: dict[str, Any], *, ever: bool = False) -> Lists:
        """The values that count for the event, or ``ever`` would, and that something in it fits."""
        when = None if ever else event_time(event)
        everything = [value for _, value in leaves(event)]
        found: dict[str, dict[str, None]] = {}
        for look_up in self._look_ups:
            if look_up.every:
                for each in look_up.lists:
                    found.setdefault(each.name, {}).update(dict.fromkeys(each.counting(when)))
                continue
            for text in look_up.texts(everything):
                for choice in look_up.find(text):
                    for each, value in zip(look_up.lists, choice, strict=True):
                        if each.counts(value, when):
                            found.setdefault(each.name, {})[value] = None
        return {name: tuple(values) for name, values in found.items()}

    def described(
        self,
        entries: Iterable[tuple[str, str]],
        event: dict[str, Any],
        *,
        counting: bool = True,
    ) -> tuple[MatchedIndicator, ...]:
        """What is known of values of lists that count for the event, or just do not."""
        when = event_time(event)
        known = (each for name, value in entries for each in self._lists.load(name).details(value))
        return tuple(dict.fromkeys(each for each in known if each.is_valid_at(when) is counting))


def _placeholder_tests(expr: Expr) -> Iterator[Test | Keyword]:
    if isinstance(expr, Test | Keyword) and has_placeholder(expr.value):
        yield expr
    for child in children(expr):
        yield from _placeholder_tests(child)


def _look_up(expr: Test | Keyword, lists: IndicatorLists) -> LookUp:
    """The look-up that a generated matcher would use."""
    value = expr.value if isinstance(expr, Test) else keyword_value(expr)
    every = any(part.every for part in placeholders_of(value))
    match value:
        case Text(parts, cased):
            return lists.text([_piece(part) for part in parts], cased, every)
        case Network(Placeholder(name)):
            return lists.network(name, every)
        case Regex():
            pieces = [p if isinstance(p, str) else (p.name,) for p in parts_of(value)]
            return lists.regex(pieces, every, from_source, escape)
        case _:
            raise AssertionError(f"{value!r} has no placeholder")


def _piece(part: TextPart) -> Piece:
    if isinstance(part, Placeholder):
        return (part.name,)
    if isinstance(part, Wildcard):
        return MANY if part is Wildcard.MANY else ONE
    return part


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


def _pack_groups(pack: Pack) -> Iterable[Group]:
    for settings in pack.settings:
        for each in settings.lists:
            file = PurePath(each.path)
            if file.is_relative_to(settings.folder):
                file = file.relative_to(settings.folder)
            yield each.name, each.values, {"source": f"{settings.title}: {file.as_posix()}"}
