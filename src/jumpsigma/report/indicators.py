"""An indicator on one line: what it is, in which list, who says so."""

from __future__ import annotations

from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.report.visible import visible


def described(indicator: MatchedIndicator) -> str:
    """``ddns.example (domain) in dynamic_dns, from Feed, confidence 80, until 2026-02-01``."""
    kind = f" ({indicator.kind})" if indicator.kind else ""
    parts = [f"{indicator.value}{kind} in {indicator.list}"]
    if indicator.source:
        parts.append(f"from {indicator.source}")
    if indicator.confidence is not None:
        parts.append(f"confidence {indicator.confidence}")
    if indicator.tags:
        parts.append(" ".join(indicator.tags))
    if indicator.valid_until is not None:
        parts.append(f"until {indicator.valid_until:%Y-%m-%d}")
    return visible(", ".join(parts))
