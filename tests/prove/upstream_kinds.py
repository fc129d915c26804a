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
from ipaddress import ip_address
from itertools import combinations

from reading import Leaf, Row, leaves_of, reader, scalars_of
from sigma.types import SigmaCIDRExpression
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
    Placeholder,
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
    another way. ``unknown``: with which test of a field that is missing nothing is true, nor is its
    negation. ``row``: what a row is read as, given the fields of the rule. ``fields``: of
    which fields the values are read so, if not of all. ``otherwise``: what the words
    between its tests may be read as. ``stops``: with
    which test of which row the rule finds nothing at all.
    """

    name: str
    value: Callable[[Value, bool], Sequence[Value]] | None = None
    unknown: Callable[[Leaf], bool] | None = None
    row: Callable[[Row, Sequence[str]], Row] | None = None
    fields: frozenset[str] = frozenset()
    otherwise: Callable[[Expr], Sequence[Expr]] | None = None
    stops: Callable[[Leaf, Row], bool] | None = None


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


def _groups_as_letters(value: Value, listed: bool) -> Sequence[Value]:
    """``(?:`` opens a group whose first alternative begins with the letters ``?:``."""
    if not isinstance(value, Regex):
        return [value]
    parts = tuple(
        re.sub(r"(?<!\\)\(\?:", r"(\\?:", part) if isinstance(part, str) else part
        for part in value.parts
    )
    return [value] if parts == value.parts else _whole_regex(replace(value, parts=parts), listed)


def _slashes_twice(value: Value, listed: bool) -> Sequence[Value]:
    r"""A slash that the rule has escaped is escaped again: ``\\/`` is a backslash and a slash."""
    if not isinstance(value, Regex):
        return [value]
    parts = tuple(
        part.replace("\\/", "\\\\/") if isinstance(part, str) else part for part in value.parts
    )
    return [value] if parts == value.parts else _whole_regex(replace(value, parts=parts), listed)


def _found_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text) or not value.cased:
        return [value]
    return [replace(value, parts=(Wildcard.MANY, *value.parts, Wildcard.MANY))]


def _case_of_literals(value: Value, listed: bool) -> Sequence[Value]:
    """Whole texts compare with ``=``, those with wildcards do not."""
    whole = isinstance(value, Text) and value.literal is not None
    return _case(value, listed) if whole else [value]


def _is_pattern(value: Value) -> bool:
    """Whether a text has wildcards elsewhere than at its ends, or for one character."""
    if not isinstance(value, Text):
        return False
    inner = value.parts[1:-1]
    return Wildcard.MANY in inner or Wildcard.ONE in value.parts


def _pattern_case(value: Value, listed: bool) -> Sequence[Value]:
    return _case(value, listed) if _is_pattern(value) else [value]


def _pattern_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text) or not _is_pattern(value):
        return [value]
    return [replace(value, parts=(Wildcard.MANY, *value.parts, Wildcard.MANY))]


def _as_regex(
    value: Text, *, dot: str = "[^\n]", quoted: Callable[[str], str] = re.escape
) -> Regex:
    """A text with wildcards as an expression that is found in the same texts."""
    parts = [*value.parts]
    start, end = parts[:1] != [Wildcard.MANY], parts[-1:] != [Wildcard.MANY]
    signs = {Wildcard.MANY: f"{dot}*", Wildcard.ONE: dot}
    inner = parts[0 if start else 1 : len(parts) if end else -1]
    source = "".join(
        quoted(p) if isinstance(p, str) else signs[p]
        for p in inner
        if p in signs or isinstance(p, str)
    )
    return Regex((source,), ignore_case=not value.cased, anchor_start=start, anchor_end=end)


def _any_pattern_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text) or value.literal is not None:
        return [value]
    return [replace(value, parts=(Wildcard.MANY, *value.parts, Wildcard.MANY))]


def _ends_in_line(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """No wildcard finds a line break, also at the ends."""
    if not isinstance(value, Text) or value.literal is not None:
        return [value]
    whole = _as_regex(replace(value, parts=("", *value.parts, "")))
    return [whole]


def _quoted(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A pattern with a quotation mark stands in quotation marks, which are part of it."""
    if not isinstance(value, Text) or value.literal is not None:
        return [value]
    if not any(isinstance(part, str) and '"' in part for part in value.parts):
        return [value]
    found = _as_regex(value, quoted=lambda text: text.replace("\\", "\\\\"))
    return [replace(found, parts=(f'"{found.parts[0]}"',))]


def _dot_in_line(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [_as_regex(value)] if isinstance(value, Text) and _is_pattern(value) else [value]


def _words(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A part of a text is a phrase: it does not begin or end within a word."""
    match value:
        case Text((Wildcard.MANY, str() as text, Wildcard.MANY)):
            before, after = ("(?:^|[^0-9A-Za-z_])", "(?:$|[^0-9A-Za-z_])")
            source = (before if _in_word(text[0]) else "") + re.escape(text)
            source += after if _in_word(text[-1]) else ""
            return [Regex((source,), ignore_case=not value.cased)]
        case _:
            return [value]


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _regex_any_case(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [replace(value, ignore_case=True)] if isinstance(value, Regex) else [value]


def _regex_at_start(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [replace(value, anchor_start=True)] if isinstance(value, Regex) else [value]


def _quoted_never(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A pattern in quotation marks of its own becomes a text with the signs of an expression."""
    if not isinstance(value, Text) or Wildcard.MANY not in value.parts[1:-1]:
        return [value]
    inner = [part for part in value.parts if isinstance(part, str)]
    return [] if inner[0].startswith('"') and inner[-1].endswith('"') else [value]


def _null_as_empty(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [Text((), cased=True)] if isinstance(value, Null) else [value]


def _filled(row: Row, fields: Sequence[str]) -> Row:
    known = {key: value for key, value in row.items() if value is not None}
    return dict.fromkeys(fields, "") | known


def _dotted_as_names(row: Row, fields: Sequence[str]) -> Row:
    """A name with a dot is written as a text, which is compared in its place."""
    return row | {field: field for field in fields if "." in field}


def _backslashes(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return _escaped_again(value, r"\\")


def _backslashes_and_dots(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return _escaped_again(value, r"[\\.]")


def _escaped_again(value: Value, signs: str) -> Sequence[Value]:
    """An expression with a backslash before each of the signs."""
    if not isinstance(value, Regex):
        return [value]
    # Python repeats no anchor, RE2 does.
    parts = tuple(
        re.sub(r"([$^])([?*+])", r"(?:\1)\2", re.sub(signs, r"\\\g<0>", part))
        if isinstance(part, str)
        else part
        for part in value.parts
    )
    return [replace(value, parts=parts)]


def _no_space(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A space before ``>`` is lost."""
    if not isinstance(value, Text):
        return [value]
    parts = tuple(p.replace(" >", ">") if isinstance(p, str) else p for p in value.parts)
    return [replace(value, parts=parts)]


def _escaped_wildcards(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A question mark or an asterisk of the text is a backslash and a wildcard."""
    if not isinstance(value, Text):
        return [value]
    signs = {"?": Wildcard.ONE, "*": Wildcard.MANY}
    parts: list[TextPart] = []
    for part in value.parts:
        pieces = re.split(r"([?*])", part) if isinstance(part, str) else [part]
        for piece in pieces:
            parts += ["\\", signs[piece]] if isinstance(piece, str) and piece in signs else [piece]
    return [value] if len(parts) == len(value.parts) else [Text(_merged(parts), value.cased)]


def _merged(parts: Sequence[TextPart]) -> tuple[TextPart, ...]:
    """The parts with texts side by side as one."""
    found: list[TextPart] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def _anything(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A placeholder without values is left out, which leaves a text that is found in all."""
    if not isinstance(value, Text) or not any(isinstance(p, Placeholder) for p in value.parts):
        return [value]
    return [replace(value, parts=(Wildcard.MANY,))]


def _one_as_letter(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text):
        return [value]
    parts = tuple("?" if part is Wildcard.ONE else part for part in value.parts)
    return [replace(value, parts=parts)]


def _not_escaped(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A text with wildcards is an expression, in which only backslashes are escaped."""
    if not isinstance(value, Text) or Wildcard.MANY not in value.parts[1:-1]:
        return [value]
    return [_as_regex(value, quoted=lambda text: text.replace("\\", "\\\\"))]


def _regex_signs(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A text with wildcards is an expression as it stands, in which they mean something else."""
    if not isinstance(value, Text) or not _is_pattern(value):
        return [value]
    signs = {Wildcard.MANY: "*", Wildcard.ONE: r"\?"}
    source = "".join(
        signs[part] if isinstance(part, Wildcard) else re.escape(str(part)) for part in value.parts
    )
    return [Regex((source,), ignore_case=not value.cased)]


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


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("missing-under-not", unknown=lambda _leaf: True),
        Kind("missing-address-or-number", unknown=_asks_number),
        Kind("escaped-wildcards", _escaped_wildcards),
        Kind("placeholders-as-anything", _anything),
        Kind("one-character-as-letter", _one_as_letter),
        Kind("patterns-not-escaped", _not_escaped),
        Kind("wildcards-as-repetitions", _regex_signs),
        Kind("negation", otherwise=negated_otherwise),
        Kind("or-without-parentheses", otherwise=without_parentheses),
        Kind("case-of-enumerations", _case, fields=frozenset({"reason", "status"})),
        Kind("backslashes-doubled", _backslashes),
        Kind("expressions-escaped", _backslashes_and_dots),
        Kind("space-before-sign", _no_space),
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
        Kind("groups-as-letters", _groups_as_letters),
        Kind("slashes-escaped-twice", _slashes_twice),
        Kind("regex-operators", _regex_operators),
        Kind("cased-found-anywhere", _found_anywhere),
        Kind("case-of-texts-without-wildcards", _case_of_literals),
        Kind("case-of-wildcards", _pattern_case),
        Kind("wildcards-found-anywhere", _pattern_anywhere),
        Kind("wildcards-end-at-line-breaks", _dot_in_line),
        Kind("patterns-found-anywhere", _any_pattern_anywhere),
        Kind("patterns-end-at-line-breaks", _ends_in_line),
        Kind("quotation-marks-in-patterns", _quoted),
        Kind("parts-are-words", _words),
        Kind("regex-without-case", _regex_any_case),
        Kind("regex-at-start", _regex_at_start),
        Kind("quoted-patterns", _quoted_never),
        Kind("lists-as-expressions", otherwise=lists_as_expressions),
        Kind("missing-is-empty", _null_as_empty, row=_filled),
        Kind("dotted-names-as-texts", row=_dotted_as_names),
        Kind("no-address-stops", stops=_is_no_address),
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
    made = [change(value, False) for value in values for change in (_regex_signs, _address_texts)]
    return [*values, *(each for some in made for each in some)]


def _touches(expr: Expr, kind: Kind) -> bool:
    if kind.stops is not None:
        return any(
            isinstance(leaf, Test) and isinstance(leaf.value, Network) for leaf in leaves_of(expr)
        )
    if kind.otherwise is not None:
        return [*kind.otherwise(expr)] != [expr]
    if kind.fields and not kind.fields & {*_fields(expr)}:
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
        if (change := kind.value) is not None:
            values = [each for value in values for each in change(value, listed)]
    return [reader(replace(leaf, value=value), {}) for value in values]  # type: ignore[arg-type]
