"""A page of documentation for a rule, made from the rule and its cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from jumpsigma.pack import Case, LoadedRule
from jumpsigma.report.words import code, logic_in_words, prose

_TECHNIQUE: Final = re.compile(r"attack\.(t[0-9]{4})(?:\.([0-9]{3}))?", re.IGNORECASE)


def rule_page(
    rule: LoadedRule,
    cases: Iterable[Case],
    rules: Iterable[LoadedRule],
    pages: Mapping[str, str],
) -> str:
    """The page of ``rule`` as Markdown.

    It says what the rule detects, its logic in words, what ATT&CK calls it, the log source, the
    false positives and the cases. ``rules`` are those that it may be related to; ``pages`` says
    where the page of a rule is, by its id, for links.
    """
    others = list(rules)
    names = {key: each.title for each in others for key in (each.id, each.name) if key}
    parts = [
        f"# {prose(rule.title)}",
        prose(rule.description or ""),
        _facts(rule),
        f"## Logic\n\n{logic_in_words(rule, names)}",
        _list("## False positives", rule.falsepositives),
        _related(rule, others, pages),
        _cases(list(cases)),
        _list("## References", rule.references, link=True),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(rule: LoadedRule) -> str:
    source = rule.logsource
    stated = [
        f"{key} {code(value)}"
        for key in ("product", "category", "service")
        if (value := getattr(source, key))
    ]
    rows = [
        ("Level", rule.level or "not stated"),
        ("Status", rule.status or "not stated"),
        ("Log source", ", ".join(stated) or "that of the rules it correlates"),
        ("ATT&CK", ", ".join(_attack(rule.tags)) or "not stated"),
        ("Author", prose(rule.author or "not stated")),
        ("Licence", prose(rule.license or "not stated")),
        ("Id", code(rule.id) if rule.id else "not stated"),
    ]
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {text} |" for name, text in rows)


def _attack(tags: Iterable[str]) -> list[str]:
    """The techniques as links and the tactics by their names; other tags as they are."""
    said = []
    for tag in tags:
        found = _TECHNIQUE.fullmatch(tag)
        if found is not None:
            number = found[1].upper() + (f".{found[2]}" if found[2] else "")
            path = number.replace(".", "/")
            said.append(f"[{number}](https://attack.mitre.org/techniques/{path}/)")
        elif tag.startswith("attack."):
            said.append(prose(tag.removeprefix("attack.").replace("-", " ").title()))
        else:
            said.append(code(tag))
    return said


def _list(head: str, items: Iterable[str], *, link: bool = False) -> str:
    shown = [
        f"- <{item}>" if link and re.fullmatch(r"https?://[^\s<>]+", item) else f"- {prose(item)}"
        for item in items
    ]
    return f"{head}\n\n" + "\n".join(shown) if shown else ""


def _related(rule: LoadedRule, others: Iterable[LoadedRule], pages: Mapping[str, str]) -> str:
    """The rules that this one names, and those that name it."""
    here = _related_ids(rule)
    shown = [
        f"- [{prose(each.title)}]({pages[each.id]})"
        for each in others
        if each.id and each.id != rule.id and each.id in pages
        if each.id in here or (rule.id and rule.id in _related_ids(each))
    ]
    return "## Related rules\n\n" + "\n".join(shown) if shown else ""


def _related_ids(rule: LoadedRule) -> set[str]:
    related = rule.document.get("related")
    listed = related if isinstance(related, list) else []
    return {str(each["id"]) for each in listed if isinstance(each, dict) and "id" in each}


def _cases(cases: list[Case]) -> str:
    if not cases:
        return ""
    rows = "\n".join(
        f"| {prose(case.name)} | {_expected(case)} | {case.mapping or 'default'} |"
        for case in cases
    )
    return f"## Cases\n\n| case | the rule | mapping |\n|---|---|---|\n{rows}"


def _expected(case: Case) -> str:
    number = len(case.events)
    events = "" if number == 1 else f" on {number} events"
    if case.fires:
        return f"fires {'once' if case.fires == 1 else f'{case.fires} times'}{events}"
    return f"{'fires' if case.expect == 'match' else 'stays silent'}{events}"
