"""What is wrong within one document, told in bounded numbers.

A hostile feed can be wrong a million times. The first few problems of a sort are told one by one,
the rest as a number; nothing that is wrong goes uncounted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from jumpsigma.diagnostics import Diagnostic, Severity, Span
from jumpsigma.intake.jsontext import MAX_EVENT_BYTES
from jumpsigma.intake.records import Reject
from jumpsigma.intel.model import FeedProblem

TOLD_SINGLY = 20
"""Problems of one sort that are told one by one."""

_MAX_SHOWN = 200


class Problems:
    """Collects the problems of one document and hands them out in order."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._waiting: list[Diagnostic] = []
        self._told: Counter[tuple[str, str]] = Counter()
        self._rejecting: set[tuple[str, str]] = set()
        self._skipped: Counter[str] = Counter()

    def tell(
        self,
        code: str,
        message: str,
        *,
        sort: str = "",
        pointer: str | None = None,
        line: int = 0,
        severity: Severity = Severity.WARNING,
        hint: str | None = None,
        kept: bool = False,
    ) -> None:
        """Note a problem. ``sort`` names those that are counted together, in the plural.

        ``pointer`` is its place in a JSON document (RFC 6901), ``line`` that in a text. One with a
        ``sort`` is about an element, which is left out unless it is ``kept``; the others are about
        the document.
        """
        key = (code, sort)
        self._told[key] += 1
        rejects = bool(sort) and not kept
        if rejects:
            self._rejecting.add(key)
        if self._told[key] > TOLD_SINGLY:
            return
        where = "" if pointer is None else f" (at {pointer or 'the top'})"
        span = Span(self.place, line)
        self._waiting.append(
            FeedProblem(code, message + where, severity, span, hint=hint, rejected=int(rejects))
        )

    def tell_all(self, found: Iterable[Diagnostic]) -> None:
        """Note what is wrong with the document as a whole: not all of it could be read."""
        for each in found:
            self.tell(each.code, each.message, severity=Severity.ERROR, hint=each.hint)

    def damaged(self, reason: Exception) -> None:
        """Note that the document cannot be followed from some place on."""
        hint = "fetch it again; what can be read is taken"
        self.tell("JS087", str(reason), severity=Severity.ERROR, hint=hint)

    def skip(self, what: str, count: int = 1) -> None:
        """Count something that is no indicator and need not be: ``what`` in the plural."""
        self._skipped[what] += count

    def drain(self) -> Iterator[Diagnostic]:
        """Those not yet handed out."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            yield from waiting

    def finish(self) -> Iterator[Diagnostic]:
        """Those not yet handed out, then the numbers."""
        yield from self.drain()
        span = Span(self.place)
        for (code, sort), count in self._told.items():
            if count > TOLD_SINGLY:
                rest = count - TOLD_SINGLY
                more = f"{rest:,} more {sort or 'problems'} like those above"
                rejected = rest if (code, sort) in self._rejecting else 0
                yield FeedProblem(code, more, Severity.WARNING, span, times=rest, rejected=rejected)
        if self._skipped:
            # A hostile feed can name a million types.
            counts = self._skipped.most_common(TOLD_SINGLY)
            names = "; ".join(f"{what}: {count:,}" for what, count in counts)
            others = len(self._skipped) - len(counts)
            more = f"; and {others:,} sorts more" if others else ""
            yield Diagnostic("JS089", f"not taken: {names}{more}", Severity.INFO, span=span)


def shown(value: object) -> str:
    """A value of a feed for a message: quoted, escaped, cut."""
    text = repr(value) if not isinstance(value, str) else f"{value[: _MAX_SHOWN + 1]!r}"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


_MALFORMED = {
    "JS070": "not JSON",
    "JS071": "no object",
    "JS074": "not closed",
    "JS075": "nested too deep",
}


def teller(problems: Problems, pointer: str) -> Callable[[Reject], None]:
    """What tells of elements of the array at ``pointer`` that are no objects."""

    def tell(reject: Reject) -> None:
        code = reject.diagnostic.code
        reason = _MALFORMED.get(code, "not readable")
        if len(reject.raw) >= MAX_EVENT_BYTES:
            reason = "too long"
        problems.tell(
            "JS080",
            f"an element that is {reason}: {shown(reject.raw[:60].decode('utf-8', 'replace'))}",
            sort="elements",
            pointer=f"{pointer}/{reject.line - 1}",
        )

    return tell
