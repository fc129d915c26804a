"""How the queries of targets changed: for a comment on a pull request, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any, Final

from jumpsigma.changes import RuleChange, TargetChange, TargetQuery
from jumpsigma.report.words import code, prose

#: Lines of a difference that are shown, and characters of a line; what is cut is counted.
MOST_LINES: Final = 40
MOST_CHARACTERS: Final = 400
#: Queries with longer lines are broken for the difference, before words and signs that join tests.
_WIDTH: Final = 100
_JOINT: Final = re.compile(r" +(?=(?:and|or|where)\b|[|&])", re.IGNORECASE)


def query_json(one: TargetChange) -> dict[str, Any]:
    """One target: ``before`` and ``after`` are null where the rule is not there."""
    return {
        "target": one.target,
        "format": one.format,
        "cause": "below" if one.is_below and one.is_changed else "rule",
        "before": _side(one.base),
        "after": _side(one.head),
    }


def _side(side: TargetQuery | None) -> dict[str, Any] | None:
    if side is None:
        return None
    refusals = [{"code": code, "message": message} for code, message in side.refusals]
    return {"query": side.text, "refusals": refusals}


def told_queries(each: RuleChange) -> Iterator[str]:
    """A line for each target that newly refuses, or no longer refuses, and one for the cause."""
    if any(one.is_below and one.is_changed for one in each.targets):
        yield (
            "**its queries changed under it**: a mapping, filter, list or rule that it depends on "
            "changed, the rule itself did not"
        )
    for one in each.targets:
        what = news(one)
        if what is not None:
            name = code(f"{one.target}:{one.format}")
            yield f"{name} {what[0]}{f': {prose(what[1])}' if what[1] else ''}"


def news(one: TargetChange) -> tuple[str, str] | None:
    """What happened, in words that are the same for all rules, and why; None for two queries."""
    old, new = one.base, one.head
    if new is None or old == new:
        return None
    if old is None:
        return ("refuses it", _reasons(new)) if new.refusals else None
    if new.refusals:
        word = "still refused, for another reason" if old.refusals else "now refused"
        return word, _reasons(new)
    if new.text is None:
        return "no query of its own any more", "a correlation speaks for it"
    if old.refusals:
        return "no longer refused", ""
    return None if old.text is not None else ("now a query of its own", "")


def _reasons(side: TargetQuery) -> str:
    return "; ".join(f"{code} {message}" for code, message in side.refusals)


def query_difference(one: TargetChange) -> str:
    """A unified diff of both queries, cut where it is long; empty where there is nothing to show.

    A rule that was removed, or that is refused now, has no query to look at.
    """
    if one.head is None or one.head.text is None or not one.is_changed:
        return ""
    texts = ["" if side is None else side.text or "" for side in (one.base, one.head)]
    if any(len(line) > _WIDTH for text in texts for line in text.splitlines()):
        texts = [_JOINT.sub("\n", text) for text in texts]
    base, head = (text.splitlines() for text in texts)
    lines = list(unified_diff(base, head, "base", "head", lineterm=""))
    shown = [_cut(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"… {len(lines) - MOST_LINES} more lines")
    return "\n".join(shown)


def _cut(line: str) -> str:
    if len(line) <= MOST_CHARACTERS:
        return line
    return f"{line[:MOST_CHARACTERS]}… {len(line) - MOST_CHARACTERS} more characters"
