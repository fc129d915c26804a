"""What is no event: the one JSON contract, rejects with their bytes, damage that stays local."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.intake import opening
from jumpsigma.intake.events import ReadStats, Reject, read_events
from jumpsigma.intake.jsontext import MAX_DEPTH, MAX_EVENT_BYTES

GOOD = b'{"good": true}'


class Taken:
    """Everything that reading one source tells."""

    def __init__(self, source: Any) -> None:
        self.stats = ReadStats()
        self.rejects: list[Reject] = []
        self.rests: list[int] = []
        self.problems: list[Diagnostic] = []
        self.events = list(
            read_events(
                source, stats=self.stats, on_reject=self.take, on_problem=self.problems.append
            )
        )
        assert self.stats.read == self.stats.parsed + self.stats.rejected
        assert self.stats.parsed == len(self.events)
        assert self.stats.rejected == len(self.rejects)

    def take(self, reject: Reject) -> None:
        self.rejects.append(reject)
        self.rests.append(sum(map(len, reject.rest)))

    @property
    def data(self) -> list[dict[str, Any]]:
        return [event.data for event in self.events]

    @property
    def codes(self) -> list[str]:
        return [reject.diagnostic.code for reject in self.rejects]


def taken(content: bytes) -> Taken:
    return Taken(io.BytesIO(content))


ACCEPTED = [
    # text, value of "a"
    (b'{"a": 1e400}', math.inf),
    (b'{"a": -Infinity}', -math.inf),
    (b'{"a": 18446744073709551615}', 2**64 - 1),
    (b'{"a": 18446744073709551616}', float(2**64)),
    (b'{"a": 18446744073709551616, "b": NaN}', float(2**64)),
    (b'{"a": -9223372036854775808, "b": NaN}', -(2**63)),
    (b'{"a": -9223372036854775809, "b": NaN}', -float(2**63)),
    (b'{"a": ' + b"9" * 5000 + b', "b": NaN}', math.inf),
    (b'{"a": "\\ud800"}', "\ud800"),
    (b'{"a": "\xed\xa0\x80"}', "\ud800"),
    (b'{"a": 1, "a": 2}', 2),
    (b'{"a": 1, "b": NaN, "a": 2}', 2),
    (b'  {"a": 1}\t\r', 1),
    (b'\xef\xbb\xbf{"a": 1}', 1),
    (b'{"a": "\\u0000"}', "\0"),
]


@pytest.mark.parametrize(("line", "value"), ACCEPTED)
def test_accepted(line: bytes, value: object) -> None:
    both = taken(GOOD + b"\n" + line + b"\n" + GOOD)
    assert [event.get("a") for event in both.data] == [None, value, None]
    assert type(both.data[1]["a"]) is type(value)
    assert both.rejects == []
    assert taken(b"[" + GOOD + b"," + line.removeprefix(b"\xef\xbb\xbf") + b"]").data[1:] == [
        both.data[1]
    ]


def test_not_a_number_is_read() -> None:
    assert math.isnan(taken(b'{"a": NaN}').data[0]["a"])


REJECTED = [
    # line, code, part of the message, column
    (b"not json", "JS070", "not JSON", 1),
    (b'{"a": 1', "JS070", "not JSON", 8),
    (b'{"a": 1}}', "JS070", "not JSON", 9),
    (b'{"a": 1},', "JS070", "not JSON", 9),
    (b"{'a': 1}", "JS070", "not JSON", 2),
    (b'{"a": 01}', "JS070", "not JSON", 0),
    (b'{"a": "\x01"}', "JS070", "not JSON", 0),
    (b"\0\0\0", "JS070", "not JSON", 1),
    (b'{"a": "\xff"}', "JS070", "not UTF-8: byte 0xff", 8),
    (b'"text"', "JS071", "this is a string", 0),
    (b"[1]", "JS071", "this is an array", 0),
    (b"12", "JS071", "this is a number", 0),
    (b"NaN", "JS071", "this is a number", 0),
    (b"null", "JS071", "this is null", 0),
    (b"true", "JS071", "this is true or false", 0),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "JS075", "nested too deep", 0),
    (b"[" * 100_000, "JS075", "nested too deep", 0),
    (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "JS075", "nested too deep", 0),
]


@pytest.mark.parametrize(
    ("line", "cut"),
    [(b'{"a": 1', True), (b' {"a": [ ', True), (b"{", True), (b"hello", False), (b"{a}", False)],
)
def test_only_what_begins_as_an_object_may_be_cut_off(line: bytes, *, cut: bool) -> None:
    (reject,) = taken(GOOD + b"\n" + line + b"\n" + GOOD).rejects
    assert ("cut off" in (reject.diagnostic.hint or "")) is cut


@pytest.mark.parametrize(("line", "code", "message", "column"), REJECTED)
def test_rejected(line: bytes, code: str, message: str, column: int) -> None:
    got = taken(GOOD + b"\n\n" + line + b"\n" + GOOD)

    assert got.data == [{"good": True}] * 2
    assert [event.line for event in got.events] == [1, 4]
    (reject,) = got.rejects
    assert (reject.line, reject.raw, reject.path) == (3, line, None)
    diagnostic = reject.diagnostic
    assert (diagnostic.code, diagnostic.severity) == (code, Severity.WARNING)
    assert diagnostic.message.startswith("line 3: ")
    assert message in diagnostic.message
    assert diagnostic.span is not None
    assert diagnostic.span.line == 3
    if column:
        assert diagnostic.span.column == column
    assert got.problems == []


@pytest.mark.parametrize("tail", [b"\r", b"\t \r", b""])
def test_rejects_keep_every_byte_of_the_line(tail: bytes) -> None:
    assert taken(b"\xffx" + tail + b"\n").rejects[0].raw == b"\xffx" + tail


def test_deep_but_not_too_deep() -> None:
    depth = MAX_DEPTH - 1
    assert taken(b'{"a":' * depth + b"1" + b"}" * depth).stats.parsed == 1


@pytest.mark.parametrize("depth", [450, 480, 700, 1000])
def test_the_second_try_never_recurses_too_deep(depth: int) -> None:
    got = taken(b'{"a":' * depth + b"NaN" + b"}" * depth + b"\n" + GOOD)
    assert got.data[-1] == {"good": True}
    assert got.stats.read == 2


def test_rejects_of_an_iterable() -> None:
    got = Taken(['{"a": "\ud800"}', "x\ud800", GOOD.decode()])
    assert got.data == [{"a": "\ud800"}, {"good": True}]
    assert got.rejects[0].raw == b"x\xed\xa0\x80"


ELEMENTS = [
    # a malformed element, code, whether its brackets and quotes add up
    (b"x", "JS070", True),
    (b'{"a": }', "JS070", True),
    (b'{"a": 1} {"b": 2}', "JS070", True),
    (b'{"a": \xff}', "JS070", True),
    (b'{"a": "open}', "JS070", False),
    (b'{"a": [1}', "JS070", False),
    (b'{"a": 1]}', "JS070", False),
    (b'{"a": {"b": 1}', "JS070", False),
    (b'{"a": 1}}', "JS070", False),
    (b"17", "JS071", True),
    (b'"text, with ] and }"', "JS071", True),
    (b'[{"a": 1}]', "JS071", True),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "JS075", True),
]
LAYOUTS = [
    # opening, separator, end
    (b"[\n", b",\n", b"\n]\n"),
    (b"[", b",\n", b"]"),
    (b"[\n  ", b",\n  ", b"\n]"),
    (b"[\r\n  ", b",\r\n  ", b"\r\n]"),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("element", "code", "adds_up"), ELEMENTS)
@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("block", [7, 1 << 18])
def test_a_malformed_element_hides_no_other(
    *,
    layout: tuple[bytes, bytes, bytes],
    element: bytes,
    code: str,
    adds_up: bool,
    place: int,
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if block == 7 and len(element) > 1000:
        block = 1000
    monkeypatch.setattr(opening, "BLOCK", block)
    opening_bytes, separator, end = layout
    good = [b'{"n": %d, "l": [{"x": "]"}]}' % number for number in range(3)]
    elements = [*good[:place], element, *good[place:]]

    got = taken(opening_bytes + separator.join(elements) + end)

    assert [event["n"] for event in got.data] == [0, 1, 2]
    # The bracket behind it might belong to it or to the array.
    ends_early = place == 3 and end == b"]" and not adds_up
    assert got.codes[0] == ("JS074" if ends_early else code)
    assert b"".join(reject.raw for reject in got.rejects).strip(b"\r\n ]") == element.strip(b"]")
    assert got.rejects[0].line == place + 1
    assert got.rejects[0].diagnostic.message.startswith(f"element {place + 1}: ")
    assert [problem.code for problem in got.problems] == ["JS074"] * ends_early


CUT = [
    # array that ends early, events, raw of the reject
    (b"[", 0, None),
    (b'[{"a": 1}', 1, None),
    (b'[{"a": 1},', 1, None),
    (b'[{"a": 1},\n', 1, None),
    (b'[{"a": 1}, {"b": ', 1, b'{"b":'),
    (b'[\n{"a": 1},\n{"b": "x', 1, b'{"b": "x'),
    (b'[\n  {\n    "a": 1\n  },\n  {\n    "b": 2,\n    "c', 1, b'{\n    "b": 2,\n    "c'),
]


@pytest.mark.parametrize(("content", "parsed", "raw"), CUT)
def test_array_that_ends_early(content: bytes, parsed: int, raw: bytes | None) -> None:
    got = taken(content)
    assert got.stats.parsed == parsed
    assert [reject.raw for reject in got.rejects] == ([raw] if raw else [])
    assert set(got.codes) <= {"JS074"}
    assert [problem.code for problem in got.problems] == ["JS074"]


def test_parts_of_a_malformed_event_are_no_events() -> None:
    element = b'{"a": x, "changes": [{"b": 1},{"b": 2},{"b": 3}]}'
    got = taken(b"[" + b",".join([GOOD, GOOD, element, GOOD]) + b"]")
    assert got.data == [{"good": True}] * 3
    assert [(reject.line, reject.raw) for reject in got.rejects] == [(3, element)]


def test_array_without_commas_is_read_too() -> None:
    assert len(taken(b'[\n{"a": 1}\n{"a": 2}\n]').data) == 2


def test_a_log_with_brackets_is_no_array() -> None:
    text = b'[2024-05-01] start\n{"a": 1}\n[2024-05-01] stop\n'
    got = taken(text)
    assert got.data == [{"a": 1}]
    assert [(reject.line, reject.raw) for reject in got.rejects] == [
        (1, b"[2024-05-01] start"),
        (3, b"[2024-05-01] stop"),
    ]


def test_utf_16_that_ends_within_a_character() -> None:
    got = taken(b"\xff\xfe" + '{"a": 1}\n{"b": 2}'.encode("utf-16-le") + b"x")
    assert got.data == [{"a": 1}]
    assert got.rejects[0].raw == '{"b": 2}\ufffd'.encode()


TOO_LONG = b'{"a": "' + b"[" * (MAX_EVENT_BYTES + 100_000) + b'"}'


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        (b"", b"\n", b"\n"),
        (b"[", b",\n", b"]"),
        (b"[\n", b",\n", b"\n]"),
        (b"[", b",", b"]"),
    ],
)
def test_too_long_is_rejected_with_all_its_bytes(
    before: bytes, between: bytes, after: bytes
) -> None:
    got = taken(before + between.join([GOOD, TOO_LONG, GOOD]) + after)
    assert got.data == [{"good": True}] * 2
    assert got.codes == ["JS070"]
    assert "longer than an event may be (16 MiB)" in got.rejects[0].diagnostic.message
    assert len(got.rejects[0].raw) + got.rests[0] == len(TOO_LONG)
    assert len(got.rejects[0].raw) < MAX_EVENT_BYTES + 2 * opening.BLOCK
    assert got.problems == []


def test_too_long_and_broken() -> None:
    broken = TOO_LONG[:-2] + b"[" * (2 * MAX_EVENT_BYTES)  # the string never ends
    got = taken(b"[\n" + b",\n".join([GOOD, broken, GOOD]) + b"\n]")
    assert got.data == [{"good": True}] * 2
    assert len(got.rejects[0].raw) + got.rests[0] == len(broken) + len(b",")


def test_too_long_without_anybody_who_wants_it() -> None:
    stats = ReadStats()
    events = list(read_events(io.BytesIO(TOO_LONG + b"\n" + GOOD), stats=stats))
    assert (len(events), stats.rejected) == (1, 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a{}[],:"\\\n é😀', max_size=8),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.text('a{}[],:"\\\n', max_size=4), children, max_size=3)
    ),
    max_leaves=8,
)
events_lists = st.lists(st.dictionaries(st.text('ab{}[]"', max_size=4), json_values, max_size=3))
PRINTERS = [
    json.dumps,
    lambda events: json.dumps(events, separators=(",", ":")),
    lambda events: json.dumps(events, indent=2),
    lambda events: "[" + ",\n".join(map(json.dumps, events)) + "]",
    # Where elements and the objects in them begin alike, damage may be cut in other pieces.
    lambda events: json.dumps(events, indent=0, ensure_ascii=False),
]

DAMAGE = [bytes([byte]) for byte in b'{}[],:"\\\n x\xff']


class Chopped(io.BytesIO):
    """A file that gives ``size`` bytes at a time, as a slow pipe does."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self.size = size

    def read1(self, _size: int | None = -1, /) -> bytes:
        return super().read(self.size)


@given(events_lists, st.sampled_from(PRINTERS), st.integers(1, 60))
def test_any_array_in_any_blocks(events: list[dict[str, Any]], printer: Any, block: int) -> None:
    got = Taken(Chopped(printer(events).encode(), block))
    assert got.data == events
    assert [event.line for event in got.events] == list(range(1, len(events) + 1))


@given(events_lists, st.sampled_from(PRINTERS[:-1]), st.data())
def test_damage_reads_the_same_in_any_blocks(
    events: list[dict[str, Any]], printer: Any, draw: st.DataObject
) -> None:
    content = bytearray(printer(events).encode())
    for _ in range(draw.draw(st.integers(1, 2))):
        place = draw.draw(st.integers(0, len(content)))
        length = draw.draw(st.integers(0, 1))
        content[place : place + length] = draw.draw(st.sampled_from([b"", *DAMAGE]))

    def told(block: int) -> Any:
        got = Taken(Chopped(bytes(content), block))
        return (
            [(event.line, event.raw) for event in got.events],
            [(reject.line, reject.raw, reject.diagnostic) for reject in got.rejects],
            got.problems,
        )

    whole = told(1 << 18)
    for block in (1, 2, 5, 17):
        assert told(block) == whole
