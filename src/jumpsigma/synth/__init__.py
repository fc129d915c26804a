"""Invented Directory Insights events of an invented company, for tests and demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.synth.attacks import SCENARIOS, Planted, plant
from jumpsigma.synth.rates import rate_table
from jumpsigma.synth.stream import EPOCH, Setting, background, set_up

#: A Monday. Fixed, so that the same call gives the same events on any day.
DEFAULT_START = datetime(2026, 1, 5, tzinfo=UTC)
#: An ObjectId counts seconds since 1970 in 32 bits.
LAST_YEAR = 2100
MOST_PEOPLE = 100_000


def event_lines(
    count: int,
    *,
    seed: int = 0,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    people: int = 50,
    attack: str | Iterable[str] = (),
    on_planted: Callable[[Planted], None] | None = None,
) -> Iterator[bytes]:
    """The events of :func:`jumpsigma.synthesize` as lines of JSON, without a line's end.

    Raises :class:`DiagnosticError` (JS090) at once for arguments that make no sense.
    """
    scenarios = _scenarios(attack)
    for name, number, least, most in (
        ("count", count, 0, None),
        ("seed", seed, 0, None),
        ("people", people, 1, MOST_PEOPLE),
    ):
        if number < least or (most is not None and number > most):
            limit = f"at least {least}" if most is None else f"from {least} to {most}"
            raise _wrong(f"{name} is {number}, and must be {limit}")
    first = _second("start", start, round_up=True)
    last = None if end is None else _second("end", end, round_up=False)
    if last is not None and last <= first:
        raise _wrong("end is not after start", hint="both are rounded to whole seconds")
    setting = set_up(seed, people, count, first, last)
    if setting.end > _LAST_SECOND:
        raise _wrong(
            f"at the usual rates {count} events would last until after the year {LAST_YEAR}",
            hint="give an end, or more people",
        )
    return _merged(setting, scenarios, on_planted)


def _merged(
    setting: Setting, scenarios: list[str], on_planted: Callable[[Planted], None] | None
) -> Iterator[bytes]:
    hours = plant(setting, scenarios)
    for hour, lines in background(setting):
        if hour not in hours:
            for _, line in lines:
                yield line
            continue
        planted = [(offset, line, label) for offset, line, label in hours[hour]]
        usual = [(offset, line, None) for offset, line in lines]
        for _, line, label in sorted([*planted, *usual], key=lambda each: each[0]):
            if label is not None and on_planted is not None:
                on_planted(label)
            yield line


def _scenarios(attack: str | Iterable[str]) -> list[str]:
    """Names without repetition, in any case, in the order of the table; ``all`` is every one."""
    wanted = {name.lower() for name in ([attack] if isinstance(attack, str) else attack)}
    unknown = sorted(wanted - {*SCENARIOS, "all"})
    if unknown:
        raise _wrong(
            f"there is no attack {', '.join(map(repr, unknown))}",
            hint=f"there are: all, {', '.join(SCENARIOS)}",
        )
    return [name for name in SCENARIOS if "all" in wanted or name in wanted]


_LAST_SECOND = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1)


def _second(name: str, moment: datetime | str | None, *, round_up: bool) -> int:
    """Whole seconds since 1970."""
    if moment is None:
        moment = DEFAULT_START
    elif isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise _wrong(
                f"{name} is {moment!r}, which is no time", hint="write 2026-01-05T08:00:00Z"
            ) from None
    if moment.tzinfo is None:
        raise _wrong(f"{name} has no time zone", hint="write 2026-01-05T08:00:00Z")
    seconds, rest = divmod(moment - EPOCH, timedelta(seconds=1))
    second = seconds + (round_up and bool(rest))
    if not 0 <= second <= _LAST_SECOND:
        raise _wrong(f"{name} must be in the years 1970 to {LAST_YEAR}")
    return second


def _wrong(message: str, *, hint: str | None = None) -> DiagnosticError:
    return DiagnosticError(Diagnostic("JS090", message, hint=hint))


__all__ = ["DEFAULT_START", "SCENARIOS", "Planted", "event_lines", "rate_table"]
