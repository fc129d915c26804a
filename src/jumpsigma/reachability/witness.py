"""Events made so that they satisfy a condition, inside what a service is known to carry."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, assert_never

from jumpsigma.interpret import ABSENT, holds
from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Not,
    Null,
    Or,
    Selection,
    Test,
    Value,
)
from jumpsigma.reachability.candidates import candidates
from jumpsigma.reachability.carried import Claim, View
from jumpsigma.reachability.folding import Folded, joined, shaped

Event = dict[str, Any]
Leaf = Test | Keyword | Element
Wanted = dict[Leaf, bool]

_ATTEMPTS: Final = 40
_MISSING: Final[Any] = object()
_FREE: Final = Claim(None, "assumed")
#: What every event has, as far as its place keeps it.
_ENVELOPE: Final = ("@version", "id", "timestamp", "organization")
#: Where a text that may stand anywhere looks least strange.
_PROSE: Final = ("error_message", "message", "detail", "description", "resource.name")


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes events of one view; ``strict``: of values inside the domains alone."""

    view: View
    strict: bool
    seed: str

    def make(self, condition: Expr, left: Folded, fixed: dict[str, Any]) -> Event | None:
        """An event on which ``condition`` holds, or None where none was found.

        ``left`` is what folding left of the condition, ``fixed`` the values by path that were
        taken as given.
        """
        rng = random.Random(self.seed)  # noqa: S311 - the same event at every run, no secret
        for attempt in range(_ATTEMPTS if not isinstance(left, bool) else 2):
            wanted: Wanted | None = {}
            if not isinstance(left, bool):
                wanted = _merged(_assignment(left, rng, want=True, first=attempt == 0))
            if wanted is None:
                continue
            for envelope in (self._envelope(), {}):
                event = self._build(wanted, {**envelope, **fixed}, rng)
                if event is not None and holds(condition, event):
                    return event
        return None

    def _envelope(self) -> dict[str, Any]:
        claims = {path: self.view.claim(path) for path in _ENVELOPE}
        return {
            path: claim.field.example
            for path, claim in claims.items()
            if claim is not None and claim.field is not None
        }

    def _build(
        self, wanted: Wanted, given: dict[str, Any], rng: random.Random, prefix: str = ""
    ) -> Event | None:
        """An event, or an element of a list at ``prefix``, whose leaves are as wanted."""
        row: dict[str, Any] = dict(given)
        tests = {leaf: want for leaf, want in wanted.items() if isinstance(leaf, Test)}
        fields = [leaf.field for leaf in tests if leaf.field]
        # Fields that others refer to come first, so that there is something to equal.
        for name in dict.fromkeys([*filter(None, map(_referred, tests)), *fields]):
            here = {leaf: w for leaf, w in tests.items() if name in (leaf.field, _referred(leaf))}
            if name in row and all(holds(leaf, row) is want for leaf, want in here.items()):
                continue
            value = self._value(name, here, row, rng, prefix)
            if value is _MISSING:
                row.pop(name, None)
            elif value is None and not any(isinstance(leaf.value, Exists | Null) for leaf in here):
                return None
            else:
                row[name] = value
        event: Event = {}
        for path, value in sorted(row.items(), key=lambda pair: pair[0].count(".")):
            if not self._put(event, path, value, prefix):
                return None
        for leaf, want in wanted.items():
            if isinstance(leaf, Element) and not self._element(event, leaf, rng, prefix, want=want):
                return None
        for leaf, want in wanted.items():
            if isinstance(leaf, Keyword) and want and not self._keyword(event, leaf, rng, prefix):
                return None
        return event

    def _value(
        self, name: str, here: dict[Test, bool], row: Event, rng: random.Random, prefix: str
    ) -> Any:
        """A value that makes the leaves of a field as wanted; None where there is none."""
        claim = self.view.claim(joined(prefix, name)) or _FREE

        def fits(value: Any) -> bool:
            tried = {**row, name: value}
            if value is _MISSING:
                del tried[name]
            return all(
                holds(leaf, tried) is want
                for leaf, want in here.items()
                if _referred(leaf) != name or leaf.field in tried
            )

        asked = [leaf.value for leaf, want in here.items() if want and leaf.field == name]
        if not asked and not any(_referred(leaf) == name for leaf in here) and fits(_MISSING):
            return _MISSING
        avoided = [leaf.value for leaf, want in here.items() if not want and leaf.field == name]
        others = [
            row[value.field] for value in asked if isinstance(value, FieldRef) if value.field in row
        ]
        for value in shaped(claim, chain(others, candidates(asked, claim, rng, avoided))):
            if (not self.strict or claim.accepts(value)) and fits(value):
                return value
        several = list(self._several(asked, claim, rng))
        if several and fits(several):
            return several
        return _MISSING if fits(_MISSING) else None

    def _several(self, asked: Iterable[Value], claim: Claim, rng: random.Random) -> Iterator[Any]:
        """A value for each test, where the field may hold several and no single one does (S206)."""
        is_list = claim.field is None or claim.field.is_list or claim.field.type == "any"
        if self.strict and not is_list:
            return
        for value in asked:
            if isinstance(value, Exists | Null | FieldRef):
                continue
            leaf = Test("value", value)
            for each in candidates([value], claim, rng):
                single = [each] if claim.field is not None and claim.field.is_list else each
                if holds(leaf, {"value": each}) and (not self.strict or claim.accepts(single)):
                    yield each
                    break

    def _put(self, event: Event, path: str, value: Any, prefix: str) -> bool:
        """Write a value at a path, through objects and first elements of lists."""
        parts = path.split(".")
        node = event
        above = ""
        for part in parts[:-1]:
            above = joined(above, part)
            if self._holds_objects(joined(prefix, above)):
                elements = node.setdefault(part, [])
                if not isinstance(elements, list):
                    return False
                if not elements:
                    elements.append({})
                node = elements[0]
            else:
                node = node.setdefault(part, {})
            if not isinstance(node, dict):
                return False
        if isinstance(value, dict) and not value and isinstance(node.get(parts[-1]), dict):
            return True
        node[parts[-1]] = value
        return True

    def _holds_objects(self, path: str) -> bool:
        claim = self.view.claim(path)
        known = None if claim is None else claim.field
        return known is not None and known.is_list and known.type == "object"

    def _element(
        self, event: Event, leaf: Element, rng: random.Random, prefix: str, *, want: bool
    ) -> bool:
        if not want and not holds(leaf.item, ABSENT):
            return True  # no element is no element that satisfies it
        if want and holds(leaf, event):
            return True
        given = {} if leaf.name is None else {"field": leaf.name}
        whole = joined(prefix, leaf.field)
        for attempt in range(_ATTEMPTS):
            wanted = _merged(_assignment(leaf.item, rng, want=want, first=attempt == 0))
            made = None if wanted is None else self._build(wanted, given, rng, whole)
            if made is not None and holds(leaf.item, made) is want:
                return self._append(event, leaf.field, made, prefix)
        return False

    def _append(self, event: Event, path: str, element: Event, prefix: str) -> bool:
        *above, last = path.split(".")
        node = event
        for part in above:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                return False
        if not self._holds_objects(joined(prefix, path)):
            node[last] = element
            return True
        elements = node.setdefault(last, [])
        if not isinstance(elements, list):
            return False
        elements.append(element)
        return True

    def _keyword(self, event: Event, leaf: Keyword, rng: random.Random, prefix: str) -> bool:
        if holds(leaf, event):
            return True
        known = self.view.intake.schema.fields_of(self.view.service)
        open_texts = [f.path for f in known if f.type == "string" and f.domain.kind == "open"]
        usual = [path for path in _PROSE if path in open_texts]
        for path in dict.fromkeys([*usual, *open_texts, *(f.path for f in known)]):
            claim = self.view.claim(joined(prefix, path))
            if claim is None or self.view.lists_above(path) or path in ("service", "event_type"):
                continue
            for value in candidates([leaf.value], claim, rng):
                if claim.accepts(value) and holds(leaf, {path: value}) and not _has(event, path):
                    return self._put(event, path, value, prefix)
        return False


def _has(event: Event, path: str) -> bool:
    return holds(Test(path, Exists(expected=True)), event)


def _referred(leaf: Test) -> str | None:
    return leaf.value.field if isinstance(leaf.value, FieldRef) else None


def _assignment(
    expr: Expr,
    rng: random.Random,
    *,
    want: bool,
    first: bool,
) -> Iterator[tuple[Leaf, bool]]:
    """Leaves that together decide the expression; alternatives are chosen at random."""
    match expr:
        case And(items) | Or(items):
            if isinstance(expr, And) is want:
                for item in items:
                    yield from _assignment(item, rng, want=want, first=first)
            elif items:
                chosen = items[0] if first else rng.choice(items)
                yield from _assignment(chosen, rng, want=want, first=first)
        case Not(item):
            yield from _assignment(item, rng, want=not want, first=first)
        case Selection(item=item):
            yield from _assignment(item, rng, want=want, first=first)
        case Test() | Keyword() | Element():
            yield expr, want
        case _:
            assert_never(expr)


def _merged(assignment: Iterable[tuple[Leaf, bool]]) -> Wanted | None:
    wanted: Wanted = {}
    for leaf, want in assignment:
        if wanted.setdefault(leaf, want) is not want:
            return None
    return wanted
