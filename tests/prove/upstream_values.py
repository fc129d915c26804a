"""What official backends read a value as: functions of a value, and of whether it is in a list.

A list is one of whole texts, which some backends write in another way. Each gives what the value
is read as instead, one of several.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sigma.types import SigmaCIDRExpression

from jumpsigma.ir.nodes import (
    FieldRef,
    Network,
    Null,
    Placeholder,
    Regex,
    Text,
    TextPart,
    Value,
    Wildcard,
)


def case(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [replace(value, cased=True)] if isinstance(value, Text | FieldRef) else [value]


def case_of_fields(value: Value, listed: bool) -> Sequence[Value]:
    """Fields compare with ``=``, texts do not."""
    return case(value, listed) if isinstance(value, FieldRef) else [value]


def case_of_whole(value: Value, listed: bool) -> Sequence[Value]:
    """Whole texts and fields compare with ``=``, but texts with signs of LIKE do not."""
    if isinstance(value, FieldRef):
        return case(value, listed)
    plain = isinstance(value, Text) and value.literal is not None and not {*"%_"} & {*value.literal}
    return case(value, listed) if plain else [value]


def case_without_signs(value: Value, listed: bool) -> Sequence[Value]:
    """Whole texts and fields compare with ``=``, but texts with signs do so only in a list."""
    if isinstance(value, FieldRef):
        return case(value, listed)
    if not isinstance(value, Text) or value.literal is None:
        return [value]
    return case(value, listed) if listed or not {*"\\%_"} & {*value.literal} else [value]


def escaped_in_list(value: Value, listed: bool) -> Sequence[Value]:
    """In a list, the escapes of LIKE are part of the text."""
    if not listed or not isinstance(value, Text) or value.literal is None:
        return [value]
    return [replace(value, parts=(re.sub("([%_])", r"\\\1", value.literal),))]


def pattern_signs(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
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


def any_number(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text):
        return [value]
    parts = tuple(Wildcard.MANY if part is Wildcard.ONE else part for part in value.parts)
    return [replace(value, parts=parts)]


def address_texts(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Network):
        return [value]
    texts = SigmaCIDRExpression(str(value.cidr)).expand("*")
    return [
        Text(tuple(Wildcard.MANY if part == "*" else part for part in re.split(r"(\*)", t) if part))
        for t in texts
    ]


def address_exact(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [Text((str(value.cidr),))] if isinstance(value, Network) else [value]


def whole_regex(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Regex):
        return [value]
    return [replace(value, anchor_start=True, anchor_end=True)]


def anchors_as_letters(value: Value, listed: bool) -> Sequence[Value]:
    if not isinstance(value, Regex):
        return [value]
    parts = tuple(
        re.sub(r"(?<![\\\[])[$^]", r"\\\g<0>", part) if isinstance(part, str) else part
        for part in value.parts
    )
    return [value] if parts == value.parts else whole_regex(replace(value, parts=parts), listed)


def regex_operators(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """What is an operator in Lucene alone, or in RE2 alone, makes an expression of nothing."""
    if not isinstance(value, Regex):
        return [value]
    source = "".join(part for part in value.parts if isinstance(part, str))
    other = value.ignore_case or re.search(r"""(?<!\\)["<&#~@]|\(\?""", source)
    return [] if other else [value]


def groups_as_letters(value: Value, listed: bool) -> Sequence[Value]:
    """``(?:`` opens a group whose first alternative begins with the letters ``?:``."""
    if not isinstance(value, Regex):
        return [value]
    parts = tuple(
        re.sub(r"(?<!\\)\(\?:", r"(\\?:", part) if isinstance(part, str) else part
        for part in value.parts
    )
    return [value] if parts == value.parts else whole_regex(replace(value, parts=parts), listed)


def slashes_twice(value: Value, listed: bool) -> Sequence[Value]:
    r"""A slash that the rule has escaped is escaped again: ``\\/`` is a backslash and a slash."""
    if not isinstance(value, Regex):
        return [value]
    parts = tuple(
        part.replace("\\/", "\\\\/") if isinstance(part, str) else part for part in value.parts
    )
    return [value] if parts == value.parts else whole_regex(replace(value, parts=parts), listed)


def found_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text) or not value.cased:
        return [value]
    return [replace(value, parts=(Wildcard.MANY, *value.parts, Wildcard.MANY))]


def case_of_literals(value: Value, listed: bool) -> Sequence[Value]:
    """Whole texts compare with ``=``, those with wildcards do not."""
    whole = isinstance(value, Text) and value.literal is not None
    return case(value, listed) if whole else [value]


def _is_pattern(value: Value) -> bool:
    """Whether a text has wildcards elsewhere than at its ends, or for one character."""
    if not isinstance(value, Text):
        return False
    inner = value.parts[1:-1]
    return Wildcard.MANY in inner or Wildcard.ONE in value.parts


def pattern_case(value: Value, listed: bool) -> Sequence[Value]:
    return case(value, listed) if _is_pattern(value) else [value]


def pattern_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
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


def any_pattern_anywhere(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text) or value.literal is not None:
        return [value]
    return [replace(value, parts=(Wildcard.MANY, *value.parts, Wildcard.MANY))]


