"""The same events, whatever they are wrapped in."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from jumpsigma.intake import opening, unpacking
from jumpsigma.intake.events import Event, ReadStats, read_events

EVENTS: list[dict[str, Any]] = [
    {"id": "1", "event_type": "user_lockout", "changes": [{"field": "a", "to": None}, {"f": {}}]},
    {"id": "2", "text": 'brackets ]}{[, quotes \\" and ends \\\\', "empty": [[], {}, ""]},
    {"id": "3", "name": "Zoë 😀 \u2028", "number": -1.5e-3, "success": False},
]


def lines(indent: int | None = None) -> str:
    return "".join(json.dumps(event, indent=indent) + "\n" for event in EVENTS)


TEXTS = {
    "ndjson": lines(),
    "ndjson without a last line break": lines().rstrip("\n"),
    "pretty objects": lines(indent=2),
    "array indented by 2": json.dumps(EVENTS, indent=2),
    "array indented by 0": json.dumps(EVENTS, indent=0),
    "array indented by tabs": json.dumps(EVENTS, indent="\t"),
    "array, one event per line": "[\n" + ",\n".join(map(json.dumps, EVENTS)) + "\n]\n",
    "array, joined by line breaks": "[" + ",\n".join(map(json.dumps, EVENTS)) + "]",
    "array on one line": json.dumps(EVENTS),
    "compact array": json.dumps(EVENTS, separators=(",", ":"), ensure_ascii=False),
    "array with odd spaces": " [ " + " ,\t".join(map(json.dumps, EVENTS)) + " \n ] ",
    "array with a comma at its end": "[\n" + ",\n".join(map(json.dumps, EVENTS)) + ",\n]",
    "arrays one behind the other": json.dumps(EVENTS[:1]) + json.dumps(EVENTS[1:], indent=2),
    "arrays line by line": f"{json.dumps(EVENTS[:1])}\n[]\n{json.dumps(EVENTS[1:])}\n",
    "array, then ndjson": json.dumps(EVENTS[:1], indent=2)
    + "\n"
    + "\n".join(map(json.dumps, EVENTS[1:])),
}

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with BOM": lambda text: text.encode("utf-8-sig"),
    "utf-16 little endian": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "utf-16 big endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "utf-16 little endian without BOM": lambda text: text.lstrip().encode("utf-16-le"),
    "utf-16 big endian without BOM": lambda text: text.lstrip().encode("utf-16-be"),
    "CRLF, utf-16": lambda text: b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"),
}


def streamed(content: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    parts = [packer.compress(content[:50]), packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)]
    return b"".join([*parts, packer.compress(content[50:]), packer.flush()])


def skippable(kind: int, content: bytes) -> bytes:
    """A frame without data (RFC 8878, section 3.1.2)."""
    return bytes([kind]) + b"\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "gzip of several members": lambda content: (
        gzip.compress(content[:50]) + gzip.compress(b"") + gzip.compress(content[50:]) + b"\0" * 512
    ),
    "zstd": zstandard.compress,
    "zstd with all that a frame may have": lambda content: zstandard.ZstdCompressor(
        write_checksum=True, write_content_size=False
    ).compress(content),
    "zstd written as a stream": streamed,
    "zstd of several frames": lambda content: (
        skippable(0x50, b"hello")  # as pzstd begins its files
        + zstandard.compress(content[:50])
        + zstandard.compress(b"")
        + zstandard.compress(content[50:])
        + skippable(0x5F, b"")
    ),
    "zstd, once more by gzip": lambda content: gzip.compress(zstandard.compress(content)),
}


def read(source: Any) -> tuple[list[Event], ReadStats]:
    """All events; a reject or a problem fails the test."""
    stats = ReadStats()
    events = list(read_events(source, stats=stats))
    assert (stats.read, stats.parsed, stats.rejected) == (len(events), len(events), 0)
    assert (stats.files, stats.unreadable) == (1, 0)
    return events, stats


def data(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [event.data for event in events]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", TEXTS)
def test_same_events_in_every_wrapping(
    text: str, encoding: str, packing: str, tmp_path: Path
) -> None:
    content = PACKINGS[packing](ENCODINGS[encoding](TEXTS[text]))
    file = tmp_path / "no telling name"
    file.write_bytes(content)

    events, _ = read(str(file))

    assert data(events) == EVENTS
    assert {event.path for event in events} == {str(file)}
    assert data(read(io.BytesIO(content))[0]) == EVENTS


@pytest.mark.parametrize("block", range(1, 40))
@pytest.mark.parametrize("text", TEXTS)
def test_block_borders_are_no_borders(
    text: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = TEXTS[text].encode()
    whole = [(event.line, event.data, event.raw) for event in read_events(io.BytesIO(content))]
    monkeypatch.setattr(opening, "BLOCK", block)
    monkeypatch.setattr(unpacking, "STEP", block)

    for packed in (content, gzip.compress(content), zstandard.compress(content)):
        events, _ = read(io.BytesIO(packed))
        assert [(event.line, event.data, event.raw) for event in events] == whole


ITERABLES: dict[str, Callable[[], Iterable[bytes] | Iterable[str]]] = {
    "str lines": lambda: lines().splitlines(keepends=True),
    "str lines without breaks": lambda: lines().split("\n"),
    "bytes lines": lambda: lines().encode().splitlines(keepends=True),
    "a generator": lambda: (json.dumps(event) for event in EVENTS),
    "a text file": lambda: io.StringIO(lines()),
    "lines of a pretty array": lambda: json.dumps(EVENTS, indent=2).splitlines(),
    "a text file with a pretty array": lambda: io.StringIO(json.dumps(EVENTS, indent=2)),
    "whole pretty objects": lambda: [json.dumps(event, indent=2) for event in EVENTS],
    "lines of pretty objects": lambda: lines(indent=2).splitlines(),
    "with a BOM": lambda: ["\ufeff" + line for line in lines().splitlines()],
    "blank lines first": lambda: ["", "\n", *lines().splitlines()],
}


@pytest.mark.parametrize("kind", ITERABLES)
def test_iterables(kind: str) -> None:
    events, _ = read(ITERABLES[kind]())
    assert data(events) == EVENTS
    assert {event.path for event in events} == {None}


def test_an_iterable_is_not_read_ahead() -> None:
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield json.dumps({"number": asked})

    events = read_events(endless())
    for number in range(1, 5):
        assert next(events).data == {"number": number}
        assert asked == number


def test_a_pipe_is_not_read_ahead() -> None:
    class Pipe(io.RawIOBase):
        sent = 0

        def read1(self, _size: int) -> bytes:
            self.sent += 1
            return b'{"number": %d}\n' % self.sent

        def readable(self) -> bool:
            return True

    pipe = Pipe()
    events = read_events(pipe)
    assert [next(events).data["number"] for _ in range(3)] == [1, 2, 3]
    assert pipe.sent == 3


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(lines().encode()))))
    events, _ = read("-")
    assert data(events) == EVENTS
    assert events[0].path == "-"


LINES = [
    # text, lines of the events
    ('{"a": 1}\n{"a": 2}\n', [1, 2]),
    ('\n\n{"a": 1}\n \t\r\n{"a": 2}', [3, 5]),
    ('{\n "a": 1\n}\n\n{\n "a": 2\n}\n', [1, 5]),
    ('\n[\n\n{"a": 1},\n\n{"a": 2}]', [1, 2]),
    ('[{"a": 1}]\n[{"a": 2}]', [1, 2]),
    ('{"a": 1,\n "b": 2}', [1]),
]


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_line_numbers(text: str, expected: list[int]) -> None:
    events, _ = read(io.BytesIO(text.encode()))
    assert [event.line for event in events] == expected


@pytest.mark.parametrize("text", ["", "\n", " \r\n\t\n", "[]", "[ ]\n", "[\n]\n[\n]", "\ufeff"])
def test_nothing_to_read(text: str) -> None:
    events, stats = read(io.BytesIO(text.encode()))
    assert events == []
    assert stats.read == 0


def test_raw_is_what_was_parsed() -> None:
    pretty = json.dumps(EVENTS, indent=2)
    for text in (lines(), pretty):
        for event in read_events(io.BytesIO(text.encode())):
            assert event.raw.decode() in text
            assert json.loads(event.raw) == event.data


def test_gcs_key_names_stay_as_they_are() -> None:
    events, _ = read([json.dumps({"_version": "1", "id": "a"})])
    assert data(events) == [{"_version": "1", "id": "a"}]


@pytest.mark.parametrize("source", [b"{}", bytearray(b"{}"), 7, None, {"a": 1}])
def test_what_is_no_source_is_refused_at_once(source: Any) -> None:
    with pytest.raises(TypeError, match="events are read from a path"):
        read_events(source)


@pytest.mark.parametrize("lines", [[{"a": 1}], ["[", {"a": 1}], ["{}", 7]])
def test_what_is_no_line_is_refused(lines: list[Any]) -> None:
    with pytest.raises(TypeError, match=r"a line is bytes or str, not (dict|int)"):
        list(read_events(lines))


def test_closing_the_reader_early_keeps_the_totals_exact() -> None:
    for content in (b'{"a": 1}\nx\n{"a": 2}\n{"a": 3}\n', b'[{"a": 1}, x, {"a": 2}, {"a": 3}]'):
        stats = ReadStats()
        events = read_events(io.BytesIO(content), stats=stats)
        assert [next(events).data["a"], next(events).data["a"]] == [1, 2]
        events.close()  # type: ignore[attr-defined]
        assert stats == ReadStats(read=3, parsed=2, rejected=1, files=1)


def test_totals_add_up_over_sources() -> None:
    stats = ReadStats()
    for text in ('{"a": 1}\n', "x\n", '[{"a": 2}, 3]'):
        list(read_events(io.BytesIO(text.encode()), stats=stats))
    assert stats == ReadStats(read=4, parsed=2, rejected=2, files=3, unreadable=0)


def test_real_events(shared: Path) -> None:
    events, stats = read(str(shared / "data/jumpcloud/sekoia/raw_events.ndjson"))
    assert (stats.read, stats.rejected) == (10, 0)
    assert all(event.data["service"] for event in events)
