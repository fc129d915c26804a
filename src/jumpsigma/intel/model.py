"""What a threat indicator is, before and after it is in the store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span

DEFAULT_LIST: Final = "intelligence_feed"
"""The list of indicators that came without the name of one."""


_LIST_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,100}", re.ASCII)


class Kind(StrEnum):
    """What the value of an indicator names."""

    DOMAIN = "domain"
    IP = "ip"
    CIDR = "cidr"
    URL = "url"
    HASH = "hash"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader found, not yet normalised: a raw value and what the feed says about it.

    Everything but ``value`` may be missing; :meth:`jumpsigma.intel.store.Store.add` fills in what
    it was told. Times are aware.
    """

    value: str
    """As written, defanged or not."""
    kind: Kind | None = None
    """None: it is told from the value."""
    span: Span | None = None
    """The file and line it stands on."""
    pointer: str = ""
    """Where it stands in a JSON document (RFC 6901), for diagnostics."""
    list: str | None = None
    source: str | None = None
    """Who says so, as the feed itself names them."""
    tags: tuple[str, ...] = ()
    confidence: int | None = None
    """0 to 100, as STIX 2.1 counts."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False
    reference: str | None = None
    """The feed's own id of the indicator: a STIX id, a MISP UUID. Several values may share one."""
    modified: datetime | None = None
    """The version of what ``reference`` names: of two, the newer counts."""
    note: str | None = None

    def problem(self, code: str, message: str, *, hint: str | None = None) -> Diagnostic:
        """A warning about this entry, at its place."""
        where = f" (at {self.pointer})" if self.pointer else ""
        return Diagnostic(code, message + where, Severity.WARNING, span=self.span, hint=hint)


@dataclass(frozen=True, slots=True)
class FeedProblem(Diagnostic):
    """A problem, or several alike, with what a feed holds."""

    times: int = 1
    """How many problems it stands for."""
    rejected: int = 0
    """How many elements of the feed they left out."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator in the store. Its value is normalised; times are aware and in UTC."""

    kind: Kind
    value: str
    list: str
    source: str
    tags: tuple[str, ...] = ()
    confidence: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False
    reference: str | None = None
    note: str | None = None

    def is_valid_at(self, when: datetime | None) -> bool:
        """Whether it counts for an event of that time (aware): from <= time < until, not revoked.

        An event without a time is inside every period: nothing is hidden for lack of one.
        """
        if self.revoked:
            return False
        if when is None:
            return True
        return (self.valid_from is None or self.valid_from <= when) and (
            self.valid_until is None or when < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Match:
    """An indicator that a value matches, and the reason in words."""

    indicator: Indicator
    reason: str


@dataclass(frozen=True, slots=True)
class ListSummary:
    """What a list holds; ``count`` includes expired and revoked indicators."""

    name: str
    count: int
    expired: int
    revoked: int
    sources: tuple[str, ...]
    kinds: tuple[Kind, ...]
    updated: datetime


@dataclass(frozen=True, slots=True)
class AddResult:
    """What one ``add`` did: indicators by outcome, and how much was no indicator."""

    added: int
    updated: int
    unchanged: int
    rejected: int
    lists: tuple[str, ...]
    """The lists that it fed, sorted."""


def require_list_name(name: str) -> None:
    """Raise :class:`DiagnosticError` (JS090) for what a placeholder ``%name%`` cannot say."""
    if not _LIST_NAME.fullmatch(name):
        raise DiagnosticError(
            Diagnostic(
                "JS090",
                f"{shown(name)} is no name for a list",
                hint="use letters, digits and _, as in dynamic_dns",
            )
        )


def shown(value: str) -> str:
    """A value in a message, cut where it is long."""
    return repr(value if len(value) <= 80 else value[:79] + "…")
