"""Correlations in SPL: what is written, what is refused, and what the model makes of events."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engines.engine import QueryError
from engines.spl_model import SplModel

from jumpsigma import api, load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.interpret.correlations import Given, correlate

#: A correlation in YAML, and a format: its query, and why it was refused.
CorrelationOf = Callable[..., tuple[str, str]]

BASES = "".join(
    f"title: {name}\nname: {name}\nlogsource: {{product: jumpcloud}}\n"
    f"detection: {{s: {{event_type: {name}}}, condition: s}}\n---\n"
    for name in ("red", "blue")
)


@pytest.fixture
def correlation_of(tmp_path: Path) -> CorrelationOf:
    def made(text: str, format_name: str = "spl") -> tuple[str, str]:
        path = tmp_path / "rules.yml"
        path.write_text(f"{BASES}title: A correlation\ncorrelation: {text}\n", encoding="utf-8")
        exported = api.export_queries(load_pack(path, cases=False), "splunk", format_name)
        found = [q.text for q in exported.queries if q.rule.title == "A correlation"]
        return "".join(found), " ".join(f"{one.code} {one.message}" for one in exported.refused)

    return made


COUNT = "{type: event_count, rules: [red], group-by: [user], timespan: 10m, condition: {gte: 3}}"


def test_a_count_is_reached_where_the_event_so_many_before_is_young_enough(
    correlation_of: CorrelationOf,
) -> None:
    assert correlation_of(COUNT)[0].split("\n| ") == [
        'index=jumpcloud event_type="red"',
        "eval key_0=coalesce(lower('user'), 'user')",
        "where isnotnull(id) AND isnotnull(_time) AND isnotnull(key_0)",
        "eval moment=round(_time*1000)",
        "dedup id moment key_0",
        "sort 0 str(key_0) num(moment) str(id)",
        "streamstats window=3 global=f count AS held min(moment) AS since by key_0",
        (
            "streamstats current=f window=3 global=f count AS held_before"
            " min(moment) AS since_before by key_0"
        ),
        (
            "stats last(id) AS id max(held) AS held max(since) AS since"
            " min(held_before) AS held_before min(since_before) AS since_before by key_0 moment"
        ),
        (
            "where held>=3 AND since+600000>=moment"
            " AND NOT (coalesce(held_before, 0)>=3 AND coalesce(since_before, 0)+600000>=moment)"
        ),
    ]


WRITTEN = [
    "{type: event_count, rules: [red], timespan: 10s, condition: {gte: 2}}",
    "{type: event_count, rules: [red], timespan: 30s, condition: {gt: 2.5}}",
    "{type: event_count, rules: [red, blue], group-by: [user], timespan: 20s, condition: {gt: 2}}",
    "{type: event_count, rules: [red], group-by: [user, ip], timespan: 1m, condition: {gte: 2}}",
    "{type: event_count, rules: [blue], timespan: 5s, condition: {gte: 1}}",
    "{type: temporal, rules: [red, blue], group-by: [user], timespan: 10s}",
    "{type: temporal, rules: [red, blue], timespan: 10s, condition: red and blue}",
    "{type: temporal, rules: [red, blue], timespan: 10s, condition: {gte: 1}}",
    "{type: temporal_ordered, rules: [red, blue], timespan: 10s}",
    "{type: temporal_ordered, rules: [blue, red], group-by: [user], timespan: 20s}",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_the_model_finds_what_the_correlation_means(
    correlation_of: CorrelationOf, tmp_path: Path, text: str
) -> None:
    query, refused = correlation_of(text)
    assert query, refused
    correlations = lower_pack(load_pack(tmp_path / "rules.yml", cases=False), "jumpcloud")
    events = [*history(random.Random(3))]
    given = [Given(event, "events", line) for line, event in enumerate(events)]
    expected = correlate(correlations.correlations, given)
    model = SplModel()
    model.load({str(number): event for number, event in enumerate(events)})
    assert model.run(query) == sorted(str(each.completing.event["id"]) for each in expected)
    assert expected


def history(chance: random.Random) -> Iterator[dict[str, str]]:
    """Events of six minutes, several at one instant; one in four stands there twice."""
    for number in range(80):
        minute, second = divmod(chance.randrange(36) * 10, 60)
        fraction = chance.choice(("", ".001"))
        event = {
            "id": f"e{number:03}",
            "timestamp": f"2026-11-02T09:{minute:02}:{second:02}{fraction}Z",
            "event_type": chance.choice(("red", "blue", "green")),
            "user": chance.choice(("ann", "Ann", "bo")),
            "ip": chance.choice(("192.0.2.1", "192.0.2.2")),
        }
        yield from [event] * chance.choice((1, 1, 1, 2))


REFUSED = {
    "{type: event_count, rules: [red], timespan: 1m, condition: {lt: 3}}": "JS065 more events",
    "{type: temporal, rules: [red, blue], timespan: 1m, condition: red and not blue}": (
        "JS065 more events"
    ),
    "{type: event_count, rules: [red], timespan: 1m, condition: {gte: 10001}}": "JS065 10,000",
    "{type: event_count, rules: [red], group-by: [changes.field], timespan: 1m,"
    " condition: {gte: 3}}": "JS065 several values",
    "{type: temporal, rules: [red, blue], aliases: {who: {red: a, blue: b}}, group-by: [who],"
    " timespan: 1m}": "JS065 different fields",
    "{type: value_count, rules: [red], timespan: 1m, condition: {gte: 3, field: user}}": (
        "JS066 time_window"
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_said_is_refused(correlation_of: CorrelationOf, text: str) -> None:
    code, _, reason = REFUSED[text].partition(" ")
    query, refused = correlation_of(text)
    assert query == ""
    assert code in refused
    assert reason in refused


def test_a_saved_search_sees_too_little_of_a_window(correlation_of: CorrelationOf) -> None:
    query, refused = correlation_of(COUNT, "savedsearches")
    assert query == ""
    assert "looks at each minute once" in refused


@pytest.mark.parametrize(
    "command",
    [
        "sort str(id)",
        "sort 0 num(id)",
        "stats count AS n",
        "stats sum(a) AS n by id",
        "streamstats window=3 count AS n by id",
        "streamstats time_window=3s count AS n by id",
        "stats max(id) AS n by event_type",
    ],
)
def test_the_model_takes_nothing_else(command: str) -> None:
    model = SplModel()
    model.load({"1": {"id": "x", "event_type": "a"}})
    with pytest.raises(QueryError):
        model.run(f"index=jumpcloud\n| {command}")
