"""Archives: the quick way and the plain one give the same bytes, and threads leave nothing."""

from __future__ import annotations

import gzip
import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import ahead, opening, unpacking
from jumpsigma.intake.events import read_events
from jumpsigma.intake.opening import open_blocks
from jumpsigma.intake.records import Reading, ReadStats

# Compressible in part, and the same at every run: what a damaged byte does depends on it.
_random = Random(11)
TEXT = b"".join(
    b'{"n": %d, "fill": "%s"}\n' % (n, _random.randbytes(9).hex().encode()) for n in range(9000)
)

Unpacked = tuple[bytes, list[Diagnostic]]


def chopped(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def plainly(packed: bytes, size: int = 1 << 18) -> Unpacked:
    reading = Reading(None, ReadStats())
    blocks = unpacking.gunzipped(chopped(packed, size), reading, ReadStats(), None)
    return b"".join(blocks), reading.problems


def quickly(packed: bytes, size: int = 1 << 18) -> Unpacked:
    reading = Reading(None, ReadStats())

    def reread(offset: int) -> Iterator[bytes]:
        return chopped(packed[offset:], size)

    blocks = unpacking.gunzipped(chopped(packed, size), reading, ReadStats(), reread)
    return b"".join(blocks), reading.problems


def member(text: bytes, level: int = 6, header: bytes | None = None) -> bytes:
    packed = gzip.compress(text, level)
    return packed if header is None else header + packed[10:]


def header(flags: int, *parts: bytes) -> bytes:
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 0, 0, 3) + b"".join(parts)
    return head + struct.pack("<H", zlib.crc32(head) & 0xFFFF) if flags & 2 else head


HEADERS = {
    "as it comes": None,
    "a name": header(8, b"events.json\0"),
    "a comment": header(16, b"made by hand\0"),
    "an extra field": header(4, struct.pack("<H", 300), bytes(300)),
    "a checksum of its own": header(2),
    "all of them": header(30, b"\x04\0abcd", b"name\0", b"comment\0"),
}


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 18])
def test_headers(kind: str, size: int) -> None:
    text = TEXT[:20_000]
    packed = member(text, header=HEADERS[kind]) + bytes(100) + member(text)
    assert quickly(packed, size) == plainly(packed, size) == (2 * text, [])


@given(
    parts=st.lists(
        st.tuples(
            st.integers(0, 30_000), st.integers(0, 9), st.sampled_from([0, 0, 1, 511, 70_000])
        ),
        max_size=6,
    ),
    size=st.sampled_from([3, 100, 65_536, 65_537, 1 << 18]),
)
def test_members_and_padding(parts: list[tuple[int, int, int]], size: int) -> None:
    texts = [TEXT[:length] for length, _, _ in parts]
    packed = b"".join(
        member(text, level) + bytes(padding)
        for text, (_, level, padding) in zip(texts, parts, strict=True)
    )
    assert quickly(packed, size) == plainly(packed, size) == (b"".join(texts), [])


PACKED = {level: member(TEXT, level) for level in (1, 6, 9)}


@given(
    level=st.sampled_from(sorted(PACKED)),
    share=st.floats(0, 1, exclude_max=True),
    size=st.sampled_from([1000, 1 << 18]),
)
def test_cut_off(level: int, share: float, size: int) -> None:
    packed = PACKED[level][: 2 + int(share * (len(PACKED[level]) - 2))]
    text, problems = quickly(packed, size)
    assert text == zlib.decompressobj(wbits=31).decompress(packed)
    assert [problem.message for problem in problems] == ["the gzip file ends early"]
    assert (text, problems) == plainly(packed, size)


@given(
    place=st.integers(0, len(PACKED[6]) - 1),
    damage=st.binary(min_size=1, max_size=12),
    before=st.booleans(),
)
@example(place=len(PACKED[6]) - 8, damage=b"\0\0\0\0", before=True)
@example(place=len(PACKED[6]) - 1, damage=b"\x7f", before=False)
@example(place=3, damage=b"\x04", before=True)
def test_damage(place: int, damage: bytes, *, before: bool) -> None:
    packed = PACKED[6][:place] + damage + PACKED[6][place + len(damage) :]
    if before:
        packed = member(TEXT[:5000]) + packed
    assert quickly(packed) == plainly(packed)


def test_what_a_step_does_not_put_out_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "STEP", 100)
    packed = gzip.compress(b"[]" + bytes(10_000))[:-8]
    assert plainly(packed)[0] == quickly(packed)[0] == b"[]" + bytes(10_000)


def test_without_isal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    file = tmp_path / "events.gz"
    file.write_bytes(PACKED[6] * 3)
    assert content(file) == (3 * TEXT, [])


def test_a_file_object_is_read_from_where_it_stands() -> None:
    damaged = bytearray(PACKED[6])
    damaged[-20_000] ^= 0x55
    file = io.BytesIO(b"in front of it" + damaged)
    file.seek(14)
    assert content(file) == plainly(bytes(damaged))


