"""What one value of an event is, and how one value of a rule compares with it (S104, S301-S365)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv6Address, ip_address, ip_network
from math import isinf, isnan
from typing import Any, assert_never

from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Exists,
    FieldRef,
    Network,
    Null,
    Number,
    Placeholder,
    Regex,
    Text,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import compiled

_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MILLISECONDS_FROM = 100_000_000_000


def satisfies(value: Value, item: Any) -> bool:
    """Whether one value of the event satisfies one value of the rule."""
    match value:
        case Text():
            return text_test(value, item)
        case Number(number):
            if isinstance(item, str):
                return item == text_of(number)
            return isinstance(item, int | float) and not isinstance(item, bool) and item == number
        case Boolean(boolean):
            if isinstance(item, str):
                return item.lower() == text_of(boolean)
            return item is boolean
        case Regex():
            text = text_of(item)
            return text is not None and bool(compiled(value).search(_SURROGATE.sub("\ufffd", text)))
        case Network(str(cidr)):
            return isinstance(item, str) and _in_network(cidr, item)
        case Compare(op, number):
            return _compares(op, number_of(item), number)
        case TimePart(unit, op, number):
            return _compares(op, time_part(unit, item), number)
        case Null() | Exists() | FieldRef():
            raise AssertionError(f"{value!r} is judged on the whole field")
        case Network():
            raise AssertionError(f"{value!r} is judged with the values of its list")
        case _:
            assert_never(value)


def text_of(item: Any) -> str | None:
    """The text of a JSON value, None where it has none (S104)."""
    match item:
        case str():
            return item
        case bool():
            return "true" if item else "false"
        case int():
            return str(item)
        case float():
            if isnan(item):
                return "NaN"
            return ("Infinity" if item > 0 else "-Infinity") if isinf(item) else repr(item)
        case _:
            return None


def number_of(item: Any) -> int | float | None:
    """The number that a JSON number or a decimal string is, else None (S353)."""
    if isinstance(item, bool):
        return None
    if isinstance(item, str) and _DECIMAL.fullmatch(item):
        # float, not int, for long digits: int() refuses them to avoid quadratic time.
        return int(item) if item.lstrip("+-").isdigit() and len(item) < 40 else float(item)
    return item if isinstance(item, int | float) and not isnan(item) else None


def _compares(op: str, left: float | None, right: float) -> bool:
    if left is None:
        return False
    match op:
        case "eq":
            return left == right
        case "lt":
            return left < right
        case "lte":
            return left <= right
        case "gt":
            return left > right
        case "gte":
            return left >= right
        case _:
            raise AssertionError(op)


def refers(value: FieldRef, item: Any, other: Any) -> bool:
    """Whether a value of a field equals, or begins with ..., one of another field (S408)."""
    left, right = text_of(item), text_of(other)
    if left is None or right is None:
        return False
    if not value.cased:
        left, right = left.lower(), right.lower()
    match value.how:
        case "equals":
            both = not isinstance(item, bool | str) and not isinstance(other, bool | str)
            return item == other if both else left == right
        case "startswith":
            return left.startswith(right)
        case "endswith":
            return left.endswith(right)
        case "contains":
            return right in left
        case _:
            assert_never(value.how)


def text_test(value: Text, item: Any) -> bool:
    """Whether the text of a value fits the pattern (S301-S303)."""
    text = text_of(item)
    if text is None:
        return False
    return glob(value.parts, text) if value.cased else glob(_lowered(value.parts), text.lower())


def _lowered(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(p if isinstance(p, Wildcard | Placeholder) else p.lower() for p in parts)


def glob(parts: tuple[Any, ...], text: str) -> bool:
    """Whether the whole text fits the pattern (S303); linear but for ``?`` after ``*``."""
    pieces: list[list[str | None]] = [[]]  # characters between the stars, None for one `?`
    for part in parts:
        if part is Wildcard.MANY:
            pieces.append([])
        elif part is Wildcard.ONE:
            pieces[-1].append(None)
        else:
            pieces[-1].extend(part)
    if len(pieces) == 1:
        return len(text) == len(pieces[0]) and _fits(pieces[0], text, 0)
    first, *middle, last = pieces
    end = len(text) - len(last)
    if end < len(first) or not _fits(first, text, 0) or not _fits(last, text, end):
        return False
    start = len(first)
    for piece in middle:
        spots = range(start, end - len(piece) + 1)
        spot = next((at for at in spots if _fits(piece, text, at)), None)
        if spot is None:
            return False
        start = spot + len(piece)
    return True


def _fits(piece: list[str | None], text: str, at: int) -> bool:
    return all(c is None or text[at + i] == c for i, c in enumerate(piece))


def _in_network(cidr: str, text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    network = ip_network(cidr)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address in network or (mapped is not None and mapped in network)


def time_part(unit: str, item: Any) -> int | None:
    """One part of a time in UTC, None where the value is no time (S355)."""
    moment = moment_of(item)
    if moment is None:
        return None
    part = moment.isocalendar().week if unit == "week" else getattr(moment, unit)
    return int(part)


def moment_of(item: Any) -> datetime | None:
    """The moment that a time of S355 is, in UTC."""
    try:
        if isinstance(item, int | float) and not isinstance(item, bool):
            seconds = item / 1000 if abs(item) >= _MILLISECONDS_FROM else item
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        found = _TIME.fullmatch(item) if isinstance(item, str) else None
        if found is None:
            return None
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        zone = UTC
        if found[9]:
            offset = timedelta(hours=int(found[10]), minutes=int(found[11]))
            zone = timezone(offset if found[9] == "+" else -offset)
        micro = int((found[7] or "0")[:6].ljust(6, "0"))
        # A leap second (60) belongs to the minute that it ends.
        moment = datetime(year, month, day, hour, minute, min(second, 59), micro, tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
