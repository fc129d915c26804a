"""Documents with ``action: global``, ``reset`` and ``repeat``, as ``SigmaCollection`` merges them.

The key is older than correlations and no longer in the specification, but pySigma still honours
it, so the rules of such a file load here too. Merged keys keep the places that they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.positions import Branch, Place, Positions
from jumpsigma.pack.yaml_reader import Document

_ACTIONS: Final = ("global", "reset", "repeat")


def merge_actions(documents: Iterable[Document]) -> Iterator[Document | Diagnostic]:
    """The documents that are rules, each with what the ``action`` documents before it add."""
    template: Document | None = None  # of the last `global`
    previous: Document | None = None  # what a `repeat` builds on
    for document in documents:
        data = document.value
        action = data.get("action") if isinstance(data, dict) else None
        if action is None:
            single = not isinstance(data, dict) or "correlation" in data or "filter" in data
            merged = document if template is None or single else _merged(document, template)
            if not single:
                previous = merged
            yield merged
        elif action == "global":
            template = previous = _without_action(document)
        elif action == "reset":
            template = None
        elif action == "repeat":
            update = _without_action(document)
            previous = update if previous is None else _merged(previous, update)
            yield previous
        else:
            near = get_close_matches(str(action), _ACTIONS, n=1)
            yield Diagnostic(
                "JS008",
                f"the action {str(action)!r} is unknown",
                span=document.positions.span(("action",)),
                hint=f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(_ACTIONS),
            )


def _merged(base: Document, update: Document) -> Document:
    value, place = _merge(base.value, base.positions.root, update.value, update.positions.root)
    return Document(value, Positions(base.positions.path, place))


def _merge(base: Any, base_place: Place, update: Any, update_place: Place) -> tuple[Any, Place]:
    """``update`` wins, except that mappings are merged key by key."""
    if not isinstance(base_place, Branch) or not isinstance(update_place, Branch):
        return update, update_place
    if not isinstance(base, dict) or not isinstance(update, dict):
        return update, update_place
    value: dict[Any, Any] = dict(base)
    children: dict[Any, Place] = {key: _child(base_place, key) for key in base}
    for key, item in update.items():
        place = _child(update_place, key)
        value[key], children[key] = (
            _merge(base[key], children[key], item, place) if key in base else (item, place)
        )
    return value, Branch(base_place.mark, children, base_place.keys | update_place.keys)


def _child(place: Branch, key: Any) -> Place:
    return place.child(key) or place


def _without_action(document: Document) -> Document:
    value = {key: item for key, item in document.value.items() if key != "action"}
    return Document(value, document.positions)
