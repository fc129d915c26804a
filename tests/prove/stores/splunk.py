"""What Splunk's extraction of JSON makes of an event; null may be shown as a text."""

from __future__ import annotations

from near import Event
from stores.flat_text import flat


def store(event: Event) -> Event:
    """A list where none is known is another field: ``name{}``."""
    return flat(event, null="null")
