"""The last line of a scan."""

from __future__ import annotations

from typing import Any

import pytest

from jumpsigma.intake.events import ReadStats
from jumpsigma.report import summary_text

SUMMARIES: list[tuple[ReadStats, dict[str | None, int], dict[str, Any], str]] = [
    (
        ReadStats(read=10, parsed=10, rejected=0, files=1),
        {"medium": 2, "high": 1},
        {"rules": 5, "not_applicable": 2, "refused": 1},
        (
            "10 events read, 10 parsed, 0 rejected; 3 findings (1 high, 2 medium) from 5 rules; "
            "2 rules do not apply to this mapping, 1 refused"
        ),
    ),
    (
        ReadStats(),
        {},
        {"rules": 0},
        "0 events read, 0 parsed, 0 rejected; 0 findings from 0 rules",
    ),
    (
        ReadStats(read=1, parsed=0, rejected=1, files=1, unreadable=1),
        {None: 1},
        {"rules": 1, "refused": 1},
        (
            "1 event read, 0 parsed, 1 rejected; 1 finding (1 without a level) from 1 rule; "
            "1 rule refused; 1 input could not be read"
        ),
    ),
    (
        ReadStats(read=1_234_567, parsed=1_234_560, rejected=7, files=3, unreadable=2),
        {"informational": 1000, "odd": 1, "critical": 1, "low": 0},
        {"rules": 3141, "not_applicable": 1, "mapping": "ecs"},
        (
            "1,234,567 events read, 1,234,560 parsed, 7 rejected; "
            "1,002 findings (1 critical, 1,000 informational, 1 odd) from 3,141 rules; "
            "1 rule does not apply to the mapping ecs; 2 inputs could not be read"
        ),
    ),
]


@pytest.mark.parametrize(("stats", "findings", "rules", "text"), SUMMARIES)
def test_summary(
    stats: ReadStats, findings: dict[str | None, int], rules: dict[str, Any], text: str
) -> None:
    assert summary_text(stats, findings, **rules) == text
