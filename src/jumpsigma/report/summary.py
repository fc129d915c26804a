"""The last line of a scan: what was read, what was found, what could not run."""

from __future__ import annotations

from collections.abc import Mapping

from jumpsigma.intake.records import ReadStats

LEVELS = ("critical", "high", "medium", "low", "informational")


def summary_text(
    stats: ReadStats,
    findings: Mapping[str | None, int],
    *,
    rules: int,
    not_applicable: int = 0,
    refused: int = 0,
    mapping: str | None = None,
) -> str:
    """Say it all in one line; what would say 0 is left out, except for the totals.

    :param findings: how many findings of each level; None for rules without one.
    :param rules: rules that ran.
    :param not_applicable: rules whose log source the mapping's place never carries.
    :param refused: rules that could not be compiled.
    :param mapping: name of the mapping, for the wording.
    """
    read = f"{_count(stats.read, 'event')} read"
    parts = [
        f"{read}, {stats.parsed:,} parsed, {stats.rejected:,} rejected",
        f"{_findings(findings)} from {_count(rules, 'rule')}",
    ]
    aside = []
    if not_applicable:
        verb = "does" if not_applicable == 1 else "do"
        place = f"the mapping {mapping}" if mapping else "this mapping"
        aside.append(f"{_count(not_applicable, 'rule')} {verb} not apply to {place}")
    if refused:
        aside.append(f"{refused:,} refused" if aside else f"{_count(refused, 'rule')} refused")
    if aside:
        parts.append(", ".join(aside))
    if stats.unreadable:
        parts.append(f"{_count(stats.unreadable, 'input')} could not be read")
    return "; ".join(parts)


def _findings(by_level: Mapping[str | None, int]) -> str:
    order = (*LEVELS, *sorted(level for level in by_level if level and level not in LEVELS), None)
    levels = [
        f"{by_level[level]:,} {level or 'without a level'}"
        for level in order
        if by_level.get(level)
    ]
    total = _count(sum(by_level.values()), "finding")
    return f"{total} ({', '.join(levels)})" if levels else total


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
