"""STIX patterns that name values, and nothing else (STIX 2.1, section 9).

An indicator of ours is a value, and events are looked up in them. A pattern means that when it is
a comparison of equality, or several of which one suffices: ``OR`` inside and between observations,
``IN`` a list, and ``ISSUBSET`` of a network. Everything else (``AND``, ``FOLLOWEDBY``, qualifiers,
``LIKE``, ``MATCHES``, negation, other properties) is refused as a whole and never approximated.

The grammar is that of `stix2`; what most patterns look like is also read by a regular expression
here, fifty times as fast and at any length. A test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel.model import Kind

MAX_PARSED = 64 * 1024
"""Characters of a pattern that only the grammar can read."""

Value = tuple[Kind, str]

_KINDS = {
    "domain-name:value": Kind.DOMAIN,
    "ipv4-addr:value": Kind.IP,
    "ipv6-addr:value": Kind.IP,
    "url:value": Kind.URL,
    "email-addr:value": Kind.EMAIL,
}
# Section 2.7 and the hash-algorithm-ov; those that our store keeps, and their length in hex.
_HASHES = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128}

# No group is possessive: CPython before 3.11.4 loses a round of such a group.
_STRING = r"'[^'\\]*+(?:\\['\\][^'\\]*+)*'"
_comparison = re.compile(
    rf"([a-z0-9-]+:[a-z_]+(?:\.[a-zA-Z0-9_]+|\.'[^'\\]*')?)[ \t\r\n]*"
    rf"(?:=[ \t\r\n]*({_STRING})"
    rf"|IN[ \t\r\n]*\([ \t\r\n]*({_STRING}(?:[ \t\r\n]*,[ \t\r\n]*{_STRING})*)[ \t\r\n]*\))"
)
_begin = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*")
_joint = re.compile(r"[ \t\r\n]+OR[ \t\r\n]+|[ \t\r\n]*\][ \t\r\n]*OR[ \t\r\n]*\[[ \t\r\n]*")
_end = re.compile(r"[ \t\r\n]*\][ \t\r\n]*\Z")
_strings = re.compile(_STRING)
_escape = re.compile(r"\\(.)", re.DOTALL)


class UnsupportedPatternError(ValueError):
    """The pattern says more, or something else, than that one of several values is there."""


def values_of(pattern: str) -> list[Value]:
    """The values of which one suffices for the pattern to match, each once, in order.

    :raises UnsupportedPatternError: with the reason.
    :raises DiagnosticError: JS085, the grammar is needed and not installed.
    """
    values = _quick(pattern)
    return list(dict.fromkeys(_parsed(pattern) if values is None else values))


def _quick(pattern: str) -> list[Value] | None:
    """The values of a flat pattern; None where the grammar has to be asked."""
    values: list[Value] = []
    joint = _begin.match(pattern)
    while joint is not None:
        found = _comparison.match(pattern, joint.end())
        if found is None:
            return None
        texts = _strings.findall(found[2] or found[3])
        values += (_value(found[1].replace("'", ""), _unquoted(text[1:-1])) for text in texts)
        if _end.match(pattern, found.end()):
            return values
        joint = _joint.match(pattern, found.end())
    return None


def _value(path: str, text: str) -> Value:
    object_type, _, name = path.partition(":")
    if object_type == "file" and name.startswith("hashes."):
        algorithm = name.removeprefix("hashes.")
        size = _HASHES.get(algorithm.upper())
        if size is None:
            raise UnsupportedPatternError(f"the hash algorithm {algorithm!r}")
        if len(text) != size:
            raise UnsupportedPatternError(f"a hash that is no {algorithm}")
        return Kind.HASH, text
    if path not in _KINDS:
        raise UnsupportedPatternError(f"the property {path!r}")
    return _KINDS[path], text


def _unquoted(text: str) -> str:
    return _escape.sub(r"\1", text) if "\\" in text else text


def _parsed(pattern: str) -> list[Value]:
    if len(pattern) > MAX_PARSED:
        raise UnsupportedPatternError(f"longer than {MAX_PARSED // 1024} Ki characters")
    try:
        from stix2.pattern_visitor import create_pattern_object
        from stix2patterns.exceptions import ParseException
        from stix2patterns.v21.pattern import Pattern
    except ImportError as missing:
        hint = "pip install 'jumpsigma[intel]'"
        message = "a STIX pattern that is not plain needs the package 'stix2'"
        raise DiagnosticError(Diagnostic("JS085", message, hint=hint)) from missing
    try:
        # The tree of `stix2` (3.0.2) forgets a NOT before IN, LIKE and ISSUBSET.
        compared = Pattern(pattern).inspect().comparisons
        operators = {operator for each in compared.values() for _, operator, _ in each}
        values = list(_walk(create_pattern_object(pattern, version="2.1")))
    except UnsupportedPatternError:
        raise
    except RecursionError:
        raise UnsupportedPatternError("nested too deep") from None
    except (ParseException, ValueError) as error:  # of types that do not go together
        raise UnsupportedPatternError(f"not a STIX pattern ({_first(error)})") from None
    except Exception as error:  # noqa: BLE001 # whatever the visitor meets in a hostile pattern
        raise UnsupportedPatternError(f"not a STIX pattern ({type(error).__name__})") from None
    if any(operator.startswith("NOT") or operator == "!=" for operator in operators):
        raise UnsupportedPatternError("a negated comparison")
    return values


def _first(error: Exception) -> str:
    """What an error says, as far as it is of use: it may hold the whole pattern."""
    return str(error)[:200] or type(error).__name__


def _walk(node: Any) -> Iterator[Value]:
    from stix2 import patterns

    # The grammar's classes: an `and` of comparisons and of observations are two of them.
    match node:
        case patterns.ObservationExpression():
            yield from _walk(node.operand)
        case patterns.ParentheticalExpression():
            yield from _walk(node.expression)
        case patterns.OrObservationExpression() | patterns.OrBooleanExpression():
            for operand in node.operands:
                yield from _walk(operand)
        case (
            patterns.EqualityComparisonExpression()
            | patterns.InComparisonExpression()
            | patterns.IsSubsetComparisonExpression()
        ):
            yield from _compared(node, patterns)
        case patterns.QualifiedObservationExpression():
            raise UnsupportedPatternError("a qualifier (WITHIN, REPEATS, START)")
        case list():
            raise UnsupportedPatternError("EXISTS")
        case _:
            operator = getattr(node, "operator", type(node).__name__)
            raise UnsupportedPatternError(f"the operator {operator}")


def _compared(node: Any, patterns: Any) -> Iterator[Value]:
    names = [getattr(step, "property_name", None) for step in node.lhs.property_path]
    if any(type(step) is not patterns.BasicObjectPathComponent for step in node.lhs.property_path):
        raise UnsupportedPatternError(f"the property {str(node.lhs)!r}")
    path = f"{node.lhs.object_type_name}:{'.'.join(str(name).strip(chr(39)) for name in names)}"
    if isinstance(node, patterns.IsSubsetComparisonExpression) and _KINDS.get(path) is not Kind.IP:
        raise UnsupportedPatternError("ISSUBSET of what is no address")
    constants = node.rhs.value if isinstance(node.rhs, patterns.ListConstant) else [node.rhs]
    for constant in constants:
        if type(constant) is not patterns.StringConstant:
            raise UnsupportedPatternError("a value that is not text")
        yield _value(path, _unquoted(constant.value))
