"""What the index of ``backends/opensearch`` has of an event: the README says what it relies on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from near import Event
from stores.index import kept, taken


def store(event: Event) -> Event:
    """The document with the values that the index keeps."""
    made: dict[str, Any] = kept(event)
    return made


def takes(events: Mapping[str, Event]) -> set[str]:
    """The ids of the documents that fit the mapping that JumpCloud's own events make."""
    return taken(events, _first())


@cache
def _first() -> tuple[Event, ...]:
    from events import company, of_cases
    from spaces import shipped

    cases = of_cases(shipped(), "jumpcloud").values()
    return tuple(map(store, [*company(), *(event for some in cases for event in some)]))
