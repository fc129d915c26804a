"""pySigma's value types to IR values (S301-S365)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sigma.conditions import ConditionAND
from sigma.modifiers import (
    SigmaCaseSensitiveModifier,
    SigmaEndswithModifier,
    SigmaRegularExpressionModifier,
    SigmaStartswithModifier,
)
from sigma.rule import SigmaDetectionItem
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)
from sigma.types import Placeholder as SigmaPlaceholder

from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    CompareOp,
    Exists,
    FieldRef,
    Network,
    Null,
    Number,
    Place,
    Placeholder,
    Regex,
    Text,
    TextPart,
    TimePart,
    TimeUnit,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import compiled

_WILDCARDS = {
    SpecialChars.WILDCARD_MULTI: Wildcard.MANY,
    SpecialChars.WILDCARD_SINGLE: Wildcard.ONE,
}
_COMPARE: dict[CompareOperators, CompareOp] = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
}


class LoweringError(Exception):
    """A rule cannot be lowered; ``code`` is that of the diagnostic."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint
        self.place: Place | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """Values that one value of a rule expands to; always alternatives (S403)."""

    values: tuple[Value, ...]


def lower_value(value: SigmaType, item: SigmaDetectionItem) -> Value | Expansion:
    """One value of a detection item, modifiers applied, as the IR says it.

    Raises :class:`LoweringError` for a regular expression that RE2 refuses (JS030) and for
    values that only a query language has (JS033).
    """
    match value:
        case SigmaExpansion(values):
            return Expansion(tuple(cast("Value", lower_value(each, item)) for each in values))
        case SigmaString():
            return Text(_parts(value, item), isinstance(value, SigmaCasedString))
        case SigmaTimestampPart():
            return TimePart(_unit(value), "eq", value.number)
        case SigmaNumber():
            return Number(value.number)
        case SigmaBool(boolean):
            return Boolean(boolean)
        case SigmaNull():
            return Null()
        case SigmaExists(expected):
            return Exists(expected)
        case SigmaRegularExpression():
            return _regex(value, item)
        case SigmaCIDRExpression():
            return Network(str(value.network))
        case SigmaCompareExpression(number, op) if op in _COMPARE:
            if isinstance(number, SigmaTimestampPart):
                return TimePart(_unit(number), _COMPARE[op], number.number)
            return Compare(_COMPARE[op], number.number)
        case SigmaFieldReference():
            return _field_reference(value, item)
        case _:
            raise LoweringError(
                "JS033", f"a value of kind {type(value).__name__} cannot be evaluated on events"
            )


def _parts(value: SigmaString, item: SigmaDetectionItem) -> tuple[TextPart, ...]:
    parts: list[TextPart] = []
    for part in value.s:
        match part:
            case str():
                if parts and type(parts[-1]) is str:
                    parts[-1] += part
                elif part:
                    parts.append(part)
            case SigmaPlaceholder(name):
                parts.append(Placeholder(name, item.value_linking is ConditionAND))
            case _:
                parts.append(_WILDCARDS[part])
    return tuple(parts)


def _unit(value: SigmaTimestampPart) -> TimeUnit:
    return cast("TimeUnit", value.timestamp_part.name.lower())


def _regex(value: SigmaRegularExpression, item: SigmaDetectionItem) -> Regex:
    parts: list[str | Placeholder] = []
    for part in _parts(value.regexp, item):
        # pySigma keeps an expression as a Sigma string, so `*` and `?` come back as wildcards.
        if isinstance(part, Placeholder):
            parts.append(part)
            continue
        source = part.value if isinstance(part, Wildcard) else part
        if parts and isinstance(parts[-1], str):
            parts[-1] += source
        else:
            parts.append(source)
    after = item.modifiers[item.modifiers.index(SigmaRegularExpressionModifier) :]
    regex = Regex(
        tuple(parts),
        ignore_case=SigmaRegularExpressionFlag.IGNORECASE in value.flags,
        multi_line=SigmaRegularExpressionFlag.MULTILINE in value.flags,
        dot_all=SigmaRegularExpressionFlag.DOTALL in value.flags,
        anchor_start=SigmaStartswithModifier in after,
        anchor_end=SigmaEndswithModifier in after,
    )
    try:
        compiled(regex)
    except ValueError as error:
        raise LoweringError(
            "JS030",
            f"RE2 does not accept the regular expression {value.regexp}: {error}",
            "lookarounds and backreferences do not exist in RE2; rewrite the expression or use "
            "contains, startswith and endswith",
        ) from None
    return regex


def _field_reference(value: SigmaFieldReference, item: SigmaDetectionItem) -> FieldRef:
    cased = SigmaCaseSensitiveModifier in item.modifiers
    if value.starts_with and value.ends_with:
        return FieldRef(value.field, "contains", cased)
    if value.starts_with:
        return FieldRef(value.field, "startswith", cased)
    return FieldRef(value.field, "endswith" if value.ends_with else "equals", cased)
