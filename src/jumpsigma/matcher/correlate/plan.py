"""Which correlations look at which rules, and in which order they are judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher.correlate.matches import LeftOut, Use, match_of, slot_of, uses_of
from jumpsigma.matcher.correlate.prospects import prospect_of, rests_on_others
from jumpsigma.matcher.correlate.rows import Match
from jumpsigma.matcher.runtime import Path

if TYPE_CHECKING:
    import msgspec

    Decoder = msgspec.json.Decoder[Any]


#: So many ways to read lines are kept for the scans that follow.
_MOST_DECODERS = 200


class Plan:
    """The correlations of a matcher. Immutable; other processes get it pickled.

    ``uses`` says of every rule that a correlation refers to where it is used, by its number:
    its place in ``rules``, and for a correlation its place behind them. ``order`` has every
    correlation behind those that it refers to; ``levels`` the same in steps, those of one step
    refer to none of it. ``decidable`` are the correlations of which something tells that they
    cannot fire (:mod:`~jumpsigma.matcher.correlate.prospects`), ``open_ended`` the rules that
    others use as well. Events of the rules in ``later`` matter only where a correlation has found
    something that another one needs besides them.
    """

    def __init__(
        self,
        rules: Sequence[RuleIR],
        correlations: Sequence[CorrelationIR],
        silent: frozenset[int] = frozenset(),
    ) -> None:
        self.correlations = tuple(correlations)
        self.silent = silent
        self.rules = tuple(rules)
        self.uses = uses_of(self.correlations, [*rules, *self.correlations])
        self.levels = _levels(self.correlations)
        self.order = tuple(chain.from_iterable(self.levels))
        self.decidable = frozenset(
            place for place, each in enumerate(self.correlations) if prospect_of(each) is not None
        )
        self.open_ended = frozenset(
            number
            for number, uses in self.uses.items()
            if not self.decidable.issuperset(use.correlation for use in uses)
        )
        waiting = {place for place, each in enumerate(self.correlations) if rests_on_others(each)}
        self.later = frozenset(
            number
            for number, uses in self.uses.items()
            if number < len(self.rules)
            and number in silent
            and waiting.issuperset(use.correlation for use in uses)
        )
        numbers = {id(rule): number for number, rule in enumerate(rules)}
        self.bases = tuple(
            [numbers[id(r.rule)] for r in each.references if id(r.rule) in numbers]
            for each in self.correlations
        )

        self._decoders: dict[Any, Decoder | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_decoders": {}}

    def decoder(self, numbers: Collection[int], time: Path, *, raw_events: bool) -> Decoder | None:
        """What reads of lines all on which rules and their correlations depend.

        None where that is more than some fields; see
        :func:`~jumpsigma.matcher.correlate.projection.decoder_of`.
        """
        key = frozenset(numbers), time, raw_events
        if key not in self._decoders:
            if len(self._decoders) >= _MOST_DECODERS:
                self._decoders.clear()
            self._decoders[key] = self._new_decoder(numbers, time, raw_events=raw_events)
        return self._decoders[key]

    def _new_decoder(
        self, numbers: Collection[int], time: Path, *, raw_events: bool
    ) -> Decoder | None:
        # Small inputs never come here, and need not wait for msgspec.
        from jumpsigma.matcher.correlate.projection import NoProjectionError, decoder_of

        uses = [use for number in numbers for use in self.uses.get(number, ())]
        try:
            return decoder_of(
                [self.rules[number].condition for number in numbers],
                [path for use in uses for path in (*use.group_by, *use.fields)],
                time,
                raw_events=raw_events,
            )
        except NoProjectionError:
            return None

    def uses_of(self, correlation: int) -> tuple[Use, ...]:
        """Where the findings of a correlation are looked at by others."""
        return self.uses.get(len(self.rules) + correlation, ())

    def reports(self, correlation: int) -> bool:
        """Whether a correlation gives findings of its own."""
        return len(self.rules) + correlation not in self.silent

    def used(self, numbers: Sequence[int]) -> Sequence[Use]:
        """Where rules that an event satisfies are used, by slot."""
        found = [self.uses[number] for number in numbers if number in self.uses]
        if len(found) == 1:
            return found[0]
        return sorted(chain.from_iterable(found), key=slot_of)

    def match(
        self,
        numbers: Sequence[int],
        event: dict[str, Any],
        left_out: LeftOut,
        *,
        raw: bytes = b"",
        path: str | None = None,
        line: int = 0,
    ) -> Match | None:
        """What has to be kept of an event that satisfies rules; ``raw`` is what it was read from.

        Without it the match has no payload yet.
        """
        used = self.used(numbers)
        if not used:
            return None
        return match_of(used, event, left_out, raw=raw, path=path, line=line)


def _levels(correlations: Sequence[CorrelationIR]) -> tuple[tuple[int, ...], ...]:
    places = {id(each): place for place, each in enumerate(correlations)}
    heights: dict[int, int] = {}

    def height(place: int) -> int:
        if place not in heights:
            below = (places.get(id(each.rule)) for each in correlations[place].references)
            known = [height(each) + 1 for each in below if each is not None]
            heights[place] = max(known, default=0)
        return heights[place]

    found: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(correlations)):
        found[height(place)].append(place)
    return tuple(tuple(found[level]) for level in range(len(found)))
