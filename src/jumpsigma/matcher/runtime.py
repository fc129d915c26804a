"""What generated matchers call: fields of an event, and tests on their values.

Standard library only, and no import of ours: ``compile -t python`` writes this file into the
modules that it makes. Everything here is the faster twin of ``jumpsigma.interpret``; the numbers
S... are those of ``docs/reference/semantics.md``.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, ClassVar

Check = Callable[[Any], bool]
Path = tuple[str, ...]

ABSENT: Any = object()  # an element of a list that is not there (S254)
MANY, ONE = None, True  # the wildcards in a pattern's pieces

#: Slots of every event: its values with their paths, their texts as one, as they are, its time.
LEAVES, FOLDED, CASED, TIME = range(4)
#: Stands between the texts of an event where they are searched as one.
SEPARATOR = "\0"

_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# --- fields (S201-S205) ---------------------------------------------------------------------


def values(event: Any, path: Path) -> list[Any]:
    """The values of a field, lists opened; empty when it is missing."""
    if len(path) == 1 and type(event) is dict:  # nearly every field of nearly every event
        value = event.get(path[0], ABSENT)
        if type(value) is not list:
            return [] if value is ABSENT else [value]
    found = ends(event, path)
    for value in found:
        if isinstance(value, list):
            return flatten(found)
    return found


def ends(node: Any, path: Path) -> list[Any]:
    """What stands at the end of a path, before lists there are opened."""
    if isinstance(node, dict):
        for key, rest in _cuts(path):
            if key in node:
                found = ends(node[key], rest) if rest else [node[key]]
                if found:
                    return found
        return []
    if isinstance(node, list):
        return [end for item in flatten(node) for end in ends(item, path)]
    return []


@lru_cache(maxsize=4096)
def _cuts(path: Path) -> tuple[tuple[str, Path], ...]:
    """The keys that a path can begin with, the longest first, each with what is left of it."""
    return tuple((".".join(path[:cut]), path[cut:]) for cut in range(len(path), 0, -1))


def flatten(nodes: Sequence[Any]) -> list[Any]:
    """The elements of nested lists in order; not recursive, lists may nest deeply."""
    flat: list[Any] = []
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(reversed(node))
        else:
            flat.append(node)
    return flat


def elements(event: Any, path: Path, name: str | None) -> list[Any]:
    """The objects of a list whose ``field`` is ``name`` (lower case), or an absent one (S254)."""
    found = [item for item in values(event, path) if isinstance(item, dict)]
    if name is not None:
        found = [item for item in found if name in folded(values(item, ("field",)))]
    return found or [ABSENT]


def itself(element: Any) -> list[Any]:
    """The element as the value of the empty path (S255)."""
    return [] if element is ABSENT else [element]


def leaves(event: Any) -> list[tuple[str, Any]]:
    """Every value of the event with its path, in the order of the event (S451)."""
    found: list[tuple[str, Any]] = []
    stack: list[tuple[str, Any]] = [("", event)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            items = [(f"{path}.{key}" if path else str(key), item) for key, item in node.items()]
            stack.extend(reversed(items))
        elif isinstance(node, list):
            stack.extend((path, item) for item in reversed(node))
        else:
            found.append((path, node))
    return found


# --- texts (S104, S301-S306) ----------------------------------------------------------------


def text_of(value: Any) -> str | None:
    """The text of a JSON value, None where it has none."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        if math.isfinite(value):
            return repr(value)
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return None


def folded(found: Iterable[Any]) -> list[str]:
    """The texts of values in lower case."""
    if type(found) is list:
        if not found:
            return []
        if len(found) == 1 and type(found[0]) is str:
            return [found[0].lower()]
    return [
        value.lower() if type(value) is str else text.lower()
        for value in found
        if (text := value if type(value) is str else text_of(value)) is not None
    ]


def texts(found: Iterable[Any]) -> list[str]:
    """The texts of values as they are."""
    return [text for value in found if (text := text_of(value)) is not None]


