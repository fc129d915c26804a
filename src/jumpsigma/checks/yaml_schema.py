"""What YAML does to a rule behind its author's back, and keys that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from jumpsigma.checks.model import Edit, Hit, rule_check
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Severity
from jumpsigma.pack.positions import KeyPath

METADATA: Final = (
    "title", "id", "name", "taxonomy", "related", "status", "description", "license",
    "references", "author", "date", "modified", "tags", "fields", "falsepositives", "level",
    "scope",
)  # fmt: skip
KEYS: Final = (*METADATA, "logsource", "detection", "correlation", "filter", "action")
LOGSOURCE_KEYS: Final = ("category", "product", "service", "definition")
CORRELATION_KEYS: Final = (
    "type", "rules", "group-by", "timespan", "aliases", "condition", "generate",
)  # fmt: skip
RELATED_KEYS: Final = ("id", "type")

_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?([Tt]|[ \t]+)\d\d?:\d\d:\d\d(\.\d*)?"
    r"([ \t]*(Z|[-+]\d\d?(:\d\d)?))?"
)
_WIDE_SPACE: Final = re.compile("(?<=[!-~])[\\u00a0\\u2000-\\u200a\\u202f\\u205f\\u3000](?=[!-~])")
_LISTS: Final = ("references", "falsepositives", "fields", "tags", "scope")


@rule_check("JS101", "unknown-key", Severity.WARNING)
def unknown_key(rule: RuleView) -> Iterator[Hit]:
    """A key that Sigma does not know, and that is nearly one that it does.

    pySigma keeps such a key without a word, so what it says counts for nothing: this rule has no
    level. Keys that resemble none of Sigma's are allowed.

    Bad::

        # without: level
        lvel: high

    Good::

        level: high
    """
    for key in rule.document:
        near = nearest_key(key)
        if near is not None:
            yield _stranger(rule, (), key, near, KEYS)


@lru_cache(maxsize=1024)
def nearest_key(key: Any) -> str | None:
    """The key of Sigma that one that it does not know resembles, None where it knows it."""
    if key in KEYS:
        return None
    near = get_close_matches(str(key).lower().replace("_", "-"), KEYS, n=1, cutoff=0.75)
    return near[0] if near else None


def _strangers(
    rule: RuleView, path: KeyPath, section: Any, known: tuple[str, ...]
) -> Iterator[Hit]:
    """The keys of a mapping that are none of those known, with the nearest."""
    if not isinstance(section, Mapping):
        return
    for key in section:
        if key not in known:
            near = get_close_matches(str(key).lower().replace("_", "-"), known, n=1, cutoff=0.75)
            yield _stranger(rule, path, key, near[0] if near else None, known)


def _stranger(
    rule: RuleView, path: KeyPath, key: Any, near: str | None, known: tuple[str, ...]
) -> Hit:
    hint = f"did you mean {near!r}?" if near else "known: " + ", ".join(known)
    section: Any = rule.document
    for step in path:
        section = section[step]
    edits: tuple[Edit, ...] = ()
    if near is not None and near not in section:
        edits = (Edit(rule.span((*path, key), key=True), near),)
    message = f"the key {str(key)!r} is unknown and has no effect"
    return Hit(message, (*path, key), key=True, hint=hint, edits=edits)


@rule_check("JS102", "yaml-boolean", Severity.WARNING)
def yaml_boolean(rule: RuleView) -> Iterator[Hit]:
    """A word such as yes or off that YAML turns into a boolean.

    YAML 1.1 reads `yes`, `no`, `on` and `off` as true and false. If the events hold the word, quote
    it; if they hold a boolean, write `true` or `false`.

    Bad::

        detection:
            selection:
                Encrypted: no
            condition: selection

    Good::

        detection:
            selection:
                Encrypted: 'no'
            condition: selection
    """
    for item in rule.items:
        for path, value in item.values:
            if isinstance(value, bool):
                written = rule.source(path)
                if written.lower() not in ("true", "false"):
                    word = "true" if value else "false"
                    hint = f"write {word}, or '{written}' when it is a word"
                    yield Hit(f"YAML reads {written} as {word}", path, hint=hint)


@rule_check("JS103", "number-notation", Severity.WARNING)
def number_notation(rule: RuleView) -> Iterator[Hit]:
    """A number that YAML reads differently from how it looks.

    In YAML 1.1 `010` is eight, `1_000` a thousand, and `1:30` ninety.

    Bad::

        detection:
            selection:
                EventID: 0104
            condition: selection

    Good::

        detection:
            selection:
                EventID: 104
            condition: selection
    """
    for item in rule.items:
        for path, value in item.values:
            if type(value) in (int, float):
                written = rule.source(path)
                if not _DECIMAL.fullmatch(written):
                    hint = f"write {value}, or '{written}' when it is a text"
                    yield Hit(f"YAML reads {written} as the number {value}", path, hint=hint)


@rule_check("JS104", "unquoted-date", Severity.WARNING)
def unquoted_date(rule: RuleView) -> Iterator[Hit]:
    """A date among the values of a field that is not quoted.

    Most YAML readers, pySigma's among them, make a date object of it and refuse the rule. In
    `date` and `modified` this is expected and does no harm.

    Bad::

        detection:
            selection:
                ReleaseDate: 2024-05-01
            condition: selection

    Good::

        detection:
            selection:
                ReleaseDate: '2024-05-01'
            condition: selection
    """
    for item in rule.items:
        for path, text in item.texts:
            if text[:4].isdigit() and _TIMESTAMP.fullmatch(text) and rule.source(path) == text:
                edit = Edit(rule.span(path), f"'{text}'")
                message = f"{text} is a date to most YAML readers, not a text"
                yield Hit(message, path, hint="quote it", edits=(edit,))


@rule_check("JS105", "logsource-key", Severity.WARNING)
def logsource_key(rule: RuleView) -> Iterator[Hit]:
    """A key of the log source that Sigma does not know.

    It narrows nothing down: the rule runs on every log that the other keys allow.

    Bad::

        logsource:
            product: windows
            categorie: process_creation

    Good::

        logsource:
            product: windows
            category: process_creation
    """
    yield from _strangers(rule, ("logsource",), rule.document.get("logsource"), LOGSOURCE_KEYS)


@rule_check("JS106", "correlation-key", Severity.WARNING)
def correlation_key(rule: RuleView) -> Iterator[Hit]:
    """A key of a correlation that Sigma does not know.

    Bad::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            groupby:
                - User
            timespan: 5m
            condition:
                gte: 10

    Good::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
    """
    section = rule.document.get("correlation")
    yield from _strangers(rule, ("correlation",), section, CORRELATION_KEYS)


@rule_check("JS107", "related-key", Severity.WARNING)
def related_key(rule: RuleView) -> Iterator[Hit]:
    """A key of a related rule that Sigma does not know.

    Bad::

        related:
            - id: 0a6b5a2a-58f0-4f5b-9f0e-7b6f4f9d1c10
              type: similar
              titel: The other rule

    Good::

        related:
            - id: 0a6b5a2a-58f0-4f5b-9f0e-7b6f4f9d1c10
              type: similar
    """
    related = rule.document.get("related")
    for index, each in enumerate(related if isinstance(related, list) else ()):
        yield from _strangers(rule, ("related", index), each, RELATED_KEYS)


@rule_check("JS108", "not-a-text", Severity.WARNING)
def not_a_text(rule: RuleView) -> Iterator[Hit]:
    """An entry of a list of texts that YAML makes something else of.

    A colon followed by a space makes a mapping, a bare number a number.

    Bad::

        falsepositives:
            - Administrators: they do this on purpose

    Good::

        falsepositives:
            - 'Administrators: they do this on purpose'
    """
    for key in _LISTS:
        listed = rule.document.get(key)
        for index, each in enumerate(listed if isinstance(listed, list) else ()):
            if not isinstance(each, str):
                kind = "mapping" if isinstance(each, Mapping) else type(each).__name__
                yield Hit(f"an entry of {key} is a {kind}", (key, index), hint="quote it")


@rule_check("JS109", "empty-key", Severity.WARNING)
def empty_key(rule: RuleView) -> Iterator[Hit]:
    """A key with nothing behind it.

    Bad::

        author:

    Good::

        author: Jane Doe
    """
    for key in METADATA:
        if key in rule.document and rule.document[key] in (None, "", []):
            hint = "fill it in, or remove the key"
            yield Hit(f"{key} is empty", (key,), key=True, hint=hint)


@rule_check("JS114", "implicit-null", Severity.WARNING)
def implicit_null(rule: RuleView) -> Iterator[Hit]:
    """A field without a value.

    Nothing behind the colon is null: the rule looks for events where the field is missing. When
    that is meant, write `null`, so that it does not look forgotten.

    Bad::

        detection:
            selection:
                EventID: 1
                ParentImage:
            condition: selection

    Good::

        detection:
            selection:
                EventID: 1
                ParentImage: null
            condition: selection
    """
    for item in rule.items:
        for path, value in item.values:
            if value is None and not rule.source(path):
                hint = "write null, or the value"
                yield Hit("the field has no value, which is null", path, key=True, hint=hint)


@rule_check("JS115", "odd-space", Severity.WARNING)
def odd_space(rule: RuleView) -> Iterator[Hit]:
    r"""A space in a value that is none of the keyboard's.

    Text that was copied from a web page often has no-break spaces in it; what programs log has not.

    Bad::

        detection:
            selection:
                CommandLine|contains: 'net\u00a0user'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains: 'net user'
            condition: selection
    """
    for item in rule.items:
        for path, text in item.texts:
            if text.isascii():
                continue
            found = _WIDE_SPACE.search(text)
            if found is not None and found.group() in rule.source(path):
                yield Hit(f"the value has a space U+{ord(found.group()):04X} in it", path)


@rule_check("JS118", "timeframe", Severity.WARNING)
def timeframe(rule: RuleView) -> Iterator[Hit]:
    """A `timeframe` in the detection, which correlations have replaced.

    It is read as a detection of that name, and limits nothing.

    Bad::

        detection:
            selection:
                EventID: 4625
            timeframe: 5m
            condition: selection

    Good::

        detection:
            selection:
                EventID: 4625
            condition: selection
    """
    if "timeframe" in rule.detections:
        hint = "write a correlation with a timespan that refers to this rule"
        path = (rule.section, "timeframe")
        yield Hit("timeframe has no effect", path, key=True, hint=hint)
