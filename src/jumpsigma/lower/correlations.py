"""A loaded correlation, the IR of the rules that it refers to and a mapping to its IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationFieldAliases,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.ir.correlations import (
    CorrelationIR,
    CorrelationType,
    Every,
    Reference,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    ThresholdOp,
    TooManySequencesError,
    Unseen,
    sequences,
)
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower.detections import MAX_PATH_PARTS
from jumpsigma.lower.values import LoweringError
from jumpsigma.mapping import Mapping
from jumpsigma.pack import LoadedRule
from jumpsigma.pack.positions import KeyPath

#: One bit of a 64-bit integer for each.
MAX_REFERENCES = 63
_MEASURED = {
    "value_count",
    "value_sum",
    "value_avg",
    "value_median",
    "value_percentile",
}


@dataclass(frozen=True, slots=True)
class LoweredCorrelation:
    """The outcome for one correlation: its IR, or the diagnostics that say why there is none."""

    correlation: CorrelationIR | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def lower_correlation(
    rule: LoadedRule,
    mapping: Mapping,
    find: Callable[[str], LoadedRule | None],
    lowered: Callable[[LoadedRule], RuleIR | CorrelationIR | Diagnostic],
) -> LoweredCorrelation:
    """Lower a correlation. Never raises.

    :param find: the rule that a reference names; the pack has checked that there is one.
    :param lowered: the IR of a rule that is referred to, or why it has none.
    """
    section = rule.document["correlation"]
    sigma = cast("SigmaCorrelationRule", rule.to_sigma())
    condition = sigma.condition
    extended = isinstance(condition, SigmaExtendedCorrelationCondition)
    names = [reference.reference for reference in sigma.rules or ()]
    if not names and isinstance(condition, SigmaExtendedCorrelationCondition):
        names = condition.get_referenced_rules()
    try:
        if len(names) > MAX_REFERENCES:
            raise _refusal(f"it refers to more than {MAX_REFERENCES} rules")
        bases = [(name, base) for name in names if (base := find(name)) is not None]
        nodes: list[RuleIR | CorrelationIR] = []
        for name, base in bases:
            node = lowered(base)
            if isinstance(node, Diagnostic):
                return LoweredCorrelation(diagnostics=(_without_base(rule, name, base, node),))
            nodes.append(node)
        kind = cast("CorrelationType", sigma.type.name.lower())
        group_by = tuple(sigma.group_by or ())
        fields = _fields(section) if kind in _MEASURED else ()
        aliases = section.get("aliases") or {}
        for reference in (name for meant in aliases.values() for name in meant):
            if find(str(reference)) is None:
                raise _refusal(f"an alias is for {reference!r}, which is no rule of the pack")
        fields_of = _FieldNames(rule, mapping, find, aliases)
        result = CorrelationIR(
            id=rule.id,
            title=rule.title,
            path=rule.path,
            mapping=mapping.name,
            type=kind,
            references=tuple(
                Reference(
                    name,
                    node,
                    fields_of(name, base, group_by, "group-by"),
                    fields_of(name, base, fields, "condition"),
                )
                for (name, base), node in zip(bases, nodes, strict=True)
            ),
            timespan=sigma.timespan.seconds,
            condition=_condition(condition, names),
            group_by=group_by,
            fields=fields,
            percentile=_percentile(section) if kind == "value_percentile" else None,
            generate=bool(sigma.generate),
            level=rule.level,
            status=rule.status,
            author=rule.author,
            license=rule.license,
            tags=rule.tags,
        )
        if extended and kind == "temporal_ordered":
            sequences(cast("RuleExpr", result.condition))
    except TooManySequencesError as error:
        return _refused(rule, _refusal(f"its ordered condition has {error}"), "condition")
    except LoweringError as error:
        return _refused(rule, error, "condition")
    except _FieldRefusedError as error:
        return LoweredCorrelation(diagnostics=error.diagnostics)
    return LoweredCorrelation(result)


def _refusal(message: str) -> LoweringError:
    return LoweringError("JS036", message)


def _refused(rule: LoadedRule, error: LoweringError, key: str) -> LoweredCorrelation:
    path: KeyPath = ("correlation", key)
    return LoweredCorrelation(
        diagnostics=(
            Diagnostic(
                error.code,
                f"the correlation is not evaluated: {error.message}",
                span=rule.span(path),
                rule_id=rule.id,
                hint=error.hint,
            ),
        )
    )


def _without_base(rule: LoadedRule, name: str, base: LoadedRule, reason: Diagnostic) -> Diagnostic:
    """One diagnostic that names the rule; what is wrong with that rule is told of itself."""
    rules = rule.document["correlation"].get("rules")
    path: KeyPath = ("correlation", "condition" if rules is None else "rules")
    if isinstance(rules, list) and name in rules:
        path = (*path, rules.index(name))
    applies = reason.severity is not Severity.INFO
    verb = "cannot run" if applies else "does not apply"
    return Diagnostic(
        "JS036",
        f"the correlation {rule.title!r} is not evaluated: its rule {base.title!r} {verb}",
        reason.severity,
        rule.span(path),
        rule.id,
        f"see {reason.code} of {base.path}" if applies else None,
    )


def _fields(section: dict[str, Any]) -> tuple[str, ...]:
    field = section["condition"]["field"]
    names = tuple(map(str, field)) if isinstance(field, list) else (str(field),)
    if not names:
        raise _refusal("its list of fields is empty")
    return names


def _percentile(section: dict[str, Any]) -> int | float:
    """From the document: pySigma cuts the fraction off."""
    value = section["condition"].get("percentile")
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise LoweringError(
            "JS036",
            "value_percentile needs a percentile from 0 to 100",
            "write percentile: 95 beside the field",
        )
    return value


def _condition(
    condition: SigmaCorrelationCondition | SigmaExtendedCorrelationCondition, names: Sequence[str]
) -> Threshold | RuleExpr:
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        return _expression(condition.parsed, names)
    return Threshold(cast("ThresholdOp", condition.op.name.lower()), condition.count)


def _expression(
    node: CorrelationConditionItem | SigmaRuleReference, names: Sequence[str]
) -> RuleExpr:
    match node:
        case SigmaRuleReference(reference=reference):
            return Seen(names.index(reference))
        case CorrelationConditionNOT(args=args):
            return Unseen(_expression(args[0], names))
        case CorrelationConditionAND(args=args):
            return Every(tuple(_expression(arg, names) for arg in args))
        case CorrelationConditionOR(args=args):
            return Some(tuple(_expression(arg, names) for arg in args))
        case _:
            raise _refusal(f"its condition holds {type(node).__name__}")


class _FieldRefusedError(Exception):
    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


class _FieldNames:
    """What the events of each referenced rule call the fields of a correlation.

    The mapping sees each field alone, in a correlation over that rule only: pySigma would map
    a field for all rules at once, whatever their log sources, and would rename aliases only where
    there is a ``group-by``.
    """

    def __init__(
        self,
        rule: LoadedRule,
        mapping: Mapping,
        find: Callable[[str], LoadedRule | None],
        aliases: dict[str, dict[str, str]],
    ) -> None:
        self._rule, self._mapping, self._find = rule, mapping, find
        self._aliases = aliases

    def __call__(
        self, name: str, base: LoadedRule, fields: Sequence[str], key: str
    ) -> tuple[str, ...]:
        return tuple(self._mapped(self._aliased(field, name, base), base, key) for field in fields)

    def _aliased(self, field: str, name: str, base: LoadedRule) -> str:
        """An alias that says nothing of a rule leaves its field as it is."""
        for reference, meant in self._aliases.get(field, {}).items():
            if self._find(str(reference)) is base or reference == name:
                return str(meant)
        return field

    def _mapped(self, field: str, base: LoadedRule, key: str) -> str:
        span = self._rule.span(("correlation", key))
        if "[" in field or "]" in field:
            raise _FieldRefusedError(
                Diagnostic(
                    "JS038",
                    f"a correlation cannot use the virtual field {field}",
                    span=span,
                    rule_id=self._rule.id,
                    hint="name the field of all elements, such as changes.to",
                )
            )
        if field.count(".") >= MAX_PATH_PARTS:
            raise _FieldRefusedError(
                Diagnostic(
                    "JS038",
                    f"the field path has more than {MAX_PATH_PARTS} parts",
                    span=span,
                    rule_id=self._rule.id,
                )
            )
        mapped = self._mapping.apply(self._probe(field, base))
        if mapped.sigma is None:
            raise _FieldRefusedError(
                *(replace(each, span=span, rule_id=self._rule.id) for each in mapped.diagnostics)
            )
        names = mapped.sigma.group_by or []
        if len(names) != 1:
            raise _FieldRefusedError(
                Diagnostic(
                    "JS051",
                    f"the field {field!r} of {base.title!r} is in {len(names)} fields of these "
                    f"events: {', '.join(names)}",
                    span=span,
                    rule_id=self._rule.id,
                    hint="a correlation needs one of them",
                )
            )
        return names[0]

    def _probe(self, field: str, base: LoadedRule) -> SigmaCorrelationRule:
        references: list[SigmaRuleReference] = []
        for rule in self._single(base):
            reference = SigmaRuleReference(f"r{len(references)}")
            reference.rule = rule.to_sigma()
            references.append(reference)
        probe = SigmaCorrelationRule(
            title=self._rule.title,
            type=SigmaCorrelationType.EVENT_COUNT,
            rules=references,
            timespan=cast("SigmaCorrelationRule", self._rule.to_sigma()).timespan,
            group_by=[field],
            aliases=SigmaCorrelationFieldAliases(),
            condition=SigmaCorrelationCondition.from_dict({"gte": 1}),
        )
        probe.referenced_rules = references
        return probe

    def _single(self, rule: LoadedRule) -> list[LoadedRule]:
        """The single-event rules below a rule, or itself; each once, however often it is named."""
        found: dict[int, LoadedRule] = {}
        waiting = [rule]
        while waiting:
            each = waiting.pop()
            if id(each) not in found:
                found[id(each)] = each
                below = map(self._find, each.refers_to)
                waiting += [base for base in below if base is not None]
        return [each for each in found.values() if each.kind == "rule"]
