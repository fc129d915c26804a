"""Coverage as one page of HTML that needs nothing else: the ATT&CK matrix, filters, the rules."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from jumpsigma.attack import NUMBER, Attack, Technique, load_attack
from jumpsigma.reachability import REACHABILITIES, Reachability
from jumpsigma.report.coverage import MEANING, Covered, witness_text
from jumpsigma.report.visible import visible

_LEVELS: Final = ("informational", "low", "medium", "high", "critical")
#: Answers of rules that can fire.
_FIRING: Final = frozenset({"reachable", "partial"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A technique under one tactic, and how its rules fare."""

    id: str
    name: str
    best: Reachability
    firing: int
    total: int

    @property
    def is_sub(self) -> bool:
        """Whether it is a sub-technique."""
        return "." in self.id


@dataclass(frozen=True, slots=True)
class Column:
    """A tactic and its techniques."""

    name: str
    cells: tuple[Cell, ...]


def coverage_page(found: Sequence[Covered], *, intake: str) -> str:
    """The page. Whatever rules hold is text in it, and it loads nothing from anywhere.

    ``intake`` says in words where the events are kept.
    """
    environment = _environment()
    style, script = (_asset(environment, name) for name in ("coverage.css", "coverage.js"))
    attack = load_attack()
    counts = Counter(each.reach.reachability for each in found)
    return environment.get_template("coverage.html.j2").render(
        answers=[(name, MEANING[name], counts[name]) for name in REACHABILITIES],
        attack_version=attack.version,
        choices=_choices(found),
        intake=intake,
        mapping=found[0].mapping if found else "none",
        rules=[_row(each, attack) for each in found],
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash(script),
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=_hash(style),
        tactics=_matrix(found, attack),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("jumpsigma.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _asset(environment: Environment, name: str) -> str:
    loader = environment.loader
    if loader is None:
        raise TypeError("the environment has a loader")
    return loader.get_source(environment, name)[0]


def _hash(text: str) -> str:
    """What a content security policy calls this text by, so that it alone may run."""
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _choices(found: Iterable[Covered]) -> list[tuple[str, list[str]]]:
    """What there is to filter by, but for answers."""
    rows = list(found)
    levels = {each.rule.level for each in rows}
    return [
        ("level", [level for level in _LEVELS if level in levels]),
        ("service", sorted({name for each in rows for name in each.reach.services})),
        ("provenance", sorted({each.reach.provenance for each in rows})),
    ]


def _row(each: Covered, attack: Attack) -> dict[str, Any]:
    answer = each.reach
    return {
        "title": visible(each.rule.title),
        "path": visible(each.rule.path),
        "answer": answer.reachability,
        "level": each.rule.level or "",
        "services": [visible(name) for name in answer.services],
        "event_types": [visible(name) for name in answer.event_types],
        "provenance": answer.provenance,
        "reasons": [visible(reason) for reason in answer.reasons],
        "techniques": [technique.id for technique in _techniques(each, attack)],
        "witness": witness_text(each).strip(),
        "events": 0 if answer.witness is None else len(answer.witness.events),
    }


def _techniques(each: Covered, attack: Attack) -> list[Technique]:
    """The techniques that a rule is tagged with, those in force in the place of revoked ones."""
    found = {}
    for tag in each.rule.tags:
        number = tag.lower().removeprefix("attack.")
        technique = attack.technique(number) if NUMBER.fullmatch(number) else None
        current = None if technique is None else attack.successor(technique)
        if current is not None:
            found[current.id] = current
    return list(found.values())


def _matrix(found: Iterable[Covered], attack: Attack) -> list[Column]:
    rules: dict[str, list[Covered]] = {}
    for each in found:
        for technique in _techniques(each, attack):
            rules.setdefault(technique.id, []).append(each)
    columns = []
    for tactic in attack.tactics:
        cells = tuple(
            _cell(attack.techniques[number], chosen)
            for number, chosen in sorted(rules.items())
            if tactic in attack.techniques[number].tactics
        )
        if cells:
            columns.append(Column(tactic.replace("-", " ").capitalize(), cells))
    return columns


def _cell(technique: Technique, rules: Sequence[Covered]) -> Cell:
    answers = [each.reach.reachability for each in rules]
    firing = sum(answer in _FIRING for answer in answers)
    best = min(answers, key=REACHABILITIES.index)
    return Cell(technique.id, technique.name, best, firing, len(rules))
