"""What coverage found, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from jumpsigma.pack import LoadedRule
from jumpsigma.reachability import REACHABILITIES, Reach
from jumpsigma.report.jsonout import to_json
from jumpsigma.report.tables import table_text
from jumpsigma.report.visible import visible
from jumpsigma.report.words import code, prose


class Covered(Protocol):
    """A rule, the mapping it was read with, and the answer."""

    @property
    def rule(self) -> LoadedRule:
        """The rule."""

    @property
    def mapping(self) -> str:
        """The name of the mapping."""

    @property
    def reach(self) -> Reach:
        """The answer."""


MEANING: Final = {
    "reachable": "an event inside what is known of its fields satisfies the rule",
    "partial": "the rule can fire, but parts of it cannot",
    "unlikely": "only values that nobody has seen or documented satisfy the rule",
    "unreachable": "no event of this intake carries what the rule asks for",
}


def coverage_rows(found: Iterable[Covered], *, witness: bool) -> list[dict[str, Any]]:
    """One plain row for each rule, as ``coverage --format json`` prints them.

    With ``witness`` also ``witness``, the events that satisfy the rule (none when there are
    none), and ``lists``, the values of lists that it takes.
    """
    rows = []
    for each in found:
        answer = each.reach
        row: dict[str, Any] = {
            "id": each.rule.id,
            "title": each.rule.title,
            "mapping": each.mapping,
            "reachability": answer.reachability,
            "provenance": answer.provenance,
            "services": list(answer.services),
            "event_types": list(answer.event_types),
            "reasons": list(answer.reasons),
        }
        if witness:
            shown = answer.witness
            row["witness"] = [] if shown is None else list(shown.events)
            row["lists"] = {} if shown is None else {k: list(v) for k, v in shown.lists.items()}
        rows.append(row)
    return rows


def coverage_json(found: Iterable[Covered], *, witness: bool) -> str:
    """The rows as JSON, for programs."""
    return json.dumps(coverage_rows(found, witness=witness), indent=2, ensure_ascii=False) + "\n"


def coverage_table(found: Sequence[Covered], *, witness: bool, color: bool, width: int) -> str:
    """The rows as a table, with the totals below it, and the witnesses below these."""
    rows = [
        {**row, "services": _some(row["services"]), "event_types": _some(row["event_types"])}
        for row in coverage_rows(found, witness=False)
    ]
    columns = ("reachability", "title", "services", "event_types", "provenance", "reasons")
    parts = [table_text(rows, columns, color=color, width=width), f"\n{summary(found)}\n"]
    if witness:
        parts += [
            f"\n{visible(each.rule.title)}\n{text}"
            for each in found
            if (text := witness_text(each))
        ]
    return "".join(parts)


def witness_text(each: Covered) -> str:
    """The lists that a witness takes and its events, a line each; empty when there is none."""
    shown = each.reach.witness
    if shown is None:
        return ""
    lists = "".join(
        f"with the list {visible(name)}: {visible(', '.join(values))}\n"
        for name, values in shown.lists.items()
    )
    return lists + "".join(f"{to_json(event)}\n" for event in shown.events)


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:3], f"and {len(names) - 3} more"] if len(names) > 4 else list(names)


def summary(found: Iterable[Covered]) -> str:
    """How many rules have which answer."""
    counts = Counter(each.reach.reachability for each in found)
    return ", ".join(f"{counts[name]} {name}" for name in REACHABILITIES if counts[name])


def coverage_markdown(found: Sequence[Covered], *, witness: bool) -> str:
    """A section for each answer, with a table of its rules."""
    parts = [f"# Coverage\n\n{summary(found) or 'no rules'}\n"]
    for name in REACHABILITIES:
        chosen = [each for each in found if each.reach.reachability == name]
        if not chosen:
            continue
        parts.append(f"## {name}\n\n{MEANING[name]}\n\n{_table(chosen)}")
        if witness:
            parts += [
                f"### {prose(each.rule.title)}\n\n{_block(each)}"
                for each in chosen
                if each.reach.witness
            ]
    return "\n".join(parts)


def _table(chosen: Iterable[Covered]) -> str:
    lines = [
        "| rule | level | services | event types | provenance | why |",
        "|---|---|---|---|---|---|",
    ]
    for each in chosen:
        answer = each.reach
        cells = (
            prose(each.rule.title),
            each.rule.level or "",
            ", ".join(map(code, answer.services)),
            ", ".join(map(code, answer.event_types)),
            answer.provenance,
            prose("; ".join(answer.reasons)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _block(each: Covered) -> str:
    return f"```json\n{witness_text(each).strip()}\n```\n"
