"""Lists of indicators in memory: sets of texts and of networks, so that size does not matter.

Standard library only: ``compile -t python`` writes this file into the modules that it makes.

Networks stand in one table for each prefix length that occurs: a look-up asks at most 33 (IPv4) or
129 (IPv6) dicts, and feeds use few lengths. A trie would cost a Python object for each bit of
each network.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice

from jumpsigma.matcher.indicators import ListProvider, MatchedIndicator
from jumpsigma.matcher.runtime import LONGEST_ADDRESS

_BATCH = 10_000
_HEAD = 6  # characters by which a value is found where it may begin anywhere
_V4_NETWORK = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/(\d{1,2})", re.ASCII)
_NETWORK = re.compile(r"[0-9A-Fa-f:.]+(?:/\d{1,3})?", re.ASCII)
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(?:%.*)?", re.ASCII | re.DOTALL)

Tables = dict[int, dict[int, tuple[str, ...] | str]]


class IndicatorList:
    """The values of one list from all providers, ready to be looked up.

    Values that are lower-case already stand in a set, which for a million domains takes 35 MB
    beside the texts; the others by their lower-case text.
    """

    def __init__(self, name: str, providers: Sequence[ListProvider]) -> None:
        self.name = name
        self._providers = providers
        self._plain: set[str] = set()
        self._spelled: dict[str, tuple[str, ...]] = {}
        self._v4: Tables = {}
        self._v6: Tables = {}
        self._details: dict[str, tuple[MatchedIndicator, ...]] = {}
        self._openings: dict[bool, Openings] = {}
        for provider in providers:
            values = iter(provider.values(name))
            while batch := list(islice(values, _BATCH)):
                self._add(batch)

    def __len__(self) -> int:
        return len(self._plain) + sum(map(len, self._spelled.values()))

    def __iter__(self) -> Iterator[str]:
        return chain(self._plain, *self._spelled.values())

    def _add(self, batch: list[str]) -> None:
        together = "\0".join(batch)
        if together.lower() == together:
            self._plain.update(batch)
        else:
            for value in batch:
                self._add_spelled(value)
        if "/" in together or ":" in together:
            for value in batch:
                if ("/" in value or ":" in value) and _NETWORK.fullmatch(value):
                    self._add_network(value)

    def _add_spelled(self, value: str) -> None:
        lowered = value.lower()
        if lowered == value:
            self._plain.add(value)
        elif value not in (known := self._spelled.get(lowered, ())):
            self._spelled[lowered] = (*known, value)

    def _add_network(self, value: str) -> None:
        """A network, or an IPv6 address as a network of one; IPv4 addresses are found as texts."""
        bits = _V4_NETWORK.fullmatch(value)
        if bits is not None and all(part == "0" or part[0] != "0" for part in bits.groups()):
            *octets, length = map(int, bits.groups())  # ipaddress takes five times as long
            if max(octets) > 255 or length > 32:
                return
            tables, number, rest = self._v4, int.from_bytes(octets, "big"), 32 - length
        else:
            try:
                network = ipaddress.ip_network(value, strict=False)
            except ValueError:
                return
            tables = self._v4 if network.version == 4 else self._v6
            number, length = int(network.network_address), network.prefixlen
            rest = network.max_prefixlen - length
        table = tables.setdefault(length, {})
        key = number >> rest
        known = table.get(key)
        if known is None:
            table[key] = value
        elif value not in (known := (known,) if isinstance(known, str) else known):
            table[key] = (*known, value)

    # --- looking up -------------------------------------------------------------------------

    def spellings(self, text: str) -> tuple[str, ...]:
        """The values that are this lower-case text."""
        spelled = self._spelled.get(text, ()) if self._spelled else ()
        return (text, *spelled) if text in self._plain else spelled

    def exactly(self, text: str) -> tuple[str, ...]:
        """The value that is exactly this text, if there is one."""
        lowered = text.lower()
        if lowered == text:
            return (text,) if text in self._plain else ()
        return (text,) if text in self._spelled.get(lowered, ()) else ()

    def covering(self, text: str) -> Iterator[str]:
        """The values that are an address or a network with the address that a text is (S354)."""
        if not _ADDRESS.fullmatch(text):
            return
        address = _address if len(text) <= LONGEST_ADDRESS else _address.__wrapped__
        six, four, four_text = address(text)
        if six is not None and self._v6:
            yield from _within(self._v6, six, 128)
        if four is not None:
            yield from self.spellings(four_text)
            if self._v4:
                yield from _within(self._v4, four, 32)

    def openings(self, *, cased: bool) -> Openings:
        """By what the values begin; of their lower-case texts unless ``cased``."""
        if cased not in self._openings:
            texts = self if cased else chain(self._plain, self._spelled)
            self._openings[cased] = Openings(texts)
        return self._openings[cased]

    # --- what is known of a value -------------------------------------------------------------

    def details(self, value: str) -> tuple[MatchedIndicator, ...]:
        """What the providers say of a value of this list; asked once.

        It counts also when none says anything any more: it was listed when the list was loaded.
        """
        found = self._details.get(value)
        if found is None:
            found = tuple(
                MatchedIndicator(
                    self.name,
                    each.value,
                    None if each.kind is None else str(each.kind),
                    each.source,
                    each.confidence,
                    each.tags,
                    each.reference,
                    each.valid_from,
                    each.valid_until,
                )
                for provider in self._providers
                for each in provider.details(self.name, value)
            )
            self._details[value] = found = found or (MatchedIndicator(self.name, value),)
        return found

    def counts(self, value: str, moment: datetime | None) -> bool:
        """Whether a value counts for an event of that time (S476)."""
        return any(each.is_valid_at(moment) for each in self.details(value))

    def is_timeless(self, value: str) -> bool:
        """Whether a value counts for every event."""
        return any(not (each.valid_from or each.valid_until) for each in self.details(value))

    def counting(self, moment: datetime | None) -> Iterator[str]:
        """The values that count for an event of that time."""
        return (value for value in self if self.counts(value, moment))


@lru_cache(maxsize=8192)  # the same few addresses come again and again, and in several fields
def _address(text: str) -> tuple[int | None, int | None, str]:
    """The address that a text is, as IPv6 and as IPv4, with its text as IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None, None, ""
    if isinstance(address, ipaddress.IPv4Address):
        return None, int(address), text
    mapped = address.ipv4_mapped
    if mapped is None:
        return int(address), None, ""
    return int(address), int(mapped), str(mapped)


def _within(tables: Tables, number: int, bits: int) -> Iterator[str]:
    for length, table in tables.items():
        found = table.get(number >> (bits - length))
        if found is not None:
            yield from (found,) if isinstance(found, str) else found


class Openings:
    """By what texts begin, and how long they are.

    Where a value may end anywhere, its first characters tell the few lengths to try; texts
    shorter than these are tried by their lengths.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._heads: dict[str, tuple[int, ...]] = {}
        short: set[int] = set()
        same: dict[tuple[int, ...], tuple[int, ...]] = {}  # many heads have the same lengths
        for text in texts:
            length = len(text)
            if length < _HEAD:
                short.add(length)
                continue
            head = text[:_HEAD]
            known = self._heads.get(head, ())
            if length not in known:
                # Sorted: the order of a set differs from process to process, findings must not.
                more = tuple(sorted((*known, length)))
                self._heads[head] = same.setdefault(more, more)
        self._short = sorted(short)

    def ends(self, text: str, start: int) -> Iterator[int]:
        """Where a value that begins at ``start`` of a text can end."""
        for length in chain(self._short, self._heads.get(text[start : start + _HEAD], ())):
            if start + length <= len(text):
                yield start + length
