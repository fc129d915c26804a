"""Why a rule is not written for a target: as data in its tables, and as an error in its code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jumpsigma.ir.nodes import Place


class Support(StrEnum):
    """Whether a language can say something."""

    YES = "yes"
    NOT_WRITTEN = "not_written"
    """It could be said, but this program does not write it."""
    CANNOT = "cannot"
    """The product cannot say it."""
    OPTION = "option"
    """It can be said when an option is given (``-O name=value``)."""
    LEFT = "left"
    """It is not said, and the query returns more; what it leaves to the matcher is named in it."""


#: The diagnostic of each kind of refusal.
CODES: dict[Support, str] = {
    Support.NOT_WRITTEN: "JS065",
    Support.CANNOT: "JS066",
    Support.OPTION: "JS067",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table says of a feature; ``reason`` is a sentence without a full stop."""

    support: Support
    reason: str = ""
    option: str | None = None
    """The option that has to be given, for :attr:`Support.OPTION`."""


YES = Verdict(Support.YES)


class CannotSayError(Exception):
    """A language cannot say a value, a field or a whole rule.

    ``reason`` completes the sentence *the rule is not written: ...*; ``place`` is filled in by
    the walk where the raiser does not know it.
    """

    def __init__(
        self,
        reason: str,
        support: Support = Support.CANNOT,
        *,
        hint: str | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.support, self.hint, self.place = reason, support, hint, place


class NotWrittenError(CannotSayError):
    """The product could say it, but this program does not write it."""

    def __init__(self, reason: str, *, hint: str | None = None, place: Place | None = None) -> None:
        super().__init__(reason, Support.NOT_WRITTEN, hint=hint, place=place)


class NeedsOptionError(CannotSayError):
    """It can be said when an option is given."""

    def __init__(self, reason: str, option: str, *, place: Place | None = None) -> None:
        super().__init__(reason, Support.OPTION, hint=f"give -O {option}=…", place=place)
