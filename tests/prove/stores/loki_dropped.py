"""What the parser ``json`` of Loki makes of an event without null and empty values."""

from __future__ import annotations

from near import Event
from stores.flat_text import GONE, flat, without_empties


def before(event: Event) -> Event:
    """What the option ``empties`` says of the events."""
    return without_empties(event)


def store(event: Event) -> Event:
    """No list at all, also where one is known."""
    return flat(event, empty=GONE, lists=frozenset(), mixed=())
