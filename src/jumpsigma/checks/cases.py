"""The cases of a rule: whether there are any, whether they pass, and whether they prove much.

Cases are run by whoever asks for the checks: running rules on events belongs to a layer above.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

from jumpsigma.checks.model import Hit, pack_check
from jumpsigma.checks.view import PackView, RanCase
from jumpsigma.diagnostics import Severity, Span
from jumpsigma.interpret import holds
from jumpsigma.ir.mutants import Mutant, mutants
from jumpsigma.ir.nodes import And, Element, Expr, Keyword, Not, Or, Selection, Test
from jumpsigma.pack import Case, CasesFile

#: So many surviving mutants of a rule are named.
_SHOWN = 3


@pack_check("JS201", "no-cases", Severity.INFO)
def no_cases(pack: PackView) -> Iterator[Hit]:
    r"""A rule without cases, beside others that have some.

    Only folders in which cases stand are looked at.

    Bad::

        level: medium
        # file: tested.yml
        title: Shell Started By A Spreadsheet
        # file: tested.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}

    Good::

        # file: tested.yml
        title: Shell Started By A Spreadsheet
        # file: tested.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}
    """
    folders = {str(PurePath(file.path).parent) for file in pack.pack.cases}
    refused = {each.span.path for each in pack.pack.diagnostics if each.span is not None}
    for rule in pack.pack.rules:
        path = rule.path.removesuffix(".yml") + ".cases.yaml"
        if str(PurePath(rule.path).parent) not in folders:
            continue
        if rule.path not in pack.cases and path not in refused:
            hint = "write events that it must match, and near misses, beside it"
            yield Hit("the rule has no cases", ("title",), key=True, hint=hint, rule=rule)


@pack_check("JS202", "no-matching-case", Severity.WARNING)
def no_matching_case(pack: PackView) -> Iterator[Hit]:
    r"""No case of a rule expects a match.

    A rule that never fires passes all of them.

    Bad::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}

    Good::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}
    """
    for file in pack.pack.cases:
        if file.cases and not any(case.expect == "match" for case in file.cases):
            yield Hit("no case expects a match", span=file.cases[0].span)


@pack_check("JS203", "no-near-miss", Severity.WARNING)
def no_near_miss(pack: PackView) -> Iterator[Hit]:
    r"""No case of a rule expects silence.

    A rule that always fires passes all of them.

    Bad::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}

    Good::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}
    """
    for file in pack.pack.cases:
        if file.cases and not any(case.expect == "no_match" for case in file.cases):
            yield Hit("no case is a near miss", span=file.cases[0].span)


@pack_check("JS204", "case-fails", Severity.ERROR)
def case_fails(pack: PackView) -> Iterator[Hit]:
    r"""A case does not come out as it expects.

    `jumpsigma test` says more, with an explanation of the event that comes nearest.

    Bad::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\excel.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}

    Good::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}
    """
    for ran in pack.ran_cases:
        if ran.reason is not None:
            yield Hit(f"{ran.case.name}: {ran.reason}", span=ran.case.span)


@pack_check("JS205", "cases-prove-little", Severity.INFO, default=False)
def cases_prove_little(pack: PackView) -> Iterator[Hit]:
    r"""A part of the rule could be left out, or turned around, and every case would still pass.

    Off by default, because every rule is tried in many variants. Correlations are not tried.

    Bad::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: something else
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\notepad.exe'}

    Good::

        detection:
            selection:
                Image|endswith: '\whoami.exe'
            condition: selection
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: by its name
              expect: match
              event: {Image: 'C:\w\whoami.exe'}
            - name: another
              expect: no_match
              event: {Image: 'C:\w\whoami.exe.txt'}
    """
    by_file = groupby(pack.ran_cases, key=lambda ran: ran.case.span.path)
    for _, group in by_file:
        ran = list(group)
        if len({each.mapping for each in ran}) > 1 or any(each.reason for each in ran):
            continue
        if len(ran[0].rules) != 1 or ran[0].has_correlation:
            continue
        rule = ran[0].rules[0]
        survivors = [each for each in mutants(rule.condition) if _survives(each, ran, pack)]
        for mutant in survivors[:_SHOWN]:
            message = f"no case fails when this holds {_WORDS.get(mutant.what, mutant.what)}"
            yield Hit(message, span=_span(mutant.node, rule.condition), rule=ran[0].loaded)


_WORDS = {"always": "always", "never": "never", "not": "when it should not"}


def _survives(mutant: Mutant, ran: Sequence[RanCase], pack: PackView) -> bool:
    for each in ran:
        lists = pack.pack.lists_with(each.case.lists)
        fired = sum(holds(mutant.changed, event, lists) for event in each.case.events)
        if not _as_expected(each.case, fired):
            return False
    return True


def _as_expected(case: Case, fired: int) -> bool:
    if case.fires is not None:
        return fired == case.fires
    return (fired > 0) == (case.expect == "match")


def _span(node: Expr, condition: Expr) -> Span | None:
    """The place of a node, else that of the first one below it."""
    match node:
        case Test() | Keyword() | Element() | Selection():
            place = node.place
            if place is not None:
                end = place.column + 1
                return Span(place.path, place.line, place.column, place.line, end)
            below: tuple[Expr, ...] = ()
        case Not(item):
            below = (item,)
        case And(items) | Or(items):
            below = items
    for each in below:
        span = _span(each, condition)
        if span is not None:
            return span
    return None if node is condition else _span(condition, condition)


@pack_check("JS206", "unlike-real-events", Severity.INFO, default=False)
def unlike_real_events(pack: PackView) -> Iterator[Hit]:
    """The event of a case is unlike what Directory Insights sends.

    Off by default: near misses are often meant to be odd.

    Bad::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: user_delete
            condition: selection
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: deleted
              expect: match
              event: {service: directory, event_type: user_delete, sucess: true}
            - name: created
              expect: no_match
              event: {service: directory, event_type: user_create, success: true}

    Good::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: user_delete
            condition: selection
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: deleted
              expect: match
              event: {service: directory, event_type: user_delete, success: true}
            - name: created
              expect: no_match
              event: {service: directory, event_type: user_create, success: true}
    """
    for ran in pack.ran_cases:
        if ran.mapping != "jumpcloud" or ran.case.expect != "match":
            continue
        for event in ran.case.events:
            for sentence in pack.schema.conforms(event):
                yield Hit(f"{ran.case.name}: {sentence}", span=ran.case.span)


@pack_check("JS207", "same-events", Severity.WARNING)
def same_events(pack: PackView) -> Iterator[Hit]:
    r"""Two cases of a rule have the same events.

    Bad::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: another macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}

    Good::

        level: medium
        # file: shell_started_by_an_office_program.cases.yaml
        cases:
            - name: a macro
              expect: match
              event: {ParentImage: 'C:\Office\winword.exe', Image: 'C:\w\powershell.exe'}
            - name: the user
              expect: no_match
              event: {ParentImage: 'C:\Windows\explorer.exe', Image: 'C:\w\powershell.exe'}
    """
    for file in pack.pack.cases:
        yield from _repeated(file)


def _repeated(file: CasesFile) -> Iterator[Hit]:
    first: dict[str, Case] = {}
    for case in file.cases:
        given = [case.events, case.mapping, {name: list(each) for name, each in case.lists.items()}]
        key = json.dumps(given, sort_keys=True, default=str)
        other = first.setdefault(key, case)
        if other is not case:
            message = f"the events are those of the case on line {other.span.line}"
            yield Hit(message, span=case.span)
