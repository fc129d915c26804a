"""How queries of official backends part from Sigma, as readings of a rule that part likewise.

A difference counts as explained only where the rule, read with some of these kinds, gives on every
event that was tried what the official backend's query gave. ``docs/explanation/upstream.md``
describes each kind, with a rule that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

from reading import Leaf, Row, leaves_of, reader, scalars_of
from sigma.types import SigmaCIDRExpression

from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Null,
    Or,
    Regex,
    Selection,
    Test,
    Text,
    TextPart,
    Value,
    Wildcard,
)

#: So many kinds together may explain one rule.
_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to part: ``value`` gives what a value is read as instead, one of several.

    It is told whether the value is one of a list of whole texts, which some backends write in
    another way. ``unknown``: a test of a field that is missing is neither true nor false, nor is
    its negation.
    """

    name: str
    value: Callable[[Value, bool], Sequence[Value]] | None = None
    unknown: bool = False


def _case(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [replace(value, cased=True)] if isinstance(value, Text | FieldRef) else [value]


def _case_of_whole(value: Value, listed: bool) -> Sequence[Value]:
    """Whole texts and fields compare with ``=``, but texts with signs of LIKE do not."""
    if isinstance(value, FieldRef):
        return _case(value, listed)
    plain = isinstance(value, Text) and value.literal is not None and not {*"%_"} & {*value.literal}
    return _case(value, listed) if plain else [value]


def _case_without_signs(value: Value, listed: bool) -> Sequence[Value]:
    """Whole texts and fields compare with ``=``, but texts with signs do so only in a list."""
    if isinstance(value, FieldRef):
        return _case(value, listed)
    if not isinstance(value, Text) or value.literal is None:
        return [value]
    return _case(value, listed) if listed or not {*"\\%_"} & {*value.literal} else [value]


def _escaped_in_list(value: Value, listed: bool) -> Sequence[Value]:
    """In a list, the escapes of LIKE are part of the text."""
    if not listed or not isinstance(value, Text) or value.literal is None:
        return [value]
    return [replace(value, parts=(re.sub("([%_])", r"\\\1", value.literal),))]


def _pattern_signs(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """``%`` and ``_`` of the text as the wildcards of LIKE."""
    if not isinstance(value, Text):
        return [value]
    return [replace(value, parts=tuple(_signs(value.parts)))]


def _signs(parts: Sequence[TextPart]) -> Iterator[TextPart]:
    signs = {"%": Wildcard.MANY, "_": Wildcard.ONE}
    for part in parts:
        if isinstance(part, str):
            yield from (signs.get(each, each) for each in re.split("([%_])", part) if each)
        else:
            yield part


def _any_number(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text):
        return [value]
    parts = tuple(Wildcard.MANY if part is Wildcard.ONE else part for part in value.parts)
    return [replace(value, parts=parts)]


def _address_texts(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Network):
        return [value]
    texts = SigmaCIDRExpression(str(value.cidr)).expand("*")
    return [
        Text(tuple(Wildcard.MANY if part == "*" else part for part in re.split(r"(\*)", t) if part))
        for t in texts
    ]


def _address_exact(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [Text((str(value.cidr),))] if isinstance(value, Network) else [value]


def _whole_regex(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Regex):
        return [value]
    return [replace(value, anchor_start=True, anchor_end=True)]


def _anchors_as_letters(value: Value, listed: bool) -> Sequence[Value]:
    if not isinstance(value, Regex):
        return [value]
    parts = tuple(
        re.sub(r"(?<![\\\[])[$^]", r"\\\g<0>", part) if isinstance(part, str) else part
        for part in value.parts
    )
    return [value] if parts == value.parts else _whole_regex(replace(value, parts=parts), listed)


def _regex_operators(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """What is an operator in Lucene alone, or in RE2 alone, makes an expression of nothing."""
    if not isinstance(value, Regex):
        return [value]
    source = "".join(part for part in value.parts if isinstance(part, str))
    other = value.ignore_case or re.search(r"""(?<!\\)["<&#~@]|\(\?""", source)
    return [] if other else [value]


def _found_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text) or not value.cased:
        return [value]
    return [replace(value, parts=(Wildcard.MANY, *value.parts, Wildcard.MANY))]


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("missing-under-not", unknown=True),
        Kind("case", _case),
        Kind("case-of-whole-texts", _case_of_whole),
        Kind("case-without-signs", _case_without_signs),
        Kind("escapes-in-lists", _escaped_in_list),
        Kind("pattern-signs", _pattern_signs),
        Kind("one-character", _any_number),
        Kind("address-as-text", _address_texts),
        Kind("address-as-word", _address_exact),
        Kind("whole-regex", _whole_regex),
        Kind("anchors-as-letters", _anchors_as_letters),
        Kind("regex-operators", _regex_operators),
        Kind("cased-found-anywhere", _found_anywhere),
    )
}


def explained(
    expr: Expr, rows: Sequence[Row], theirs: Sequence[bool], kinds: Sequence[str]
) -> tuple[str, ...] | None:
    """The fewest kinds with which the rule reads every row as the other query did; None: none."""
    touched = [name for name in kinds if _touches(expr, KINDS[name])]
    for size in range(1, min(_TOGETHER, len(touched)) + 1):
        for names in combinations(touched, size):
            if all(_holds(expr, row, names) is t for row, t in zip(rows, theirs, strict=True)):
                return names
    return None


def _touches(expr: Expr, kind: Kind) -> bool:
    if kind.value is None:
        return True
    values = [leaf.value for leaf in leaves_of(expr) if not isinstance(leaf, Element)]
    both = (True, False)
    return any([*kind.value(value, listed)] != [value] for value in values for listed in both)


def _holds(expr: Expr, row: Row, names: tuple[str, ...]) -> bool:
    return _truth(expr, row, names) is True


def _truth(expr: Expr, row: Row, names: tuple[str, ...], *, listed: bool = False) -> bool | None:
    """True, false, or None where it is neither."""
    match expr:
        case And(items):
            found = {_truth(item, row, names) for item in items}
            return False if False in found else None if None in found else True
        case Or(items):
            found = {_truth(item, row, names, listed=_is_list(items)) for item in items}
            return True if True in found else None if None in found else False
        case Not(item):
            inner = _truth(item, row, names)
            return None if inner is None else not inner
        case Selection(item=item):
            return _truth(item, row, names)
        case _:
            if any(KINDS[name].unknown for name in names) and _is_missing(expr, row):
                return None
            return any(test(row) for test in _tests(expr, names, listed=listed))


@cache
def _is_list(items: tuple[Expr, ...]) -> bool:
    """Whether these are one field and several whole texts."""
    tests = [item for item in items if isinstance(item, Test)]
    whole = [t for t in tests if isinstance(t.value, Text) and t.value.literal is not None]
    return len(items) == len(whole) > 1 and len({test.field for test in tests}) == 1


def _is_missing(leaf: Leaf, row: Row) -> bool:
    match leaf:
        case Test(value=Null() | Exists()) | Keyword() | Element():
            return False
        case Test(field, FieldRef(other)):
            return any(set(scalars_of(row, each)) <= {None} for each in (field, other))
        case Test(field):
            return set(scalars_of(row, field)) <= {None}


@cache
def _tests(leaf: Leaf, names: tuple[str, ...], *, listed: bool) -> list[Callable[[Row], bool]]:
    if isinstance(leaf, Element):
        return [reader(leaf, {})]
    values: list[Value] = [leaf.value]
    for name in names:
        if (change := KINDS[name].value) is not None:
            values = [each for value in values for each in change(value, listed)]
    return [reader(replace(leaf, value=value), {}) for value in values]  # type: ignore[arg-type]
