"""Targets found by name, read with positions and checked: every mistake with its line.

A target is a folder with a ``backend.yaml``. It is looked for where mappings are
(:mod:`jumpsigma.content`): an explicit path, ``JUMPSIGMA_PATH``, the user's folder, what ships.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, get_args

from jumpsigma import content
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.export.features import Feature
from jumpsigma.export.languages import BASES
from jumpsigma.export.model import (
    FILE,
    FILE_KEYS,
    FORMAT_KEYS,
    LANGUAGE_KEYS,
    LOGSOURCE_KEYS,
    MAPPING_KEYS,
    NAMES,
    OPTION_KEYS,
    TARGET_KEYS,
    Format,
    LanguageFile,
    MappingChoice,
    Option,
    OutputFile,
    Scope,
    Target,
)
from jumpsigma.export.refusals import YES, Support, Verdict
from jumpsigma.pack.positions import KeyPath, Positions
from jumpsigma.pack.yaml_reader import read_file

#: Deeper inheritance is a mistake, most often a circle.
MAX_PARENTS: Final = 4
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")


def load_target(name_or_path: str | Path) -> Target:
    """Return the target of a name (``splunk``) or of a path to its folder or ``backend.yaml``.

    Raises
    ------
    DiagnosticError
        JS061, with names that are near, when there is no such target; JS062, with the place in
        the file, when there is one and it is wrong.

    """
    return _load(os.fspath(name_or_path), 0)


def target_names() -> list[str]:
    """The names of all targets that can be loaded by name, sorted."""
    return sorted(_folders())


def available_targets() -> list[Target | Diagnostic]:
    """Every target that can be named, sorted by name; of a wrong one what is wrong with it."""
    found: list[Target | Diagnostic] = []
    for name in target_names():
        try:
            found.append(load_target(name))
        except DiagnosticError as error:
            found.append(error.diagnostic)
    return found


def _folders() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for root in content.search_path("backends"):
        try:
            entries = sorted(root.iterdir())
        except OSError:  # none there, or closed to this user
            continue
        for entry in entries:
            if _NAME.fullmatch(entry.name) and (entry / FILE).is_file():
                found.setdefault(entry.name, entry / FILE)
    return found


def _find(name: str) -> Path:
    path = Path(name).expanduser()
    if path.name != name or path.suffix or name == ".":
        for candidate in (path / FILE, path):
            if candidate.is_file():
                return candidate.resolve()
    known = _folders()
    if name in known:
        return known[name]
    raise DiagnosticError(
        Diagnostic("JS061", f"there is no target {name!r}", hint=_meant(name, known))
    )


def _meant(name: str, known: Mapping[str, Path]) -> str:
    """What somebody may want who names a target that there is not."""
    before, colon, behind = name.partition(":")
    if name == "python":
        return "jumpsigma compile -t python writes a program"
    if colon and before in known:
        return f"give the format by itself: -t {before} -f {behind}"
    if near := difflib.get_close_matches(name.lower(), known, n=3):
        return f"did you mean {', '.join(near)}?"
    for target, path in known.items():  # as they stand: what one inherits may be this very name
        try:
            document = _read(path)[0]
        except DiagnosticError:
            continue
        if name in (document.get("formats") or ()):
            return f"did you mean -t {target} -f {name}?"
        if name.lower() in str(document.get("title")).lower():
            return f"did you mean {target}?"
    return "see: jumpsigma list targets"


def _load(name: str, depth: int) -> Target:
    path = _find(name)
    document, positions = _read(path)
    return _Reader(path, positions, depth).target(document)


def _read(path: Path) -> tuple[dict[str, Any], Positions]:
    result = read_file(path)
    if result.diagnostics:
        first = result.diagnostics[0]
        raise DiagnosticError(Diagnostic("JS062", first.message, span=first.span, hint=first.hint))
    if len(result.documents) != 1 or not isinstance(result.documents[0].value, dict):
        message = f"{FILE} is one YAML mapping"
        raise DiagnosticError(Diagnostic("JS062", message, span=Span(str(path))))
    return result.documents[0].value, result.documents[0].positions


class _Reader:
    def __init__(self, path: Path, positions: Positions, depth: int) -> None:
        self.path, self.positions, self.depth = path, positions, depth

    def target(self, document: dict[str, Any]) -> Target:
        self._known(document, TARGET_KEYS, ())
        parent = self._parent(document)
        title = self._text(document, "title", parent.title if parent else None)
        languages = dict(parent.languages) if parent else {}
        for name, value in self._table(document, "languages").items():
            languages[name] = self._language(name, value, languages.get(name))
        formats = dict(parent.formats) if parent else {}
        for name, value in self._table(document, "formats").items():
            formats[name] = self._format(name, value, languages)
        if not formats:
            raise self._wrong("a target needs at least one format", (), "formats:")
        default = self._text(document, "default", parent.default if parent else next(iter(formats)))
        if default not in formats:
            raise self._wrong(f"there is no format {default!r}", ("default",), _listed(formats))
        options = dict(parent.options) if parent else {}
        for name, value in self._table(document, "options").items():
            options[name] = self._option(name, value)
        tier = document.get("tier", 2)
        if tier not in (1, 2):
            raise self._wrong("tier is 1 (proven by running) or 2", ("tier",))
        names = self._text(document, "names", parent.names if parent else "unconfirmed")
        if names not in NAMES:
            raise self._wrong(f"names cannot be {names!r}", ("names",), _listed(NAMES))
        levels = self._table(document, "levels") or (parent.levels if parent else {})
        return Target(
            name=self.path.parent.name,
            path=self.path,
            title=title,
            description=self._text(document, "description", parent.description if parent else None),
            tier=tier,
            names=names,
            default=default,
            mappings=self._mappings(document, parent, options),
            options=options,
            languages=languages,
            formats=formats,
            levels=levels,
            folders=(self.path.parent, *(parent.folders if parent else ())),
        )

    def _parent(self, document: dict[str, Any]) -> Target | None:
        name = document.get("inherits")
        if name is None:
            return None
        if not isinstance(name, str):
            raise self._wrong("inherits is the name of another target", ("inherits",))
        if self.depth >= MAX_PARENTS:
            raise self._wrong("targets inherit from one another in a circle", ("inherits",))
        try:
            return _load(name, self.depth + 1)
        except DiagnosticError as error:
            if error.diagnostic.code != "JS061":
                raise
            hint = error.diagnostic.hint
            raise self._wrong(f"there is no target {name!r}", ("inherits",), hint) from None

    def _mappings(
        self, document: dict[str, Any], parent: Target | None, options: Iterable[str]
    ) -> tuple[Any, ...]:
        entries = document.get("mappings")
        if entries is None:
            if parent is None:
                raise self._wrong("a target needs mappings", (), "mappings: [{use: jumpcloud}]")
            return parent.mappings
        if not isinstance(entries, list) or not entries:
            raise self._wrong("mappings is a list", ("mappings",), "mappings: [{use: jumpcloud}]")
        return tuple(self._mapping(n, entry, options) for n, entry in enumerate(entries))

    def _mapping(self, number: int, entry: Any, known: Iterable[str]) -> MappingChoice:
        where: KeyPath = ("mappings", number)
        self._known(entry, MAPPING_KEYS, where)
        logsource = entry.get("logsource", {})
        self._known(logsource, LOGSOURCE_KEYS, (*where, "logsource"))
        use, refuse = entry.get("use"), entry.get("refuse")
        if (use is None) == (refuse is None) or not isinstance(use or refuse, str):
            raise self._wrong("give either `use` (a mapping) or `refuse` (the reason)", where)
        options = entry.get("options", {})
        self._known(options, known, (*where, "options"))
        return MappingChoice(_texts(logsource), use, refuse, _texts(options))

    def _option(self, name: str, value: Any) -> Option:
        where: KeyPath = ("options", name)
        self._known(value, OPTION_KEYS, where)
        if not isinstance(value.get("description"), str):
            raise self._wrong("an option needs a description", where)
        choices = tuple(map(str, value.get("choices", ())))
        try:
            pattern = re.compile(value["pattern"], re.ASCII) if "pattern" in value else None
        except (re.error, TypeError) as error:
            raise self._wrong(f"no regular expression: {error}", (*where, "pattern")) from None
        default = value.get("default")
        default = str(default).lower() if isinstance(default, bool) else default
        default = None if default is None else str(default)
        words = {key: str(value[key]) for key in ("expects", "example") if key in value}
        option = Option(name, value["description"], default, choices, pattern, **words)
        if default is not None and (problem := option.problem(default)):
            raise self._wrong(f"the default must be {problem}", (*where, "default"))
        if option.example and (problem := option.problem(option.example)):
            raise self._wrong(f"the example must be {problem}", (*where, "example"))
        return option

    def _language(self, name: str, value: Any, old: LanguageFile | None) -> LanguageFile:
        where: KeyPath = ("languages", name)
        self._known(value, LANGUAGE_KEYS, where)
        base = value.get("base", old and old.base)
        if base not in BASES:
            hint = _listed(BASES)
            raise self._wrong(f"there is no base {base!r}", (*where, "base"), hint)
        features = dict(old.features) if old else {}
        table = value.get("features", {})
        if isinstance(table, dict):  # `null` without quotes is no text to YAML
            table = {"null" if key is None else key: each for key, each in table.items()}
        self._known(table, tuple(Feature), (*where, "features"))
        for key, verdict in table.items():
            features[Feature(key)] = self._verdict(verdict, (*where, "features", key))
        missing = [each for each in Feature if each not in features]
        if missing:
            text = f"says nothing of {', '.join(missing)}"
            raise self._wrong(
                f"the language {name!r} {text}", where, "yes, or {not_written: why}, {cannot: why}"
            )
        tables = _merged(old.tables if old else {}, value.get("tables", {}))
        return LanguageFile(name, base, tables, features)

    def _verdict(self, value: Any, where: KeyPath) -> Verdict:
        if value == "yes" or value is True:
            return YES
        if isinstance(value, dict) and len(value) == 1:
            kind, reason = next(iter(value.items()))
            if kind in (Support.NOT_WRITTEN, Support.CANNOT, Support.LEFT) and isinstance(
                reason, str
            ):
                return Verdict(Support(kind), reason)
            if kind == Support.OPTION and isinstance(reason, dict):
                self._known(reason, ("name", "reason"), where)
                why, name = reason.get("reason"), reason.get("name")
                if isinstance(why, str) and isinstance(name, str):
                    return Verdict(Support.OPTION, why, name)
        hint = "yes, {not_written, cannot or left: why} or {option: {name: x, reason: why}}"
        raise self._wrong("not a verdict on a feature", where, hint)

    def _format(self, name: str, value: Any, languages: Mapping[str, Any]) -> Format:
        where: KeyPath = ("formats", name)
        self._known(value, FORMAT_KEYS, where)
        if value.get("language") not in languages:
            raise self._wrong("a format needs one of the languages", where, _listed(languages))
        entries = value.get("files")
        if not isinstance(entries, list) or not entries:
            raise self._wrong("a format needs files", where, "files: [{path: '{slug}.txt'}]")
        files = tuple(self._file(entry, (*where, "files", n)) for n, entry in enumerate(entries))
        return Format(name, value["language"], str(value.get("description", "")), files)

    def _file(self, entry: Any, where: KeyPath) -> OutputFile:
        self._known(entry, FILE_KEYS, where)
        path, template = entry.get("path"), entry.get("template")
        scope = entry.get("scope", "rule")
        if scope not in get_args(Scope):
            raise self._wrong("scope is rule, pack or list", where)
        if not isinstance(path, str) or ("{slug}" in path) == (scope == "pack"):
            message = "the path of a file has {slug} where its scope is a rule or a list"
            raise self._wrong(message, where)
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\\" in path:
            raise self._wrong("the path of a file stays below the folder of the export", where)
        if template is not None and (
            not isinstance(template, str) or PurePosixPath(template).name != template
        ):
            raise self._wrong("a template is the name of a file beside backend.yaml", where)
        comment = entry.get("comment")
        if comment is not None and (
            scope != "rule" or not isinstance(comment, str) or comment.count("{}") != 1
        ):
            raise self._wrong("a comment of a rule's file has {} where its text stands", where)
        return OutputFile(path, template, scope, comment)

    # ----------------------------------------------------------------------------- small things
    def _table(self, document: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = document.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(f"{key} must be a mapping", (key,))
        return value

    def _text(self, document: Mapping[str, Any], key: str, default: str | None) -> str:
        value = document.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(f"a target needs a text for {key}", (key,) if key in document else ())
        return value.strip()

    def _known(self, value: Any, known: Iterable[str], where: KeyPath) -> None:
        if not isinstance(value, dict):
            raise self._wrong("this must be a mapping", where)
        names = tuple(known)
        for key in value:
            if key not in names:
                near = difflib.get_close_matches(str(key), names, n=1)
                hint = f"did you mean {str(near[0])!r}?" if near else _listed(names)
                raise self._wrong(f"there is no key {key!r} here", (*where, key), hint, key=True)

    def _wrong(
        self, message: str, where: KeyPath, hint: str | None = None, *, key: bool = False
    ) -> DiagnosticError:
        span = self.positions.span(where, key=key)
        return DiagnosticError(Diagnostic("JS062", message, span=span, hint=hint))


def _merged(old: Mapping[str, Any], new: Any) -> dict[str, Any]:
    """Tables with those of an heir written over them, mapping by mapping."""
    found = dict(old)
    for key, value in new.items() if isinstance(new, dict) else ():
        before = found.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        found[key] = _merged(before or {}, value) if both else value
    return found


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in table.items()}


def _listed(names: Iterable[str]) -> str:
    return f"one of: {', '.join(names)}"
