"""Values and modifiers that do not do what they look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from jumpsigma.checks.edits import entry_removed
from jumpsigma.checks.model import Edit, Hit, rule_check
from jumpsigma.checks.view import Item, RuleView
from jumpsigma.diagnostics import Severity
from jumpsigma.pack.positions import KeyPath

_PARTS: Final = ("contains", "startswith", "endswith")
_SHORTEST: Final = 3
_PLAIN_REGEX: Final = re.compile(
    r"(\^|\.\*)?((?:[A-Za-z0-9 _/:=@,;<>\"'&%#!~`-]|\\[^A-Za-z0-9])+)(\$|\.\*)?"
)
_DOT_OR_GROUP: Final = re.compile(
    r"(?:(?<!\\)[A-Za-z0-9)])\.(exe|dll|ps1|bat|cmd|vbs|sys|com|org|hta)(?![A-Za-z0-9.*+?{\[])",
    re.IGNORECASE,
)
_EVERYTHING: Final = ("", ".*", "^.*$", "^.*", ".*$", ".+", "^.+$")
_PATH_STAR: Final = re.compile(r"[\\:%][^\\*?\s]+\\[*?]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DASH: Final = re.compile("(?:^|[^A-Za-z0-9_])[-/\u2013\u2014\u2015][A-Za-z0-9_]")


def _is_plain(item: Item) -> bool:
    """Whether the values are text with wildcards: neither expressions nor encoded."""
    return not {"re", "cidr", "fieldref", "exists", "base64", "base64offset"} & set(item.modifiers)


@rule_check("JS155", "duplicate-value", Severity.WARNING)
def duplicate_value(rule: RuleView) -> Iterator[Hit]:
    """A value stands twice in a list.

    Text is compared without regard to case, so `NET` and `net` are one value, unless the field is
    `cased` or a regular expression. Perhaps the second was to be another one.

    Bad::

        detection:
            selection:
                EventID:
                    - 4624
                    - 4625
                    - 4624
            condition: selection

    Good::

        detection:
            selection:
                EventID:
                    - 4624
                    - 4625
            condition: selection
    """
    for item in rule.items:
        if len(item.values) < 2:
            continue
        exact = bool({"cased", "re", "base64", "base64offset"} & set(item.modifiers))
        seen: set[str] = set()
        for path, value in item.values:
            text = str(value) if exact or not isinstance(value, str) else value.lower()
            if text in seen:
                edits = entry_removed(rule, path)
                yield Hit(f"{value!r} stands in the list already", path, edits=edits)
            seen.add(text)


@rule_check("JS157", "short-contains", Severity.INFO)
def short_contains(rule: RuleView) -> Iterator[Hit]:
    """A `contains` of letters or digits shorter than three characters.

    So short a text is in nearly everything, and no index finds it. A list under `all` is let pass
    when one of its values is longer.

    Bad::

        detection:
            selection:
                CommandLine|contains: 'rm'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains: ' rm -rf '
            condition: selection
    """
    for item in rule.items:
        if "contains" not in item.modifiers or not _is_plain(item):
            continue
        texts = [(path, text) for path, text in item.texts if text.strip("*")]
        if "all" in item.modifiers and any(len(text) >= _SHORTEST for _, text in texts):
            continue
        for path, text in texts:
            bare = text.strip("*")
            if len(bare) < _SHORTEST and bare.isalnum() and bare.isascii():
                yield Hit(f"{bare!r} is in nearly every text", path)


@rule_check("JS158", "plain-regex", Severity.INFO)
def plain_regex(rule: RuleView) -> Iterator[Hit]:
    r"""A regular expression that is only text.

    A plain value says the same, is read at a glance, and every SIEM can search for it. A regular
    expression regards case; add `cased` where that matters. A list is let pass when one of its
    expressions is more than text.

    Bad::

        detection:
            selection:
                Image|re: '.*/usr/bin/curl$'
            condition: selection

    Good::

        detection:
            selection:
                Image|endswith: '/usr/bin/curl'
            condition: selection
    """
    for item in rule.items:
        if "re" not in item.modifiers:
            continue
        found = [_PLAIN_REGEX.fullmatch(text) for _, text in item.texts]
        hows = {_how(each[1], each[3]) for each in found if each is not None}
        if None not in found and len(hows) == 1:
            hint = f"use {hows.pop()}"
            yield Hit("the expression is only text", item.values[0][0], hint=hint)


def _how(start: str | None, end: str | None) -> str:
    match (start, end):
        case ("^", "$"):
            return "a plain value"
        case ("^", _):
            return "startswith"
        case (_, "$"):
            return "endswith"
        case _:
            return "contains"


def _expressions(rule: RuleView) -> Iterator[tuple[KeyPath, str, Item]]:
    """The regular expressions of a rule."""
    for item in rule.items:
        if "re" in item.modifiers:
            for path, text in item.texts:
                yield path, text, item


@rule_check("JS159", "idle-regex-end", Severity.INFO)
def idle_regex_end(rule: RuleView) -> Iterator[Hit]:
    r"""A regular expression that begins or ends with `.*`.

    An expression matches anywhere in a text, so that both change nothing but the time it takes.

    Bad::

        detection:
            selection:
                CommandLine|re: '.*wget\s+http.*'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|re: 'wget\s+http'
            condition: selection
    """
    for path, text, _ in _expressions(rule):
        if _PLAIN_REGEX.fullmatch(text) is None and (
            text.startswith((".*", "^.*")) or re.search(r"(?<!\\)\.\*\$?$", text)
        ):
            yield Hit("'.*' at an end of the expression has no effect", path, hint="remove it")


@rule_check("JS160", "unescaped-dot", Severity.WARNING)
def unescaped_dot(rule: RuleView) -> Iterator[Hit]:
    r"""A dot before a file or domain suffix in a regular expression that is not escaped.

    It stands for any character.

    Bad::

        detection:
            selection:
                CommandLine|re: '\s(cmd|net).exe\s'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|re: '\s(cmd|net)\.exe\s'
            condition: selection
    """
    for path, text, _ in _expressions(rule):
        for found in _DOT_OR_GROUP.finditer(text):
            hint = f"write \\.{found[1]}"
            yield Hit(f"the dot before {found[1]} stands for any character", path, hint=hint)
            break


@rule_check("JS161", "idle-wildcard", Severity.WARNING)
def idle_wildcard(rule: RuleView) -> Iterator[Hit]:
    """A wildcard where the modifier puts one anyway.

    Bad::

        detection:
            selection:
                CommandLine|contains: '*whoami*'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains: 'whoami'
            condition: selection
    """
    for item in rule.items:
        if not _is_plain(item):
            continue
        for path, text in item.texts:
            starts = text.startswith("*") and {"contains", "endswith"} & set(item.modifiers)
            ends = _ends_with_star(text) and {"contains", "startswith"} & set(item.modifiers)
            if (starts or ends) and text.strip("*"):
                modifier = next(each for each in item.modifiers if each in _PARTS)
                yield Hit(f"{modifier} puts a wildcard there anyway", path, hint="remove the *")


def _ends_with_star(text: str) -> bool:
    bare = text.removesuffix("*")
    return bare != text and (len(bare) - len(bare.rstrip("\\"))) % 2 == 0


@rule_check("JS162", "matches-everything", Severity.WARNING)
def matches_everything(rule: RuleView) -> Iterator[Hit]:
    """A value that every text satisfies.

    The field only has to be there; `exists` says that, and a value was perhaps forgotten.

    Bad::

        detection:
            selection:
                EventID: 1
                CommandLine|contains: ''
            condition: selection

    Good::

        detection:
            selection:
                EventID: 1
                CommandLine|exists: true
            condition: selection
    """
    for item in rule.items:
        for path, text in item.texts:
            parts = set(item.modifiers) & set(_PARTS)
            if (parts and not text.strip("*")) or ("re" in item.modifiers and text in _EVERYTHING):
                yield Hit("every text satisfies this", path, hint="write the value, or use exists")


@rule_check("JS163", "escaped-wildcard", Severity.WARNING)
def escaped_wildcard(rule: RuleView) -> Iterator[Hit]:
    r"""A backslash of a path takes the meaning from the wildcard behind it.

    `\*` is an asterisk, not "a backslash and anything". Write `\\*` for that.

    Bad::

        detection:
            selection:
                Image: 'C:\Users\*\AppData\evil.exe'
            condition: selection

    Good::

        detection:
            selection:
                Image: 'C:\Users\\*\AppData\evil.exe'
            condition: selection
    """
    for item in rule.items:
        if not _is_plain(item):
            continue
        for path, text in item.texts:
            found = _PATH_STAR.search(text)
            if found is not None:
                wildcard = text[found.end() - 1]
                hint = f"write \\\\{wildcard} for a backslash and a wildcard"
                yield Hit(f"\\{wildcard} is the character itself, no wildcard", path, hint=hint)


@rule_check("JS164", "double-wildcard", Severity.WARNING)
def double_wildcard(rule: RuleView) -> Iterator[Hit]:
    """Two wildcards in a row, which are one.

    Bad::

        detection:
            selection:
                CommandLine: 'net**user'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine: 'net*user'
            condition: selection
    """
    for item in rule.items:
        for path, text in item.texts if _is_plain(item) else ():
            if "**" in text and "\\" not in text and text.strip("*"):
                yield Hit("two wildcards in a row are one", path)


@rule_check("JS165", "wildcard-for-modifier", Severity.INFO)
def wildcard_for_modifier(rule: RuleView) -> Iterator[Hit]:
    """A wildcard at an end of a value, where a modifier is Sigma's way.

    Bad::

        detection:
            selection:
                CommandLine: '*whoami*'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains: 'whoami'
            condition: selection
    """
    for item in rule.items:
        if item.field is None or set(item.modifiers) & {*_PARTS, "expand"} or not _is_plain(item):
            continue
        texts = item.texts
        hows = {_modifier_for(text) for _, text in texts}
        if len(texts) == len(item.values) and len(hows) == 1 and (how := hows.pop()):
            yield Hit(f"{item.field}|{how} says the same", texts[0][0])


def _modifier_for(text: str) -> str | None:
    """The modifier that says the same as the wildcards of a value; None where there is none."""
    bare = text.strip("*")
    if not bare or "*" in bare or "?" in bare or bare.endswith("\\"):
        return None
    match (text.startswith("*"), text.endswith("*")):
        case (True, True):
            return "contains"
        case (True, False):
            return "endswith"
        case (False, True):
            return "startswith"
        case _:
            return None


@rule_check("JS166", "control-character", Severity.WARNING)
def control_character(rule: RuleView) -> Iterator[Hit]:
    r"""A control character in a value.

    In double quotes YAML reads `\t` as a tab and `\b` as a backspace, which befalls paths. Write
    them in single quotes.

    Bad::

        detection:
            selection:
                Image: "C:\temp\\evil.exe"
            condition: selection

    Good::

        detection:
            selection:
                Image: 'C:\temp\evil.exe'
            condition: selection
    """
    for item in rule.items:
        for path, text in item.texts if "re" not in item.modifiers else ():
            found = _CONTROL.search(text)
            if found is not None and text.strip():
                hint = "use single quotes, in which a backslash is a backslash"
                yield Hit(f"the value holds U+{ord(found.group()):04X}", path, hint=hint)


@rule_check("JS167", "all-of-equal", Severity.WARNING)
def all_of_equal(rule: RuleView) -> Iterator[Hit]:
    """`all` on values that a field can only be equal to.

    A field that has one value cannot equal two. Only lists can hold all of them.

    Bad::

        detection:
            selection:
                EventID|all:
                    - 4624
                    - 4625
            condition: selection

    Good::

        detection:
            selection:
                EventID:
                    - 4624
                    - 4625
            condition: selection
    """
    for item in rule.items:
        if item.field is None or item.modifiers != ("all",):
            continue
        fixed = [value for _, value in item.values if not _has_wildcard(value)]
        if len({str(value).lower() for value in fixed}) > 1:
            hint = "add contains, or remove all"
            yield Hit(f"{item.field} cannot equal all of these", item.path, key=True, hint=hint)


def _has_wildcard(value: Any) -> bool:
    return isinstance(value, str) and ("*" in value or "?" in value or "%" in value)


@rule_check("JS168", "null-in-list", Severity.WARNING)
def null_in_list(rule: RuleView) -> Iterator[Hit]:
    """Null among other values of a list.

    The specification forbids it, and converters make of it what they like: use two selections.

    Bad::

        detection:
            selection:
                EventID: 1
                ParentImage:
                    - null
                    - ''
            condition: selection

    Good::

        detection:
            selection:
                EventID: 1
            parent_missing:
                ParentImage: null
            parent_empty:
                ParentImage: ''
            condition: selection and 1 of parent_*
    """
    for item in rule.items:
        if len(item.values) > 1 and item.field is not None:
            for path, value in item.values:
                if value is None:
                    yield Hit("null stands among other values", path, hint="give it a selection")


@rule_check("JS171", "all-of-one", Severity.INFO)
def all_of_one(rule: RuleView) -> Iterator[Hit]:
    """`all` on a single value.

    Bad::

        detection:
            selection:
                CommandLine|contains|all: 'whoami'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains: 'whoami'
            condition: selection
    """
    for item in rule.items:
        if "all" not in item.modifiers or len(item.values) > 1 or "expand" in item.modifiers:
            continue
        edits: tuple[Edit, ...] = ()
        span = rule.span(item.path, key=True)
        written = rule.file.slice(span)
        if item.key is not None and written.strip("'\"") == item.key:
            edits = (Edit(span, written.replace("|all", "", 1)),)
        yield Hit("'all' of a single value has no effect", item.path, key=True, edits=edits)


@rule_check("JS177", "unanchored-base64", Severity.WARNING)
def unanchored_base64(rule: RuleView) -> Iterator[Hit]:
    """`base64offset` without `contains`.

    It finds a text inside of something encoded; without `contains` the field must be nothing but
    that piece.

    Bad::

        detection:
            selection:
                CommandLine|base64offset: 'http://'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|base64offset|contains: 'http://'
            condition: selection
    """
    for item in rule.items:
        if "base64offset" in item.modifiers and "contains" not in item.modifiers:
            hint = "add contains behind base64offset"
            yield Hit("the field must equal a piece of base64", item.path, key=True, hint=hint)


@rule_check("JS178", "idle-windash", Severity.INFO)
def idle_windash(rule: RuleView) -> Iterator[Hit]:
    """`windash` on values without a dash.

    Bad::

        detection:
            selection:
                CommandLine|contains|windash: 'whoami'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains|windash: ' -whoami'
            condition: selection
    """
    for item in rule.items:
        if "windash" in item.modifiers and not any(_DASH.search(text) for _, text in item.texts):
            yield Hit("no value has a dash for windash", item.path, key=True, hint="remove it")
