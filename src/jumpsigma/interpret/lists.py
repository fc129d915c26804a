"""The lists that placeholders stand for (S471-S477): as an event sees them, and written out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any

from jumpsigma.interpret.fields import event_time
from jumpsigma.ir.bind import network_of, placeholders_of
from jumpsigma.ir.nodes import Network, Placeholder, Regex, Text
from jumpsigma.ir.regex import escape

#: The values of each list, for an event whose time does not matter.
Lists = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Dated:
    """A value of a list that counts from a time on, and before another (S476); both aware."""

    value: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def counts_at(self, moment: datetime | None) -> bool:
        """Whether it counts for an event of that time; without a time everything does."""
        if moment is None:
            return True
        begun = self.valid_from is None or self.valid_from <= moment
        return begun and (self.valid_until is None or moment < self.valid_until)


DatedLists = Mapping[str, Collection[str | Dated]]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to write a value out: any of ``values``, made of ``entries`` of lists."""

    values: tuple[Text | Regex | Network, ...]
    entries: tuple[tuple[str, str], ...]


def lists_at(lists: DatedLists, event: Any) -> Lists:
    """The lists as they were valid at the time of the event (S476)."""
    moment = event_time(event)
    return {
        name: tuple(
            entry if isinstance(entry, str) else entry.value
            for entry in entries
            if isinstance(entry, str) or entry.counts_at(moment)
        )
        for name, entries in lists.items()
    }


def written_out(value: Text | Regex | Network, lists: Lists) -> list[Option]:
    """The value with every combination of values of its lists (S471, S474, S475)."""
    names = [part.name for part in placeholders_of(value)]
    options = []
    for choice in product(*(lists.get(name, ()) for name in names)):
        entries = tuple(zip(names, choice, strict=True))
        options.append(Option(_with(value, choice), entries))
    return options


def _with(value: Text | Regex | Network, choice: tuple[str, ...]) -> tuple[Any, ...]:
    words = iter(choice)
    match value:
        case Network():
            return network_of(choice[0])
        case Text(parts):
            text = tuple(next(words) if isinstance(p, Placeholder) else p for p in parts)
            whole = len(parts) == 1
            return (replace(value, parts=text), *(network_of(choice[0]) if whole else ()))
        case Regex(parts):
            source = "".join(p if isinstance(p, str) else escape(next(words)) for p in parts)
            return (replace(value, parts=(source,)),)
