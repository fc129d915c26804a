"""Sources that are damaged as a whole, and memory that stays bounded whatever they hold."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intake import unpacking
from jumpsigma.intake.events import ReadStats, read_events

# Hardly compressible, and the same at every run: what a damaged byte does depends on it.
_random = Random(7)
LINES = b"".join(
    b'{"n": %d, "fill": "%s"}\n' % (n, _random.randbytes(40).hex().encode()) for n in range(900)
)
ARRAY = b"[" + b",".join(LINES.splitlines()) + b"]"


def read(source: Any) -> tuple[int, ReadStats, list[Diagnostic], list[str]]:
    """Number of events, totals, problems, codes of the rejects."""
    stats = ReadStats()
    problems: list[Diagnostic] = []
    rejects: list[str] = []
    events = read_events(
        source,
        stats=stats,
        on_reject=lambda reject: rejects.append(reject.diagnostic.code),
        on_problem=problems.append,
    )
    return sum(1 for _ in events), stats, problems, rejects


def parsed_in(content: bytes) -> int:
    """How many whole events stand in the beginning of LINES or ARRAY."""
    return content.count(b"}")


@pytest.mark.parametrize("text", [LINES, ARRAY])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_truncated_gzip(text: bytes, share: float) -> None:
    packed = gzip.compress(text)
    packed = packed[: int(len(packed) * share)]
    expected = zlib.decompressobj(wbits=31).decompress(packed)

    events, stats, problems, rejects = read(io.BytesIO(packed))

    assert events == parsed_in(expected)
    assert stats.files == 1
    (problem,) = problems
    assert (problem.code, problem.message) == ("JS073", "the gzip file ends early")
    assert set(rejects) <= {"JS070" if text is LINES else "JS074"}


def test_every_event_before_a_damaged_byte_is_read() -> None:
    packed = bytearray(gzip.compress(LINES))
    place = len(packed) // 2
    packed[place : place + 8] = b"\xff" * 8

    events, _, problems, _ = read(io.BytesIO(packed))

    before = zlib.decompressobj(wbits=31).decompress(bytes(packed[:place]))
    assert events >= parsed_in(before) > 300
    assert problems[0].code == "JS073"
    assert problems[0].message.startswith("damaged gzip: ")


def test_wrong_checksum() -> None:
    packed = bytearray(gzip.compress(LINES))
    packed[-8] ^= 1
    events, _, problems, _ = read(io.BytesIO(packed))
    assert (events, [problem.code for problem in problems]) == (900, ["JS073"])


def test_something_behind_the_gzip_members() -> None:
    events, _, problems, _ = read(io.BytesIO(gzip.compress(LINES) + b"garbage"))
    assert (events, [problem.code for problem in problems]) == (900, ["JS073"])


def test_something_behind_the_zstd_frames() -> None:
    events, _, problems, _ = read(io.BytesIO(zstandard.compress(LINES) + b"garbage"))
    assert (events, [problem.code for problem in problems]) == (900, ["JS073"])


def in_blocks(text: bytes, size: int) -> list[bytes]:
    """One zstd frame in pieces, each of which ends a block."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    pieces = [
        packer.compress(text[at : at + size]) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        for at in range(0, len(text), size)
    ]
    return [*pieces, packer.flush()]


@pytest.mark.parametrize("text", [LINES, ARRAY])
@pytest.mark.parametrize("blocks", [0, 1, 7, 40])
@pytest.mark.parametrize("more", [0, 1, 3, 30])
def test_truncated_zstd(text: bytes, blocks: int, more: int) -> None:
    pieces = in_blocks(text, 2000)
    packed = b"".join(pieces[:blocks]) + pieces[blocks][:more]
    if not packed:
        pytest.skip("nothing is an empty file")

    events, stats, problems, rejects = read(io.BytesIO(packed))

    assert events == parsed_in(text[: 2000 * blocks])
    assert stats.files == 1
    if len(packed) >= 4:
        (problem,) = problems
        assert (problem.code, problem.message) == ("JS073", "the zstd file ends early")
        assert set(rejects) <= {"JS070" if text is LINES else "JS074"}
    else:  # too short to be anything
        assert rejects == ["JS070"]


