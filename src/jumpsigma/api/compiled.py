"""Rules as one file of Python, for machines that have nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jumpsigma.api.lists import lists_for
from jumpsigma.api.lowering import lower_pack
from jumpsigma.api.paths import relative_to_pack
from jumpsigma.codegen.standalone import generate_standalone
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import wrapped
from jumpsigma.interpret import Lists
from jumpsigma.matcher.indicators import ListProvider
from jumpsigma.pack import LoadedRule, Pack


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """The source of the file, how many rules it has, and why it lacks the others."""

    source: str
    rules: int
    refused: tuple[Diagnostic, ...]


def compile_python(
    pack: Pack,
    mapping: str | Path = "jumpcloud",
    *,
    logsource: Mapping[str, str] | None = None,
    min_level: str | None = None,
    lists: Lists | None = None,
    indicators: ListProvider | None = None,
) -> CompiledFile:
    """Write the rules of a pack as a Python module that needs only the standard library.

    The module finds what :func:`jumpsigma.compile` with the same arguments finds. The same
    rules give the same bytes on every machine: paths are written relative to the pack. A rule
    that cannot be kept exactly is left out and stands in ``refused`` (JS036, JS040, JS05x). So is
    a correlation, with the rules that only it speaks for: the file holds no windows. The values
    of lists are written into the file as they are now; a rule with a list that is too long for
    that is left out (JS041).

    Raises :class:`DiagnosticError` as :func:`jumpsigma.compile` does.
    """
    lowered = lower_pack(pack, mapping, logsource=logsource, min_level=min_level)
    rules = [rule for number, rule in enumerate(lowered.rules) if number not in lowered.silent]
    made = generate_standalone(
        rules,
        path_of=lambda path: relative_to_pack(path, pack),
        unwraps=any(rule.mapping == wrapped.MAPPING for rule in rules),
        lists=lists_for(pack, lists, indicators),
    )
    titles = {(each.path, each.title) for each in lowered.correlations}
    correlations = (_no_windows(rule) for rule in pack.rules if (rule.path, rule.title) in titles)
    refused = (*lowered.refused, *correlations, *made.refused)
    return CompiledFile(made.source, len(rules) - len(made.refused), refused)


def _no_windows(rule: LoadedRule) -> Diagnostic:
    return Diagnostic(
        "JS036",
        f"the correlation {rule.title!r} is not in the file, which holds no windows",
        span=rule.span(("correlation",), key=True),
        rule_id=rule.id,
        hint="nor are the rules that it counts; correlate with jumpsigma scan",
    )
