"""A model of the part of Splunk that backends/splunk writes, made from its documentation.

No engine can be had. What stands here was written from the reference of the commands ``search``,
``eval`` and ``where`` and of the functions, not from what the export writes: an unknown function, a
value of the wrong kind and a NULL where a boolean is needed are errors, so that no query rests on
what the documentation leaves open. Expressions run on Python's ``re``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from math import floor
from pathlib import Path
from typing import Any

from engines.engine import QueryError, Stored, rows_of
from engines.spl_tables import Row, RowStep, Step, Values, command_on_tables, filtering
from engines.words import Words

from jumpsigma.interpret.values import moment_of

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<field>'[^']+')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<sign><=|>=|!=|[=<>(),*+-])|(?P<name>[A-Za-z_][A-Za-z0-9_.{}]*))""",
    re.DOTALL,
)


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts as KV_MODE=json has them: ``a.b``, and ``a{}`` for each element of a list."""
    match value:
        case dict():
            for key, item in value.items():
                yield from flattened(item, f"{name}.{key}" if name else key)
        case list():
            for item in value:
                yield from flattened(item, f"{name}{{}}")
        case _:
            yield name, text_of(value)


def text_of(value: Any) -> str:
    """A scalar as text."""
    return value if isinstance(value, str) else json.dumps(value)


class SplModel:
    """The events in one index."""

    name = "spl model"

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._tables: dict[str, list[dict[str, str]]] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "9.4"

    def load(self, events: Stored) -> None:
        """Extract the fields of each event."""
        self._rows = {}
        for key, event in events.items():
            row: Row = {"_raw": [json.dumps(event, ensure_ascii=False)]}
            for name, text in flattened(event):
                row.setdefault(name, []).append(text)
            if (moment := moment_of(event.get("timestamp"))) is not None:
                row["_time"] = [moment.timestamp()]
            self._rows[key] = row

    def hold(self, files: Mapping[str, str]) -> None:
        """Look-up files of an app, by the name that the command ``lookup`` has for them."""
        self._tables = {Path(path).name: rows_of(text) for path, text in files.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the events that pass every command."""
        first, *commands = query.split("\n| ")
        steps = [filtering(_search(first)), *(_command(each, self._tables) for each in commands)]
        rows = [{**row, _KEY: [key]} for key, row in self._rows.items()]
        for step in steps:
            rows = step(rows)
        return sorted(str(row[_KEY if _KEY in row else "id"][0]) for row in rows)

    def close(self) -> None:
        """Forget the events."""
        self._rows = {}


#: Which event a row is, until a command makes rows of its own.
_KEY = "\0"

_TERM = re.compile(r'([A-Za-z_][A-Za-z0-9_.{}]*)(?:="(\w+)"| IN \(("\w+"(?:, "\w+")*)\))(?: |$)')


def _search(text: str) -> RowStep:
    """``index=x field="word" field IN ("a", "b")``: all must hold, without regard to case."""
    if not (start := re.match(r"index=\w+(?: |$)", text)):
        raise QueryError(f"no index in {text!r}")
    at, terms = start.end(), []
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None:
            raise QueryError(f"not understood: {text[at:]!r}")
        words = [found[2]] if found[2] else re.findall(r'"(\w+)"', found[3])
        terms.append((found[1], {word.lower() for word in words}))
        at = found.end()

    def holds(row: Row) -> bool:
        return all(any(v.lower() in words for v in row.get(name, ())) for name, words in terms)

    return holds


_LOOKUP = re.compile(r"([\w.]+) (\w+) AS (\w+) OUTPUT (\w+) AS (\w+)")


def _lookup(text: str, tables: Mapping[str, list[dict[str, str]]]) -> RowStep:
    """``lookup FILE column AS field OUTPUT other AS field``: rows with exactly this value."""
    found = _LOOKUP.fullmatch(text)
    if found is None or found[1] not in tables:
        raise QueryError(f"no look-up {text!r}")
    by_value: dict[str, Values] = {}
    for line in tables[found[1]]:
        by_value.setdefault(line[found[2]], []).append(line[found[4]])

    def look_up(row: Row) -> bool:
        value = _single(row.get(found[3], []))
        row[found[5]] = [] if value is None else by_value.get(value, [])
        return True

    return look_up