class Texts:  # noqa: PLW1641 - equal to every one of its texts, so without a hash
    """The texts of a field that has none, or several: asked as if they were one.

    In nearly every event a field has one value; then its ``str`` stands in the place of this, and
    a test costs one operation on it. What is asked holds when it holds for any of the texts.
    """

    __slots__ = ("texts",)

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.texts = texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __eq__(self, word: object) -> bool:
        return word in self.texts

    def __contains__(self, part: str) -> bool:
        return any(part in text for text in self.texts)

    def startswith(self, heads: str | tuple[str, ...]) -> bool:
        """Whether a text begins with one of the heads."""
        return any(text.startswith(heads) for text in self.texts)

    def endswith(self, tails: str | tuple[str, ...]) -> bool:
        """Whether a text ends with one of the tails."""
        return any(text.endswith(tails) for text in self.texts)


_NO_TEXT = Texts()


def as_one(found: list[str]) -> str | Texts:
    """What to ask tests for texts of."""
    return found[0] if len(found) == 1 else Texts(found)


def one_of(found: str | Texts, words: frozenset[str]) -> bool:
    """Whether a text is one of many words."""
    return found in words if isinstance(found, str) else not words.isdisjoint(found)


def searcher(parts: tuple[str, ...]) -> Callable[[str | Texts], bool]:
    """A check whether a text contains one of many parts; where there is RE2, it takes this over."""
    return lambda found: contains(found, parts)


def contains(found: str | Texts, parts: tuple[str, ...]) -> bool:
    """Whether a text contains one of the parts."""
    for part in parts:  # noqa: SIM110 - a generator would take twice the time
        if part in found:
            return True
    return False


_LOOKS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda text, part: text == part,
    "starts": str.startswith,
    "finishes": str.endswith,
    "contains": lambda text, part: part in text,
}


def wanted(kind: str, parts: tuple[str, ...], cased: bool) -> Callable[[list[Any]], list[Any]]:  # noqa: FBT001
    """What notes the values that satisfy one of several texts, in the order of the texts."""
    look = _LOOKS[kind]
    words = parts if cased else tuple(part.lower() for part in parts)

    def hits(found: list[Any]) -> list[Any]:
        known = [(text, value) for value in found if (text := text_of(value)) is not None]
        if not cased:
            known = [(text.lower(), value) for text, value in known]
        return [value for word in words for text, value in known if look(text, word)]

    return hits


def pattern(pieces: tuple[str | bool | None, ...], cased: bool = False) -> Check:  # noqa: FBT001, FBT002
    """A check for text with wildcards: :data:`MANY` and :data:`ONE` between literal pieces."""
    runs: list[list[str | bool]] = [[]]
    for piece in pieces:
        if piece is MANY:
            runs.append([])
        elif piece is ONE:
            runs[-1].append(ONE)
        else:
            runs[-1].extend(str(piece) if cased else str(piece).lower())
    first, middle, last = runs[0], runs[1:-1], runs[-1]

    def check(value: Any) -> bool:
        text = text_of(value)
        if text is None:
            return False
        if not cased:
            text = text.lower()
        if len(runs) == 1:
            return len(text) == len(first) and _fits(first, text, 0)
        end = len(text) - len(last)
        if end < len(first) or not _fits(first, text, 0) or not _fits(last, text, end):
            return False
        start = len(first)
        for run in middle:
            start = _find(run, text, start, end)
            if start < 0:
                return False
            start += len(run)
        return True

    return check


def _fits(run: list[str | bool], text: str, at: int) -> bool:
    return all(char is ONE or text[at + i] == char for i, char in enumerate(run))


def _find(run: list[str | bool], text: str, start: int, end: int) -> int:
    if ONE not in run:
        return text.find("".join(map(str, run)), start, end)
    spots = range(start, end - len(run) + 1)
    return next((at for at in spots if _fits(run, text, at)), -1)


# --- other values (S351-S365, S408) ---------------------------------------------------------


def number(wanted: float) -> Check:
    """A check for a number, or its decimal text."""
    text = text_of(wanted)

    def check(value: Any) -> bool:
        kind = type(value)
        return bool(value == text) if kind is str else kind in (int, float) and value == wanted

    return check


def boolean(wanted: bool) -> Check:  # noqa: FBT001
    """A check for a boolean, or its name in any case."""
    text = text_of(wanted)
    return lambda value: value.lower() == text if type(value) is str else value is wanted


