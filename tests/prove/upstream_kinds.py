"""How queries of official backends part from Sigma, as readings of a rule that part likewise.

A difference counts as explained only where the rule, read with some of these kinds, gives on every
event that was tried what the official backend's query gave. ``docs/explanation/upstream.md``
describes each kind, with a rule that shows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address
from itertools import combinations

import upstream_values as reads
from near import Event, place
from reading import Leaf, Row, leaves_of, reader, scalars_of
from upstream_words import (
    is_list,
    lists_as_expressions,
    negated_otherwise,
    without_parentheses,
)

from jumpsigma.ir.nodes import (
    And,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Selection,
    Test,
    Text,
    Value,
)

#: So many kinds together may explain one rule.
_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to part: ``value`` gives what a value is read as instead, one of several.

    It is told whether the value is one of a list of whole texts, which some backends write in
    another way. ``unknown``: with which test of a field that is missing nothing is true, nor is its
    negation. ``row``: what a row is read as, given the fields of the rule. ``fields``: of
    which fields the values are read so, if not of all. ``keywords``: only of keywords.
    ``otherwise``: what the words between its tests may be read as. ``stops``: with which test of
    which row the rule finds nothing at all.
    """

    name: str
    value: Callable[[Value, bool], Sequence[Value]] | None = None
    unknown: Callable[[Leaf], bool] | None = None
    row: Callable[[Row, Sequence[str]], Row] | None = None
    fields: frozenset[str] = frozenset()
    keywords: bool = False
    otherwise: Callable[[Expr], Sequence[Expr]] | None = None
    stops: Callable[[Leaf, Row], bool] | None = None


def _filled(row: Row, fields: Sequence[str]) -> Row:
    known = {key: value for key, value in row.items() if value is not None}
    return dict.fromkeys(fields, "") | known


def _dotted_as_names(row: Row, fields: Sequence[str]) -> Row:
    """A name with a dot is written as a text, which is compared in its place."""
    return row | {field: field for field in fields if "." in field}


def _with_json(row: Row, fields: Sequence[str]) -> Row:  # noqa: ARG001
    """The row with its text as JSON besides, for keywords to be found there."""
    event: Event = {}
    for field, value in row.items():
        place(event, field, value)
    return row | {"": json.dumps(event)}


def _numbers_in_texts(expr: Expr) -> list[Expr]:
    """No number is one that a field holds as text, as it does where the rule asks for text too."""
    texts = {test.field for test in _tests_of(expr) if isinstance(test.value, Text)}

    def read(node: Expr) -> Expr:
        match node:
            case And(items) | Or(items):
                return replace(node, items=tuple(map(read, items)))
            case Not(item) | Selection(item=item):
                return replace(node, item=read(item))
            case Test(field, Number()) if field in texts:
                return Or(())
            case _:
                return node

    return [read(expr)]


def _asks_number(leaf: Leaf) -> bool:
    return isinstance(leaf, Test) and isinstance(leaf.value, Network | Number | Compare)


def _is_no_address(leaf: Leaf, row: Row) -> bool:
    if not isinstance(leaf, Test) or not isinstance(leaf.value, Network):
        return False
    try:
        ip_address(row.get(leaf.field) or "")
    except ValueError:
        return True
    return False


def _is_no_expression(leaf: Leaf, row: Row) -> bool:  # noqa: ARG001
    """Whether Python does not take what becomes of an expression, or of a text with wildcards."""
    if not isinstance(leaf, Test):
        return False
    match leaf.value:
        case Text() as text:
            (kept,) = reads.escapes_kept(text, False)
            source = reads.as_expression(*reads.one_as_letter(kept, False))
        case Regex(parts):
            source = "".join(part for part in parts if isinstance(part, str)).replace("\\", r"\\")
        case _:
            return False
    try:
        re.compile(source)
    except re.error:
        return True
    return False


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("missing-under-not", unknown=lambda _leaf: True),
        Kind("missing-address-or-number", unknown=_asks_number),
        Kind("escaped-wildcards", reads.escaped_wildcards),
        Kind("escapes-kept", reads.escapes_kept),
        Kind("keywords-as-letters", reads.as_letters, keywords=True),
        Kind("keywords-in-json", reads.in_json, keywords=True),
        Kind("keywords-in-names", row=_with_json, keywords=True),
        Kind("placeholders-as-anything", reads.anything),
        Kind("one-character-as-letter", reads.one_as_letter),
        Kind("any-but-empty", reads.any_but_empty),
        Kind("numbers-as-texts", otherwise=_numbers_in_texts),
        Kind("patterns-not-escaped", reads.not_escaped),
        Kind("wildcards-as-repetitions", reads.regex_signs),
        Kind("negation", otherwise=negated_otherwise),
        Kind("or-without-parentheses", otherwise=without_parentheses),
        Kind("case-of-enumerations", reads.case, fields=frozenset({"reason", "status"})),
        Kind("backslashes-doubled", reads.backslashes),
        Kind("expressions-escaped", reads.backslashes_and_dots),
        Kind("space-before-sign", reads.no_space),
        Kind("case", reads.case),
        Kind("case-of-fields", reads.case_of_fields),
        Kind("case-of-whole-texts", reads.case_of_whole),
        Kind("case-without-signs", reads.case_without_signs),
        Kind("escapes-in-lists", reads.escaped_in_list),
        Kind("pattern-signs", reads.pattern_signs),
        Kind("one-character", reads.any_number),
        Kind("address-as-text", reads.address_texts),
        Kind("address-as-word", reads.address_exact),
        Kind("whole-regex", reads.whole_regex),
        Kind("anchors-as-letters", reads.anchors_as_letters),
        Kind("groups-as-letters", reads.groups_as_letters),
        Kind("slashes-escaped-twice", reads.slashes_twice),
        Kind("regex-operators", reads.regex_operators),
        Kind("cased-found-anywhere", reads.found_anywhere),
        Kind("case-of-texts-without-wildcards", reads.case_of_literals),
        Kind("case-of-wildcards", reads.pattern_case),
        Kind("wildcards-found-anywhere", reads.pattern_anywhere),
        Kind("wildcards-end-at-line-breaks", reads.dot_in_line),
        Kind("patterns-found-anywhere", reads.any_pattern_anywhere),
        Kind("patterns-end-at-line-breaks", reads.ends_in_line),
        Kind("quotation-marks-in-patterns", reads.quoted),
        Kind("parts-are-words", reads.words),
        Kind("regex-without-case", reads.regex_any_case),
        Kind("regex-at-start", reads.regex_at_start),
        Kind("quoted-patterns", reads.quoted_never),
        Kind("lists-as-expressions", otherwise=lists_as_expressions),
        Kind("missing-is-empty", reads.null_as_empty, row=_filled),
        Kind("dotted-names-as-texts", row=_dotted_as_names),
        Kind("no-address-stops", stops=_is_no_address),
        Kind("no-expression-stops", stops=_is_no_expression),
    )
}


