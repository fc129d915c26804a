"""From an event and the rules that it satisfies to what correlations remember of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from operator import attrgetter
from typing import Any

import orjson

from jumpsigma.ir.correlations import CorrelationIR, Reference
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher.correlate.rows import Entry, Match, union
from jumpsigma.matcher.correlate.times import time_of
from jumpsigma.matcher.findings import id_of
from jumpsigma.matcher.runtime import number_of, text_of, values

#: An event in more groups of one correlation than this is in none (S805).
MAX_GROUPS = 1000
#: The types that measure the values of a field.
COUNTED = {"value_count"}
NUMERIC = {"value_sum", "value_avg", "value_median", "value_percentile"}

Path = tuple[str, ...]


class CrowdedError(Exception):
    """An event would be in too many groups (S805)."""


@dataclass(frozen=True, slots=True)
class Use:
    """One place of a rule in a correlation: its slot, and where its events have the fields."""

    correlation: int
    slot: int
    group_by: tuple[Path, ...]
    fields: tuple[Path, ...]
    kind: str


slot_of = attrgetter("slot")
_encode = json.JSONEncoder().encode


def uses_of(
    correlations: Sequence[CorrelationIR], rules: Iterable[RuleIR | CorrelationIR]
) -> dict[int, tuple[Use, ...]]:
    """Which correlations look at which of the rules, by the number of the rule."""
    numbers = {id(rule): number for number, rule in enumerate(rules)}
    found: dict[int, list[Use]] = {}
    for index, correlation in enumerate(correlations):
        for slot, reference in enumerate(correlation.references):
            number = numbers.get(id(reference.rule))
            if number is not None:
                found.setdefault(number, []).append(_use(index, slot, correlation, reference))
    return {number: tuple(sorted(uses, key=slot_of)) for number, uses in found.items()}


def _use(index: int, slot: int, correlation: CorrelationIR, reference: Reference) -> Use:
    paths = [
        tuple(tuple(name.split(".")) for name in names)
        for names in (reference.group_by, reference.fields)
    ]
    return Use(index, slot, paths[0], paths[1], correlation.type)


@dataclass(slots=True)
class LeftOut:
    """Events that satisfy a rule and take part in no correlation (S803, S805)."""

    without_time: int = 0
    too_many_groups: int = 0

    def add(self, other: LeftOut) -> None:
        """Add the counts of another part of the events."""
        self.without_time += other.without_time
        self.too_many_groups += other.too_many_groups

    def __bool__(self) -> bool:
        return bool(self.without_time or self.too_many_groups)


def match_of(
    used: Sequence[Use],
    event: dict[str, Any],
    left_out: LeftOut,
    *,
    raw: bytes,
    path: str | None,
    line: int,
) -> Match | None:
    """What correlations remember of an event that satisfies the rules of these uses.

    None when it takes part in none.
    """
    time = time_of(event)
    if time is None:
        left_out.without_time += 1
        return None
    entries = entries_of(used, event, left_out)
    if not entries:
        return None
    event_id = (id_of(event) or "").encode("utf-8", "surrogatepass")
    # The digest only tells events without an id apart, and the copies of one.
    digest = b"" if raw and event_id else digest_of(event)
    return Match(time, event_id, digest, encoded_path(path), line, raw, entries)


def entries_of(used: Sequence[Use], event: dict[str, Any], left_out: LeftOut) -> tuple[Entry, ...]:
    """The groups that an event is in, for each correlation, with its slots and values."""
    found: dict[tuple[int, str], Entry] = {}
    crowded: set[int] = set()
    # Correlations often have the fields of their groups in common.
    known_groups: dict[tuple[Path, ...], dict[str, str]] = {}
    for use in used:
        try:
            measured = measured_of(use, event)
            if measured is None:
                continue
            groups = known_groups.get(use.group_by)
            if groups is None:
                groups = known_groups[use.group_by] = groups_of(use.group_by, event)
        except CrowdedError:
            crowded.add(use.correlation)
            continue
        for group, spelled in groups.items():
            key = (use.correlation, group)
            known = found.get(key)
            if known is None:
                held = array_of(measured) if measured else ""
                found[key] = Entry(use.correlation, group, 1 << use.slot, held, spelled)
            else:
                found[key] = known._replace(
                    slots=known.slots | 1 << use.slot, values=joined(known.values, measured)
                )
    if not crowded:
        return tuple(found.values())
    left_out.too_many_groups += 1
    return tuple(entry for entry in found.values() if entry.correlation not in crowded)


def array_of(values: Iterable[Any]) -> str:
    """JSON of scalars as ``json.dumps`` writes their list, in a fifth of its time."""
    return f"[{', '.join(map(_encode, values))}]"


def joined(held: str, more: list[Any] | None) -> str:
    """The values of an event under one rule, and under another."""
    return json.dumps(union(json.loads(held), more or [])) if held else ""


def groups_of(paths: Sequence[Path], event: dict[str, Any]) -> dict[str, str]:
    """The groups of an event, each with its spelling (S804).

    Raises :class:`CrowdedError` for more than :data:`MAX_GROUPS`.
    """
    compared: list[str] = []
    spelled: list[Any] = []
    for path in paths:
        found = values(event, path)
        if len(found) != 1:
            return _combined(paths, event)
        key = key_of(found[0])
        if key is None:
            return {}
        compared.append(key)
        spelled.append(found[0])
    return _group(compared, spelled)


def _group(compared: list[str], spelled: list[Any]) -> dict[str, str]:
    group = array_of(compared)
    return {group: group if spelled == compared else array_of(spelled)}


def _combined(paths: Sequence[Path], event: dict[str, Any]) -> dict[str, str]:
    """The groups of an event with several values, or none, in a field."""
    choices: list[Sequence[tuple[str, Any]]] = []
    for path in paths:
        keys: dict[str, Any] = {}
        for value in values(event, path):
            key = key_of(value)
            if key is not None:
                keys.setdefault(key, value)
        choices.append(tuple(keys.items()))
    if math.prod(map(len, choices)) > MAX_GROUPS:
        raise CrowdedError
    found: dict[str, str] = {}
    for chosen in product(*choices):
        found.update(_group([key for key, _ in chosen], [value for _, value in chosen]))
    return found


def key_of(value: Any) -> str | None:
    """What a value compares by: equal values (S301, S306, S351, S352) have equal keys."""
    if type(value) is str:
        return value.lower()
    if type(value) is float and value.is_integer():
        return str(int(value))
    text = text_of(value)
    return text.lower() if text is not None else None


def measured_of(use: Use, event: dict[str, Any]) -> list[Any] | None:
    """The values of an event that are measured; None when it has none and so takes no part.

    Raises :class:`CrowdedError` for more combinations of values than groups are allowed.
    """
    if use.kind in NUMERIC:
        numbers = map(number_of, values(event, use.fields[0]))
        found = [number for number in numbers if number is not None and math.isfinite(number)]
        return found or None
    if use.kind in COUNTED:
        keys = [dict.fromkeys(map(key_of, values(event, path))) for path in use.fields]
        for each in keys:
            each.pop(None, None)
        if math.prod(map(len, keys)) > MAX_GROUPS:
            raise CrowdedError
        return list(map(array_of, product(*keys))) or None
    return []


def digest_of(event: dict[str, Any]) -> bytes:
    """A digest of what the event says, whatever the order of its keys (S806)."""
    try:
        text = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # what only Python's json reads, or a caller made (S101)
        text = json.dumps(event, sort_keys=True, default=repr).encode()
    return blake2b(text, digest_size=16).digest()


@lru_cache(maxsize=64)
def encoded_path(path: str | None) -> bytes:
    """A path as bytes, whatever a file system calls a file; one object for all its matches."""
    return (path or "").encode("utf-8", "surrogatepass")
