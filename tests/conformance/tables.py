"""The conformance tables: their columns, and how a row becomes a rule.

Every YAML file here is a table. A row has a ``name``, the numbers of the decisions that it
``cites``, a ``selection`` (or a whole ``detection``), and the events that ``match`` and that do not
(``no_match``), as YAML or as JSON text; or, for a rule that must not be read at all, the code with
which it is ``refused``. ``refused_by_pysigma1`` is a code that holds on pySigma 1 instead of the
verdicts. Optional: ``lists`` (the values of placeholders, each a text or a mapping of ``value``,
``valid_from`` and ``valid_until``), ``rule`` (other keys of the rule) and ``filters`` (Sigma
filters, of the log source ``category: test`` unless they say otherwise).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

import orjson
import yaml

from jumpsigma.interpret import Dated
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import load_pack

HERE = Path(__file__).parent


class _Loader(yaml.SafeLoader):
    """Plain YAML, and ``!encoded`` for texts that the standard library encodes."""


def _encoded(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    """``!encoded {text: ..., charset: utf-16-le, before: ab, after: c}``: all three in base64.

    ``before`` and ``after`` are ASCII and shift the text to another alignment.
    """
    assert isinstance(node, yaml.MappingNode)
    parts = loader.construct_mapping(node)
    raw = str(parts["text"]).encode(parts.get("charset", "utf-8"))
    data = str(parts.get("before", "")).encode() + raw + str(parts.get("after", "")).encode()
    return base64.b64encode(data).decode()


_Loader.add_constructor("!encoded", _encoded)


@dataclass(frozen=True)
class Row:
    """One detection and what becomes of it."""

    name: str
    cites: tuple[str, ...]
    detection: dict[str, Any]
    match: list[Any] = field(default_factory=list)
    no_match: list[Any] = field(default_factory=list)
    refused: str | None = None
    refused_by_pysigma1: str | None = None
    lists: dict[str, list[Dated]] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)
    filters: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def from_yaml(cls, row: dict[str, Any]) -> Self:
        """Read a row; ``selection`` is short for a detection of that name alone."""
        row = dict(row)
        if "selection" in row:
            row["detection"] = {"selection": row.pop("selection"), "condition": "selection"}
        row["cites"] = tuple(row["cites"])
        for verdict in ("match", "no_match"):
            row[verdict] = [_event(event) for event in row.get(verdict, [])]
        lists = row.get("lists", {})
        row["lists"] = {name: list(map(_dated, values)) for name, values in lists.items()}
        assert ("refused" in row) != bool(row["match"] or row["no_match"]), row["name"]
        return cls(**row)

    def code(self, *, pysigma1: bool) -> str | None:
        """The code of the refusal that is expected, None where verdicts are."""
        return self.refused_by_pysigma1 if pysigma1 and self.refused_by_pysigma1 else self.refused

    def id(self, table: Table) -> str:
        """The rule's id: its own, or one made from the names."""
        return str(self.rule.get("id") or uuid5(NAMESPACE_URL, f"{table.name}/{self.name}"))


@dataclass(frozen=True)
class Table:
    """The rows of one file."""

    name: str
    rows: tuple[Row, ...]


def _dated(value: Any) -> Dated:
    """A value of a list, as text or with its period, whose times are text."""
    if isinstance(value, str):
        return Dated(value)
    periods = {key: datetime.fromisoformat(value[key]) for key in value if key != "value"}
    return Dated(value["value"], **periods)


def _event(event: Any) -> dict[str, Any]:
    """An event in YAML, or in JSON text where YAML would change a value, read as S101 says."""
    if isinstance(event, str):
        try:
            event = orjson.loads(event)
        except orjson.JSONDecodeError:
            event = json.loads(event)
    assert isinstance(event, dict)
    return event


def read_tables() -> list[Table]:
    """Every table of this folder."""
    tables = []
    for path in sorted(HERE.glob("*.yaml")):
        rows = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        tables.append(Table(path.stem, tuple(map(Row.from_yaml, rows))))
    return tables


def _documents(table: Table, row: Row) -> list[dict[str, Any]]:
    rule = {
        "title": row.name,
        "id": row.id(table),
        "logsource": {"category": "test"},
        "detection": row.detection,
        **row.rule,
    }
    filters = [
        {
            "title": f"{row.name} {number}",
            "id": _filter_id(table, row, number),
            "logsource": {"category": "test"},
            **each,
        }
        for number, each in enumerate(row.filters)
    ]
    return [rule, *filters]


def _filter_id(table: Table, row: Row, number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{table.name}/{row.name}/filter {number}"))


def lowered(table: Table, folder: Path) -> dict[str, RuleIR | str]:
    """What becomes of the rows: the IR of the rule, or the code of its refusal, by rule id."""
    path = folder / f"{table.name}.yml"
    documents = [document for row in table.rows for document in _documents(table, row)]
    path.write_text(yaml.safe_dump_all(documents, allow_unicode=True), encoding="utf-8")
    pack = load_pack(path)
    mapping = load_mapping("sigma")
    rules = {rule.id: rule for rule in pack.rules}
    filters = {each.id: each for each in pack.filters}
    problems = {problem.rule_id: problem.code for problem in pack.diagnostics if problem.is_error}
    found: dict[str, RuleIR | str] = {}
    for row in table.rows:
        identifier = row.id(table)
        if identifier not in rules:
            found[identifier] = problems[identifier]
            continue
        numbers = range(len(row.filters))
        own = [filters[_filter_id(table, row, number)] for number in numbers]
        outcome = lower_rule(rules[identifier], mapping, own)
        if outcome.rule is not None:
            found[identifier] = outcome.rule
        else:
            assert outcome.diagnostic is not None
            found[identifier] = outcome.diagnostic.code
    return found
