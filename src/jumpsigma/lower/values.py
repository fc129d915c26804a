"""pySigma's value types to IR values (S301-S365)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, cast

from sigma.conditions import ConditionAND
from sigma.modifiers import (
    SigmaBase64Modifier,
    SigmaBase64OffsetModifier,
    SigmaCaseSensitiveModifier,
    SigmaCIDRModifier,
    SigmaContainsModifier,
    SigmaEndswithModifier,
    SigmaExpandModifier,
    SigmaRegularExpressionModifier,
    SigmaStartswithModifier,
    SigmaUTF16BEModifier,
    SigmaUTF16Modifier,
    SigmaWideModifier,
)
from sigma.rule import SigmaDetectionItem
from sigma.types import (
    CompareOperators,
    SigmaBool,
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

from jumpsigma.ir.bind import has_placeholder
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
_ENCODINGS = frozenset(
    {
        SigmaBase64Modifier,
        SigmaBase64OffsetModifier,
        SigmaUTF16BEModifier,
        SigmaUTF16Modifier,
        SigmaWideModifier,
    }
)


#: Of a text with placeholders. Nobody writes more, and look-ups walk over them one by one.
MAX_PIECES = 64


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

    Raises :class:`LoweringError` for a regular expression that RE2 refuses (JS030), for values
    that only a query language has or that pySigma does not keep (JS033), and for placeholders
    that would have to be encoded (JS037).
    """
    match value:
        case SigmaExpansion():
            return Expansion(tuple(_expanded(value, item)))
        case SigmaString() if SigmaCIDRModifier in item.modifiers:
            return _network(value, item)
        case SigmaString():
            return _text(value, item)
        case SigmaTimestampPart():
            return TimePart(_unit(value), "eq", value.number)
        case SigmaNumber():
            return Number(_number(value))
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
            return Compare(_COMPARE[op], _number(number))
        case SigmaFieldReference():
            return _field_reference(value, item)
        case _:
            raise LoweringError(
                "JS033", f"a value of kind {type(value).__name__} cannot be evaluated on events"
            )


def _expanded(value: SigmaExpansion, item: SigmaDetectionItem) -> Iterator[Value]:
    for each in value.values:
        lowered = lower_value(each, item)
        # What an expansion expands to in turn (`windash` then `base64offset`) is flat here.
        yield from lowered.values if isinstance(lowered, Expansion) else (lowered,)


def _text(value: SigmaString, item: SigmaDetectionItem) -> Text:
    modifiers = set(item.modifiers)
    if SigmaExpandModifier in modifiers and modifiers & _ENCODINGS:
        raise LoweringError(
            "JS037",
            "expand cannot be combined with an encoding: pySigma encodes the placeholder's name",
            "keep the encoded values in the list",
        )
    # From the modifiers, because the encodings forget that their value was cased.
    text = Text(_parts(value, item), SigmaCaseSensitiveModifier in modifiers)
    if len(text.parts) > MAX_PIECES and has_placeholder(text):
        raise LoweringError(
            "JS033", f"a value with placeholders may have {MAX_PIECES} parts, not {len(text.parts)}"
        )
    if SigmaBase64OffsetModifier in modifiers and not any(type(p) is str for p in text.parts):
        raise LoweringError(
            "JS033",
            "a single byte has no text of its own in base64 at every alignment",
            "give base64offset a value of two characters or more",
        )
    return text


def _network(value: SigmaString, item: SigmaDetectionItem) -> Network:
    """A network of ``cidr|expand``, or the list that a placeholder stands for (S475)."""
    match _parts(value, item):
        case (Placeholder() as part,):
            return Network(part)
        case (str(cidr),):
            with suppress(ValueError):
                return Network(str(ip_network(cidr)))
        case _:
            pass
    # The pack lets only networks and placeholders through, but a mapping may write into them.
    raise LoweringError("JS033", f"{str(value)!r} is no network", "see what the mapping made of it")


def _number(value: SigmaNumber) -> int | float:
    number = value.number
    if isinstance(number, float) and number.is_integer():
        # pySigma keeps an integer only if a double holds it exactly, and rounds others in silence.
        raise LoweringError(
            "JS033",
            f"pySigma rounds this integer to {int(number)}",
            "in quotes it equals the number all the same; a comparison needs a rounder number",
        )
    return number


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
    if SigmaRegularExpressionModifier not in item.modifiers:
        # pySigma writes text without anchors, so that `x` would also be found in `xy`.
        raise LoweringError(
            "JS033",
            "the mapping makes a regular expression of text, which then no longer is the whole "
            "value",
            "take the transformation `regex` out of the mapping",
        )
    # Of `re: 5` pySigma 2 keeps the number here, pySigma 1 a string of it, against their types.
    written: Any = getattr(value.regexp, "s", [value.regexp])
    if not all(isinstance(part, str | SpecialChars | SigmaPlaceholder) for part in written):
        raise LoweringError("JS030", "a regular expression is text", "put the value in quotes")
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
    anchors = {SigmaStartswithModifier, SigmaEndswithModifier, SigmaContainsModifier} & set(after)
    regex = Regex(
        tuple(parts),
        ignore_case=SigmaRegularExpressionFlag.IGNORECASE in value.flags,
        multi_line=SigmaRegularExpressionFlag.MULTILINE in value.flags,
        dot_all=SigmaRegularExpressionFlag.DOTALL in value.flags,
        # Two of them are contains, as for text.
        anchor_start=anchors == {SigmaStartswithModifier},
        anchor_end=anchors == {SigmaEndswithModifier},
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
    # pySigma writes the name with escapes, so that `changes[*].to` has one; a mapping file may
    # make a number of it.
    field = str(value.field).replace("\\*", "*").replace("\\?", "?")
    if value.starts_with and value.ends_with:
        return FieldRef(field, "contains", cased)
    if value.starts_with:
        return FieldRef(field, "startswith", cased)
    return FieldRef(field, "endswith" if value.ends_with else "equals", cased)
