"""What checks look at: a rule, a file, a pack, what is costly made when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from jumpsigma.attack import Attack, load_attack
from jumpsigma.diagnostics import Span
from jumpsigma.intake.schema import Schema, load_schema
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.ir.reasoning import Formula, unsatisfiable
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import Mapping as EventMapping
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import Case, CasesFile, LoadedFilter, LoadedRule, Pack
from jumpsigma.pack.detections import definitions, items
from jumpsigma.pack.positions import KeyPath
from jumpsigma.pack.references import Names
from jumpsigma.pack.sigma_objects import FILTER_RESERVED, RULE_RESERVED
from jumpsigma.pack.yaml_text import LineTable, TextError, decode

_PLAIN: Final = "sigma"  # the mapping that leaves names as they are


@dataclass(frozen=True, slots=True)
class Item:
    """A field with its values in a detection; ``key`` and ``field`` are None for keywords.

    ``values`` have the path of each; ``listed`` tells whether the rule writes them as a list.
    """

    detection: str
    path: KeyPath
    key: str | None
    field: str | None
    modifiers: tuple[str, ...]
    values: tuple[tuple[KeyPath, Any], ...]
    listed: bool

    @property
    def texts(self) -> list[tuple[KeyPath, str]]:
        """The values that are strings."""
        return [(path, value) for path, value in self.values if isinstance(value, str)]


class FileView:
    """The text of a file that was read as YAML, as positions count it."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            data = Path(path).read_bytes()
            self.text = decode(data)
        except (OSError, TextError):  # the pack's diagnostics say so
            data, self.text = b"", ""

    @cached_property
    def starts(self) -> list[int]:
        """The index of the first character of each line."""
        return LineTable(self.text).starts

    @cached_property
    def lines(self) -> list[str]:
        """The lines, each with its end."""
        bounds = [*self.starts, len(self.text)]
        return [self.text[a:b] for a, b in pairwise(bounds)]

    def offset(self, line: int, column: int) -> int:
        """The index of a place in the text."""
        return self.starts[line - 1] + column - 1

    def slice(self, span: Span) -> str:
        """What stands at a place."""
        return self.text[
            self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)
        ]


