"""What VictoriaLogs makes of an event without null and empty values."""

from __future__ import annotations

from near import Event
from stores.flat_text import GONE, as_json, flat, without_empties


def before(event: Event) -> Event:
    """What the option ``empties`` says of the events."""
    return without_empties(event)


def store(event: Event) -> Event:
    """Every list as its JSON, also where one is known."""
    return flat(event, empty=GONE, lists=frozenset(), mixed=(), other_list=as_json)
