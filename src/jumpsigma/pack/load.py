"""``load_pack``: paths to rules, with every problem as a diagnostic."""

from __future__ import annotations

import os
from pathlib import Path

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.actions import merge_actions
from jumpsigma.pack.cases import CasesFile, read_cases
from jumpsigma.pack.files import Found, find
from jumpsigma.pack.model import LoadedFilter, LoadedRule, Pack
from jumpsigma.pack.pack_file import PackSettings, read_pack_file
from jumpsigma.pack.yaml_reader import DEFAULT_LIMITS, Document, Limits, read_file


def load_pack(*paths: str | Path, limits: Limits = DEFAULT_LIMITS, cases: bool = True) -> Pack:
    """Load every Sigma rule, correlation and filter under some files and folders.

    Never raises on what files hold: a document with an error is left out, its errors stand in
    ``diagnostics`` with file, line and column, and the documents beside it are loaded. Only a
    path that does not exist raises ``FileNotFoundError``. A file reached twice is loaded once.
    Without ``cases`` the files of cases are not read: they are most of a pack.
    """
    return _Loader(limits, cases=cases).load([find(path) for path in paths])


class _Loader:
    def __init__(self, limits: Limits, *, cases: bool) -> None:
        self.limits = limits
        self.reads_cases = cases
        self.diagnostics: list[Diagnostic] = []
        self.rules: list[LoadedRule] = []
        self.filters: list[LoadedFilter] = []
        self.cases: list[CasesFile] = []
        self.settings: list[PackSettings] = []
        self.refused: list[str] = []  # ids and names of documents with errors
        self.seen: dict[str, str] = {}  # real paths to the first path of each

    def load(self, roots: list[Found]) -> Pack:
        from jumpsigma.pack.references import duplicate_ids, filter_warnings, resolvable

        for found in roots:
            self._root(found)
        self.diagnostics += duplicate_ids([*self.rules, *self.filters])
        rules, unresolved = resolvable(self.rules, self.refused)
        self.diagnostics += unresolved
        self.diagnostics += filter_warnings(self.filters, rules, self.refused)
        return Pack(
            tuple(rules),
            tuple(self.filters),
            tuple(self.diagnostics),
            tuple(self.cases),
            tuple(self.settings),
            tuple(found.folder for found in roots),
            tuple(self.seen.values()),
        )

    def _root(self, found: Found) -> None:
        self.diagnostics += found.diagnostics
        for path in filter(self._first_time, found.pack_files):
            settings, problems = read_pack_file(path)
            self.diagnostics += problems
            if settings is not None:
                self.settings.append(settings)
                for each in settings.lists:
                    self._first_time(each.path)
        for path in filter(self._first_time, found.rules):
            self._rule_file(path)
        for path in filter(self._first_time, found.cases):
            if not self.reads_cases:
                continue
            cases, problems = read_cases(path)
            self.diagnostics += problems
            if cases is not None:
                self.cases.append(cases)

    def _first_time(self, path: str) -> bool:
        real = os.path.realpath(path)
        if real in self.seen:
            return False
        self.seen[real] = path
        return True

    def _rule_file(self, path: str) -> None:
        result = read_file(path, self.limits)
        self.diagnostics += result.diagnostics
        for document in merge_actions(result.documents):
            if isinstance(document, Diagnostic):
                self.diagnostics.append(document)
            else:
                self._document(document)

    def _document(self, document: Document) -> None:
        from jumpsigma.pack.rules import load_document

        outcome = load_document(document)
        self.diagnostics += outcome.diagnostics
        match outcome.loaded:
            case LoadedRule() as rule:
                self.rules.append(rule)
            case LoadedFilter() as loaded:
                self.filters.append(loaded)
            case None:
                self.refused += outcome.names
