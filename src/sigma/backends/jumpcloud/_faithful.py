"""A pySigma backend for a target of jumpsigma.

It does not convert what pySigma has made of a rule, whose meaning differs between its versions: it
loads the rule again as jumpsigma does, with the target's own mapping, and gives the target's query
or the reason why there is none.
"""

from __future__ import annotations

import tempfile
from abc import ABCMeta
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

import yaml
from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import (
    SigmaConfigurationError,
    SigmaFeatureNotSupportedByBackendError,
)
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from jumpsigma.content import search_path

if TYPE_CHECKING:
    from jumpsigma.api import Exported
    from jumpsigma.diagnostics import Diagnostic
    from jumpsigma.export import Target
    from jumpsigma.pack import Pack

Rule = SigmaRule | SigmaCorrelationRule
Callback = Callable[[Any, str | None, int, Any, Any], Any]
PREFIX = "jumpsigma_"
#: The option that stands for another mapping than the target's own.
MAPPING = "mapping"


def target_names() -> list[str]:
    """The folders that hold a target, by name; none of them is read."""
    folders = (folder for folder in search_path("backends") if folder.is_dir())
    return sorted({path.parent.name for each in folders for path in each.glob("*/backend.yaml")})


class _ReadsTarget(ABCMeta):
    """Has the formats of the target's file, which is read when somebody asks for them."""

    target_name: str

    @property
    def formats(cls) -> dict[str, str]:
        """Name and description of every format; ``default`` is that of the file."""
        target = _target(cls.target_name)
        default = target.formats[target.default]
        named = {name: each.description for name, each in target.formats.items()}
        return {"default": default.description, **named}


class Faithful(Backend, metaclass=_ReadsTarget):
    """The queries of one target; :func:`backend_class` makes a class for each.

    Keyword arguments are the target's options, and ``mapping`` (a name or a file).
    """

    target_name: ClassVar[str]
    requires_pipeline: ClassVar[bool] = False

    def __init__(
        self,
        processing_pipeline: ProcessingPipeline | None = None,
        collect_errors: bool = False,  # noqa: FBT001, FBT002 - pySigma's signature
        **backend_options: Any,
    ) -> None:
        super().__init__(processing_pipeline, collect_errors, **backend_options)
        known = (MAPPING, *_target(self.target_name).options)
        for name in backend_options:
            if name not in known:  # what `sigma convert` makes a usage error of
                raise TypeError(f"unexpected option '{name}'; one of: {', '.join(known)}")

    def convert(
        self,
        rule_collection: SigmaCollection,
        output_format: str | None = None,
        correlation_method: str | None = None,  # noqa: ARG002 - pySigma's signature
        callback: Callback | None = None,
    ) -> list[str]:
        """What the target writes for each rule of the collection, then what it writes for all.

        A rule that cannot be said raises :class:`SigmaFeatureNotSupportedByBackendError`, or is
        kept in ``errors`` with ``collect_errors``.
        """
        if self.processing_pipeline is not None and self.processing_pipeline.items:
            raise SigmaConfigurationError(
                f"{self.name}: a target of jumpsigma brings its own mapping and takes no pipeline;"
                f" give a mapping file with -O {MAPPING}=FILE"
            )
        rules: list[Rule] = list(rule_collection.rules)
        written = self._written(rule_collection, rules, output_format)
        results: list[str] = []
        for rule in rules:
            found = written.found.get(_key(rule))
            if found is None:
                self._refuse(rule, written)
                continue
            if found and callback is not None:
                found = callback(rule, output_format, 0, None, found)
            if found:  # nothing where the format is one file for all rules
                results.append(found)
        return [*results, *written.together]

    def _refuse(self, rule: Rule, written: _Written) -> None:
        reasons = written.refused.get(_key(rule))
        if reasons is None:  # a correlation speaks for it
            return
        error = SigmaFeatureNotSupportedByBackendError("; ".join(reasons), source=rule.source)
        if not self.collect_errors:
            raise error
        self.errors.append((rule, error))  # type: ignore[arg-type]

    def _written(
        self, collection: SigmaCollection, rules: list[Rule], output_format: str | None
    ) -> _Written:
        from jumpsigma import api
        from jumpsigma.diagnostics import DiagnosticError
        from jumpsigma.export import load_target

        options = {key: str(value) for key, value in self.backend_options.items()}
        mapping = options.pop(MAPPING, None)
        if "lists" in load_target(self.target_name).options:
            options.setdefault("lists", "inline")  # sigma-cli writes queries, and no tables
        form = None if output_format in (None, "default") else output_format
        try:
            with _files_of(collection) as paths:
                pack = api.load_pack(*paths, cases=False)
                exported = api.export_queries(
                    pack,
                    self.target_name,
                    form,
                    options=options,
                    mapping=mapping,
                    indicators=api.StoredLists(),
                )
                return _written_of(exported, pack, rules)
        except DiagnosticError as error:
            raise SigmaConfigurationError(str(error.diagnostic.message)) from None


