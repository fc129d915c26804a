"""A compiled set of rules that is run on events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import wrapped
from jumpsigma.intake.events import Event, ReadStats, Reject, read_events
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher.findings import Finding, Source
from jumpsigma.matcher.program import Program
from jumpsigma.matcher.runtime import values

_ID_PATHS = (("id",), ("event", "id"), ("_id",))
_TIME_PATHS = (("timestamp",), ("@timestamp",), ("UtcTime",), ("TimeCreated",), ("time",))


class Matcher:
    """Rules in the words of one mapping, ready to run on events. Immutable and thread-safe.

    ``rules`` are those that run, ``refused`` says of every other rule of the pack why it does
    not: an error when it cannot be compiled, an information when it does not apply.
    """

    def __init__(
        self, rules: Iterable[RuleIR], program: Program, refused: Iterable[Diagnostic] = ()
    ) -> None:
        self.rules = tuple(rules)
        self.refused = tuple(refused)
        self._program = program
        self.unwraps = any(rule.mapping == wrapped.MAPPING for rule in self.rules)

    def match(self, event: dict[str, Any]) -> list[Finding]:
        """The findings of the single-event rules on one event, in the order of the rules (S701).

        Raises ``TypeError`` for what is no dict: a line that nobody parsed would match nothing,
        and look like a quiet log.
        """
        if not isinstance(event, dict):
            raise TypeError(f"an event is a dict, not {type(event).__name__}; scan() reads lines")
        return self._findings(event, None)

    def scan(
        self,
        source: str | Path | BinaryIO | Iterable[bytes] | Iterable[str],
        *,
        stats: ReadStats | None = None,
        on_reject: Callable[[Reject], None] | None = None,
        on_problem: Callable[[Diagnostic], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Iterator[Finding]:
        """The findings of all events of ``source``, in the order of the events.

        ``source`` is a path (``-`` for standard input), a binary file, or an iterable of lines.
        What cannot be read is handed to ``on_reject`` (a line) or ``on_problem`` (an input) and
        never ends the scan; ``stats`` counts while it runs, and ``on_progress`` is told of the
        bytes read. Rules for raw Directory Insights events see the raw event where a SIEM has
        wrapped it (S105).
        """
        events = read_events(
            source,
            stats=stats,
            on_reject=on_reject,
            on_problem=on_problem,
            on_progress=on_progress,
            unwrap=self.unwraps,
        )
        for event in events:
            yield from self.match_read(event)

    def match_read(self, event: Event) -> list[Finding]:
        """The findings of an event that a reader delivered, with its place as their source."""
        return self._findings(event.data, Source(event.path, event.line))

    def _findings(self, event: dict[str, Any], source: Source | None) -> list[Finding]:
        return [
            finding_of(self.rules[number], event, source, matched)
            for number, matched in self._program.hits(event)
        ]


def finding_of(
    rule: RuleIR, event: dict[str, Any], source: Source | None, matched: dict[str, list[Any]]
) -> Finding:
    """What a rule that holds says of an event."""
    return Finding(
        rule_id=rule.id,
        rule_title=rule.title,
        level=rule.level,
        author=rule.author,
        license=rule.license,
        tags=rule.tags,
        event_id=_first_text(event, _ID_PATHS),
        timestamp=_first_text(event, _TIME_PATHS),
        source=source,
        matched=matched,
        event=event,
    )


def _first_text(event: dict[str, Any], paths: tuple[tuple[str, ...], ...]) -> str | None:
    """The first of the fields that holds text (S703)."""
    for path in paths:
        for value in values(event, path):
            if isinstance(value, str):
                return value
    return None
