"""Which rules somebody wants: by level, by kind of log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jumpsigma.api.levels import level_rank
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.pack import LoadedRule
from jumpsigma.pack.references import Names

LOGSOURCE_KEYS: Final = ("category", "product", "service")


def select(
    rules: Iterable[LoadedRule],
    *,
    logsource: Mapping[str, str] | None = None,
    min_level: str | None = None,
) -> list[LoadedRule]:
    """The rules that fit a kind of log and are at least of a level, in their order.

    A correlation fits a kind of log when all rules that it refers to do (S833).
    """
    given = list(rules)
    least = level_rank(min_level) if min_level is not None else 0
    wanted = _known_keys(logsource or {})
    names = Names(given, ())
    return [
        rule
        for rule in given
        if level_rank(rule.level) >= least and (not wanted or _fits(rule, wanted, names))
    ]


def _known_keys(logsource: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(logsource, Mapping):
        raise TypeError(
            f"a log source is a mapping such as {{'product': 'windows'}}, not {logsource!r}"
        )
    for key in logsource:
        if key not in LOGSOURCE_KEYS:
            raise DiagnosticError(
                Diagnostic(
                    "JS090",
                    f"a log source has no attribute {key!r}",
                    hint=f"attributes: {', '.join(LOGSOURCE_KEYS)}",
                )
            )
    return logsource


def _fits(rule: LoadedRule, wanted: Mapping[str, str], names: Names) -> bool:
    """S605: every attribute that the rule states equals the given one."""
    waiting, seen = [rule], {id(rule)}
    while waiting:
        each = waiting.pop()
        if each.kind == "rule" and not _states(each, wanted):
            return False
        for base in map(names.find, each.refers_to):
            if base is not None and id(base) not in seen:
                seen.add(id(base))
                waiting.append(base)
    return True


def _states(rule: LoadedRule, wanted: Mapping[str, str]) -> bool:
    stated = ((key, getattr(rule.logsource, key)) for key in LOGSOURCE_KEYS)
    return all(value is None or wanted.get(key) == value for key, value in stated)
