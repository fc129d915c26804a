"""Which rules of a pack the events of the intake can satisfy at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jumpsigma.api.lowering import lower_each
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake.schema import Provenance
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import LoadedRule, Pack
from jumpsigma.reachability import Intake, Reach, intake_for, reach, reach_correlation

#: What a mapping says is not carried; any other refusal says nothing about the events.
_NOT_CARRIED = frozenset({"JS050", "JS051"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """A rule, the mapping that says it in the words of the events, and whether it can fire."""

    rule: LoadedRule
    mapping: str
    reach: Reach
    node: RuleIR | CorrelationIR | None


def coverage(
    pack: Pack,
    mapping: str | Path = "jumpcloud",
    *,
    intake: Intake | None = None,
    rules: Iterable[LoadedRule] | None = None,
) -> list[Coverage]:
    """Say for every rule of a pack whether an event of the intake can ever satisfy it.

    ``intake`` is where the events are kept: by default what the mapping is about, which for
    most is the raw events of the API. ``rules`` chooses among those of the pack. A rule that the
    mapping refuses is unreachable, for the reason that it gives. The lists of the pack count;
    those of an indicator store do not.

    Raises :class:`DiagnosticError` for a mapping that is not found or wrong (JS052, JS053).
    """
    words = load_mapping(mapping)
    place = intake or intake_for(words.name)
    lists = pack.lists
    wanted = None if rules is None else {id(rule) for rule in rules}
    found = []
    for rule, node in lower_each(pack, words):
        if wanted is not None and id(rule) not in wanted:
            continue
        answer = _answer(node, place, lists)
        found.append(Coverage(rule, words.name, answer, None if isinstance(node, tuple) else node))
    return found


def answer_for(
    node: RuleIR | CorrelationIR | tuple[Diagnostic, ...],
    mapping: str,
    lists: Mapping[str, Collection[str]],
) -> Reach:
    """The answer for one rule in the words of a mapping, or for why it has none."""
    return _answer(node, intake_for(mapping), lists)


def _answer(
    node: RuleIR | CorrelationIR | tuple[Diagnostic, ...],
    place: Intake,
    lists: Mapping[str, Collection[str]],
) -> Reach:
    match node:
        case RuleIR():
            return reach(node.condition, place, lists)
        case CorrelationIR():
            return reach_correlation(node, place, lists)
        case _:
            return _refused(node)


def intake_title(mapping: str | Path) -> str:
    """What the place is called whose events a mapping is about."""
    return intake_for(load_mapping(mapping).name).title


def _refused(diagnostics: Sequence[Diagnostic]) -> Reach:
    """The answer for a rule that the mapping has no words for."""
    is_about_events = all(each.code in _NOT_CARRIED for each in diagnostics)
    sure: Provenance = "documented" if is_about_events else "assumed"
    return Reach("unreachable", sure, reasons=tuple(dict.fromkeys(d.message for d in diagnostics)))
