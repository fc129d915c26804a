"""Findings in every output format."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest

from jumpsigma.matcher.findings import Finding, Source
from jumpsigma.report import FORMATS, open_sink

LOCKED = Finding(
    rule_id="5b2d6f1e-0000-4000-8000-000000000001",
    rule_title="Account Locked",
    level="high",
    author="Jane Doe",
    license="DRL-1.1",
    tags=("attack.credential-access", "attack.t1110"),
    event_id="e1",
    timestamp="2026-05-01T10:00:00Z",
    source=Source("logs/export.json.gz", 12),
    matched={"event_type": ["user_lockout"], "attempts": [6, True, None]},
    event={
        "id": "e1",
        "event_type": "user_lockout",
        "initiated_by": {"type": "user", "username": "zoë"},
        "client_ip": "192.0.2.7",
    },
)
BARE = Finding(
    rule_id=None,
    rule_title="Bare",
    level=None,
    author=None,
    license=None,
    tags=(),
    event_id=None,
    timestamp=None,
    source=None,
    matched={},
    event={},
)
CORRELATED = replace(
    BARE,
    rule_title="Many of them",
    level="medium",
    source=Source(None, 3),
    correlation={
        "type": "event_count",
        "group": {"username": "zoë"},
        "count": 5,
        "first": "2026-05-01T10:00:00Z",
        "last": "2026-05-01T10:04:00Z",
        "event_ids": ["e1"],
    },
)

KEYS = [
    "rule_id",
    "rule_title",
    "level",
    "author",
    "license",
    "tags",
    "event_id",
    "timestamp",
    "source",
    "matched",
    "event",
]


def written(form: Any, *findings: Finding, color: bool = False) -> str:
    stream = io.StringIO(newline="")
    sink = open_sink(form, stream, color=color)
    for finding in findings:
        sink.write(finding)
    sink.close()
    return stream.getvalue()


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_ndjson_is_the_contract() -> None:
    assert written("ndjson", LOCKED) == (
        '{"rule_id":"5b2d6f1e-0000-4000-8000-000000000001","rule_title":"Account Locked",'
        '"level":"high","author":"Jane Doe","license":"DRL-1.1",'
        '"tags":["attack.credential-access","attack.t1110"],"event_id":"e1",'
        '"timestamp":"2026-05-01T10:00:00Z","source":{"path":"logs/export.json.gz","line":12},'
        '"matched":{"event_type":["user_lockout"],"attempts":[6,true,null]},'
        '"event":{"id":"e1","event_type":"user_lockout",'
        '"initiated_by":{"type":"user","username":"zoë"},"client_ip":"192.0.2.7"}}\n'
    )


@pytest.mark.parametrize(
    ("finding", "keys"),
    [(LOCKED, KEYS), (BARE, KEYS), (CORRELATED, [*KEYS, "correlation"])],
)
def test_keys_and_their_order(finding: Finding, keys: list[str]) -> None:
    (line,) = written("ndjson", finding).splitlines()
    assert list(json.loads(line)) == keys == list(finding.to_dict())


def test_a_finding_without_a_source_says_null() -> None:
    assert json.loads(written("ndjson", BARE))["source"] is None
    assert json.loads(written("ndjson", CORRELATED))["source"] == {"path": None, "line": 3}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": [value]}
    return value


HOSTILE: list[tuple[Any, Any]] = [
    # value in an event, value that a strict reader gets
    (math.nan, None),
    (math.inf, None),
    ([-math.inf, 1.5, "\ud800"], [None, 1.5, "\ud800"]),
    ("\ud800 and \udfff, \u2028 \x00 \x1b", "\ud800 and \udfff, \u2028 \x00 \x1b"),
    ({"\ud800": {"b": [], "c": {}, "d": [1, "x"]}}, {"\ud800": {"b": [], "c": {}, "d": [1, "x"]}}),
    (2**64, 2**64),
    (-(2**80), -(2**80)),
    (
        [2**64, {"no": None, "yes": True}, (1, 2), []],
        [2**64, {"no": None, "yes": True}, [1, 2], []],
    ),
    (nested(150), nested(150)),
]


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize(("value", "expected"), HOSTILE)
@pytest.mark.parametrize("form", ["ndjson", "json"])
def test_whatever_was_read_can_be_written(form: str, value: Any, expected: Any) -> None:
    finding = replace(LOCKED, event={"a": value}, matched={"a": [value]})
    text = written(form, finding)
    text.encode()
    assert len(text.splitlines()) == (1 if form == "ndjson" else 3)
    loaded = json.loads(text, parse_constant=refuse)
    loaded = loaded if form == "ndjson" else loaded[0]
    assert loaded["event"] == {"a": expected}
    assert loaded["matched"] == {"a": [expected]}


@pytest.mark.parametrize("form", FORMATS)
def test_deep_nesting_is_written_without_recursion(form: str) -> None:
    deep = nested(20_000)
    text = written(form, replace(LOCKED, event={"a": deep}, matched={"a": [deep]}))
    if form in ("ndjson", "json"):
        assert text.count("[") >= 2 * 20_000
    else:
        assert "Account Locked" in text


@pytest.mark.parametrize("findings", [[], [LOCKED], [LOCKED, BARE, CORRELATED]])
def test_json_is_one_array(findings: list[Finding]) -> None:
    text = written("json", *findings)
    assert json.loads(text) == [
        finding.to_dict() | {"tags": list(finding.tags)} for finding in findings
    ]
    assert text.endswith("]\n")


@pytest.mark.parametrize("form", ["ndjson", "json", "csv", "table"])
def test_findings_are_written_as_they_come(form: Any) -> None:
    stream = io.StringIO()
    sink = open_sink(form, stream, color=False)
    sink.write(LOCKED)
    assert "Account Locked" in stream.getvalue()


def test_csv() -> None:
    assert written("csv", LOCKED, BARE, CORRELATED).split("\n") == [
        (
            "rule_id,rule_title,level,author,license,tags,event_id,timestamp,path,line,matched,"
            "correlation,indicators"
        ),
        (
            "5b2d6f1e-0000-4000-8000-000000000001,Account Locked,high,Jane Doe,DRL-1.1,"
            "attack.credential-access attack.t1110,e1,2026-05-01T10:00:00Z,logs/export.json.gz,12,"
            '"{""event_type"":[""user_lockout""],""attempts"":[6,true,null]}",,'
        ),
        ",Bare,,,,,,,,,{},,",
        (
            ',Many of them,medium,,,,,,,3,{},"{""type"":""event_count"",'
            '""group"":{""username"":""zoë""},""count"":5,""first"":""2026-05-01T10:00:00Z"",'
            '""last"":""2026-05-01T10:04:00Z"",""event_ids"":[""e1""]}",'
        ),
        "",
    ]


FORMULAS = [
    # event_id, cell
    ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ('a "quoted", line\nbreak', 'a "quoted", line\nbreak'),
    ("lone \ud800", "lone \\ud800"),
    ("1 = 1", "1 = 1"),
]


@pytest.mark.parametrize(("text", "cell"), FORMULAS)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    rows = list(
        csv.DictReader(io.StringIO(written("csv", replace(LOCKED, event_id=text)), newline=""))
    )
    assert [row["event_id"] for row in rows] == [cell]


def test_csv_cannot_command_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    sink = open_sink("csv", stream, color=False)
    sink.write(replace(LOCKED, rule_title="\x1b[31m\u202e red", event_id="a\nb"))
    assert ",\\x1b[31m\\u202e red,high," in stream.getvalue()
    assert ",a\\nb," in stream.getvalue()


def test_table() -> None:
    assert written("table", LOCKED, BARE, CORRELATED) == (
        "HIGH  Account Locked  2026-05-01T10:00:00Z\n"
        "  by zoë from 192.0.2.7\n"
        "  event_type: user_lockout\n"
        "  attempts: 6, true, null\n"
        "  at logs/export.json.gz:12\n"
        "\n"
        "NO LEVEL  Bare  no timestamp\n"
        "\n"
        "MEDIUM  Many of them  no timestamp\n"
        "  correlates event_count 5 of username=zoë\n"
        "  from 2026-05-01T10:00:00Z to 2026-05-01T10:04:00Z, 1 event\n"
        "  at event:3\n"
        "\n"
    )


def test_table_folds_at_eighty_columns_and_cuts_only_huge_values() -> None:
    finding = replace(
        LOCKED,
        rule_title="A title " * 12,
        matched={"command": ["word " * 30, "x" * 500]},
        source=Source("a/very/long/path/" * 8 + "export.json", 1),
    )
    lines = written("table", finding).splitlines()
    assert max(map(len, lines)) <= 80
    text = "".join(line.strip() for line in lines)
    assert "… (500 characters)" in text.replace("…(", "… (")
    assert "a/very/long/path/" * 8 + "export.json:1" in text


WHO = [
    # event, what is said of it
    ({"initiated_by": {"email": "a@example.com", "username": "b"}}, "by a@example.com"),
    (
        {"initiated_by": {"username": "b", "id": "c"}, "client_ip": "192.0.2.1"},
        "by b from 192.0.2.1",
    ),
    ({"initiated_by": {"id": "c"}, "username": "d"}, "by c"),
    ({"initiated_by": None, "username": "d"}, "by d"),
    ({"client_ip": "192.0.2.1"}, "by 192.0.2.1"),
    ({"initiated_by": "text", "client_ip": 7}, None),
]


@pytest.mark.parametrize(("event", "who"), WHO)
def test_table_says_who(event: dict[str, Any], who: str | None) -> None:
    lines = [line.strip() for line in written("table", replace(BARE, event=event)).splitlines()]
    assert [line for line in lines if line.startswith("by ")] == ([who] if who else [])


CONTROLS = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\r",
    "\n",
    "\x08",
    "\u202e",
    "\u2028",
    "\ud800",
]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("color", [False, True])
def test_nothing_of_an_event_commands_the_terminal(control: str, color: bool) -> None:
    text = f"x{control}y"
    finding = replace(
        LOCKED,
        rule_title=text,
        level=text,
        timestamp=text,
        source=Source(text, 1),
        matched={text: [text, {"a": text}]},
        event={"username": text, "client_ip": text},
    )
    out = written("table", finding, color=color)
    out.encode()
    assert control not in out or (control == "\n" and "x\ny" not in out)
    assert out.count("x\\") >= 7


def test_markup_in_an_event_is_text() -> None:
    finding = replace(LOCKED, rule_title="[bold]x[/bold] :smile:", matched={"a": ["[red]"]})
    out = written("table", finding)
    assert "[bold]x[/bold] :smile:" in out
    assert "a: [red]" in out


def test_color_only_when_asked() -> None:
    assert "\x1b[" not in written("table", LOCKED, color=False)
    colored = written("table", LOCKED, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == written("table", LOCKED, color=False)


class Full(io.StringIO):
    """A stream on a full disk."""

    def write(self, _text: str, /) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("form", FORMATS)
def test_errors_of_the_stream_are_not_swallowed(form: Any) -> None:
    with pytest.raises(OSError, match="No space left"):
        open_sink(form, Full(), color=False).write(LOCKED)
