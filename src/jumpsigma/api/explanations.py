"""Why a rule does, or does not, fire on an event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jumpsigma.api.list_views import ListsInView
from jumpsigma.api.lists import lists_for
from jumpsigma.api.rules import find_rule
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.interpret import Lists, Trace, matched_entries, trace
from jumpsigma.ir.bind import placeholders
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher import Source
from jumpsigma.matcher.indicators import ListProvider, MatchedIndicator
from jumpsigma.matcher.lookups import IndicatorLists
from jumpsigma.pack import Pack
from jumpsigma.report.explanation import Explanation


def explain(
    pack: Pack,
    rule: str,
    event: dict[str, Any],
    mapping: str | Path = "jumpcloud",
    *,
    lists: Lists | None = None,
    indicators: ListProvider | None = None,
) -> Explanation:
    """Judge a rule, given by id, title or file name, on one event, with the filters of the pack.

    ``lists`` and ``indicators`` are those of :func:`jumpsigma.compile`.

    Raises :class:`DiagnosticError` when the rule is not there or cannot run on this mapping.
    """
    compiled = compile_one(pack, rule, mapping)
    return Explainer(compiled, lists_for(pack, lists, indicators)).explain(event)


class Explainer:
    """Judges one rule on many events, with lists of any length."""

    def __init__(self, rule: RuleIR, lists: IndicatorLists) -> None:
        self.rule = rule
        self._view = ListsInView(rule.condition, lists)
        self._sizes = tuple((name, len(lists.load(name))) for name in placeholders(rule.condition))

    def explain(self, event: dict[str, Any], source: Source | None = None) -> Explanation:
        """The rule on an event, and the indicators that satisfied tests of it, or nearly did."""
        lists = self._view.of(event)
        judged = trace(self.rule.condition, event, lists)
        found = self._view.described(matched_entries(judged), event)
        untimely: tuple[MatchedIndicator, ...] = ()
        if not judged.holds and (ever := self._view.of(event, ever=True)) != lists:
            entries = _entries(trace(self.rule.condition, event, ever))
            untimely = self._view.described(entries, event, counting=False)
        return Explanation(self.rule, event, judged, source, found, self._sizes, untimely)


def _entries(judged: Trace) -> Iterator[tuple[str, str]]:
    """The values of lists by which any test holds, whatever comes of it."""
    yield from judged.entries
    for child in judged.children:
        yield from _entries(child)


def compile_one(pack: Pack, rule: str, mapping: str | Path = "jumpcloud") -> RuleIR:
    """One rule of a pack, with its filters, in the words of a mapping.

    Raises :class:`DiagnosticError` when the rule is not there or cannot run on this mapping.
    """
    found = find_rule(pack, rule)
    if found.kind == "correlation":
        raise DiagnosticError(
            Diagnostic(
                "JS090",
                f"{found.title!r} is a correlation, which no single event satisfies",
                hint="explain it with explain_correlation() on many events",
            )
        )
    lowered = lower_rule(found, load_mapping(mapping), pack.filters)
    if lowered.rule is None:
        raise DiagnosticError(lowered.diagnostics[0])
    return lowered.rule
