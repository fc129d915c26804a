"""Events made to satisfy an expression, and changes of them that turn one leaf."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from reading import Leaf, Lists, Row, evaluate, judge, leaves_of, reader, reads
from values import MISSING, candidates

from jumpsigma.ir.nodes import (
    And,
    Element,
    Expr,
    FieldRef,
    Keyword,
    Not,
    Or,
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    Value,
)

#: The keys under which witnesses hold what keywords look for.
KEYWORD_KEY = "keyword_text_"
_ATTEMPTS = 80
Wanted = dict[Leaf, bool]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A witness changed so that ``leaf`` turns, and what the rule must then say.

    ``alone``: no other leaf turns. Otherwise ``leaf`` becomes the only true one on its field,
    which is how one of two exclusive values is put in the place of the other.
    """

    leaf: Leaf
    row: Row
    expected: bool
    alone: bool


def placeholder_lists(expr: Expr) -> dict[str, tuple[str, ...]]:
    """Some value for every placeholder."""
    names = {
        part.name
        for leaf in leaves_of(expr)
        if not isinstance(leaf, Element) and isinstance(leaf.value, Text | Regex)
        for part in leaf.value.parts
        if isinstance(part, Placeholder)
    }
    return {name: (f"listed-{name}",) for name in sorted(names)}


def witness(
    expr: Expr, lists: Lists, seed: str, *, want: bool = True, context: Row | None = None
) -> Row | None:
    """A row that the expression is true (or false) of; None where none was found."""
    rng = random.Random(seed)
    for attempt in range(_ATTEMPTS):
        wanted = _merged(_assignment(expr, want, rng, first=attempt == 0))
        row = None if wanted is None else _build(wanted, lists, rng, dict(context or {}))
        if row is not None and judge(expr, row, lists) is want:
            return row
    return None


def _assignment(
    expr: Expr, want: bool, rng: random.Random, *, first: bool
) -> Iterator[tuple[Leaf, bool]]:
    """Leaves that together decide the expression; alternatives are chosen at random."""
    match expr:
        case And(items) | Or(items) if isinstance(expr, And) is want:
            for item in items:
                yield from _assignment(item, want, rng, first=first)
        case And(items) | Or(items):
            if items:
                chosen = items[0] if first else rng.choice(items)
                yield from _assignment(chosen, want, rng, first=first)
        case Not(item):
            yield from _assignment(item, not want, rng, first=first)
        case Selection(item=item):
            yield from _assignment(item, want, rng, first=first)
        case _:
            yield expr, want


def _merged(assignment: Iterable[tuple[Leaf, bool]]) -> Wanted | None:
    wanted: Wanted = {}
    for leaf, want in assignment:
        if wanted.setdefault(leaf, want) is not want:
            return None
    return wanted


def _build(wanted: Wanted, lists: Lists, rng: random.Random, row: Row) -> Row | None:
    elements = _of_kind(Element, wanted)
    for name in dict.fromkeys(map(_field_of, elements)):
        here = {each: want for each, want in elements.items() if _field_of(each) == name}
        _set_list(row, name, here, lists, rng)
    # Fields that others refer to come first, so that there is something to equal.
    tests = _of_kind(Test, wanted)
    for field in dict.fromkeys([*filter(None, map(_referred, tests)), *map(_field_of, tests)]):
        here = {leaf: want for leaf, want in tests.items() if _field_of(leaf) == field}
        if not _set_field(row, field, here, lists, rng):
            return None
    _set_keywords(row, _of_kind(Keyword, wanted), lists, rng)
    return row


def _field_of(leaf: Leaf) -> str:
    return "" if isinstance(leaf, Keyword) else leaf.field


def _referred(leaf: Leaf) -> str | None:
    """The field that a field reference is to."""
    match leaf:
        case Test(value=FieldRef(field)):
            return field
        case _:
            return None


def _of_kind(kind: type[Leaf], wanted: Wanted) -> Wanted:
    return {leaf: want for leaf, want in wanted.items() if isinstance(leaf, kind)}


def _set_field(row: Row, field: str, wanted: Wanted, lists: Lists, rng: random.Random) -> bool:
    """Give a field a value that makes its leaves as wanted; False where none was found."""
    positive = [leaf for leaf, want in wanted.items() if want]
    must = [reader(leaf, lists) for leaf in positive]
    must_not = [reader(leaf, lists) for leaf, want in wanted.items() if not want]
    values = [leaf.value for leaf in positive if isinstance(leaf, Test) and leaf.field == field]
    # A field that others refer to may follow them, too.
    values += [FieldRef(_field_of(leaf)) for leaf in positive if _referred(leaf) == field]
    before = row.get(field, MISSING)
    for value in chain(candidates(values, row, lists, rng), _several(values, row, lists, rng)):
        _put(row, field, value)
        if all(test(row) for test in must) and not any(test(row) for test in must_not):
            return True
    _put(row, field, before)
    return False


