"""What pySigma 1.5, on which most converters still rest, reads differently or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jumpsigma.checks.model import Hit, rule_check
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Severity
from jumpsigma.ir.nodes import And, Element, Expr, Keyword, Not, Or, Regex, Selection, Test
from jumpsigma.pack.conditions import read_condition

_OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")


@rule_check("JS191", "name-begins-with-not", Severity.WARNING)
def name_begins_with_not(rule: RuleView) -> Iterator[Hit]:
    r"""The name of a detection begins with "not".

    pySigma 1.5 takes `notsigned` in a condition for `not signed`.

    Bad::

        detection:
            notsigned:
                Signed: 'false'
            condition: notsigned

    Good::

        detection:
            unsigned:
                Signed: 'false'
            condition: unsigned
    """
    used = {name for _, text in rule.conditions for name in read_condition(text).names}
    for name in rule.detections:
        if name in used and name.lower().startswith("not") and len(name) > len("not"):
            message = f"pySigma 1.5 reads {name!r} as 'not {name[3:]}'"
            yield Hit(message, (rule.section, name), key=True, hint="rename the detection")


@rule_check("JS192", "fractional-threshold", Severity.WARNING)
def fractional_threshold(rule: RuleView) -> Iterator[Hit]:
    """The threshold of a correlation has a fraction.

    pySigma 1.5 cuts it off: `gt: 0.5` becomes `gt: 0`.

    Bad::

        # rule: correlation
        correlation:
            type: value_avg
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gt: 0.5
                field: Share

    Good::

        # rule: correlation
        correlation:
            type: value_avg
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gt: 50
                field: Percentage
    """
    section = rule.document.get("correlation")
    condition = section.get("condition") if isinstance(section, Mapping) else None
    for operator in _OPERATORS if isinstance(condition, Mapping) else ():
        number = condition.get(operator) if isinstance(condition, Mapping) else None
        if isinstance(number, float) and not number.is_integer():
            path = ("correlation", "condition", operator)
            yield Hit(f"pySigma 1.5 reads {number} as {int(number)}", path)


@rule_check("JS193", "regex-under-not", Severity.INFO, default=False)
def regex_under_not(rule: RuleView) -> Iterator[Hit]:
    r"""A regular expression in a selection with other fields, behind `not`.

    Off by default, as it concerns some targets only. Splunk and others test an expression after
    the search; with pySigma 1.5 they drop it in silence here, or change what it means, and with
    pySigma 2 they refuse the rule.

    Bad::

        detection:
            selection:
                Image|endswith: '\net.exe'
            filter_main_user:
                User: SYSTEM
                CommandLine|re: 'user\s+/domain'
            condition: selection and not filter_main_user

    Good::

        detection:
            selection:
                Image|endswith: '\net.exe'
            filter_main_user:
                User: SYSTEM
                CommandLine|contains: 'user /domain'
            condition: selection and not filter_main_user
    """
    if rule.ir is None:
        return
    for selection in _negated(rule.ir.condition, negated=False):
        tests = list(_tests(selection.item))
        regex = next((each for each in tests if isinstance(each.value, Regex)), None)
        if regex is not None and len(tests) > 1 and selection.name in rule.detections:
            message = f"a regular expression beside other fields under 'not' ({selection.name})"
            yield Hit(message, (rule.section, selection.name), key=True)


def _negated(node: Expr, *, negated: bool) -> Iterator[Selection]:
    match node:
        case Selection():
            if negated:
                yield node
        case Not(item):
            yield from _negated(item, negated=not negated)
        case And(items) | Or(items):
            for item in items:
                yield from _negated(item, negated=negated)
        case Test() | Keyword() | Element():
            pass


def _tests(node: Expr) -> Iterator[Test]:
    match node:
        case Test():
            yield node
        case Not(item) | Selection(item=item) | Element(item=item):
            yield from _tests(item)
        case And(items) | Or(items):
            for item in items:
                yield from _tests(item)
        case Keyword():
            pass


@rule_check("JS194", "reference-stands-below", Severity.INFO)
def reference_stands_below(rule: RuleView) -> Iterator[Hit]:
    """A correlation stands above a rule of its own file that it refers to.

    pySigma 1.5 converts in the order of the file, and has no result for the rule yet.

    Bad::

        # file: many_logons.yml
        # rule: correlation only
        correlation:
            type: event_count
            rules:
                - failed_logon
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
        ---
        name: failed_logon

    Good::

        # file: many_logons.yml
        name: failed_logon
        ---
        # rule: correlation only
        correlation:
            type: event_count
            rules:
                - failed_logon
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
    """
    for reference in rule.references if rule.kind == "correlation" else ():
        found = rule.pack.names.find(reference)
        if found is None or found.path != rule.loaded.path:
            continue
        here, there = rule.span(("correlation",), key=True), found.span(("title",))
        if there.line > here.line:
            message = f"{reference!r} stands below the correlation, at line {there.line}"
            yield Hit(message, ("correlation",), key=True, hint="put the correlation last")


@rule_check("JS195", "modifier-name", Severity.WARNING)
def modifier_name(rule: RuleView) -> Iterator[Hit]:
    """The modifier `utf16le`, which pySigma does not know under this name.

    The specification has it; pySigma calls it `wide`, and refuses the rule otherwise.

    Bad::

        detection:
            selection:
                CommandLine|utf16le|base64offset|contains: 'http://'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|wide|base64offset|contains: 'http://'
            condition: selection
    """
    for item in rule.items:
        if "utf16le" in item.modifiers:
            hint = "write wide, which means the same"
            yield Hit("pySigma has no modifier utf16le", item.path, key=True, hint=hint)


@rule_check("JS196", "list-of-networks", Severity.INFO)
def list_of_networks(rule: RuleView) -> Iterator[Hit]:
    """`cidr` and `expand` together.

    A placeholder for networks is an addition of this program: pySigma refuses the pair.

    Bad::

        detection:
            selection:
                DestinationIp|cidr|expand: '%internal_networks%'
            condition: selection

    Good::

        detection:
            selection:
                DestinationIp|cidr: 192.0.2.0/24
            condition: selection
    """
    for item in rule.items:
        if {"cidr", "expand"} <= set(item.modifiers):
            yield Hit("pySigma refuses cidr beside expand", item.path, key=True)


@rule_check("JS197", "base64-of-wildcard", Severity.WARNING)
def base64_of_wildcard(rule: RuleView) -> Iterator[Hit]:
    """A value to be encoded that pySigma 1.5 encodes wrongly.

    It loses `*` and `?`, and gets characters that are not ASCII wrong. (The rule is refused while
    that version is installed.)

    Bad::

        detection:
            selection:
                CommandLine|base64offset|contains: 'größe'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|base64offset|contains: 'size'
            condition: selection
    """
    for item in rule.items:
        if not {"base64", "base64offset"} & set(item.modifiers):
            continue
        for path, text in item.texts:
            if not text.isascii() or "*" in text or "?" in text:
                yield Hit("pySigma 1.5 encodes this value wrongly", path)


@rule_check("JS198", "placeholder-after-backslash", Severity.WARNING)
def placeholder_after_backslash(rule: RuleView) -> Iterator[Hit]:
    r"""A placeholder in a value with a backslash.

    pySigma 1.5 misreads the placeholder. (The rule is refused while that version is installed.)

    Bad::

        detection:
            selection:
                User|expand: 'EXAMPLE\%admins%'
            condition: selection

    Good::

        detection:
            selection:
                User|expand: '%admins%'
            condition: selection
    """
    for item in rule.items:
        if "expand" in item.modifiers:
            for path, text in item.texts:
                if "\\" in text and "%" in text:
                    yield Hit("pySigma 1.5 misreads a placeholder beside a backslash", path)