def ends_in_line(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """No wildcard finds a line break, also at the ends."""
    if not isinstance(value, Text) or value.literal is not None:
        return [value]
    whole = _as_regex(replace(value, parts=("", *value.parts, "")))
    return [whole]


def quoted(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A pattern with a quotation mark stands in quotation marks, which are part of it."""
    if not isinstance(value, Text) or value.literal is not None:
        return [value]
    if not any(isinstance(part, str) and '"' in part for part in value.parts):
        return [value]
    found = _as_regex(value, quoted=lambda text: text.replace("\\", "\\\\"))
    return [replace(found, parts=(f'"{found.parts[0]}"',))]


def dot_in_line(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [_as_regex(value)] if isinstance(value, Text) and _is_pattern(value) else [value]


def words(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
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


def regex_any_case(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [replace(value, ignore_case=True)] if isinstance(value, Regex) else [value]


def regex_at_start(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [replace(value, anchor_start=True)] if isinstance(value, Regex) else [value]


def quoted_never(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A pattern in quotation marks of its own becomes a text with the signs of an expression."""
    if not isinstance(value, Text) or Wildcard.MANY not in value.parts[1:-1]:
        return [value]
    inner = [part for part in value.parts if isinstance(part, str)]
    return [] if inner[0].startswith('"') and inner[-1].endswith('"') else [value]


def null_as_empty(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return [Text((), cased=True)] if isinstance(value, Null) else [value]


def backslashes(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    return _escaped_again(value, r"\\")


def backslashes_and_dots(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
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


def no_space(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A space before ``>`` is lost."""
    if not isinstance(value, Text):
        return [value]
    parts = tuple(p.replace(" >", ">") if isinstance(p, str) else p for p in value.parts)
    return [replace(value, parts=parts)]


def escaped_wildcards(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
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


def escapes_kept(value: Value, listed: bool) -> Sequence[Value]:
    """A sign that is no wildcard keeps its backslash; an asterisk is a wildcard, but in a list."""
    if not isinstance(value, Text):
        return [value]
    sign = "*" if listed else Wildcard.MANY
    parts: list[TextPart] = []
    for part in value.parts:
        pieces = re.split(r"([?*])", part) if isinstance(part, str) else [part]
        for piece in pieces:
            kept: dict[TextPart, list[TextPart]] = {"?": ["\\?"], "*": ["\\", sign]}
            parts += kept.get(piece, [piece])
    return [replace(value, parts=_merged(parts))]


def as_letters(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """Wildcards are letters, those of the rule's text with their backslash."""
    if not isinstance(value, Text):
        return [value]
    signs: dict[TextPart, TextPart] = {Wildcard.MANY: "*", Wildcard.ONE: "?"}
    parts = [
        re.sub(r"[?*]", r"\\\g<0>", part) if isinstance(part, str) else signs.get(part, part)
        for part in value.parts
    ]
    return [replace(value, parts=_merged(parts))]


def in_json(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A text is looked for in that of JSON, which has escapes."""
    if not isinstance(value, Text) or value.literal is None:
        return [value]
    try:
        meant = json.loads(f'"{value.literal}"')
    except json.JSONDecodeError:
        return []
    return [replace(value, parts=(meant,))] if json.dumps(meant) == f'"{value.literal}"' else []


def _merged(parts: Sequence[TextPart]) -> tuple[TextPart, ...]:
    """The parts with texts side by side as one."""
    found: list[TextPart] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def anything(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A placeholder without values is left out, which leaves a text that is found in all."""
    if not isinstance(value, Text) or not any(isinstance(p, Placeholder) for p in value.parts):
        return [value]
    return [replace(value, parts=(Wildcard.MANY,))]


def one_as_letter(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    if not isinstance(value, Text):
        return [value]
    parts = tuple("?" if part is Wildcard.ONE else part for part in value.parts)
    return [replace(value, parts=parts)]


def any_but_empty(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """An asterisk alone is any text that is not empty."""
    if not isinstance(value, Text) or value.parts != (Wildcard.MANY,):
        return [value]
    return [replace(value, parts=(Wildcard.ONE, Wildcard.MANY))]


def not_escaped(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A text with wildcards is an expression, in which only backslashes are escaped."""
    if not isinstance(value, Text) or Wildcard.MANY not in value.parts[1:-1]:
        return [value]
    return [_as_regex(value, quoted=lambda text: text.replace("\\", "\\\\"))]


def as_expression(value: Value) -> str:
    """What is written where a text has an asterisk within; else nothing."""
    if not isinstance(value, Text) or Wildcard.MANY not in value.parts[1:-1]:
        return ""
    signs = {Wildcard.MANY: ".*", Wildcard.ONE: "?"}
    parts = (
        signs[p] if isinstance(p, Wildcard) else str(p).replace("\\", r"\\") for p in value.parts
    )
    return f"^{''.join(parts)}$"


def regex_signs(value: Value, listed: bool) -> Sequence[Value]:  # noqa: ARG001
    """A text with wildcards is an expression as it stands, in which they mean something else."""
    if not isinstance(value, Text) or not _is_pattern(value):
        return [value]
    signs = {Wildcard.MANY: "*", Wildcard.ONE: r"\?"}
    source = "".join(
        signs[part] if isinstance(part, Wildcard) else re.escape(str(part)) for part in value.parts
    )
    return [Regex((source,), ignore_case=not value.cased)]
