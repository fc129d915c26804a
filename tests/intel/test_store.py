"""What is in the store after feeds have spoken, and what a look into it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.intel.model import DEFAULT_LIST, AddResult, Entry, FeedProblem, Indicator, Kind
from jumpsigma.intel.store import Store, open_store

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home" / "indicators.sqlite", create=True) as opened:
        yield opened


def counts(result: AddResult) -> tuple[int, int, int, int]:
    return result.added, result.updated, result.unchanged, result.rejected


def stix(value: str, *, version: int = 0, revoked: bool = False, id_: str = "x") -> Entry:
    reference = f"indicator--{id_}"
    return Entry(value, reference=reference, modified=NOON + version * DAY, revoked=revoked)


def valid(store: Store, name: str = DEFAULT_LIST) -> list[str]:
    return sorted(store.values(name))


def test_an_empty_store_answers(tmp_path: Path) -> None:
    path = tmp_path / "indicators.sqlite"
    with open_store(path) as store:
        assert not store.exists
        assert [*store.values("x"), *store.details("x", "y"), *store.match("y.example")] == []
        assert (store.lists(), store.names(), store.get_state("k")) == ([], (), None)
    assert not path.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.add([Entry("evil.example")], source="s"),
        lambda store: store.expire(["evil.example"]),
        lambda store: store.remove(["evil.example"]),
    ],
)
def test_only_who_may_create_a_store_does(
    tmp_path: Path, change: Callable[[Store], object]
) -> None:
    store = open_store(tmp_path / "indicators.sqlite")
    with pytest.raises(DiagnosticError, match="there is no indicator store yet"):
        change(store)
    assert not [*tmp_path.iterdir()]


def test_everything_said_of_an_indicator_is_kept(store: Store) -> None:
    entry = Entry(
        "hxxps://EVIL[.]example",
        tags=("phishing", "tlp:clear"),
        confidence=80,
        valid_from=NOON,
        valid_until=NOON + DAY,
        reference="indicator--1",
        note="seen in mail",
        source="Example Org",
    )
    result = store.add([entry], source="file.json", tags=("mine", "phishing"))
    assert counts(result) == (1, 0, 0, 0)
    assert result.lists == (DEFAULT_LIST,)
    assert store.details(DEFAULT_LIST, "https://evil.example/") == [
        Indicator(
            Kind.URL,
            "https://evil.example/",
            DEFAULT_LIST,
            "Example Org",
            ("phishing", "tlp:clear", "mine"),
            80,
            NOON,
            NOON + DAY,
            reference="indicator--1",
            note="seen in mail",
        )
    ]


def test_defaults_fill_in_what_an_entry_does_not_say(store: Store) -> None:
    entries = [
        Entry("a.example"),
        Entry("b.example", confidence=5, valid_until=NOON, source="feed", list="other"),
    ]
    store.add(entries, source="s", list="mine", confidence=50, valid_until=NOON + DAY)
    (a,) = store.details("mine", "a.example")
    assert (a.source, a.confidence, a.valid_until) == ("s", 50, NOON + DAY)
    (b,) = store.details("other", "b.example")
    assert (b.source, b.confidence, b.valid_until) == ("feed", 5, NOON)


def test_a_source_that_is_told_may_stand_for_all(store: Store) -> None:
    store.add([Entry("a.example", source="feed")], source="told", keep_sources=False)
    assert [each.source for each in store.details(DEFAULT_LIST, "a.example")] == ["told"]


def test_adding_again_replaces_what_the_same_source_said(store: Store) -> None:
    entry = Entry("a.example", tags=("x",), valid_until=NOON)
    assert counts(store.add([entry], source="s")) == (1, 0, 0, 0)
    assert counts(store.add([entry], source="s")) == (0, 0, 1, 0)
    longer = replace(entry, valid_until=NOON + DAY, confidence=9)
    assert counts(store.add([longer], source="s")) == (0, 1, 0, 0)
    (found,) = store.details(DEFAULT_LIST, "a.example")
    assert (found.valid_until, found.confidence) == (NOON + DAY, 9)


def test_a_value_may_come_from_several_sources_and_stand_in_several_lists(store: Store) -> None:
    store.add([Entry("a.example", confidence=1)], source="s")
    store.add([Entry("A.example.", confidence=2)], source="t")
    store.add([Entry("a[.]example", confidence=3)], source="s", list="other")
    assert [each.confidence for each in store.details(DEFAULT_LIST, "a.example")] == [1, 2]
    assert [each.confidence for each in store.details("other", "a.example")] == [3]
    assert store.names() == (DEFAULT_LIST, "other")
    assert set(store.values(DEFAULT_LIST)) == {"a.example"}


def test_of_one_value_twice_in_a_feed_the_last_counts(store: Store) -> None:
    entries = [Entry("a.example", confidence=1), Entry("A.example", confidence=2)]
    assert counts(store.add(entries, source="s")) == (1, 0, 0, 0)
    assert [each.confidence for each in store.details(DEFAULT_LIST, "a.example")] == [2]


def test_what_is_no_indicator_is_told_and_the_rest_is_added(store: Store) -> None:
    entries: list[Entry | Diagnostic] = [
        Entry("a.example"),
        Entry("not good", span=Span("feed.txt", 2)),
        FeedProblem("JS080", "read with difficulty", Severity.WARNING),
        FeedProblem("JS080", "three more like it", Severity.WARNING, times=3, rejected=3),
        Diagnostic("JS080", "by the way", Severity.INFO),
        Entry("1.2.3", pointer="/objects/4"),
        Entry("b.example"),
    ]
    problems: list[Diagnostic] = []
    result = store.add(entries, source="s", on_problem=problems.append)
    assert counts(result) == (2, 0, 0, 5)
    assert [str(problem.message) for problem in problems] == [
        "'not good' has spaces or control characters in it",
        "read with difficulty",
        "three more like it",
        "by the way",
        "'1.2.3' is neither an address nor a domain (at /objects/4)",
    ]
    assert problems[0].span == Span("feed.txt", 2)
    assert valid(store) == ["a.example", "b.example"]


def test_a_feed_that_breaks_leaves_the_store_as_it_was(store: Store) -> None:
    store.add([Entry("a.example")], source="s", state={"turn": "1"})

    def broken() -> Iterator[Entry]:
        yield Entry("b.example")
        raise RuntimeError("connection lost")

    with pytest.raises(RuntimeError, match="connection lost"):
        store.add(broken(), source="s", state={"turn": "2"})
    assert valid(store) == ["a.example"]
    assert store.get_state("turn") == "1"


def test_state_is_read_after_the_last_entry(store: Store) -> None:
    state: dict[str, str] = {}

    def feed() -> Iterator[Entry]:
        yield Entry("a.example")
        state["turn"] = "1"

    store.add(feed(), source="s", state=state)
    assert store.get_state("turn") == "1"
    store.add([], source="s", state={"turn": "2"})
    assert store.get_state("turn") == "2"


# --- versions and revocation


def test_a_revoked_indicator_is_no_value(store: Store) -> None:
    store.add([stix("a.example")], source="s")
    result = store.add([stix("a.example", version=1, revoked=True)], source="s")
    assert counts(result) == (0, 1, 0, 0)
    assert valid(store) == []
    assert store.details(DEFAULT_LIST, "a.example") == []
    assert [each.indicator.revoked for each in store.match("a.example")] == [True]


@pytest.mark.parametrize("value", ["", "a.example", "another.example"])
def test_a_revocation_counts_in_every_list_of_its_origin(store: Store, value: str) -> None:
    store.add([stix("a.example"), stix("b.example")], source="s", list="one")
    store.add([stix("a.example")], source="t", list="two")
    store.add([stix("c.example", id_="y")], source="s", list="two")
    store.add([stix(value, version=1, revoked=True)], source="u", list="three")
    assert valid(store, "one") == []
    assert valid(store, "two") == ["c.example"]
    assert valid(store, "three") == []


def test_a_feed_cannot_revoke_the_indicators_of_another(store: Store) -> None:
    store.add([stix("a.example")], source="s", origin="good.example")
    hostile = [stix("a.example", version=9, revoked=True), stix("", version=9, revoked=True)]
    store.add(hostile, source="s", origin="bad.example")
    assert valid(store) == ["a.example"]
    store.add([stix("other.example", version=10)], source="s", origin="bad.example")
    assert "a.example" in valid(store)


def test_an_indicator_that_was_never_valid_may_be_revoked(store: Store) -> None:
    assert counts(store.add([stix("a.example", revoked=True)], source="s")) == (1, 0, 0, 0)
    assert counts(store.add([stix("", revoked=True, id_="y")], source="s")) == (0, 0, 0, 0)
    assert valid(store) == []


def test_a_newer_version_replaces_an_older_one(store: Store) -> None:
    store.add([stix("a.example"), stix("b.example"), stix("c.example", id_="y")], source="s")
    store.add([stix("b.example", version=1), stix("d.example", version=1)], source="s")
    assert valid(store) == ["b.example", "c.example", "d.example"]


def test_an_older_version_changes_nothing(store: Store) -> None:
    store.add([stix("new.example", version=1)], source="s")
    assert counts(store.add([stix("old.example")], source="s")) == (0, 0, 1, 0)
    assert counts(store.add([stix("new.example", revoked=True)], source="s")) == (0, 0, 1, 0)
    assert valid(store) == ["new.example"]


@pytest.mark.parametrize("backwards", [False, True])
def test_versions_in_one_feed_may_come_in_any_order(store: Store, *, backwards: bool) -> None:
    versions = [stix("a.example"), stix("b.example", version=1), stix("c.example", version=2)]
    store.add(reversed(versions) if backwards else versions, source="s")
    assert valid(store) == ["c.example"]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_revocation_in_one_feed_may_stand_before_it(store: Store, *, backwards: bool) -> None:
    versions = [stix("a.example"), stix("a.example", version=1, revoked=True)]
    store.add(reversed(versions) if backwards else versions, source="s")
    assert valid(store) == []


def test_without_versions_the_last_word_counts(store: Store) -> None:
    plain = Entry("a.example", reference="uuid")
    store.add([plain, replace(plain, revoked=True)], source="s")
    assert valid(store) == []
    store.add([plain], source="s")
    assert valid(store) == ["a.example"]


# --- time


@pytest.mark.parametrize(
    ("when", "expected"),
    [(NOON - DAY, False), (NOON, True), (NOON + DAY, False), (None, True)],
)
def test_a_period_has_its_beginning_and_not_its_end(
    store: Store, when: datetime | None, *, expected: bool
) -> None:
    store.add([Entry("a.example", valid_from=NOON, valid_until=NOON + DAY)], source="s")
    (found,) = store.details(DEFAULT_LIST, "a.example")
    assert found.is_valid_at(when) is expected
    assert not replace(found, revoked=True).is_valid_at(when)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (NOON.astimezone(timezone(timedelta(hours=5))), NOON),
        (NOON.replace(tzinfo=None), NOON),
        (NOON.replace(microsecond=1), NOON.replace(microsecond=1)),
        (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)),
        (
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
            datetime.max.replace(tzinfo=UTC),
        ),
    ],
)
def test_times_are_kept_to_the_microsecond(store: Store, given: datetime, kept: datetime) -> None:
    store.add([Entry("a.example", valid_from=given)], source="s")
    assert [each.valid_from for each in store.details(DEFAULT_LIST, "a.example")] == [kept]


def test_expiring_ends_validity_now_and_no_earlier_end_is_moved(store: Store) -> None:
    store.add([Entry("a.example"), Entry("b.example", valid_until=NOON - DAY)], source="s")
    assert store.expire(["A[.]example", "b.example", "c.example"], at=NOON) == 1
    ends = {v: store.details(DEFAULT_LIST, v)[0].valid_until for v in ("a.example", "b.example")}
    assert ends == {"a.example": NOON, "b.example": NOON - DAY}
    assert valid(store) == ["a.example", "b.example"]  # event time decides


def test_what_no_feed_has_named_for_long_may_expire(store: Store) -> None:
    store.add([Entry("a.example"), Entry("b.example")], source="s", now=NOON - 9 * DAY)
    store.add([Entry("b.example")], source="s", now=NOON)
    assert store.expire(unseen_since=NOON - DAY, at=NOON) == 1
    assert [each.valid_until for each in store.details(DEFAULT_LIST, "a.example")] == [NOON]
    assert [each.valid_until for each in store.details(DEFAULT_LIST, "b.example")] == [None]


def test_a_feed_that_names_it_again_revives_what_expired(store: Store) -> None:
    store.add([Entry("a.example")], source="s")
    store.expire(["a.example"])
    store.add([Entry("a.example")], source="s")
    assert [each.valid_until for each in store.details(DEFAULT_LIST, "a.example")] == [None]


# --- removing


def fill_with_four(store: Store) -> None:
    store.add([Entry("a.example"), Entry("192.0.2.0/24")], source="s", list="one")
    store.add([Entry("a.example")], source="t", list="one")
    store.add([Entry("a.example")], source="s", list="two")


@pytest.mark.parametrize(
    ("values", "name", "source", "count"),
    [
        ((), None, None, 0),
        (("a.example",), None, None, 3),
        (("A[.]EXAMPLE",), "one", None, 2),
        (("a.example",), "one", "s", 1),
        (("192.0.2.9/24",), None, None, 1),
        (("192.0.2.9",), None, None, 0),  # what it matches is not what it names
        ((), "one", None, 3),
        ((), None, "s", 3),
        ((), "two", "t", 0),
        (("a.example", "192.0.2.0/24"), None, None, 4),
    ],
)
def test_what_fits_all_that_is_given_is_removed(
    store: Store, values: tuple[str, ...], name: str | None, source: str | None, count: int
) -> None:
    fill_with_four(store)
    assert store.remove(values, list=name, source=source, dry_run=True) == count
    assert sum(each.count for each in store.lists()) == 4
    assert store.remove(values, list=name, source=source) == count
    assert sum(each.count for each in store.lists()) == 4 - count


@pytest.mark.parametrize(
    ("values", "name", "kept"), [(["a.example"], None, "1"), ([], DEFAULT_LIST, None)]
)
def test_a_feed_starts_anew_when_what_it_brought_was_removed(
    store: Store, values: list[str], name: str | None, kept: str | None
) -> None:
    store.add([Entry("a.example")], source="s", state={"turn": "1"})
    store.remove(values, list=name, dry_run=True)
    assert store.get_state("turn") == "1"
    store.remove(values, list=name)
    assert store.get_state("turn") == kept


def test_a_list_without_indicators_is_none(store: Store) -> None:
    fill_with_four(store)
    store.remove(list="two")
    assert store.names() == ("one",)
    assert [each.name for each in store.lists()] == ["one"]


# --- looking


def test_lists_are_summed_up(store: Store) -> None:
    entries = [
        Entry("192.0.2.1"),
        Entry("a.example", valid_until=NOON - DAY),
        Entry("b.example", valid_until=NOON - DAY, revoked=True),
        Entry("c.example", valid_until=NOON + DAY, source="feed"),
    ]
    store.add(entries, source="s", now=NOON)
    (found,) = store.lists(now=NOON)
    assert (found.name, found.count, found.expired, found.revoked) == (DEFAULT_LIST, 4, 1, 1)
    assert found.sources == ("feed", "s")
    assert found.kinds == (Kind.DOMAIN, Kind.IP)
    assert found.updated == NOON


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("evil.example", [("evil.example", "is the domain")]),
        (
            "A.sub.EVIL.example.",
            [("sub.evil.example", "is below sub.evil.example"),
             ("evil.example", "is below evil.example")],
        ),
        ("notevil.example", []),
        ("evil.example.test", []),
        ("onion", [("onion", "is the domain")]),
        ("abc.onion", [("onion", "is below onion")]),
        (
            "::ffff:192.0.2.1",
            [("192.0.2.1", "is the address"), ("192.0.2.0/24", "is in 192.0.2.0/24")],
        ),
        ("192.0.2.0/25", [("192.0.2.0/24", "is in 192.0.2.0/24")]),
        ("192.0.3.1", []),
        ("2001:db8:1::1", [("2001:db8::/32", "is in 2001:db8::/32")]),
        (
            "http://a.evil.example:8080/x",
            [("evil.example", "its host is below evil.example")],
        ),
        ("http://evil.example/x", [
            ("http://evil.example/x", "is the URL"), ("evil.example", "its host is the domain"),
        ]),
        ("http://evil.example/X", [("evil.example", "its host is the domain")]),
        ("http://[2001:db8::1]/", [("2001:db8::/32", "its host is in 2001:db8::/32")]),
        ("http://192.0.2.7/", [("192.0.2.0/24", "its host is in 192.0.2.0/24")]),
        ("Bad@Evil.example", [("bad@evil.example", "is the e-mail address")]),
        ("ab" * 16, [("ab" * 16, "is the hash")]),
    ],
)  # fmt: skip
def test_a_match_says_why(store: Store, value: str, expected: list[tuple[str, str]]) -> None:
    known = [
        "evil.example", "sub.evil.example", "*.onion", "192.0.2.1", "192.0.2.0/24",
        "2001:db8::/32", "http://evil.example/x", "bad@evil.example", "AB" * 16,
    ]  # fmt: skip
    store.add(map(Entry, known), source="s")
    assert [(each.indicator.value, each.reason) for each in store.match(value)] == expected


def test_a_match_names_every_list_and_source(store: Store) -> None:
    fill_with_four(store)
    found = [(each.indicator.list, each.indicator.source) for each in store.match("x.a.example")]
    assert found == [("one", "s"), ("one", "t"), ("two", "s")]


def test_what_is_no_value_matches_nothing_and_says_so(store: Store) -> None:
    with pytest.raises(DiagnosticError, match="'a b' has spaces") as raised:
        store.match("a b")
    assert raised.value.diagnostic.code == "JS080"


@pytest.mark.parametrize("name", ["", "a b", "a-b", "%x%", "ü", "x" * 101])
def test_a_list_is_named_as_a_placeholder_can_name_it(store: Store, name: str) -> None:
    with pytest.raises(DiagnosticError, match="is no name for a list"):
        store.add([Entry("a.example")], source="s", list=name)
    assert not store.exists
    named = [Entry("a.example"), Entry("a.example", list=name or "-")]
    with pytest.raises(DiagnosticError, match="is no name for a list"):
        store.add(named, source="s")
    assert store.names() == ()


def test_a_feed_cannot_fill_the_disk_with_words_or_break_the_store_with_them(store: Store) -> None:
    entry = Entry(
        "a.example",
        source="s" * 10_000,
        tags=tuple(f"{i} \ud800" for i in range(10_000)),
        reference="r" * 10_000,
        note="\0\udfff" + "n" * 10_000,
        confidence=50,
    )
    store.add([entry], source="s")
    (found,) = store.details(DEFAULT_LIST, "a.example")
    assert found.tags[:2] == ("0 ?", "1 ?")
    assert len(found.tags) == 100
    assert {len(found.source), len(found.reference or ""), len(found.note or "")} == {1000}
