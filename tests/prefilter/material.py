"""Rules and events that a prefilter over bytes finds hard, and events made to satisfy the rules.

Rules come as expressions of the IR, from a vocabulary of names and texts in which everything that
JSON may escape and everything that folds into ASCII occurs; and as detections in Sigma's words,
for the modifiers that are expanded before there is an expression.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random
from typing import Any, assert_never

from hypothesis import strategies as st
from sigma.rule import SigmaDetection
from strategies import expressions
from values import candidates

from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    LogSource,
    Network,
    Not,
    Null,
    Number,
    Or,
    Placeholder,
    Regex,
    RuleIR,
    Selection,
    Test,
    Text,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import escape
from jumpsigma.lower.detections import lower_detection

Event = dict[str, Any]

MANY, ONE = Wildcard.MANY, Wildcard.ONE

FIELDS = (
    "event_type",
    "service",
    "CommandLine",
    "user.name",
    "a.b.c",
    "@version",
    "n",
    "x-y/z",
    "stra\u00dfe",
    'q"\\',
    "to",
)

FOLDED = ("o\u212a", "\u0130stanbul", "i\u0307s", "\u017fecret", "\u0131d")
"""Letters beyond ASCII whose lower case is ASCII, or that expressions take for it."""

WORDS = (
    *FOLDED,
    "user_lockout",
    "powershell.exe",
    " -EncodedCommand ",
    "C:\\Windows\\Temp\\",
    "https://example.com/a?b=c&d=<e>",
    'say "hi"',
    "line\r\n\tend",
    "\x00nul\x1f\x7f",
    "ok",
    "Stra\u00dfe",
    "na\u00efve-cmd",
    "\u65e5\u672c\u8a9e.exe",
    "\U0001f600tail",
    "\U00010400\U00010428",
    "\u0391\u03a3",
    "\udfffhalf",
    "\ufeffbom\u2028",
    "it's `a+b`",
    "a*b?c\\",
    "e",
    "",
    " ",
    "fin",
    "Infinity",
    "NaN",
    "nan",
    "true",
    "False",
    "null",
    "1",
    "-0",
    "00",
    "1.0",
    "100.0",
    "1e+22",
    "4688",
    "12345678901234567890",
    "192.0.2.7",
    "2001:db8::1",
    "{}",
    "\\u0041",
    '","to":"',
    "event_type",
)
_NUMBERS = (0, 1, -1, 100, 4688, 1.0, -0.0, 0.5, 1e2, 1e3, 1e22, 1.5e300, 2**63, 2.0**64, 1e-7)
_TIMES = ("2024-02-29T23:59:59Z", "2024-12-30 01:30:00+02:00", 1_700_000_000, 1_700_000_000_000)
_NETWORKS = ("192.0.2.0/24", "192.0.2.7/32", "0.0.0.0/0", "2001:db8::/32", "::ffff:c000:200/120")
_NAMES = (None, "totp_enabled", "o\u212a", "true", "1", "")
LISTS = {
    "none": [],
    "one": ["powershell.exe"],
    "many": ["o\u212a", "192.0.2.0/24", "100.0", 'say "hi"', "na\u00efve"],
}

_SCALARS: tuple[Any, ...] = (
    *WORDS[len(FOLDED) :],
    *_NUMBERS,
    *_TIMES,
    *(True, False, None),
    *(float("inf"), float("-inf"), float("nan")),
)

# What lowers to other letters than it shows, the other way round.
_UNFOLDED = {"k": "\u212a", "\u00e5": "\u212b", "\u00df": "\u1e9e", "\u03c3": "\u03a3"}


@cache
def words() -> st.SearchStrategy[str]:
    """A text of the vocabulary, in either case, or a piece of one."""
    whole = st.sampled_from(WORDS)
    pieces = st.tuples(whole, st.integers(0, 4), st.integers(1, 6)).map(
        lambda cut: cut[0][cut[1] : cut[1] + cut[2]]
    )
    return whole | pieces | whole.map(str.upper) | whole.map(str.lower)


@cache
def _texts() -> st.SearchStrategy[Text]:
    word = words().filter(bool)
    shapes = st.one_of(
        words().map(lambda w: (w,) if w else ()),
        word.map(lambda w: (MANY, w, MANY)),
        word.map(lambda w: (w, MANY)),
        word.map(lambda w: (MANY, w)),
        st.tuples(word, st.just(ONE), word),
        st.tuples(st.just(MANY), word, st.just(MANY), word, st.just(MANY)),
        st.sampled_from(((MANY,), (ONE,), (ONE, MANY), (MANY, ONE, MANY))),
        st.sampled_from(tuple(LISTS)).map(lambda name: (Placeholder(name),)),
        st.tuples(st.just(MANY), st.builds(Placeholder, st.sampled_from(tuple(LISTS)))),
    )
    return st.builds(Text, shapes, st.booleans())


@cache
def _regexes() -> st.SearchStrategy[Regex]:
    literal = words().filter(lambda word: not any(map(_is_surrogate, word))).map(escape)
    classes = st.sampled_from((".", "\\d+", "[a-k]", "[^x]", "\\w*", "(?:ok|e)", "x?", "\\b", "$"))
    source = st.one_of(
        literal,
        st.tuples(literal, classes, literal).map("".join),
        st.tuples(literal, literal).map("|".join),
        st.tuples(classes, literal).map("".join),
        literal.map(lambda each: f"(?i){each}"),
        literal.map(lambda each: f"(?:{each}){{0,2}}" if each else each),
        literal.map(lambda each: f"^{each}$"),
        st.sampled_from(("", "^$", "[kK]", "\u212a", "^.{4}$", "(?i:k)", "\\x41")),
    )
    flag = st.booleans()
    return st.builds(Regex, source.map(lambda s: (s,)), flag, flag, flag, flag, flag)


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


@cache
def _anywhere() -> st.SearchStrategy[Text | Number | Boolean | Regex | Network]:
    return st.one_of(
        _texts(),
        _texts(),
        _regexes(),
        st.builds(Number, st.sampled_from(_NUMBERS)),
        st.builds(Boolean, st.booleans()),
        st.builds(Network, st.sampled_from((*_NETWORKS, Placeholder("many")))),
    )


@cache
def _values(fields: tuple[str, ...]) -> st.SearchStrategy[Value]:
    compared = st.sampled_from(("lt", "lte", "gt", "gte"))
    unit = st.sampled_from(("minute", "hour", "day", "week", "month", "year"))
    how = st.sampled_from(("equals", "startswith", "endswith", "contains"))
    return st.one_of(
        _anywhere(),
        _anywhere(),
        _anywhere(),
        st.just(Null()),
        st.builds(Exists, st.booleans()),
        st.builds(Compare, compared, st.sampled_from(_NUMBERS)),
        st.builds(TimePart, unit, compared | st.just("eq"), st.sampled_from((1, 9, 23, 2024))),
        st.builds(FieldRef, st.sampled_from(fields), how, st.booleans()),
    )


@st.composite
def _tests(draw: st.DrawFn, fields: tuple[str, ...]) -> Expr:
    return Test(draw(st.sampled_from(fields)), draw(_values(fields)))


def _branches(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    items = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, items),
        st.builds(And, items),
        st.builds(Or, items),
        st.builds(Not, inner),
        st.builds(Selection, st.just("selection"), inner),
    )


@cache
def hard_expressions() -> st.SearchStrategy[Expr]:
    """Conditions over the hard vocabulary."""
    tests = _tests(FIELDS)
    leaves = st.one_of(tests, tests, tests, _elements(), _keywords())
    return st.recursive(leaves, _branches, max_leaves=5)


@st.composite
def _elements(draw: st.DrawFn) -> Expr:
    field = draw(st.sampled_from(("changes", "a.b")))
    return Element(field, draw(st.sampled_from(_NAMES)), draw(_within()))


@cache
def _within() -> st.SearchStrategy[Expr]:
    return st.recursive(_tests(("", "field", "from", "to")), _branches, max_leaves=3)


@st.composite
def _keywords(draw: st.DrawFn) -> Expr:
    return Keyword(draw(_anywhere()))


_ENCODABLE = st.sampled_from(("powershell.exe", "C:\\a", "na\u00efve", 'say "hi"', "xy", "-x /y"))
_MODIFIERS: dict[str, st.SearchStrategy[Any]] = {
    "windash": st.sampled_from((" -enc", "/c -x", "-\u00e9", "a -b")),
    "windash|contains": st.sampled_from((" -enc", " /k", "-x")),
    "base64": _ENCODABLE,
    "base64offset|contains": _ENCODABLE,
    "wide|base64offset|contains": _ENCODABLE.filter(str.isascii),
    "wide": st.sampled_from(("xy", "e")),
    "utf16be|contains": st.sampled_from(("xy", "e")),
    "utf16|base64|contains": _ENCODABLE.filter(str.isascii),
    "cased|startswith": st.sampled_from(("OK", "o\u212a", "C:\\\\W")),
    "re|i": st.sampled_from(("^ok$", "k", "\u017f", "power(shell|cat)\\.exe")),
    "contains|all": st.just(["e", "l", "x"]) | st.just(["\u212a", "\u0130"]),
    "expand": st.sampled_from(("%one%", "%many%", "%none%", "x%one%")),
    "contains|expand": st.sampled_from(("%one%", "-%many%", "%none%")),
    "neq": st.sampled_from(("ok", "", 1, True)),
    "exists": st.booleans(),
    "gte": st.sampled_from((0, 100, 1e22)),
    "hour|gt": st.integers(0, 23),
    "fieldref|startswith": st.sampled_from(FIELDS[:5]),
}


@st.composite
def sigma_expressions(draw: st.DrawFn) -> Expr:
    """Detections in Sigma's words: one or two fields with modifiers, perhaps with a negated one."""
    definition: dict[str, Any] = {}
    for field in draw(st.lists(st.sampled_from(FIELDS[:5]), min_size=1, max_size=2)):
        modifiers = draw(st.sampled_from(list(_MODIFIERS)))
        value = _MODIFIERS[modifiers]
        definition[f"{field}|{modifiers}"] = draw(value | st.lists(value, min_size=1, max_size=2))
    found = lower_detection(SigmaDetection.from_definition(_flat(definition)))
    return And((found, Not(draw(_tests(FIELDS))))) if draw(st.booleans()) else found


