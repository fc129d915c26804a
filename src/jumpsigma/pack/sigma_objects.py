"""Documents to pySigma objects: what is handed over, and the places set on the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaRuleLocation
from sigma.filters import SigmaFilter
from sigma.modifiers import SigmaCIDRModifier
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule

from jumpsigma.pack.detections import definitions, for_sigma, is_network_list, items

if TYPE_CHECKING:
    from jumpsigma.pack.positions import Positions

RULE_RESERVED: Final = ("condition",)
FILTER_RESERVED: Final = ("condition", "rules")
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d")


def rule_input(document: Mapping[str, Any]) -> dict[str, Any]:
    """The dict that pySigma gets for a rule; it may change it without changing the document."""
    data = _metadata(document)
    if isinstance(data.get("detection"), Mapping):
        data["detection"] = for_sigma(data["detection"], RULE_RESERVED)
    return data


def filter_input(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a filter."""
    data = _metadata(document)
    if isinstance(data.get("filter"), Mapping):
        data["filter"] = for_sigma(data["filter"], FILTER_RESERVED)
    return data


def correlation_input(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a correlation."""
    data = _metadata(document)
    if isinstance(data.get("correlation"), Mapping):
        data["correlation"] = dict(data["correlation"])
    return data


def sigma_rule(
    document: Mapping[str, Any], path: str, *, collect_errors: bool = False
) -> SigmaRule:
    """A fresh rule without places; raises ``SigmaError`` where pySigma refuses it."""
    source = SigmaRuleLocation(Path(path))
    return SigmaRule.from_dict(rule_input(document), collect_errors=collect_errors, source=source)


def located(rule: SigmaRule, document: Mapping[str, Any], positions: Positions) -> SigmaRule:
    """The rule, its detection items with their places."""
    set_sources(rule.detection.detections, document["detection"], positions, "detection")
    return rule


def sigma_filter(document: Mapping[str, Any], positions: Positions) -> SigmaFilter:
    """A fresh filter; raises ``SigmaError`` where pySigma refuses it."""
    source = SigmaRuleLocation(Path(positions.path))
    result = SigmaFilter.from_dict(filter_input(document), source=source)
    set_sources(result.filter.detections, document["filter"], positions, "filter")
    return result


def sigma_correlation(document: Mapping[str, Any], path: str) -> SigmaCorrelationRule:
    """A fresh correlation; raises ``SigmaError`` where pySigma refuses it."""
    source = SigmaRuleLocation(Path(path))
    return SigmaCorrelationRule.from_dict(correlation_input(document), source=source)


def set_sources(
    detections: Mapping[str, SigmaDetection],
    section: Mapping[str, Any],
    positions: Positions,
    section_name: str,
) -> None:
    """Set ``source`` of every detection item to the place of its key (pySigma knows no lines).

    Items whose key says ``cidr`` and ``expand``, which pySigma refuses, get the ``cidr`` back here.
    """
    path = Path(positions.path)
    reserved = FILTER_RESERVED if section_name == "filter" else RULE_RESERVED
    for name, definition in definitions(section, *reserved):
        places = items(definition, (section_name, name))
        for leaf, item in zip(_leaves(detections[name]), places, strict=True):
            span = positions.span(item.path, key=True)
            leaf.source = SigmaRuleLocation(path, span.line, span.column)
            if is_network_list(item.key):
                leaf.modifiers = [SigmaCIDRModifier, *leaf.modifiers]


def _leaves(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from _leaves(item)
        else:
            yield item


def _metadata(document: Mapping[str, Any]) -> dict[str, Any]:
    data = {
        key: list(value) if isinstance(value, list) else value for key, value in document.items()
    }
    for key in ("date", "modified"):
        value = data.get(key)
        if isinstance(value, str) and _DATE_TIME.match(value):
            data[key] = _date_time(value)
    return data


def _date_time(value: str) -> Any:
    """What PyYAML makes of an unquoted date with a time, which pySigma takes as it takes a date."""
    constructor: Any = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_yaml_timestamp(yaml.ScalarNode("", value))
    except (ValueError, AttributeError):
        return value
