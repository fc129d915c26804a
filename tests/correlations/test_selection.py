"""Which rules and correlations report, which are refused, and in which order they tell."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import jumpsigma
from jumpsigma import Finding
from jumpsigma.diagnostics import Severity

START = 1_700_000_000


def rule(name: str, level: str | None = None, **logsource: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": name,
        "name": name,
        "logsource": logsource or {"category": "test"},
        "detection": {"s": {"k": name}, "condition": "s"},
    }
    return found | ({"level": level} if level else {})


def over(
    title: str, *rules: str, level: str | None = None, by: list[str] | None = None, **keys: Any
) -> dict[str, Any]:
    section = {"type": "temporal", "rules": list(rules), "timespan": "1m", **keys}
    if by is not None:
        section["group-by"] = by
    found: dict[str, Any] = {"title": title, "name": title, "correlation": section}
    return found | ({"level": level} if level else {})


def packed(folder: Path, *documents: dict[str, Any], name: str = "r.yml") -> jumpsigma.Pack:
    text = yaml.safe_dump_all(documents, sort_keys=False)
    (folder / name).write_text(text, encoding="utf-8")
    return jumpsigma.load_pack(folder)


def events(*kinds: str) -> list[dict[str, Any]]:
    return [{"k": kind, "timestamp": START + place} for place, kind in enumerate(kinds)]


def titles(found: list[Finding]) -> list[str]:
    return [finding.rule_title for finding in found]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param([rule("a"), rule("b")], ["a", "b"], id="no correlation"),
        pytest.param([rule("a"), rule("b"), over("t", "a", "b")], ["t"], id="S831 silent"),
        pytest.param(
            [rule("a"), rule("b"), over("t", "a", "b", generate=True)],
            ["a", "b", "t"],
            id="S831 generate",
        ),
        pytest.param(
            [rule("a"), rule("b"), over("t", "a", "b"), over("u", "a", "b", generate=True)],
            ["a", "b", "t", "u"],
            id="S831 one generates",
        ),
        pytest.param(
            [rule("a"), rule("b"), over("t", "a", "b"), over("u", "t", generate=True)],
            ["t", "u"],
            id="S831 of correlations too",
        ),
    ],
)
def test_who_speaks(documents: list[dict[str, Any]], expected: list[str], tmp_path: Path) -> None:
    matcher = jumpsigma.compile(packed(tmp_path, *documents), mapping="sigma")
    assert matcher.refused == ()
    assert titles(matcher.match_all(events("a", "b"))) == expected
    assert matcher.reporting == len(expected)
    alone = [finding for event in events("a", "b") for finding in matcher.match(event)]
    assert titles(alone) == [title for title in expected if title in "ab"]
    session = matcher.session()
    streamed = [finding for event in events("a", "b") for finding in session.feed(event)]
    assert sorted(titles(streamed + session.close())) == expected


def test_s831_s835_a_correlation_with_a_refused_rule_is_refused_and_its_rules_speak(
    tmp_path: Path,
) -> None:
    broken = rule("b")
    broken["detection"]["s"] = {"k": []}
    pack = packed(tmp_path, rule("a"), broken, over("t", "a", "b"), over("u", "t"))
    matcher = jumpsigma.compile(pack, mapping="sigma")
    assert titles(matcher.match_all(events("a", "b"))) == ["a"]
    told = [(each.code, each.severity, each.message) for each in matcher.refused]
    assert [code for code, *_ in told] == ["JS031", "JS036", "JS036"]
    assert told[1][2] == "the correlation 't' is not evaluated: its rule 'b' cannot run"
    assert told[2][2] == "the correlation 'u' is not evaluated: its rule 't' cannot run"
    assert {severity for _, severity, _ in told} == {Severity.ERROR}
    span = matcher.refused[1].span
    assert span is not None
    text = (tmp_path / "r.yml").read_text(encoding="utf-8").splitlines()
    assert text[span.line - 1].strip() == "- b"


def test_s835_a_correlation_whose_rule_does_not_apply_does_not_apply(tmp_path: Path) -> None:
    jumpcloud = {"product": "jumpcloud", "service": "directory"}
    pack = packed(
        tmp_path, rule("a", **jumpcloud), rule("b", category="registry_set"), over("t", "a", "b")
    )
    matcher = jumpsigma.compile(pack)
    told = [(each.code, each.severity) for each in matcher.refused]
    assert told == [("JS050", Severity.INFO), ("JS036", Severity.INFO)]
    assert [each.title for each in matcher.rules] == ["a"]
    assert matcher.reporting == 1


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"type": "value_percentile", "condition": {"gte": 1, "field": "v"}},
            "value_percentile needs a percentile from 0 to 100",
        ),
        (
            {
                "type": "value_percentile",
                "condition": {"gte": 1, "field": "v", "percentile": 101},
            },
            "value_percentile needs a percentile from 0 to 100",
        ),
        (
            {"type": "event_count", "condition": {"gte": 1}, "group-by": ["changes[x].to"]},
            "a correlation cannot use the virtual field changes[x].to",
        ),
        (
            {
                "type": "event_count",
                "condition": {"gte": 1},
                "group-by": ["who"],
                "aliases": {"who": {"nobody": "x"}},
            },
            "an alias is for 'nobody', which is no rule of the pack",
        ),
        ({"type": "temporal", "rules": ["a"] * 64}, "it refers to more than 63 rules"),
        (
            {
                "type": "temporal_ordered",
                "rules": [],
                "condition": " and ".join(f"(r{n} or s{n})" for n in range(7)),
            },
            "its ordered condition has more than 64 alternatives",
        ),
        (
            {"type": "value_count", "condition": {"gte": 1, "field": []}},
            "its list of fields is empty",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(
    section: dict[str, Any], message: str, tmp_path: Path
) -> None:
    names = ["a", *(f"{kind}{number}" for number in range(7) for kind in "rs")]
    section = {"rules": ["a"], "timespan": "1m", **section}
    section = {key: value for key, value in section.items() if value != []}
    document = {"title": "t", "correlation": section}
    pack = packed(tmp_path, *map(rule, names), document)
    assert pack.diagnostics == ()
    (refused,) = jumpsigma.compile(pack, mapping="sigma").refused
    assert message in refused.message
    assert refused.span is not None
    assert refused.span.line > 1


def test_a_field_is_mapped_for_each_rule_as_its_own_are(tmp_path: Path) -> None:
    """S822: one name of the taxonomy is two fields of two log sources."""
    pack = packed(
        tmp_path,
        {
            "title": "service",
            "name": "service",
            "logsource": {"product": "windows", "category": "process_creation"},
            "detection": {"s": {"Image|endswith": "\\x.exe"}, "condition": "s"},
        },
        {
            "title": "dns",
            "name": "dns",
            "logsource": {"category": "dns_query"},
            "detection": {"s": {"QueryName": "example.com"}, "condition": "s"},
        },
        over("t", "service", "dns", by=["Image"]),
    )
    matcher = jumpsigma.compile(pack, mapping="ecs")
    assert matcher.refused == ()
    (correlation,) = matcher.correlations
    assert correlation.group_by == ("Image",)
    assert [r.group_by for r in correlation.references] == [("process.executable",)] * 2


def test_s833_levels_and_log_sources_choose_what_is_reported(tmp_path: Path) -> None:
    windows = {"product": "windows", "category": "process_creation"}
    linux = {"product": "linux", "category": "process_creation"}
    pack = packed(
        tmp_path,
        rule("a", "informational", **windows),
        rule("b", "informational", **windows),
        rule("c", "high", **linux),
        over("low", "a", level="low", generate=True),
        over("high", "a", "b", level="high", generate=True),
        over("mixed", "a", "c", level="high", generate=True),
    )

    def compiled(**chosen: Any) -> list[str]:
        matcher = jumpsigma.compile(pack, mapping="sigma", **chosen)
        return titles(matcher.match_all(events("a", "b", "c")))

    assert compiled() == ["a", "b", "c", "low", "high", "mixed"]
    assert compiled(min_level="high") == ["c", "high", "mixed"]
    assert compiled(logsource=windows) == ["a", "b", "low", "high"]
    assert compiled(logsource=windows, min_level="high") == ["high"]
    assert compiled(logsource=linux) == ["c"]


def test_s834_correlations_tell_last_by_time_then_rule_then_group(tmp_path: Path) -> None:
    pack = packed(
        tmp_path,
        rule("z"),
        rule("a"),
        over("second", "a", by=["g"]),
        over("first", "a", generate=True, by=["g"]),
    )
    matcher = jumpsigma.compile(pack, mapping="sigma")
    given = [
        {"k": "a", "g": "y", "timestamp": START + 5},
        {"k": "a", "g": "x", "timestamp": START + 5},
        {"k": "z", "g": "x", "timestamp": START},
        {"k": "a", "g": "q", "timestamp": START + 1},
    ]
    found = matcher.match_all(given)
    assert [(f.rule_title, f.event["g"]) for f in found] == [
        *(("a", group) for group in "yx"),
        ("z", "x"),
        ("a", "q"),
        ("second", "q"),
        ("first", "q"),
        ("second", "x"),
        ("second", "y"),
        ("first", "x"),
        ("first", "y"),
    ]


def vendor_exports(folder: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """A file for each service, newest first; files overlap at the hours' edges."""
    found = [
        {
            "service": ("directory", "sso", "radius")[number % 3],
            "event_type": ("user_login_attempt", "sso_auth", "radius_auth_attempt")[number % 3],
            "k": "a" if number % 2 else "b",
            "id": f"{number:04}",
            "timestamp": f"2024-01-01T{number // 60:02}:{number % 60:02}:00Z",
            "initiated_by": {"id": f"user {number % 7}"},
        }
        for number in range(600)
    ]
    exports = folder / "exports"
    exports.mkdir()
    for service in ("directory", "sso", "radius"):
        own = [event for event in found if event["service"] == service]
        for part in range(4):
            piece = own[max(part * 50 - 5, 0) : part * 50 + 55][::-1]
            array = json.dumps(piece, indent=1 if part % 2 else None).encode()
            path = exports / f"{service}-{part}.json{'.gz' if part > 1 else ''}"
            path.write_bytes(gzip.compress(array) if part > 1 else array)
    sorted_file = folder / "sorted.ndjson"
    sorted_file.write_text("".join(json.dumps(event) + "\n" for event in found))
    return sorted(map(str, exports.iterdir())), found


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_vendor_s_exports_give_what_one_sorted_file_gives(jobs: int, tmp_path: Path) -> None:
    """S802, S834: one file for each service, newest first, arrays and archives that overlap."""
    rules = tmp_path / "rules"
    rules.mkdir()
    pack = packed(
        rules,
        rule("a"),
        rule("b"),
        over("many", "a", type="event_count", timespan="1h", condition={"gte": 4},
             by=["initiated_by.id"]),
        over("then", "a", "b", type="temporal_ordered", timespan="15m",
             by=["initiated_by.id"]),
        over("services", "a", "b", type="value_count", timespan="20m",
             condition={"gte": 3, "field": "service"}, by=["initiated_by.id"]),
        over("again", "many", type="event_count", timespan="1d", condition={"gte": 2}),
    )  # fmt: skip
    matcher = jumpsigma.compile(pack, mapping="sigma")
    exports, _ = vendor_exports(tmp_path)

    def told(findings: list[Finding]) -> list[dict[str, Any]]:
        return [{**finding.to_dict(), "source": None} for finding in findings]

    expected = told(list(matcher.scan(tmp_path / "sorted.ndjson")))
    assert {finding["rule_title"] for finding in expected} == {"then", "services", "again"}
    assert len(expected) > 100
    assert told(list(matcher.scan_all(exports, jobs=jobs))) == expected
    assert told(list(matcher.scan_all(exports[::-1], limit=10))) == expected


def test_a_finding_names_the_indicators_of_the_event_that_completed_it(tmp_path: Path) -> None:
    """S820, as S704 says for a single event."""
    listed = rule("a")
    listed["detection"] = {"s": {"host|expand": "%bad%"}, "condition": "s"}
    again = over("again", "a", type="event_count", condition={"gte": 2})
    matcher = jumpsigma.compile(
        packed(tmp_path, listed, again),
        mapping="sigma",
        lists={"bad": ["one.example.com", "two.example.com"]},
    )
    given = [
        {"host": f"{name}.example.com", "timestamp": START + place}
        for place, name in enumerate(("one", "good", "TWO"))
    ]
    (found,) = matcher.match_all(given)
    assert found.matched == {"host": ["TWO.example.com"]}
    assert [indicator.to_dict()["value"] for indicator in found.indicators] == ["two.example.com"]
    session = matcher.session()
    (streamed,) = [finding for event in given for finding in session.feed(event)]
    assert streamed.indicators == found.indicators
