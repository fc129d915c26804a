"""The events of a proof, by pack and mapping, each with what is to be found in them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

import orjson
import yaml
from events import company, crowd, lists_of, made_for, numbered, of_cases
from near import Event, Lists
from proof import Space, Store

from jumpsigma.api import load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.interpret.values import number_of
from jumpsigma.pack import Pack

#: Which letters an engine lowers as Python does; events with other ones are left out. ``ascii``:
#: only those of ASCII; ``simple``: all of which each becomes one other, wherever it stands.
Folding = Literal["ascii", "simple", "unicode"]
#: One becomes two letters, the other is written in another way at the end of a word.
_NOT_SIMPLE = "\u0130\u03a3"

HERE = Path(__file__).parent
#: The lists that the rules of this folder name.
LISTS = {
    "prove_addresses": ("192.0.2.44", "198.51.100.0/24", "2001:db8:7::/48"),
    "prove_domains": ("bad.example", "a*b.example", "x%y.example"),
    "prove_nothing": (),
}
#: Lists that are too long to be written into queries.
LONG_LISTS = {
    "many_names": tuple(f"Host{n}.Example" for n in range(4_000)),
    "many_signs": (
        *("it's", 'a "b"', "back\\slash", "comma, in it", "a*b?", "50%_!"),
        *(
            "#x",
            "=1+1",
            "-",
            "${x}",
            "[a]",
            "{b}",
            "(c|d)",
            "日本",
            "a;b",
            "a/b",
            "`",
            "x:y",
            "<&>",
        ),
        *(f'it\'s {n}%, "so"' for n in range(2_000)),
    ),
    "many_letters": tuple(
        f"{word}{n}" for n in range(1_000) for word in ("Zürich", "ÉCOLE", "日本")
    ),
    "many_words": (
        *("", "null", "true", "False", "42", "1.5", "-1", " before", "after "),
        *map(str, range(100, 2_100)),
    ),
    "many_addresses": (
        *(f"198.51.{n // 250}.{n % 250}" for n in range(2_000)),
        *("2001:DB8::A", "2001:db8:0:0::7", "2001:0db8::0008", "not.an.address"),
    ),
    "many_networks": ("203.0.113.0/24", *(f"198.51.{n // 250}.{n % 250}" for n in range(2_000))),
}
#: More events for a rule that is there to be difficult.
_EACH_FEATURE = 25


@cache
def shipped() -> Pack:
    """The rules that come with jumpsigma."""
    return load_pack()


@cache
def features() -> Pack:
    """The rules of this folder."""
    return load_pack(HERE / "rules", cases=False)


@cache
def asked() -> Pack:
    """Three questions that every product should answer."""
    return load_pack(HERE / "asked", cases=False)


@cache
def long_lists() -> Pack:
    """Rules about lists that are too long to be written into queries."""
    return load_pack(HERE / "lists", cases=False)


def lists_for(pack: Pack) -> Lists:
    """The values of placeholders, for the matcher and for the export alike."""
    return pack.lists_with({**lists_of(pack), **LISTS, **LONG_LISTS})


def plain_addresses(event: Any) -> bool:
    """Whether every address is spelled as ``-O addresses=plain`` says."""
    match event:
        case dict():
            return all(map(plain_addresses, event.values()))
        case list():
            return all(map(plain_addresses, event))
        case str():
            try:
                address = ip_address(event)
            except ValueError:
                return True
            mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "scope_id", None)
            return mapped is None and str(address) == event.lower()
        case _:
            return True


def unchanged(event: Event) -> Event:
    """How a place stores events that keeps them as they are."""
    return event


def whole_numbers(event: Event) -> bool:
    """Whether what correlations of this folder measure is as ``-O measured=whole`` says."""
    return event.get("event_type") not in ("ldap_srch", "ldap_search") or _is_whole(
        event.get("number_of_results")
    )


def _is_whole(value: Any) -> bool:
    match value:
        case list():
            return all(map(_is_whole, value))
        case float() | str():
            number = number_of(value)
            return number is None or number == int(number)
        case _:
            return True


@cache
def store_of(mapping: str) -> Store | None:
    """What the place of a mapping keeps of a raw event; None where events stay as they are."""
    try:
        module = import_module(f"stores.{mapping}")
    except ModuleNotFoundError as error:
        if error.name not in {"stores", f"stores.{mapping}"}:
            raise
        return None
    store: Store = module.store
    return store


def _before(place: str | None, event: Event) -> Event:
    """A raw event as it reaches a place, where an option says that something changes it before."""
    if place is None or store_of(place) is None:
        return event
    before = getattr(import_module(f"stores.{place}"), "before", unchanged)
    changed: Event = before(event)
    return changed


def taken_by(place: str, events: dict[str, Event]) -> dict[str, Event]:
    """Those of some stored events that a place takes: an index refuses what does not fit."""
    if store_of(place) is None:
        return events
    takes = getattr(import_module(f"stores.{place}"), "takes", None)
    return events if takes is None else {key: events[key] for key in sorted(takes(events))}


@cache
def spaces(
    pack: Pack,
    mapping: str,
    folding: Folding,
    *,
    each: int = _EACH_FEATURE,
    keeps: str | None = None,
) -> list[Space]:
    """What queries in the words of a mapping are run on.

    ``keeps``: the place whose store is taken, where it has the words of the mapping and keeps less;
    or such a place for some mappings.

    Where a place stores events in words of its own, the events of the company and of the cases are
    raw, and what the matcher finds in them is what the query must find in what was stored: mapping
    and query are proven together. Events that were made are no such events as JumpCloud sends; of
    them the matcher reads what was stored, so that the query is proven alone.
    """
    store, lists = store_of(keeps or mapping), lists_for(pack)
    raw = mapping if keeps is not None or store is None else "jumpcloud"
    lowered, cases = lower_pack(pack, raw), of_cases(pack, raw)
    real = [
        *(company() if raw == "jumpcloud" else ()),
        *(crowd(typed=store is not None) if raw == "jumpcloud" and pack is features() else ()),
        *(e for some in cases.values() for e in some if not _has_dots(e)),
    ]
    real_events = {
        key: _before(keeps, event) for key, event in _foldable(numbered(real, "r"), folding).items()
    }
    made = _foldable(numbered(made_for(lowered.rules, cases, lists, each), "m"), folding)
    if store is None:
        return [Space({**real_events, **made}, unchanged, lowered, lists)]
    place = keeps or mapping
    real_taken = taken_by(place, {key: store(event) for key, event in real_events.items()})
    stored = taken_by(place, {key: store(event) for key, event in made.items()})
    return [
        Space({key: real_events[key] for key in real_taken}, store, lowered, lists),
        Space(stored, unchanged, lower_pack(pack, mapping), lists),
    ]


def _foldable(events: Mapping[str, Event], folding: Folding) -> dict[str, Event]:
    if folding == "unicode":
        return dict(events)
    if folding == "simple":
        texts = {key: orjson.dumps(event).decode() for key, event in events.items()}
        return {key: events[key] for key, text in texts.items() if not {*_NOT_SIMPLE} & {*text}}
    return {key: event for key, event in events.items() if _plain(orjson.dumps(event).decode())}


def _plain(text: str) -> bool:
    """Whether every character with a case is one of ASCII."""
    return text.isascii() or not any(
        character.lower() != character or character.upper() != character
        for character in text
        if not character.isascii()
    )


def no_integral(value: Any) -> bool:
    """Whether no whole number is written with a fraction: some databases forget that it was."""
    match value:
        case dict():
            return all(map(no_integral, value.values()))
        case list():
            return all(map(no_integral, value))
        case float():
            return not value.is_integer()
        case _:
            return True


def conformance(folder: Path) -> tuple[Pack, list[Event]]:
    """The conformance tables as rules, and their events that a product can hold."""
    from tables import _documents, read_tables

    events: list[Event] = []
    documents: list[dict[str, Any]] = []
    for table in read_tables():
        for row in table.rows:
            # A filter for any rule would be one for those of all rows.
            plain = row.refused is None and not row.lists and not row.filters
            if plain and table.name != "dotted_keys":
                documents += _documents(table, row)
                events += [*row.match, *row.no_match]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "conformance.yml"
    path.write_text(yaml.safe_dump_all(documents, allow_unicode=True), encoding="utf-8")
    pack = load_pack(path)
    shutil.rmtree(folder)
    return pack, [event for event in events if _holdable(event)]


def _has_dots(value: Any) -> bool:
    """Whether a key has a dot in it: no target claims such events, which only the matcher reads."""
    match value:
        case dict():
            return any("." in key or _has_dots(item) for key, item in value.items())
        case list():
            return any(map(_has_dots, value))
        case _:
            return False


def _holdable(event: Any) -> bool:
    """Whether stores can hold it: JSON proper, no NUL, no key with a dot."""
    match event:
        case dict():
            return all("." not in key and key and _holdable(value) for key, value in event.items())
        case list():
            return all(map(_holdable, event))
        case float():  # written the same everywhere: no exponent, no sign of zero
            return not {"e", "n"} & {*repr(event)} and repr(event) != "-0.0"
        case int():
            return abs(event) < 2**53
        case str():
            if re.fullmatch(r"[+-]?[0-9]{16,}", event):  # a number that not every double is
                return False
            return "\0" not in event and not any("\ud800" <= each <= "\udfff" for each in event)
        case _:
            return True


def conformance_space(pack: Pack, events: Sequence[Event], folding: Folding) -> Space:
    """The conformance rules on their events."""
    lowered = lower_pack(pack, "sigma")
    made = filter(_holdable, made_for(lowered.rules, {}, {}, 4))
    return Space(
        _foldable(numbered([*events, *made], "c"), folding), unchanged, lowered, lists_for(pack)
    )
