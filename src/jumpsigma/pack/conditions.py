"""Conditions read at load time, so that a wrong one is reported at its own line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NamedTuple

from jumpsigma.pack.detections import Problem
from jumpsigma.pack.positions import KeyPath

_MAX_DEPTH: Final = 32
_NEGATIONS: Final = re.compile(rf"(?:\bnot[\s(]+){{{_MAX_DEPTH + 1}}}")
_WORD: Final = re.compile(r"[A-Za-z0-9_\-]+")
_SELECTOR: Final = re.compile(r"(?<![A-Za-z0-9_$\-])(1|any|all)\s+of\s+([A-Za-z0-9*_]+)")
_OPERATORS: Final = frozenset({"not", "and", "or"})


class Reading(NamedTuple):
    """What a condition names: detections, and (quantifier, pattern) of selectors."""

    names: tuple[str, ...] = ()
    selectors: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    hint: str | None = None


def condition_problems(
    condition: Any, path: KeyPath, detections: Collection[str]
) -> Iterator[Problem]:
    """What is wrong with the value of a ``condition`` key: one string, or a list of them."""
    conditions = condition if isinstance(condition, list) else [condition]
    if not conditions:
        yield Problem("JS012", "the rule has no condition", path)
    for index, text in enumerate(conditions):
        place = (*path, index) if isinstance(condition, list) else path
        yield from _text_problems(text, place, detections)


def _text_problems(text: Any, path: KeyPath, detections: Collection[str]) -> Iterator[Problem]:
    if not isinstance(text, str):
        yield Problem("JS012", "the condition must be a string", path, at_key=False)
        return
    reading = read_condition(text)
    if reading.error is not None:
        yield Problem("JS012", reading.error, path, at_key=False, hint=reading.hint)
        return
    if (word := _misread(text, reading)) is not None:
        yield Problem(
            "JS034",
            f"the installed pySigma takes {word!r} in the condition apart",
            path,
            at_key=False,
            hint="rename the detection, or install pySigma 2",
        )
        return
    for name in dict.fromkeys(reading.names):
        if name not in detections:
            yield Problem(
                "JS012",
                f"the condition names the detection {name!r}, which is not defined",
                path,
                at_key=False,
                hint=_nearest(name, detections),
            )
    for quantifier, pattern in dict.fromkeys(reading.selectors):
        if not selected(pattern, detections):
            yield Problem(
                "JS035",
                f"'{quantifier} of {pattern}' matches no detection",
                path,
                at_key=False,
                hint=_nearest(pattern.replace("*", ""), detections),
            )


def selected(pattern: str, detections: Collection[str]) -> list[str]:
    """The detections that a selector's pattern stands for (pySigma: ``ConditionSelector``).

    Names that start with an underscore are only selected by a pattern that does so too.
    """
    wanted = re.compile(".*" if pattern == "them" else pattern.replace("*", ".*"))
    return [
        name
        for name in detections
        if wanted.fullmatch(name) and (pattern.startswith("_") or not name.startswith("_"))
    ]


@lru_cache(maxsize=4096)
def read_condition(text: str) -> Reading:
    """Parse a condition with pySigma and say what it names. Never raises."""
    from sigma.conditions import SigmaCondition
    from sigma.exceptions import SigmaError

    if _depth(text) > _MAX_DEPTH or _NEGATIONS.search(text):
        return Reading(error=f"the condition nests deeper than {_MAX_DEPTH} levels")
    if "|" in text:
        return Reading(
            error="the condition holds a pipe, which Sigma has replaced by correlations",
            hint="write a correlation rule that refers to this one",
        )
    try:
        tree = SigmaCondition(text, None).parse(postprocess=False)  # type: ignore[arg-type]
    except SigmaError as error:
        return Reading(error=_parse_error(text, str(error)))
    names: list[str] = []
    selectors: list[tuple[str, str]] = []
    _collect(tree, names, selectors)
    return Reading(tuple(names), tuple(selectors))


def _collect(node: Any, names: list[str], selectors: list[tuple[str, str]]) -> None:
    from sigma.conditions import ConditionIdentifier, ConditionSelector

    if isinstance(node, ConditionIdentifier):
        names.append(node.identifier)
    elif isinstance(node, ConditionSelector):
        selectors.append((node.args[0], node.pattern))
    else:
        for child in node.args:
            _collect(child, names, selectors)


def _misread(text: str, reading: Reading) -> str | None:
    """A word that pySigma 1.5.1 split into an operator and a rest: ``notsel`` into ``not sel``."""
    bare = _SELECTOR.sub(" ", text)
    words = [word for word in _WORD.findall(bare) if word not in _OPERATORS]
    if sorted(words) == sorted(reading.names):
        return None
    odd = [word for word in words if word not in reading.names]
    return odd[0] if odd else text


def _depth(text: str) -> int:
    deepest = depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    return deepest


def _parse_error(text: str, reason: str) -> str:
    """The parser's message in words for people: what stands where it stopped."""
    if not text.strip():
        return "the condition is empty"
    found = re.search(r"\(at char (\d+)\)", reason)
    if found is None:
        return f"the condition cannot be parsed: {reason}"
    offset = int(found.group(1))
    rest = text[offset:].split()
    if not rest:
        return "the condition ends where more was expected"
    return f"the condition cannot be parsed at {rest[0]!r} (character {offset + 1})"


def _nearest(name: str, detections: Collection[str]) -> str | None:
    near = get_close_matches(name, detections, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"defined: {', '.join(detections)}" if detections else None
