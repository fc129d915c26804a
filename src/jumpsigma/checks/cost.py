"""What makes a rule slow on every engine that reads many events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from jumpsigma.checks.model import Hit, rule_check
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Severity
from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    Keyword,
    Not,
    Null,
    Or,
    Selection,
    Test,
    Text,
)
from jumpsigma.ir.reasoning import tautology

_MANY_REGEXES: Final = 50
_SHORTEST: Final = 3


@rule_check("JS211", "no-prefilter", Severity.WARNING)
def no_prefilter(rule: RuleView) -> Iterator[Hit]:
    r"""Nothing must stand in an event for the rule to match.

    Most events can be passed over unread because a field or a text that a rule asks for is not in
    them. A rule that only says what must not be there has none: every event is parsed for it.

    Bad::

        detection:
            selection:
                Image: null
            condition: selection

    Good::

        detection:
            selection:
                EventID: 1
                Image: null
            condition: selection
    """
    if rule.ir is None or rule.formula is None or tautology(rule.formula):
        return  # JS152 says that it matches everything
    if not _asks(rule.ir.condition):
        hint = "ask for the event's type, or another field that it must have"
        yield Hit("no field or text must be there", (rule.section, "condition"), hint=hint)


def _asks(node: Expr) -> bool:
    """Whether an event must hold some field or text to satisfy the expression."""
    match node:
        case Test(value=Null()) | Test(value=Exists(expected=False)):
            return False
        case Test() | Element():
            return True
        case Keyword(value):
            return not isinstance(value, Text) or any(
                isinstance(part, str) and len(part) >= _SHORTEST for part in value.parts
            )
        case And(items):
            return any(_asks(item) for item in items)
        case Or(items):
            return all(_asks(item) for item in items)
        case Selection(item=item):
            return _asks(item)
        case Not(item):
            return _asks_under_not(item)
        case _:
            assert_never(node)


def _asks_under_not(node: Expr) -> bool:
    """The same for the negation of an expression: only ``not`` and ``null`` ask then."""
    match node:
        case Test(value=Null()) | Test(value=Exists(expected=False)):
            return True
        case Test() | Element() | Keyword():
            return False
        case And(items):
            return all(_asks_under_not(item) for item in items)
        case Or(items):
            return any(_asks_under_not(item) for item in items)
        case Selection(item=item):
            return _asks_under_not(item)
        case Not(item):
            return _asks(item)
        case _:
            assert_never(node)


@rule_check("JS212", "regex-over-all-values", Severity.INFO)
def regex_over_all_values(rule: RuleView) -> Iterator[Hit]:
    r"""A regular expression among keywords.

    It is tried on every value of every event.

    Bad::

        detection:
            keywords:
                '|re': 'password\s*='
            condition: keywords

    Good::

        detection:
            keywords:
                CommandLine|re: 'password\s*='
            condition: keywords
    """
    if rule.ir is None:
        return
    for item in rule.items:
        if item.field is None and "re" in item.modifiers:
            yield Hit("the expression is tried on every value", item.path, hint="name a field")


@rule_check("JS213", "many-regexes", Severity.INFO)
def many_regexes(rule: RuleView) -> Iterator[Hit]:
    r"""More than fifty regular expressions for one field.

    Each is tried in turn. Texts in their place are looked up together, and `a|b` is one expression.

    Bad::

        detection:
            selection:
                CommandLine|re:
                    # 51 times: - '\sword#\s'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|re: '\sword\d+\s'
            condition: selection
    """
    for item in rule.items:
        if "re" in item.modifiers and len(item.values) > _MANY_REGEXES:
            message = f"{len(item.values)} regular expressions for one field"
            yield Hit(message, item.path, key=True, hint="join them, or use contains")
