"""A matcher as bytes and back: what an entry of the compile cache holds.

It is the pickle that another process would get, with two exceptions. The lists are left out, for
they are loaded anew. And conditions are kept apart, each in its own pickle: they are most of it,
and a scan needs none of them.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from dataclasses import fields
from io import BytesIO
from operator import attrgetter
from typing import Any, Final

from jumpsigma.ir import nodes
from jumpsigma.ir.nodes import Expr, RuleIR
from jumpsigma.matcher import Matcher
from jumpsigma.matcher.lookups import IndicatorLists

_LISTS: Final = "lists"
_STATED: Final = tuple(each.name for each in fields(RuleIR) if each.name != "condition")
_stated: Final = attrgetter(*_STATED)


def dump_matcher(matcher: Matcher) -> bytes:
    """The bytes from which :func:`load_matcher` makes the same matcher, with any lists."""
    buffer = BytesIO()
    _MatcherPickler(buffer, matcher).dump(matcher)
    return buffer.getvalue()


def load_matcher(content: bytes, lists: IndicatorLists) -> Matcher:
    """The matcher of :func:`dump_matcher`.

    Unpickling executes what the bytes say: they must come from a place that only the user can
    write to. Raises whatever pickle raises on bytes that are no matcher of this version.
    """
    found = _MatcherUnpickler(content, lists).load()
    if not isinstance(found, Matcher):
        raise pickle.UnpicklingError(f"a {type(found).__name__} is no matcher")
    return found


class StoredRule(RuleIR):
    """A rule whose condition is read when somebody asks for it. It equals the rule that it was."""

    __slots__ = ("_conditions", "_number")

    _conditions: Conditions
    _number: int

    def __getattr__(self, name: str) -> Any:
        # Python comes here for what is not set, and of a rule that can only be the condition.
        if name != "condition":
            raise AttributeError(f"a rule has no attribute {name!r}")
        condition = self._conditions.load(self._number)
        object.__setattr__(self, name, condition)
        return condition

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleIR):
            return NotImplemented
        return _stated(self) == _stated(other) and self.condition == other.condition

    __hash__ = RuleIR.__hash__


class Conditions:
    """The conditions of rules by number, each pickled by itself."""

    __slots__ = ("_content", "_ends")

    def __init__(self, content: bytes, ends: tuple[int, ...]) -> None:
        self._content, self._ends = content, ends

    def __reduce__(self) -> tuple[type[Conditions], tuple[bytes, tuple[int, ...]]]:
        return Conditions, (self._content, self._ends)

    @classmethod
    def of(cls, conditions: Iterable[Expr]) -> Conditions:
        """Pickle conditions."""
        buffer, ends = BytesIO(), [0]
        for condition in conditions:
            pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = _BY_FIELDS
            pickler.dump(condition)
            ends.append(buffer.tell())
        return cls(buffer.getvalue(), tuple(ends))

    def load(self, number: int) -> Expr:
        """Read one of them."""
        begin, end = self._ends[number : number + 2]
        content = memoryview(self._content)[begin:end]
        return pickle.loads(content)  # type: ignore[no-any-return] # noqa: S301 - see load_matcher


def _by_fields(node: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    """How to pickle a node: its type and its fields, which is a third of the usual time."""
    names = [each.name for each in fields(node)]
    if not names:
        return lambda _: (node, ())
    values = attrgetter(*names)
    if len(names) == 1:
        return lambda each: (node, (values(each),))
    return lambda each: (node, values(each))


_BY_FIELDS: Final = {
    node: _by_fields(node)
    for node in vars(nodes).values()
    if isinstance(node, type) and node.__module__ == nodes.__name__ and hasattr(node, "__slots__")
}


def _stored_rule(conditions: Conditions, number: int, stated: tuple[Any, ...]) -> StoredRule:
    rule = StoredRule.__new__(StoredRule)
    put = object.__setattr__
    for name, value in zip(_STATED, stated, strict=True):
        put(rule, name, value)
    put(rule, "_conditions", conditions)
    put(rule, "_number", number)
    return rule


class _MatcherPickler(pickle.Pickler):
    def __init__(self, buffer: BytesIO, matcher: Matcher) -> None:
        super().__init__(buffer, pickle.HIGHEST_PROTOCOL)
        self._lists = matcher.lists
        self._numbers = {id(rule): number for number, rule in enumerate(matcher.rules)}
        self._conditions = Conditions.of(rule.condition for rule in matcher.rules)

    def persistent_id(self, obj: Any) -> str | None:
        return _LISTS if obj is self._lists else None

    def reducer_override(self, obj: Any) -> Any:
        number = self._numbers.get(id(obj)) if isinstance(obj, RuleIR) else None
        if number is None:
            return NotImplemented
        return _stored_rule, (self._conditions, number, _stated(obj))


class _MatcherUnpickler(pickle.Unpickler):
    def __init__(self, content: bytes, lists: IndicatorLists) -> None:
        super().__init__(BytesIO(content))
        self._lists = lists

    def persistent_load(self, pid: Any) -> IndicatorLists:
        if pid != _LISTS:
            raise pickle.UnpicklingError(f"unknown reference {pid!r}")
        return self._lists
