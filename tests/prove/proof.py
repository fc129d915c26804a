"""One proof: queries and matcher on the same events, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson
from engines.engine import Engine, QueryError
from near import Event, Lists

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_for, matcher_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import RuleIR

#: What the events of a product are made of: a raw event as the product keeps it.
Store = Callable[[Event], Event]
#: Ids of events, sorted; of a correlation one for each crossing.
Ids = list[str]

#: Of so many differences an event is shown, as small as it can be made.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Written:
    """A rule and its query, or the code and the reason of its refusal.

    ``key`` is the rule's id, else its title; two rules of a pack never share one. ``superset``: the
    query is right when it returns the rule's events and others.
    """

    key: str
    title: str
    query: str | None
    code: str | None = None
    reason: str = ""
    superset: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A query that does not return what the matcher finds.

    ``missing`` are the ids that only the matcher has, ``surplus`` those that only the query has.
    ``error`` is what the engine says of a query that it does not take. ``event`` is the first of
    these events, without what does not matter.
    """

    rule: str
    query: str
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    error: str | None = None
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of some queries on some events: ``pairs`` of a query and an event were compared."""

    events: int
    pairs: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Space:
    """Events, and the rules that are to be found in them.

    ``events`` are what the matcher reads, by id; ``store`` makes of one what the engine reads.
    ``rules`` are in the words of ``events``.
    """

    events: Mapping[str, Event]
    store: Store
    rules: LoweredPack
    lists: Lists

    @cached_property
    def stored(self) -> dict[str, Event]:
        """The events as the product stores them."""
        return {key: self.store(event) for key, event in self.events.items()}

    @cached_property
    def expected(self) -> dict[str, Ids]:
        """By the key of each rule, what the matcher finds; silent correlations are left out."""
        program = matcher_for(self.rules.rules, lists=self.lists)._program
        found: dict[str, Ids] = {key_of(rule): [] for rule in self.rules.rules}
        for key, event in self.events.items():
            for number in program.holding(event).numbers:
                found[key_of(self.rules.rules[number])].append(key)
        found |= self._crossings()
        return {rule: sorted(ids) for rule, ids in found.items()}

    def _crossings(self) -> dict[str, Ids]:
        first = len(self.rules.rules)
        told = [
            node
            for number, node in enumerate(self.rules.correlations, first)
            if number not in self.rules.silent
        ]
        found: dict[str, Ids] = {key_of(node): [] for node in told}
        if told:
            for finding in matcher_of(self.rules, self.lists).match_all(self.events.values()):
                if finding.correlation is not None:
                    found[finding.rule_id or finding.rule_title].append(str(finding.event_id))
        return found

    def holds(self, key: str, event: Event) -> bool:
        """Whether a single-event rule holds on an event, which need not be one of the space."""
        rules = [rule for rule in self.rules.rules if key_of(rule) == key]
        return bool(matcher_for(rules, lists=self.lists)._program.holding(event).numbers)

    def is_single(self, key: str) -> bool:
        """Whether the rule is about single events."""
        return any(key_of(rule) == key for rule in self.rules.rules)


def key_of(node: RuleIR | CorrelationIR) -> str:
    """What names a rule."""
    return node.id or node.title


def compare(engine: Engine, written: Iterable[Written], space: Space) -> Compared:
    """Run queries on the events of a space, and compare what they return with the matcher."""
    engine.load(space.stored)
    differences: list[tuple[Written, Difference]] = []
    queries = 0
    for one in written:
        if one.query is None or one.key not in space.expected:
            continue
        queries += 1
        if (difference := _difference(engine, one, space.expected[one.key])) is not None:
            differences.append((one, difference))
    shown = [_shown(engine, *pair, space) for pair in differences[:SHOWN]]
    rest = (difference for _, difference in differences[SHOWN:])
    return Compared(len(space.events), queries * len(space.events), (*shown, *rest))


def _difference(engine: Engine, one: Written, expected: Ids) -> Difference | None:
    assert one.query is not None
    try:
        found = engine.run(one.query)
    except QueryError as error:
        return Difference(one.title, one.query, error=str(error))
    missing, surplus = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if one.superset:
        surplus.clear()
    if not missing and not surplus:
        return None
    return Difference(
        one.title, one.query, tuple(sorted(missing.elements())), tuple(sorted(surplus.elements()))
    )


def _shown(engine: Engine, one: Written, difference: Difference, space: Space) -> Difference:
    """The difference with an event, of which everything is taken away that does not matter."""
    keys = (*difference.missing, *difference.surplus)
    if not keys or keys[0] not in space.events:
        return difference
    event = space.events[keys[0]]

    def differs(candidate: Event) -> bool:
        engine.load({"one": space.store(candidate)})
        try:
            found = bool(engine.run(difference.query))
        except QueryError:
            return False
        holds = space.holds(one.key, candidate)
        return found < holds if one.superset else found != holds

    alone = space.is_single(one.key) and differs(event)
    return replace(difference, event=smallest(event, differs) if alone else event)


def smallest(event: Event, differs: Callable[[Event], bool]) -> Event:
    """The event without everything that can be taken away while ``differs`` stays true."""
    tries = (_without(event, path) for path in _paths(event))
    smaller = next((each for each in tries if differs(each)), None)
    return event if smaller is None else smallest(smaller, differs)


def _paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of all that can be taken away, the largest first."""
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    yield from ((*before, key) for key, _ in items)
    for key, item in items:
        yield from _paths(item, (*before, key))


def _without(event: Event, path: tuple[str | int, ...]) -> Event:
    copy: Any = orjson.loads(orjson.dumps(event))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return copy  # type: ignore[no-any-return]
