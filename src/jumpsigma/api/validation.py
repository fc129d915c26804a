"""Validate a pack: load it, run the checks, say what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jumpsigma.checks import PackView, RanCase, Result, Settings, run, worst
from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.pack import Pack


@dataclass(frozen=True, slots=True)
class Validation:
    """What :func:`validate` found, in the order of files and lines.

    ``results`` have, beside each diagnostic, the edits that mend it where that is mechanical.
    """

    results: tuple[Result, ...]
    rules: int
    files: int

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The problems without their edits."""
        return tuple(result.diagnostic for result in self.results)

    @property
    def worst(self) -> Severity | None:
        """The worst severity that was found, None when nothing was."""
        return worst(self.results)

    def without(self, results: Iterable[Result]) -> Validation:
        """The same without some results, which were mended."""
        gone = {id(result) for result in results}
        return replace(self, results=tuple(r for r in self.results if id(r) not in gone))

    def count(self, severity: Severity) -> int:
        """How many problems are of a severity."""
        return sum(result.diagnostic.severity is severity for result in self.results)


def validate(
    pack: Pack,
    *,
    select: Iterable[str] = ("default",),
    settings: Settings | None = None,
    only: Collection[str] | None = None,
    before: Mapping[str, dict[str, Any]] | None = None,
    attack: str | Path | None = None,
) -> Validation:
    """Run checks over a pack, and report them with what was wrong while loading it.

    ``select`` names checks: a code (``JS151``), the beginning of one (``JS15``), a family
    (``logic``), ``default`` or ``all``, and ``pysigma`` or ``sigmahq`` for the validators of those;
    ``settings`` has that choice too, and what is ignored where. ``only`` keeps what is said of
    these files, while the whole pack is seen. ``before`` has the documents that changed rules were,
    by id. ``attack`` is a STIX bundle of ATT&CK that takes the place of the version that ships
    with us.

    Raises :class:`DiagnosticError`: JS090 for a selector that names no check, JS001 and JS087 for
    a bundle that cannot be read.
    """
    view = PackView(pack, before=before, run_cases=_ran_cases)
    if attack is not None:
        from jumpsigma.attack.stix import read_stix

        view.attack, view.attack_file = read_stix(attack), Path(attack)
    results = run(view, settings or Settings(select=tuple(select)), only)
    return Validation(tuple(results), len(pack.rules) + len(pack.filters), len(pack.files))


def _ran_cases(pack: Pack) -> Iterator[RanCase]:
    from jumpsigma.api.cases import run_cases

    for result in run_cases(pack).results:
        yield RanCase(
            result.case,
            result.mapping,
            result.reason,
            result.compiled,
            result.rules[0],
            any(rule.kind == "correlation" for rule in result.rules),
        )
