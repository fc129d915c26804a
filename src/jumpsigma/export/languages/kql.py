"""KQL of Microsoft Sentinel, on the table that holds JumpCloud's events in one of two schemas.

The schema is an option of the target. Tables by its name, ``schemas.<name>``:

- ``suffixes``: types of columns by the end of their names, and ``names``: by the whole name. Types:
  ``text``, ``guid``, ``boolean``, ``integer``, ``number``, ``time``, ``json``.
- ``other``: the type of every other column; that of a column of which a rule names a part is
  ``json``.
- ``lists``: the fields that hold lists of objects; one within another has it as a beginning.
- ``values``: by such a field, the fields of its objects that may hold lists themselves.
- ``id``: the columns of which one has the id of the event.

Besides: ``fresh`` (the condition that an event came since the last run, with the names of options),
``last.<schema>`` (a line at the end) and ``entities`` (for correlations: by name of a column the
names of groups that it may be).

A query first reads the columns with ``column_ifexists``: Log Analytics makes a column when the
first event comes that has the field, and refuses a query with a column that it does not know.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Self

from jumpsigma.export.absent import holds_of_absent
from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.languages.kql_text import literal, needs_lower
from jumpsigma.export.languages.kql_values import (
    FUNCTIONS,
    BooleanColumn,
    IntegerColumn,
    JsonValue,
    NumberColumn,
    Operand,
    TextColumn,
    TimeColumn,
    refers,
    whole_texts,
)
from jumpsigma.export.lookup_tables import slug_of
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    FieldRef,
    Not,
    Null,
    Or,
    RuleIR,
    Test,
    Text,
)

_COLUMN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LINES: Final = ",\n    "


class _Type(NamedTuple):
    """A type of columns: how one is read, and what can be said of it."""

    read: str
    operand: type[Operand]


_TYPES: Final[dict[str, _Type]] = {
    "text": _Type('column_ifexists("{name}", "")', TextColumn),
    "guid": _Type('tostring(column_ifexists("{name}", ""))', TextColumn),
    "boolean": _Type('column_ifexists("{name}", bool(null))', BooleanColumn),
    "integer": _Type('column_ifexists("{name}", long(null))', IntegerColumn),
    "number": _Type('column_ifexists("{name}", real(null))', NumberColumn),
    "time": _Type('column_ifexists("{name}", datetime(null))', TimeColumn),
    "json": _Type('todynamic(column_ifexists("{name}", dynamic(null)))', JsonValue),
}


class _Draft:
    """What a query has come to need while its condition was written."""

    def __init__(self) -> None:
        self.functions: dict[str, None] = {}
        #: The look-up tables by the names that the query gives them.
        self.watchlists: dict[str, str] = {}
        self.columns: dict[str, str] = {}
        #: By the fields of the lists, the outermost first: what is counted in their elements.
        self.counted: dict[tuple[str, ...], dict[str, str]] = {}
        #: By the field of a list: the fields of its objects whose values are opened too.
        self.opened: dict[str, dict[str, None]] = {}
        self.matches = 0


class Kql(Language):
    """See the module."""

    AND = " and "
    OR = " or "

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self.table = self.options["table"]
        self.schema: Mapping[str, Any] = self.tables["schemas"][self.options["schema"]]
        self.draft = _Draft()
        #: The element that fields are relative to, within the list of this field.
        self.within_list: tuple[str, str] | None = None

    # ------------------------------------------------------------------------- whole queries
    def query(self, rule: RuleIR) -> str:
        """The functions, the table, the columns, then what is cheap before what opens lists.

        Raises :class:`CannotSayError`.
        """
        if simplified(rule.condition) == Or(()):
            raise NotWrittenError("a rule that never holds, such as one on a list without values")
        functions, lines = self._writer().written(rule.condition)
        if self.fresh is not None:
            lines.insert(1, f"| where {self.fresh}")
        if "last" in self.tables:
            lines.append(str(self.tables["last"][self.options["schema"]]))
        return "\n".join([*functions.values(), *lines])

    def correlation(self, correlation: CorrelationIR) -> str:
        """See :mod:`jumpsigma.export.languages.kql_correlations`."""
        from jumpsigma.export.languages.kql_correlations import correlation_lines

        return "\n".join(correlation_lines(self, correlation))

    @property
    def fresh(self) -> str | None:
        """That an event came since the last run, for what runs again and again."""
        found = self.tables.get("fresh")
        return None if found is None else str(found).format(**self.options)

    def matches(
        self,
        condition: Expr,
        columns: dict[str, str],
        fields: Mapping[str, str],
        number: str | None = None,
    ) -> tuple[dict[str, str], list[str]]:
        """The functions and the lines that give the matches of a rule in a correlation.

        They have the columns ``id``, ``t`` and those of the two tables: expressions, and keys of
        fields as S804 compares them; a match without one of the fields is left out. ``counted`` is
        the number of a field, where one is given; a match without a finite one is left out.
        """
        writer = self._writer()
        ids = [writer.operand(name).name for name in self.schema["id"]]
        kept = {"id": ids[0] if len(ids) == 1 else f"strcat({', '.join(ids)})"}
        kept["t"] = "TimeGenerated"
        present = []
        for name, field in fields.items():
            if self._chain(field):
                raise NotWrittenError(f"groups or values by {field}, which is in a list")
            operand = writer.operand(field)
            kept[name] = f"tolower({operand.texts()})"
            present.append(operand.has_text())
        if number is not None:
            if self._chain(number):
                raise NotWrittenError(f"numbers of {number}, which is in a list")
            kept["counted"] = writer.operand(number).decimal()
        functions, lines = writer.written(condition)
        if self.fresh is not None:
            lines.insert(1, f"| extend fresh = {self.fresh}")
            kept["fresh"] = "fresh"
        lines += [f"| where {self.AND.join(present)}"] if present else []
        projected = [f"{name} = {value}" for name, value in (kept | columns).items()]
        finite = " and isfinite(counted)" if number is not None else ""
        return functions, [
            *lines,
            f"| project {', '.join(projected)}",
            f"| where isnotempty(id) and isnotnull(t){finite}",
        ]

    def _writer(self) -> Self:
        """One that knows what one query needs."""
        writer = copy.copy(self)
        writer.draft = _Draft()
        return writer

    def written(self, condition: Expr) -> tuple[dict[str, str], list[str]]:
        """The functions that a condition needs, and the lines from the table on."""
        draft, simple = self.draft, simplified(condition)
        items = simple.items if isinstance(simple, And) else (simple,)
        before: list[str] = []
        behind: list[str] = []
        for item in items:
            matches = draft.matches
            text = self.within(item, Binds.AND if len(items) > 1 else Binds.OR)
            (before if draft.matches == matches else behind).append(text)
        if draft.counted:
            draft.functions["values_of"] = None
        lines = [self.table]
        if columns := [f"{name} = {read}" for name, read in draft.columns.items()]:
            lines.append(f"| extend {_LINES.join(columns)}")
        lines += [f"| where {self.AND.join(before)}"] if before else []
        names: list[str] = []
        for chain, counted in draft.counted.items():
            lines += self._opened(chain, counted)
            names += counted
        lines += [f"| where {self.AND.join(behind)}"] if behind else []
        lines += [f"| project-away {', '.join(names)}"] if names else []
        functions = {name: FUNCTIONS[name] for name in FUNCTIONS if name in draft.functions}
        return functions | draft.watchlists, lines

    def _opened(self, chain: tuple[str, ...], counted: Mapping[str, str]) -> list[str]:
        """The elements of a list, or of the lists in its elements, for each event by itself."""
        first, *others = chain
        outermost = _path(*first.partition(".")[::2])
        outer, steps = first, []
        for field in others:
            path = _path(_variable(outer), field.removeprefix(f"{outer}."))
            steps.append(f"mv-expand {_variable(field)} = values_of({path})")
            outer = field
        for key in self.draft.opened.get(outer, ()):
            path = _path(_variable(outer), key)
            steps.append(f"mv-expand {_value_of(outer, key)} = values_of({path})")
        counts = [f"{name} = countif({condition})" for name, condition in counted.items()]
        steps.append(f"summarize {_LINES.join(counts)}")
        apply = f"| mv-apply {_variable(first)} = values_of({outermost}) on ("
        return [apply, "    " + "\n    | ".join(steps), ")"]

    # ---------------------------------------------------------------------------- the clauses
    def negation(self, item: Expr) -> Clause:
        """As a function."""
        return Clause(f"not({self.within(item, Binds.OR)})")

    def constant(self, *, holds: bool) -> Clause:
        """As a literal."""
        return Clause(str(holds).lower())

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """One of them; whole texts of one field in a list, and empty or null as one test."""
        tests: dict[tuple[str, bool], list[Test]] = {}
        for item in items:
            if isinstance(item, Test) and isinstance(item.value, Text) and item.value.literal:
                tests.setdefault((item.field, item.value.cased), []).append(item)
        empty = {i.field for i in items if isinstance(i, Test) and i.value == Text(())}
        empty &= {i.field for i in items if isinstance(i, Test) and isinstance(i.value, Null)}
        empty = {*filter(self._is_text, empty)}
        parts: list[Clause] = []
        for item in items:
            if not isinstance(item, Test):
                parts.append(self.clause(item))
            elif item.field in empty and isinstance(item.value, Null):
                continue
            elif item.field in empty and item.value == Text(()):
                parts.append(Clause(f"isempty({self.operand(item.field).name})"))
            else:
                value = item.value
                cased = isinstance(value, Text) and value.cased
                same = tests.get((item.field, cased), [])
                if item not in same or len(same) == 1 or not self._can_list(item.field):
                    parts.append(self.clause(item))
                elif item is same[0]:
                    parts.append(self._listed(same))
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return self.constant(holds=False)
        return Clause(self.OR.join(part.text for part in parts), Binds.OR)

    def _listed(self, tests: Sequence[Test]) -> Clause:
        try:
            texts = [test.value for test in tests if isinstance(test.value, Text)]
            return Clause(whole_texts(self.operand(tests[0].field), texts))
        except CannotSayError as error:
            error.place = error.place or tests[0].place
            raise

    def _can_list(self, field: str) -> bool:
        """Whether several whole texts are one comparison."""
        if not field or self._chain(field):
            return False
        return isinstance(self.operand(field), TextColumn | JsonValue)

    def _is_text(self, field: str) -> bool:
        return bool(field) and isinstance(self.operand(field), TextColumn)

    def test(self, test: Test) -> Clause:
        """Of a value, or of one in the elements of a list."""
        field, value = test.field, test.value
        if not field:  # an element itself (S255)
            return self.constant(holds=isinstance(value, Exists) and value.expected)
        if chain := self._chain(field):
            rest = field.removeprefix(chain[-1]).removeprefix(".")
            if isinstance(value, Null | Exists | FieldRef) or not rest:
                raise NotWrittenError(f"this test of {field}, which is in a list")
            inner = self._inside(chain[-1])
            return Clause(f"{self._count(chain, inner.within(Test(rest, value), Binds.OR))} > 0")
        if isinstance(value, FieldRef):
            if not value.field or self._chain(value.field):
                raise NotWrittenError(f"a comparison with {value.field}, which is in a list")
            return Clause(refers(self.operand(field), self.operand(value.field), value))
        return Clause(self.operand(field).test(value))

    def in_table(self, field: str, name: str) -> Clause:
        """In the key of a watchlist."""
        if not field:  # an element itself has no text
            return self.constant(holds=False)
        if chain := self._chain(field):
            rest = field.removeprefix(chain[-1]).removeprefix(".")
            if not rest:
                raise NotWrittenError(f"this test of {field}, which is in a list")
            inner = self._inside(chain[-1])
            return Clause(f"{self._count(chain, inner.in_table(rest, name).text)} > 0")
        slug = slug_of(name)
        watchlist = f'_GetWatchlist("jumpsigma_{slug}") | project SearchKey'
        self.draft.watchlists[f"listed_{slug}"] = f"let listed_{slug} = {watchlist};"
        return Clause(f"tolower({self.operand(field).texts()}) in (listed_{slug})")

    def table_value(self, value: str) -> str:
        """Empty is also what is missing."""
        if not value:
            raise CannotSayError("a list with an empty value in a watchlist")
        needs_lower(value)
        return value.lower()

    def element(self, element: Element) -> Clause:
        """Elements are counted that satisfy it; where none qualifies, an absent one (S254)."""
        chain = self._chain(element.field)
        if not chain or chain[-1] != element.field:
            raise CannotSayError(f"{element.field}, which the table is not known to hold as a list")
        self._check_values(element)
        inner = self._inside(element.field)
        is_meant: Expr | None = None
        if element.name is not None:
            is_meant = Test("field", Text((element.name,)))
        is_absent = holds_of_absent(element.item)
        parts = [inner.within(each, Binds.AND) for each in (is_meant, element.item) if each]
        parts = [part for part in parts if part != "true"] or [_is_object(element.field)]
        if is_absent and is_meant is None:
            parts.insert(0, _is_object(element.field))
        found = self._count(chain, self.AND.join(parts))
        if not is_absent:
            return Clause(f"{found} > 0")
        qualifies = parts[0] if len(parts) > 1 else _is_object(element.field)
        return Clause(f"{found} > 0 or {self._count(chain, qualifies)} == 0", Binds.OR)

    def _check_values(self, element: Element) -> None:
        """Whether one of all pairs of opened values is enough: S206 asks each test by itself."""
        values = self.schema.get("values", {}).get(element.field, ())
        items = element.item.items if isinstance(element.item, And) else (element.item,)
        used = [key for item in items for key in {*_first_parts(item)} & {*values}]
        if len(used) != len({*used}) or (used and _has_not(element.item)):
            raise NotWrittenError(f"several tests, or a negation, of {used[0]} in {element.field}")

    def _count(self, chain: tuple[str, ...], condition: str) -> str:
        """The name of a count of the elements that satisfy a condition."""
        counted = self.draft.counted.setdefault(chain, {})
        self._column(chain[0])
        self.draft.matches += 1
        for name, known in counted.items():
            if known == condition:
                return name
        name = f"match_{sum(map(len, self.draft.counted.values())) + 1}"
        counted[name] = condition
        return name

    def _inside(self, field: str) -> Self:
        inner = copy.copy(self)
        inner.within_list = (_variable(field), field)
        return inner

    # ------------------------------------------------------------------------------- columns
    def _chain(self, field: str) -> tuple[str, ...]:
        """The lists on the way to a field, the outermost first."""
        lists: Sequence[str] = self.schema["lists"]
        if self.within_list is None:
            return tuple(each for each in lists if _is_below(field, each))
        outer = self.within_list[1]
        whole = f"{outer}.{field}"
        if any(_is_below(whole, each) and len(each) > len(outer) for each in lists):
            raise NotWrittenError(f"{field}, a list in an element of {outer}")
        return ()

    def operand(self, field: str) -> Operand:
        """What a field is: a column, or a value in the JSON of one."""
        if self.within_list is not None:
            variable, outer = self.within_list
            key, _, rest = field.partition(".")
            if key in self.schema.get("values", {}).get(outer, ()):
                self.draft.opened.setdefault(outer, {})[key] = None
                value = self._json(_value_of(outer, key), rest)
                return value if rest else replace(value, inside=(variable, key))
            return self._json(variable, field)
        column, _, rest = field.partition(".")
        kind = "json" if rest else self._type(column)
        if kind == "json" and not rest:
            raise CannotSayError(f"{field} as a whole, which is an object or a list")
        self._column(column, kind)
        return self._json(column, rest) if rest else _TYPES[kind].operand(column, self._call)

    def _json(self, base: str, path: str) -> JsonValue:
        parent, _, key = path.rpartition(".")
        inside = (_path(base, parent), key)
        return JsonValue(_path(base, path), self._call, inside)

    def _type(self, column: str) -> str:
        names: Mapping[str, str] = self.schema.get("names", {})
        if column in names:
            return names[column]
        suffixes: Mapping[str, str] = self.schema.get("suffixes", {})
        ends = [kind for suffix, kind in suffixes.items() if column.endswith(suffix)]
        return ends[0] if ends else str(self.schema["other"])

    def _column(self, field: str, kind: str = "json") -> None:
        """Read the column that a field is in before it is used."""
        column = field.partition(".")[0]
        if not _COLUMN.fullmatch(column):
            raise CannotSayError(f"a column with the name {column!r}")
        self.draft.columns[column] = _TYPES[kind].read.format(name=column)

    def _call(self, function: str, value: str) -> str:
        self.draft.functions[function] = None
        return f"{function}({value})"


def _is_below(field: str, other: str) -> bool:
    return field == other or field.startswith(f"{other}.")


def _path(base: str, path: str) -> str:
    """Always in brackets, for some names are words of the language."""
    return base + "".join(f"[{literal(part)}]" for part in path.split(".") if part)


def _variable(field: str) -> str:
    return f"{field.rpartition('.')[2]}_item"


def _is_object(field: str) -> str:
    return f'gettype({_variable(field)}) == "dictionary"'


def _value_of(field: str, key: str) -> str:
    return f"{_variable(field)}_{key}"


def _first_parts(expr: Expr) -> Iterator[str]:
    """The first part of each field of an element that is tested for more than its key."""
    if isinstance(expr, Test) and not isinstance(expr.value, Exists):
        yield expr.field.partition(".")[0]
    for child in children(expr):
        yield from _first_parts(child)


def _has_not(expr: Expr) -> bool:
    return isinstance(expr, Not) or any(map(_has_not, children(expr)))
