"""A verdict taken apart: the condition tree, each node true or false, with what the event had."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from jumpsigma.interpret import Trace
from jumpsigma.ir.dump import label
from jumpsigma.ir.nodes import Element, Expr, Keyword, Place, RuleIR, Selection, Test
from jumpsigma.matcher import Source
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.report.indicators import described
from jumpsigma.report.visible import visible

_GREEN, _RED, _DIM, _BOLD, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
#: More values of one field than this are counted, not printed.
SHOWN_VALUES: Final = 5
#: Longer values are cut.
SHOWN_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule's condition, judged node by node on one event.

    ``indicators`` are those on which the verdict rests, ``untimely`` those that would have
    satisfied a test had the event another time (S476); ``lists`` are the lists that the rule has
    placeholders for, each with the number of its values.
    """

    rule: RuleIR
    event: dict[str, Any]
    trace: Trace
    source: Source | None = None
    indicators: tuple[MatchedIndicator, ...] = ()
    lists: tuple[tuple[str, int], ...] = ()
    untimely: tuple[MatchedIndicator, ...] = ()

    @property
    def fires(self) -> bool:
        """Whether the rule fires on the event."""
        return self.trace.holds


def closest(explanations: Iterable[Explanation]) -> Explanation | None:
    """The first that fires, else the first of those with the largest share of true tests.

    Of equal shares one comes closer by an indicator that the event only missed in time.
    """
    best: tuple[tuple[float, bool], Explanation] | None = None
    for each in explanations:
        if each.fires:
            return each
        judged = [leaf.holds for leaf in _leaves(each.trace)]
        nearness = sum(judged) / len(judged), bool(each.untimely)
        if best is None or nearness > best[0]:
            best = nearness, each
    return best[1] if best else None


def _leaves(judged: Trace) -> Iterator[Trace]:
    if not judged.children:
        yield judged
    for child in judged.children:
        yield from _leaves(child)


def explanation_text(explanation: Explanation, *, color: bool = False) -> str:
    """The explanation for a terminal, one line a node, indented like the condition."""
    rule, source = explanation.rule, explanation.source
    where = "" if source is None else f"{source.path or 'event'}:{source.line}: "
    verdict = "fires" if explanation.fires else "does not fire"
    head = f"{where}{visible(rule.title)} {verdict}"
    lines = [_paint(head, _BOLD, on=color), _paint(f"rule {visible(rule.path)}", _DIM, on=color)]
    lines += [
        _paint(f"list {visible(name)}: {size:,} value{'' if size == 1 else 's'}", _DIM, on=color)
        for name, size in explanation.lists
    ]
    lines += _lines(explanation.trace, 0, rule.path, color=color)
    lines += [f"listed {described(each)}" for each in explanation.indicators]
    lines += [f"listed at another time {_dated(each)}" for each in explanation.untimely]
    return "\n".join(lines) + "\n"


def _dated(indicator: MatchedIndicator) -> str:
    """An indicator and when it counts; :func:`described` leaves away when that began."""
    since = indicator.valid_from
    return described(indicator) + ("" if since is None else f", since {since:%Y-%m-%d}")


def _lines(judged: Trace, depth: int, path: str, *, color: bool) -> Iterator[str]:
    node = judged.node
    verdict = _paint("true ", _GREEN, on=color) if judged.holds else _paint("false", _RED, on=color)
    text = f"{verdict}  {'  ' * depth}{visible(label(node))}"
    place = _place(node)
    if place is not None:
        # A filter's tests stand in its own file.
        file = "" if place.path == path else f" of {visible(place.path)}"
        text += _paint(f"  [line {place.line}{file}]", _DIM, on=color)
    if isinstance(node, Test | Keyword | Element):
        text += f"  <- {_had(judged)}"
    yield text
    for child in judged.children:
        yield from _lines(child, depth + 1, path, color=color)


def _had(judged: Trace) -> str:
    """What the event had where a node looked."""
    match judged.node:
        case Element():
            count = len(judged.values)
            return (
                f"{count} such element{'s' if count != 1 else ''}" if count else "no such element"
            )
        case Keyword():
            if not judged.hits:
                return "in no value of the event"
            return ", ".join(
                f"{visible(path)} has {_short(value)}" for path, value in judged.hits[:SHOWN_VALUES]
            )
        case _:
            pass
    if not judged.values:
        return "the event has no such field"
    shown = ", ".join(map(_short, judged.values[:SHOWN_VALUES]))
    more = len(judged.values) - SHOWN_VALUES
    return f"the event has {shown}{f' and {more} more' if more > 0 else ''}"


def _short(value: Any) -> str:
    # JSON escapes control characters, so an event cannot write escape sequences to a terminal.
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."


def _place(node: Expr) -> Place | None:
    return node.place if isinstance(node, Test | Keyword | Element | Selection) else None


def _paint(text: str, style: str, *, on: bool) -> str:
    return f"{style}{text}{_PLAIN}" if on else text


def explanation_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data, for ``explain --format json``."""
    source = explanation.source
    return {
        "rule_id": explanation.rule.id,
        "rule_title": explanation.rule.title,
        "path": explanation.rule.path,
        "mapping": explanation.rule.mapping,
        "fires": explanation.fires,
        "source": None if source is None else {"path": source.path, "line": source.line},
        "condition": _node(explanation.trace),
        **_listed(explanation),
    }


def _listed(explanation: Explanation) -> dict[str, Any]:
    """What there is to say of lists, for a rule that has placeholders for some."""
    if not explanation.lists:
        return {}
    return {
        "lists": [{"name": name, "values": size} for name, size in explanation.lists],
        "indicators": [each.to_dict() for each in explanation.indicators],
        "untimely": [each.to_dict() for each in explanation.untimely],
    }


def _node(judged: Trace) -> dict[str, Any]:
    place = _place(judged.node)
    node: dict[str, Any] = {"node": label(judged.node), "holds": judged.holds}
    if place is not None:
        node["path"], node["line"] = place.path, place.line
    if isinstance(judged.node, Test):
        node["values"] = list(judged.values)
    if isinstance(judged.node, Test | Keyword):
        node["satisfied_by"] = [{"field": path, "value": value} for path, value in judged.hits]
    if judged.children:
        node["items"] = [_node(child) for child in judged.children]
    return node
