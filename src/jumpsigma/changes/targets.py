"""What a target's query of a rule was, and what it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetQuery:
    """A rule in the language of a target: its query, or why it has none.

    ``refusals`` are pairs of a code and a message. There is neither where a correlation speaks for
    the rule (S831), which then has no query of its own.
    """

    text: str | None = None
    refusals: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TargetChange:
    """The query of a rule in one format of a target; None on a side that does not have the rule.

    ``is_below`` when the text of the rule itself is unchanged: a change of its query comes from a
    mapping, a filter, a list, or a rule that it refers to.
    """

    target: str
    format: str
    base: TargetQuery | None
    head: TargetQuery | None
    is_below: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether the query, or the reason why there is none, differs."""
        return self.base != self.head
