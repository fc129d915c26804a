"""Which correlations look at which rules, and in which order they are judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher.correlate.matches import LeftOut, Use, match_of, uses_of
from jumpsigma.matcher.correlate.rows import Match


class Plan:
    """The correlations of a matcher. Immutable; other processes get it pickled.

    ``uses`` says of every rule that a correlation refers to where it is used, by its number:
    its place in ``rules``, and for a correlation its place behind them. ``order`` has every
    correlation behind those that it refers to.
    """

    def __init__(
        self,
        rules: Sequence[RuleIR],
        correlations: Sequence[CorrelationIR],
        silent: frozenset[int] = frozenset(),
    ) -> None:
        self.correlations = tuple(correlations)
        self.silent = silent
        self._first = len(rules)
        self.uses = uses_of(self.correlations, [*rules, *self.correlations])
        self.order = _settled(self.correlations)
        numbers = {id(rule): number for number, rule in enumerate(rules)}
        self.bases = tuple(
            [numbers[id(r.rule)] for r in each.references if id(r.rule) in numbers]
            for each in self.correlations
        )

    def uses_of(self, correlation: int) -> tuple[Use, ...]:
        """Where the findings of a correlation are looked at by others."""
        return self.uses.get(self._first + correlation, ())

    def reports(self, correlation: int) -> bool:
        """Whether a correlation gives findings of its own."""
        return self._first + correlation not in self.silent

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
        used = [number for number in numbers if number in self.uses]
        if not used:
            return None
        return match_of(self.uses, used, event, left_out, raw=raw, path=path, line=line)


def _settled(correlations: Sequence[CorrelationIR]) -> tuple[int, ...]:
    places = {id(each): place for place, each in enumerate(correlations)}
    found: dict[int, None] = {}

    def settle(place: int) -> None:
        if place in found:
            return
        for reference in correlations[place].references:
            below = places.get(id(reference.rule))
            if below is not None:
                settle(below)
        found[place] = None

    for place in range(len(correlations)):
        settle(place)
    return tuple(found)