class RuleView:
    """A rule, correlation or filter that could be loaded."""

    def __init__(self, loaded: LoadedRule | LoadedFilter, pack: PackView) -> None:
        self.loaded = loaded
        self.pack = pack
        self.document = loaded.document

    @property
    def kind(self) -> str:
        """``rule``, ``correlation`` or ``filter``."""
        return self.loaded.kind if isinstance(self.loaded, LoadedRule) else "filter"

    @property
    def section(self) -> str:
        """The key below which detections stand."""
        return "filter" if isinstance(self.loaded, LoadedFilter) else "detection"

    @cached_property
    def file(self) -> FileView:
        """The file that the rule stands in."""
        return self.pack.file(self.loaded.path)

    @cached_property
    def detections(self) -> dict[str, Any]:
        """The named detections; none of a correlation."""
        section = self.document.get(self.section)
        if self.kind == "correlation" or not isinstance(section, Mapping):
            return {}
        reserved = FILTER_RESERVED if self.section == "filter" else RULE_RESERVED
        return dict(definitions(section, *reserved))

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All fields with their values, in the order of the file."""
        return tuple(
            _item(name, item.path, item.key, item.value)
            for name, definition in self.detections.items()
            for item in items(definition, (self.section, name))
        )

    @cached_property
    def conditions(self) -> list[tuple[KeyPath, str]]:
        """The conditions with their paths."""
        section = self.document.get(self.section)
        if self.kind == "correlation" or not isinstance(section, Mapping):
            return []
        written, path = section.get("condition"), (self.section, "condition")
        if isinstance(written, list):
            return [((*path, index), str(each)) for index, each in enumerate(written)]
        return [(path, str(written))]

    @cached_property
    def ir(self) -> RuleIR | None:
        """The rule with its names as they are and without filters; None where there is none."""
        if not isinstance(self.loaded, LoadedRule) or self.loaded.kind != "rule":
            return None
        return lower_rule(self.loaded, self.pack.plain_mapping).rule

    @cached_property
    def formula(self) -> Formula | None:
        """The condition, ready for proofs."""
        return None if self.ir is None else Formula(self.ir.condition)

    @cached_property
    def is_impossible(self) -> bool:
        """Whether it is proven that no event satisfies the condition."""
        return self.formula is not None and unsatisfiable(self.formula)

    @property
    def references(self) -> tuple[str, ...]:
        """The rules that a correlation refers to."""
        return self.loaded.refers_to or ()

    def span(self, path: KeyPath, *, key: bool = False) -> Span:
        """Where the value (or key) at a path stands."""
        return self.loaded.span(path, key=key)

    def source(self, path: KeyPath) -> str:
        """The value at a path as the file writes it, quotes and all."""
        return self.file.slice(self.span(path))

    def is_product(self, product: str) -> bool:
        """Whether the log source states that product."""
        return self.loaded.logsource.product == product


@dataclass(frozen=True, slots=True)
class RanCase:
    """A case that was run: ``reason`` says why it failed, None when it passed.

    ``rules`` are the rules of its file as they were run.
    """

    case: Case
    mapping: str
    reason: str | None
    rules: tuple[RuleIR, ...]
    loaded: LoadedRule
    has_correlation: bool


@dataclass
class PackView:
    """A pack, and what checks compare it with.

    ``before`` has the documents that rules were before they were changed, by id; None without a
    revision to compare with. ``run_cases`` runs the cases of the pack, which checks do not know
    how to do. ``attack_file`` is the bundle that ``attack`` was read from, if it was.
    """

    pack: Pack
    attack: Attack = field(default_factory=load_attack)
    before: Mapping[str, dict[str, Any]] | None = None
    run_cases: Callable[[Pack], Iterable[RanCase]] | None = None
    attack_file: Path | None = None
    _files: dict[str, FileView] = field(default_factory=dict)

    @cached_property
    def rules(self) -> Sequence[RuleView]:
        """The rules and correlations, then the filters."""
        loaded: list[LoadedRule | LoadedFilter] = [*self.pack.rules, *self.pack.filters]
        return [RuleView(each, self) for each in loaded]

    @cached_property
    def names(self) -> Names:
        """Finds rules by id or name."""
        return Names(self.pack.rules, ())

    @cached_property
    def schema(self) -> Schema:
        """What is known of the events of Directory Insights."""
        return load_schema()

    @cached_property
    def plain_mapping(self) -> EventMapping:
        """The mapping that changes nothing."""
        return load_mapping(_PLAIN)

    @cached_property
    def cases(self) -> dict[str, CasesFile]:
        """The files of cases by the path of their rules."""
        return {each.rule_path: each for each in self.pack.cases}

    @cached_property
    def ran_cases(self) -> Sequence[RanCase]:
        """The cases, after they were run."""
        return () if self.run_cases is None else tuple(self.run_cases(self.pack))

    def file(self, path: str) -> FileView:
        """The text of a file of the pack."""
        if path not in self._files:
            self._files[path] = FileView(path)
        return self._files[path]

    def rule_files(self) -> Iterator[FileView]:
        """The files that rules may stand in."""
        for path in self.pack.files:
            if os.path.splitext(path)[1] in (".yml", ".yaml"):  # noqa: PTH122 - hot, and a string
                yield self.file(path)


def _item(detection: str, path: KeyPath, key: Any, value: Any) -> Item:
    listed = isinstance(value, list)
    values = (
        tuple(((*path, index), each) for index, each in enumerate(value))
        if listed
        else ((path, value),)
    )
    if key is None:
        return Item(detection, path, None, None, (), values, listed)
    name, *modifiers = str(key).split("|")
    return Item(detection, path, str(key), name or None, tuple(modifiers), values, listed)