def _flat(definition: dict[str, Any]) -> dict[str, Any]:
    """Lists of lists opened: `contains|all` has lists for values."""
    return {
        key: [one for each in value for one in (each if isinstance(each, list) else [each])]
        if isinstance(value, list)
        else value
        for key, value in definition.items()
    }


@st.composite
def any_expressions(draw: st.DrawFn) -> Expr:
    """Conditions of every kind; those of the other property tests have names of one letter."""
    return draw(draw(st.sampled_from(_kinds())))


@cache
def _kinds() -> tuple[st.SearchStrategy[Expr], ...]:
    return hard_expressions(), hard_expressions(), sigma_expressions(), expressions()


def rule(expr: Expr, number: int = 0, mapping: str = "sigma") -> RuleIR:
    """A rule that can be told from others by its title."""
    return RuleIR(None, f"rule {number}", f"{number}.yml", LogSource(), mapping, expr)


def random_event(rng: Random) -> Event:
    """An event that has some of the fields, with values of the vocabulary."""
    event: Event = {}
    for field in rng.sample(FIELDS, rng.randint(0, 5)):
        _put(event, field, _random_value(rng), flat=rng.random() < 0.3)
    if rng.random() < 0.3:
        event["changes"] = [_random_change(rng) for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.1:
        event[str(rng.choice(_SCALARS))] = _random_value(rng)
    return event


def _random_value(rng: Random) -> Any:
    turn = rng.random()
    if turn < 0.02:
        return rng.choice(FOLDED)
    if turn < 0.1:
        return [_random_value(rng) for _ in range(rng.randint(0, 3))]
    if turn < 0.15:
        return {rng.choice(("b", "c", "x")): _random_value(rng)}
    if turn < 0.3:
        return f"{rng.choice(_SCALARS)}{rng.choice(_SCALARS)}".swapcase()
    return rng.choice(_SCALARS)


def _random_change(rng: Random) -> Any:
    if rng.random() < 0.1:
        return rng.choice(_SCALARS)
    name = rng.choice(("totp_enabled", "TOTP_enabled", "ok", True, 1, ""))
    change = {"field": name, "from": rng.choice(_SCALARS), "to": rng.choice(_SCALARS)}
    return {key: value for key, value in change.items() if rng.random() < 0.8}


def events_for(expr: Expr, rng: Random) -> Iterator[Event]:
    """Events that most often satisfy an expression: bare, amid others, disguised, nearly."""
    event: Event = {}
    _satisfy(expr, event, rng, want=True)
    yield event
    yield {**random_event(rng), **copy.deepcopy(event)}
    yield {key: _disguised(value, rng) for key, value in event.items()}
    yield {key: value for key, value in event.items() if rng.random() < 0.7}


def _satisfy(expr: Expr, event: Event, rng: Random, *, want: bool) -> None:
    """Put into an event what makes an expression true; for what is not wanted, nothing."""
    match expr:
        case And(items) | Or(items):
            chosen = items if isinstance(expr, And) is want else rng.sample(items, len(items))[:1]
            for item in chosen:
                _satisfy(item, event, rng, want=want)
        case Not(item):
            _satisfy(item, event, rng, want=not want)
        case Selection(item=item):
            _satisfy(item, event, rng, want=want)
        case Test(field, value):
            if want:
                _satisfy_test(field, value, event, rng)
        case Keyword(value):
            if want:
                event[f"key {len(event)}"] = _candidate(value, rng)
        case Element(field, name, item):
            element = {} if name is None else {"field": name}
            _satisfy(item, element, rng, want=want)
            before = event.get(field)
            event[field] = [*before, element] if isinstance(before, list) else [element]
        case _:
            assert_never(expr)


def _satisfy_test(field: str, value: Value, event: Event, rng: Random) -> None:
    if isinstance(value, FieldRef):
        shared = str(rng.choice(_SCALARS))
        _put(event, value.field, shared, flat=rng.random() < 0.3)
        _put(event, field, shared.upper(), flat=rng.random() < 0.3)
    elif value not in (Null(), Exists(False)):
        _put(event, field, _candidate(value, rng), flat=rng.random() < 0.3)


def _candidate(value: Value, rng: Random) -> Any:
    if isinstance(value, Network) and isinstance(value.cidr, Placeholder):
        return "192.0.2.7"
    return rng.choice([*islice(candidates([value], {}, LISTS, rng), 3), rng.choice(_SCALARS)])


def _disguised(value: Any, rng: Random) -> Any:
    """Mostly the same to a rule: other case, letters that lower to the same, in a list."""
    match value:
        case dict():
            return {key: _disguised(item, rng) for key, item in value.items()}
        case list():
            return [_disguised(item, rng) for item in value]
        case str() if rng.random() < 0.8:
            text = rng.choice((value.upper(), value.swapcase()))
            text = _unfolded(text) if rng.random() < 0.1 else text
            return rng.choice((text, text, [text], [[text], "x"], f"x{text}", f"{text}x"))
        case int() | float() if not isinstance(value, bool) and rng.random() < 0.5:
            return rng.choice((str(value), float(value), [value]))
        case _:
            return value


def _unfolded(text: str) -> str:
    return "".join(_UNFOLDED.get(character.lower(), character) for character in text)


def _put(event: Event, field: str, value: Any, *, flat: bool) -> None:
    *parents, last = [field] if flat else field.split(".")
    for parent in parents:
        inner = event.get(parent)
        if not isinstance(inner, dict):
            inner = event[parent] = {}
        event = inner
    event[last] = value
