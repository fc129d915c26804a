"""Values for one field that may satisfy what a rule asks of it, the plain ones first."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import lru_cache
from ipaddress import ip_network
from itertools import chain, islice, product
from typing import Any, Final

from jumpsigma.intake.schema import Field
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Network,
    Number,
    Regex,
    Text,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.reachability.carried import Claim
from jumpsigma.reachability.samples import pattern_samples, regex_samples

_FILLERS: Final = ("", " ", "-", "x", "/")
_TRIES: Final = 12
#: Texts that are also tried in the other case.
_FIRST: Final = 16
#: Of one field, for one choice of what it has to satisfy.
MOST: Final = 4000


def candidates(
    wanted: Sequence[Value],
    claim: Claim,
    rng: random.Random,
    unwanted: Sequence[Value] = (),
) -> Iterator[Any]:
    """Values worth trying; who asks checks them.

    First those of the domain, because a witness should look like an event; then those that the
    wanted values spell, of the field's type and completed to its pattern, also in the other case;
    last those near what is unwanted.
    """
    yield from islice(_candidates(wanted, claim, rng), MOST)
    for value in unwanted:
        yield from _spelled(value)


def _candidates(wanted: Sequence[Value], claim: Claim, rng: random.Random) -> Iterator[Any]:
    known = claim.field
    yield from _usual(claim)
    for value in wanted:
        for each in _spelled(value):
            yield each
            if known is not None and known.type in ("integer", "number"):
                with suppress(TypeError, ValueError):
                    yield float(each) if known.type == "number" else int(each)
    yield from _times([value for value in wanted if isinstance(value, TimePart)])
    texts = [value for value in wanted if isinstance(value, Text)]
    regexes = [value for value in wanted if isinstance(value, Regex)]
    if texts or regexes:
        shapes = _shapes(known) if known is not None else ()
        found = _texts(texts, regexes, shapes, rng)
        first = list(islice(found, _FIRST))
        for text in chain(first, (each.swapcase() for each in first), found):
            yield text
            if known is not None and known.type in ("integer", "number"):
                with suppress(ValueError):
                    yield int(text)


def _usual(claim: Claim) -> Iterator[Any]:
    """Values that the field is known to have, or that fit its type."""
    known = claim.field
    if known is None:
        yield {} if claim.is_object else "value"
        return
    if known.type == "object":
        yield [] if known.is_list else {}
        return
    usual = [] if known.example is None else [known.example]
    usual += [each for each in known.domain.values if each != known.example]
    if known.type == "boolean":
        usual += [True, False]
    for each in usual:
        yield [each] if known.is_list else each
        if known.is_list:
            yield each
    if known.nullable or known.type == "any":
        yield None


def _spelled(value: Value) -> Iterator[Any]:
    match value:
        case Number(number):
            yield from (number, str(number))
        case Boolean(boolean):
            yield from (boolean, str(boolean).lower())
        case Compare(number=number):
            near = (number, number + 1, number - 1, number + 0.5, number - 0.5)
            yield from (*near, *map(str, near))
        case Network(str(cidr)):
            network = ip_network(cidr)
            last = network.num_addresses - 1
            yield from (str(network[place]) for place in sorted({min(1, last), 0, last // 2, last}))
        case Text() if value.literal is not None:
            yield value.literal
        case _:
            pass


@lru_cache(maxsize=4096)
def _shapes(known: Field) -> tuple[str, ...]:
    """Texts that the field's pattern accepts: what pieces of a rule are completed from."""
    if known.domain.pattern is None:
        return ()
    rng = random.Random(known.path)  # noqa: S311 - samples, no secrets
    samples = pattern_samples(known.domain.pattern, rng, _TRIES)
    return tuple(dict.fromkeys([str(known.example), *samples]))


def _texts(
    texts: list[Text], regexes: list[Regex], shapes: Sequence[str], rng: random.Random
) -> Iterator[str]:
    runs = [_runs(text, rng) for text in texts]
    whole = [each[0] for each in runs if len(each) == 1]
    if whole:
        yield from dict.fromkeys(whole)
        return
    head = max((each[0] for each in runs), key=len, default="")
    tail = max((each[-1] for each in runs), key=len, default="")
    inner = [run for each in runs for run in each[1:-1] if run]
    spare = [run for run in inner if not any(run in other and run != other for other in inner)]
    for found in _choices(regexes, rng):
        for filler in _FILLERS:
            for order in (list(dict.fromkeys(spare)), inner, inner[::-1]):
                core = filler.join([*order, *found])
                yield head + core + tail
                yield filler.join([head, core, tail]).strip()
                yield from (core + shape + tail for shape in ("x",) if not head)
        yield from (head, tail, *found)
        # Ends that share a piece: `\temp\` and `\temp\a.exe`.
        yield from (head[:cut] + tail for cut in range(len(head)) if tail.startswith(head[cut:]))
        core = "".join([*dict.fromkeys(spare), *found])
        for shape in shapes:
            cuts = range(len(shape) + 1)
            if not tail:
                yield from (head + core + shape[cut:] for cut in cuts)
            if not head:
                yield from (shape[:cut] + core + tail for cut in cuts)
            if not head and not tail:
                yield from (shape[:a] + core + shape[b:] for a in cuts for b in cuts if b >= a)
            if head and tail:
                yield from (head + shape[a:b] + tail for a in cuts for b in cuts if b > a)


def _choices(regexes: list[Regex], rng: random.Random) -> Iterator[list[str]]:
    if not regexes:
        yield []
        return
    samples = [list(regex_samples(regex, rng, _TRIES)) for regex in regexes]
    if all(samples):
        for place in range(_TRIES):
            yield list(dict.fromkeys(each[place % len(each)] for each in samples))


def _runs(text: Text, rng: random.Random) -> list[str]:
    """The literal runs between the ``*`` of a pattern; the first and the last are its ends."""
    runs = [""]
    for part in text.parts:
        if part is Wildcard.MANY:
            runs.append("")
        else:
            runs[-1] += rng.choice("a7.-") if part is Wildcard.ONE else str(part)
    return runs


def _times(parts: list[TimePart]) -> Iterator[str]:
    if not parts:
        return
    choices: dict[str, list[int]] = {"month": [6, 1], "day": [14, 28], "hour": [13, 2]}
    for part in parts:
        number = int(part.number)
        choices[part.unit] = [number, number + 1, number - 1, *choices.get(part.unit, [])]
    for numbers in product(*choices.values()):
        chosen = dict(zip(choices, numbers, strict=True))
        with suppress(ValueError):
            day = date(chosen.get("year", 2024), chosen["month"], chosen["day"])
            if "week" in chosen:
                day = date.fromisocalendar(day.year, chosen["week"], 3)
            moment = datetime.combine(day, time(chosen["hour"], chosen.get("minute", 37), 5), UTC)
            yield moment.strftime("%Y-%m-%dT%H:%M:%SZ")