class _Written(NamedTuple):
    """By the key of a rule its text, or the reasons why it has none; and the text for all rules."""

    found: dict[str, str]
    refused: dict[str, list[str]]
    together: list[str]


def _written_of(exported: Exported, pack: Pack, rules: list[Rule]) -> _Written:
    from jumpsigma.api.export_files import export_files

    texts = iter(export_files(exported, pack).values())
    parts: list[list[str]] = [[] for _ in exported.queries]
    together: list[str] = []
    files = [file for file in exported.format.files if file.scope != "list"]
    for file in files:  # in the order in which they were written
        for part in parts if file.scope == "rule" else [together]:
            part.append(next(texts))
    found = {
        query.rule.id or query.rule.title: "\n".join(part).rstrip("\n")
        for query, part in zip(exported.queries, parts, strict=True)
    }
    refused: dict[str, list[str]] = {}
    nameless = [rule for rule in rules if rule.id is None]
    for diagnostic in (*exported.refused, *pack.diagnostics):
        reason = diagnostic.message + (f" ({diagnostic.hint})" if diagnostic.hint else "")
        keys = [diagnostic.rule_id] if diagnostic.rule_id else _titles(diagnostic, nameless, pack)
        for key in keys:
            refused.setdefault(key, []).append(f"{diagnostic.code}: {reason}")
    for key, times in Counter(map(_key, rules)).items():
        if times > 1:  # a query could be that of either
            found.pop(key, None)
            refused.setdefault(key, []).append("several rules have this id, or title without an id")
    loaded = {rule.id or rule.title for rule in pack.rules}
    for rule in rules:
        if (key := _key(rule)) not in found and key not in refused and key not in loaded:
            refused[key] = ["the rule could not be loaded again from its file"]
    return _Written(found, refused, [text.rstrip("\n") for text in together])


def _titles(diagnostic: Diagnostic, nameless: list[Rule], pack: Pack) -> list[str]:
    """The rules without an id that something may be about which names none."""
    if diagnostic.span is None or not nameless:
        return []
    here = {each.title for each in pack.rules if each.path == diagnostic.span.path}
    loaded = {each.title for each in pack.rules}
    titles = (str(rule.title) for rule in nameless)
    return [title for title in titles if title in here or title not in loaded]


def _key(rule: Rule) -> str:
    return str(rule.id) if rule.id is not None else str(rule.title)


@contextmanager
def _files_of(collection: SigmaCollection) -> Iterator[list[str]]:
    """The files that rules and filters come from; those from none are written into one."""
    paths: dict[str, None] = {}
    loose: list[Any] = []
    for each in (*collection.rules, *getattr(collection, "filters", ())):
        path = getattr(each.source, "path", None)
        if path is not None and Path(path).is_file():
            paths[str(path)] = None
        else:
            loose.append(each)
    if not loose:
        yield list(paths)
        return
    documents = [_document(each) for each in loose]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rules.yml")
        file.write_text(yaml.safe_dump_all(documents, allow_unicode=True), encoding="utf-8")
        yield [*paths, str(file)]


def _document(each: Any) -> Mapping[str, Any]:
    document: Mapping[str, Any] = each.to_dict()
    if _has_backslash(document):
        # pySigma 1 writes `\\*` as `\*`, which is another value.
        raise SigmaConfigurationError(
            f"{each.title}: a rule with a backslash has to come from a file", source=each.source
        )
    return document


def _has_backslash(value: Any) -> bool:
    match value:
        case str():
            return "\\" in value
        case dict():
            return any(_has_backslash(each) for pair in value.items() for each in pair)
        case list():
            return any(map(_has_backslash, value))
        case _:
            return False


def _unused(self: Backend, *_: Any, **__: Any) -> Any:
    raise NotImplementedError(f"{self.name} converts whole collections: call convert()")


def _target(name: str) -> Target:
    from jumpsigma.diagnostics import DiagnosticError
    from jumpsigma.export import load_target

    try:
        return load_target(name)
    except DiagnosticError as error:
        raise SigmaConfigurationError(f"{name}: {error.diagnostic.message}") from None


def backend_class(name: str) -> type[Faithful]:
    """The backend of a target, which ``sigma convert -t`` knows as ``jumpsigma_<name>``."""
    body: dict[str, Any] = {
        **dict.fromkeys(Backend.__abstractmethods__, _unused),
        "convert_rule": _unused,
        "convert_correlation_rule": _unused,
        "target_name": name,
        "identifier": f"{PREFIX}{name}",
        "name": f"{name}, as jumpsigma writes it: faithful, or refused",
        "__module__": __package__,
        "__doc__": f"The target {name} of jumpsigma.",
    }
    made = _ReadsTarget(f"{PREFIX}{name.replace('-', '_')}", (Faithful,), body)
    return cast("type[Faithful]", made)
