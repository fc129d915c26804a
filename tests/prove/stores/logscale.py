"""What parseJson() of LogScale makes of an event with its own settings: null is the text null."""

from __future__ import annotations

from near import Event
from stores.flat_text import flat


def store(event: Event) -> Event:
    """A list where none is known is other fields: ``name[0]``."""
    return flat(event, null="null")
