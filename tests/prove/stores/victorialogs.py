"""What VictoriaLogs makes of an event: null gives no field, a list the text of its JSON."""

from __future__ import annotations

from near import Event
from stores.flat_text import as_json, flat


def store(event: Event) -> Event:
    """Every list as its JSON, also where one is known."""
    return flat(event, lists=frozenset(), mixed=(), other_list=as_json)
