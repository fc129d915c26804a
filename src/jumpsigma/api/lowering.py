"""The rules of a pack in the words of a mapping: which run, which report, which cannot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jumpsigma.api.selection import select
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower import lower_correlation, lower_rule
from jumpsigma.mapping import Mapping as EventMapping
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import LoadedRule, Pack
from jumpsigma.pack.references import Names

#: Correlations over correlations; deeper ones would end in Python's own limit.
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class LoweredPack:
    """What a matcher is made of.

    ``silent``: the numbers of the rules, and behind them of the correlations, that give no
    findings of their own. ``refused``: why other chosen rules are not among them.
    """

    rules: tuple[RuleIR, ...] = ()
    correlations: tuple[CorrelationIR, ...] = ()
    silent: frozenset[int] = frozenset()
    refused: tuple[Diagnostic, ...] = ()


def lower_pack(
    pack: Pack,
    mapping: str | Path,
    *,
    logsource: Mapping[str, str] | None = None,
    min_level: str | None = None,
) -> LoweredPack:
    """The chosen rules, those that chosen correlations refer to, and why others cannot run.

    Raises as :func:`jumpsigma.compile` does.
    """
    require_pack(pack)
    chosen = select(pack.rules, logsource=logsource, min_level=min_level)
    return lower_chosen(pack, load_mapping(mapping), chosen)


def require_pack(pack: Pack) -> None:
    """Raise :class:`TypeError` for what is no pack, such as its path."""
    if not isinstance(pack, Pack):
        raise TypeError(f"a pack is what load_pack() returns, not {type(pack).__name__}")


def lower_chosen(
    pack: Pack,
    mapping: EventMapping,
    chosen: Iterable[LoadedRule],
    speaking: Iterable[LoadedRule] | None = None,
) -> LoweredPack:
    """The same for rules of the pack that were chosen otherwise.

    ``speaking``: the correlations that may make the rules below them silent; default: all.
    """
    wanted = {id(rule) for rule in chosen}
    work = _Lowering(pack, lambda _: mapping)
    for rule in pack.rules:
        if id(rule) in wanted:
            work.node(rule)
    nodes = [(rule, work.nodes[id(rule)]) for rule in pack.rules if id(rule) in work.nodes]
    rules = [(rule, node) for rule, node in nodes if isinstance(node, RuleIR)]
    correlations = [(rule, node) for rule, node in nodes if isinstance(node, CorrelationIR)]
    spoken_for = speakers(
        pack.rules if speaking is None else speaking, work.names, refused=work.refused
    )
    silent = {
        number
        for number, (rule, _) in enumerate([*rules, *correlations])
        if id(rule) not in wanted or id(rule) in spoken_for
    }
    return LoweredPack(
        tuple(node for _, node in rules),
        tuple(node for _, node in correlations),
        frozenset(silent),
        tuple(each for rule, _ in nodes for each in work.refused.get(id(rule), ())),
    )


def _too_deep(rule: LoadedRule) -> Diagnostic:
    message = f"correlations refer to one another more than {MAX_DEPTH} levels deep"
    return Diagnostic("JS036", message, span=rule.span(("title",)), rule_id=rule.id)


@dataclass(slots=True)
class _Lowering:
    """Each rule once, whoever asks for it; by the identity of the loaded rule."""

    pack: Pack
    mapping_of: Callable[[LoadedRule], EventMapping | Diagnostic]
    nodes: dict[int, RuleIR | CorrelationIR | Diagnostic] = field(default_factory=dict)
    refused: dict[int, tuple[Diagnostic, ...]] = field(default_factory=dict)
    names: Names = field(init=False)
    levels: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.pack.rules, ())
        waiting = list(self.pack.rules)
        while waiting:  # the pack has left out what refers to itself
            later: list[LoadedRule] = []
            for rule in waiting:
                below = [self.levels.get(id(self.names.find(each))) for each in rule.refers_to]
                known = [level for level in below if level is not None]
                if len(known) < len(below):
                    later.append(rule)
                else:
                    self.levels[id(rule)] = 1 + max(known, default=-1)
            if len(later) == len(waiting):
                break
            waiting = later

    def node(self, rule: LoadedRule) -> RuleIR | CorrelationIR | Diagnostic:
        """The IR of a rule, or the first reason why there is none."""
        if id(rule) not in self.nodes:
            self.nodes[id(rule)] = self._lower(rule)
        return self.nodes[id(rule)]

    def _lower(self, rule: LoadedRule) -> RuleIR | CorrelationIR | Diagnostic:
        node: RuleIR | CorrelationIR | None
        diagnostics: tuple[Diagnostic, ...]
        mapping = self.mapping_of(rule)
        if isinstance(mapping, Diagnostic):
            node, diagnostics = None, (mapping,)
        elif self.levels.get(id(rule), 0) > MAX_DEPTH:
            node, diagnostics = None, (_too_deep(rule),)
        elif rule.kind == "correlation":
            correlation = lower_correlation(rule, mapping, self.names.find, self.node)
            node, diagnostics = correlation.correlation, correlation.diagnostics
        else:
            lowered = lower_rule(rule, mapping, self.pack.filters)
            node, diagnostics = lowered.rule, lowered.diagnostics
        if node is not None:
            return node
        self.refused[id(rule)] = diagnostics
        return diagnostics[0]


def speakers(
    rules: Iterable[LoadedRule], names: Names, *, refused: Collection[int] = ()
) -> dict[int, list[LoadedRule]]:
    """The correlations that speak for each rule (S831), by the identity of the loaded rule.

    ``refused``: the identities of those that cannot be evaluated, and so speak for nothing.
    """
    speaking: dict[int, list[LoadedRule]] = {}
    generating: set[int] = set()
    for rule in rules:
        for base in map(names.find, rule.refers_to):
            if id(rule) not in refused:
                speaking.setdefault(id(base), []).append(rule)
            if rule.document["correlation"].get("generate") is True:
                generating.add(id(base))
    return {key: found for key, found in speaking.items() if key not in generating}


def lower_each(
    pack: Pack, mapping: EventMapping
) -> list[tuple[LoadedRule, RuleIR | CorrelationIR | tuple[Diagnostic, ...]]]:
    """Every rule of the pack in the words of a mapping, or why it cannot be said in them."""
    return lower_by(pack, lambda _: mapping, pack.rules)


def lower_by(
    pack: Pack,
    mapping_of: Callable[[LoadedRule], EventMapping | Diagnostic],
    chosen: Iterable[LoadedRule],
) -> list[tuple[LoadedRule, RuleIR | CorrelationIR | tuple[Diagnostic, ...]]]:
    """Some rules of the pack, each in the words of a mapping of its own, or why there is none.

    A correlation and the rules that it refers to need the same mapping.
    """
    work = _Lowering(pack, mapping_of)
    nodes = [(rule, work.node(rule)) for rule in chosen]
    return [
        (rule, work.refused[id(rule)] if isinstance(node, Diagnostic) else node)
        for rule, node in nodes
    ]
