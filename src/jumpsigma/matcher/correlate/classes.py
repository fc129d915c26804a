"""Base matches as classes of events: what a class is, is found out once, for its first event.

A scan that sees a million logins sees some thousand different ones. Of each event that is of a
known class only a reference is kept; :mod:`~jumpsigma.matcher.correlate.recall` reads those again
with which a correlation can fire, when all is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from jumpsigma.intake.blocks import Block
from jumpsigma.intake.jsontext import NotAnEventError
from jumpsigma.matcher.correlate.matches import LeftOut, entries_of
from jumpsigma.matcher.correlate.payloads import Payloads
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.recognised import ALONE, NOTHING, Learned, Recognised
from jumpsigma.matcher.correlate.references import Reference, References
from jumpsigma.matcher.correlate.rows import NANOSECONDS, Entry, Match
from jumpsigma.matcher.correlate.times import nanoseconds
from jumpsigma.matcher.runtime import TIME_PATHS, Path, values
from jumpsigma.prefilter import Candidate

#: So many classes are known, and so many kinds of lines are recognised at a time.
MOST_CLASSES = 50_000
_MOST_KNOWN = 30_000
#: So many sets of rules have a projection of their own.
_MOST_SETS = 200

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal() * 24

#: The rules that events may satisfy, and which of the fields of S703 their time is in.
Kind = tuple[tuple[int, ...], Path]
#: Takes events of a block, and gives back those that have to be parsed and added.
Taker = Callable[[Block, Sequence[Candidate]], list[Candidate]]


class Ledger:
    """The classes that are known, and where their events are.

    ``classes`` are groups, slots and values, by number; those in ``deferred`` are of events that
    nobody has looked at yet. Events that are added one by one are noted as well, so that who counts
    has them all.
    """

    def __init__(
        self, limit: int, folder: str | None = None, *, decidable: Collection[int] = ()
    ) -> None:
        self._decidable = frozenset(decidable)
        self.classes: list[tuple[Entry, ...]] = [()]
        self.deferred: dict[int, Kind] = {}
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

    def defer(self, kind: Kind) -> int:
        """The class of events of a kind that nobody looks at."""
        for number, known in self.deferred.items():
            if known == kind:
                return number
        self.deferred[len(self.classes)] = kind
        self.classes.append(())
        return len(self.classes) - 1

    def note(self, entries: tuple[Entry, ...], time: int) -> None:
        """Count an event that somebody else holds; ``time`` in nanoseconds since 1970."""
        number = self.number_of(entries)
        if number == ALONE:
            for entry in entries:
                self._crowded[_place(entry)] = 1
            return
        self.references.append(Reference(number, hour_of(time), 0, 0, 0))

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
        reference = Reference(number, hour_of(match.time), match.line, offset, len(raw))
        self.references.append(reference)
        return True

    def is_crowded(self, entry: Entry) -> bool:
        """Whether there may be events of a group that are not noted."""
        return bool(self._crowded[_place(entry)])


def hour_of(time: int) -> int:
    """The hour of a time in nanoseconds since 1970, as a reference has it."""
    return time // (3600 * NANOSECONDS) + _EPOCH


def _place(entry: Entry) -> int:
    return hash((entry.correlation, entry.group)) & 0xFFFF


class Collected(NamedTuple):
    """What another process has taken of one input, to be carried here.

    ``classes`` are those that the process has not told before; what it collects is included in
    that order. ``deferred`` are as in a ledger. ``kept`` is a file with the events that cannot be
    read again, None when there are none.
    """

    process: bytes
    classes: list[tuple[Entry, ...]]
    deferred: dict[int, Kind]
    references: list[bytes]
    kept: str | None


class Classes:
    """Takes lines that may satisfy rules of correlations, without parsing them."""

    def __init__(self, plan: Plan, payloads: Payloads, ledger: Ledger) -> None:
        self._plan, self._payloads, self._ledger = plan, payloads, ledger
        self._recognised: dict[Kind, Recognised | None] = {}
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

    def taker(self, rules: tuple[int, ...], raw: bytes, *, defer: bool = True) -> Taker | None:
        """What takes events that may satisfy these rules, and no others.

        It gives back those that satisfy a rule that gives findings of its own. None when all such
        events have to be parsed and added: more decides than can be read of a line without parsing
        it, or there are too many kinds of lines.

        :param raw: one of the events; it shows where they have their time.
        :param defer: whether events need not be looked at before they can matter.
        """
        if self._time is None:
            self._time = self._time_in(raw)
        recognised = self.recognised((rules, self._time))
        if recognised is None or recognised.is_useless():
            return None
        return recognised.defer if defer else recognised.take

    def recognised(self, kind: Kind) -> Recognised | None:
        """How events of a kind are read; None for kinds that have to be parsed."""
        if kind not in self._recognised:
            if len(self._recognised) >= _MOST_SETS:
                return None
            self._recognised[kind] = self._recognising(kind)
        return self._recognised[kind]

    def _time_in(self, raw: bytes) -> Path:
        try:
            event = self._payloads.read(raw)
        except NotAnEventError:
            return TIME_PATHS[0]
        for path in TIME_PATHS:
            if any(nanoseconds(value) is not None for value in values(event, path)):
                return path
        return TIME_PATHS[0]

    def _recognising(self, kind: Kind) -> Recognised | None:
        rules, time = kind
        plan, ledger = self._plan, self._ledger
        if not plan.open_ended.isdisjoint(rules):
            return None
        # Small inputs never come here, and need not wait for msgspec.
        from jumpsigma.matcher.correlate.projection import REFUSED

        decoder = plan.decoder(rules, time, raw_events=self._payloads.unwraps)
        if decoder is None:
            return None
        return Recognised(
            decoder.decode,
            REFUSED,
            partial(self._learn, rules),
            ledger.references,
            ledger.defer(kind) if plan.later.issuperset(rules) else None,
            is_silent=plan.silent.issuperset(rules),
        )

    def _learn(self, rules: Sequence[int], raw: bytes) -> Learned:
        """Find out the class of an event that may satisfy rules, the first that looks so."""
        self._make_room()
        try:
            event = self._payloads.read(raw)
        except NotAnEventError:
            return ALONE, ()
        holding = self._payloads.program.among(event, rules).numbers
        telling = tuple(number for number in holding if number not in self._plan.silent)
        if not self._plan.uses.keys().isdisjoint(telling):
            return ALONE, ()
        left_out = LeftOut()
        entries = entries_of(self._plan.used(holding), event, left_out)
        number = ALONE if left_out else self._ledger.number_of(entries)
        return number, () if number == ALONE else telling

    def _make_room(self) -> None:
        """Forget how lines of known classes look, when there are too many ways."""
        self._known += 1
        if self._known > _MOST_KNOWN:
            self._known = 0
            for recognised in self._recognised.values():
                if recognised is not None:
                    recognised.forget()

    def keep(self, match: Match) -> bool:
        """Take an event that was parsed, as :meth:`Ledger.keep` does."""
        return bool(match.payload) and self._ledger.keep(match)

    def collected(self) -> Collected:
        """What was taken since the last call, to be carried to another process."""
        told, classes = self._told, self._ledger.classes
        self._told = len(classes)
        references = self._ledger.references.packed()
        return Collected(self._process, classes[told:], self._ledger.deferred, *references)
