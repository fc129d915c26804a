"""Documents as a whole: how they come, how their format is told, where they are damaged."""

from __future__ import annotations

import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel.model import Entry
from jumpsigma.intel.readers import Content, read_content
from jumpsigma.intel.readers import content as contents
from jumpsigma.intel.readers.detect import detect
from jumpsigma.intel.readers.walk import MAX_VALUE, DamagedError, Walk

INDICATOR = {"type": "indicator", "pattern": "[domain-name:value = 'a.example.com']"}
IDENTITY = {"type": "identity", "id": "i", "name": "N"}
MADE_BY_I = INDICATOR | {"created_by_ref": "i"}


def content(data: object) -> Content:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Content("feed", io.BytesIO(raw))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ({"type": "bundle"}, "stix"),
        ({"id": "x", "objects": []}, "stix"),
        ([5, {"type": "indicator"}], "stix"),
        ({"created": "x", "spec_version": "2.1"}, "stix"),
        ({"x": 1, "type": ["bundle"], "Event": {}}, "misp"),
        ([{"Event": {}}], "misp"),
        ({"response": []}, "misp"),
        ({"name": "x", "list": []}, "warninglist"),
        (b'{"id": "x" "objects": []}', "stix"),  # damaged: the reader of STIX tells
        (b"a.example.com\n", "list"),
        (b"a.example.com,b.example.com\nc.example.com\n", "list"),
        (b"192.0.2.1,x\n192.0.2.2,y\n", "csv"),
        (b"# only a comment\n", "list"),
        (b'"a,b",c\n"d\n', "list"),
    ],
)
def test_the_format_is_told_by_the_content(data: object, form: str) -> None:
    assert detect(content(data)) == form


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({f"k{number}": 1 for number in range(2000)}, "it has 'k0', 'k1'"),
        ({"type": {"a": 1}}, "it has 'type'"),
        ({}, "it has nothing"),
        (b'{"type": "x', "not JSON"),
    ],
)
def test_json_of_no_known_feed(data: object, words: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        detect(content(data))
    assert caught.value.diagnostic.code == "JS087"
    assert words in caught.value.diagnostic.message


def test_standard_input_is_read_as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = json.dumps({"objects": [MADE_BY_I, IDENTITY]})
    pipe = SimpleNamespace(buffer=io.BytesIO(bundle.encode()))
    monkeypatch.setattr(sys, "stdin", pipe)
    with closing(Content("-")) as given:
        (entry,) = read_content(given)
    assert isinstance(entry, Entry)
    assert (entry.value, entry.source) == ("a.example.com", "N")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize(
    ("data", "source"),
    [
        (b"a.example.com\n", None),
        (json.dumps({"objects": [MADE_BY_I, IDENTITY]}).encode(), "N"),
    ],
)
def test_a_pipe_is_read_as_often_as_needed(tmp_path: Path, data: bytes, source: str | None) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool, closing(Content(str(pipe))) as given:
        written = pool.submit(pipe.write_bytes, data)
        (entry,) = read_content(given)
        written.result()
    assert isinstance(entry, Entry)
    assert (entry.value, entry.source) == ("a.example.com", source)


def test_a_pipe_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_BYTES", 1024 * 1024)
    endless = SimpleNamespace(read=lambda size: b"\n" * size)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=endless))
    with closing(Content("-")) as given:
        found = [*read_content(given, "list")]
    assert [each.code for each in found if isinstance(each, Diagnostic)] == ["JS087"]


@pytest.mark.parametrize(
    ("data", "values", "words"),
    [
        (b'{"type":"hostname","list":["a","b', ["a"], "a string is not closed"),
        (b'{"type":"hostname","list":["a"', ["a"], "it ends early"),
        (b'{"type":"hostname","list":["a"],"x" 5}', ["a"], "a colon is missing"),
        (b'{"list":["a"],"name":nope,"type":"hostname"}', ["a"], None),
        (b'{"name":"x","list":["a"],"type":"host\nname"}', [], "its type is ''"),
        (
            b'{"Event":{"info":nope,"Attribute":[{"type":"domain","value":"a","to_ids":1}]}}',
            ["a"],
            None,
        ),
        (
            b'{"response":[5,{"Event":{"Attribute":[{"type":"domain","value":"a","to_ids":1}]}}]}',
            ["a"],
            None,
        ),
        (b'{"objects":[],"x":', [], "a value is missing"),
        (b'{"objects":[],"x":}', [], "a value is missing"),
    ],
)
def test_where_a_document_is_damaged(data: bytes, values: list[str], words: str | None) -> None:
    found = list(read_content(content(data)))
    assert [each.value for each in found if isinstance(each, Entry)] == values
    problems = [each for each in found if isinstance(each, Diagnostic)]
    assert [words in each.message for each in problems if words] == [True] * bool(words)


def test_a_row_that_is_too_long_takes_no_other(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        'value,note\na.example.com,"' + ("x" * 60_000 + "\n") * 3 + '"\nb.example.com,y\n'
    )
    found = list(read_content(Content(str(path))))
    assert [each.value for each in found if isinstance(each, Entry)] == ["b.example.com"]
    (told,) = (each for each in found if isinstance(each, Diagnostic))
    assert told.message.startswith("not a row: ")


def walk(data: bytes, size: int = 1) -> Walk:
    """A walk through data that comes ``size`` bytes at a time."""
    one = content(data)
    return Walk(one.reading(), (data[at : at + size] for at in range(0, len(data), size)))


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_walk_in_any_blocks(size: int) -> None:
    data = rb' {"a\"\\" : [1, "x\n",{"b":[]}], "c" : "\\" , "e":{"f":[{}]},"\u0061":-1.5e3}'
    taken = walk(data, size)
    found = {key: taken.value() for key in taken.members()}
    assert found == json.loads(data)
    stepped = walk(data, size)
    assert list(stepped.members()) == list(json.loads(data))
    assert stepped.peek() == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"5",
        b"{",
        b'{"a"',
        b'{"a":',
        b'{"a":1',
        b"{5:1}",
        b'{"a" 1}',
        b'{"a":"\n"}',
        b'{"a":[}',
    ],
)
def test_a_walk_through_damage(data: bytes) -> None:
    with pytest.raises(DamagedError):
        list(walk(data).members())


def test_a_value_that_is_too_long_is_stepped_over() -> None:
    taken = walk(b'{"a":"' + b"x" * (MAX_VALUE + 1) + b'","b":1}', 100_000)
    keys = taken.members()
    assert next(keys) == "a"
    with pytest.raises(ValueError, match="longer than 1 MiB"):
        taken.value()
    assert next(keys) == "b"
    assert taken.value() == 1
