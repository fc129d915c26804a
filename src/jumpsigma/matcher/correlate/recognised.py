"""Events that may satisfy the same rules: of which class each is, mostly without parsing it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import compress, repeat
from operator import attrgetter
from typing import Any, Final

from jumpsigma.intake.blocks import Block
from jumpsigma.matcher.correlate.references import References
from jumpsigma.prefilter import Candidate

#: The classes of events that are in no group, and of those that have to be added one by one.
NOTHING: Final = 0
ALONE: Final = -1
_UNKNOWN: Final = -2
#: From here on downwards: those of which a rule tells on its own account besides.
_TELLING: Final = -3
#: After so many kinds of lines it is asked whether telling them apart saves anything.
_TRIED = 200

#: Times before and after these hours are left to who parses, who knows the bounds of S803.
_FIRST = datetime(1700, 1, 1, tzinfo=UTC).toordinal() * 24
_LAST = datetime(2200, 1, 1, tzinfo=UTC).toordinal() * 24
_ZONES = {UTC, None}
_TIME, _HOUR, _ZONE = attrgetter("time"), attrgetter("hour"), attrgetter("tzinfo")

#: What is found out of the first event of a class: the number of its class, and the rules that it
#: satisfies which tell of it on their own account.
Learned = tuple[int, tuple[int, ...]]


class Recognised:
    """How events that may satisfy some rules are read, and the classes of them that are known.

    ``read`` is of a :func:`~jumpsigma.matcher.correlate.projection.decoder_of`, which raises what
    is ``refused``; ``learn`` parses an event. ``deferred`` is the number of the class that all of
    them have until somebody wants to know.
    """

    def __init__(
        self,
        read: Callable[[bytes], Any],
        refused: tuple[type[Exception], ...],
        learn: Callable[[bytes], Learned],
        references: References,
        deferred: int | None,
        *,
        is_silent: bool,
    ) -> None:
        from msgspec.structs import force_setattr

        self._read, self._refused, self._learn = read, refused, learn
        self._replace = force_setattr
        self._references, self._deferred, self._is_silent = references, deferred, is_silent
        self._classes: dict[Any, int] = {}
        self._telling: dict[Learned, int] = {}
        self._told: list[Learned] = []
        self._seen = self._parsed = 0

    def forget(self) -> None:
        """Forget how events of known classes look."""
        self._classes.clear()

    def is_useless(self) -> bool:
        """Whether nearly all were parsed after all: as the first of a class, or for a finding."""
        return not self._is_silent and self._parsed > _TRIED and 10 * self._parsed > 9 * self._seen

    def defer(self, block: Block, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Take events without reading them, if that can wait; as :meth:`take`."""
        if self._deferred is None:
            return self.take(block, candidates)
        found = [self._deferred] * len(candidates)
        self._add(block, candidates, found, [0] * len(candidates))
        return []

    def take(self, block: Block, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Take events; those that have to be parsed, with the rules to be asked, are given back."""
        text = block.text
        raws = [text[start:end] for _, start, end, _ in candidates]
        found, hours = self.classes_of(raws, are_ascii=block.is_ascii)
        left: list[Candidate] = []
        if min(found) <= NOTHING:
            for place, number in enumerate(found):
                if number == ALONE:
                    left.append(candidates[place])
                elif number <= _TELLING:
                    found[place], rules = self._told[_TELLING - number]
                    left.append((*candidates[place][:3], rules))
            kept = [number > NOTHING for number in found]
            candidates = list(compress(candidates, kept))
            found, hours = list(compress(found, kept)), list(compress(hours, kept))
        if candidates:
            self._add(block, candidates, found, hours)
        return left

    def _add(
        self, block: Block, candidates: Sequence[Candidate], found: list[int], hours: list[int]
    ) -> None:
        numbers, starts, ends, _ = zip(*candidates, strict=True)
        if block.offset is None:
            text = block.text
            raws = [text[start:end] for start, end in zip(starts, ends, strict=True)]
            offsets = self._references.keep(raws)
        else:
            offsets = list(map(block.offset.__add__, starts))
        lengths = list(map(int.__sub__, ends, starts))
        self._references.add(found, hours, numbers, offsets, lengths)

    def classes_of(
        self, raws: Sequence[bytes], *, are_ascii: bool = False
    ) -> tuple[list[int], list[int]]:
        """The class of each event and the hour of its time, as a reference has it."""
        try:
            if not are_ascii and not all(map(bytes.isascii, raws)):
                for raw in raws:
                    raw.decode()  # what is not read is not looked at either
            seen = list(map(self._read, raws))
        except self._refused:
            return self._one_by_one(raws)
        self._seen += len(seen)
        times = list(map(_TIME, seen))
        # It is no part of the class.
        deque(map(self._replace, seen, repeat("time"), repeat(None)), 0)
        found = list(map(self._classes.get, seen, repeat(_UNKNOWN)))
        if _UNKNOWN in found:
            self._find_out(found, seen, raws)
        days = map(datetime.toordinal, times)
        hours = [day * 24 + hour for day, hour in zip(days, map(_HOUR, times), strict=True)]
        if not (set(map(_ZONE, times)) <= _ZONES and min(hours) > _FIRST and max(hours) < _LAST):
            for place, (time, hour) in enumerate(zip(times, hours, strict=True)):
                if time.tzinfo not in _ZONES or not _FIRST < hour < _LAST:
                    found[place] = ALONE
        self._parsed += found.count(ALONE)
        return found, hours

    def _one_by_one(self, raws: Sequence[bytes]) -> tuple[list[int], list[int]]:
        """As :meth:`classes_of`, where some cannot be read so."""
        found, hours = [ALONE] * len(raws), [0] * len(raws)
        for place, raw in enumerate(raws):
            try:
                raw.decode()
                self._read(raw)
            except self._refused:
                continue
            (found[place],), (hours[place],) = self.classes_of([raw])
        return found, hours

    def _find_out(self, found: list[int], seen: list[Any], raws: Sequence[bytes]) -> None:
        """Find out the classes of events, where they are not known, that are the first of them."""
        for place, number in enumerate(found):
            if number != _UNKNOWN:
                continue
            known = self._classes.get(seen[place], _UNKNOWN)
            if known == _UNKNOWN:
                known, rules = learned = self._learn(raws[place])
                self._parsed += 1
                if rules:
                    known = self._telling.setdefault(learned, _TELLING - len(self._told))
                    if known == _TELLING - len(self._told):
                        self._told.append(learned)
                self._classes[seen[place]] = known
            found[place] = known
