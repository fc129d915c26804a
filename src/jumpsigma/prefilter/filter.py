"""Blocks of unparsed events in, the events that are worth parsing out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any, Final, Protocol, assert_never

from jumpsigma.intake.blocks import Block
from jumpsigma.prefilter import database, spelling
from jumpsigma.prefilter.choice import Choice, Sample, Sought, choose
from jumpsigma.prefilter.database import Database
from jumpsigma.prefilter.needs import Atom, Listed
from jumpsigma.prefilter.rules import RuleNeeds

#: A smaller input is parsed event by event: choosing what to look for would cost more.
WARM_UP: Final = 256 * 1024
#: How much of the input the choice is made by.
_SAMPLE: Final = 128 * 1024
_OF_EACH: Final = 4  # events of a block that are remembered for it,
_LONGEST: Final = 8192  # so many bytes of each
#: A choice that lets through more of the events than this, and thrice what it promised, is renewed,
_TOO_MANY: Final = 0.1
#: but not before so many blocks, and four times as many each time: it takes as long as scanning a
#: few of them.
_PATIENCE: Final = 128
_MORE_PATIENCE: Final = 4
#: Where more often than each so many bytes something stands that is looked for, somebody means to
#: keep us busy: nothing is told apart there.
_CROWDED: Final = 8
#: Values that were looked up on lists and are not there; so many are remembered.
_REMEMBERED: Final = 1 << 16

#: An event that is worth parsing: its number, start and end in the block, and the rules that it may
#: satisfy, None for all.
Candidate = tuple[int, int, int, tuple[int, ...] | None]


class ValueList(Protocol):
    """A list that placeholders stand for, as far as is needed here."""

    @property
    def values(self) -> Collection[str] | None:
        """Its values, None when there are too many to look for each."""

    def has(self, text: str) -> bool:
        """Whether a lower-case text may be on it, as it stands or as an address (S474)."""


class Prefilter:
    """Finds the events of a scan that may satisfy a rule. For one thread.

    ``needs`` are those of the rules, in order; ``lists`` gives a list by its name. ``wrapped``:
    whether rules see the event inside a SIEM's document. Without Hyperscan it wants no block.
    """

    def __init__(
        self,
        needs: RuleNeeds,
        lists: Callable[[str], ValueList],
        *,
        wrapped: bool,
    ) -> None:
        self._needs, self._lists = needs, lists
        self._hiding = spelling.HIDING + (spelling.WRAPPED if wrapped else ())
        self._warm_up = WARM_UP
        self._seen: list[bytes] = []
        self._remembered = 0
        self._looked_for: dict[tuple[str, ...], _LookedFor] = {}
        self._patience, self._since = _PATIENCE, 0

    def __getstate__(self) -> dict[str, Any]:
        """Without what it has learned, for other processes."""
        learned = {"_warm_up": WARM_UP, "_seen": [], "_remembered": 0, "_looked_for": {}}
        return {**self.__dict__, **learned}

    def wants(self, block: Block) -> bool:
        """Whether the block is to be filtered; asked once for each block, in order."""
        self._remember(block)
        if self._warm_up > 0:
            self._warm_up -= len(block.text)
        if self._warm_up > 0 or database.load() is None:
            return False
        if block.odd not in self._looked_for:
            self._choose(block)
        return block.odd in self._looked_for

    def _remember(self, block: Block) -> None:
        """Keep a few events of every block: a better sample than many of one."""
        if self._remembered < _SAMPLE:
            first = islice(block.places(), _OF_EACH)
            events = [block.text[start : min(end, start + _LONGEST)] for _, start, end in first]
            self._seen += events
            self._remembered += sum(map(len, events))

    def _choose(self, block: Block) -> None:
        """Decide what to look for in such blocks, by a sample of the input."""
        events = (block.text[start:end] for _, start, end in block.places())
        sample = _sample_of(chain(self._seen, events))
        lists = cache(self._lists)
        self._since = 0
        try:
            choice = choose(self._needs, sample, lambda name: lists(name).values)
            self._looked_for[block.odd] = _LookedFor(choice, self._hiding, block.odd, lists)
        except ValueError:  # Hyperscan does not take what it is given
            self._warm_up = sys.maxsize

    def candidates(self, block: Block, *, every: bool = False) -> list[Candidate]:
        """The events of a block that may satisfy a rule, in order, each with those rules.

        With ``every``, all events, most of them with no rule. To be called where the block is
        wanted.
        """
        looked_for = self._looked_for[block.odd]
        hits = looked_for.hits(block)
        always = looked_for.always
        if every or always:
            return _merged(block, hits, always)
        found = _gathered(block, hits)
        self._since += 1
        if self._since > self._patience:
            share = len(found) / max(1, block.count)
            if share > max(_TOO_MANY, 3 * looked_for.expected):
                self._patience *= _MORE_PATIENCE
                self._looked_for.clear()  # by now more of the input is known
        return found


def _sample_of(events: Iterable[bytes]) -> Sample:
    """As many events as a sample has; the beginning of one that is as long as all."""
    held: list[bytes] = []
    ends: list[int] = []
    end = -1
    for event in events:
        held.append(event[:_SAMPLE])
        end += len(held[-1]) + 1
        ends.append(end)
        if end >= _SAMPLE:
            break
    return Sample(b"\n".join(held), ends)


class _LookedFor:
    """A choice, compiled."""

    def __init__(
        self,
        choice: Choice,
        hiding: tuple[str, ...],
        odd: tuple[str, ...],
        lists: Callable[[str], ValueList],
    ) -> None:
        self.expected = choice.expected
        self.always = choice.always
        numbers = spelling.HIDING_NUMBERS if any(map(_is_number, choice.rules)) else ()
        self._first_known = len(numbers)
        patterns = [(each, False) for each in (*numbers, *hiding, *odd)]
        rules: list[tuple[int, ...] | None] = [None] * len(patterns)
        asked: list[tuple[Listed, tuple[int, ...]]] = []
        for sought, held in choice.rules.items():
            match sought:
                case Atom(pattern, caseless):
                    patterns.append((pattern, caseless))
                    rules.append(held)
                case Listed():
                    asked.append((sought, held))
                case _:
                    assert_never(sought)
        self._first_look_up = len(patterns)
        # One expression for a key, whatever the lists: each match is looked at once.
        by_key: dict[str, list[tuple[ValueList, tuple[int, ...]]]] = {}
        for listed, held in asked:
            by_key.setdefault(listed.pattern, []).append((lists(listed.name), held))
        self._look_ups = [_LookUp(each) for each in by_key.values()]
        patterns += [(pattern, False) for pattern in by_key]
        self._rules = rules
        self._database = Database(patterns)

    def hits(self, block: Block) -> list[_Hit]:
        """What stands in a block, by its last byte; every event where too much does."""
        text, rules = block.text, self._rules
        numbers, first = self._first_known, self._first_look_up
        look_ups, most = self._look_ups, len(text) // _CROWDED
        hits: list[_Hit] = []
        if not text.startswith(b"{"):
            hits.append((0, None))  # no expression sees what is before the block

        def on_hit(number: int, _start: int, end: int, _flags: int, _context: Any) -> bool:
            if number < numbers:
                if spelling.hides_number(text, end):
                    hits.append((end - 1, None))
            elif number < first:
                hits.append((end - 1, rules[number]))
            elif found := look_ups[number - first].rules(text, end - 1):
                hits.append((end - 1, found))
            return len(hits) > most

        if not self._database.scan(text, on_hit):
            return [(start, None) for _, start, _ in block.places()]
        hits.sort(key=_index)
        return hits


class _LookUp:
    """The value of a field, to be looked up on lists; a value that is on none is remembered."""

    def __init__(self, held: Sequence[tuple[ValueList, tuple[int, ...]]]) -> None:
        self._held = held
        self._all = tuple(sorted({number for _, numbers in held for number in numbers}))
        self._known: dict[bytes, tuple[int, ...]] = {}

    def rules(self, text: bytes, at: int) -> tuple[int, ...]:
        """The rules that are worth evaluating by the value that begins at an index."""
        if text[at] != _QUOTE:
            return () if text[at] in _NO_TEXT else self._all
        value = text[at + 1 : text.find(b'"', at + 1)]
        found = self._known.get(value)
        if found is None:
            found = self._asked(value)
            if len(self._known) < _REMEMBERED:
                self._known[value] = found
        return found

    def _asked(self, value: bytes) -> tuple[int, ...]:
        if b"\\" in value or not value.isascii():
            return self._all
        lowered = value.decode("ascii").lower()
        found = {number for one, numbers in self._held if one.has(lowered) for number in numbers}
        return tuple(sorted(found))


_QUOTE = b'"'[0]
_NO_TEXT = b"n{"  # null, an object

_Hit = tuple[int, tuple[int, ...] | None]


def _index(hit: tuple[int, Any]) -> int:
    return hit[0]


def _is_number(sought: Sought) -> bool:
    return isinstance(sought, Atom) and sought.number


def _merged(block: Block, hits: Sequence[_Hit], always: tuple[int, ...]) -> list[Candidate]:
    """Every event, with the rules that nothing rules out besides those that its matches name."""
    every: list[Candidate] = []
    at, count = 0, len(hits)
    for number, start, end in block.places():
        rules: tuple[int, ...] | None = always
        more: set[int] | None = None
        while at < count and hits[at][0] <= end:
            found = hits[at][1]
            if found is None:
                rules, more = None, None
            elif rules is not None:
                more = more or set(rules)
                more.update(found)
            at += 1
        every.append((number, start, end, _sorted(rules, more)))
    return every


def _gathered(block: Block, hits: Sequence[_Hit]) -> list[Candidate]:
    """Matches as events, each once."""
    gathered: list[Candidate] = []
    locate = block.locate
    number = start = end = -1
    rules: tuple[int, ...] | None = ()
    more: set[int] | None = None
    for at, found in hits:
        if at > end:
            where = locate(at)
            if where[0] != number:  # else it is in what stands behind the event
                if end >= 0:
                    gathered.append((number, start, end, _sorted(rules, more)))
                number, start, end = where
                rules, more = found, None
                continue
        if found is None:
            rules, more = None, None
        elif rules is not None and found is not rules:
            more = more or set(rules)
            more.update(found)
    if end >= 0:
        gathered.append((number, start, end, _sorted(rules, more)))
    return gathered


def _sorted(rules: tuple[int, ...] | None, more: set[int] | None) -> tuple[int, ...] | None:
    return rules if more is None else tuple(sorted(more))
