"""A broken schema file says what is wrong, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.intake import schema_nodes
from jumpsigma.intake.schema import Schema, load_schema

TINY = """\
version: 1
patterns:
  hex: '[0-9a-f]+'
services:
  door: {provenance: documented, aliases: [gate], meaning: opens and closes}
  lamp: {provenance: seen, fields: unknown, meaning: shines}
event_types:
- services: [door]
  events:
    door_open: the door went open
    door_shut: {provenance: seen, services: [door, lamp], meaning: the door went shut}
aliases:
- {names: [door_open, door_opened], sent: door_opened, provenance: seen, reason: heard}
fields:
- services: all
  provenance: documented
  fields:
    id: {type: string, pattern: hex, example: c0de, meaning: which}
- services: {seen: [lamp], documented: others}
  fields:
    moves: {type: list of object, key: part, meaning: what moved}
    moves.part: {type: string, values: [hinge, bolt], closed: true, example: bolt, meaning: part}
    moves.count: {type: integer, provenance: assumed, example: 2, meaning: how often}
virtual_fields:
- {name: "moves[NAME].count", list: moves, part: count, meaning: how often NAME moved}
known_deviations:
- {kind: 'null', path: id, reason: broken bell, provenance: seen}
"""


def load(folder: Path, text: str | bytes) -> Schema:
    path = folder / "tiny.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_schema(path)


def test_a_whole_schema(tmp_path: Path) -> None:
    schema = load(tmp_path, TINY)
    assert list(schema.services) == ["door", "lamp"]
    assert schema.event_types["door_shut"].services == ("door", "lamp")
    assert schema.aliases == {"door_open": ("door_opened",), "door_opened": ("door_open",)}
    found = [(f.path, f.provenance, f.services) for f in schema.fields]
    assert found == [
        ("id", "documented", ("door", "lamp")),
        ("moves", "seen", ("lamp",)),
        ("moves", "documented", ("door",)),
        ("moves.part", "seen", ("lamp",)),
        ("moves.part", "documented", ("door",)),
        ("moves.count", "assumed", ("lamp", "door")),
    ]
    assert schema.virtual_fields[0].name == "moves[NAME].count"
    assert schema.known_deviations[0].kind == "null"


def test_a_given_path_is_read_every_time(tmp_path: Path) -> None:
    assert load(tmp_path, TINY) is not load(tmp_path, TINY)


# what to replace in TINY, by what; where the error is; what it says
BROKEN = [
    ("version: 1", "version: 2", (1, 10), "version of the schema is '2'"),
    ("version: 1\n", "", (1, 1), "the schema needs 'version'"),
    ("fields: unknown", "fields: known", (6, 36), "fields of lamp is 'known'"),
    ("aliases: [gate]", "alias: [gate]", (5, 34), "door of services has no 'alias'"),
    ("provenance: seen, fields", "provenance: sen, fields", (6, 22), "is 'sen'"),
    ("'[0-9a-f]+'", "'[0-9'", (3, 8), "is no regular expression"),
    ("- services: [door]", "- services: [dor]", (8, 14), "'dor' is no service of this schema"),
    ("meaning: shines", "meaning: ''", (6, 54), "is empty"),
    ("meaning: shines", "meaning: [a]", (6, 54), "must be text"),
    ("    door_open: the", "    door_shut: the", (11, 5), "door_shut stands twice"),
    (
        "    door_shut: {",
        "- services: [lamp]\n  events:\n    door_open: again\n    door_shut: {",
        (13, 5),
        "the event type door_open stands twice",
    ),
    ("  lamp: {", "  door: {", (6, 3), "door stands twice in services"),
    ("sent: door_opened", "sent: bang", (13, 43), "is 'bang'"),
    ("names: [door_open, door_opened]", "names: [door_open]", (13, 11), "two names"),
    ("[door_open, door_opened]", "[bang, door_opened]", (13, 3), "none of these names"),
    ("services: all", "services: every", (15, 13), "is 'every'"),
    ("  provenance: documented\n  fields", "  fields", (15, 13), "need a provenance"),
    ("documented: others}", "documented: rest}", (19, 40), "is 'rest'"),
    ("documented: others}", "guessed: others}", (19, 28), "is 'guessed'"),
    ("type: string, pattern", "type: text, pattern", (18, 16), "'text' is no type"),
    ("pattern: hex", "pattern: hax", (18, 33), "is 'hax'"),
    ("example: c0de", "example: none", (18, 47), "outside the field's own"),
    ("example: c0de", "example: 17", (18, 47), "not of type string"),
    ("example: c0de", "example: ~", (18, 47), "the example is null"),
    ("example: c0de, ", "", (18, 9), "id needs an example"),
    ("example: 2,", "example: true,", (23, 64), "not of type integer"),
    ("key: part, ", "key: part, example: x, ", (21, 55), "an object needs no example"),
    ("pattern: hex", "pattern: hex, values: [c0de]", (18, 33), "not both"),
    ("pattern: hex", "closed: true", (18, 32), "only values can be closed"),
    ("closed: true", "closed: perhaps", (22, 63), "must be true or false"),
    ("[hinge, bolt]", "[]", (22, 40), "is empty"),
    ("pattern: hex", "key: part", (18, 29), "only a list of objects has a key"),
    ("moves.count", "mows.count", (23, 5), "part of mows, which lamp does not have"),
    ("moves.count:", "moves.part: ", (23, 5), "moves.part stands twice"),
    ("moves.count: {", "id: {services: [door], ", (23, 5), "id stands twice for door"),
    ("list: moves, part", "list: id, part", (25, 37), "id is no list with a key"),
    ("part: count", "part: colour", (25, 50), "the elements of moves have no colour"),
    ('"moves[NAME].count"', '"moves[x].count"', (25, 10), "is 'moves[x].count'"),
    ("example: 2,", "example: 0x2,", (23, 64), "no plain decimal number"),
    ("example: 2,", "example: .inf,", (23, 64), "no plain decimal number"),
    ("[hinge, bolt]", "hinge", (22, 40), "values of moves.part must be a list"),
    ("[gate]", "[gate, gate]", (5, 50), "gate stands twice in aliases of door"),
    ("fields:\n    moves", "provenance: seen\n  fields:\n    moves", (20, 15), "already say"),
    ("kind: 'null'", "kind: odd", (27, 10), "is 'odd'"),
]


@pytest.mark.parametrize(("old", "new", "place", "says"), BROKEN)
def test_a_broken_schema(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], says: str
) -> None:
    assert old in TINY
    with pytest.raises(DiagnosticError) as caught:
        load(tmp_path, TINY.replace(old, new, 1))
    diagnostic = caught.value.diagnostic
    assert diagnostic.code == "JS060"
    assert says in diagnostic.message
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.span.column) == place
    assert diagnostic.span.path == str(tmp_path / "tiny.yaml")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"", 0, "the schema is empty"),
        (b"a: [1\nb: 2\n", 2, "no valid YAML"),
        (b"version: 1\n---\nversion: 1\n", 2, "no valid YAML"),
        (b"a: \xff\n", 0, "not UTF-8 (byte 4)"),
        (b"- 1\n", 1, "the schema must be a mapping"),
        (b"#" * 4_000_001, 0, "larger than"),
    ],
    ids=["empty", "no-yaml", "two-documents", "no-utf8", "list", "large"],
)
def test_a_file_that_is_no_schema(tmp_path: Path, text: bytes, line: int, says: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        load(tmp_path, text)
    diagnostic = caught.value.diagnostic
    assert diagnostic.code == "JS060"
    assert says in diagnostic.message
    assert diagnostic.span is not None
    assert diagnostic.span.line == line


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        load_schema(tmp_path / "none.yaml")
    assert "cannot be read" in caught.value.diagnostic.message


def test_a_wrong_key_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        load(tmp_path, TINY.replace("meaning: shines", "meening: shines"))
    assert caught.value.diagnostic.hint == "did you mean 'meaning'?"


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000])
def test_a_file_that_is_nested_too_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loader: str, text: str
) -> None:
    # libyaml has a limit of its own; the pure reader runs into Python's.
    monkeypatch.setattr(schema_nodes, "_LOADER", getattr(yaml, loader, yaml.SafeLoader))
    with pytest.raises(DiagnosticError) as caught:
        load(tmp_path, text)
    assert "nest" in caught.value.diagnostic.message
