"""Which checks run and what is ignored where: the choice of the command line and of a file."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from jumpsigma.checks.ignores import Ignore
from jumpsigma.checks.model import CHECKS, Check
from jumpsigma.checks.stock import is_stock
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity

DEFAULT: Final = "default"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Override:
    """What is different in some files or for some rules.

    ``paths`` are globs below ``root`` (``windows/**``), ``rules`` ids; it applies where one of
    either kind fits.
    """

    root: str
    paths: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def applies(self, path: str, rule_id: str | None) -> bool:
        """Whether a diagnostic of this file and rule is meant."""
        if rule_id is not None and rule_id in self.rules:
            return True
        if not self.paths:
            return False
        below = os.path.relpath(os.path.abspath(path), self.root).replace(os.sep, "/")  # noqa: PTH100
        return any(_fits(below, pattern) for pattern in self.paths)


@dataclass(frozen=True, slots=True)
class Settings:
    """``select`` names checks: a code, the beginning of one, a family, ``default`` or ``all``."""

    select: tuple[str, ...] = (DEFAULT,)
    ignores: tuple[Ignore, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def all_ignores(self) -> Iterator[Ignore]:
        """Those of the whole pack, then those of its parts."""
        yield from self.ignores
        for override in self.overrides:
            yield from override.ignores


def chosen(select: Iterable[str]) -> list[Check]:
    """The checks that selectors name, by code; those for validators of others are passed over.

    Raises :class:`DiagnosticError` (JS090) for a selector that names none.
    """
    found: dict[str, Check] = {}
    for selector in select:
        if is_stock(selector):
            continue
        fitting = [check for check in CHECKS.values() if _selected(check, selector)]
        if not fitting:
            raise DiagnosticError(
                Diagnostic("JS090", f"no check is called {selector!r}", hint=_near(selector))
            )
        found.update((check.code, check) for check in fitting)
    return [found[code] for code in sorted(found)]


def _selected(check: Check, selector: str) -> bool:
    if selector == ALL:
        return True
    if selector == DEFAULT:
        return check.default
    if selector in (check.family, check.name):
        return True
    return selector.startswith("JS") and check.code.startswith(selector)


def _near(selector: str) -> str:
    known = {name for check in CHECKS.values() for name in (check.code, check.family, check.name)}
    near = get_close_matches(selector, sorted(known), n=1)
    return f"did you mean {near[0]}?" if near else "see: jumpsigma validate --list"


def _fits(path: str, pattern: str) -> bool:
    """Whether a glob fits; ``**`` also stands for no folder at all, as in ``.gitignore``."""
    if fnmatch.fnmatchcase(path, pattern):
        return True
    return "**/" in pattern and fnmatch.fnmatchcase(path, pattern.replace("**/", ""))
