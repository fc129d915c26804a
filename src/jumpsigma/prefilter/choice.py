"""Which of the things that rules need are looked for: those that are rarest in a sample."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Final, NamedTuple, assert_never

from jumpsigma.prefilter.database import Database
from jumpsigma.prefilter.needs import All, Atom, Listed, Need, Some, both, either, written
from jumpsigma.prefilter.rules import RuleNeeds

#: What looking for one more expression costs, in events of the sample that need be parsed,
_PER_EXPRESSION: Final = 0.002
#: and, where it is more than a text, as a share of parsing every event: in the whole input.
_PER_COMPLEX: Final = 0.002
#: What looking up a value costs, as a share of parsing the event.
_PER_LOOK_UP: Final = 0.1
#: With so many events of the sample it is judged what tells them apart.
_SEEN: Final = 8
#: What may be one of more than so many takes too long to see.
_MOST_DOUBTS: Final = 12
#: A rule that holds unless something is there is evaluated where it is; on every event, where more
#: of them than this have it.
_MOST_DENIED: Final = 0.5
#: A rule whose fields fewer of the events have is not looked into any further, unless there are so
#: few rules.
_RARE: Final = 0.005
_FEW_RULES: Final = 300

Sought = Atom | Listed

#: Every event, as a bit for each.
_ALL: Final = -1


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked for, and which rules each thing makes worth evaluating.

    ``always`` are the rules that nothing rules out. Those that are ``settled`` hold on events
    without the things that make them worth evaluating. Of the rules in ``doubtful`` events must
    have something else as well, which may be worth asking before they are parsed.
    """

    rules: Mapping[Sought, tuple[int, ...]]
    always: tuple[int, ...]
    settled: tuple[int, ...]
    doubtful: Mapping[int, Need]
    expected: float
    """How many of the events are expected to be worth parsing, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The text of some events, and where each of them ends in it."""

    text: bytes
    ends: Sequence[int]


def choose(
    needs: RuleNeeds,
    sample: Sample,
    values: Callable[[str], Collection[str] | None],
    evaluated: Collection[int] = (),
) -> Choice:
    """The cheapest things to look for; ``values`` gives those of a list, None for too many.

    No rule of ``evaluated`` is settled. Any choice is sound: the sample only decides how much it
    saves.
    """
    chooser = _Chooser(sample, values)
    # Most rules are about fields that the events do not have.
    fields = needs.fields()
    chooser.look_for(atom for need in fields for atom in _atoms(need))
    found = [chooser.cheapest(need) for need in fields]
    rare = _RARE * len(sample.ends) if len(fields) > _FEW_RULES else -1
    unsettled = {
        number: written(needs.of(number), values)
        for number, best in enumerate(found)
        if best is None or best.events.bit_count() > rare
    }
    chooser.look_for(atom for need in unsettled.values() for atom in _atoms(need))
    for number, need in unsettled.items():
        found[number] = chooser.cheapest(need)
    denied = {
        number: written(needs.denied(number), values)
        for number, best in enumerate(found)
        if best is None and number not in evaluated
    }
    chooser.look_for(atom for need in denied.values() for atom in _atoms(need))
    settled: list[int] = []
    for number, need in denied.items():
        best = chooser.cheapest(need)
        if best is not None and best.events.bit_count() <= _MOST_DENIED * len(sample.ends):
            found[number] = best
            settled.append(number)
    doubtful: dict[int, Need] = {}
    chosen: defaultdict[Sought, list[int]] = defaultdict(list)
    always: list[int] = []
    expected = 0
    for number, best in enumerate(found):
        if best is None:
            always.append(number)
        else:
            expected |= best.events
            more = chooser.doubt(unsettled.get(number), best)
            if more is not None:
                doubtful[number] = more
            for sought in best.sought:
                chosen[sought].append(number)
    return Choice(
        {sought: tuple(numbers) for sought, numbers in chosen.items()},
        tuple(always),
        tuple(settled),
        doubtful,
        1.0 if always else expected.bit_count() / max(1, len(sample.ends)),
    )


def _atoms(need: Need | None) -> Iterator[Atom]:
    match need:
        case None:
            return
        case Atom():
            yield need
        case Listed():
            if need.pattern:
                yield need.atom
        case All(items) | Some(items):
            for item in items:
                yield from _atoms(item)
        case _:
            assert_never(need)


class _Best(NamedTuple):
    """What suffices, what it costs, and in which events of the sample it is: a bit for each."""

    cost: float
    events: int
    sought: tuple[Sought, ...]


