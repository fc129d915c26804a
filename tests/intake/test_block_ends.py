"""Where blocks end: behind line breaks if there are any, and nothing is lost or held for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jumpsigma.intake import ahead, ndjson, opening, parts
from jumpsigma.intake.opening import open_blocks
from jumpsigma.intake.parts import Part, PartReader
from jumpsigma.intake.records import Reading, ReadStats

LINES = b'{"a": 1}\n' * 2000
ONE_LINE = b'{"a": 1}, ' * 2000
TEXTS = {
    "lines": LINES,
    "no last line break": LINES + b'{"a": 2}',
    "one line": ONE_LINE,
    "one line among others": LINES + ONE_LINE + b"\n" + LINES,
    "long lines": (b"x" * 1500 + b"\n") * 40,
    "nothing but line breaks": b"\n" * 5000,
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BLOCK", 1000)
    monkeypatch.setattr(parts, "_BLOCK", 1000)
    monkeypatch.setattr(ndjson, "_NEAR", 100)
    monkeypatch.setattr(ahead, "AHEAD", 1000)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_file_is_read_whole_in_blocks_of_whole_lines(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "events"
    path.write_bytes(text)
    blocks = list(open_blocks(path, Reading(str(path), ReadStats())))
    assert b"".join(blocks) == text
    assert max(map(len, blocks)) <= 1000
    for block in blocks[1:-1]:  # the first is what its kind is told by
        assert block.endswith(b"\n") or b"\n" not in block[-100:]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("cut", [1, 999, 1000, 5003])
def test_parts_have_all_lines_once(tmp_path: Path, text: bytes, cut: int) -> None:
    path = tmp_path / "events"
    path.write_bytes(text)
    found = b""
    for start, end in ((0, cut), (cut, len(text) + 1)):
        reader = PartReader(Part(str(path), start, end), Reading(str(path), ReadStats()))
        found += b"".join(reader._blocks())
    assert found == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("size", [1, 7, 999, 4000])
def test_batches_are_bounded_and_lose_nothing(text: bytes, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    batches = list(ahead._batches(iter(pieces)))
    assert b"".join(batches) == text
    assert max(map(len, batches)) < 1000 + 2 * size
    broken = [batch for batch in batches[:-1] if not batch.endswith(b"\n")]
    assert all(b"\n" not in batch[-size:] for batch in broken)
