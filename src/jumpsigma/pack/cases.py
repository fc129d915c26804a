"""``<rule>.cases.yaml``: events that a rule must match, and near misses that it must not."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.pack.files import CASES_SUFFIX, RULE_SUFFIX
from jumpsigma.pack.positions import KeyPath
from jumpsigma.pack.shapes import Shape
from jumpsigma.pack.yaml_reader import read_file

CASE_KEYS: Final = ("name", "expect", "mapping", "event", "events", "fires", "lists")

Expect = Literal["match", "no_match"]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: ``events`` (one, when the file says ``event``) and what the rule does on them.

    ``fires``: how many findings are expected over all events; None when any number above zero
    (``match``) or zero (``no_match``) will do. ``lists``: the values of placeholders, by name.
    ``mapping_span``: the place of the mapping's name, None where the case has none.
    """

    name: str
    expect: Expect
    events: tuple[dict[str, Any], ...]
    span: Span
    mapping: str | None = None
    fires: int | None = None
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mapping_span: Span | None = None


@dataclass(frozen=True, slots=True)
class CasesFile:
    """The cases of the rules in ``rule_path``, in file order."""

    path: str
    rule_path: str
    cases: tuple[Case, ...]


def read_cases(path: str) -> tuple[CasesFile | None, list[Diagnostic]]:
    """Read a cases file. A wrong case is left out with JS020, the others are kept.

    None when the file as a whole cannot be used: not YAML, no list of cases, or (JS021) no rule
    file beside it.
    """
    rule_path = path.removesuffix(CASES_SUFFIX) + RULE_SUFFIX
    if not Path(rule_path).is_file():
        hint = f"the rule of {Path(path).name} is {Path(rule_path).name} in the same folder"
        message = "the cases have no rule file beside them"
        return None, [Diagnostic("JS021", message, span=Span(path), hint=hint)]
    result = read_file(Path(path))
    if result.diagnostics:
        return None, list(result.diagnostics)
    if len(result.documents) != 1:
        message = f"one YAML document belongs here, not {len(result.documents)}"
        return None, [Diagnostic("JS020", message, span=Span(path, 1, 1, 1, 1))]
    document = result.documents[0]
    shape = Shape("JS020", document.positions)
    data = shape.mapping(document.value, (), ("cases",))
    listed = data.get("cases")
    if not isinstance(listed, list) or not listed:
        if isinstance(document.value, dict):
            shape.complain("cases must be a list that is not empty", ("cases",))
        return None, shape.diagnostics
    cases = [_case(item, ("cases", index), shape) for index, item in enumerate(listed)]
    kept = tuple(case for case in cases if case is not None)
    _unique_names(kept, shape)
    return CasesFile(path, rule_path, kept), shape.diagnostics


def _case(value: Any, path: KeyPath, shape: Shape) -> Case | None:
    before = len(shape.diagnostics)
    data = shape.mapping(value, path, CASE_KEYS)
    if not isinstance(value, Mapping):
        return None
    name = shape.text(data, "name", path, required=True)
    mapping = shape.text(data, "mapping", path)
    expect = _expect(data, path, shape)
    events = _events(data, path, shape)
    fires = _fires(data, path, shape)
    lists = _lists(data, path, shape)
    if len(shape.diagnostics) > before or name is None or expect is None:
        return None
    span = shape.positions.span((*path, "name"))
    place = shape.positions.span((*path, "mapping")) if mapping is not None else None
    return Case(name, expect, events, span, mapping, fires, lists, place)


def _expect(data: Mapping[Hashable, Any], path: KeyPath, shape: Shape) -> Expect | None:
    match data.get("expect"):
        case "match":
            return "match"
        case "no_match":
            return "no_match"
        case None if "expect" not in data:
            shape.complain("expect is missing: match or no_match", (*path, "expect"))
        case _:
            shape.complain("expect must be match or no_match", (*path, "expect"))
    return None


def _events(
    data: Mapping[Hashable, Any], path: KeyPath, shape: Shape
) -> tuple[dict[str, Any], ...]:
    if "event" in data and "events" in data:
        shape.complain("give either event or events", (*path, "events"), key=True)
        return ()
    if "event" not in data and "events" not in data:
        shape.complain("the case has no event", path)
        return ()
    if "event" in data:
        listed, places = [data["event"]], [(*path, "event")]
    else:
        listed = data["events"]
        if not isinstance(listed, list) or not listed:
            shape.complain("events must be a list that is not empty", (*path, "events"))
            return ()
        places = [(*path, "events", index) for index in range(len(listed))]
    for event, place in zip(listed, places, strict=True):
        if isinstance(event, dict):
            _json_keys(event, place, shape)
        else:
            shape.complain("an event is a mapping, as a JSON object is", place)
    return tuple(event for event in listed if isinstance(event, dict))


def _json_keys(value: Any, path: KeyPath, shape: Shape) -> None:
    """Every key of an event must be a string, as in JSON."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                shape.complain(
                    f"the key {key!r} is not a string", (*path, key), key=True, hint="quote it"
                )
            _json_keys(item, (*path, key), shape)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _json_keys(item, (*path, index), shape)


def _fires(data: Mapping[Hashable, Any], path: KeyPath, shape: Shape) -> int | None:
    if "fires" not in data:
        return None
    fires, place = data["fires"], (*path, "fires")
    if type(fires) is not int or fires < 0:
        shape.complain("fires must be a whole number, 0 or more", place)
        return None
    if data.get("expect") == "match" and fires == 0:
        shape.complain("expect: match and fires: 0 contradict each other", place)
    if data.get("expect") == "no_match" and fires > 0:
        shape.complain(f"expect: no_match and fires: {fires} contradict each other", place)
    return fires


def _lists(data: Mapping[Hashable, Any], path: KeyPath, shape: Shape) -> dict[str, tuple[str, ...]]:
    if "lists" not in data:
        return {}
    lists, place = data["lists"], (*path, "lists")
    if not isinstance(lists, Mapping):
        shape.complain("lists must map a placeholder's name to its values", place)
        return {}
    for key in lists:
        if not isinstance(key, str):
            shape.complain("a placeholder's name is a string", (*place, key), key=True)
    return {key: shape.texts(lists, key, place) for key in lists if isinstance(key, str)}


def _unique_names(cases: tuple[Case, ...], shape: Shape) -> None:
    lines: dict[str, int] = {}
    for case in cases:
        if case.name in lines:
            message = f"the name {case.name!r} is that of the case on line {lines[case.name]} too"
            shape.diagnostics.append(Diagnostic("JS020", message, span=case.span))
        lines.setdefault(case.name, case.span.line)
