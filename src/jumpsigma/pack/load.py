"""``load_pack``: paths to rules, with every problem as a diagnostic."""

from __future__ import annotations

from pathlib import Path

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.actions import merge_actions
from jumpsigma.pack.cases import CasesFile, read_cases
from jumpsigma.pack.files import Distinct, Found, find
from jumpsigma.pack.fingerprint import Fingerprint
from jumpsigma.pack.limits import DEFAULT_LIMITS, Limits
from jumpsigma.pack.model import LoadedFilter, LoadedRule, Pack
from jumpsigma.pack.pack_file import PackSettings, check_pack_file
from jumpsigma.pack.yaml_reader import Document, ReadResult, read_file


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
        self.files = Distinct()
        self.fingerprint = Fingerprint()

    def load(self, roots: list[Found]) -> Pack:
        from jumpsigma.pack.references import duplicate_ids, filter_warnings, resolvable

        for found in roots:
            self._root(found)
        self.diagnostics += duplicate_ids([*self.rules, *self.filters])
        rules, unresolved = resolvable(self.rules, self.refused)
        self.diagnostics += unresolved
        self.diagnostics += filter_warnings(self.filters, rules, self.refused)
        pack = Pack(
            tuple(rules),
            tuple(self.filters),
            tuple(self.diagnostics),
            tuple(self.cases),
            tuple(self.settings),
            tuple(found.folder for found in roots),
            tuple(self.files.paths),
        )
        # Not an argument: what somebody makes of a pack with replace() has none.
        object.__setattr__(pack, "fingerprint", self.fingerprint.text)
        return pack

    def _root(self, found: Found) -> None:
        self.diagnostics += found.diagnostics
        self.fingerprint.add_root(found)
        for path in filter(self.files.add, found.pack_files):
            settings, problems = check_pack_file(path, self._read(path, DEFAULT_LIMITS))
            self.diagnostics += problems
            if settings is None:
                self.fingerprint.give_up()  # a list that it names may be what is wrong
                continue
            self.settings.append(settings)
            for each in settings.lists:
                self.files.add(each.path)
        for path in filter(self.files.add, found.rules):
            self._rule_file(path)
        for path in filter(self.files.add, found.cases):
            if not self.reads_cases:
                continue
            cases, problems = read_cases(path)
            self.diagnostics += problems
            if cases is not None:
                self.cases.append(cases)

    def _read(self, path: str, limits: Limits) -> ReadResult:
        result = read_file(path, limits)
        if result.content is not None and limits == DEFAULT_LIMITS:
            self.fingerprint.add_file(path, result.content)
        else:
            self.fingerprint.give_up()
        return result

    def _rule_file(self, path: str) -> None:
        result = self._read(path, self.limits)
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
