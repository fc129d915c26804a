"""What an index with the types of ECS has of events that are in ECS already."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from near import Event
from stores.elastic import typed
from stores.index import kept, taken


def store(event: Event) -> Event:
    """The document with the values that the index keeps."""
    made: dict[str, Any] = kept(event)
    return made


def takes(events: Mapping[str, Event]) -> set[str]:
    """The ids of the documents whose values have the types that the index has for them."""
    return taken(typed(events), _first())


@cache
def _first() -> tuple[Event, ...]:
    from events import of_cases
    from spaces import shipped

    cases = of_cases(shipped(), "ecs").values()
    return tuple(store(event) for some in cases for event in some)
