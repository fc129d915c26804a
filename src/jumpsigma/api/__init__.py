"""The verbs as functions: what ``import jumpsigma`` gives and the command line calls."""

from jumpsigma.api.cases import CaseReport, CaseResult, run_cases
from jumpsigma.api.compiled import CompiledFile, compile_python
from jumpsigma.api.coverages import Coverage, coverage, intake_title
from jumpsigma.api.diffs import Diff, Sighting, diff
from jumpsigma.api.explanations import Explainer, compile_one, explain
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
from jumpsigma.api.lists import StoredLists, list_problems, lists_for
from jumpsigma.api.reports import navigator_layer, rule_pages, rule_places
from jumpsigma.api.rules import (
    SHIPPED,
    compile,
    find_rule,
    list_rules,
    load_pack,
)
from jumpsigma.api.scaffold import NewRule, new_rule
from jumpsigma.api.selection import level_rank, select
from jumpsigma.api.synth import synthesize
from jumpsigma.api.timelines import explain_correlation

__all__ = [
    "SHIPPED",
    "CaseReport",
    "CaseResult",
    "CompiledFile",
    "Coverage",
    "Diff",
    "Explainer",
    "NewRule",
    "Sighting",
    "StoredLists",
    "add_indicators",
    "compile",
    "compile_one",
    "compile_python",
    "coverage",
    "diff",
    "expire_indicators",
    "explain",
    "explain_correlation",
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
    "lists_for",
    "load_pack",
    "match_indicators",
    "navigator_layer",
    "new_rule",
    "pull_indicators",
    "remove_indicators",
    "rule_pages",
    "rule_places",
    "run_cases",
    "select",
    "synthesize",
    "update_from_warninglists",
]
