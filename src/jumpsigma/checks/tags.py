"""Tags: ATT&CK numbers that are in force, and the other namespaces of the specification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from jumpsigma.attack import FORMER_TACTICS, NUMBER, Attack, Technique
from jumpsigma.checks.edits import rewritten
from jumpsigma.checks.model import Edit, Hit, rule_check
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Severity

NAMESPACES: Final = ("attack", "car", "cve", "d3fend", "detection", "stp", "tlp")
_CVE: Final = re.compile(r"cve\.\d{4}[-.]\d{4,7}")
# Groups, software, campaigns, mitigations, and what ATT&CK says of data and detections.
_OTHER: Final = re.compile(r"(g|s|c|m|ds|dc|det|an)\d{4}")
_TLP: Final = ("red", "amber", "amber-strict", "green", "clear", "white")
_DETECTION: Final = ("dfir", "emerging-threats", "threat-hunting", "emerging_threats",
                     "threat_hunting")  # fmt: skip


def _tags(rule: RuleView) -> Iterator[tuple[int, str, str]]:
    """Each tag: its place in the list, its namespace and its name, both in small letters."""
    for index, tag in enumerate(rule.loaded.tags):
        namespace, _, name = tag.lower().partition(".")
        yield index, namespace, name


@rule_check("JS141", "tag-case", Severity.WARNING)
def tag_case(rule: RuleView) -> Iterator[Hit]:
    """A tag that is not in small letters, or has spaces or underscores in it.

    Tags are compared as they stand, so `attack.T1059` is found by nobody who looks for
    `attack.t1059`. Words are joined with dashes since version 2 of the specification.

    Bad::

        tags:
            - attack.execution
            - attack.T1059

    Good::

        tags:
            - attack.execution
            - attack.t1059
    """
    for index, tag in enumerate(rule.loaded.tags):
        right = re.sub(r"[\s_]+", "-", tag.strip().lower())
        if right != tag:
            edits = rewritten(rule, ("tags", index), right)
            yield Hit(f"the tag {tag!r} is to be {right!r}", ("tags", index), edits=edits)


@rule_check("JS142", "unknown-technique", Severity.WARNING)
def unknown_technique(rule: RuleView) -> Iterator[Hit]:
    """A technique that ATT&CK does not have.

    Bad::

        tags:
            - attack.execution
            - attack.t1059.099

    Good::

        tags:
            - attack.execution
            - attack.t1059.001
    """
    attack = rule.pack.attack
    for index, namespace, name in _tags(rule):
        if namespace == "attack" and NUMBER.fullmatch(name) and attack.technique(name) is None:
            parent = attack.technique(name.partition(".")[0])
            hint = f"{parent.id} is {parent.name}" if parent is not None else None
            message = f"ATT&CK {attack.version} has no technique {name.upper()}"
            yield Hit(message, ("tags", index), hint=hint)


@rule_check("JS143", "unknown-tactic", Severity.WARNING)
def unknown_tactic(rule: RuleView) -> Iterator[Hit]:
    """A tag of ATT&CK that is neither a tactic, nor a technique, a group, a software.

    Bad::

        tags:
            - attack.executoin
            - attack.t1059

    Good::

        tags:
            - attack.execution
            - attack.t1059
    """
    attack = rule.pack.attack
    for index, namespace, written in _tags(rule):
        name = written.replace("_", "-")
        if namespace != "attack" or not _is_stranger(name, attack):
            continue
        near = get_close_matches(name, attack.tactics, n=1)
        edits = rewritten(rule, ("tags", index), f"attack.{near[0]}") if near else ()
        hint = f"did you mean {near[0]!r}?" if near else "tactics: " + ", ".join(attack.tactics)
        message = f"ATT&CK {attack.version} has no tactic {name!r}"
        yield Hit(message, ("tags", index), hint=hint, edits=edits)


def _is_stranger(name: str, attack: Attack) -> bool:
    """Whether a name in the namespace of ATT&CK is of no kind that it has."""
    if name in attack.tactics or name in FORMER_TACTICS or NUMBER.fullmatch(name):
        return False
    return not _OTHER.fullmatch(name)


@rule_check("JS144", "revoked-technique", Severity.WARNING)
def revoked_technique(rule: RuleView) -> Iterator[Hit]:
    """A technique that ATT&CK has revoked.

    The hint names what took its place; a report of coverage knows only that.

    Bad::

        tags:
            - attack.defense-impairment
            - attack.t1562.001

    Good::

        tags:
            - attack.defense-impairment
            - attack.t1685
    """
    attack = rule.pack.attack
    present = {name for _, namespace, name in _tags(rule) if namespace == "attack"}
    for index, namespace, name in _tags(rule):
        technique = attack.technique(name) if namespace == "attack" else None
        if technique is None or not technique.revoked:
            continue
        successor = attack.successor(technique)
        hint = "it has no successor"
        edits: tuple[Edit, ...] = ()
        if successor is not None:
            hint = f"{successor.id} {successor.name} took its place"
            if successor.id.lower() not in present:
                edits = rewritten(rule, ("tags", index), f"attack.{successor.id.lower()}")
        message = f"ATT&CK {attack.version} has revoked {technique.id} {technique.name}"
        yield Hit(message, ("tags", index), hint=hint, edits=edits)


@rule_check("JS145", "former-tactic", Severity.WARNING)
def former_tactic(rule: RuleView) -> Iterator[Hit]:
    """A tactic that ATT&CK has divided or renamed.

    Version 19 has split Defense Evasion into Stealth and Defense Impairment. Which of them a rule
    is about follows from its techniques.

    Bad::

        tags:
            - attack.defense-evasion
            - attack.t1036.007

    Good::

        tags:
            - attack.stealth
            - attack.t1036.007
    """
    attack = rule.pack.attack
    present = {name.replace("_", "-") for _, _, name in _tags(rule)}
    for index, namespace, written in _tags(rule):
        name = written.replace("_", "-")
        if namespace != "attack" or name in attack.tactics or name not in FORMER_TACTICS:
            continue
        now = FORMER_TACTICS[name]
        of_rule = {tactic for technique in _in_force(rule) for tactic in technique.tactics}
        fitting = [tactic for tactic in now if tactic in of_rule] or list(now)
        edits: tuple[Edit, ...] = ()
        if len(fitting) == 1 and fitting[0] not in present:
            edits = rewritten(rule, ("tags", index), f"attack.{fitting[0]}")
        message = f"ATT&CK {attack.version} has no tactic {name!r} any more"
        yield Hit(message, ("tags", index), hint=f"use {' or '.join(fitting)}", edits=edits)


def _in_force(rule: RuleView) -> Iterator[Technique]:
    """The techniques of a rule, those revoked replaced by their successors."""
    attack = rule.pack.attack
    for _, namespace, name in _tags(rule):
        technique = attack.technique(name) if namespace == "attack" else None
        current = attack.successor(technique) if technique is not None else None
        if current is not None:
            yield current


@rule_check("JS146", "technique-without-tactic", Severity.INFO)
def technique_without_tactic(rule: RuleView) -> Iterator[Hit]:
    """A technique, and none of the tactics that it serves.

    SigmaHQ tags both; a matrix puts the rule into no column without.

    Bad::

        tags:
            - attack.persistence
            - attack.t1059

    Good::

        tags:
            - attack.execution
            - attack.t1059
    """
    attack = rule.pack.attack
    names = {name.replace("_", "-") for _, namespace, name in _tags(rule) if namespace == "attack"}
    if any(_is_stranger(name, attack) for name in names):
        return  # JS143 says what the tactic should have been
    tactics = names | {now for each in names for now in FORMER_TACTICS.get(each, ())}
    for index, namespace, name in _tags(rule):
        technique = attack.technique(name) if namespace == "attack" else None
        if technique is None or technique.revoked or tactics & set(technique.tactics):
            continue
        hint = "add " + " or ".join(f"attack.{each}" for each in technique.tactics)
        message = f"no tactic of {technique.id} {technique.name} is among the tags"
        yield Hit(message, ("tags", index), hint=hint)


@rule_check("JS147", "cve-format", Severity.WARNING)
def cve_format(rule: RuleView) -> Iterator[Hit]:
    """A tag of a vulnerability that is no CVE number.

    Bad::

        tags:
            - attack.execution
            - cve.log4shell

    Good::

        tags:
            - attack.execution
            - cve.2021-44228
    """
    for index, namespace, name in _tags(rule):
        if namespace == "cve" and not _CVE.fullmatch(f"cve.{name}"):
            hint = "write cve.YEAR-NUMBER"
            yield Hit(f"{name!r} is no CVE number", ("tags", index), hint=hint)


@rule_check("JS148", "unknown-namespace", Severity.INFO)
def unknown_namespace(rule: RuleView) -> Iterator[Hit]:
    """A tag of a namespace that the specification does not have.

    Namespaces of one's own are allowed; a misspelt one is lost.

    Bad::

        tags:
            - atack.execution
            - attack.t1059
            - attack.execution

    Good::

        tags:
            - attack.execution
            - attack.t1059
    """
    for index, namespace, _ in _tags(rule):
        if namespace not in NAMESPACES:
            near = get_close_matches(namespace, NAMESPACES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(NAMESPACES)
            yield Hit(f"the namespace {namespace!r} is unknown", ("tags", index), hint=hint)


@rule_check("JS149", "tag-value", Severity.WARNING)
def tag_value(rule: RuleView) -> Iterator[Hit]:
    """A traffic light that does not exist, or a second one.

    Bad::

        tags:
            - attack.execution
            - attack.t1059
            - tlp.yellow

    Good::

        tags:
            - attack.execution
            - attack.t1059
            - tlp.amber
    """
    seen: str | None = None
    for index, namespace, written in _tags(rule):
        name = written.replace("_", "-").replace("+", "-")
        if namespace == "detection" and name not in _DETECTION:
            hint = "known: dfir, emerging-threats, threat-hunting"
            yield Hit(f"the tag detection.{name} is unknown", ("tags", index), hint=hint)
        if namespace != "tlp":
            continue
        if name not in _TLP:
            yield Hit(f"TLP has no {name!r}", ("tags", index), hint="known: " + ", ".join(_TLP))
        elif seen is not None and seen != name:
            yield Hit(f"the rule is tlp.{seen} already", ("tags", index))
        else:
            seen = name
