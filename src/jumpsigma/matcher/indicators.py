"""Where the values of placeholders come from, and what is known of each (S471, S476, S704).

Standard library only: ``compile -t python`` writes this file into the modules that it makes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol


class MatchedIndicator(NamedTuple):
    """A value of a list by which a rule holds on an event, and what is known of it.

    ``value`` is spelled as in the list. ``source`` says who listed it: a feed, or the pack and the
    file in it; None where a program gave the list. ``confidence`` is 0 to 100 as in STIX 2.1;
    times are aware. No dataclass, which could not be made in a compiled file that is executed
    without being imported.
    """

    list: str
    value: str
    kind: str | None = None
    source: str | None = None
    confidence: int | None = None
    tags: tuple[str, ...] = ()
    reference: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def is_valid_at(self, moment: datetime | None) -> bool:
        """Whether it counts for an event of that time; without a time everything does (S476)."""
        if moment is None:
            return True
        begun = self.valid_from is None or self.valid_from <= moment
        return begun and (self.valid_until is None or moment < self.valid_until)

    def to_dict(self) -> dict[str, Any]:
        """What ``scan --format ndjson`` prints of it, in that order of keys."""
        return {
            "list": self.list,
            "value": self.value,
            "kind": self.kind,
            "source": self.source,
            "confidence": self.confidence,
            "tags": [*self.tags],
            "reference": self.reference,
            "valid_from": _written(self.valid_from),
            "valid_until": _written(self.valid_until),
        }


def _written(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Described(Protocol):
    """What a provider knows of one of its values: the attributes of a threat indicator."""

    @property
    def value(self) -> str:
        """As the list spells it."""
        ...

    @property
    def kind(self) -> str | None:
        """domain, ip, cidr, url, hash, email; None where nobody said."""
        ...

    @property
    def source(self) -> str | None:
        """Who listed it."""
        ...

    @property
    def confidence(self) -> int | None:
        """0 to 100, as STIX 2.1 counts."""
        ...

    @property
    def tags(self) -> tuple[str, ...]:
        """What the source calls it."""
        ...

    @property
    def reference(self) -> str | None:
        """The source's own id of it."""
        ...

    @property
    def valid_from(self) -> datetime | None:
        """From when on it counts; aware."""
        ...

    @property
    def valid_until(self) -> datetime | None:
        """From when on it no longer counts; aware."""
        ...


class ListProvider(Protocol):
    """Gives the values of lists, all at once, and what it knows of a value when it is hit.

    It outlives a fork, and pickles without the values where these are many. Neither method
    gives what has been revoked.
    """

    def names(self) -> Collection[str]:
        """The lists that it has, also those without values."""
        ...

    def values(self, name: str, /) -> Iterable[str]:
        """The values of a list, none of a list that it does not have; some may repeat."""
        ...

    def details(self, name: str, value: str, /) -> Sequence[Described]:
        """Every entry of this value in a list, none where the list does not have it."""
        ...


class GivenLists:
    """Lists that are given with their values: those of a pack, a case, a call, a file of its own.

    A group is the name of a list, values, and what holds of all of them: keyword arguments of
    :class:`MatchedIndicator`. A list may have several groups.
    """

    def __init__(self, groups: Iterable[tuple[str, Collection[str], Mapping[str, Any]]]) -> None:
        self._groups: dict[str, list[tuple[dict[str, None], Mapping[str, Any]]]] = {}
        for name, values, about in groups:
            self._groups.setdefault(name, []).append((dict.fromkeys(values), about))

    def names(self) -> Collection[str]:
        """The lists that were given."""
        return self._groups.keys()

    def values(self, name: str, /) -> Iterable[str]:
        """The values of a list, group by group."""
        return (value for values, _ in self._groups.get(name, ()) for value in values)

    def details(self, name: str, value: str, /) -> Sequence[MatchedIndicator]:
        """What each group that has the value says of it."""
        return [
            MatchedIndicator(name, value, **about)
            for values, about in self._groups.get(name, ())
            if value in values
        ]
