"""Sigma rules for JumpCloud Directory Insights.

>>> import jumpsigma
>>> pack = jumpsigma.load_pack()                             # the shipped rules
>>> matcher = jumpsigma.compile(pack, mapping="jumpcloud")   # for raw Directory Insights events
>>> matcher.match({"event_type": "group_list", "service": "directory"})
[]

Names are imported when they are first used: ``import jumpsigma`` does no work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jumpsigma._version import __version__

if TYPE_CHECKING:
    from jumpsigma.api import (
        CaseReport,
        CaseResult,
        CompiledFile,
        Coverage,
        Diff,
        NewRule,
        add_indicators,
        compile,
        compile_python,
        coverage,
        diff,
        expire_indicators,
        explain,
        explain_correlation,
        list_events,
        list_fields,
        list_indicators,
        list_mappings,
        list_rules,
        list_services,
        load_pack,
        match_indicators,
        navigator_layer,
        new_rule,
        pull_indicators,
        remove_indicators,
        rule_pages,
        run_cases,
        synthesize,
        update_from_warninglists,
    )
    from jumpsigma.api.validation import Validation, validate
    from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
    from jumpsigma.matcher import Finding, Matcher, Source
    from jumpsigma.pack import LoadedFilter, LoadedRule, Pack
    from jumpsigma.report.explanation import Explanation
    from jumpsigma.synth import Planted

_HOMES = {
    "jumpsigma.api": (
        "CaseReport",
        "CaseResult",
        "CompiledFile",
        "Coverage",
        "Diff",
        "NewRule",
        "add_indicators",
        "compile",
        "compile_python",
        "coverage",
        "diff",
        "expire_indicators",
        "explain",
        "explain_correlation",
        "list_events",
        "list_fields",
        "list_indicators",
        "list_mappings",
        "list_rules",
        "list_services",
        "load_pack",
        "match_indicators",
        "navigator_layer",
        "new_rule",
        "pull_indicators",
        "remove_indicators",
        "rule_pages",
        "run_cases",
        "synthesize",
        "update_from_warninglists",
    ),
    "jumpsigma.api.validation": ("Validation", "validate"),
    "jumpsigma.diagnostics": ("Diagnostic", "DiagnosticError", "Severity", "Span"),
    "jumpsigma.matcher": ("Finding", "Matcher", "Source"),
    "jumpsigma.pack": ("LoadedFilter", "LoadedRule", "Pack"),
    "jumpsigma.report.explanation": ("Explanation",),
    "jumpsigma.synth": ("Planted",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'jumpsigma' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "CaseReport",
    "CaseResult",
    "CompiledFile",
    "Coverage",
    "Diagnostic",
    "DiagnosticError",
    "Diff",
    "Explanation",
    "Finding",
    "LoadedFilter",
    "LoadedRule",
    "Matcher",
    "NewRule",
    "Pack",
    "Planted",
    "Severity",
    "Source",
    "Span",
    "Validation",
    "__version__",
    "add_indicators",
    "compile",
    "compile_python",
    "coverage",
    "diff",
    "expire_indicators",
    "explain",
    "explain_correlation",
    "list_events",
    "list_fields",
    "list_indicators",
    "list_mappings",
    "list_rules",
    "list_services",
    "load_pack",
    "match_indicators",
    "navigator_layer",
    "new_rule",
    "pull_indicators",
    "remove_indicators",
    "rule_pages",
    "run_cases",
    "synthesize",
    "update_from_warninglists",
    "validate",
]