def _command(text: str, tables: Mapping[str, list[dict[str, str]]]) -> Step:
    name, _, rest = text.partition(" ")
    if (made := command_on_tables(name, rest)) is not None:
        return made
    if name == "lookup":
        return filtering(_lookup(rest, tables))
    if name == "where":
        condition = _Parser(rest).whole()
        return filtering(lambda row: _boolean(condition(row)))
    if name == "eval" and (found := re.match(r"([A-Za-z_]\w*)=", rest)):
        expression, target = _Parser(rest[found.end() :]).whole(), found[1]

        def assign(row: Row) -> bool:
            value = expression(row)
            if isinstance(value, bool):
                raise QueryError("eval assigns no boolean")
            row[target] = value if isinstance(value, list) else [] if value is None else [value]
            return True

        return filtering(assign)
    raise QueryError(f"no command {name!r}")


Expression = Callable[[Row], Any]


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise QueryError(f"no boolean: {value!r}")
    return value


def _booleans(parts: list[Expression], row: Row) -> list[bool]:
    """Of all parts, so that none hides an error behind another."""
    return [_boolean(part(row)) for part in parts]


def _single(value: Any) -> str | None:
    """The one value of a field; functions of one value are not defined for several."""
    if isinstance(value, list):
        if len(value) > 1:
            raise QueryError("a function of one value gets several")
        return value[0] if value else None
    if value is None or isinstance(value, str):
        return value
    raise QueryError(f"no text: {value!r}")


class _Parser(Words):
    """``OR`` below ``AND`` below ``NOT`` below comparisons, as for eval expressions."""

    pattern = _TOKEN

    def whole(self) -> Expression:
        """The expression, to the last token."""
        found = self.either()
        self.ended("an expression")
        return found

    def either(self) -> Expression:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        if len(parts) == 1:
            return parts[0]
        return lambda row: any(_booleans(parts, row))

    def both(self) -> Expression:
        parts = [self.negated()]
        while self.take("AND"):
            parts.append(self.negated())
        if len(parts) == 1:
            return parts[0]
        return lambda row: all(_booleans(parts, row))

    def negated(self) -> Expression:
        if self.take("NOT"):
            inner = self.negated()
            return lambda row: not _boolean(inner(row))
        return self.compared()

    def compared(self) -> Expression:
        left = self.sum()
        for sign, operator in _OPERATORS.items():
            if self.take(sign):
                right = self.sum()
                return lambda row: operator(_number(left(row)), _number(right(row)))
        return left

    def sum(self) -> Expression:
        found = self.atom()
        while sign := next((each for each in _ARITHMETIC if self.take(each)), None):
            found = self._reckoned(found, _ARITHMETIC[sign], self.atom())
        return found

    def _reckoned(
        self, left: Expression, operator: Callable[[float, float], float], right: Expression
    ) -> Expression:
        return lambda row: operator(_number(left(row)), _number(right(row)))

    def atom(self) -> Expression:
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        if self.at >= len(self.tokens):
            raise QueryError("the expression ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        match kind:
            case "string":
                value = unescaped(text[1:-1])
                return lambda _row: value
            case "number":
                number = float(text)
                return lambda _row: number
            case "field":
                return lambda row: row.get(text[1:-1], [])
            case "name" if self.take("("):
                return self.call(text)
            case "name" if "." not in text and "{" not in text:
                return lambda row: row.get(text, [])
        raise QueryError(f"{text!r} stands where a value should")

    def call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        if not self.take(")"):
            arguments.append(self.either())
            while self.take(","):
                arguments.append(self.either())
            self.need(")")
        if name == "mvfilter" and len(arguments) == 1:
            return self.filtered(arguments[0])
        function = _FUNCTIONS.get((name, len(arguments)))
        if function is None:
            raise QueryError(f"no function {name} of {len(arguments)}")
        return lambda row: function(*(argument(row) for argument in arguments))

    def filtered(self, predicate: Expression) -> Expression:
        """``mvfilter``: the values of the one field in the predicate for which it is true."""
        names = {text.strip("'") for kind, text in self._fields_before()}
        if len(names) != 1:
            raise QueryError(f"mvfilter is about one field, not {sorted(names)}")
        (name,) = names

        def kept(row: Row) -> Values | None:
            return [v for v in row.get(name, []) if _boolean(predicate({name: [v]}))] or None

        return kept

    def _fields_before(self) -> Iterator[tuple[str, str]]:
        start = max(i for i in range(self.at) if self.tokens[i][1] == "mvfilter")
        for place in range(start + 2, self.at):
            kind, text = self.tokens[place]
            called = self.tokens[place + 1 : place + 2] == [("sign", "(")]
            if kind == "field" or (kind == "name" and not called and text not in _WORDS):
                yield kind, text


_WORDS = {"AND", "OR", "NOT"}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


#: One kind at a time is written, so that none goes before another.
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "*": lambda a, b: a * b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
}


