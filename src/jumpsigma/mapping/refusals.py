"""How a mapping says no: every failure of one rule is collected, with its field and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaRuleLocation
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import (
    DetectionItemFailureTransformation,
    RuleFailureTransformation,
)
from sigma.processing.transformations.base import (
    DetectionItemTransformation,
    PreprocessingTransformation,
)
from sigma.rule import SigmaDetectionItem, SigmaRule
from sigma.types import SigmaFieldReference

from jumpsigma.diagnostics import Diagnostic, Severity, Span

CODE_OF_ID: Final = {
    "log_source_not_carried": "JS050",
    "event_not_carried": "JS051",
    "field_not_carried": "JS051",
    "value_not_sayable": "JS054",
}
"""What a failure item of a mapping file means, by its id; any other id is a plain JS055."""

NOT_APPLICABLE: Final = ("log_source_not_carried", "event_not_carried")
"""The ids that say that a rule is for other events: no fault of the rule, so an information."""

OTHER_REFUSAL: Final = "JS055"
LOG_SOURCE: Final = "log_source"
"""The id of an ``add_condition`` item that holds the log source as fields until the file's end."""
_STATE_KEY: Final = "jumpsigma.refusals"


class RefusedError(Exception):
    """Raised by a named step that cannot do what the rule asks for."""

    def __init__(self, message: str, source: SigmaRuleLocation | None) -> None:
        super().__init__(message)
        self.message, self.source = message, source


@dataclass
class RefuseItem(DetectionItemTransformation):
    """In place of stock ``detection_item_failure``: names the field, and goes on with the rest."""

    message: str

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> None:
        """Note the field, or the fields that values refer to, whichever the item is about."""
        item = self.processing_item
        fields = [
            detection_item.field,
            *(v.field for v in detection_item.value if isinstance(v, SigmaFieldReference)),
        ]
        if detection_item.was_processed_by(LOG_SOURCE):
            # It stands among the fields while it is mapped, and is none.
            self._refuse("", self._log_source)
            return
        guilty = [f for f in fields if item is None or item.match_field_name(f)] or fields[:1]
        for field in guilty:
            self._refuse(_subject(self._pipeline, field), detection_item.source)

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        """Check every field of a rule, and those that a correlation groups by."""
        self._log_source = rule.logsource.source if isinstance(rule, SigmaRule) else None
        super().apply(rule)
        item = self.processing_item
        if item is None or item.detection_item_conditions or not item.field_name_conditions:
            return
        if isinstance(rule, SigmaCorrelationRule):
            aliases = {alias.alias for alias in rule.aliases}
            for field in rule.group_by or ():
                if field not in aliases and item.match_field_name(field):
                    self._refuse(_subject(self._pipeline, field), rule.source)

    def _refuse(self, subject: str, source: SigmaRuleLocation | None) -> None:
        identifier = self.processing_item.identifier if self.processing_item else None
        text = f"{subject}: {self.message}" if subject else self.message
        _record(self._pipeline, subject, _refusal(identifier, text, source))


@dataclass
class RefuseRule(PreprocessingTransformation):
    """In place of stock ``rule_failure``: the rule as a whole is refused."""

    message: str

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        """Note that the rule is refused."""
        super().apply(rule)
        identifier = self.processing_item.identifier if self.processing_item else None
        source = rule.logsource.source if isinstance(rule, SigmaRule) else None
        _record(self._pipeline, "", _refusal(identifier, self.message, source or rule.source))


def collecting(item: ProcessingItem) -> PreprocessingTransformation:
    """Return the transformation of an item, a failure as the step here that collects."""
    match item.transformation:
        case DetectionItemFailureTransformation(message=message):
            return RefuseItem(message)
        case RuleFailureTransformation(message=message):
            return RefuseRule(message)
        case other:
            return other


def refusals_of(pipeline: ProcessingPipeline) -> tuple[Diagnostic, ...]:
    """Return what was refused since the pipeline was last applied, in order, without repetition.

    A log source that is not carried hides the rest: the fields of such a rule do not matter.
    """
    found = list(dict.fromkeys(pipeline.state.get(_STATE_KEY, {}).values()))
    return tuple([one for one in found if one.code == "JS050"][:1] or found)


def span_of(source: SigmaRuleLocation | None) -> Span | None:
    """Return pySigma's idea of a place as ours; None where it has none."""
    if source is None:
        return None
    return Span(str(source.path), source.line or 0, source.char or 0)


def diagnostic(
    code: str,
    message: str,
    source: SigmaRuleLocation | None,
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    """Make the diagnostic of a refusal. The part of ``message`` after a line break is its hint."""
    text, _, hint = message.strip().partition("\n")
    return Diagnostic(code, text, severity, span_of(source), hint=" ".join(hint.split()) or None)


def _refusal(identifier: str | None, message: str, source: SigmaRuleLocation | None) -> Diagnostic:
    code = CODE_OF_ID.get(identifier or "", OTHER_REFUSAL)
    severity = Severity.INFO if identifier in NOT_APPLICABLE else Severity.ERROR
    return diagnostic(code, message, source, severity)


def _record(pipeline: ProcessingPipeline | None, subject: str, refusal: Diagnostic) -> None:
    if pipeline is not None:
        # The first reason against one place is the precise one: later items refuse what is left.
        pipeline.state.setdefault(_STATE_KEY, {}).setdefault((subject, refusal.span), refusal)


def _subject(pipeline: ProcessingPipeline | None, field: str | None) -> str:
    if field is None:
        return "keywords (values without a field)"
    # A field may have been renamed before it was refused; people know the name in their file.
    before = pipeline.field_mappings.target_fields.get(field) if pipeline is not None else None
    names = sorted(str(name) for name in before or () if name is not None) or [field]
    return f"field {' or '.join(repr(name) for name in names)}"


__all__ = [
    "CODE_OF_ID",
    "OTHER_REFUSAL",
    "RefuseItem",
    "RefuseRule",
    "RefusedError",
    "collecting",
    "diagnostic",
    "refusals_of",
    "span_of",
]
