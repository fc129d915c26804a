"""What a row refers to, as bytes, and read from them again.

An event that was read is kept as the bytes that it was read from: they are there already, take
less memory than objects, go to a file and to another process as they are, and few are ever asked
for again. What satisfied its rules is then found out anew.
"""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

from jumpsigma.intake import wrapped
from jumpsigma.intake.jsontext import decode_object
from jumpsigma.matcher.correlate.matches import digest_of
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.rows import Match
from jumpsigma.matcher.correlate.store import loaded
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.program import Holding, Program

#: With this begins what was pickled, and no text in UTF-8.
PICKLED = pickle.PROTO


class Made(NamedTuple):
    """An event that a finding rests on: its time, its id (empty: none), its timestamp."""

    time: int
    event_id: bytes
    timestamp: str


class Payload(NamedTuple):
    """What a row refers to.

    ``hits`` are the rules that the event satisfies, by number, with what satisfied them and by
    which indicators; of an inner finding there is one, and the number is None. ``made`` is that
    of an inner finding.
    """

    event: dict[str, Any]
    hits: tuple[tuple[int | None, dict[str, list[Any]], tuple[MatchedIndicator, ...]], ...]
    made: tuple[Made, ...] = ()


def pickled(payload: Payload) -> bytes:
    """A payload that was not read."""
    return pickle.dumps(tuple(payload))


class Payloads:
    """The payloads of one matcher. Immutable."""

    def __init__(self, program: Program, plan: Plan, *, unwraps: bool) -> None:
        self.program, self.unwraps = program, unwraps
        self._plan = plan

    def packed(self, match: Match, event: dict[str, Any], holding: Holding) -> Match:
        """The match of an event that a program made, with its payload."""
        return match._replace(payload=pickled(self._made(event, holding)))

    def payload(self, data: bytes) -> Payload:
        """What the bytes hold."""
        if data.startswith(PICKLED):
            return Payload(*loaded(data))
        event = self.read(data)
        return self._made(event, self.program.holding(event))

    def digest(self, data: bytes) -> bytes:
        """The digest of the event that the bytes hold."""
        read = self.payload(data).event if data.startswith(PICKLED) else self.read(data)
        return digest_of(read)

    def read(self, data: bytes) -> dict[str, Any]:
        """The event that a line has, as rules see it.

        Raises :class:`~jumpsigma.intake.jsontext.NotAnEventError`.
        """
        event = decode_object(data)
        return wrapped.unwrap(event) if self.unwraps else event

    def _made(self, event: dict[str, Any], holding: Holding) -> Payload:
        program = self.program
        return Payload(
            event,
            tuple(
                (
                    number,
                    program.matched(number, holding),
                    program.indicators(number, holding),
                )
                for number in holding.numbers
                if number in self._plan.uses
            ),
        )
