"""Run the cases that stand beside rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from jumpsigma.api.lowering import LoweredPack, lower_chosen
from jumpsigma.api.rules import matcher_of
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher import Matcher
from jumpsigma.pack import Case, CasesFile, LoadedRule, Pack
from jumpsigma.pack.references import Names

#: The lists of a case, as a key.
Given = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: did the rules of its file do what it expects, and if not, what instead."""

    case: Case
    file: CasesFile
    rules: tuple[LoadedRule, ...]
    mapping: str
    findings: int
    passed: bool
    reason: str | None = None
    compiled: tuple[RuleIR, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseReport:
    """The outcome of all cases of a pack; ``untested`` are the rules without any."""

    results: tuple[CaseResult, ...]
    untested: tuple[LoadedRule, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases that did not pass."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def ok(self) -> bool:
        """Whether every case passed and every file of the pack could be loaded."""
        return not self.failed and not any(each.is_error for each in self.diagnostics)


def run_cases(pack: Pack) -> CaseReport:
    """Run every case of a pack against the rule file that it stands beside.

    A case uses its own ``mapping``, else the default of ``pack.yaml``, else ``jumpcloud`` for
    ``product: jumpcloud`` and ``sigma`` for the rest, and its own ``lists`` beside those of the
    pack. The filters of the pack apply, as they do in a scan. A rule that the mapping refuses
    fails its case, whatever the case expects: a rule that cannot run proves nothing by its
    silence.
    """
    results = tuple(_results(pack))
    tested = {rule.path for result in results for rule in result.rules}
    untested = tuple(rule for rule in pack.rules if rule.path not in tested)
    return CaseReport(results, untested, pack.diagnostics)


def _results(pack: Pack) -> Iterator[CaseResult]:
    load = cache(load_mapping)
    for file in pack.cases:
        rules = tuple(rule for rule in pack.rules if rule.path == file.rule_path)
        if not rules:
            continue  # the pack's diagnostics say why the rule file gave none
        lower = cache(lambda name, rules=rules: lower_chosen(pack, load(name), rules, rules))
        matchers: dict[tuple[str, Given], Matcher] = {}  # most cases of a file share one
        for case in file.cases:
            mapping = case.mapping or default_mapping(pack, rules[0])
            try:
                lowered = lower(mapping)
            except DiagnosticError as error:
                where = error.diagnostic.span or case.mapping_span
                lowered = LoweredPack(refused=(replace(error.diagnostic, span=where),))
            key = (mapping, tuple(sorted(case.lists.items())))
            if key not in matchers:
                matchers[key] = matcher_of(lowered, pack.lists_with(case.lists))
            matcher = matchers[key]
            problems: list[Diagnostic] = []
            findings = len(matcher.match_all(case.events, on_problem=problems.append))
            reason = _reason(case, findings, lowered.refused, problems)
            yield CaseResult(
                case,
                file,
                rules,
                mapping,
                findings,
                reason is None,
                reason,
                tuple(rule for rule in lowered.rules if rule.path == file.rule_path),
            )


def _reason(
    case: Case, findings: int, refused: Sequence[Diagnostic], problems: Sequence[Diagnostic]
) -> str | None:
    """Why the case fails, None when it passes."""
    if refused:
        return f"the rule cannot run: {DiagnosticError(refused[0])}"
    aside = "".join(f" ({problem.message})" for problem in problems)
    if case.fires is not None and findings != case.fires:
        return f"expected {case.fires} findings, got {findings}{aside}"
    if case.expect == "match" and not findings and case.fires is None:
        return f"expected a match, the rule stayed silent{aside}"
    if case.expect == "no_match" and findings:
        return "expected no match, the rule fired"
    return None


def default_mapping(pack: Pack, rule: LoadedRule) -> str:
    """The mapping of a rule's cases where they name none."""
    settings = pack.settings_for(rule.path)
    if settings is not None and settings.default_mapping is not None:
        return settings.default_mapping
    names = Names(pack.rules, ())
    while rule.refers_to and (base := names.find(rule.refers_to[0])) is not None:
        rule = base  # a correlation has no log source
    return "jumpcloud" if rule.logsource.product == "jumpcloud" else "sigma"