def unescaped(text: str) -> str:
    """A string of SPL: nothing is written for which the answer is not the text itself."""
    if re.search(r'\\["\\]', text):
        raise QueryError("a backslash before a quote or a backslash")
    return text


def _number(value: Any) -> float:
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if not isinstance(value, float):
        raise QueryError(f"no number: {value!r}")
    return value


def _match(subject: Any, pattern: Any) -> bool | None:
    text = _single(subject)
    if text is None:
        return None
    return _expression(str(pattern)).search(text) is not None


@cache
def _expression(source: str) -> re.Pattern[str]:
    try:
        return re.compile(source.replace(r"\z", r"\Z"))
    except re.error as error:
        raise QueryError(f"no expression: {source!r}") from error


def _lower(value: Any) -> str | None:
    """In small letters; whether also beyond ASCII is not said, and no row depends on it."""
    text = _single(value)
    return None if text is None else text.lower()


def _to_number(value: Any) -> float | None:
    text = _single(value)
    if text is None or not re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text):
        return None  # what else it reads is not documented
    return float(text)


def _json_extract(document: Any, path: Any) -> str | None:
    """The value at a path, a list or an object as JSON; NULL where there is none."""
    text = _single(document)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    for part in str(path).split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return _as_value(value)


def _json_array_to_mv(array: Any) -> list[str] | None:
    text = _single(array)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, list):
        return None
    return [_as_value(item) for item in value]


def _as_value(value: Any) -> str:
    """A scalar as its text, a list or an object as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return text_of(value)


def _mvfind(values: Any, pattern: Any) -> float | None:
    found = [values] if isinstance(values, str) else values or []
    return next((float(n) for n, each in enumerate(found) if _match(each, pattern)), None)


def _chosen(condition: Any, then: Any, otherwise: Any) -> Any:
    return then if _boolean(condition) else otherwise


_FUNCTIONS: dict[tuple[str, int], Callable[..., Any]] = {
    ("match", 2): _match,
    ("lower", 1): _lower,
    ("isnull", 1): lambda value: value is None or value == [],
    ("isnotnull", 1): lambda value: value is not None and value != [],
    ("coalesce", 2): lambda one, other: other if one is None or one == [] else one,
    ("tonumber", 1): _to_number,
    ("json_extract", 2): _json_extract,
    ("mvfind", 2): _mvfind,
    ("json_array_to_mv", 1): _json_array_to_mv,
    ("if", 3): _chosen,
    ("round", 1): lambda value: float(floor(_number(value) + 0.5)),
    ("null", 0): lambda: None,
    ("true", 0): lambda: True,
    ("false", 0): lambda: False,
}
