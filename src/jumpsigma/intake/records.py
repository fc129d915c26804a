"""What reading produces: events, rejects, totals; and the one place that keeps count of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.intake.jsontext import NotAnEventError, decode_object
from jumpsigma.intake.wrapped import unwrap

UNNAMED = "<events>"
"""Stands in a diagnostic's span for a source that has no path (an iterable, a file object)."""


@dataclass(slots=True)
class Event:
    """One event as read.

    ``line`` counts every line of a file (blank ones too), or the elements of an array, from 1.
    ``raw`` holds the bytes it was parsed from, without the line break or the array's comma
    (UTF-16 input: the same text in UTF-8; of an unwrapped event, its wrapper's). ``path`` is
    None for iterables and file objects.
    """

    data: dict[str, Any]
    path: str | None
    line: int
    raw: bytes


@dataclass(slots=True)
class Reject:
    """A line or array element that is no event, with the reason and its exact bytes.

    ``rest`` streams what follows ``raw`` of something too long to be held; it is only valid
    during the call of ``on_reject`` and may be left unread.
    """

    path: str | None
    line: int
    diagnostic: Diagnostic
    raw: bytes
    rest: Iterable[bytes] = ()


@dataclass(slots=True)
class Oversized:
    """The first bytes of a line or element that is longer than an event may be."""

    raw: bytes
    rest: Iterable[bytes]


@dataclass(slots=True)
class ReadStats:
    """Totals over everything read with it.

    ``read`` counts lines and elements that hold something, ``parsed`` those of them that were
    parsed to be matched: a scan leaves out what no rule can be about. ``rejected`` are no events.
    ``files`` counts the inputs that could be opened, ``unreadable`` those that could not be
    opened or not be read to their end. While an input is being read the totals may lag behind
    by one block; they are exact after it, also when the reader is closed early.
    """

    read: int = 0
    parsed: int = 0
    rejected: int = 0
    files: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class Reading:
    """One source being read: who is told of rejects and problems, and the running totals."""

    path: str | None
    stats: ReadStats
    on_reject: Callable[[Reject], None] | None = None
    on_problem: Callable[[Diagnostic], None] | None = None
    on_progress: Callable[[int], None] | None = None
    unwraps: bool = False
    """Whether the raw Directory Insights event is delivered where a SIEM has wrapped one."""
    plain_from: int | None = None
    """Where in the file the bytes begin that are delivered as they stand there, None for others."""
    bytes_read: int = 0
    unit: str = "line"
    problems: list[Diagnostic] = field(default_factory=list)

    def decode(self, line: bytes | Oversized, number: int) -> dict[str, Any] | None:
        """Give ``line`` its full hearing: the event's object, or None when blank or rejected."""
        if isinstance(line, Oversized):
            self.reject(number, line.raw, NotAnEventError.too_long(), rest=line.rest)
            return None
        if not line or line.isspace():
            return None
        try:
            return decode_object(line)
        except NotAnEventError as reason:
            self.reject(number, line, reason)
            return None

    def event(self, data: dict[str, Any], number: int, raw: bytes) -> Event:
        """An event that was parsed, unwrapped where that is asked for."""
        if self.unwraps and ("event_type" not in data or "_version" in data):
            data = unwrap(data)
        return Event(data, self.path, number, raw)

    def reject(
        self, number: int, raw: bytes, reason: NotAnEventError, *, rest: Iterable[bytes] = ()
    ) -> None:
        """Count one reject and pass it on."""
        self.stats.read += 1
        self.stats.rejected += 1
        if self.on_reject is None:
            return
        column = reason.column if self.unit == "line" else 0
        span = Span(self.path or UNNAMED, number, column)
        message = f"{self.unit} {number}: {reason}"
        diagnostic = Diagnostic(
            reason.code, message, severity=Severity.WARNING, span=span, hint=reason.hint
        )
        self.on_reject(Reject(self.path, number, diagnostic, raw, rest))

    def advance(self) -> None:
        """Tell how far the source is read."""
        if self.on_progress is not None:
            self.on_progress(self.bytes_read)

    def problem(
        self, code: str, message: str, *, hint: str | None = None, unreadable: bool = False
    ) -> None:
        """Note what is wrong with the source as a whole; told once the events are delivered."""
        self.stats.unreadable += unreadable
        span = Span(self.path or UNNAMED)
        self.problems.append(Diagnostic(code, message, span=span, hint=hint))

    def tell_problems(self) -> None:
        """Pass the noted problems on; with nobody to tell, the first one is raised."""
        problems, self.problems = self.problems, []
        for diagnostic in problems:
            if self.on_problem is None:
                raise DiagnosticError(diagnostic)
            self.on_problem(diagnostic)
