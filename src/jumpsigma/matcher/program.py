"""A generated module in this process: executed, known to linecache, its errors at rule lines."""

from __future__ import annotations

import linecache
import weakref
from collections import Counter
from collections.abc import Collection, Mapping
from hashlib import sha256
from types import TracebackType
from typing import Any, NamedTuple

from jumpsigma.ir.nodes import Place
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.lookups import IndicatorLists

_uses: Counter[str] = Counter()


def _forget(filename: str) -> None:
    _uses[filename] -= 1
    if _uses[filename] <= 0:
        del _uses[filename]
        linecache.cache.pop(filename, None)


class Holding(NamedTuple):
    """The numbers of the rules that hold on an event, in order.

    ``memo`` has what was found out about the event on the way: what is asked next costs less.
    """

    numbers: list[int]
    memo: list[Any]


class Program:
    """``holding(event)`` of a generated module, with the lists that its placeholders stand for.

    The source is registered in :mod:`linecache`, so that tracebacks and debuggers show it, and
    an error in it says which line of which rule file it was about.
    """

    def __init__(
        self, source: str, places: Mapping[int, Place], lists: IndicatorLists | None = None
    ) -> None:
        self.source, self.places = source, places
        self.lists = lists or IndicatorLists()
        self.filename = f"<jumpsigma {sha256(source.encode()).hexdigest()[:12]}>"
        # No modification time: linecache then never looks for a file and keeps the entry.
        linecache.cache[self.filename] = (
            len(source),
            None,
            source.splitlines(keepends=True),
            self.filename,
        )
        # The entry goes with the last program that has this source.
        weakref.finalize(self, _forget, self.filename)
        _uses[self.filename] += 1
        names: dict[str, Any] = {"__name__": "jumpsigma_matcher", "LISTS": self.lists}
        exec(compile(source, self.filename, "exec"), names)  # noqa: S102 - our own code
        self._holding, self._among = names["holding"], names["among"]
        self._matched = names["matched"]
        self._indicators = names["indicators"]

    def __reduce__(self) -> tuple[type[Program], tuple[str, dict[int, Place], IndicatorLists]]:
        """Pickled as its source and where its lists come from, for other processes."""
        return Program, (self.source, dict(self.places), self.lists)

    def holding(self, event: dict[str, Any]) -> Holding:
        """The rules that hold on an event."""
        try:
            return Holding._make(self._holding(event))
        except Exception as error:
            self._locate(error)
            raise

    def among(self, event: dict[str, Any], numbers: Collection[int]) -> Holding:
        """Of these rules those that hold on an event, as :meth:`holding` has them."""
        try:
            return Holding._make(self._among(event, numbers))
        except Exception as error:
            self._locate(error)
            raise

    def matched(self, number: int, event: dict[str, Any], holding: Holding) -> dict[str, list[Any]]:
        """What satisfied a rule that holds on the event, by field (S702)."""
        try:
            return self._matched(number, event, holding.memo)  # type: ignore[no-any-return]
        except Exception as error:
            self._locate(error)
            raise

    def hits(self, event: dict[str, Any]) -> list[tuple[int, dict[str, list[Any]]]]:
        """The numbers of the rules that hold, each with what satisfied it."""
        holding = self.holding(event)
        return [(number, self.matched(number, event, holding)) for number in holding.numbers]

    def indicators(
        self, number: int, event: dict[str, Any], holding: Holding
    ) -> tuple[MatchedIndicator, ...]:
        """The indicators by which a rule that holds on the event does so (S704)."""
        return self._indicators(number, event, holding.memo)  # type: ignore[no-any-return]

    def _locate(self, error: Exception) -> None:
        place = self.place_of(error.__traceback__)
        if place is not None:
            error.add_note(f"while evaluating {place.path}, line {place.line}")

    def place_of(self, traceback: TracebackType | None) -> Place | None:
        """The rule line that the innermost frame of the generated code was evaluating."""
        found = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.filename:
                found = self.places.get(traceback.tb_lineno, found)
            traceback = traceback.tb_next
        return found
