"""Blocks of unparsed events in, the events that are worth parsing out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain, filterfalse, islice
from typing import Any, Final, Protocol, assert_never

from jumpsigma.intake.blocks import Block
from jumpsigma.ir.nodes import TextPart
from jumpsigma.prefilter import database, spelling
from jumpsigma.prefilter.choice import Choice, Sample, Sought, choose
from jumpsigma.prefilter.database import Database
from jumpsigma.prefilter.doubts import Doubt, doubt_of
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
#: Values that were looked up on lists; so many are remembered, none that is longer than so.
_REMEMBERED: Final = 1 << 16
_LONGEST_REMEMBERED: Final = 128
#: After so many look-ups values that are on no list are looked for as such, and once more after
#: as many times that: it takes as long as they do.
_LOOK_UPS: Final = 100_000
_MORE_LOOK_UPS: Final = 8
#: Those of keys that have a smaller share in that are not: stepping over them costs more.
_OFTEN: Final = 0.04
#: So many of them for each key, as long as the expression is not longer than so.
_HARMLESS: Final = 256
_LONGEST_EXPRESSION: Final = 15_000

#: To doubt more rules takes as long as parsing.
_MOST_DOUBTED: Final = 4
#: So many sets of rules are remembered with how they are doubted. After so many candidates they are
#: not doubted any more, when more than such a share was kept; and after so many none are, when a
#: smaller share was spared.
_PLANS: Final = 10_000
_DOUBTED: Final = 256
_DOUBTED_IN_ALL: Final = 4096
_SPARED: Final = 0.1
_IN_VAIN: Final = 0.7

#: An event that is worth parsing: its number, start and end in the block, and the rules that it may
#: satisfy, None for all.
Candidate = tuple[int, int, int, tuple[int, ...] | None]


class ValueLists(Protocol):
    """The lists that placeholders stand for, as far as is needed here."""

    def values(self, name: str) -> Collection[str] | None:
        """The values of a list, None when there are too many to look for each."""

    def fits(self, parts: Sequence[TextPart]) -> Callable[[str], bool]:
        """What tells whether a lower-case text may consist of parts.

        One that is nothing but a value of a list may be spelled as an address (S474).
        """


class Prefilter:
    """Finds the events of a scan that may satisfy a rule. For one thread.

    ``needs`` are those of the rules, in order; ``lists`` are what their placeholders stand for.
    ``wrapped``: whether rules see the event inside a SIEM's document. Events for ``counted`` rules
    alone are not parsed anyway; no rule of ``evaluated`` is settled. Without Hyperscan it wants no
    block.
    """

    def __init__(
        self,
        needs: RuleNeeds,
        lists: ValueLists,
        *,
        wrapped: bool,
        counted: Collection[int],
        evaluated: Collection[int],
    ) -> None:
        self._needs, self._lists, self._counted = needs, lists, frozenset(counted)
        self._evaluated = frozenset(evaluated)
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
        self._since = 0
        try:
            choice = choose(self._needs, sample, cache(self._lists.values), self._evaluated)
            made = _LookedFor(choice, self._hiding, block.odd, self._lists, self._counted)
            self._looked_for[block.odd] = made
        except ValueError:  # Hyperscan does not take what it is given
            self._warm_up = sys.maxsize

    def settled(self, block: Block) -> tuple[int, ...]:
        """The rules that hold on every object that is no candidate for them.

        That is for blocks such as this, until it is asked for its candidates.
        """
        return self._looked_for[block.odd].settled

    def candidates(self, block: Block, *, every: bool = False) -> list[Candidate]:
        """The events of a block to parse, in order, each with the rules to evaluate.

        With ``every``, all events, most of them with no rule. To be called where the block is
        wanted.
        """
        looked_for = self._looked_for[block.odd]
        hits = looked_for.hits(block)
        looked_for.learn()
        always = looked_for.always
        if every or always:
            return _merged(block, hits, always)
        found = looked_for.doubted(block.text, _gathered(block, hits))
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
        lists: ValueLists,
        counted: Collection[int],
    ) -> None:
        self.expected = choice.expected
        self.always, self.settled = choice.always, choice.settled
        if self.always:  # every event is parsed anyway
            self.always, self.settled = tuple(sorted(self.always + self.settled)), ()
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
        by_key: dict[str, list[tuple[_Fits, tuple[int, ...]]]] = {}
        for listed, held in asked:
            by_key.setdefault(listed.pattern, []).append((lists.fits(listed.parts), held))
        self._look_ups = [_LookUp(_lengthened(key), held) for key, held in by_key.items()]
        self._lists, self._doubtful, self._counted = lists, choice.doubtful, frozenset(counted)
        self._doubts: dict[int, Doubt] = {}
        self._plans: dict[tuple[int, ...], _Plan | None] = {}
        self._total, self._seen = _Plan([]), 0
        self._rules, self._patterns = rules, patterns
        self._enough = _LOOK_UPS
        self._compile([each.pattern for each in self._look_ups])

    def _compile(self, look_ups: Iterable[str]) -> None:
        self._database = Database([*self._patterns, *((each, False) for each in look_ups)])

    def learn(self) -> None:
        """Where much is looked up, leave out what has been and is on no list."""
        asked = sum(each.asked for each in self._look_ups)
        if asked < self._enough:
            return
        self._enough *= _MORE_LOOK_UPS
        # What Hyperscan does not take, it took before without these values.
        with suppress(ValueError):
            self._compile(
                each.without_harmless() if each.asked > _OFTEN * asked else each.pattern
                for each in self._look_ups
            )

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

    def doubted(self, text: bytes, candidates: list[Candidate]) -> list[Candidate]:
        """The candidates that remain after a second look at them."""
        if not self._doubtful:
            return candidates
        plans, total, remaining = self._plans, self._total, list[Candidate]()
        for candidate in candidates:
            number, start, end, rules = candidate
            if rules is None:
                remaining.append(candidate)
                continue
            try:
                plan = plans[rules]
            except KeyError:
                plan = self._plan(rules)
            if plan is None:
                remaining.append(candidate)
                continue
            raw = text[start:end]
            lowered = raw.lower()
            kept = tuple([rule for rule, doubt in plan.doubts if doubt(raw, lowered)])
            plan.asked += 1
            if kept:
                plan.kept += 1
                remaining.append((number, start, end, kept))
            if plan.asked == _DOUBTED:
                if plan.kept > _IN_VAIN * plan.asked:
                    plans[rules] = None
                plan.asked = plan.kept = 0
            total.asked += 1
            total.kept += bool(kept)
        self._seen += len(candidates)
        if self._seen > _DOUBTED_IN_ALL:
            if total.asked - total.kept < _SPARED * self._seen:
                self._doubtful = {}
            self._seen = total.asked = total.kept = 0
        return remaining

    def _plan(self, rules: tuple[int, ...]) -> _Plan | None:
        """How the rules of a candidate are doubted; None where one is not, so that it is parsed."""
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        doubtful = self._doubtful
        plan = None
        few = len(rules) <= _MOST_DOUBTED and not self._counted.issuperset(rules)
        if few and all(map(doubtful.__contains__, rules)):
            for rule in rules:
                if rule not in self._doubts:
                    self._doubts[rule] = doubt_of(doubtful[rule], self._asking)
            plan = _Plan([(rule, self._doubts[rule]) for rule in rules])
        self._plans[rules] = plan
        return plan

    def _asking(self, listed: Listed) -> Callable[[bytes, int], object]:
        return _LookUp(listed.pattern, [(self._lists.fits(listed.parts), (0,))]).rules


@dataclass(slots=True)
class _Plan:
    """How the rules of candidates are doubted, and how many of these were kept all the same."""

    doubts: list[tuple[int, Doubt]]
    asked: int = 0
    kept: int = 0


class _LookUp:
    """The value of a field, to be looked up on lists.

    ``pattern`` matches its key up to the value, ``held`` says what rules need of it.
    """

    def __init__(self, pattern: str, held: Sequence[tuple[_Fits, tuple[int, ...]]]) -> None:
        self.pattern, self._held = pattern, held
        self.asked = 0
        self._all = tuple(sorted({number for _, numbers in held for number in numbers}))
        self._known: dict[bytes, tuple[int, ...]] = {}

    def rules(self, text: bytes, at: int) -> tuple[int, ...]:
        """The rules that are worth evaluating by a value.

        :param at: the first byte of it, or one by which it is another than those of
            :meth:`without_harmless`.
        """
        self.asked += 1
        quote = text.rfind(b'"', 0, at)
        if text[quote + 1 : at].strip() == b":":  # behind the key
            if text[at] != _QUOTE:
                return () if text[at] in _NO_TEXT else self._all
            quote = at
        value = text[quote + 1 : text.find(b'"', quote + 1)]
        found = self._known.get(value)
        if found is None:
            found = self._asked(value)
            if len(self._known) < _REMEMBERED and len(value) <= _LONGEST_REMEMBERED:
                self._known[value] = found
        return found

    def without_harmless(self) -> str:
        """The pattern for values but those that are known to be on no list.

        The first that were seen are the frequent ones.
        """
        harmless = (value.decode("ascii") for value, rules in self._known.items() if not rules)
        values = list(islice(filterfalse(_NO_VALUE.match, harmless), _HARMLESS))
        while values:
            pattern = spelling.other_value(self.pattern, values)
            if len(pattern) <= _LONGEST_EXPRESSION:
                return pattern
            del values[len(values) // 2 :]
        return self.pattern

    def _asked(self, value: bytes) -> tuple[int, ...]:
        if b"\\" in value or not value.isascii():
            return self._all
        lowered = value.decode("ascii").lower()
        found = {number for fits, numbers in self._held if fits(lowered) for number in numbers}
        return tuple(sorted(found))


def _lengthened(pattern: str) -> str:
    """The same pattern, where it begins with a key of two letters, with the byte behind that.

    Hyperscan goes through all bytes in shorter steps where it looks for only four of them.
    """
    key, blanks, rest = pattern[:4], pattern[4 : 4 + len(_BLANKS)], pattern[4 + len(_BLANKS) :]
    if blanks != _BLANKS or not _SHORT.match(key):
        return pattern
    behind = ":", *(f"{blank}{_BLANKS}" for blank in (" ", r"\t", r"\r", r"\n"))
    return f"(?:{'|'.join(key + each for each in behind)}){rest}"


_SHORT = re.compile(r'"\w\w"')
_BLANKS = r"[ \t\r\n]*:"
_QUOTE = b'"'[0]
_NO_TEXT = b"n{"  # null, an object
#: With these a value would look like what stands between it and its key.
_NO_VALUE = re.compile(r"\s*:|\s*\Z")
_Fits = Callable[[str], bool]

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
