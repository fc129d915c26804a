"""Run checks over a pack: what they say, less what is ignored, in the order of the files."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from jumpsigma.checks.ignores import Ignore, comments
from jumpsigma.checks.model import CHECKS, Check, Edit, Hit
from jumpsigma.checks.settings import Settings, chosen
from jumpsigma.checks.stock import is_stock, stock_diagnostics
from jumpsigma.checks.view import PackView, RuleView
from jumpsigma.diagnostics import Diagnostic, Severity, Span

_NO_PLACE = Span("")


@dataclass(frozen=True, slots=True)
class Result:
    """A problem, and the edits that mend it where that is mechanical."""

    diagnostic: Diagnostic
    edits: tuple[Edit, ...] = ()


@dataclass(slots=True)
class Ignores:
    """Every ignore that was written, after the checks have run."""

    written: list[Ignore] = field(default_factory=list)
    selected: frozenset[str] = frozenset()


def run(
    view: PackView, settings: Settings | None = None, only: Collection[str] | None = None
) -> list[Result]:
    """Everything that is wrong with a pack, in the order of files and lines.

    The problems of loading come first among those of one place. ``only`` keeps what is said of
    these files, while the whole pack is looked at.

    Raises :class:`DiagnosticError` (JS090) for a selector in ``settings`` that names no check.
    """
    settings = settings or Settings()
    checks = chosen(settings.select)
    wanted = None if only is None else {os.path.realpath(path) for path in only}
    runner = _Runner(view, settings, checks, wanted)
    return sorted(runner.results(), key=_order)


@dataclass
class _Runner:
    view: PackView
    settings: Settings
    checks: list[Check]
    wanted: set[str] | None
    lines: dict[tuple[str, int], list[Ignore]] = field(default_factory=dict)
    ignores: Ignores = field(default_factory=Ignores)
    within: dict[str, bool] = field(default_factory=dict)

    def results(self) -> Iterator[Result]:
        self._read_comments()
        for diagnostic in self.view.pack.diagnostics:
            result = self._kept(Result(diagnostic))
            if result is not None:
                yield result
        for check, hit, rule in self._hits():
            result = self._kept(_result(check, hit, rule))
            if result is not None:
                yield result
        selected = [each for each in self.settings.select if is_stock(each)]
        for diagnostic in stock_diagnostics(self.view, selected):
            result = self._kept(Result(diagnostic))
            if result is not None:
                yield result
        # What ignores did is only known now.
        self.ignores.selected = frozenset(check.code for check in self.checks)
        for check in self.checks:
            if check.scope == "ignores":
                for hit in check.run(self.ignores):
                    result = _result(check, hit, None)
                    if self._is_wanted(result.diagnostic.span):
                        yield self._judged(result)

    def _hits(self) -> Iterator[tuple[Check, Hit, RuleView | None]]:
        by_rule = [check for check in self.checks if check.scope == "rule"]
        by_file = [check for check in self.checks if check.scope == "file"]
        for view in self.view.rules if by_rule else ():
            if not self._is_within(view.loaded.path):
                continue
            for check in by_rule:
                for hit in check.run(view):
                    yield check, hit, view
        for file in self.view.rule_files() if by_file else ():
            if not self._is_within(file.path):
                continue
            for check in by_file:
                for hit in check.run(file):
                    yield check, hit, None
        for check in self.checks:
            if check.scope == "pack":
                for hit in check.run(self.view):
                    yield check, hit, None

    def _read_comments(self) -> None:
        for file in self.view.rule_files():
            if not self._is_within(file.path):
                continue
            for lines, ignore in comments(file):
                for line in lines:
                    self.lines.setdefault((file.path, line), []).append(ignore)
                self.ignores.written.append(ignore)
        if self.wanted is None:  # else what they are there for may be in the other files
            self.ignores.written += self.settings.all_ignores()

    def _kept(self, result: Result) -> Result | None:
        """The result with the severity that it is to have, None when nobody wants it."""
        diagnostic = result.diagnostic
        span = diagnostic.span or _NO_PLACE
        if not self._is_wanted(diagnostic.span):
            return None
        if diagnostic.is_error and not (diagnostic.code in CHECKS or is_stock(diagnostic.code)):
            return result  # what could not be loaded is never hidden
        silencing = list(self.lines.get((span.path, span.line), ()))
        silencing += self.settings.ignores
        for override in self.settings.overrides:
            if override.ignores and override.applies(span.path, diagnostic.rule_id):
                silencing += override.ignores
        # All of them are asked, so that each knows whether it had anything to do.
        silenced = [ignore.silences(diagnostic.code) for ignore in silencing]
        if any(silenced):
            return None
        return self._judged(result)

    def _judged(self, result: Result) -> Result:
        diagnostic = result.diagnostic
        severity = self.settings.severities.get(diagnostic.code)
        for override in self.settings.overrides:
            if diagnostic.code in override.severities and override.applies(
                (diagnostic.span or _NO_PLACE).path, diagnostic.rule_id
            ):
                severity = override.severities[diagnostic.code]
        if severity is None or severity is diagnostic.severity:
            return result
        return replace(result, diagnostic=replace(diagnostic, severity=severity))

    def _is_wanted(self, span: Span | None) -> bool:
        return self.wanted is None or (span is not None and self._is_within(span.path))

    def _is_within(self, path: str) -> bool:
        if self.wanted is None:
            return True
        if path not in self.within:
            self.within[path] = os.path.realpath(path) in self.wanted
        return self.within[path]


def _result(check: Check, hit: Hit, view: RuleView | None) -> Result:
    loaded = view.loaded if view is not None else hit.rule
    span = hit.span
    if span is None and loaded is not None:
        span = loaded.span(hit.path, key=hit.key)
    diagnostic = Diagnostic(
        check.code,
        hit.message,
        check.severity,
        span,
        loaded.id if loaded is not None else None,
        hit.hint,
    )
    return Result(diagnostic, hit.edits)


def _order(result: Result) -> tuple[str, int, int, str, str]:
    diagnostic = result.diagnostic
    span = diagnostic.span or _NO_PLACE
    return (span.path, span.line, span.column, diagnostic.code, diagnostic.message)


def worst(results: Iterable[Result]) -> Severity | None:
    """The worst severity among results, None without any."""
    found = {result.diagnostic.severity for result in results}
    return next((severity for severity in Severity if severity in found), None)


__all__ = ["CHECKS", "Ignores", "Result", "run", "worst"]
