"""Where lists come from: asked once, asked for details only on a hit, pickled without values."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jumpsigma import api
from jumpsigma.api.lists import lists_for
from jumpsigma.intel.model import Entry, Indicator, Kind
from jumpsigma.intel.store import open_store
from jumpsigma.matcher.indicators import Described, MatchedIndicator
from jumpsigma.pack import Pack

RULES = """\
title: Listed domain
id: 2f1c1f57-6a5e-4bb0-9f0b-0f5f7bb6c901
logsource: {category: dns}
detection: {sel: {query|endswith|expand: ['.%bad%', '.%bad%.']}, condition: sel}
---
title: Listed source
id: 2f1c1f57-6a5e-4bb0-9f0b-0f5f7bb6c902
logsource: {category: dns}
detection:
  sel: {src|expand: '%nets%'}
  known: {query|expand: '%good%'}
  condition: sel and not known
"""
JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    (tmp_path / "pack.yaml").write_text(
        "id: 6b0e2b2e-5a0e-4c80-8a5e-1f2b0f0c7d01\ntitle: Ours\nversion: 1.0.0\nlicense: DRL-1.1\n"
        "lists: {good: lists/good.txt}\n"
    )
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "good.txt").write_text("good.example\n")
    (tmp_path / "rules.yml").write_text(RULES)
    return api.load_pack(tmp_path)


class Counting:
    """A provider that notes what it is asked."""

    def __init__(self, indicators: Iterable[Indicator] = ()) -> None:
        self.indicators = list(indicators)
        self.asked: list[tuple[str, ...]] = []

    def names(self) -> Collection[str]:
        return {each.list for each in self.indicators}

    def values(self, name: str, /) -> Iterable[str]:
        self.asked.append((name,))
        return [each.value for each in self.indicators if each.list == name]

    def details(self, name: str, value: str, /) -> Sequence[Described]:
        self.asked.append((name, value))
        return [each for each in self.indicators if (each.list, each.value) == (name, value)]


BAD = Indicator(Kind.DOMAIN, "bad.example", "bad", "Feed A", ("c2",), 80, JANUARY, FEBRUARY)
BAD_TOO = Indicator(Kind.DOMAIN, "bad.example", "bad", "Feed B", reference="indicator--1")
NET = Indicator(Kind.CIDR, "192.0.2.0/24", "nets", "Feed A")


def test_asked_for_details_only_on_a_hit_and_once(pack: Pack) -> None:
    provider = Counting([BAD, NET])
    matcher = api.compile(pack, "sigma", indicators=provider)
    assert sorted(provider.asked) == [("bad",), ("good",), ("nets",)]
    provider.asked.clear()
    quiet = {"query": "www.fine.example", "src": "198.51.100.1"}
    assert matcher.match(quiet) == []
    assert provider.asked == []
    for _ in range(3):
        (found,) = matcher.match({"query": "www.BAD.example."})
        assert [each.value for each in found.indicators] == ["bad.example"]
    assert provider.asked == [("bad", "bad.example")]


@pytest.mark.parametrize(
    ("timestamp", "sources"),
    [
        ("2025-12-31T23:59:59Z", ["Feed B"]),
        ("2026-01-01T00:00:00Z", ["Feed A", "Feed B"]),
        ("2026-02-01T00:00:00Z", ["Feed B"]),
        (None, ["Feed A", "Feed B"]),
    ],
)
def test_each_entry_that_counts_is_named(
    pack: Pack, timestamp: str | None, sources: list[str]
) -> None:
    matcher = api.compile(pack, "sigma", indicators=Counting([BAD, BAD_TOO]))
    (found,) = matcher.match({"query": "x.bad.example", "timestamp": timestamp})
    assert [each.source for each in found.indicators] == sources


def test_what_a_finding_says_of_an_indicator(pack: Pack) -> None:
    matcher = api.compile(pack, "sigma", indicators=Counting([BAD]))
    (found,) = matcher.match({"query": "x.bad.example"})
    assert found.indicators == (
        MatchedIndicator(
            "bad", "bad.example", "domain", "Feed A", 80, ("c2",), None, JANUARY, FEBRUARY
        ),
    )
    assert found.to_dict()["indicators"] == [
        {
            "list": "bad",
            "value": "bad.example",
            "kind": "domain",
            "source": "Feed A",
            "confidence": 80,
            "tags": ["c2"],
            "reference": None,
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2026-02-01T00:00:00Z",
        }
    ]


def test_a_list_below_not_is_not_named_and_has_no_key(pack: Pack) -> None:
    matcher = api.compile(pack, "sigma", lists={"nets": ["192.0.2.0/24"]})
    (found,) = matcher.match({"query": "other.example", "src": "192.0.2.9"})
    assert [(each.list, each.value) for each in found.indicators] == [("nets", "192.0.2.0/24")]
    assert matcher.match({"query": "GOOD.example", "src": "192.0.2.9"}) == []
    plain = api.compile(pack, "sigma", lists={"nets": ["192.0.2.9"]})
    (found,) = plain.match({"src": "192.0.2.9"})
    assert found.indicators[0].source is None


def test_a_value_of_a_pack_names_the_pack_and_its_file(pack: Pack) -> None:
    (known,) = lists_for(pack).load("good").details("good.example")
    assert (known.source, known.kind) == ("Ours: lists/good.txt", None)


def test_what_was_listed_counts_when_its_details_are_gone(pack: Pack) -> None:
    provider = Counting([BAD])
    matcher = api.compile(pack, "sigma", indicators=provider)
    provider.indicators.clear()
    (found,) = matcher.match({"query": "x.bad.example"})
    assert found.indicators == (MatchedIndicator("bad", "bad.example"),)


def stored(path: Path, *entries: Entry) -> api.StoredLists:
    store = open_store(path, create=True)
    store.add(entries, source="Feed", list="bad")
    return api.StoredLists(path)


def test_pickled_as_the_place_of_the_store(pack: Pack, tmp_path: Path) -> None:
    entries = [Entry(f"host{number}.bad.example") for number in range(5_000)]
    matcher = api.compile(pack, "sigma", indicators=stored(tmp_path / "s" / "i.sqlite", *entries))
    copied = pickle.dumps(matcher)
    assert len(copied) < 100_000
    event = {"query": "www.host4999.bad.example"}
    there: Any = pickle.loads(copied)
    assert there.match(event) == matcher.match(event) != []


def test_a_revoked_entry_is_no_entry(pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / "s" / "i.sqlite"
    given = [Entry("bad.example", reference="x--1"), Entry("worse.example", reference="x--2")]
    stored(path, *given)
    lists = stored(path, Entry("bad.example", reference="x--1", revoked=True, modified=FEBRUARY))
    matcher = api.compile(pack, "sigma", indicators=lists)
    found = [matcher.match({"query": f"a.{name}.example"}) for name in ("bad", "worse")]
    assert [len(each) for each in found] == [0, 1]


def test_the_store_itself_gives_lists(pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / "s" / "i.sqlite"
    stored(path, Entry("bad.example"))
    matcher = api.compile(pack, "sigma", indicators=open_store(path))
    (found,) = matcher.match({"query": "www.bad.example"})
    assert found.indicators[0].source == "Feed"
