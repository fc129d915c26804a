"""Base matches as classes of events: what a class is, is found out once, for its first event.

A scan that sees a million logins sees some thousand different ones. Of each event that is of a
known class only a reference is kept; :mod:`~jumpsigma.matcher.correlate.recall` reads those again
with which a correlation can fire, when all is read.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import compress, repeat
from operator import attrgetter
from typing import Any, Final, NamedTuple

from jumpsigma.intake.blocks import Block
from jumpsigma.intake.jsontext import NotAnEventError
from jumpsigma.matcher.correlate.matches import LeftOut, entries_of
from jumpsigma.matcher.correlate.payloads import Payloads
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.references import Reference, References
from jumpsigma.matcher.correlate.rows import NANOSECONDS, Entry, Match
from jumpsigma.matcher.correlate.times import nanoseconds
from jumpsigma.matcher.runtime import TIME_PATHS, Path, values
from jumpsigma.prefilter import Candidate

#: The classes of events that are in no group, and of those that have to be added one by one.
NOTHING: Final = 0
ALONE: Final = -1
_UNKNOWN: Final = -2
#: So many classes are known, and so many kinds of lines are recognised at a time.
MOST_CLASSES = 50_000
_MOST_KNOWN = 30_000
#: After so many kinds of lines it is asked whether telling them apart saves anything.
_TRIED = 200
#: So many sets of rules have a projection of their own.
_MOST_SETS = 200

#: Times before and after these hours are left to who parses, who knows the bounds of S803.
_FIRST = datetime(1700, 1, 1, tzinfo=UTC).toordinal() * 24
_LAST = datetime(2200, 1, 1, tzinfo=UTC).toordinal() * 24
_ZONES = {UTC, None}
_TIME = attrgetter("time")
_HOUR, _ZONE = attrgetter("hour"), attrgetter("tzinfo")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal() * 24

#: Takes events of a block, and gives back those that have to be parsed and added.
Taker = Callable[[Block, Sequence[Candidate]], list[Candidate]]


class Ledger:
    """The classes that are known, and where their events are.

    ``classes`` are groups, slots and values, by number. Events that are added one by one are
    noted as well, so that who counts has them all.
    """

    def __init__(
        self, limit: int, folder: str | None = None, *, decidable: Collection[int] = ()
    ) -> None:
        self._decidable = frozenset(decidable)
        self.classes: list[tuple[Entry, ...]] = [()]
        self.references = References(limit, folder)
        self._numbers: dict[tuple[Entry, ...], int] = {(): NOTHING}
        self._entries: dict[Entry, Entry] = {}
        # By hash: which groups have events that are not noted.
        self._crowded = bytearray(1 << 16)

    def close(self) -> None:
        """Forget everything, and remove the files."""
        self.references.close()

    def number_of(self, entries: tuple[Entry, ...]) -> int:
        """The class of events with these groups, slots and values; ALONE if it is one too many."""
        number = self._numbers.get(entries)
        if number is None:
            if len(self.classes) > MOST_CLASSES:
                return ALONE
            # Most entries are those of other classes too.
            known = tuple(self._entries.setdefault(entry, entry) for entry in entries)
            number = self._numbers[known] = len(self.classes)
            self.classes.append(known)
        return number

    def note(self, entries: tuple[Entry, ...], time: int) -> None:
        """Count an event that somebody else holds; ``time`` in nanoseconds since 1970."""
        number = self.number_of(entries)
        if number == ALONE:
            for entry in entries:
                self._crowded[_place(entry)] = 1
            return
        self.references.append(Reference(number, _hour(time), 0, 0, 0))

    def keep(self, match: Match) -> bool:
        """Keep the bytes of an event instead of what is known of it, as most are never needed.

        False where something else has to hold it: it has to be seen by a correlation of which
        nothing tells that it cannot fire, or there are too many classes.
        """
        if not self._decidable.issuperset([entry.correlation for entry in match.entries]):
            return False
        number = self.number_of(match.entries)
        if number == ALONE:
            return False
        self.references.begin_again(match.path.decode("utf-8", "surrogatepass") or None)
        raw = match.payload
        (offset,) = self.references.keep([raw])
        reference = Reference(number, _hour(match.time), match.line, offset, len(raw))
        self.references.append(reference)
        return True

    def is_crowded(self, entry: Entry) -> bool:
        """Whether there may be events of a group that are not noted."""
        return bool(self._crowded[_place(entry)])


def _hour(time: int) -> int:
    return time // (3600 * NANOSECONDS) + _EPOCH


def _place(entry: Entry) -> int:
    return hash((entry.correlation, entry.group)) & 0xFFFF


class Collected(NamedTuple):
    """What another process has taken of one input, to be carried here.

    ``classes`` are those that the process has not told before; what it collects is included in
    that order. ``kept`` is a file with the events that cannot be read again, None when there are
    none.
    """

    process: bytes
    classes: list[tuple[Entry, ...]]
    references: list[bytes]
    kept: str | None


class Classes:
    """Takes lines that may satisfy rules of correlations, without parsing them."""

    def __init__(self, plan: Plan, payloads: Payloads, ledger: Ledger) -> None:
        self._plan, self._payloads, self._ledger = plan, payloads, ledger
        self._recognised: dict[tuple[tuple[int, ...], Path], _Recognised | None] = {}
        self._known = self._told = 0
        self._time: Path | None = None
        self._process = os.urandom(8)

    def close(self) -> None:
        """Forget everything that was not collected."""
        self._ledger.close()

    def begin(self, path: str | None) -> None:
        """What is taken from here on was read from ``path``."""
        self._ledger.references.begin(path)
        self._time = None

    def taker(self, rules: tuple[int, ...], raw: bytes) -> Taker | None:
        """What takes events that may satisfy these rules, and no others.

        It gives back those that satisfy a rule that gives findings of its own. None when all such
        events have to be parsed and added: more decides than can be read of a line without parsing
        it, or there are too many kinds of lines.

        :param raw: one of the events; it shows where they have their time.
        """
        if self._time is None:
            self._time = self._time_in(raw)
        key = rules, self._time
        if key not in self._recognised:
            if len(self._recognised) >= _MOST_SETS:
                return None
            self._recognised[key] = self._recognising(rules, self._time)
        recognised = self._recognised[key]
        if recognised is None or recognised.is_useless():
            return None
        return recognised.take

    def _time_in(self, raw: bytes) -> Path:
        try:
            event = self._payloads.read(raw)
        except NotAnEventError:
            return TIME_PATHS[0]
        for path in TIME_PATHS:
            if any(nanoseconds(value) is not None for value in values(event, path)):
                return path
        return TIME_PATHS[0]

    def _recognising(self, rules: tuple[int, ...], time: Path) -> _Recognised | None:
        if not self._plan.open_ended.isdisjoint(rules):
            return None
        # Small inputs never come here, and need not wait for msgspec.
        from jumpsigma.matcher.correlate.projection import REFUSED

        decoder = self._plan.decoder(rules, time, raw_events=self._payloads.unwraps)
        if decoder is None:
            return None
        is_silent = self._plan.silent.issuperset(rules)
        learn = partial(self._learn, rules)
        return _Recognised(
            decoder.decode, REFUSED, learn, self._ledger.references, is_silent=is_silent
        )

    def _learn(self, rules: Sequence[int], raw: bytes) -> int:
        """Find out the class of an event that may satisfy rules, the first that looks so."""
        self._make_room()
        try:
            event = self._payloads.read(raw)
        except NotAnEventError:
            return ALONE
        holding = self._payloads.program.among(event, rules).numbers
        if not self._plan.silent.issuperset(holding):
            return ALONE
        left_out = LeftOut()
        entries = entries_of(self._plan.used(holding), event, left_out)
        return ALONE if left_out else self._ledger.number_of(entries)

    def _make_room(self) -> None:
        """Forget how lines of known classes look, when there are too many ways."""
        self._known += 1
        if self._known > _MOST_KNOWN:
            self._known = 0
            for recognised in self._recognised.values():
                if recognised is not None:
                    recognised.classes.clear()

    def keep(self, match: Match) -> bool:
        """Take an event that was parsed, as :meth:`Ledger.keep` does."""
        return bool(match.payload) and self._ledger.keep(match)

    def collected(self) -> Collected:
        """What was taken since the last call, to be carried to another process."""
        told, classes = self._told, self._ledger.classes
        self._told = len(classes)
        return Collected(self._process, classes[told:], *self._ledger.references.packed())


class _Recognised:
    """The events that may satisfy some rules: how they are read, and the classes that are known.

    ``learn`` finds out that of an event.
    """

    def __init__(
        self,
        read: Callable[[bytes], Any],
        refused: tuple[type[Exception], ...],
        learn: Callable[[bytes], int],
        references: References,
        *,
        is_silent: bool,
    ) -> None:
        from msgspec.structs import force_setattr

        self.classes: dict[Any, int] = {}
        self._read, self._refused, self._learn = read, refused, learn
        self._replace = force_setattr
        self._references, self._is_silent = references, is_silent
        self._seen = self._parsed = 0

    def is_useless(self) -> bool:
        """Whether nearly all were parsed after all: as the first of a class, or for a finding."""
        return not self._is_silent and self._parsed > _TRIED and 10 * self._parsed > 9 * self._seen

    def take(self, block: Block, candidates: Sequence[Candidate]) -> list[Candidate]:
        """See :data:`Taker`."""
        text, left = block.text, list[Candidate]()
        raws = [text[start:end] for _, start, end, _ in candidates]
        try:
            if not block.is_ascii and not all(map(bytes.isascii, raws)):
                for raw in raws:
                    raw.decode()  # what is not read is not looked at either
            seen = list(map(self._read, raws))
        except self._refused:
            seen, raws, candidates, left = self._one_by_one(raws, candidates)
        if not seen:
            return left
        self._seen += len(seen)
        times = list(map(_TIME, seen))
        # It is no part of the class.
        deque(map(self._replace, seen, repeat("time"), repeat(None)), 0)
        found = list(map(self.classes.get, seen, repeat(_UNKNOWN)))
        if _UNKNOWN in found:
            self._find_out(found, seen, raws)
        days = map(datetime.toordinal, times)
        hours = [day * 24 + hour for day, hour in zip(days, map(_HOUR, times), strict=True)]
        zones = set(map(_ZONE, times))
        if not (zones <= _ZONES and min(hours) > _FIRST and max(hours) < _LAST):
            for place, (time, hour) in enumerate(zip(times, hours, strict=True)):
                if time.tzinfo not in _ZONES or not _FIRST < hour < _LAST:
                    found[place] = ALONE
        if min(found) <= NOTHING:
            alone = [each for each, number in zip(candidates, found, strict=True) if number < 0]
            left += alone
            self._parsed += len(alone)
            kept = [number > NOTHING for number in found]
            found, hours = list(compress(found, kept)), list(compress(hours, kept))
            candidates, raws = list(compress(candidates, kept)), list(compress(raws, kept))
            if not candidates:
                return left
        numbers, starts, _, _ = zip(*candidates, strict=True)
        if block.offset is None:
            offsets = self._references.keep(raws)
        else:
            offsets = list(map(block.offset.__add__, starts))
        self._references.add(found, hours, numbers, offsets, list(map(len, raws)))
        return left

    def _one_by_one(
        self, raws: Sequence[bytes], candidates: Sequence[Candidate]
    ) -> tuple[list[Any], list[bytes], list[Candidate], list[Candidate]]:
        """What was read, of which bytes and events, and those that cannot be read so."""
        seen: list[Any] = []
        read: list[bytes] = []
        taken: list[Candidate] = []
        left: list[Candidate] = []
        for raw, candidate in zip(raws, candidates, strict=True):
            try:
                raw.decode()
                seen.append(self._read(raw))
            except self._refused:
                left.append(candidate)
            else:
                read.append(raw)
                taken.append(candidate)
        return seen, read, taken, left

    def _find_out(self, found: list[int], seen: list[Any], raws: Sequence[bytes]) -> None:
        """Find out the classes of events, where they are not known, that are the first of them."""
        classes = self.classes
        for place, number in enumerate(found):
            if number != _UNKNOWN:
                continue
            one = seen[place]
            known = classes.get(one, _UNKNOWN)
            if known == _UNKNOWN:
                known = self._learn(raws[place])
                self._parsed += 1
                classes[one] = known
            found[place] = known
