"""An ATT&CK Navigator layer of what rules detect.

The format is that of https://github.com/mitre-attack/attack-navigator, layers/spec/v4.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from jumpsigma.pack import LoadedRule

ATTACK_VERSION: Final = "19"
LAYER_VERSION: Final = "4.5"
NAVIGATOR_VERSION: Final = "5.1.0"

#: From mildest to worst, as the score of a technique counts them from 1.
COLORS: Final = {
    "informational": "#d9d9d9",
    "low": "#a6cee3",
    "medium": "#fdd58c",
    "high": "#f4934a",
    "critical": "#cb3a2a",
}
_TECHNIQUE: Final = re.compile(r"attack\.(t[0-9]{4}(?:\.[0-9]{3})?)", re.IGNORECASE)


def navigator_layer(rules: Iterable[LoadedRule], name: str) -> dict[str, Any]:
    """The layer: a technique has the colour of the worst level among its rules.

    ``score`` is that level from 1 (informational) to 5 (critical), and the comment lists the
    rules. A rule counts for the techniques among its tags; one without any is not shown.
    """
    found: dict[str, list[LoadedRule]] = {}
    for rule in rules:
        for tag in rule.tags:
            match = _TECHNIQUE.fullmatch(tag)
            if match is not None:
                found.setdefault(match[1].upper(), []).append(rule)
    techniques = [_technique(number, rules) for number, rules in sorted(found.items())]
    parents = {number.partition(".")[0] for number in found if "." in number} - found.keys()
    techniques += [_parent(number) for number in sorted(parents)]
    return {
        "name": name,
        "versions": {
            "attack": ATTACK_VERSION,
            "navigator": NAVIGATOR_VERSION,
            "layer": LAYER_VERSION,
        },
        "domain": "enterprise-attack",
        "description": "What the rules detect, coloured by the level of the worst rule",
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True},
        "hideDisabled": False,
        "techniques": techniques,
        "gradient": {
            "colors": list(COLORS.values()),
            "minValue": 1,
            "maxValue": len(COLORS),
        },
        "legendItems": [{"label": level, "color": color} for level, color in COLORS.items()],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def _technique(number: str, rules: Sequence[LoadedRule]) -> dict[str, Any]:
    levels = list(COLORS)
    worst = max(levels.index(rule.level or levels[0]) for rule in rules)
    return {
        "techniqueID": number,
        "score": worst + 1,
        "color": COLORS[levels[worst]],
        "comment": "\n".join(f"{rule.title} ({rule.level or 'no level'})" for rule in rules),
        "enabled": True,
        "metadata": [{"name": "rules", "value": str(len(rules))}],
        "showSubtechniques": "." not in number,
    }


def _parent(number: str) -> dict[str, Any]:
    """A technique that only shows its sub-techniques."""
    return {"techniqueID": number, "enabled": True, "showSubtechniques": True}
