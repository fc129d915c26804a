"""Elements of an array that come in blocks are those that come one by one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import array_blocks, arrays
from jumpsigma.intake.array_blocks import ArrayBlock
from jumpsigma.intake.arrays import ArrayReader
from jumpsigma.intake.records import Event, Reading, ReadStats, Reject

pytest.importorskip("msgspec", reason="without it nothing comes in blocks")


class Taken:
    """What one reading of an array tells, blocks and all."""

    def __init__(self, content: bytes, size: int = 1000) -> None:
        self.given: list[tuple[Any, ...]] = []
        self.blocks: list[ArrayBlock] = []
        self.stats = ReadStats()
        self.reading = Reading(None, self.stats, on_reject=self.reject)
        pieces = iter([content[at : at + size] for at in range(0, len(content), size)])
        self.reader = ArrayReader(self.reading, next(pieces), pieces, 3)

    def reject(self, reject: Reject) -> None:
        rest = b"".join(reject.rest)
        self.given.append((reject.line, reject.raw + rest, str(reject.diagnostic)))

    def event(self, event: Event) -> None:
        self.given.append((event.line, event.raw, repr(event.data)))  # repr: NaN is not NaN

    @property
    def told(self) -> tuple[list[tuple[Any, ...]], list[Diagnostic], int, int, bytes, int]:
        stats, reader = self.stats, self.reader
        rest = reader.rest + b"".join(reader._blocks)
        return self.given, self.reading.problems, stats.read, stats.rejected, rest, reader.number


def one_by_one(content: bytes) -> Taken:
    taken = Taken(content)
    for event in taken.reader.events():
        taken.event(event)
    return taken


def by_events(block: ArrayBlock) -> Iterator[Event | None]:
    yield from block.events()


def by_places(block: ArrayBlock) -> Iterator[Event | None]:
    for place in block.places():
        yield block.event(*place)
    block.close()


def by_bytes(block: ArrayBlock) -> Iterator[Event | None]:
    """Every byte belongs to an event, or to the gap behind it."""
    text, last = block.text, None
    for at in range(len(text)):
        place = number, start, end = block.locate(at)
        if place == last:
            assert start < at
            assert at < end or text[end:at].strip(b", \t\r\n") == b""
        else:
            assert start == at
            assert number == (last[0] + 1 if last else block.number)
            last = place
            yield block.event(*place)
    block.close()


def in_blocks(content: bytes, way: Any = by_events, size: int = 1000) -> Taken:
    taken = Taken(content, size)
    for item in taken.reader.items():
        if isinstance(item, Event):
            taken.event(item)
            continue
        taken.blocks.append(item)
        for event in way(item):
            if event is not None:
                taken.event(event)
        if way is by_events:
            assert taken.stats.parsed == taken.stats.read - taken.stats.rejected
    return taken


_random = Random(5)
EVENTS = [
    {
        "id": f"{number:024x}",
        "changes": [{"field": "a", "to": [1, {}, []]}, {"field": '},\n  {"'}],
        "name": 'Zoë \u2028 \\ " ]},{' if number % 7 == 0 else "x" * _random.randrange(60),
        "geoip": {"latitude": 1e-7, "empty": {}, "none": None},
    }
    for number in range(120)
]

PRINTERS = {
    "indented": lambda: json.dumps(EVENTS, indent=2),
    "indented, not ASCII": lambda: json.dumps(EVENTS, indent=2, ensure_ascii=False),
    "with tabs": lambda: json.dumps(EVENTS, indent="\t"),
    "Windows": lambda: json.dumps(EVENTS, indent=2).replace("\n", "\r\n"),
    "an event a line": lambda: "[\n" + ",\n".join(map(json.dumps, EVENTS)) + "\n]\n",
    "an event a line, comma first": lambda: "[" + "\n,".join(map(json.dumps, EVENTS)) + "]",
    "on one line": lambda: json.dumps(EVENTS),
    "minified": lambda: json.dumps(EVENTS, separators=(",", ":")),
}


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "SAMPLE", 500)
    monkeypatch.setattr(arrays, "_STRETCH", 3000)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("way", [by_events, by_places, by_bytes])
@pytest.mark.parametrize("printer", PRINTERS)
def test_most_events_come_in_blocks(printer: str, way: Any) -> None:
    content = PRINTERS[printer]().encode()
    taken = in_blocks(content, way)
    assert taken.told == one_by_one(content).told
    assert [json.loads(raw) for _, raw, _ in taken.given] == EVENTS
    assert sum(block.count for block in taken.blocks) > 0.75 * len(EVENTS)
    for block in taken.blocks:
        assert len(block.text) <= 3000
        assert block.odd == ()
        assert block.offset is None


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("size", [1, 7, 100, 1000, 5000])
@pytest.mark.parametrize("printer", PRINTERS)
def test_borders_of_what_is_read_are_no_borders(printer: str, size: int) -> None:
    content = PRINTERS[printer]().encode()
    assert in_blocks(content, size=size).told == one_by_one(content).told


NESTED_ALIKE = json.dumps(EVENTS, indent=0).encode()

UNPROVEN = {
    "arrays in events printed as events are": NESTED_ALIKE,
    "two kinds of gaps": b"["
    + b"".join(b'{"n": %d}%s' % (n, b",\n" if n % 3 else b", ") for n in range(500))
    + b'{"n": 0}]',
    "white space before the comma": b"[\n" + b" \n,\n".join([b'{"a": 1} '] * 200) + b"\n]",
    "no events": b"[\n" + b",\n".join([b"{}", b'"{},\\n{}"', b"[]", b"7", b"null"] * 90) + b"\n]",
    "not UTF-8": b"[\n" + b",\n".join([b'{"a": "caf\xe9"}', *[b'{"b": 1}'] * 9] * 30) + b"\n]",
    "lone surrogates": b"[\n" + b",\n".join([b'{"a": "\xed\xa0\x80"}'] * 300) + b"\n]",
    "nested too deep": b"[\n"
    + b",\n".join([b"{}", b'{"a":' * 1200 + b"1" + b"}" * 1200] * 3)
    + b"\n]",
    "numbers beyond a double": b"[\n" + b",\n".join([b'{"a": 1e999}', b'{"a": NaN}'] * 90) + b"\n]",
    "stray brackets": b"[\n" + b",\n".join([b"{}", b'{"a": 1}}', b"]", b'{"b": [}'] * 90) + b"\n]",
    "a comma too many": b"[\n" + b",\n".join([b"{}", b'{"a": 1},'] * 200) + b"\n]",
    "an array behind it": json.dumps(EVENTS, indent=2).encode() * 2,
    "not closed": json.dumps(EVENTS, indent=2).encode()[:-40],
    "strings that are not closed": b"[\n"
    + b",\n".join([b'{"a": "1"}'] * 50 + [b'{"a": "1}'] + [b'{"a": "1"}'] * 50)
    + b"\n]",
}


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("size", [100, 1 << 18])
@pytest.mark.parametrize("kind", UNPROVEN)
def test_what_cannot_be_proven_comes_one_by_one(kind: str, size: int) -> None:
    taken = in_blocks(UNPROVEN[kind], size=size)
    assert taken.told == one_by_one(UNPROVEN[kind]).told


TEXTS = st.text('x\u00e9{}[]",:\\\n ', max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**20) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(["id", "a", "changes"]), VALUES, max_size=3)
GAPS = st.sampled_from([b",", b", ", b",\n", b",\n  ", b",\r\n  ", b"\n,", b" ,\n", b"\n", b",,"])


@st.composite
def printed(draw: st.DrawFn) -> bytes:
    """Text of an array: by a printer, or of a kind that no printer writes, or damaged."""
    values = draw(st.lists(st.one_of(OBJECTS, OBJECTS, OBJECTS, OBJECTS, VALUES), max_size=30))
    indent = draw(st.sampled_from([None, None, 0, 1, 2, "\t"]))
    ascii_only = draw(st.booleans())
    if draw(st.booleans()):
        text = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()
    else:
        usual = draw(GAPS)
        gap = st.one_of(st.just(usual), st.just(usual), st.just(usual), GAPS)
        parts = [json.dumps(v, indent=indent, ensure_ascii=ascii_only).encode() for v in values]
        text = b"[" + b"".join(part + draw(gap) for part in parts[:-1]) + b"".join(parts[-1:])
        text += b"]"
    if draw(st.booleans()):
        text = text.replace(b"\n", b"\r\n")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 3]))):
        start = draw(st.integers(1, len(text)))
        end = start + draw(st.sampled_from([0, 0, 1, 2, 20]))
        damage = draw(st.sampled_from([b"", b"{", b"}", b'"', b",", b"]", b"\n", b"\xff", b"[\n{"]))
        text = text[:start] + damage + text[end:]
    behind = draw(st.sampled_from([b"", b"", b"\n", b'\n[\n{"b": 1}\n]', b'\n{"c": 1}\n']))
    return text + behind


@given(
    content=printed(),
    sample=st.sampled_from([0, 0, 30]),
    stretch=st.sampled_from([40, 200, 10_000]),
    size=st.sampled_from([1, 50, 10_000]),
    way=st.sampled_from([by_events, by_places]),
)
@example(content=b'[{"a": 1},{"a": 2}\n,{"a": 3}]', sample=0, stretch=40, size=1, way=by_events)
def test_same_elements(content: bytes, sample: int, stretch: int, size: int, way: Any) -> None:
    expected = one_by_one(content).told
    with patch.multiple(arrays, SAMPLE=sample, _STRETCH=stretch):
        taken = in_blocks(content, way, size)
    assert taken.told == expected
    for block in taken.blocks:
        places = list(block.places())
        assert places[0][1:2] == (0,)
        assert places[-1][2] == len(block.text)
        for (_, _, end), (_, start, _) in pairwise(places):
            assert block.text[end:start].strip() == b","


@pytest.mark.usefixtures("_small")
def test_counted_up_to_where_reading_stops() -> None:
    taken = Taken(json.dumps(EVENTS, indent=2).encode())
    block = next(item for item in taken.reader.items() if isinstance(item, ArrayBlock))
    before = taken.stats.read
    events = block.events()
    assert next(events).line == block.number == before + 4  # the array's first is number 4
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert (taken.stats.read, taken.stats.parsed) == (before + 2, before + 2)


def test_what_is_too_deep_in_a_block_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_blocks, "_decoder", lambda: _Lenient)
    deep = b'{"a":' * 1200 + b"1" + b"}" * 1200
    content = b"[\n" + b",\n".join([b'{"a": 1}'] * 99 + [b"{}", deep]) + b",\n{},\n{}\n]"
    monkeypatch.setattr(arrays, "SAMPLE", 0)
    monkeypatch.setattr(arrays, "_STRETCH", 20_000)
    taken = in_blocks(content, size=20_000)
    assert taken.told == one_by_one(content).told
    assert taken.stats.rejected == 1
    assert any(deep in block.text for block in taken.blocks)


class _Lenient:
    """Knows no limit, as the decoder may on other versions of Python."""

    @staticmethod
    def decode(text: bytes) -> list[bytes]:
        return text[1:-1].split(b",\n")


@pytest.mark.usefixtures("_small")
def test_without_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    array_blocks._decoder.cache_clear()
    content = json.dumps(EVENTS, indent=2).encode()
    try:
        taken = in_blocks(content)
    finally:
        array_blocks._decoder.cache_clear()
    assert taken.blocks == []
    assert taken.told == one_by_one(content).told


SCALARS = {
    "numbers": [b"1", b" -2.5", b"1e9 ", b"\n3"],
    "strings": [b'"a"', b'"},\\n{"', b'"\\""', b' "," '],
    "words": [b"null", b"true", b"fals", b"NaN", b"x y"],
    "gaps": [b"1", b"", b" ", b"2", b"\x0c", b"\xff"],
    "among others": [b"1", b"{}", b'"a"', b"[1, 2]", b"2", b'{"a": "b"}'],
    "a string that is not closed": [b"1", b'"a', b"2\n", b'"b"'],
    "no comma": [b'1 {"a": 1}', b'"a" "b"', b"{} 7"],
}


@pytest.mark.parametrize("separator", [b",", b", ", b",\n  "])
@pytest.mark.parametrize("kind", SCALARS)
def test_scalars_are_told_apart_by_commas(kind: str, separator: bytes) -> None:
    """One by one, by brackets, or many at once: the same elements."""
    content = b"[" + separator.join(SCALARS[kind] * 20) + separator + b'{"last": 1}]'
    taken = one_by_one(content)
    with patch.object(ArrayReader, "_reject_scalars", lambda _: False):
        assert taken.told == one_by_one(content).told
    assert taken.stats.rejected > 1


HOSTILE = {
    "numbers": b"1,",
    "strings": b'"1",',
    "arrays": b"[1],",
    "a key of its own for each": b'{"k%d":1},',
    "broken strings": b'{"a":"1,\n',
}


class Counting(bytes):
    """Knows how much of it was searched."""

    searched = 0

    def find(self, sub: Any, start: Any = 0, end: Any = None, /) -> int:
        found = super().find(sub, start, end)
        Counting.searched += (self._end(end) if found < 0 else found) - start
        return found

    def rfind(self, sub: Any, start: Any = 0, end: Any = None, /) -> int:
        found = super().rfind(sub, start, end)
        Counting.searched += self._end(end) - (start if found < 0 else found)
        return found

    def _end(self, end: int | None) -> int:
        return len(self) if end is None else min(end, len(self))


@pytest.mark.parametrize("way", [ArrayReader.events, ArrayReader.items])
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_search_goes_far(kind: str, way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked through for separators is in proportion to what is read."""
    monkeypatch.setattr(arrays, "SAMPLE", 0)
    monkeypatch.setattr(Counting, "searched", 0)
    element = HOSTILE[kind]
    elements = [element % n if b"%" in element else element for n in range(20_000)]
    content = Counting(b"[" + b"".join(elements) + b"{}]")
    reading = Reading(None, ReadStats())
    for item in way(ArrayReader(reading, content, iter(()))):
        if isinstance(item, ArrayBlock):
            item.close()
    assert reading.stats.read == 20_001
    assert Counting.searched < 20_001 * 2 * arrays._REACH