def test_every_event_before_a_damaged_zstd_block_is_read() -> None:
    pieces = in_blocks(LINES, 2000)
    pieces[20] = b"\xff" * len(pieces[20])

    events, _, problems, _ = read(io.BytesIO(b"".join(pieces)))

    assert events == parsed_in(LINES[: 20 * 2000])
    assert problems[0].code == "JS073"
    assert problems[0].message.startswith("damaged zstd: ")


def test_wrong_zstd_checksum() -> None:
    packed = bytearray(b"".join(in_blocks(LINES, 2000)))
    packed[-1] ^= 1
    events, _, problems, _ = read(io.BytesIO(packed))
    assert (events, [problem.code for problem in problems]) == (900, ["JS073"])
    assert "checksum" in problems[0].message


def test_a_zstd_window_that_takes_too_much_memory() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    events, _, problems, _ = read(io.BytesIO(packer.compress(LINES) + packer.flush()))
    assert (events, [problem.code for problem in problems]) == (0, ["JS073"])
    assert "too much memory" in problems[0].message


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("filler", [b" " * 999 + b"\n", b"no event " * 100 + b"\n", b"x"])
def test_an_archive_without_events_is_not_read_for_ever(
    pack: Any, filler: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_IN_VAIN", 1024 * 1024)
    bomb = filler * (2560 * 1024 // len(filler))
    events, _, problems, _ = read(io.BytesIO(pack(LINES + bomb + b"\n" + LINES)))
    assert events == 900
    assert [problem.code for problem in problems] == ["JS073"]
    assert problems[0].message == "unpacks to more than 1 MiB without an event; not read on"
    # Events in between are no bomb, however much of them there is.
    assert read(io.BytesIO(pack((LINES + bomb[: 768 * 1024] + b"\n") * 5)))[0] == 4500


FOREIGN = {
    "zip": b"PK\x03\x04\x14\0\0\0\x08\0",
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04",
    "bzip2": bz2.compress(LINES),
    "xz": lzma.compress(LINES),
    "Parquet": b"PAR1\x15\0",
    "Avro": b"Obj\x01\x04\x16avro.schema",
    "Windows event log": b"ElfFile\0\0\0",
    "program": b"\x7fELF\x02\x01\x01\0",
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_files_are_named(kind: str, pack: Any) -> None:
    events, stats, problems, rejects = read(io.BytesIO(pack(FOREIGN[kind] + bytes(100))))
    assert (events, stats.unreadable, rejects) == (0, 1, [])
    (problem,) = problems
    assert problem.code == "JS072"
    assert kind in problem.message


def absent(folder: Path) -> Path:
    return folder / "absent.json"


def a_folder(folder: Path) -> Path:
    return folder


def forbidden(folder: Path) -> Path:
    file = folder / "forbidden.json"
    file.write_bytes(LINES)
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    return file


def null_byte(_: Path) -> Path:
    return Path("a\0b")


@pytest.mark.parametrize("make", [absent, a_folder, forbidden, null_byte])
def test_unreadable(make: Any, tmp_path: Path) -> None:
    path = make(tmp_path)

    events, stats, problems, _ = read(path)

    assert events == 0
    assert stats.unreadable == 1
    (problem,) = problems
    assert problem.code == "JS072"
    assert problem.span is not None
    assert problem.span.path == str(path)
    with pytest.raises(DiagnosticError, match="cannot"):
        list(read_events(path))


def test_no_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert [problem.code for problem in read("-")[2]] == ["JS072"]


class Failing(io.BytesIO):
    """A disk that fails behind its content."""

    def read1(self, size: int | None = -1, /) -> bytes:
        block = super().read1(size)
        if not block:
            raise OSError(5, "Input/output error")
        return block


def test_a_source_that_fails_while_it_is_read() -> None:
    events, stats, problems, _ = read(Failing(LINES))
    assert (events, stats.files, stats.unreadable) == (900, 1, 1)
    assert problems[0].message == "cannot read on: Input/output error"


def test_problems_are_raised_after_the_events_when_nobody_is_told() -> None:
    events = read_events(Failing(LINES))
    assert sum(1 for _ in zip(range(900), events, strict=False)) == 900
    with pytest.raises(DiagnosticError):
        next(events)


def peak_growth(program: str) -> int:
    """Run a program in its own process; how far reading raised its peak memory, in MiB."""
    code = textwrap.dedent(
        """
        import io, re, zlib
        from pathlib import Path
        from jumpsigma.intake.events import ReadStats, read_events

        def peak():
            # Not getrusage: there a child starts with the peak of its parent.
            status = Path("/proc/self/status").read_text()
            return int(re.search(r"VmHWM:\\s+([0-9]+) kB", status)[1]) // 1024

        class Made:
            "A file whose content is made while it is read."
            def __init__(self, pieces):
                self.pieces, self.held = iter(pieces), b""
            def read(self, size):
                while len(self.held) < size and (piece := next(self.pieces, b"")):
                    self.held += piece
                block, self.held = self.held[:size], self.held[size:]
                return block

        def count(source):
            before, stats = peak(), ReadStats()
            for _ in read_events(source, stats=stats, on_problem=print):
                pass
            print(stats.parsed, stats.rejected, peak() - before)
        """
    ) + textwrap.dedent(program)
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    parsed, rejected, growth = map(int, run.stdout.split())
    assert (parsed, rejected) == tuple(EXPECTED[program])
    return growth


EVENT = json.dumps({"fill": 'x"]}{[,' * 150, "changes": [{"a": 1}]}, indent=2)
BIG_ARRAY = f"""
event = {EVENT.replace(chr(10), chr(10) + "  ")!r}.encode()
def pieces():
    yield b"[\\n  "
    for _ in range(999):
        yield (event + b",\\n  ") * 100
    yield event + b"\\n]"
count(Made(pieces()))
"""
ONE_ENDLESS_LINE = """
def pieces():
    yield b'{"good": true}\\n{"a": "'
    for _ in range(200):
        yield b"x" * 1_000_000
    yield b'"}\\n{"good": true}\\n'
count(Made(pieces()))
"""
ONE_ENDLESS_ELEMENT = """
def pieces():
    yield b'[{"good": true}, {"a": "'
    for _ in range(200):
        yield b"x" * 1_000_000
    yield b'"}, {"good": true}]'
count(Made(pieces()))
"""
ONLY_BRACKETS = """
count(Made([b'[{"good": true}, '] + [b"[" * 1_000_000] * 50 + [b"]" * 50_000_000 + b"]"]))
"""
BOMB = """
packer = zlib.compressobj(9, wbits=31)
bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
assert len(bomb) < 400_000
count(io.BytesIO(bomb))
"""
ZSTD_BOMB = """
import zstandard
bomb = zstandard.compress(bytes(300_000_000))
assert len(bomb) < 40_000
count(io.BytesIO(bomb))
"""
BLANK_LINES = """
count(Made([b"\\n" * 1_000_000] + [b'{"good": true}']))
"""
EXPECTED = {
    BIG_ARRAY: (99_901, 0),
    ONE_ENDLESS_LINE: (2, 1),
    ONE_ENDLESS_ELEMENT: (2, 1),
    ONLY_BRACKETS: (1, 1),
    BOMB: (0, 1),
    ZSTD_BOMB: (0, 1),
    BLANK_LINES: (1, 0),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize(
    ("program", "limit"),
    [
        pytest.param(BIG_ARRAY, 20, id="array of 200 MB"),
        pytest.param(ONE_ENDLESS_LINE, 80, id="line of 200 MB"),
        pytest.param(ONE_ENDLESS_ELEMENT, 140, id="element of 200 MB"),
        pytest.param(ONLY_BRACKETS, 200, id="50 million brackets"),
        pytest.param(BOMB, 80, id="gzip that unpacks to a line of 300 MB"),
        pytest.param(ZSTD_BOMB, 100, id="zstd that unpacks to a line of 300 MB"),
        pytest.param(BLANK_LINES, 60, id="blank lines"),
    ],
)
def test_memory_is_bounded(program: str, limit: int) -> None:
    assert peak_growth(program) < limit


def numbers() -> Iterator[str]:
    yield from ('{"n": 1}', '{"n": 2}')


def test_errors_of_an_iterable_are_its_callers() -> None:
    def failing() -> Iterator[str]:
        yield from numbers()
        raise RuntimeError("the queue is gone")

    events = read_events(failing())
    assert [next(events).data["n"] for _ in range(2)] == [1, 2]
    with pytest.raises(RuntimeError, match="the queue is gone"):
        next(events)
