"""What the parser ``json`` of Loki makes of an event: null and lists give no label."""

from __future__ import annotations

from near import Event
from stores.flat_text import flat


def store(event: Event) -> Event:
    """No list at all, also where one is known."""
    return flat(event, lists=frozenset(), mixed=())
