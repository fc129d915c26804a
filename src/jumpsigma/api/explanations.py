"""Why a rule does, or does not, fire on an event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jumpsigma.api.rules import find_rule
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.interpret import Lists, trace
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import Pack
from jumpsigma.report.explanation import Explanation


def explain(
    pack: Pack,
    rule: str,
    event: dict[str, Any],
    mapping: str | Path = "jumpcloud",
    *,
    lists: Lists | None = None,
) -> Explanation:
    """Judge a rule, given by id, title or file name, on one event, with the filters of the pack.

    Raises :class:`DiagnosticError` when the rule is not there or cannot run on this mapping.
    """
    compiled = compile_one(pack, rule, mapping)
    given = pack.lists_with(lists or {})
    return Explanation(compiled, event, trace(compiled.condition, event, given))


def compile_one(pack: Pack, rule: str, mapping: str | Path = "jumpcloud") -> RuleIR:
    """One rule of a pack, with its filters, in the words of a mapping.

    Raises :class:`DiagnosticError` when the rule is not there or cannot run on this mapping.
    """
    found = find_rule(pack, rule)
    if found.kind == "correlation":
        raise DiagnosticError(
            Diagnostic(
                "JS090",
                f"{found.title!r} is a correlation, which no single event satisfies",
                hint="explain it with explain_correlation() on many events",
            )
        )
    lowered = lower_rule(found, load_mapping(mapping), pack.filters)
    if lowered.rule is None:
        raise DiagnosticError(lowered.diagnostics[0])
    return lowered.rule
