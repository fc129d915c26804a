"""A mapping: one vocabulary of events, and what becomes of a rule in its words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaRuleLocation
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.mapping.refusals import OTHER_REFUSAL, RefusedError, diagnostic, refusals_of

# Exactly what pySigma's add_condition writes.
_ADDED = re.compile(r"((?:not )?(\w+) and )\((.*)\)", re.DOTALL)

Rule = TypeVar("Rule", SigmaRule, SigmaCorrelationRule)


@dataclass(frozen=True, slots=True)
class MappedRule(Generic[Rule]):
    """A rule in a mapping's words, or why there is none.

    Exactly one of the two is there: ``sigma``, or at least one of ``diagnostics`` (JS050 the log
    source is not carried, severity info; JS051 a field, JS054 a value, JS055 anything else).
    """

    sigma: Rule | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def diagnostic(self) -> Diagnostic | None:
        """The first reason why there is no rule."""
        return self.diagnostics[0] if self.diagnostics else None


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file, ready to be applied to any number of rules, from any number of threads."""

    name: str
    """The file's name without its suffix: what ``--mapping`` takes."""
    path: Path
    description: str
    _pipeline: ProcessingPipeline = field(repr=False)
    _added: frozenset[str] = field(repr=False)
    # pySigma keeps the state of one application in the pipeline object.
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def apply(self, rule: Rule) -> MappedRule[Rule]:
        """Map a fresh rule object, which is changed in place and must not be mapped again.

        Never raises on what a rule holds; every refusal names the field and its place.
        """
        refused = self._taken_names(rule)
        if not refused:
            with self._lock:
                refused = self._run(rule)
        if refused:
            identifier = str(rule.id) if rule.id is not None else None
            return MappedRule(None, tuple(replace(one, rule_id=identifier) for one in refused))
        if isinstance(rule, SigmaRule):
            _tidy(rule)
        return MappedRule(rule)

    def _run(self, rule: SigmaRule | SigmaCorrelationRule) -> tuple[Diagnostic, ...]:
        try:
            self._pipeline.apply(rule)
        except RefusedError as refused:
            found = diagnostic("JS051", refused.message, refused.source)
            return (*refusals_of(self._pipeline), found)
        except Exception as error:  # noqa: BLE001 - a user's file may do anything to a rule
            source = getattr(error, "source", None) or rule.source
            text = f"mapping {self.name!r} failed on this rule: {error}"
            return (diagnostic(OTHER_REFUSAL, " ".join(text.split()), source),)
        return refusals_of(self._pipeline)

    def _taken_names(self, rule: SigmaRule | SigmaCorrelationRule) -> tuple[Diagnostic, ...]:
        if not isinstance(rule, SigmaRule):
            return ()
        return tuple(
            diagnostic(
                OTHER_REFUSAL,
                f"the detection {name!r} has the name under which mapping {self.name!r} "
                "adds a condition\nrename the detection",
                rule.detection.detections[name].source,
            )
            for name in sorted(self._added & rule.detection.detections.keys())
        )


def _tidy(rule: SigmaRule) -> None:
    """Give added conditions the place of the log source, and take out those left with nothing."""
    detections = rule.detection.detections
    added = [name for name in detections if name.startswith("_")]
    for name in added:
        _place(detections[name], rule.logsource.source)
    left_out = {name for name in added if not detections[name].detection_items}
    for name in left_out:
        del detections[name]
    if left_out:
        for condition in rule.detection.parsed_condition:
            condition.condition = _without(left_out, condition.condition)


def _without(names: set[str], condition: str) -> str:
    """A condition without those added to it, wherever they stand among others that stay."""
    found = _ADDED.fullmatch(condition)
    if found is None:
        return condition
    head, name, rest = found.groups()
    inner = _without(names, rest)
    return inner if name in names else f"{head}({inner})"


def _place(
    detection: SigmaDetection | SigmaDetectionItem, source: SigmaRuleLocation | None
) -> None:
    detection.source = detection.source or source
    if isinstance(detection, SigmaDetection):
        for item in detection.detection_items:
            _place(item, source)