@pytest.mark.skipif(not unpacking._has_isal(), reason="nothing is read again")
def test_a_file_that_cannot_be_read_again() -> None:
    class Forgetful(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise OSError(5, "Input/output error")

    text, (problem,) = content(Forgetful(PACKED[6][:-9]))
    assert TEXT.startswith(text)
    assert (problem.code, problem.message) == ("JS072", "cannot read again: Input/output error")


def content(source: Any) -> Unpacked:
    reading = Reading(None, ReadStats())
    return b"".join(open_blocks(source, reading)), reading.problems


PLAIN: dict[str, tuple[Callable[[bytes], bytes], int | None]] = {
    "as it is": (bytes, 0),
    "with a BOM": (lambda text: b"\xef\xbb\xbf" + text, 3),
    "UTF-16": (lambda text: text.decode().encode("utf-16"), None),
    "UTF-16 without a BOM": (lambda text: text.decode().encode("utf-16-le"), None),
    "gzip": (gzip.compress, None),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_where_in_a_file_its_text_begins(kind: str, tmp_path: Path) -> None:
    change, begin = PLAIN[kind]
    file = tmp_path / "events"
    file.write_bytes(change(TEXT))
    reading = Reading(str(file), ReadStats())
    first = next(open_blocks(file, reading))
    assert reading.plain_from == begin
    if begin is not None:
        assert file.read_bytes()[begin:].startswith(first)
    nameless = Reading(None, ReadStats())
    with file.open("rb") as opened:
        next(open_blocks(opened, nameless))
    assert nameless.plain_from is None


PACKINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.fixture
def _early_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "START", 100_000)
    monkeypatch.setattr(ahead, "AHEAD", 50_000)
    monkeypatch.setattr(unpacking, "STEP", 20_000)


def workers() -> set[str]:
    return {one.name for one in threading.enumerate() if one.name.startswith("jumpsigma-ahead")}


@pytest.mark.usefixtures("_early_threads")
@pytest.mark.parametrize("kind", PACKINGS)
@pytest.mark.parametrize("cut", [None, -1, 1000])
def test_reading_ahead_changes_nothing(kind: str, cut: int | None, tmp_path: Path) -> None:
    packed = PACKINGS[kind](TEXT)[:cut]
    file = tmp_path / "events"
    file.write_bytes(packed)
    whole = b"".join(open_blocks(io.BytesIO(packed), without := Reading(None, ReadStats())))

    blocks = open_blocks(file, reading := Reading(None, ReadStats()))
    text, seen = b"", set[str]()
    for block in blocks:
        text += block
        seen |= workers()

    assert text == whole
    assert reading.problems == without.problems
    assert reading.bytes_read == without.bytes_read == len(packed)
    assert bool(seen) == (len(whole) > 100_000)
    assert workers() == set()


@pytest.mark.usefixtures("_early_threads")
@pytest.mark.parametrize("kind", PACKINGS)
def test_closed_in_the_middle(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[io.FileIO] = []

    def remembered(path: str) -> io.FileIO:
        opened.append(io.FileIO(path))
        return opened[0]

    monkeypatch.setattr(opening, "_open", remembered)
    file = tmp_path / "events"
    file.write_bytes(PACKINGS[kind](TEXT * 4))
    stats = ReadStats()
    events = read_events(file, stats=stats)
    for event in events:
        if event.line == 8000:
            break
    assert workers()
    events.close()  # type: ignore[attr-defined]
    assert workers() == set()
    assert opened[0].closed
    assert (stats.read, stats.rejected) == (8000, 0)


@pytest.mark.usefixtures("_early_threads")
def test_an_error_in_the_thread_reaches_who_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "events.gz"
    file.write_bytes(b"".join(map(gzip.compress, chopped(TEXT, 50_000))))
    given = _Failing(file)
    monkeypatch.setattr(opening, "BLOCK", 2000)
    with given:
        text, problems = content(given)
    assert TEXT.startswith(text)
    assert len(text) > 100_000
    assert [problem.message for problem in problems] == [
        "cannot read on: Input/output error",
        "the gzip file ends early",
    ]
    assert workers() == set()


class _Failing(io.FileIO):
    """A disk that fails behind the first half of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._limit = path.stat().st_size // 2

    def read(self, size: int | None = -1, /) -> bytes | None:  # type: ignore[override]
        if self.tell() >= self._limit:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.usefixtures("_early_threads")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_of_a_pipe_comes_what_is_there() -> None:
    """No thread waits for more of it, which might never come."""
    ends = os.pipe()
    packer = zlib.compressobj(wbits=31)
    with os.fdopen(ends[0], "rb") as pipe, os.fdopen(ends[1], "wb", buffering=0) as writer:
        events = read_events(pipe)
        for batch in range(8):
            lines = TEXT.splitlines(keepends=True)[batch * 1000 : batch * 1000 + 1000]
            for line in chopped(b"".join(lines), 40_000):
                writer.write(packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH))
            assert [next(events).data["n"] for _ in lines] == list(
                range(batch * 1000, batch * 1000 + 1000)
            )
            assert workers() == set()
        writer.write(packer.flush())
        writer.close()
        assert list(events) == []


def test_a_program_may_end_in_the_middle(tmp_path: Path) -> None:
    """A reader that nobody closes keeps no process alive."""
    file = tmp_path / "events.gz"
    file.write_bytes(gzip.compress(TEXT * 30))
    program = (
        "import sys\n"
        "from jumpsigma.intake.events import read_events\n"
        "events = read_events(sys.argv[1])\n"
        "for event in events:\n"
        "    if event.line == 60_000:\n"
        "        print(event.data['n'])\n"
        "        sys.exit(0)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.stdout, run.stderr, run.returncode) == (f"{59_999 % 9000}\n", "", 0)
