"""What a condition and its selections amount to, decided on the lowered rule without any event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from jumpsigma.checks.model import Hit, rule_check
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Severity, Span
from jumpsigma.ir.nodes import And, Element, Expr, Keyword, Not, Or, Selection, Test, Text
from jumpsigma.ir.reasoning import Formula, implies, tautology, text_implies, unsatisfiable
from jumpsigma.pack.conditions import read_condition, selected
from jumpsigma.pack.positions import KeyPath

#: More selections than this in one place are not compared pair by pair.
_MAX_SELECTIONS: Final = 40


@rule_check("JS151", "unused-detection", Severity.WARNING)
def unused_detection(rule: RuleView) -> Iterator[Hit]:
    r"""A detection that the condition does not use.

    Either the condition forgets it, and the rule fires more often or more rarely than meant, or it
    is a leftover.

    Bad::

        detection:
            selection:
                Image|endswith: '\powershell.exe'
            filter_main_update:
                CommandLine|contains: 'update.ps1'
            condition: selection

    Good::

        detection:
            selection:
                Image|endswith: '\powershell.exe'
            filter_main_update:
                CommandLine|contains: 'update.ps1'
            condition: selection and not filter_main_update
    """
    used: set[str] = set()
    for _, condition in rule.conditions:
        reading = read_condition(condition)
        used.update(reading.names)
        for _, pattern in reading.selectors:
            used.update(selected(pattern, rule.detections))
    for name in rule.detections:
        if name not in used and name != "timeframe":
            hint = "use it in the condition, or remove it"
            path = (rule.section, name)
            yield Hit(f"the condition does not use {name!r}", path, key=True, hint=hint)


@rule_check("JS152", "always-true", Severity.ERROR)
def always_true(rule: RuleView) -> Iterator[Hit]:
    """A condition that every event satisfies.

    Bad::

        detection:
            selection:
                EventID: 4688
            condition: selection or not selection

    Good::

        detection:
            selection:
                EventID: 4688
            condition: selection
    """
    if rule.formula is not None and tautology(rule.formula):
        yield Hit("every event satisfies the condition", ("detection", "condition"))


@rule_check("JS153", "always-false", Severity.ERROR)
def always_false(rule: RuleView) -> Iterator[Hit]:
    r"""A condition that no event can satisfy.

    What the selection asks for, the filter takes away again.

    Bad::

        detection:
            selection:
                Image|endswith: '\net.exe'
            filter:
                Image|endswith: '.exe'
            condition: selection and not filter

    Good::

        detection:
            selection:
                Image|endswith: '\net.exe'
            filter:
                Image|endswith: '\Tools\net.exe'
            condition: selection and not filter
    """
    if rule.is_impossible:
        path: KeyPath = ("detection", "condition")
        alone = [name for name, item in _selections(rule) if unsatisfiable(item)]
        if alone:
            path = ("detection", alone[0])
        yield Hit("no event can satisfy the condition", path, key=bool(alone))


def _selections(rule: RuleView) -> Iterator[tuple[str, Expr]]:
    """The detections that the document has, as the condition uses them."""
    if rule.ir is None:
        return
    seen: set[str] = set()
    waiting: list[Expr] = [rule.ir.condition]
    while waiting:
        node = waiting.pop()
        match node:
            case Selection(name, item):
                if name not in seen and name in rule.detections:
                    seen.add(name)
                    yield name, item
            case And(items) | Or(items):
                waiting += items
            case Not(item):
                waiting.append(item)
            case Test() | Keyword() | Element():
                pass
            case _:
                assert_never(node)


@rule_check("JS154", "shadowed-selection", Severity.WARNING)
def shadowed_selection(rule: RuleView) -> Iterator[Hit]:
    """A selection that makes no difference beside another one.

    In `a or b`, when all that `a` matches is matched by `b`; in `a and b`, when `b` holds
    wherever `a` does. Often a value was meant to be longer, or another field.

    Bad::

        detection:
            selection_net:
                CommandLine|contains: 'net user'
            selection_any:
                CommandLine|contains: 'net'
            condition: 1 of selection_*

    Good::

        detection:
            selection_net:
                CommandLine|contains: 'net user'
            selection_any:
                CommandLine|contains: 'net group'
            condition: 1 of selection_*
    """
    if rule.ir is None or rule.is_impossible:
        return
    told: set[str] = set()
    for siblings, either in _siblings(rule.ir.condition):
        for useless, because in _shadowed(siblings, either=either):
            if useless.name in told or useless.name not in rule.detections:
                continue
            told.add(useless.name)
            message = (
                f"all that {useless.name!r} matches, {because.name!r} matches too"
                if either
                else f"{useless.name!r} holds wherever {because.name!r} does"
            )
            yield Hit(message, (rule.section, useless.name), key=True)


def _siblings(node: Expr) -> Iterator[tuple[list[Selection], bool]]:
    """The selections that are joined directly, and whether by ``or``."""
    match node:
        case And(items) | Or(items):
            found = [item for item in items if isinstance(item, Selection)]
            if 1 < len(found) <= _MAX_SELECTIONS:
                yield found, isinstance(node, Or)
            for item in items:
                yield from _siblings(item)
        case Not(item):
            yield from _siblings(item)
        case Selection() | Test() | Keyword() | Element():
            pass
        case _:
            assert_never(node)


def _shadowed(
    siblings: Sequence[Selection], *, either: bool
) -> Iterator[tuple[Selection, Selection]]:
    """Those without effect, each with the one that makes it so."""
    formulas = [Formula(each.item) for each in siblings]
    gone: set[int] = set()
    for index, one in enumerate(siblings):
        for number, other in enumerate(siblings):
            if index == number or number in gone:
                continue
            if not formulas[index].fields & formulas[number].fields:
                continue
            first, second = (index, number) if either else (number, index)
            if implies(formulas[first], formulas[second]):
                gone.add(index)
                yield one, other
                break


@rule_check("JS156", "covered-value", Severity.INFO)
def covered_value(rule: RuleView) -> Iterator[Hit]:
    """A value of a list that another one of the list covers.

    Whatever contains `net user` contains `net` as well.

    Bad::

        detection:
            selection:
                CommandLine|contains:
                    - 'net user'
                    - 'net'
            condition: selection

    Good::

        detection:
            selection:
                CommandLine|contains:
                    - 'net user'
                    - 'net group'
            condition: selection
    """
    for item in rule.items:
        if len(item.values) < 2 or not item.listed or item.field is None:
            continue
        if not set(item.modifiers) <= {"contains", "startswith", "endswith", "all", "cased"}:
            continue
        texts = item.texts
        if len(texts) > 2000 or any("\\" in each and "*" in each for _, each in texts):
            continue
        covered = list(_covered(texts, item.modifiers))
        if not covered:
            continue
        path, text, other = covered[0]  # one for each list is enough
        more = f", and {len(covered) - 1} more are covered" if len(covered) > 1 else ""
        if "all" in item.modifiers:
            path = next(where for where, each in texts if each == other)
            yield Hit(f"{text!r} cannot be there without {other!r}{more}", path)
        else:
            yield Hit(f"{other!r} covers {text!r}{more}", path)


def _covered(
    texts: Sequence[tuple[KeyPath, str]], modifiers: tuple[str, ...]
) -> Iterator[tuple[KeyPath, str, str]]:
    """Values that differ from another one and are covered by it, with that one."""
    folded = [(path, text, text.lower()) for path, text in texts if text and "*" not in text]
    short = sorted(folded, key=lambda each: len(each[2]))
    for path, text, low in folded:
        for _, other, piece in short:
            if len(piece) >= len(low):
                break
            if _covers(piece, low, modifiers):
                yield path, text, other
                break


def _covers(piece: str, text: str, modifiers: tuple[str, ...]) -> bool:
    if "contains" in modifiers:
        return piece in text
    if "startswith" in modifiers:
        return text.startswith(piece)
    if "endswith" in modifiers:
        return text.endswith(piece)
    return False


@rule_check("JS169", "dead-filter", Severity.WARNING)
def dead_filter(rule: RuleView) -> Iterator[Hit]:
    r"""A filter that takes nothing away.

    No event satisfies both it and the rest of the condition, so it can never apply.

    Bad::

        detection:
            selection:
                Image: 'C:\Windows\System32\net.exe'
                OriginalFileName: null
            filter_main_named:
                OriginalFileName|exists: false
                Image|exists: false
            condition: selection and not filter_main_named

    Good::

        detection:
            selection:
                Image: 'C:\Windows\System32\net.exe'
                OriginalFileName: null
            filter_main_named:
                ParentImage|exists: false
            condition: selection and not filter_main_named
    """
    if rule.ir is None or rule.is_impossible:
        return
    for positives, filters in _filters(rule.ir.condition):
        asked = [Formula(each) for each in positives]
        for each in filters:
            if each.name in rule.detections and unsatisfiable(*asked, each.item):
                path = (rule.section, each.name)
                yield Hit(f"{each.name!r} can never apply", path, key=True)


def _filters(node: Expr) -> Iterator[tuple[list[Expr], list[Selection]]]:
    """What is asked for beside a ``not``, and the selections behind that."""
    match node:
        case And(items):
            positives: list[Expr] = [item for item in items if not isinstance(item, Not)]
            filters: list[Selection] = []
            for item in items:
                if isinstance(item, Not):
                    inner = item.item.items if isinstance(item.item, Or) else (item.item,)
                    filters += (each for each in inner if isinstance(each, Selection))
            if positives and filters:
                yield positives, filters
            for item in items:
                yield from _filters(item)
        case Or(items):
            for item in items:
                yield from _filters(item)
        case Not() | Selection() | Test() | Keyword() | Element():
            pass
        case _:
            assert_never(node)


@rule_check("JS170", "contradiction", Severity.WARNING)
def contradiction(rule: RuleView) -> Iterator[Hit]:
    r"""Two demands on one field that a single value cannot meet.

    Only a field that holds a list could satisfy both. Usually an `or` was meant, or one of the
    fields is the wrong one.

    Bad::

        detection:
            selection_image:
                Image|endswith: '\net.exe'
            selection_other:
                Image|endswith: '\net1.exe'
            condition: all of selection_*

    Good::

        detection:
            selection_image:
                Image|endswith: '\net.exe'
            selection_other:
                Image|endswith: '\net1.exe'
            condition: 1 of selection_*
    """
    if rule.ir is None or rule.is_impossible:
        return
    demands: dict[str, list[tuple[Test, Text]]] = {}
    for test in _demanded(rule.ir.condition):
        if isinstance(test.value, Text):
            known = demands.setdefault(test.field, [])
            other = next((each for each, text in known if _exclusive(text, test.value)), None)
            if other is not None and test.place is not None and other.place is not None:
                place = test.place
                end = place.column + len(test.field)
                span = Span(place.path, place.line, place.column, place.line, end)
                message = f"no single value of {test.field} satisfies this and line"
                yield Hit(f"{message} {other.place.line}", span=span)
                return
            known.append((test, test.value))


def _demanded(node: Expr) -> Iterator[Test]:
    """The tests that all must hold."""
    match node:
        case And(items):
            for item in items:
                yield from _demanded(item)
        case Selection(item=item):
            yield from _demanded(item)
        case Or((item,)):
            yield from _demanded(item)
        case Test():
            yield node
        case Or() | Not() | Keyword() | Element():
            pass
        case _:
            assert_never(node)


def _exclusive(first: Text, second: Text) -> bool:
    """Whether no single text fits both patterns: their fixed ends, or a fixed whole, differ."""
    one, other = first.literal, second.literal
    if one is not None and other is not None:
        return one.lower() != other.lower()
    if one is not None:
        return not text_implies(Text((one.lower(),)), _lower(second))
    if other is not None:
        return not text_implies(Text((other.lower(),)), _lower(first))
    return _clash(first, second, 0) or _clash(first, second, -1)


def _lower(text: Text) -> Text:
    return Text(tuple(part.lower() if isinstance(part, str) else part for part in text.parts))


def _clash(first: Text, second: Text, end: int) -> bool:
    one, other = first.parts[end], second.parts[end]
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    length = min(len(one), len(other))
    if end == 0:
        return one[:length].lower() != other[:length].lower()
    return one[-length:].lower() != other[-length:].lower()


@rule_check("JS175", "them-of-one", Severity.INFO)
def them_of_one(rule: RuleView) -> Iterator[Hit]:
    """`of them` where there is a single detection.

    Bad::

        detection:
            selection:
                EventID: 4688
            condition: 1 of them

    Good::

        detection:
            selection:
                EventID: 4688
            condition: selection
    """
    for path, condition in rule.conditions:
        patterns = [pattern for _, pattern in read_condition(condition).selectors]
        if "them" in patterns and len(selected("them", rule.detections)) == 1:
            name = selected("them", rule.detections)[0]
            yield Hit(f"'them' is {name!r} alone", path, hint=f"write {name}")


@rule_check("JS176", "them-with-filters", Severity.WARNING)
def them_with_filters(rule: RuleView) -> Iterator[Hit]:
    r"""`of them` in a rule that has filters.

    "Them" are all detections, so that what was meant to be left out is looked for.

    Bad::

        detection:
            selection:
                Image|endswith: '\net.exe'
            filter_main_user:
                CommandLine|contains: ' /domain'
            condition: all of them

    Good::

        detection:
            selection:
                Image|endswith: '\net.exe'
            filter_main_user:
                CommandLine|contains: ' /domain'
            condition: selection and not 1 of filter_*
    """
    filters = [name for name in rule.detections if name.startswith("filter")]
    for path, condition in rule.conditions if filters else ():
        if any(pattern == "them" for _, pattern in read_condition(condition).selectors):
            hint = "name the detections, or write 1 of selection_*"
            yield Hit(f"'them' are also {', '.join(filters)}", path, hint=hint)
