"""Invented events: Directory Insights of a company that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson

from jumpsigma.synth import Planted, event_lines


def synthesize(
    count: int = 1000,
    *,
    seed: int = 0,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    people: int = 50,
    attack: str | Iterable[str] = (),
    on_planted: Callable[[Planted], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Make realistic Directory Insights events of every service, in order of time.

    The same arguments give the same events on every machine, and those of ``jumpsigma synth``.

    Parameters
    ----------
    count
        Events of an ordinary company; those of attacks come on top, and change none of them.
    seed
        Another number, another company. At least 0.
    start, end
        The time from ``start`` until just before ``end``: whole seconds, RFC 3339 when a text.
        The default start is 2026-01-05T00:00:00Z, a Monday; the default end as late as so many
        events take at the rates of ``jumpsigma.synth.rates``.
    people
        Size of the company, at least 1; every 20th is an administrator.
    attack
        Scenarios to plant: names of ``jumpsigma.synth.SCENARIOS``, or ``all``.
    on_planted
        Called with the label of a planted event just before that event: its ``scenario``,
        ``event_id`` and ``timestamp``, and ``rule_titles``, the shipped rules that should fire.

    Raises
    ------
    DiagnosticError
        ``JS090``, at once, for arguments that make no sense.

    """
    lines = event_lines(
        count,
        seed=seed,
        start=start,
        end=end,
        people=people,
        attack=attack,
        on_planted=on_planted,
    )
    return map(orjson.loads, lines)