def replaced_surrogates(text: str) -> str:
    """The text as RE2 sees it: no lone surrogates (S364)."""
    return _SURROGATE.sub("\ufffd", text)


def regex(search: Callable[[str], Any]) -> Check:
    """A check for text in which a compiled expression finds something."""

    def check(value: Any) -> bool:
        text = text_of(value)
        return text is not None and bool(search(replaced_surrogates(text)))

    return check


def network(cidr: str) -> Check:
    """A check for an address inside a network."""
    inside = ipaddress.ip_network(cidr)
    first, mask = int(inside.network_address), int(inside.netmask)
    version = 0 if inside.version == 4 else 1

    def check(value: Any) -> bool:
        if type(value) is not str:
            return False
        number = (_numbers if len(value) <= LONGEST_ADDRESS else _numbers.__wrapped__)(value)[
            version
        ]
        return number is not None and number & mask == first

    return check


#: An address with a scope can be as long as an event; longer ones are not kept.
LONGEST_ADDRESS = 64


@lru_cache(maxsize=8192)  # the same few addresses come again and again, and in several fields
def _numbers(text: str) -> tuple[int | None, int | None]:
    """The address that a text is as IPv4 and as IPv6, where it is one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None, None
    if isinstance(address, ipaddress.IPv4Address):
        return int(address), None
    mapped = address.ipv4_mapped
    return None if mapped is None else int(mapped), int(address)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda left, right: left == right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
}


def compare(op: str, wanted: float) -> Check:
    """A check for a number, or the text of one, that is less or greater."""
    holds = _COMPARE[op]

    def check(value: Any) -> bool:
        found = number_of(value)
        return found is not None and holds(found, wanted)

    return check


def number_of(value: Any) -> float | None:
    """The number that a JSON number or a decimal string is, else None."""
    kind = type(value)
    if kind is str and _DECIMAL.fullmatch(value):
        whole = value.lstrip("+-").isdigit() and len(value) < 40
        return int(value) if whole else float(value)
    return value if kind is int or (kind is float and not math.isnan(value)) else None


def time_part(unit: str, op: str, wanted: float) -> Check:
    """A check for a part of a time in UTC."""
    holds = _COMPARE[op]

    def check(value: Any) -> bool:
        moment = moment_of(value)
        if moment is None:
            return False
        part = moment.isocalendar().week if unit == "week" else getattr(moment, unit)
        return holds(part, wanted)

    return check


def moment_of(value: Any) -> datetime | None:
    """The moment that an RFC 3339 text or a Unix time is, in UTC."""
    try:
        if type(value) in (int, float):
            milliseconds = abs(value) >= 100_000_000_000
            return _EPOCH + timedelta(seconds=value / 1000 if milliseconds else value)
        found = _TIME.fullmatch(value) if type(value) is str else None
        if found is None:
            return None
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        zone = UTC
        if found[9]:
            offset = timedelta(hours=int(found[10]), minutes=int(found[11]))
            zone = timezone(offset if found[9] == "+" else -offset)
        micro = int((found[7] or "0")[:6].ljust(6, "0"))
        moment = datetime(year, month, day, hour, minute, min(second, 59), micro, tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


#: Where events have their time (S703).
TIME_PATHS: tuple[Path, ...] = (
    ("timestamp",),
    ("@timestamp",),
    ("UtcTime",),
    ("TimeCreated",),
    ("time",),
)


def event_time(event: Any) -> datetime | None:
    """The time of an event, in UTC; None where no field of S703 holds one (S477)."""
    moments = (moment_of(value) for path in TIME_PATHS for value in values(event, path))
    return next((moment for moment in moments if moment is not None), None)


def referring(found: list[Any], others: list[Any], how: str, cased: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
    """The values that equal, begin with, end with or contain a value of another field."""
    return [value for value in found if any(_refers(value, o, how, cased) for o in others)]


def _refers(value: Any, other: Any, how: str, cased: bool) -> bool:  # noqa: FBT001
    left, right = text_of(value), text_of(other)
    if left is None or right is None:
        return False
    if not cased:
        left, right = left.lower(), right.lower()
    if how == "equals":
        if type(value) in (int, float) and type(other) in (int, float):
            return bool(value == other)
        return left == right
    if how == "startswith":
        return left.startswith(right)
    return left.endswith(right) if how == "endswith" else right in left


# --- what satisfied a rule (S702) -----------------------------------------------------------


def add(found: dict[str, list[Any]], path: str, hits: Iterable[Any]) -> None:
    """Note values that satisfied a test, each once."""
    known = found.setdefault(path, [])
    for hit in hits:
        if not any(type(hit) is type(value) and hit == value for value in known):
            known.append(hit)
    if not known:
        del found[path]


def first(check: Callable[[Any, Holding], bool], candidates: list[Any], memo: Holding) -> Any:
    """The first candidate that passes; there is one."""
    return next(candidate for candidate in candidates if check(candidate, memo))


# --- what is found out about an event -------------------------------------------------------


class Holding(dict[int, Any]):
    """The rules that hold on an event, and by slot what was found out about it on the way.

    Each slot is filled when it is first read; so what is asked next costs less. ``numbers`` are
    those of the rules, in order.
    """

    __slots__ = ("event", "numbers")
    event: Any
    numbers: list[int]
    #: What fills the slots, by number.
    makers: ClassVar[Mapping[int, Maker]]

    def __missing__(self, slot: int) -> Any:
        found = self[slot] = self.makers[slot](self)
        return found


Maker = Callable[[Holding], Any]


def values_at(path: Path) -> Maker:
    """Makes the values of a field."""
    return lambda memo: values(memo.event, path)


def folded_at(path: Path) -> Maker:
    """Makes the texts of a field in lower case, as a list."""
    return lambda memo: folded(values(memo.event, path))


def text_at(path: Path) -> Maker:
    """Makes the texts of a field in lower case, as one."""
    if len(path) > 1:
        return lambda memo: as_one(folded(values(memo.event, path)))
    key = path[0]

    def text(memo: Holding) -> str | Texts:
        value = memo.event.get(key)
        if type(value) is str:
            return value.lower()
        return _NO_TEXT if value is None else as_one(folded(values(memo.event, path)))

    return text


def cased_at(path: Path) -> Maker:
    """Makes the texts of a field as they are, as one."""
    return lambda memo: as_one(texts(values(memo.event, path)))


#: What fills the slots of every event.
MAKERS: dict[int, Maker] = {
    LEAVES: lambda memo: leaves(memo.event),
    # The case of a letter depends on those beside it at most, and the separator is no letter.
    FOLDED: lambda memo: memo[CASED].lower(),
    CASED: lambda memo: SEPARATOR.join(_all_texts(memo.event)),
    TIME: lambda memo: event_time(memo.event),
}


def _all_texts(event: Any) -> list[str]:
    """The texts of all values of an event, in no order."""
    found: list[str] = []
    waiting = [event]
    for node in waiting:  # it grows on the way
        inner = node.values() if isinstance(node, dict) else node
        for value in inner:
            if type(value) is str:
                found.append(value)
            elif isinstance(value, dict | list):
                waiting.append(value)
            elif (text := text_of(value)) is not None:
                found.append(text)
    return found


def never(memo: Holding) -> bool:
    """The condition of a rule that cannot hold, its lists being empty."""
    del memo
    return False


# --- which rules an event could satisfy -----------------------------------------------------

Numbers = tuple[int, ...]
#: By a key of the event: rules that need it, and by the texts in a slot those that need one.
Gates = dict[str, tuple[tuple[Numbers, int, dict[str, Numbers]], ...]]


def awake(idle: frozenset[int], always: Numbers, gates: Gates) -> tuple[Numbers, Gates]:
    """The tables without rules that cannot hold."""

    def kept(numbers: Numbers) -> Numbers:
        return tuple(number for number in numbers if number not in idle)

    left: Gates = {}
    for key, tables in gates.items():
        pairs = [
            (kept(numbers), slot, {t: n for t, found in table.items() if (n := kept(found))})
            for numbers, slot, table in tables
        ]
        if some := tuple(each for each in pairs if each[0] or each[2]):
            left[key] = some
    return kept(always), left
