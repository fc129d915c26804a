"""What parseJson(handleNull=discard, excludeEmpty=true) of LogScale makes of an event."""

from __future__ import annotations

from near import Event
from stores.flat_text import GONE, flat, without_empties


def before(event: Event) -> Event:
    """What the option ``empties`` says of the events."""
    return without_empties(event)


def store(event: Event) -> Event:
    """A list where none is known is other fields: ``name[0]``."""
    return flat(event, empty=GONE)
