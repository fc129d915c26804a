"""Errors as data: every problem is a value with a code, a place, a message and a hint.

Layer 1 of the house. Nothing here prints: :mod:`jumpsigma.diagnostics.render` is the only
renderer, and it makes text and JSON from the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jumpsigma.diagnostics.codes import CODES, Code


class Severity(StrEnum):
    """How bad a diagnostic is; the order of the members is from worst to mildest."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text file: 1-based lines and columns, ``end_column`` exclusive.

    ``line == 0`` means the file as a whole (it could not be read, or it is binary).
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. ``message`` says what is wrong, ``hint`` what to do about it."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    span: Span | None = None
    rule_id: str | None = None
    hint: str | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"diagnostic code {self.code!r} is not in the catalogue")

    @property
    def is_error(self) -> bool:
        """Whether the thing that was asked for could not be done."""
        return self.severity is Severity.ERROR


class DiagnosticError(Exception):
    """Raised where a call cannot go on at all; carries the diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(_sentence(diagnostic))
        self.diagnostic = diagnostic


def _sentence(diagnostic: Diagnostic) -> str:
    """What a traceback shows: place, message and hint in one line."""
    span, hint = diagnostic.span, diagnostic.hint
    place = "" if span is None else f"{span.path}:{span.line}: " if span.line else f"{span.path}: "
    return f"{place}{diagnostic.message}{f' ({hint})' if hint else ''}"


__all__ = ["CODES", "Code", "Diagnostic", "DiagnosticError", "Severity", "Span"]
