"""The intermediate representation: what a rule says, in frozen nodes, with nothing lost.

A rule is lowered to one expression over tests. Kinds are explicit and there is no
catch-all: every consumer matches on the node's type and ends in ``assert_never``. Text keeps
its case and its wildcards as parts, a regular expression keeps its source, an encoding that
Sigma expands (``windash``, ``base64offset``) is an ``Or`` of what it expands to. The
numbers S... are those of ``docs/reference/semantics.md``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Literal

#: Raised by one whenever a node changes its shape or meaning.
SCHEMA_VERSION = 2


class Wildcard(Enum):
    """The two wildcards of Sigma (S303).

    Not strings: a literal ``*`` part (S304) must never equal a wildcard.
    """

    MANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``%name%`` of the ``expand`` modifier; ``every`` when its item has ``all`` (S471)."""

    name: str
    every: bool = False


TextPart = str | Wildcard | Placeholder


@dataclass(frozen=True, slots=True)
class Text:
    """A string value: literal parts, wildcards and placeholders in order (S301-S306)."""

    parts: tuple[TextPart, ...]
    cased: bool = False

    @property
    def literal(self) -> str | None:
        """The whole text when it has neither wildcard nor placeholder, else None."""
        if not self.parts:
            return ""
        if len(self.parts) == 1 and type(self.parts[0]) is str:
            return self.parts[0]
        return None


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric value (S351)."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Boolean:
    """A boolean value (S352)."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null:
    """``null``: a missing field or a JSON null (S207)."""


@dataclass(frozen=True, slots=True)
class Exists:
    """``exists: true`` or ``exists: false`` (S204)."""

    expected: bool


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression in RE2 syntax (S361-S365); ``parts`` holds placeholders, if any."""

    parts: tuple[str | Placeholder, ...]
    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False
    anchor_start: bool = False
    anchor_end: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A network in CIDR notation, as the rule writes it (S354), or those of a list (S475)."""

    cidr: str | Placeholder


CompareOp = Literal["lt", "lte", "gt", "gte"]
TimeUnit = Literal["minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Compare:
    """A numeric comparison (S353)."""

    op: CompareOp
    number: int | float


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of a time compared with a number (S355, S356)."""

    unit: TimeUnit
    op: Literal["eq", "lt", "lte", "gt", "gte"]
    number: int | float


@dataclass(frozen=True, slots=True)
class FieldRef:
    """Another field of the same event, or of the same bound element (S408)."""

    field: str
    how: Literal["equals", "startswith", "endswith", "contains"] = "equals"
    cased: bool = False


Value = Text | Number | Boolean | Null | Exists | Regex | Network | Compare | TimePart | FieldRef
KeywordValue = Text | Number | Boolean | Regex | Network


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a rule file a node comes from: 1-based line and column."""

    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Test:
    """``field: value``.

    Inside an :class:`Element` the field is relative to the element, and ``""`` is the element
    itself (S255).
    """

    field: str
    value: Value
    place: Place | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Keyword:
    """A value that is looked for in every value of the event (S451-S454)."""

    value: KeywordValue
    place: Place | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the list ``field`` named ``name`` (None: any) satisfies ``item`` (S251)."""

    field: str
    name: str | None
    item: Expr
    place: Place | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Every item holds."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one item holds."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The item does not hold (S406)."""

    item: Expr


@dataclass(frozen=True, slots=True)
class Selection:
    """A named detection of the rule; changes nothing, but ``explain`` shows it."""

    name: str
    item: Expr
    place: Place | None = dataclasses.field(default=None, compare=False)


Expr = Test | Keyword | Element | And | Or | Not | Selection


@dataclass(frozen=True, slots=True)
class LogSource:
    """The log source as the rule states it; None is what it omits."""

    category: str | None = None
    product: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class RuleIR:
    """A single-event rule in the words of one mapping, ready to be evaluated."""

    id: str | None
    title: str
    path: str
    logsource: LogSource
    mapping: str
    condition: Expr
    level: str | None = None
    status: str | None = None
    author: str | None = None
    license: str | None = None
    tags: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION
