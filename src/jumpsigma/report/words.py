"""What a rule says, in words, for people who do not read Sigma.

The words follow the rule as it is written, in the names that it uses: a mapping changes where
the values stand in an event, not what is asked of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from jumpsigma.pack import LoadedRule
from jumpsigma.report.visible import visible

_VERBS: Final = {
    "contains": "contains",
    "startswith": "begins with",
    "endswith": "ends with",
    "re": "matches the regular expression",
    "cidr": "is an address in",
    "fieldref": "is the same as the field",
    "lt": "is below",
    "lte": "is at most",
    "gt": "is above",
    "gte": "is at least",
}
_NOTES: Final = {
    "windash": "with any dash or a slash",
    "cased": "case counts",
    "i": "in any case",
    "ignorecase": "in any case",
    "m": "line by line",
    "multiline": "line by line",
    "base64": "in Base64",
    "base64offset": "in Base64, at any offset",
    "utf16": "in UTF-16",
    "utf16le": "in UTF-16",
    "utf16be": "in UTF-16, big-endian",
    "wide": "in UTF-16",
}
_TIME_PARTS: Final = ("minute", "hour", "day", "week", "month", "year")
_UNITS: Final = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "M": "month",
    "y": "year",
}
_OPERATORS: Final = {
    "gte": "at least",
    "gt": "more than",
    "lte": "at most",
    "lt": "fewer than",
    "eq": "exactly",
    "neq": "any number but",
}
_WORD: Final = re.compile(
    r"(?P<of>\b(?:1|any|all)\s+of\s+(?:them\b|[\w*?]+))|(?P<name>[\w*?-]+)|(?P<other>\s+|.)"
)


def code(text: str) -> str:
    """Text as a code span of Markdown, whatever it holds."""
    shown = visible(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    padding = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def prose(text: str) -> str:
    """Text of a rule as one paragraph of Markdown that shows it and nothing else."""
    return re.sub(r"([\\`*\[\]<>|~&])", r"\\\1", visible(" ".join(text.split())))


def logic_in_words(rule: LoadedRule, titles: Mapping[str, str]) -> str:
    """The logic of a rule or a correlation as Markdown.

    ``titles`` gives the titles of the rules that a correlation may refer to, by id and name.
    """
    if rule.kind == "correlation":
        return _correlation(rule.document["correlation"], titles)
    section = rule.document["detection"]
    conditions = section["condition"]
    listed = conditions if isinstance(conditions, list) else [conditions]
    wanted = " **or** ".join(_condition(str(each)) for each in listed)
    parts = [f"The rule fires on an event for which this holds: {wanted}."]
    for name, detection in section.items():
        if name != "condition":
            lines = "\n".join(f"- {line}" for line in _detection(detection))
            parts.append(f"{code(str(name))}, {_how_joined(detection)}:\n\n{lines}")
    return "\n\n".join(parts)


def _condition(text: str) -> str:
    """A condition with its operators in bold and its detections as code."""
    said = []
    for match in _WORD.finditer(text):
        if match["of"]:
            many, _, pattern = match["of"].split()
            which = "the detections" if pattern == "them" else code(pattern)
            said.append(f"{'**all** of' if many == 'all' else '**any** of'} {which}")
        elif match["name"] and match["name"].lower() in ("and", "or", "not"):
            said.append(f"**{match['name'].lower()}**")
        else:
            said.append(code(match["name"]) if match["name"] else match["other"])
    return re.sub(r"\s+", " ", "".join(said))


def _how_joined(detection: Any) -> str:
    if isinstance(detection, list):
        return "at least one of these" if len(detection) > 1 else "this"
    return "all of these" if isinstance(detection, Mapping) and len(detection) > 1 else "this"


def _detection(detection: Any) -> Iterator[str]:
    if isinstance(detection, Mapping):
        for key, value in detection.items():
            yield _item(str(key), value)
        return
    for each in detection if isinstance(detection, list) else [detection]:
        if isinstance(each, Mapping):
            yield ", and ".join(_item(str(key), value) for key, value in each.items())
        else:
            yield f"{code(_text(each))} stands anywhere in the event"


def _item(key: str, value: Any) -> str:
    field, *modifiers = key.split("|")
    subject = code(field) if field else "any value of the event"
    values = value if isinstance(value, list) else [value]
    if "exists" in modifiers:
        return f"{subject} {'is there' if values == [True] else 'is missing'}"
    if values == [None]:
        return f"{subject} is missing or null"
    part = next((each for each in _TIME_PARTS if each in modifiers), None)
    if part is not None:
        subject = f"the {part} of {subject}"
    verb = next((_VERBS[each] for each in modifiers if each in _VERBS), "is")
    verbs = [_VERBS[each] for each in modifiers if each in _VERBS]
    if "fieldref" in modifiers and len(verbs) > 1:
        verb = f"{next(each for each in verbs if each != _VERBS['fieldref'])} the field"
    if "neq" in modifiers:
        verb = "is not" if verb == "is" else f"not: {verb}"
    notes = list(dict.fromkeys(_NOTES[each] for each in modifiers if each in _NOTES))
    said = f"{subject} {verb} {_values(values, every='all' in modifiers)}"
    return f"{said} ({', '.join(notes)})" if notes else said


def _values(values: Sequence[Any], *, every: bool) -> str:
    shown = [code(_text(value)) for value in values]
    if len(shown) == 1:
        return shown[0]
    return f"{'all of' if every else 'one of'} {', '.join(shown)}"


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if value == "":
        return '""'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _correlation(section: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    kind = str(section["type"]).lower()
    condition = section.get("condition")
    named = section.get("rules") or []
    rules = [named] if isinstance(named, str) else list(named)
    shown = [_rule_title(str(each), titles) for each in rules]
    window = f"within {_timespan(str(section['timespan']))}"
    groups = _groups(section)
    if isinstance(condition, str):
        order = ", in the order in which they are named" if kind == "temporal_ordered" else ""
        matches = _rules_joined(condition, titles)
        return f"The rule fires when, {window}{order}, there are matches of {matches}. {groups}"
    if kind in ("temporal", "temporal_ordered"):
        order = "in this order" if kind == "temporal_ordered" else "in any order"
        lines = "\n".join(f"{number}. {each}" for number, each in enumerate(shown, start=1))
        return (
            f"The rule fires when each of these matches, {order}, {window}:\n\n{lines}\n\n{groups}"
        )
    what = _measured(kind, condition if isinstance(condition, Mapping) else {})
    events = " or ".join(shown)
    return f"The rule fires when, {window}, {what} of {events}. {groups}"


def _rules_joined(condition: str, titles: Mapping[str, str]) -> str:
    """A condition over rules, with the rules by their titles and the operators in bold."""
    said = []
    for word in re.findall(r"\w+|\s+|.", condition):
        if word in ("and", "or", "not"):
            said.append(f"**{word}**")
        else:
            said.append(_rule_title(word, titles) if re.match(r"\w", word) else word)
    return "".join(said)


def _measured(kind: str, condition: Mapping[str, Any]) -> str:
    operator = next((each for each in _OPERATORS if each in condition), "gte")
    amount = f"{_OPERATORS[operator]} {condition.get(operator, 1)}"
    field = condition.get("field", "")
    fields = ", ".join(code(str(each)) for each in (field if isinstance(field, list) else [field]))
    match kind:
        case "event_count":
            return f"there are {amount} matches"
        case "value_count":
            return f"there are {amount} different values of {fields} among the matches"
        case "value_percentile":
            which = f"the {condition.get('percentile', 50)}th percentile"
            return f"{which} of {fields} is {amount} among the matches"
        case _:
            name = {"value_sum": "sum", "value_avg": "average"}.get(kind, "median")
            return f"the {name} of {fields} is {amount} among the matches"


def _groups(section: Mapping[str, Any]) -> str:
    given = section.get("group-by") or []
    groups = [given] if isinstance(given, str) else list(given)
    if not groups:
        return "All events count together."
    aliases = section.get("aliases") or {}
    said = []
    for group in groups:
        fields = dict.fromkeys(map(str, (aliases.get(group) or {}).values()))
        shown = f" ({' or '.join(map(code, fields))})" if fields else ""
        said.append(f"{code(str(group))}{shown}")
    return f"Events count together when they have the same {' and '.join(said)}."


def _rule_title(reference: str, titles: Mapping[str, str]) -> str:
    return f"“{prose(titles.get(reference, reference))}”"


def _timespan(text: str) -> str:
    found = re.fullmatch(r"([0-9]+)([smhdwMy])", text)
    if found is None:
        return text
    number, unit = int(found[1]), _UNITS[found[2]]
    return f"{number} {unit}{'' if number == 1 else 's'}"
