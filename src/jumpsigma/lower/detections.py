"""Detections to expressions: maps, lists, virtual fields and keywords (S251-S255, S401-S454)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sigma.conditions import ConditionAND
from sigma.rule import SigmaDetection, SigmaDetectionItem

from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Number,
    Or,
    Place,
    Regex,
    Test,
    Text,
    Value,
)
from jumpsigma.lower.values import Expansion, LoweringError, lower_value

#: Longer paths are no field of any log; the bound keeps every walk over a path shallow.
MAX_PATH_PARTS = 64
_VIRTUAL = re.compile(r"(?P<list>[^\[\]]+)\[(?P<name>[^\[\]]+)\](?:\.(?P<rest>[^\[\]]+))?")


def lower_detection(detection: SigmaDetection) -> Expr:
    """A named detection: the fields of a map must all hold, members of a list are alternatives."""
    if detection.item_linking is not ConditionAND:
        return any_of(_closed(_lower_member(member)) for member in detection.detection_items)
    items: list[Expr | _Bound] = []
    for member in detection.detection_items:
        lowered = _lower_member(member)
        if isinstance(lowered, _Bound):
            twin = next((b for b in items if isinstance(b, _Bound) and b.binds_with(lowered)), None)
            if twin is not None:
                twin.items.extend(lowered.items)
                continue
        items.append(lowered)
    return all_of(map(_closed, items))


class _Bound:
    """Tests of one map on one element of a list, until the whole map is read (S252)."""

    def __init__(self, field: str, name: str | None, item: Expr, place: Place | None) -> None:
        self.field, self.name, self.items, self.place = field, name, [item], place

    def binds_with(self, other: _Bound) -> bool:
        """Whether both tests are about the same element."""
        return self.field == other.field and _same_name(self.name, other.name)

    def element(self) -> Element:
        return Element(self.field, self.name, all_of(self.items), self.place)


def _same_name(one: str | None, other: str | None) -> bool:
    """Whether two names of elements (None: any) are equal as S301 compares."""
    return one == other if one is None or other is None else one.lower() == other.lower()


def _closed(item: Expr | _Bound) -> Expr:
    return item.element() if isinstance(item, _Bound) else item


def _lower_member(member: SigmaDetection | SigmaDetectionItem) -> Expr | _Bound:
    if isinstance(member, SigmaDetection):
        return lower_detection(member)
    try:
        return _lower_item(member)
    except LoweringError as error:
        error.place = error.place or place_of(member)
        raise


def _lower_item(item: SigmaDetectionItem) -> Expr | _Bound:
    place = place_of(item)
    if not item.value:
        raise LoweringError(
            "JS031",
            f"{_name(item)} has an empty list of values",
            "write null if the field should be absent, or give at least one value",
        )
    linked = all_of if item.value_linking is ConditionAND else any_of
    if item.field is None:
        expr = linked(_keyword(lower_value(value, item), place) for value in item.value)
        return Not(expr) if item.negated else expr
    virtual = _virtual_parts(item.field)
    field = item.field if virtual is None else virtual[2]
    if field.count(".") >= MAX_PATH_PARTS:
        raise LoweringError("JS038", f"the field path has more than {MAX_PATH_PARTS} parts")
    expr = linked(
        _test(field, _relative(lower_value(value, item), virtual), place) for value in item.value
    )
    if item.negated:
        expr = Not(expr)
    return expr if virtual is None else _Bound(virtual[0], virtual[1], expr, place)


def _test(field: str, value: Value | Expansion, place: Place | None) -> Expr:
    if isinstance(value, Expansion):
        return any_of(Test(field, each, place) for each in value.values)
    return Test(field, value, place)


def _keyword(value: Value | Expansion, place: Place | None) -> Expr:
    if isinstance(value, Expansion):
        return any_of(_keyword(each, place) for each in value.values)
    if not isinstance(value, Text | Number | Boolean | Regex | Network):
        raise LoweringError(
            "JS032",
            f"a keyword cannot be {type(value).__name__.lower()}",
            "give the value a field, or write the text that the event should contain",
        )
    return Keyword(value, place)


def _virtual_parts(field: str) -> tuple[str, str | None, str] | None:
    """``changes[name].to`` as (``changes``, ``name``, ``to``); None for an ordinary field."""
    if "[" not in field and "]" not in field:
        return None
    found = _VIRTUAL.fullmatch(field)
    if found is None:
        raise LoweringError(
            "JS038",
            f"{field} is no virtual field",
            "write list[NAME].field for the element whose `field` is NAME, or list[*].field",
        )
    name = found["name"]
    return found["list"], None if name == "*" else name, found["rest"] or ""


def _relative(
    value: Value | Expansion, virtual: tuple[str, str | None, str] | None
) -> Value | Expansion:
    """A field reference seen from the bound element; only the element's own fields are in reach."""
    if not isinstance(value, FieldRef):
        return value
    other = _virtual_parts(value.field)
    if other is None and virtual is None:
        return value
    if (
        other is None
        or virtual is None
        or other[0] != virtual[0]
        or not _same_name(other[1], virtual[1])
    ):
        raise LoweringError(
            "JS038",
            f"fieldref to {value.field} does not stay within one element",
            "both fields must be of the same element, such as changes[name].from and .to",
        )
    return replace(value, field=other[2])


def place_of(item: SigmaDetectionItem | SigmaDetection) -> Place | None:
    """The place of the item's key, where the pack recorded one and the mapping kept it."""
    source = item.source
    if source is None or source.line is None:
        return None
    return Place(str(source.path), source.line, source.char or 1)


def _name(item: SigmaDetectionItem) -> str:
    return "a keyword list" if item.field is None else f"the field {item.field}"


def all_of(items: Iterable[Expr]) -> Expr:
    """And over the items; a single item stands for itself."""
    found = tuple(items)
    return found[0] if len(found) == 1 else And(found)


def any_of(items: Iterable[Expr]) -> Expr:
    """Or over the items; a single item stands for itself."""
    found = tuple(items)
    return found[0] if len(found) == 1 else Or(found)