class _Chooser:
    def __init__(self, sample: Sample, values: Callable[[str], Collection[str] | None]) -> None:
        self._sample, self._values = sample, values
        self._found: dict[Atom, int] = {}

    def look_for(self, atoms: Iterable[Atom]) -> None:
        """Find out in which events atoms are."""
        distinct = [atom for atom in dict.fromkeys(atoms) if atom not in self._found]
        ends = self._sample.ends
        # Apart, because literals alone are compiled in a fraction of the time.
        for are_literal in (True, False):
            some = [atom for atom in distinct if atom.is_literal is are_literal]
            if not some:
                continue
            found = [0] * len(some)

            def on_hit(
                number: int, _start: int, end: int, _f: int, _c: Any, found: list[int] = found
            ) -> bool:
                found[number] |= 1 << bisect_right(ends, end - 1)
                return False

            patterns = [(atom.pattern, atom.caseless) for atom in some]
            Database(patterns).scan(self._sample.text, on_hit)
            self._found.update(zip(some, found, strict=True))

    def cheapest(self, need: Need | None) -> _Best | None:
        """The cheapest of what suffices; None where nothing does."""
        match need:
            case None:
                return None
            case Atom():
                events = self._found[need]
                cost = _PER_EXPRESSION
                if not need.is_literal:
                    cost = max(cost, _PER_COMPLEX * len(self._sample.ends))
                return _Best(events.bit_count() + cost, events, (need,))
            case Listed(pattern):
                known = map(self._values, need.names)
                if any(values is not None and not values for values in known):
                    return _Best(0.0, 0, ())
                if not pattern:
                    return None
                asked = self._found[need.atom].bit_count()
                cost = _PER_LOOK_UP * asked + _PER_COMPLEX * len(self._sample.ends)
                return _Best(cost, 0, (need,))
            case All(items):
                found = [best for item in items if (best := self.cheapest(item)) is not None]
                best = min(found, key=_cost, default=None)
                if best is not None and not best.events:
                    # Of what no event has, the last says most: a value behind its key.
                    best = min(reversed(found), key=_cost)
                return best
            case Some(items):
                cost, events, sought = 0.0, 0, dict[Sought, None]()
                for item in items:
                    best = self.cheapest(item)
                    if best is None:
                        return None
                    cost += best.cost - best.events.bit_count()
                    events |= best.events
                    sought.update(dict.fromkeys(best.sought))
                return _Best(cost + events.bit_count(), events, tuple(sought))
            case _:
                assert_never(need)

    def doubt(self, need: Need | None, best: _Best) -> Need | None:
        """What has to be in an event besides the best."""
        # Of few events nothing can be learned.
        known = best.events if best.events.bit_count() >= _SEEN else _ALL
        return self._telling(need, known, best.sought)

    def _having(self, need: Need | None) -> int:
        """The events that have all that is needed; values of lists are none of the sample's."""
        match need:
            case None:
                return _ALL
            case Atom():
                return self._found[need]
            case Listed(pattern):
                return 0 if pattern else _ALL
            case All(items):
                return reduce(and_, map(self._having, items))
            case Some(items):
                return reduce(or_, map(self._having, items), 0)
            case _:
                assert_never(need)

    def _telling(self, need: Need | None, events: int, sought: tuple[Sought, ...]) -> Need | None:
        """A need without what is known of all events; what is told soonest comes first."""
        if need is None or sought == (need,) or not events & ~self._having(need):
            return None
        match need:
            case Atom() | Listed():
                return need
            case All(items):
                kept: list[Need | None] = []
                rest = [item for item in items if not _is_key_of(item, items)]
                for item in sorted(rest, key=lambda item: self._order(item, events)):
                    kept.append(self._telling(item, events, sought))
                    events &= self._having(item) if events != _ALL else _ALL
                return both(kept)
            case Some(items):
                if sum(1 for _ in _atoms(need)) > _MOST_DOUBTS:
                    return None
                return either(self._telling(item, events, sought) for item in items)
            case _:
                assert_never(need)

    def _order(self, need: Need, events: int) -> tuple[bool, int]:
        """Texts are found sooner than anything else, and the rarest is the soonest missed."""
        literal = isinstance(need, Atom) and need.is_literal
        seen = self._having(need) & events
        return not literal, len(self._sample.ends) if seen < 0 else seen.bit_count()


def _is_key_of(need: Need, others: Iterable[Need]) -> bool:
    """Whether others ask for a key together with a value."""
    return isinstance(need, Atom) and any(
        isinstance(other, Atom | Listed)
        and other.pattern.startswith(need.pattern)
        and other.pattern != need.pattern
        for other in others
    )


def _cost(best: _Best) -> float:
    return best.cost