def explained(
    expr: Expr, rows: Sequence[Row], theirs: Sequence[bool], kinds: Sequence[str]
) -> tuple[str, ...] | None:
    """The fewest kinds with which the rule reads every row as the other query did; None: none."""
    touched = [name for name in kinds if _touches(expr, KINDS[name])]
    # Rows that differ come first, for most readings fail there.
    pairs = sorted(
        zip(rows, theirs, strict=True), key=lambda pair: _holds(expr, pair[0], ()) is pair[1]
    )
    for size in range(1, min(_TOGETHER, len(touched)) + 1):
        for names in combinations(touched, size):
            for each in _otherwise(expr, names):
                if _gives(each, pairs, names):
                    return names
    return None


def _gives(expr: Expr, pairs: Sequence[tuple[Row, bool]], names: tuple[str, ...]) -> bool:
    try:
        return all(_holds(expr, row, names) is found for row, found in pairs)
    except re.error:  # what is read so is no expression
        return False


def _otherwise(expr: Expr, names: Sequence[str]) -> list[Expr]:
    found = [expr]
    for name in names:
        if (change := KINDS[name].otherwise) is not None:
            found = [each for one in found for each in change(one)]
    return found


@cache
def _values_of(expr: Expr) -> list[Value]:
    """The values of a rule, and what a kind makes of them that another may change further."""
    values = [leaf.value for leaf in leaves_of(expr) if not isinstance(leaf, Element)]
    changes = (reads.regex_signs, reads.address_texts, reads.escapes_kept, reads.as_letters)
    made = [change(value, False) for value in values for change in changes]
    return [*values, *(each for some in made for each in some)]


def _touches(expr: Expr, kind: Kind) -> bool:
    if kind.stops is not None:
        return any(kind.stops(leaf, {}) for leaf in leaves_of(expr))
    if kind.otherwise is not None:
        return [*kind.otherwise(expr)] != [expr]
    if kind.fields and not kind.fields & {*_fields(expr)}:
        return False
    if kind.keywords and not any(isinstance(leaf, Keyword) for leaf in leaves_of(expr)):
        return False
    if kind.unknown is not None:
        return any(map(kind.unknown, leaves_of(expr)))
    if kind.value is None or kind.row is not None:
        return True
    values = _values_of(expr)
    both = (True, False)
    return any([*kind.value(value, listed)] != [value] for value in values for listed in both)


def _holds(expr: Expr, row: Row, names: tuple[str, ...]) -> bool:
    for kind in map(KINDS.__getitem__, names):
        if kind.stops is not None and any(kind.stops(leaf, row) for leaf in leaves_of(expr)):
            return False
        if kind.row is not None:
            row = kind.row(row, _fields(expr))
    return _truth(expr, row, names) is True


def _tests_of(expr: Expr) -> list[Test]:
    return [leaf for leaf in leaves_of(expr) if isinstance(leaf, Test)]


@cache
def _fields(expr: Expr) -> tuple[str, ...]:
    tests = _tests_of(expr)
    others = [test.value.field for test in tests if isinstance(test.value, FieldRef)]
    return tuple(dict.fromkeys([*(test.field for test in tests), *others]))


def _truth(expr: Expr, row: Row, names: tuple[str, ...], *, listed: bool = False) -> bool | None:
    """True, false, or None where it is neither."""
    match expr:
        case And(items) | Or(items):
            decides = isinstance(expr, Or)
            listed = decides and is_list(items)
            unknown = False
            for item in items:
                found = _truth(item, row, names, listed=listed)
                if found is decides:
                    return decides
                unknown |= found is None
            return None if unknown else not decides
        case Not(item):
            inner = _truth(item, row, names)
            return None if inner is None else not inner
        case Selection(item=item):
            return _truth(item, row, names)
        case _:
            tests = [known for name in names if (known := KINDS[name].unknown) is not None]
            if any(test(expr) for test in tests) and _is_missing(expr, row):
                return None
            return any(test(row) for test in _tests(expr, names, listed=listed))


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
        kind = KINDS[name]
        if kind.fields and not (isinstance(leaf, Test) and leaf.field in kind.fields):
            continue
        if kind.keywords and not isinstance(leaf, Keyword):
            continue
        if (change := kind.value) is not None:
            values = [each for value in values for each in change(value, listed)]
    return [reader(replace(leaf, value=value), {}) for value in values]  # type: ignore[arg-type]
