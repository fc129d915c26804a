"""Mapping files: found by name, read with positions, built into mappings.

A user's file is not trusted. It is read with the limits of rule files, and transformations that
read files, run commands or use the network are refused whatever pySigma's environment variables
say; so are templates over finished queries, which are no part of a mapping.
"""

from __future__ import annotations

import difflib
import os
import re
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation, transformations

from jumpsigma import content
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.mapping.model import Mapping
from jumpsigma.mapping.refusals import collecting
from jumpsigma.mapping.steps import named_step
from jumpsigma.pack.positions import Positions
from jumpsigma.pack.yaml_reader import read_file

SUFFIXES: Final = (".yml",)
_KEYS: Final = frozenset({"name", "priority", "vars", "transformations", "allowed_backends"})
_OUTSIDE: Final = frozenset({"command_placeholders", "file_placeholders", "http_placeholders"})
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = frozenset({"all", "and", "any", "not", "of", "or", "them"})


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Return the mapping of a name (``jumpcloud``) or of a path to a ``.yml`` file.

    Raises
    ------
    DiagnosticError
        JS052, with names that are near, when there is no such mapping; JS053, with the place in
        the file, when there is one and it is wrong.

    """
    name = os.fspath(name_or_path)
    path = content.find("mappings", name, SUFFIXES)
    if path is None:
        raise DiagnosticError(_not_found(name))
    document, positions = _read(path)
    return _Builder(path, positions).build(document)


def available_mappings() -> list[tuple[str, Path, str]]:
    """Return name, path and description of every mapping that can be named, sorted by name.

    A file that cannot be read is in the list, with its problem as the description.
    """
    rows: list[tuple[str, Path, str]] = []
    for path in content.available("mappings", SUFFIXES):
        try:
            document, _ = _read(path)
            rows.append((path.stem, path, _description(document)))
        except DiagnosticError as error:
            rows.append((path.stem, path, error.diagnostic.message))
    return rows


def _read(path: Path) -> tuple[dict[str, Any], Positions]:
    result = read_file(path)
    if result.diagnostics:
        first = result.diagnostics[0]
        raise DiagnosticError(Diagnostic("JS053", first.message, span=first.span, hint=first.hint))
    if len(result.documents) != 1:
        raise DiagnosticError(
            Diagnostic("JS053", "a mapping file is one YAML document", span=Span(str(path)))
        )
    document = result.documents[0]
    if not isinstance(document.value, dict):
        message = "a mapping file is a YAML mapping with the key `transformations`"
        raise DiagnosticError(Diagnostic("JS053", message, span=document.positions.span(())))
    return document.value, document.positions


class _Builder:
    def __init__(self, path: Path, positions: Positions) -> None:
        self.path, self.positions = path, positions

    def build(self, document: dict[str, Any]) -> Mapping:
        for key in document.keys() - _KEYS:
            hint = f"a mapping has the keys {', '.join(sorted(_KEYS))}"
            if key in {"postprocessing", "finalizers"}:
                hint = "a mapping changes rules, not finished queries: take this section out"
            raise self._error(f"a mapping has no {key!r}", (key,), hint=hint, key=True)
        entries = document.get("transformations")
        if not isinstance(entries, list):
            raise self._error("`transformations` must be a list", ("transformations",))
        variables = document.get("vars", {})
        if not isinstance(variables, dict):
            raise self._error("`vars` must be a mapping", ("vars",))
        items = [
            item for i, entry in enumerate(entries) if (item := self._item(i, entry)) is not None
        ]
        added = {
            item.transformation.name
            for item in items
            if isinstance(item.transformation, AddConditionTransformation)
        }
        return Mapping(
            name=self.path.stem,
            path=self.path,
            description=_description(document),
            _pipeline=ProcessingPipeline(items, vars=variables, name=str(document.get("name", ""))),
            _added=frozenset(added),
        )

    def _item(self, index: int, entry: Any) -> ProcessingItem | None:
        where = ("transformations", index)
        if not isinstance(entry, dict):
            raise self._error("an item must be a mapping with the key `type`", where)
        self._check_type(entry, where)
        data = deepcopy(entry)
        if data["type"] == "add_condition":
            # pySigma makes up a random name, which would show in what we print.
            data.setdefault("name", f"_condition_{index + 1}")
        try:
            with warnings.catch_warnings():
                # pySigma parses conditions by a name that pyparsing has renamed.
                warnings.simplefilter("ignore", DeprecationWarning)
                item = ProcessingItem.from_dict(data)
            step = named_step(data.get("id"), collecting(item))
        except Exception as error:  # pySigma checks little of what it is given
            raise self._error(" ".join(str(error).split()), where) from error
        if step is None:
            return None
        if step is not item.transformation:
            item.transformation = step
            step.set_processing_item(item)
        return item

    def _check_type(self, entry: dict[str, Any], where: tuple[Any, ...]) -> None:
        kind = entry.get("type")
        if not isinstance(kind, str) or kind not in transformations:
            raise self._error(
                f"unknown transformation {kind!r}" if "type" in entry else "an item needs a `type`",
                (*where, "type"),
                hint=_near(str(kind), transformations),
            )
        if kind in _OUTSIDE:
            raise self._error(
                f"the transformation {kind!r} reads from outside the file, which a mapping may not",
                (*where, "type"),
            )
        if kind == "add_condition" and "name" in entry:
            self._check_name(entry["name"], (*where, "name"))
        nested = entry.get("items")
        if kind == "nest" and isinstance(nested, list):
            for index, inner in enumerate(nested):
                if isinstance(inner, dict):
                    self._check_type(inner, (*where, "items", index))

    def _check_name(self, name: Any, where: tuple[Any, ...]) -> None:
        """The name is written into the condition of every rule, where it must read as one."""
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.lower() in _WORDS:
            raise self._error(
                f"a condition cannot have the name {name!r}",
                where,
                hint="a name is of letters, digits and _, such as _logsource",
            )

    def _error(
        self, message: str, where: tuple[Any, ...], *, hint: str | None = None, key: bool = False
    ) -> DiagnosticError:
        span = self.positions.span(where, key=key)
        return DiagnosticError(Diagnostic("JS053", message, span=span, hint=hint))


def _description(document: dict[str, Any]) -> str:
    variables = document.get("vars")
    text = variables.get("description", "") if isinstance(variables, dict) else ""
    return " ".join(str(text).split())


def _not_found(name: str) -> Diagnostic:
    names = [path.stem for path in content.available("mappings", SUFFIXES)]
    hint = _near(Path(name).stem, names) or f"there are: {', '.join(names)}"
    return Diagnostic("JS052", f"there is no mapping {name!r}", hint=hint)


def _near(name: str, names: Any) -> str | None:
    near = difflib.get_close_matches(name, list(names), n=3)
    return f"did you mean {' or '.join(repr(each) for each in near)}?" if near else None
