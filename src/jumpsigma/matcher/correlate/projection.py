"""The part of an event that decides which base match it is, read from its bytes without the rest.

Events that correlations cannot tell apart, but by their time, are of one class: they satisfy the
same rules, and are in the same groups with the same values. A projection has the fields on which
that depends, as a type into which a line is decoded in a third of the time that parsing takes;
what is decoded is equal for events of one class. Lines in which such a field is anything that the
type cannot tell exactly are refused, and are parsed: fractions, lists of other than texts, names
with dots that would win over a path (S202), objects where an element is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Union, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Or,
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    Value,
)
from jumpsigma.matcher.runtime import TIME_PATHS, Path

#: What a decoder raises for a line that has to be parsed.
REFUSED = (msgspec.MsgspecError, ValueError, RecursionError)


class NoProjectionError(ValueError):
    """Whether rules hold depends on more than the values of some fields."""


class _Anything(msgspec.Struct, frozen=True):
    """An object: tests on it see that it is there, and nothing in it (S104, S204)."""


@dataclass(slots=True)
class _Node:
    """What is known of one name on the paths of the fields.

    ``value``: tests look at its value; ``element``: at objects in it; ``truth``: as a boolean.
    ``dotted`` are the names with dots which win over a path through the objects here.
    """

    value: bool = False
    element: bool = False
    truth: bool = False
    inner: dict[str, _Node] = field(default_factory=dict)
    dotted: set[str] = field(default_factory=set)

    def at(self, path: Path) -> _Node:
        """The node at the end of a path."""
        self.dotted.update(".".join(path[:cut]) for cut in range(2, len(path) + 1))
        node = self.inner.setdefault(path[0], _Node())
        return node.at(path[1:]) if len(path) > 1 else node

    def type(self) -> Any:
        """What a value may be for a decoder to take it."""
        kinds: list[Any] = [UnsetType, None]
        if self.value or self.element:
            # 1 equals True: a field is read as one of the two.
            kinds += [str, bool if self.truth else int, tuple[str | None, ...]]
        if self.inner and not self.element:
            kinds.append(_struct(self))
        elif not self.element:
            kinds.append(_Anything)
        return Union[tuple(kinds)]  # noqa: UP007 - made at run time


def _struct(
    node: _Node, absent: Iterable[str] = (), time: Path = (), needed: str = ""
) -> type[msgspec.Struct]:
    """A type with the names in a node; what is ``needed`` has to be there, ``absent`` must not."""
    names: dict[str, str] = {}
    fields: list[Any] = []

    def add(attribute: str, name: str, kind: Any, *default: Any) -> None:
        names[attribute] = name
        fields.append((attribute, kind, *default))

    for name in time:
        # Of the fields of S703 only `UtcTime` is known to come without a zone.
        zone = None if name == "UtcTime" else True
        add("time", name, Annotated[datetime, msgspec.Meta(tz=zone)])
    inner = sorted(node.inner, key=lambda name: name != needed)  # what has no default comes first
    for number, name in enumerate(inner):
        add(f"f{number}", name, node.inner[name].type(), *(() if name == needed else (UNSET,)))
    for number, name in enumerate(sorted(node.dotted.union(absent))):
        add(f"x{number}", name, UnsetType, UNSET)
    return msgspec.defstruct("Projected", fields, frozen=True, gc=False, rename=names)


def decoder_of(
    conditions: Iterable[Expr], fields: Iterable[Path], time: Path, *, raw_events: bool
) -> msgspec.json.Decoder[Any]:
    """What decodes lines so that those of one class are equal.

    What is decoded has the time, which is not to be compared, as ``time``.

    :param conditions: of the rules that events may satisfy.
    :param fields: by which correlations group, and what they measure.
    :param time: which of the fields of S703 the time of the events is in.
    :param raw_events: only raw Directory Insights events are taken, none that is wrapped (S105).
    :raises NoProjectionError: when the rules look at more than fields, or the time is one of them.
    """
    top = _Node()
    for condition in conditions:
        for name, value in _looked_at(condition):
            node = top.at(tuple(name.split(".")))
            node.value |= value is not None
            node.element |= value is None
            node.truth |= _is_truth(value)
    for path in fields:
        top.at(path).value = True
    absent = {path[0] for path in TIME_PATHS[: TIME_PATHS.index(time)]}
    if raw_events:
        top.at(("event_type",)).value = True
        absent.add("_version")
    if not top.inner.keys().isdisjoint({time[0], *absent}):
        raise NoProjectionError("a rule looks at the time")
    try:
        return msgspec.json.Decoder(_struct(top, absent, time, "event_type" if raw_events else ""))
    except (TypeError, ValueError) as error:  # a name that no field can have, as one with a quote
        raise NoProjectionError(str(error)) from error


def _is_truth(value: Value | None) -> bool:
    match value:
        case Boolean():
            return True
        case Text():
            return value.literal is not None and value.literal.lower() in {"true", "false"}
        case _:
            return False


def _looked_at(node: Expr) -> Iterator[tuple[str, Value | None]]:
    """The fields of a condition, each with a value that it is compared with, None for elements.

    What is asked of an element needs no look: where objects are refused there is none (S254).
    """
    match node:
        case Test(name, value):
            _refuse_lists(value)
            yield name, value
            if isinstance(value, FieldRef):
                yield value.field, value
        case Element(name):
            yield name, None
        case And(items) | Or(items):
            for item in items:
                yield from _looked_at(item)
        case Not(item) | Selection(_, item):
            yield from _looked_at(item)
        case Keyword():
            raise NoProjectionError("a keyword looks at the whole event")
        case _:
            assert_never(node)


def _refuse_lists(value: Value) -> None:
    """Which values of a list count depends on the time of the event (S476)."""
    match value:
        case Text(parts) | Regex(parts):
            listed = any(isinstance(part, Placeholder) for part in parts)
        case Network(cidr):
            listed = isinstance(cidr, Placeholder)
        case _:
            listed = False
    if listed:
        raise NoProjectionError("what a list holds depends on the time")
