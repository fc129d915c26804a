"""`--fix` changes what is wrong, keeps comments and layout, and has nothing left to do after."""

from __future__ import annotations

from pathlib import Path

import pytest
from fragments import FILE, write

import jumpsigma
from jumpsigma.checks.fix import Fixed, fixed
from jumpsigma.checks.fix import write as write_back


def fixes_of(folder: Path) -> list[Fixed]:
    return fixed(jumpsigma.validate(jumpsigma.load_pack(folder)).results)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lvel: high # why\n", "level: high # why\n"),
        ("date: 2025/1/3  # first\n", "date: 2025-01-03  # first\n"),
        ("date: '2025/01/30'\n", "date: '2025-01-30'\n"),
        (
            "tags:\n    - attack.Execution   # it runs\n    - 'attack.T1059'\n",
            "tags:\n    - attack.execution   # it runs\n    - 'attack.t1059'\n",
        ),
        (
            "tags:\n    - attack.execution\n    - attack.t1059\n    # twice\n    - attack.t1059\n",
            "tags:\n    - attack.execution\n    - attack.t1059\n    # twice\n",
        ),
        (
            "tags:\n    - attack.defense_evasion\n    - attack.t1036.007\n",
            "tags:\n    - attack.stealth\n    - attack.t1036.007\n",
        ),
        (
            "tags:\n    - attack.defense-impairment\n    - attack.t1562.001\n",
            "tags:\n    - attack.defense-impairment\n    - attack.t1685\n",
        ),
        ("level: medium  \t\n", "level: medium\n"),
        (
            (
                "detection:\n    selection:\n        Released: 2024-05-01 # day\n"
                "    condition: selection\n"
            ),
            (
                "detection:\n    selection:\n        Released: '2024-05-01' # day\n"
                "    condition: selection\n"
            ),
        ),
        (
            (
                "detection:\n    selection:\n        EventID:\n            - 1\n            - 2\n"
                "            - 1\n            - 3\n    condition: selection\n"
            ),
            (
                "detection:\n    selection:\n        EventID:\n            - 1\n            - 2\n"
                "            - 3\n    condition: selection\n"
            ),
        ),
        (
            (
                "detection:\n    selection:\n        Image|contains|all: 'x y z'\n"
                "    condition: selection\n"
            ),
            (
                "detection:\n    selection:\n        Image|contains: 'x y z'\n"
                "    condition: selection\n"
            ),
        ),
        (
            (
                "logsource:\n    product: jumpcloud\n    service: directroy\n"
                "detection:\n    selection:\n        event_type: user_lockuot\n"
                "    condition: selection\n"
            ),
            (
                "logsource:\n    product: jumpcloud\n    service: directory\n"
                "detection:\n    selection:\n        event_type: user_lockout\n"
                "    condition: selection\n"
            ),
        ),
        # Nothing is done where it would not be clear what was meant.
        ("references: [https://example.com/a, https://example.com/a]\n", None),
        ("level: low\nlvel: high\n", None),
    ],
)
def test_what_a_fix_does(before: str, after: str | None, tmp_path: Path) -> None:
    without = "# without: level\n" if before.startswith("lvel") else ""
    write(without + before, tmp_path)
    path = tmp_path / FILE
    original = path.read_text(encoding="utf-8")
    expected = original.replace(before, after or before)
    for _ in range(3):  # edits that overlap wait for the next run
        changes = fixes_of(tmp_path)
        for change in changes:
            write_back(change)
    assert path.read_text(encoding="utf-8") == expected
    assert fixes_of(tmp_path) == []
    assert (expected == original) == (after is None)


def test_a_fix_keeps_mark_line_ends_and_mode(tmp_path: Path) -> None:
    write("date: 2025/01/30\n", tmp_path)
    path = tmp_path / FILE
    lines = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + lines)
    path.chmod(0o640)
    (change,) = fixes_of(tmp_path)
    write_back(change)
    assert path.read_bytes() == b"\xef\xbb\xbf" + lines.replace(b"2025/01/30", b"2025-01-30")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    write("date: 2025/01/30\n", tmp_path / "real")
    (tmp_path / "rules").mkdir()
    link = tmp_path / "rules" / FILE
    link.symlink_to(tmp_path / "real" / FILE)
    (change,) = fixes_of(tmp_path / "rules")
    write_back(change)
    assert link.is_symlink()
    assert "2025-01-30" in link.read_text(encoding="utf-8")


def test_a_diff_shows_the_line(tmp_path: Path) -> None:
    write("level: low\\c\n", tmp_path)
    (change,) = fixes_of(tmp_path)
    assert change.diff.endswith("-level: low\n\\ No newline at end of file\n+level: low\n")
    assert change.diff.startswith(f"--- {tmp_path / FILE}\n+++ {tmp_path / FILE}\n@@ ")
