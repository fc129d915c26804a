"""The events that queries are run on, by what the events of a rule's mapping are called.

There are three kinds: of an invented company, with its attacks (``jumpsigma synth``); of every case
of every rule; and made for each rule by Hypothesis. Each has an id of its own, and the same ones
are made on every machine, unless ``HYPOTHESIS_PROFILE`` is ``explore``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from hypothesis import HealthCheck, Phase, given, settings
from near import Event, Lists, near

from jumpsigma.api import synthesize
from jumpsigma.api.cases import default_mapping
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.pack import Pack

#: Events of an ordinary company; its attacks come on top.
COMPANY = 1500
#: Events that Hypothesis makes for each rule.
EACH = 8


def company() -> list[Event]:
    """Events of a company that does not exist."""
    return list(synthesize(COMPANY, seed=11, attack="all"))


def crowd(*, typed: bool) -> list[Event]:
    """What few people do within three hours, often in the same instant: for windows that slide.

    ``typed``: numbers are numbers, as in events that JumpCloud sends.
    """
    chance = random.Random(5)
    kinds = ("user_login_attempt", "user_update", "user_delete", "ldap_srch")
    results: tuple[Any, ...] = (0, 1, 2, 7, 40, 60, -3)
    if not typed:
        results += ("7", "+60", [5, 5], [1, ["2"], "x"], "none", None)
    found: list[Event] = []
    for _ in range(500):
        minute, second = divmod(chance.choice((0, 60, 63)) + 60 * chance.randrange(180), 60)
        kind = chance.choice(kinds)
        event: Event = {
            "event_type": kind,
            "timestamp": f"2026-11-02T{8 + minute // 60:02}:{minute % 60:02}:{second:02}Z",
            "initiated_by": {"type": "user", "username": chance.choice(("ann", "Ann", "bo", "cy"))},
            "client_ip": chance.choice(("192.0.2.1", "192.0.2.2", "192.0.2.3")),
        }
        if kind == "user_login_attempt":
            event["success"] = chance.random() < 0.3
        elif kind == "ldap_srch":
            event["number_of_results"] = chance.choice(results)
        else:
            event["resource"] = {"type": "user", "username": chance.choice(("ann", "bo"))}
        found.append(event)
    return found


def of_cases(pack: Pack, mapping: str) -> dict[str, list[Event]]:
    """The events of the cases that are in the words of a mapping, by the path of the rule."""
    rules = {rule.path: rule for rule in pack.rules}
    found: dict[str, list[Event]] = {}
    for file in pack.cases:
        rule = rules.get(file.rule_path)
        for case in file.cases if rule is not None else ():
            if (case.mapping or default_mapping(pack, rule)) == mapping:  # type: ignore[arg-type]
                found.setdefault(file.rule_path, []).extend(map(_json, case.events))
    return found


def _json(event: Mapping[str, Any]) -> Event:
    """The event as JSON has it: YAML knows dates, and keys that are no text."""
    return orjson.loads(orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS))  # type: ignore[no-any-return]


def lists_of(pack: Pack) -> dict[str, tuple[str, ...]]:
    """All values that cases give to lists, together: one corpus has one set of lists."""
    found: dict[str, dict[str, None]] = {}
    for file in pack.cases:
        for case in file.cases:
            for name, values in case.lists.items():
                found.setdefault(name, {}).update(dict.fromkeys(values))
    return {name: tuple(values) for name, values in found.items()}


def made_for(
    rules: Iterable[RuleIR], cases: Mapping[str, Sequence[Event]], lists: Lists, each: int = EACH
) -> Iterator[Event]:
    """Events near each of the rules."""
    for rule in rules:
        yield from _made(rule, cases.get(rule.path, ()), lists, each)


def _made(rule: RuleIR, bases: Sequence[Event], lists: Lists, each: int) -> list[Event]:
    made: list[Event] = []

    @settings(
        max_examples=each,
        derandomize=os.environ.get("HYPOTHESIS_PROFILE") != "explore",
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(near(rule.condition, bases, lists))
    def collect(event: Event) -> None:
        made.append(event)

    collect()
    return made


def numbered(events: Iterable[Event], prefix: str = "e") -> dict[str, Event]:
    """The events by an id, which stands in each of them as ``id``; equal ones once."""
    found: dict[str, Event] = {}
    seen: set[bytes] = set()
    for event in events:
        content = {key: value for key, value in event.items() if key != "id"}
        spelled = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        if spelled not in seen:
            seen.add(spelled)
            key = f"{prefix}{len(found):06d}"
            found[key] = {**content, "id": key}
    return found
