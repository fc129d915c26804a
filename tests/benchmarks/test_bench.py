"""Every row runs, on few events: how fast it is says nothing here, what it finds does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROWS = (
    *("single", "shipped", "talking", "silent", "every", "export", "strict", "indicators"),
    *("gz", "zst", "jobs", "small-events", "lines", "hyperscan"),
)
NEED_SIGMAHQ = ("sigmahq", "mixed", "carrying", "sysmon", "doubling")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def bench(checkout: Path, scratch: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
    made = scratch / "made.json"
    where = ("--scratch", str(scratch), "--json", str(made))
    done = run(checkout, *arguments, *where, "--pairs", "2")
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout, json.loads(made.read_text())


@pytest.mark.parametrize("name", ROWS)
def test_row(checkout: Path, scratch: Path, name: str) -> None:
    page, made = bench(checkout, scratch, name, "--events", "2000", "--indicators", "2000")
    (row,) = made["rows"]
    assert row["right"], page
    assert row["findings"] > 0
    assert len(row["pairs"]) == 2
    assert all(pair["candidate"]["wall"] > 0 for pair in row["pairs"])
    assert row["title"] in page


def test_rows_that_need_the_rules_of_others_are_left_out_by_name(
    checkout: Path, scratch: Path
) -> None:
    page, made = bench(checkout, scratch, *NEED_SIGMAHQ)
    assert made["left_out"] == [*NEED_SIGMAHQ]
    names = ", ".join(NEED_SIGMAHQ)
    assert f"Left out for want of SigmaHQ's rules (--sigmahq): {names}." in page


def test_no_row_is_forgotten_here(checkout: Path) -> None:
    done = run(checkout, "--help")
    listed = " ".join(done.stdout.partition("rows: ")[2].split()).split(", ")
    assert sorted(listed) == sorted((*ROWS, *NEED_SIGMAHQ, "startup", "growth"))


def test_start_and_growth(checkout: Path, scratch: Path) -> None:
    page, made = bench(checkout, scratch, "startup", "growth", "--sizes", "0.001,0.002")
    assert [each["start"]["name"] for each in made["starts"]] == ["help", "warm"]
    assert all(each["seconds"]["median"] > 0 for each in made["starts"])
    small, large = made["growth"]
    assert 0.9 < large["size"] / small["size"] / 2 < 1.1
    assert 0 < small["loaded"] <= small["peak"]
    assert "| shipped | 0.00 |" in page


def test_a_revision_is_measured_beside_the_checkout(checkout: Path, scratch: Path) -> None:
    if not (checkout / ".git").exists():
        pytest.skip("no repository here")
    page, made = bench(checkout, scratch, "silent", "--events", "2000", "--base", "HEAD")
    ours, theirs = made["rows"]
    # In a checkout without changes the two are the same.
    assert ours["revision"].removesuffix("-dirty") == theirs["revision"].removesuffix(" again")
    assert ours["findings"] == theirs["findings"] > 0
    assert f"| {ours['title']} | {theirs['revision']} |" in page.partition("new over old")[2]


def test_tables_go_between_the_marks_of_the_page(checkout: Path, scratch: Path) -> None:
    page = scratch / "performance.md"
    before, _, after = (
        (checkout / "docs/explanation/performance.md")
        .read_text(encoding="utf-8")
        .partition("<!-- /measured -->")
    )
    page.write_text(
        f"{before.partition('-->')[0]}--> old <!-- /measured -->{after}", encoding="utf-8"
    )
    printed, _ = bench(checkout, scratch, "lines", "--events", "200", "--document", str(page))
    text = page.read_text(encoding="utf-8")
    assert printed in text
    assert " old " not in text
    assert text.endswith(after)


def test_what_makes_no_sense_is_refused(checkout: Path, scratch: Path) -> None:
    done = run(checkout, "fastest", "--scratch", str(scratch))
    assert done.returncode == 2
    assert "there is no row 'fastest': single, shipped" in done.stderr
