"""What Directory Insights can be asked for, as a formula, and the ``search_term`` that says it.

The vendor documents little (https://docs.jumpcloud.com/api/insights/directory/1.0/index.html): a
field has one of some values; ``and`` and ``or`` over lists of such terms, nested; no field twice
in one list. ``not`` stands in the schema alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never


@dataclass(frozen=True, slots=True)
class Has:
    """The field holds one of these values, in lower case."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Both:
    """Every item holds."""

    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one item holds."""

    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Lacks:
    """The item does not hold."""

    item: Formula


Formula = Has | Both | Either | Lacks

ANYTHING = Both(())
NOTHING = Either(())


def both(items: Iterable[Formula]) -> Formula:
    """All of them; a field that is asked for twice has to have a value that both allow."""
    fields: dict[str, frozenset[str]] = {}
    others: list[Formula] = []
    lacking: list[Formula] = []
    for item in _flat(Both, items):
        match item:
            case Has(field, values):
                fields[field] = fields[field] & values if field in fields else values
            case Lacks(inner):
                lacking.append(inner)
            case _:
                others.append(item)
    if lacking:
        others.append(lacks(either(lacking)))
    if NOTHING in others or not all(fields.values()):
        return NOTHING
    return _joined(Both, fields, others)


def either(items: Iterable[Formula]) -> Formula:
    """One of them; a field that is asked for twice has all those values."""
    fields: dict[str, frozenset[str]] = {}
    others: list[Formula] = []
    lacking: list[Formula] = []
    for item in _flat(Either, items):
        match item:
            case Has(field, values):
                fields[field] = fields.get(field, frozenset()) | values
            case Lacks(inner):
                lacking.append(inner)
            case _:
                others.append(item)
    if lacking:
        others.append(lacks(both(lacking)))
    return ANYTHING if ANYTHING in others else _joined(Either, fields, others)


def lacks(item: Formula) -> Formula:
    """Not that."""
    match item:
        case Lacks(item=inner):
            return inner
        case Both(()):
            return NOTHING
        case Either(()):
            return ANYTHING
        case _:
            return Lacks(item)


def _flat(kind: type[Both | Either], items: Iterable[Formula]) -> Iterable[Formula]:
    for item in items:
        if isinstance(item, Both | Either) and isinstance(item, kind) and item.items:
            yield from item.items
        elif item != kind(()):
            yield item


def _joined(
    kind: type[Both | Either], fields: Mapping[str, frozenset[str]], others: Iterable[Formula]
) -> Formula:
    items = [*(Has(*each) for each in fields.items()), *dict.fromkeys(others)]
    kept = [item for item in items if item != kind(())]
    return kept[0] if len(kept) == 1 else kind(tuple(kept))


def values_of(formula: Formula, field: str) -> frozenset[str] | None:
    """The values of a field that events can have which satisfy a formula; None: any."""
    match formula:
        case Has(name, values):
            return values if name == field else None
        case Both(items):
            known = [v for item in items if (v := values_of(item, field)) is not None]
            return frozenset.intersection(*known) if known else None
        case Either(items):
            every = [values_of(item, field) for item in items]
            known = [v for v in every if v is not None]
            return frozenset().union(*known) if len(known) == len(every) and every else None
        case Lacks():
            return None
        case _:
            assert_never(formula)


def given(formula: Formula, field: str, values: frozenset[str]) -> Formula:
    """The formula for events of which it is known that the field has one of these values."""
    match formula:
        case Has(name, wanted):
            return ANYTHING if name == field and values <= wanted else formula
        case Both(items):
            return both(given(item, field, values) for item in items)
        case Either(items):
            return either(given(item, field, values) for item in items)
        case Lacks(item):
            return lacks(given(item, field, values))
        case _:
            assert_never(formula)


def search_term(formula: Formula) -> dict[str, Any] | None:
    """The request's ``search_term``; None asks for everything.

    Raises :class:`ValueError` for what never holds: the API has no words for it.
    """
    if formula == ANYTHING:
        return None
    written = _written(formula)
    return written if isinstance(formula, Both | Either | Lacks) else {"and": [written]}


def _written(formula: Formula) -> dict[str, Any]:
    match formula:
        case Has(field, values):
            some = sorted(values)
            return {field: some[0] if len(some) == 1 else some}
        case Lacks(item):
            return {"not": [_written(item)]}
        case Both(items) | Either(items):
            if not items:
                raise ValueError("a condition that always or never holds, within another")
            return _list("and" if isinstance(formula, Both) else "or", items)
        case _:
            assert_never(formula)


def _list(word: str, items: tuple[Formula, ...]) -> dict[str, Any]:
    """A list in which no key comes twice: what would stands in a list of its own inside it."""
    now: dict[str, dict[str, Any]] = {}
    later: list[Formula] = []
    for item in items:
        written = _written(item)
        (key,) = written
        if key in now:
            later.append(item)
        else:
            now[key] = written
    terms = list(now.values())
    if later:
        terms.append(_list(word, tuple(later)))
    return {word: terms}
