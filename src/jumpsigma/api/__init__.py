"""The verbs as functions: what ``import jumpsigma`` gives and the command line calls.

Names are imported when they are first used: a scan with rules that were compiled before needs few.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jumpsigma.api.cached import CompiledRules, compile_paths
    from jumpsigma.api.cases import CaseReport, CaseResult, run_cases
    from jumpsigma.api.compiled import CompiledFile, compile_python
    from jumpsigma.api.coverages import Coverage, coverage, intake_title
    from jumpsigma.api.diffs import Diff, Sighting, diff
    from jumpsigma.api.explanations import Explainer, compile_one, explain
    from jumpsigma.api.export_files import compiled_text, export_tree
    from jumpsigma.api.exports import Exported, ExportedQuery, export_queries, list_targets
    from jumpsigma.api.intake import list_events, list_fields, list_mappings, list_services
    from jumpsigma.api.intel import (
        add_indicators,
        expire_indicators,
        list_indicators,
        match_indicators,
        pull_indicators,
        remove_indicators,
        update_from_warninglists,
    )
    from jumpsigma.api.levels import level_rank
    from jumpsigma.api.lists import StoredLists, list_problems, lists_for
    from jumpsigma.api.paths import SHIPPED
    from jumpsigma.api.reports import navigator_layer, rule_pages, rule_places
    from jumpsigma.api.rules import compile, find_rule, list_rules, load_pack
    from jumpsigma.api.scaffold import NewRule, new_rule
    from jumpsigma.api.scaffold_target import new_target
    from jumpsigma.api.selection import select
    from jumpsigma.api.synth import synthesize
    from jumpsigma.api.timelines import explain_correlation

_HOMES = {
    "cases": ("CaseReport", "CaseResult", "run_cases"),
    "cached": ("CompiledRules", "compile_paths"),
    "compiled": ("CompiledFile", "compile_python"),
    "coverages": ("Coverage", "coverage", "intake_title"),
    "diffs": ("Diff", "Sighting", "diff"),
    "explanations": ("Explainer", "compile_one", "explain"),
    "export_files": ("compiled_text", "export_tree"),
    "exports": ("Exported", "ExportedQuery", "export_queries", "list_targets"),
    "intake": ("list_events", "list_fields", "list_mappings", "list_services"),
    "intel": (
        "add_indicators",
        "expire_indicators",
        "list_indicators",
        "match_indicators",
        "pull_indicators",
        "remove_indicators",
        "update_from_warninglists",
    ),
    "levels": ("level_rank",),
    "lists": ("StoredLists", "list_problems", "lists_for"),
    "paths": ("SHIPPED",),
    "reports": ("navigator_layer", "rule_pages", "rule_places"),
    "rules": ("compile", "find_rule", "list_rules", "load_pack"),
    "scaffold": ("NewRule", "new_rule"),
    "scaffold_target": ("new_target",),
    "selection": ("select",),
    "synth": ("synthesize",),
    "timelines": ("explain_correlation",),
}
_HOME_OF = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


__all__ = [
    "SHIPPED",
    "CaseReport",
    "CaseResult",
    "CompiledFile",
    "CompiledRules",
    "Coverage",
    "Diff",
    "Explainer",
    "Exported",
    "ExportedQuery",
    "NewRule",
    "Sighting",
    "StoredLists",
    "add_indicators",
    "compile",
    "compile_one",
    "compile_paths",
    "compile_python",
    "compiled_text",
    "coverage",
    "diff",
    "expire_indicators",
    "explain",
    "explain_correlation",
    "export_queries",
    "export_tree",
    "find_rule",
    "intake_title",
    "level_rank",
    "list_events",
    "list_fields",
    "list_indicators",
    "list_mappings",
    "list_problems",
    "list_rules",
    "list_services",
    "list_targets",
    "lists_for",
    "load_pack",
    "match_indicators",
    "navigator_layer",
    "new_rule",
    "new_target",
    "pull_indicators",
    "remove_indicators",
    "rule_pages",
    "rule_places",
    "run_cases",
    "select",
    "synthesize",
    "update_from_warninglists",
]
