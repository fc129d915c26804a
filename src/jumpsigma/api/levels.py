"""How severe rules are."""

from __future__ import annotations

from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError

#: From mildest to worst; a rule without a level counts as the mildest.
LEVELS: Final = ("informational", "low", "medium", "high", "critical")


def level_rank(level: str | None) -> int:
    """How severe a level is, from 0; raises :class:`DiagnosticError` (JS090) for an unknown one."""
    if level is None:
        return 0
    if level not in LEVELS:
        raise DiagnosticError(
            Diagnostic("JS090", f"there is no level {level!r}", hint=f"levels: {', '.join(LEVELS)}")
        )
    return LEVELS.index(level)
