"""Rejects kept byte for byte."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.intake.events import read_events
from jumpsigma.intake.jsontext import MAX_EVENT_BYTES
from jumpsigma.report import RejectWriter

KEPT = [
    # content, what is kept of it
    (b'{"a": 1}\n', b""),
    (b'x\n{"a": 1}\n\n\xff\x00 y\t\r\n{"b"', b'x\n\xff\x00 y\t\r\n{"b"\n'),
    (b'[{"a": 1}, 7, {"b": }]', b'7\n{"b": }\n'),
    (b'[\n  {\n    "a": x\n  }\n]', b'{\n    "a": x\n  }\n'),
]


@pytest.mark.parametrize(("content", "kept"), KEPT)
def test_byte_exact(content: bytes, kept: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rejects"
    with RejectWriter(file) as writer:
        list(read_events(io.BytesIO(content), on_reject=writer))
    assert file.read_bytes() == kept


@pytest.mark.parametrize("frame", [b"%b\n", b'[{"a": 1}, %b]'])
def test_byte_exact_beyond_what_is_held_in_memory(frame: bytes, tmp_path: Path) -> None:
    giant = b'{"a": "' + b"".join(b"%d," % number for number in range(4_000_000)) + b'"}'
    assert len(giant) > 1.8 * MAX_EVENT_BYTES
    with RejectWriter(tmp_path / "rejects") as writer:
        list(read_events(io.BytesIO(frame % giant), on_reject=writer))
    assert (tmp_path / "rejects").read_bytes() == giant + b"\n"


def test_what_was_kept_can_be_read_again(tmp_path: Path) -> None:
    with RejectWriter(tmp_path / "first") as first:
        list(read_events(io.BytesIO(b'[1, {"a": }]'), on_reject=first))
    with RejectWriter(tmp_path / "second") as second:
        list(read_events(str(tmp_path / "first"), on_reject=second))
    assert (first.count, second.count) == (2, 2)
    assert (tmp_path / "second").read_bytes() == (tmp_path / "first").read_bytes()


def test_standard_input_is_an_input_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"x\n")
    with path.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(DiagnosticError, match="would overwrite an input"):
            RejectWriter(path, ["-"])
    assert path.read_bytes() == b"x\n"


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="cannot write the rejects") as raised:
        RejectWriter(tmp_path / "no such folder" / "rejects")
    assert raised.value.diagnostic.code == "JS091"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk() -> None:
    writer = RejectWriter("/dev/full")
    list(read_events(io.BytesIO(b"x\n"), on_reject=writer))
    with pytest.raises(DiagnosticError, match="No space left"):
        writer.close()
