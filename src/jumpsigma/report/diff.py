"""What changed, as a comment on a pull request and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, assert_never

from jumpsigma.changes import Attribute, Comparison, MappedChange, RuleChange
from jumpsigma.reachability import Reach
from jumpsigma.report.diff_queries import news, query_difference, query_json, told_queries
from jumpsigma.report.jsonout import to_json
from jumpsigma.report.visible import visible
from jumpsigma.report.words import code, prose

#: Sightings that are shown for one rule; all are counted.
_SHOWN: Final = 3
#: What a comment on GitHub may hold, with room for what others add.
LIMIT: Final = 60_000


class Seen(Protocol):
    """An event on which a rule fires on one side alone."""

    rule_id: str | None
    rule_title: str
    path: str
    line: int
    event: dict[str, Any]


class Compared(Protocol):
    """What changed from one side to the other."""

    @property
    def base(self) -> str:
        """What the old side is called."""

    @property
    def head(self) -> str:
        """What the new side is called."""

    @property
    def mappings(self) -> tuple[str, ...]:
        """The mappings whose queries are compared."""

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """The targets whose queries are compared, each a name and a format."""

    @property
    def changes(self) -> tuple[RuleChange, ...]:
        """Every rule that is not as it was."""

    @property
    def gained(self) -> Sequence[Any] | None:
        """Events that newly match."""

    @property
    def lost(self) -> Sequence[Any] | None:
        """Events that no longer match."""


def diff_json(found: Compared) -> str:
    """The whole of it for programs: one object, ``changes`` one entry for each rule."""
    document = {
        "base": found.base,
        "head": found.head,
        "mappings": list(found.mappings),
        "targets": [{"target": name, "format": form} for name, form in found.targets],
        "changes": [_change(each) for each in found.changes],
        "events": None
        if found.gained is None or found.lost is None
        else {
            "newly_matching": [_sighting(each) for each in found.gained],
            "no_longer_matching": [_sighting(each) for each in found.lost],
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _change(each: RuleChange) -> dict[str, Any]:
    condition = each.condition
    return {
        "change": each.kind,
        "id": each.id,
        "title": each.title,
        "path": each.path,
        "level": each.level,
        "moved_from": each.old_path,
        "retitled_from": each.old_title,
        "attributes": [_attribute(one) for one in each.attributes],
        "logsource": None if each.logsource is None else _attribute(each.logsource),
        "filters": [_attribute(one) for one in each.filters],
        "condition": None
        if condition is None
        else {
            "relation": condition.relation,
            "proven": condition.is_proven,
            "gained": condition.gained,
            "lost": condition.lost,
        },
        "correlation": None
        if each.correlation is None
        else {
            "relation": each.correlation.relation,
            "attributes": [_attribute(one) for one in each.correlation.attributes],
        },
        "mappings": [_mapped(one) for one in each.mapped],
        "targets": [query_json(one) for one in each.targets],
        "notes": list(each.notes),
    }


def _attribute(one: Attribute) -> dict[str, Any]:
    return {"name": one.name, "base": one.base, "head": one.head}


def _mapped(one: MappedChange) -> dict[str, Any]:
    return {
        "mapping": one.mapping,
        "cause": "mapping" if one.is_mapping else "rule",
        "query": one.query,
        "coverage": {"base": _reach(one.base), "head": _reach(one.head)},
    }


def _reach(answer: Reach | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "reachability": answer.reachability,
        "provenance": answer.provenance,
        "reasons": list(answer.reasons),
    }


def _sighting(each: Seen) -> dict[str, Any]:
    return {
        "rule_id": each.rule_id,
        "rule_title": each.rule_title,
        "path": each.path,
        "line": each.line,
    }


def diff_markdown(found: Compared) -> str:
    """A comment on a pull request: what a reviewer should look at first, details folded.

    It is at most :data:`LIMIT` characters long; rules that do not fit are counted at its end.
    """
    head = f"## What changes from {prose(found.base)} to {prose(found.head)}\n\n{_totals(found)}\n"
    parts = [head, _corpus(found)]
    room = LIMIT - sum(map(len, parts))
    told: list[tuple[RuleChange, str]] = []
    for each in sorted(found.changes, key=_rank):
        text = "\n".join(_section(each, queries=False)) + "\n"
        if len(text) <= room:
            room -= len(text)
            told.append((each, text))
    for each, text in told:  # queries of targets have what room the rules leave
        whole = "\n".join(_section(each)) + "\n"
        more = len(whole) - len(text)
        parts.append(whole if more <= room else text)
        room -= more if more <= room else 0
    left = len(found.changes) - len(told)
    if left:
        parts.append(f"… and {left} more rules; `--format json` has all of them.\n")
    return "\n".join(filter(None, parts))


def _rank(each: RuleChange) -> tuple[int, str]:
    """What changes what is detected before what changes words."""
    condition = None if each.condition is None else each.condition.relation
    if each.kind == "removed" or condition in ("narrower", "different"):
        first = 0
    elif each.kind == "added" or condition in ("wider", "undecided") or each.correlation:
        first = 1
    elif (
        any(one.query or one.is_coverage_changed for one in each.mapped)
        or any(one.is_changed for one in each.targets)
        or each.notes
    ):
        first = 2
    else:
        first = 3
    return first, each.title


def _totals(found: Compared) -> str:
    counts: dict[str, int] = {}
    for each in found.changes:
        for word in dict.fromkeys(_words(each)):
            counts[word] = counts.get(word, 0) + 1
    if not counts:
        return "No rule changes what it says.\n"
    rows = "\n".join(f"| {word} | {count} |" for word, count in counts.items())
    return f"| what | rules |\n|---|---|\n{rows}\n"


def _words(each: RuleChange) -> Iterator[str]:
    """The kinds of change of one rule, as the totals count them."""
    if each.kind != "changed":
        yield each.kind
    if each.old_path:
        yield "moved"
    if each.old_title:
        yield "retitled"
    for one in each.attributes:
        yield f"{one.name} changed"
    if each.logsource:
        yield "log source changed"
    for one in each.filters:
        yield "filter removed" if one.head is None else "filter added"
    if each.condition is not None and each.condition.relation != "same":
        yield _RELATION[each.condition.relation]
    if each.correlation is not None:
        for one in each.correlation.attributes:
            yield f"correlation {one.name} changed"
    if any(one.is_mapping for one in each.mapped):
        yield "mapping changed under an unchanged rule"
    for mapped in each.mapped:
        direction = _direction(mapped)
        if direction:
            yield f"coverage {direction}"
    for target in each.targets:
        what = news(target)
        if each.kind == "changed" and target.is_changed:
            yield f"{what[0] if what else 'query changed'} ({target.target}:{target.format})"
    if each.notes:
        yield "cannot be compared"


_RELATION: Final = {
    "equal": "condition written differently, same meaning",
    "wider": "condition wider",
    "narrower": "condition narrower",
    "different": "condition different",
    "undecided": "condition changed, effect undecided",
}
_ORDER: Final = ("unreachable", "unlikely", "partial", "reachable")


def _direction(one: MappedChange) -> str | None:
    """Whether coverage is gained or lost; an added or removed rule counts from nothing."""
    old, new = (
        -1
        if answer is None or answer.reachability == "unreachable"
        else _ORDER.index(answer.reachability)
        for answer in (one.base, one.head)
    )
    return None if old == new else ("gained" if new > old else "lost")


def _section(each: RuleChange, *, queries: bool = True) -> Iterator[str]:
    yield f"### {prose(each.title)}\n"
    level = f" · {each.level}" if each.level else ""
    yield f"{code(each.path)}{level}{f' · {each.kind}' if each.kind != 'changed' else ''}\n"
    lines = list(_lines(each))
    yield "\n".join(f"- {line}" for line in lines) + ("\n" if lines else "")
    for one in each.mapped:
        if one.query and each.kind == "changed":
            yield _folded(f"query, mapping {one.mapping}", one.query, "diff")
    for target in each.targets:
        if queries and (text := query_difference(target)):
            yield _folded(f"query, target {target.target}:{target.format}", text, "diff")
    if each.condition is not None:
        yield from _examples(each.condition)


def _lines(each: RuleChange) -> Iterator[str]:
    if each.old_path:
        yield f"moved from {code(each.old_path)}"
    if each.old_title:
        yield f"was called “{prose(each.old_title)}”"
    for one in each.attributes:
        yield _told(one)
    if each.logsource:
        yield _told(each.logsource)
    for one in each.filters:
        name = one.head or one.base or ""
        yield f"filter {'removed' if one.head is None else 'added'}: {code(name)}"
    if each.condition is not None and each.condition.relation != "same":
        yield f"**{_RELATION[each.condition.relation]}**{_proof(each.condition)}"
    if each.correlation is not None:
        for one in each.correlation.attributes:
            yield f"correlation {_told(one)}"
        if each.correlation.relation != "different":
            yield f"**the correlation is {each.correlation.relation}**"
    for mapped in each.mapped:
        if mapped.is_mapping:
            name = code(mapped.mapping)
            yield f"**the mapping {name} changed under it**: the rule itself did not change"
        yield from _coverage(mapped)
    yield from told_queries(each)
    yield from (prose(note) for note in each.notes)


def _proof(condition: Comparison) -> str:
    match condition.relation:
        case "wider":
            proven, other = "matches all that it did, and more", "no event was found that it loses"
        case "narrower":
            proven, other = "matches less, and nothing new", "no event was found that it gains"
        case "different":
            return ": gains some events and loses others"
        case "undecided":
            return ": no event was found that tells the two apart"
        case "equal" | "same":
            return ""
        case _:
            assert_never(condition.relation)
    return f": {proven if condition.is_proven else other}"


def _told(one: Attribute) -> str:
    name = one.name if one.name != "logsource" else "log source"
    if one.base is None:
        return f"{name} added: {code(one.head or '')}"
    if one.head is None:
        return f"{name} removed: {code(one.base)}"
    return f"{name}: {code(one.base)} → {code(one.head)}"


def _coverage(one: MappedChange) -> Iterator[str]:
    direction = _direction(one)
    if direction is None and not one.is_coverage_changed:
        return
    old, new = (
        "none" if answer is None else f"{answer.reachability} ({answer.provenance})"
        for answer in (one.base, one.head)
    )
    why = "" if one.head is None or not one.head.reasons else f": {prose(one.head.reasons[0])}"
    word = f"coverage {direction}" if direction else "coverage"
    yield f"{word} ({one.mapping}): {old} → {new}{why}"


def _examples(condition: Comparison) -> Iterator[str]:
    for word, event in (("newly matches", condition.gained), ("no longer matches", condition.lost)):
        if event is not None:
            yield _folded(f"an event that {word}", to_json(event), "json")


def _folded(summary: str, text: str, language: str) -> str:
    shown = "\n".join(visible(line) for line in text.rstrip("\n").split("\n"))
    fence = "```"
    while fence in shown:
        fence += "`"
    body = f"{fence}{language}\n{shown}\n{fence}"
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>\n"


def _corpus(found: Compared) -> str:
    if found.gained is None or found.lost is None:
        return ""
    lines = ["### On the corpus\n"]
    for word, seen in (("newly match", found.gained), ("no longer match", found.lost)):
        lines.append(f"{len(seen)} events {word}.\n")
        lines += [f"- {line}" for line in _sightings(seen)]
        lines.append("")
    return "\n".join(lines)


def _sightings(seen: Iterable[Seen]) -> Iterator[str]:
    by_rule: dict[str, list[Seen]] = {}
    for each in seen:
        by_rule.setdefault(each.rule_title, []).append(each)
    for title, events in by_rule.items():
        places = ", ".join(code(f"{each.path}:{each.line}") for each in events[:_SHOWN])
        more = f" and {len(events) - _SHOWN} more" if len(events) > _SHOWN else ""
        yield f"{prose(title)}: {len(events)} ({places}{more})"
