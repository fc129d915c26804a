"""Base matches past the limit: in a private file, gone afterwards, in little memory."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from many_matches import KINDS, lines

import jumpsigma
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.matcher import Matcher
from jumpsigma.matcher.correlate import DEFAULT_LIMIT

#: Ten million of them for who asks: JUMPSIGMA_MATCHES=10000000 (several minutes).
MATCHES = int(os.environ.get("JUMPSIGMA_MATCHES", "150000"))
#: What a scan may take beside the program itself, in MiB, however many matches there are.
BOUND = 75


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    (tmp_path / "r.yml").write_text(KINDS["summed"], encoding="utf-8")
    return jumpsigma.compile(jumpsigma.load_pack(tmp_path), mapping="sigma")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_file_is_private_and_goes_at_the_end(matcher: Matcher, folder: Path) -> None:
    with matcher.correlator(limit=10) as correlator:
        findings = matcher.scan_events(lines(100), correlator.add, correlator.left_out)
        assert list(findings) == []
        (private,) = folder.iterdir()
        assert stat.S_IMODE(private.stat().st_mode) == stat.S_IRWXU
        assert [path.name for path in private.iterdir()] == ["matches.sqlite"]
        found = list(correlator.findings())
    assert found == list(matcher.scan(lines(100)))
    assert len(found) == 1
    assert list(folder.iterdir()) == []


def test_there_is_no_file_while_memory_suffices(matcher: Matcher, folder: Path) -> None:
    assert len(list(matcher.scan(lines(100), limit=100))) == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("limit", [10, 1000])
def test_a_file_that_is_read_twice_counts_once(
    limit: int, matcher: Matcher, folder: Path, tmp_path: Path
) -> None:
    for name, count in (("a", 100), ("b", 60)):
        (tmp_path / f"{name}.ndjson").write_bytes(b"\n".join(lines(count)))
    paths = [tmp_path / f"{name}.ndjson" for name in "aba"]
    (found,) = matcher.scan_all(paths, limit=limit)
    (once,) = matcher.scan(paths[0])
    assert found == once
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("after", [0, 50])
def test_the_file_goes_after_an_error_and_when_a_scan_is_left(
    after: int, matcher: Matcher, folder: Path
) -> None:
    def failing() -> object:
        yield from lines(after)
        assert len(list(folder.iterdir())) == bool(after)
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(matcher.scan(failing(), limit=10))  # type: ignore[arg-type]
    assert list(folder.iterdir()) == []
    scan = matcher.scan(lines(100), limit=10)
    next(scan)
    assert len(list(folder.iterdir())) == 1
    scan.close()  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told(
    matcher: Matcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "none"))
    with pytest.raises(DiagnosticError, match="cannot keep the matches of correlations") as caught:
        list(matcher.scan(lines(100), limit=10))
    assert caught.value.diagnostic.code == "JS091"


@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform == "win32", reason="it counts as Unix does")
@pytest.mark.parametrize("kind", KINDS)
def test_the_peak_of_memory_is_bounded_whatever_the_number_of_matches(kind: str) -> None:
    script = Path(__file__).with_name("many_matches.py")
    done = subprocess.run(
        [sys.executable, script, kind, str(MATCHES)], capture_output=True, check=True, timeout=3600
    )
    told = json.loads(done.stdout)
    sys.stdout.write(f"{told}\n")
    assert told["matches"] == MATCHES > DEFAULT_LIMIT
    assert told["findings"] == MATCHES // 100_000 + bool(MATCHES % 100_000)
    assert told["peak"] - told["before"] < BOUND
