"""The Sekoia.io target: exact detections, refusals, and rules that stock tools read alike."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import re2
import yaml
from engines.sekoia import Sekoia
from events import company, made_for, numbered, of_cases
from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule
from spaces import features, lists_for
from stores.sekoia import _text, store

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files
from jumpsigma.api.exports import Exported
from jumpsigma.api.lowering import lower_pack
from jumpsigma.api.rules import matcher_for

RULE = """title: A rule
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11
status: test
author: Ann Example
license: DRL-1.1
logsource: {{product: jumpcloud}}
detection:
{detection}
"""
ONE = "  selection: {selection}\n  condition: selection"


def exported(folder: Path, detection: str, mapping: str | None = "sigma") -> Exported:
    text = detection if "condition:" in detection else ONE.format(selection=detection)
    (folder / "r.yml").write_text(RULE.format(detection=text), encoding="utf-8")
    return api.export_queries(load_pack(folder), "sekoia", mapping=mapping)


# What is said of names as they are, and the detection that is written.
WRITTEN: dict[str, dict[str, Any]] = {
    "{a: x}": {"selection": {"a": "x"}},
    "{a: [x, y]}": {"selection": {"a": ["x", "y"]}},
    "{a|contains: x, b|startswith: y, c|endswith: z}": {
        "selection": {"a|contains": "x", "b|startswith": "y", "c|endswith": "z"}
    },
    "{a|contains|all: [x, y]}": {"selection": {"a|contains|all": ["x", "y"]}},
    "{a: 'x*y?z'}": {"selection": {"a": "x*y?z"}},
    r"{a: 'x\*y\\z'}": {"selection": {"a": r"x\*y\\z"}},
    "{a: \"it's\"}": {"selection": {"a": "it's"}},
    r'''{a: "x\t\"\u202e\0\\\\*'"}''': {"selection": {"a": "x\t\"\u202e\0\\\\*'"}},
    "{a: [5, 2.5, -1]}": {"selection": {"a": ["5", "2.5", "-1"]}},
    "{a: true}": {"selection": {"a": "true"}},
    "{a|cased: Xy}": {"selection": {"a|re": "Xy"}},
    "{a|contains|cased: 'X?y'}": {"selection": {"a|re": "(?s:.*)X(?s:.)y(?s:.*)"}},
    "{a|re: ab+}": {"selection": {"a|re": "(?s:.*)(?:ab+)(?s:.*)"}},
    "{a|re|i: ^ab$}": {"selection": {"a|re": "(?s:.*)(?i:^ab$)(?s:.*)"}},
    "{a|re: '(?i)ab'}": {"selection": {"a|re": "(?s:.*)(?i:ab)(?s:.*)"}},
    "{a|re|startswith: ab}": {"selection": {"a|re": "(?:ab.*)(?s:.*)"}},
    "{a|cidr: 192.0.2.0/24}": {"selection": {"a|cidr": ["192.0.2.0/24", "::ffff:c000:200/120"]}},
    "{a|cidr: '2001:db8::/32'}": {"selection": {"a|cidr": "2001:db8::/32"}},
    "[{a: x}, {b: y}]": {"selection": [{"a": "x"}, {"b": "y"}]},
    "[{a: x, b: y}, {a: z}, {a: w}]": {"selection": [{"a": "x", "b": "y"}, {"a": ["z", "w"]}]},
    "{a: x, b|contains: [y, z]}": {"selection": {"a": "x", "b|contains": ["y", "z"]}},
    "{a|neq: x}": {"filter": {"a": "x"}, "condition": "not filter"},
    "  keep: {a: x}\n  drop_it: {b: y}\n  condition: keep and not drop_it": {
        "keep": {"a": "x"}, "drop_it": {"b": "y"}, "condition": "keep and not drop_it",
    },
    "  one: {a: x}\n  two: {a: y}\n  condition: one and two": {
        "selection": {"a": "x"}, "selection_2": {"a": "y"},
        "condition": "selection and selection_2",
    },
    "  s: {a|contains: x}\n  t: {a|contains: y}\n  condition: s and t": {
        "selection": {"a|contains|all": ["x", "y"]}
    },
    "  s: {a: x}\n  t: {b: y}\n  u: {c: z}\n  condition: s and (t or not u)": {
        "s": {"a": "x"}, "t": {"b": "y"}, "u": {"c": "z"}, "condition": "s and (t or not u)",
    },
    "  not_: {a: x}\n  of: {b: y}\n  condition: not not_ and not of": {
        "not_": {"a": "x"}, "filter": {"b": "y"}, "condition": "not not_ and not filter",
    },
}  # fmt: skip


@pytest.mark.parametrize("detection", WRITTEN)
def test_detections(tmp_path: Path, detection: str) -> None:
    made = exported(tmp_path, detection)
    assert not made.refused
    expected = {"condition": "selection", **WRITTEN[detection]}
    assert yaml.safe_load(made.queries[0].text) == {"detection": expected}


REFUSED = {
    "{a: ''}": ("JS066", "drops null and empty values"),
    "{a: null}": ("JS066", "drops null and empty values"),
    "{a: '*'}": ("JS066", "drops null and empty values"),
    "{a|re: x*}": ("JS066", "drops null and empty values"),
    "{a|exists: true}": ("JS066", "drops null and empty values"),
    "{a|gt: 5}": ("JS065", "no number"),
    "{a|hour: 5}": ("JS066", "other words for times"),
    "{a|fieldref: b}": ("JS066", "no fieldref"),
    "[word]": ("JS066", "names of fields"),
    "{a: 'Ärger'}": ("JS066", "outside ASCII"),
    "{'a b': x}": ("JS066", "field name"),
    "{'l[x].to': true}": ("JS066", "in all of its elements"),
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_is_refused(tmp_path: Path, detection: str) -> None:
    made = exported(tmp_path, detection)
    code, reason = REFUSED[detection]
    assert [each.code for each in made.refused] == [code]
    assert reason in made.refused[0].message
    assert made.refused[0].span is not None


def test_a_rule_file(tmp_path: Path) -> None:
    made = exported(tmp_path, "{event_type: user_lockout}", mapping=None)
    files = export_files(made, load_pack(tmp_path))
    assert yaml.safe_load(files["a_rule.yml"]) == {
        "version": 2.0,
        "uuid": "7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11",
        "rule": "A rule",
        "description": "",
        "author": "Ann Example",
        "license": "DRL-1.1",
        "alert_severity": 50,
        "detection": {
            "selection": {"observer.vendor": "Jumpcloud", "event.action": "user_lockout"},
            "condition": "selection",
        },
    }


def found_by(made: Exported, events: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    engine = Sekoia()
    engine.load(events)
    return {query.rule.title: engine.run(query.text) for query in made.queries}


def test_what_the_dialect_can_say_is_said_of_names_as_they_are() -> None:
    """The rules that need each thing, in their own words: Sekoia keeps few of their fields."""
    pack = features()
    lists = lists_for(pack)
    made = api.export_queries(pack, "sekoia", mapping="sigma", lists=lists)
    rules = lower_pack(pack, "sigma").rules
    texts = map(_text, numbered(made_for(rules, {}, lists, 4)).values())
    events = {f"e{n:05}": text for n, text in enumerate(texts) if text and _ascii(text)}
    found = found_by(made, events)
    matcher = matcher_for([each for each in rules if each.title in found], lists=lists)
    expected: dict[str, list[str]] = {title: [] for title in found}
    for key, event in events.items():
        for number in matcher._program.holding(event).numbers:
            expected[matcher.rules[number].title].append(key)
    assert found == expected
    assert len(found) > 100


def _ascii(event: dict[str, Any]) -> bool:
    return str(event).isascii()


def test_stock_tools_find_the_same_where_fields_have_one_value() -> None:
    """pySigma reads what is written, and its SQLite backend runs it on another engine."""
    if find_spec("sigma.backends.sqlite") is None:
        pytest.skip("pysigma-backend-sqlite is not installed")
    backends: Any = import_module("sigma.backends.sqlite")

    pack = api.load_pack()
    made = api.export_queries(pack, "sekoia", bases=True)
    raw = [*company(), *(each for some in of_cases(pack, "jumpcloud").values() for each in some)]
    stored = {key: store(event) for key, event in numbered(raw).items()}
    flat = {key: row for key, event in stored.items() if (row := _flat(event)) is not None}
    found = found_by(made, {key: stored[key] for key in flat})
    database = _database(flat)
    compared = 0
    for query in made.queries:
        rule = {"title": "t", "logsource": {"product": "x"}, **yaml.safe_load(query.text)}
        backend = backends.sqliteBackend()
        backend.table = "events"
        (sql,) = backend.convert(SigmaCollection([SigmaRule.from_dict(rule)]))
        rows = database.execute(str(sql).replace("<TABLE_NAME>", "events")).fetchall()
        assert sorted(row[0] for row in rows) == found[query.rule.title], (query.text, sql)
        compared += len(rows)
    assert compared > 1000


def _flat(event: dict[str, Any], prefix: str = "") -> dict[str, str] | None:
    """Columns of an event; None where a rule may ask for a field with several values."""
    row: dict[str, str] = {}
    for key, value in event.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            inner = _flat(value, f"{name}.")
            if inner is None:
                return None
            row |= inner
        elif isinstance(value, list):
            if name == "jumpcloud.changes":
                if len(value) > 1:
                    return None
                row |= {f"{name}.{end}": text for end, text in value[0].items()}
        else:
            row[name] = value
    return row


def _database(rows: dict[str, dict[str, str]]) -> sqlite3.Connection:
    names = sorted({name for row in rows.values() for name in row})
    database = sqlite3.connect(":memory:")
    database.create_function(
        "regexp", 2, lambda source, text: text is not None and bool(re2.fullmatch(source, text))
    )
    columns = ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in names)
    database.execute(f"CREATE TABLE events (key TEXT, {columns})")
    marks = ", ".join("?" * (len(names) + 1))
    values = ([key, *(row.get(name) for name in names)] for key, row in rows.items())
    database.executemany(f"INSERT INTO events VALUES ({marks})", values)
    return database
