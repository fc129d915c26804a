"""A generated module in this process: executed, known to linecache, its errors at rule lines."""

from __future__ import annotations

import ast
import linecache
import re
import weakref
from collections.abc import Callable, Collection
from itertools import count
from types import TracebackType
from typing import Any, Final, NamedTuple

from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.lookups import IndicatorLists
from jumpsigma.matcher.runtime import Holding

__all__ = ["Holding", "Program"]

#: With this begins a section of the source, and its first line.
_MARK: Final = "\n# --- "
#: Sections that are run when they are first needed, and what they fill.
_TABLES: Final = {
    "rule": ("CONDITIONS",),
    "told": ("COLLECTORS", "INDICATORS"),
    "test": ("SLOTS",),
}
_HEADER = re.compile(r"# --- (?P<kind>rule|told|test) (?P<number>\d+)(?:: (?P<about>.*))?")
#: Only lines within functions: what a rule says stands in constants, outside of them.
_PLACE = re.compile(r" .*  # line (?P<line>\d+)(?: of (?P<path>.+))?")

_programs = count()


class RuleLine(NamedTuple):
    """A line of a rule file."""

    path: str
    line: int


class Program:
    """``holding(event)`` of a generated module, with the lists that its placeholders stand for.

    Of the source only what all rules need is compiled at once; what belongs to one rule is when
    that rule is first asked: of thousands of rules few are ever asked on the events of one kind.
    Sections that were compiled are known to :mod:`linecache`, so that tracebacks and debuggers show
    them, and an error in one says which line of which rule file it was about.
    """

    def __init__(self, source: str, lists: IndicatorLists | None = None) -> None:
        self.source = source
        self.lists = lists or IndicatorLists()
        self._module = _Module(source, f"<jumpsigma {next(_programs)}>", self.lists)
        # The entries of linecache go with the program.
        weakref.finalize(self, _forget, self._module.files)
        names = self._module.names
        self._holding, self._among = names["holding"], names["among"]
        self._matched, self._indicators = names["matched"], names["indicators"]

    def __reduce__(self) -> tuple[type[Program], tuple[str, IndicatorLists]]:
        """Pickled as its source and where its lists come from, for other processes."""
        return Program, (self.source, self.lists)

    # --- asking rules -----------------------------------------------------------------------

    def holding(self, event: dict[str, Any]) -> Holding:
        """The rules that hold on an event."""
        try:
            return self._holding(event)  # type: ignore[no-any-return]
        except Exception as error:
            self._locate(error)
            raise

    def among(self, event: dict[str, Any], numbers: Collection[int]) -> Holding:
        """Of these rules those that hold on an event, as :meth:`holding` has them."""
        try:
            return self._among(event, numbers)  # type: ignore[no-any-return]
        except Exception as error:
            self._locate(error)
            raise

    def matched(self, number: int, holding: Holding) -> dict[str, list[Any]]:
        """What satisfied a rule that holds on the event, by field (S702)."""
        try:
            return self._matched(number, holding)  # type: ignore[no-any-return]
        except Exception as error:
            self._locate(error)
            raise

    def hits(self, event: dict[str, Any]) -> list[tuple[int, dict[str, list[Any]]]]:
        """The numbers of the rules that hold, each with what satisfied it."""
        holding = self.holding(event)
        return [(number, self.matched(number, holding)) for number in holding.numbers]

    def indicators(self, number: int, holding: Holding) -> tuple[MatchedIndicator, ...]:
        """The indicators by which a rule that holds on the event does so (S704)."""
        return self._indicators(number, holding)  # type: ignore[no-any-return]

    # --- errors -----------------------------------------------------------------------------

    def _locate(self, error: Exception) -> None:
        place = self.place_of(error.__traceback__)
        if place is not None:
            error.add_note(f"while evaluating {place.path}, line {place.line}")

    def place_of(self, traceback: TracebackType | None) -> RuleLine | None:
        """The rule line that the innermost frame of the generated code was evaluating."""
        found = None
        while traceback is not None:
            name = traceback.tb_frame.f_code.co_filename
            if name.startswith(self._module.name):
                lines = linecache.getlines(name)
                found = _place_in(lines[0], lines[traceback.tb_lineno - 1]) or found
            traceback = traceback.tb_next
        return found


class _Module:
    """The sections of a source, and the names that those which have run define."""

    def __init__(self, source: str, name: str, lists: IndicatorLists) -> None:
        self._source, self.name = source, name
        self._sections: dict[tuple[str, int], slice] = {}
        self.files: list[str] = []
        self.names: dict[str, Any] = {"__name__": "jumpsigma_matcher", "LISTS": lists}
        for kind, tables in _TABLES.items():
            for table in tables:
                self.names[table] = _Table(kind, self.run)
        self._run(name, self._head())

    def _head(self) -> str:
        """What belongs to no single rule; on the way the other sections are noted."""
        source, head = self._source, []
        start = 0
        while start < len(source):
            end = source.find(_MARK, start) + 1 or len(source)
            found = _HEADER.match(source, start, end)
            if found is None:
                head.append(source[start:end])
            else:
                self._sections[found["kind"], int(found["number"])] = slice(start, end)
            start = end
        return "".join(head)

    def run(self, kind: str, number: int) -> None:
        """Run a section; a second time does no harm, should two threads need it at once."""
        section = self._sections[kind, number]
        self._run(f"{self.name} {kind} {number}", self._source[section])

    def _run(self, filename: str, text: str) -> None:
        # No modification time: linecache then never looks for a file and keeps the entry.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        self.files.append(filename)
        exec(compile(text, filename, "exec"), self.names)  # noqa: S102 - our own code


class _Table(dict[int, Any]):
    """Functions of generated sections by number; a section fills it when it runs."""

    def __init__(self, kind: str, run: Callable[[str, int], None]) -> None:
        super().__init__()
        self._kind, self._run = kind, run

    def __missing__(self, number: int) -> Any:
        self._run(self._kind, number)
        return self[number]


def _place_in(header: str, line: str) -> RuleLine | None:
    place, section = _PLACE.match(line), _HEADER.match(header)
    if place is None:
        return None
    if place["path"] is not None:
        path = ast.literal_eval(place["path"])
    elif section is not None and section["about"]:
        _, path = ast.literal_eval(section["about"])
    else:
        return None
    return RuleLine(path, int(place["line"]))


def _forget(files: list[str]) -> None:
    for name in files:
        linecache.cache.pop(name, None)
