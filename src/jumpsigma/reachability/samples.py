"""Texts that regular expressions find, made from their parse trees."""

from __future__ import annotations

import importlib
import random
import re
import warnings
from collections.abc import Iterator
from typing import Any, Final

from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.ir.nodes import Regex
from jumpsigma.ir.regex import compiled, source_of

# The one parser of regular expressions in the standard library; it has no public name. It is given
# what the matcher gives `re` in the place of RE2, and each sample is tried with RE2.
_PARSER: Any = importlib.import_module("re._parser")
_MORE: Final = 3
_ALPHABET: Final = [*map(chr, range(0x20, 0x7F)), "\t", "\n", "é"]
_CLASSES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def regex_samples(value: Regex, rng: random.Random, tries: int) -> Iterator[str]:
    """Texts that the expression finds; none where no try makes one."""
    expression = compiled(value)
    try:
        source = translate(source_of(value))
    except CannotTranslateError:
        return
    for text in _samples(source, rng, tries):
        if expression.search(text):
            yield text


def pattern_samples(pattern: re.Pattern[str], rng: random.Random, tries: int) -> Iterator[str]:
    """Texts that the whole of a pattern fits."""
    for text in _samples(pattern.pattern, rng, tries):
        if pattern.fullmatch(text):
            yield text


def _samples(source: str, rng: random.Random, tries: int) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _PARSER.parse(source, re.ASCII)
    except (re.error, RecursionError, OverflowError):
        return
    for attempt in range(tries):
        try:
            yield _write(tree, rng, generous=attempt > 0)
        except (IndexError, NotImplementedError):
            continue  # a class that nothing of the alphabet is in, or something of Python alone


def _write(tree: Any, rng: random.Random, *, generous: bool) -> str:
    return "".join(_write_one(str(op), argument, rng, generous=generous) for op, argument in tree)


def _write_one(op: str, argument: Any, rng: random.Random, *, generous: bool) -> str:
    match op:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return rng.choice([char for char in _ALPHABET if char != chr(argument)])
        case "ANY":
            return rng.choice("aB7-")
        case "IN":
            return _one_of(argument, rng)
        case "BRANCH":
            return _write(rng.choice(argument[1]), rng, generous=generous)
        case "SUBPATTERN":
            return _write(argument[3], rng, generous=generous)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, tree = argument
            most = min(int(most), least + _MORE) if generous else least
            count = rng.randint(least, max(least, most))
            return "".join(_write(tree, rng, generous=generous) for _ in range(count))
        case "AT":
            return ""
        case _:
            raise NotImplementedError(op)


def _one_of(members: Any, rng: random.Random) -> str:
    negated = str(members[0][0]) == "NEGATE"
    listed = members[1:] if negated else members
    inside = [c for c in _ALPHABET if any(_belongs(c, str(op), arg) for op, arg in listed)]
    if negated:
        return rng.choice([char for char in _ALPHABET if char not in inside])
    return rng.choice(inside or [chr(arg) for op, arg in listed if str(op) == "LITERAL"])


def _belongs(character: str, op: str, argument: Any) -> bool:
    match op:
        case "LITERAL":
            return character == chr(argument)
        case "RANGE":
            return bool(argument[0] <= ord(character) <= argument[1])
        case _:
            return re.fullmatch(_CLASSES[str(argument)], character, re.ASCII) is not None