def _several(
    values: Sequence[Value], row: Row, lists: Lists, rng: random.Random
) -> Iterator[tuple[Any, ...]]:
    """A list of values, one for each test, where no single value satisfies them all (S206)."""
    if len(values) > 1:
        yield tuple(next(iter(candidates([value], row, lists, rng))) for value in values)


def _put(row: Row, key: str, value: Any) -> None:
    if value is MISSING:
        row.pop(key, None)
    else:
        row[key] = value


def _set_keywords(row: Row, wanted: Wanted, lists: Lists, rng: random.Random) -> None:
    """Write every wanted keyword under a key of its own, where no field holds it already."""
    for key in [key for key in row if key.startswith(KEYWORD_KEY)]:
        del row[key]
    for number, (leaf, want) in enumerate(wanted.items()):
        if not (want and isinstance(leaf, Keyword)) or reads(leaf, row, lists):
            continue
        for value in candidates([leaf.value], row, lists, rng):
            _put(row, f"{KEYWORD_KEY}{number}", value)
            if not any(reads(each, row, lists) for each, w in wanted.items() if not w):
                break


def _set_list(row: Row, name: str, wanted: Wanted, lists: Lists, rng: random.Random) -> None:
    elements: list[Row] = []
    for leaf, want in wanted.items():
        assert isinstance(leaf, Element)
        if not want and not reads(leaf, {}, lists):
            continue
        named = {} if leaf.name is None else {"field": leaf.name}
        made = witness(leaf.item, lists, str(rng.random()), want=want, context=named)
        if made is not None:
            elements.append(made)
    row.pop(name, None)
    if elements:
        row[name] = elements


def mutations(
    expr: Expr, row: Row, truths: Wanted, lists: Lists, *, seed: str, most: int
) -> Iterator[Mutation]:
    """For up to ``most`` leaves, the row changed so that the leaf turns.

    ``truths`` is how the leaves were judged on the row; ``expected`` is the Boolean value of the
    expression with the leaf turned. Where only a list of values turns it alone, a second mutation
    puts its value in the place of the others. A leaf that cannot be turned gives nothing: no
    value ends with ``\\cmd.exe`` and does not end with ``cmd.exe``.
    """
    rng = random.Random(seed)
    leaves = list(truths)
    if len(leaves) > most:
        leaves = leaves[:: -(-len(leaves) // most)]
    for leaf in leaves:
        alone = {other: truths[other] for other in _touched(leaf, truths)} | {
            leaf: not truths[leaf]
        }
        instead = {**dict.fromkeys(alone, False), leaf: True}
        for turned in (alone, instead):
            changed = _turned(leaf, row, turned, lists, rng)
            if changed is not None:
                expected = evaluate(expr, {**truths, **turned}.__getitem__)
                yield Mutation(leaf, changed, expected, alone=turned is alone)
                if not isinstance(changed.get(_field_of(leaf)), tuple):
                    break


def _touched(leaf: Leaf, leaves: Iterable[Leaf]) -> list[Leaf]:
    """The leaves that a change of the leaf's field may turn."""
    if isinstance(leaf, Keyword):
        return [other for other in leaves if isinstance(other, Keyword)]
    return [
        other
        for other in leaves
        if isinstance(other, Keyword) or leaf.field in (other.field, _referred(other))
    ]


def _turned(leaf: Leaf, row: Row, wanted: Wanted, lists: Lists, rng: random.Random) -> Row | None:
    changed = dict(row)
    match leaf:
        case Test(field):
            _set_field(changed, field, wanted, lists, rng)
        case Keyword():
            _set_keywords(changed, wanted, lists, rng)
        case Element(field):
            here = {
                e: want for e, want in _of_kind(Element, wanted).items() if _field_of(e) == field
            }
            _set_list(changed, field, here, lists, rng)
    right = all(reads(each, changed, lists) is want for each, want in wanted.items())
    return changed if right else None


def as_event(row: Row) -> dict[str, Any]:
    """The row as JSON: names with dots become objects, except where one is the start of another."""
    event: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list):
            value = [as_event(element) for element in value]  # noqa: PLW2901
        elif isinstance(value, tuple):
            value = list(value)  # noqa: PLW2901
        parts = name.split(".")
        starts = {".".join(parts[:cut]) for cut in range(1, len(parts))}
        inside = any(other.startswith(f"{name}.") for other in row)
        if not all(parts) or inside or starts & row.keys():
            event[name] = value
            continue
        node = event
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1]] = value
    return event
