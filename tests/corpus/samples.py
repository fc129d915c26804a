"""Texts that satisfy a pattern: of wildcards, and of regular expressions by their parse tree."""

from __future__ import annotations

import importlib
import random
import re
import warnings
from collections.abc import Iterator
from typing import Any

from reading import Lists, python_regex

from jumpsigma.ir.nodes import Placeholder, Regex, Text, Wildcard

# Python's own parser of regular expressions; typeshed does not know the module.
_PARSER: Any = importlib.import_module("re._parser")
_REPEATS_AT_MOST = 3
_ALPHABET = [*map(chr, range(0x20, 0x7F)), "\t", "\n", "\r", "é"]
_CLASSES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def fragments(text: Text, lists: Lists, rng: random.Random) -> list[str]:
    """The literal runs between the ``*`` of a pattern; the first and last are its two ends."""
    runs = [""]
    for part in text.parts:
        match part:
            case Wildcard.MANY:
                runs.append("")
            case Wildcard.ONE:
                runs[-1] += rng.choice("aZ5_")
            case Placeholder(name):
                runs[-1] += next(iter(lists.get(name, ())), "")
            case _:
                runs[-1] += part
    return runs


def regex_samples(value: Regex, rng: random.Random, count: int) -> Iterator[str]:
    """Texts that the expression finds; none where ``count`` tries make none."""
    pattern = python_regex(value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        tree = _PARSER.parse(pattern.pattern, pattern.flags)
    for attempt in range(count):
        text = _write(tree, rng, generous=attempt > 0)
        if pattern.search(text):
            yield text


def _write(tree: Any, rng: random.Random, *, generous: bool) -> str:
    return "".join(_write_one(str(op), argument, rng, generous=generous) for op, argument in tree)


def _write_one(op: str, argument: Any, rng: random.Random, *, generous: bool) -> str:
    match op:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return rng.choice([c for c in _ALPHABET if c != chr(argument)])
        case "ANY":
            return rng.choice("aB7 -")
        case "IN":
            return _one_of(argument, rng)
        case "BRANCH":
            return _write(rng.choice(argument[1]), rng, generous=generous)
        case "SUBPATTERN":
            return _write(argument[3], rng, generous=generous)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, tree = argument
            most = min(int(most), least + _REPEATS_AT_MOST) if generous else least
            return "".join(
                _write(tree, rng, generous=generous) for _ in range(rng.randint(least, most))
            )
        case "AT":
            return ""
        case _:
            raise AssertionError(f"no sample for {op}: RE2 has no such thing")


def _one_of(members: Any, rng: random.Random) -> str:
    negated = str(members[0][0]) == "NEGATE"
    members = members[1:] if negated else members
    inside = [c for c in _ALPHABET if any(_belongs(c, str(op), arg) for op, arg in members)]
    if negated:
        return rng.choice([c for c in _ALPHABET if c not in inside])
    outside_alphabet = [chr(arg) for op, arg in members if str(op) == "LITERAL"]
    return rng.choice(inside or outside_alphabet)


def _belongs(character: str, op: str, argument: Any) -> bool:
    match op:
        case "LITERAL":
            return character == chr(argument)
        case "RANGE":
            return bool(argument[0] <= ord(character) <= argument[1])
        case _:
            return re.fullmatch(_CLASSES[str(argument)], character, re.ASCII) is not None
