"""Scans in which the prefilter is at work from the first block on, and what is true of them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import pytest
from layouts import File

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import arrays, opening
from jumpsigma.intake.events import ReadStats, Reject
from jumpsigma.intake.jsontext import decode_object
from jumpsigma.intake.wrapped import unwrap
from jumpsigma.interpret import Lists, holds, matched, trace
from jumpsigma.ir.bind import placeholders
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher import Finding, Matcher, engine
from jumpsigma.prefilter import choice, database
from jumpsigma.prefilter import filter as filtering

needs_hyperscan = pytest.mark.skipif(
    database.load() is None, reason="there is no Hyperscan here: every event is parsed"
)

Told = tuple[str, int, str, str]
"""Of a finding: the rule, the line, what satisfied the rule, and the event."""


@contextmanager
def sizes(warm_up: int = 0, block: int = opening.BLOCK) -> Iterator[None]:
    """Filter behind so many bytes, in blocks of about so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_KEPT", 0)
        patch.setattr(filtering, "WARM_UP", warm_up)
        patch.setattr(arrays, "SAMPLE", warm_up)
        patch.setattr(opening, "BLOCK", block)
        patch.setattr(arrays, "_STRETCH", 2 * block)
        yield


@contextmanager
def whims(seed: int) -> Iterator[None]:
    """Of what suffices for a rule look for any, as some sample would have it."""
    rng = Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "_RARE", -1)  # no rule is settled by its fields
        patch.setattr(choice, "_cost", lambda _: rng.random())
        patch.setattr(choice, "_SEEN", rng.choice((1, 3, 1000)))
        patch.setattr(filtering, "_LOOK_UPS", rng.choice((0, 1, 5, 1000)))
        patch.setattr(filtering, "_MORE_LOOK_UPS", 1)
        yield


@contextmanager
def without_hyperscan() -> Iterator[None]:
    """As on a platform for which there is no wheel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "load", lambda: None)
        yield


@dataclass(slots=True)
class Scan:
    """What a scan said."""

    told: list[Told] = field(default_factory=list)
    rejects: list[tuple[int, str, bytes]] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    stats: ReadStats = field(default_factory=ReadStats)


def scanned(
    matcher: Matcher, content: bytes, *, every: bool = False, learned: bool = False
) -> Scan:
    """Scan the bytes of a file; with ``learned``, by what earlier scans have chosen to look for."""
    scan = Scan()
    if not learned:
        matcher._prefilters.clear()

    def on_reject(reject: Reject) -> None:
        raw = reject.raw + b"".join(reject.rest)
        scan.rejects.append((reject.line, reject.diagnostic.code, raw))

    found = matcher.scan(
        io.BytesIO(content),
        stats=scan.stats,
        on_reject=on_reject,
        on_problem=scan.problems.append,
        every=every,
    )
    scan.told = list(map(told, found))
    return scan


def told(finding: Finding) -> Told:
    assert finding.source is not None
    return (
        finding.rule_title,
        finding.source.line,
        repr(finding.matched),
        repr(finding.event),
    )


def interpreted(rules: Sequence[RuleIR], file: File, lists: Lists, *, unwraps: bool) -> list[Told]:
    """What the interpreter says of each event on its own, in the order of the file."""
    said: list[Told] = []
    given = [lists if placeholders(rule.condition) else {} for rule in rules]
    for text, number in zip(file.texts, file.numbers, strict=True):
        event = unwrap(decode_object(text)) if unwraps else decode_object(text)
        for rule, known in zip(rules, given, strict=True):
            if holds(rule.condition, event, known):
                why = matched(trace(rule.condition, event, known))
                said.append((rule.title, number, repr(why), repr(event)))
    return said
