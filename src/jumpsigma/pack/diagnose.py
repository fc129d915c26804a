"""Which key is to blame: a refused document is given to pySigma again, one key at a time.

pySigma's errors have no position, and it stops at a section's first. Asking it about each key on
its own gives every error the place of its key, on both majors, with no table of messages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from sigma.exceptions import SigmaError, SigmaModifierError, SigmaRegularExpressionError
from sigma.rule import SigmaDetectionItem, SigmaLogSource, SigmaRule
from sigma.rule.attributes import SigmaLevel, SigmaStatus

from jumpsigma.pack.conditions import condition_problems
from jumpsigma.pack.detections import (
    Item,
    Problem,
    definitions,
    item_problems,
    items,
    modifier_hint,
    stock_key,
    structure_problems,
    synonym_problems,
)
from jumpsigma.pack.positions import KeyPath

_ATTRIBUTES: Final = (
    "title", "id", "name", "taxonomy", "related", "status", "description", "license",
    "references", "tags", "author", "date", "modified", "fields", "falsepositives", "level",
    "scope",
)  # fmt: skip
_CHOICES: Final = {
    "level": [level.name.lower() for level in SigmaLevel],
    "status": [status.name.lower() for status in SigmaStatus],
}


def attempt(build: Callable[[], Any]) -> list[tuple[Exception, str]]:
    """Run pySigma on something; the errors with their messages, empty when it is content.

    pySigma answers some wrong types with an ``AttributeError`` or the like instead of its own
    error, so every exception of the call counts as a refusal.
    """
    try:
        result = build()
    except SigmaError as error:
        return [(error, message_of(error))]
    except Exception as error:  # noqa: BLE001
        return [(error, "the value has a type that Sigma does not allow here")]
    errors = result if isinstance(result, list) else getattr(result, "errors", ())
    return [(error, message_of(error)) for error in errors]


def message_of(error: Exception) -> str:
    """The message of pySigma without the " in <path>" that its ``str`` appends."""
    return str(error.args[0]) if error.args else type(error).__name__


def attribute_problems(document: Mapping[Any, Any]) -> Iterator[Problem]:
    """What is wrong with the keys that all Sigma documents have in common."""
    if document.get("title") is None:
        yield Problem("JS010", "the rule has no title", ("title",))
    for key in _ATTRIBUTES:
        value = document.get(key)
        if value is None:
            continue
        if key in ("tags", "related") and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _attribute(key, [item], (key, index))
        else:
            yield from _attribute(key, value, (key,))


def _attribute(key: str, value: Any, path: KeyPath) -> Iterator[Problem]:
    for _, message in attempt(
        lambda: SigmaRule.from_dict_common_params({"title": "-", key: value}, collect_errors=True)[
            1
        ]
    ):
        yield Problem("JS010", message, path, at_key=False, hint=_choice(key, value))


def _choice(key: str, value: Any) -> str | None:
    choices = _CHOICES.get(key)
    return None if choices is None else nearest(str(value), choices)


def nearest(value: str, choices: Sequence[str]) -> str:
    """The hint for a value that is none of the choices."""
    near = get_close_matches(value.lower(), choices, n=1)
    return f"did you mean {near[0]!r}?" if near else "one of: " + ", ".join(choices)


def logsource_problems(document: Mapping[Any, Any]) -> Iterator[Problem]:
    """What is wrong with ``logsource``."""
    logsource = document.get("logsource")
    if "logsource" not in document:
        yield Problem("JS010", "the rule has no log source", ("logsource",))
    elif not isinstance(logsource, Mapping):
        yield Problem("JS010", "the log source must be a mapping", ("logsource",))
    elif all(logsource.get(key) is None for key in ("category", "product", "service")):
        yield Problem(
            "JS010",
            "the log source states neither category, product nor service",
            ("logsource",),
        )
    else:
        for key in ("category", "product", "service", "definition"):
            if logsource.get(key) is None:
                continue
            part = {"category": "-", key: logsource[key]}
            for _, message in attempt(partial(SigmaLogSource.from_dict, part)):
                yield Problem("JS010", message, ("logsource", key), at_key=False)


def section_problems(
    section: Any, name: str, reserved: Collection[str], *, build: bool
) -> Iterator[Problem]:
    """What is wrong with a ``detection`` or ``filter`` section, item by item.

    With ``build=False`` only what can be told without building pySigma objects: that is what
    every document goes through, the rest only those that pySigma refuses.
    """
    if not isinstance(section, Mapping):
        yield Problem("JS010", f"the {name} must be a mapping", (name,))
        return
    names = [detection for detection in section if detection not in reserved]
    if not names:
        yield Problem("JS010", f"the {name} defines no detection", (name,))
    for detection, definition in definitions(section, *reserved):
        path = (name, detection)
        if not isinstance(detection, str):
            yield Problem(
                "JS010",
                f"the detection's name {detection!r} is not a string",
                path,
                hint="quote it: YAML 1.1 reads words such as yes, no, on and off as booleans",
            )
        yield from structure_problems(definition, path)
        yield from synonym_problems(definition, path)
        for item in items(definition, path):
            found = list(item_problems(item))
            if build and not found:
                found = list(_built(item))
            yield from found
    if "condition" not in section:
        yield Problem("JS012", f"the {name} has no condition", (name, "condition"))
    else:
        known = [detection for detection in names if isinstance(detection, str)]
        yield from condition_problems(section["condition"], (name, "condition"), known)


def _built(item: Item) -> Iterator[Problem]:
    for error, message in attempt(
        lambda: SigmaDetectionItem.from_mapping(stock_key(item.key), item.value)
    ):
        if isinstance(error, SigmaModifierError) and message.startswith("Unknown modifier"):
            yield Problem("JS011", message, item.path, hint=modifier_hint(item.key))
        elif isinstance(error, SigmaRegularExpressionError):
            # RE2 has accepted it already, so this is Python's engine, which 1.5.1 uses.
            yield Problem("JS034", message, item.path, hint="install pySigma 2")
        else:
            yield Problem("JS010", message, item.path)
