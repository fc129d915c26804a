"""The store against plain dictionaries: whatever is done to it, it says the same."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from jumpsigma.intel.model import Entry
from jumpsigma.intel.store import open_store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALUES = ("a.example", "b.example", "192.0.2.1", "192.0.2.0/24")
LISTS = ("one", "two")
NAMES = ("s", "t")


class Key(NamedTuple):
    """What an indicator is known by."""

    list: str
    value: str
    source: str
    origin: str
    reference: str | None


class Said(NamedTuple):
    """What was said of it."""

    revoked: bool
    modified: datetime | None
    until: datetime | None
    seen: datetime


@dataclass
class Model:
    """The documented meaning, one entry at a time."""

    rows: dict[Key, Said] = field(default_factory=dict)

    def add(self, entries: Sequence[Entry], name: str, origin: str, now: datetime) -> None:
        latest: dict[str, Entry] = {}
        entries = newest_of_each(entries, name)
        for entry in entries:
            if entry.reference is not None:
                known = latest.get(entry.reference)
                if known is None or not is_older(entry.modified or EARLIEST, known.modified):
                    latest[entry.reference] = entry
        counting = [e for e in entries if e.reference is None or self._counts(e, latest, origin)]
        feeding = {(e.list, e.reference) for e in counting if e.value}
        for key, said in [*self.rows.items()]:
            newest = latest.get(key.reference or "")
            if (
                newest is not None
                and key.origin == origin
                and (key.list, key.reference) in feeding
                and is_older(said.modified, newest.modified)
            ):
                del self.rows[key]
        for e in counting:
            if e.value:
                key = Key(str(e.list), e.value, e.source or name, origin, e.reference)
                self.rows[key] = Said(e.revoked, e.modified, e.valid_until, now)
        for key, said in [*self.rows.items()]:
            newest = latest.get(key.reference or "")
            if (
                newest is not None
                and newest.revoked
                and key.origin == origin
                and not is_older(newest.modified, said.modified)
            ):
                self.rows[key] = said._replace(revoked=True)

    def _counts(self, entry: Entry, latest: dict[str, Entry], origin: str) -> bool:
        """Whether no newer version is in the feed, nor in this list from this origin."""
        assert entry.reference is not None
        return not is_older(entry.modified, latest[entry.reference].modified) and not any(
            is_older(entry.modified, said.modified)
            for key, said in self.rows.items()
            if (key.list, key.origin, key.reference) == (entry.list, origin, entry.reference)
        )

    def expire(self, values: Sequence[str], name: str | None, at: datetime) -> None:
        for key, said in self.rows.items():
            if key.value in values and name in (None, key.list) and not is_before(said.until, at):
                self.rows[key] = said._replace(until=at)

    def remove(self, values: Sequence[str], name: str | None, source: str | None) -> None:
        if values or name or source:
            for key in [*self.rows]:
                if (
                    (not values or key.value in values)
                    and name in (None, key.list)
                    and source in (None, key.source)
                ):
                    del self.rows[key]


EARLIEST = datetime.min.replace(tzinfo=UTC)


def newest_of_each(entries: Sequence[Entry], name: str) -> list[Entry]:
    """Of what says the same thing of the same value the newest; of equal ones the last."""
    chosen: dict[object, tuple[int, Entry]] = {}
    for place, e in sorted(enumerate(entries), key=lambda each: each[1].modified or EARLIEST):
        chosen[e.list, e.value, e.source or name, e.reference] = place, e
    return [e for _, e in sorted(chosen.values(), key=lambda each: each[0])]


def is_older(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one < other


def is_before(end: datetime | None, at: datetime) -> bool:
    return end is not None and end <= at


times = st.integers(0, 3).map(lambda days: NOON + timedelta(days=days))
entries = st.builds(
    Entry,
    st.sampled_from(VALUES),
    list=st.sampled_from(LISTS),
    source=st.none() | st.sampled_from(NAMES),
    valid_until=st.none() | times,
    revoked=st.booleans(),
    reference=st.none() | st.sampled_from(["x", "y"]),
    modified=st.none() | times,
)
wordless = st.builds(
    Entry,
    st.just(""),
    list=st.sampled_from(LISTS),
    revoked=st.just(True),
    reference=st.sampled_from(["x", "y"]),
    modified=st.none() | times,
)
some_values = st.lists(st.sampled_from(VALUES), max_size=2)
steps = st.one_of(
    st.tuples(
        st.just("add"),
        st.lists(entries | wordless, max_size=4),
        st.sampled_from(NAMES),
        st.sampled_from(["file", "host"]),
        times,
    ),
    st.tuples(st.just("expire"), some_values, st.none() | st.sampled_from(LISTS), times),
    st.tuples(
        st.just("remove"),
        some_values,
        st.none() | st.sampled_from(LISTS),
        st.none() | st.sampled_from(NAMES),
    ),
)


@settings(max_examples=150)
@given(st.lists(steps, min_size=1, max_size=6))
def test_the_store_says_what_dictionaries_say(done: list[tuple[object, ...]]) -> None:
    model = Model()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Path(folder, "indicators.sqlite"), create=True) as store,
    ):
        store.add([], source="s")
        for step in done:
            match step:
                case "add", list(given_), str(name), str(origin), datetime() as now:
                    before = dict(model.rows)
                    model.add(given_, name, origin, now)
                    result = store.add(given_, source=name, origin=origin, now=now)
                    assert result.added == len(model.rows.keys() - before.keys())
                    assert result.updated == sum(
                        said[:3] != before[key][:3]
                        for key, said in model.rows.items()
                        if key in before
                    )
                    assert result.unchanged >= 0
                case "expire", list(values), name, datetime() as at:
                    assert name is None or isinstance(name, str)
                    model.expire(values, name, at)
                    store.expire(values, list=name, at=at)
                case "remove", list(values), name, source:
                    assert name is None or isinstance(name, str)
                    assert source is None or isinstance(source, str)
                    count = len(model.rows)
                    model.remove(values, name, source)
                    removed = store.remove(values, list=name, source=source)
                    assert count - removed == len(model.rows)
                case _:
                    raise AssertionError(step)
            for name in LISTS:
                here = {key: said for key, said in model.rows.items() if key.list == name}
                assert set(store.values(name)) == {
                    key.value for key, said in here.items() if not said.revoked
                }
                for value in VALUES:
                    assert sorted(
                        (each.source, each.reference or "", str(each.valid_until))
                        for each in store.details(name, value)
                    ) == sorted(
                        (key.source, key.reference or "", str(said.until))
                        for key, said in here.items()
                        if key.value == value and not said.revoked
                    )
            assert sum(each.count for each in store.lists()) == len(model.rows)
