"""Which of the things that rules need are looked for: those that are rarest in a sample."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, NamedTuple, assert_never

from jumpsigma.prefilter.database import Database
from jumpsigma.prefilter.needs import All, Atom, Listed, Need, Some

#: What looking for one more expression costs, in events of the sample that need be parsed.
_PER_EXPRESSION: Final = 0.002
#: What looking up the value of every event costs, as a share of parsing every event.
_PER_LOOK_UP: Final = 0.1
#: Two things are looked for together where one alone lets through more events than this share,
_FREQUENT: Final = 0.01
#: if together they let through at most this share of them, with so many expressions.
_WORTH_IT: Final = 0.6
_MOST_PAIRS: Final = 24


@dataclass(frozen=True, slots=True)
class Pair:
    """Two atoms in one event, in any order."""

    one: Atom
    other: Atom


Sought = Atom | Pair | Listed


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked for, and which rules each thing makes worth evaluating.

    ``always`` are the rules that nothing rules out.
    """

    rules: Mapping[Sought, tuple[int, ...]]
    always: tuple[int, ...]
    expected: float
    """How many of the events are expected to be worth parsing, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some events, parsed, and the text that they were read from; ``ends`` are theirs in it."""

    text: bytes
    ends: Sequence[int]
    events: Sequence[Any]


def choose(
    needs: Sequence[Need | None], sample: Sample, is_empty: Callable[[str], bool], *, pairs: bool
) -> Choice:
    """The cheapest things to look for; ``is_empty`` says of a list whether it has no value.

    ``pairs``: whether two things may be looked for together. Any choice is sound: the sample only
    decides how much it saves.
    """
    chooser = _Chooser(sample, is_empty)
    # Keys are known from the parsed events, and most rules are about fields that these do not have.
    found = [chooser.cheapest(need) for need in needs]
    unsettled = [number for number, best in enumerate(found) if best is None or best.cost >= 1]
    chooser.look_for(atom for number in unsettled for atom in _atoms(needs[number]))
    for number in unsettled:
        found[number] = chooser.cheapest(needs[number])
        if pairs:
            found[number] = chooser.paired(needs[number], found[number])
    chosen: defaultdict[Sought, list[int]] = defaultdict(list)
    always: list[int] = []
    expected = 0
    for number, best in enumerate(found):
        if best is None:
            always.append(number)
        else:
            expected |= best.events
            for sought in best.sought:
                chosen[sought].append(number)
    return Choice(
        {sought: tuple(numbers) for sought, numbers in chosen.items()},
        tuple(always),
        1.0 if always else expected.bit_count() / max(1, len(sample.events)),
    )


def _atoms(need: Need | None) -> Iterator[Atom]:
    match need:
        case None | Listed():
            return
        case Atom():
            yield need
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
    def __init__(self, sample: Sample, is_empty: Callable[[str], bool]) -> None:
        self._sample, self._is_empty = sample, is_empty
        self._keys = _keys_of(sample.events)
        self._found: dict[Atom, int] = {}

    def look_for(self, atoms: Iterable[Atom]) -> None:
        """Find out in which events atoms are."""
        distinct = list(dict.fromkeys(atom for atom in atoms if atom.key is None))
        ends = self._sample.ends
        # Apart, because literals alone are compiled in a fraction of the time.
        for are_literal in (True, False):
            some = [atom for atom in distinct if atom.is_literal is are_literal]
            if not some:
                continue
            found = [0] * len(some)

            def on_hit(
                number: int, _start: int, end: int, _f: int, _c: Any, found: list[int] = found
            ) -> None:
                found[number] |= 1 << bisect_right(ends, end - 1)

            patterns = [(atom.pattern, atom.caseless) for atom in some]
            Database(patterns).scan(self._sample.text, on_hit)
            self._found.update(zip(some, found, strict=True))

    def _events(self, atom: Atom) -> int | None:
        """The events that an atom is in, None while that is not known."""
        if atom.key is not None:
            return self._keys.get(atom.key, 0)
        return self._found.get(atom)

    def cheapest(self, need: Need | None) -> _Best | None:
        """The cheapest of what suffices; None where nothing does."""
        match need:
            case None:
                return None
            case Atom():
                events = self._events(need)
                if events is None:
                    return None
                return _Best(events.bit_count() + _PER_EXPRESSION, events, (need,))
            case Listed(pattern, name):
                if self._is_empty(name):
                    return _Best(0.0, 0, ())
                cost = _PER_LOOK_UP * len(self._sample.events)
                return _Best(cost, 0, (need,)) if pattern else None
            case All(items):
                known = [best for item in items if (best := self.cheapest(item)) is not None]
                return min(known, key=_cost, default=None)
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

    def paired(self, need: Need | None, best: _Best | None) -> _Best | None:
        """Two of the things that are all needed, where each alone is frequent."""
        frequent = _FREQUENT * len(self._sample.events)
        if best is None or not isinstance(need, All) or best.events.bit_count() <= frequent:
            return best
        known = [found for item in need.items if (found := self.cheapest(item)) is not None]
        for one, other in combinations(known, 2):
            events = one.events & other.events
            size = len(one.sought) * len(other.sought)
            cost = events.bit_count() + 2 * size * _PER_EXPRESSION
            if size > _MOST_PAIRS or cost > _WORTH_IT * best.cost:
                continue
            pairs = [
                Pair(first, second)
                for first in one.sought
                for second in other.sought
                if isinstance(first, Atom) and isinstance(second, Atom)
            ]
            if len(pairs) == size:
                best = _Best(cost, events, tuple(pairs))
        return best


def _cost(best: _Best) -> float:
    return best.cost


def _keys_of(events: Iterable[Any]) -> dict[str, int]:
    """In which events each part of a key stands, at any depth."""
    found: dict[str, int] = {}
    for number, event in enumerate(events):
        names: set[str] = set()
        waiting: list[Any] = [event]
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                for key, value in node.items():
                    names.update(key.split("."))
                    if isinstance(value, dict | list):
                        waiting.append(value)
            elif isinstance(node, list):
                waiting += [item for item in node if isinstance(item, dict | list)]
        for name in names:
            found[name] = found.get(name, 0) | 1 << number
    return found
