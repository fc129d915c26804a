"""Values for one field, from what the tests on it should say."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from ipaddress import ip_network
from itertools import product
from typing import Any

from reading import Lists
from samples import fragments, regex_samples

from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    FieldRef,
    Network,
    Number,
    Regex,
    Text,
    TimePart,
    Value,
)

#: Says that the field should not be there.
MISSING: Any = object()
_FILLERS = ("", " ", "x", " q7 ", "-Zk", "/w", "_unrelated_")
_PRESENT = ("unrelated-value", "", 0, 1, "zk q7", False)
_REGEX_TRIES = 12


def candidates(
    wanted: Sequence[Value], row: dict[str, Any], lists: Lists, rng: random.Random
) -> Iterator[Any]:
    """Values that may satisfy all of ``wanted`` at once, the plain ones first.

    The caller checks them, also against what must not be satisfied.
    """
    for value in wanted:
        match value:
            case Number(number):
                yield from (number, str(number))
            case Boolean(boolean):
                yield from (boolean, str(boolean).lower())
            case Compare(number=number):
                near = (number, number + 1, number - 1, number + 0.5, number - 0.5)
                yield from (*near, *map(str, near))
            case Network(cidr):
                network = ip_network(str(cidr))
                last = network.num_addresses - 1
                yield from (str(network[place]) for place in {0, min(1, last), last, last // 2})
            case FieldRef(other) if other in row:
                yield row[other]
            case _:
                pass
    yield from _times([value for value in wanted if isinstance(value, TimePart)])
    texts = [value for value in wanted if isinstance(value, Text)]
    regexes = [value for value in wanted if isinstance(value, Regex)]
    if texts or regexes:
        yield from _texts(texts, regexes, lists, rng)
    if not any(isinstance(value, Text | Regex | TimePart | Network) for value in wanted):
        yield from _PRESENT
        yield MISSING
        yield None


def _texts(
    texts: list[Text], regexes: list[Regex], lists: Lists, rng: random.Random
) -> Iterator[str]:
    samples = [list(regex_samples(regex, rng, _REGEX_TRIES)) for regex in regexes]
    if not all(samples):
        return
    for filler in _FILLERS:
        patterns = sorted((fragments(text, lists, rng) for text in texts), key=len)
        whole = [runs[0] for runs in patterns if len(runs) == 1]
        if whole:
            yield whole[0]
            return
        head = max((runs[0] for runs in patterns), key=len, default="")
        tail = max((runs[-1] for runs in patterns), key=len, default="")
        middles = [run for runs in patterns for run in runs[1:-1] if run]
        spare = [run for run in middles if not any(run in o and run != o for o in middles)]
        found = [rng.choice(each) for each in samples]
        for inner in (list(dict.fromkeys(spare)), middles, middles[::-1]):
            yield head + filler.join(["", *inner, *found, ""]) + tail
            if found:
                yield filler.join(["", *found, head]) + filler.join(["", *inner, ""]) + tail
                yield head + filler.join(["", *inner, ""]) + tail + filler.join(["", *found])
            if inner == middles == spare:
                break
        yield from (head, tail, *found)
        # Ends that share a piece: `\temp\` and `\temp\a.exe`.
        yield from (head[:cut] + tail for cut in range(len(head)) if tail.startswith(head[cut:]))


def _times(parts: list[TimePart]) -> Iterator[str]:
    if not parts:
        return
    choices: dict[str, list[int]] = {"month": [6, 1], "day": [14, 28], "hour": [13, 2]}
    for part in parts:
        number = int(part.number)
        choices[part.unit] = [number, number + 1, number - 1, *choices.get(part.unit, [])]
    for numbers in product(*choices.values()):
        chosen = dict(zip(choices, numbers, strict=True))
        year = chosen.get("year", 2024)
        try:
            day = date(year, chosen["month"], chosen["day"])
            if "week" in chosen:
                day = date.fromisocalendar(year, chosen["week"], 3)
            moment = datetime.combine(day, time(chosen["hour"], chosen.get("minute", 37), 5), UTC)
        except ValueError:
            continue
        yield moment.isoformat()
