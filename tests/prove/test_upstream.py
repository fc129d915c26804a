"""What docs/explanation/upstream.md says of official backends is so, section by section."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from engines.catalogue import ENGINES
from engines.engine import Engine
from reading import judge
from sigma.collection import SigmaCollection
from upstream import columns_for, rows_of
from upstream_engines import Documents, NotComparableError, Upstream, documents, row_of
from upstream_kinds import KINDS, explained
from upstream_models import shown
from upstream_official import OFFICIAL, Official

from jumpsigma.api import export_queries, load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.ir.nodes import RuleIR

# pySigma itself, while it parses conditions.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "upstream.md"
_HEAD = "title: Minimal\nlogsource: {product: any}\n"
_SECTION = re.compile(r"^## (\w+): ([\w-]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```\w+\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of difference: its rule, the event, and the two queries; ``…``: ours has more."""

    target: str
    kind: str
    rule: str
    event: dict[str, Any]
    theirs: str
    ours: str

    @property
    def official(self) -> Official:
        return OFFICIAL[self.target]


def sections() -> Iterator[Section]:
    """Every section of the page that has a rule."""
    for target, kind, body in _SECTION.findall(PAGE.read_text(encoding="utf-8")):
        rule, event, theirs, ours = _BLOCK.findall(body)
        yield Section(target, kind, f"{_HEAD}{rule}\n", json.loads(event), theirs, ours)


SECTIONS = [*sections()]
each_section = pytest.mark.parametrize(
    "section", SECTIONS, ids=lambda one: f"{one.target}-{one.kind}"
)


def lowered(rule: str, folder: Path) -> RuleIR:
    path = folder / "rule.yml"
    path.write_text(rule, encoding="utf-8")
    return lower_pack(load_pack(path), "sigma").rules[0]


def running(section: Section) -> Upstream:
    """Where the official query runs, or the documentation of it, where that is enough."""
    entry = section.official
    if entry.engine.startswith("osmem") and find_spec("osmem_server") is None:
        if ":/" in section.theirs:  # an expression
            pytest.skip("osmem-server is not installed")
        return Documents(import_module("lucene_search").LuceneSearch())
    if not ENGINES[entry.engine].light:
        started(entry.engine).close()
    return entry.upstream()


def started(name: str) -> Engine:
    """An engine, where it is installed."""
    try:
        engine = ENGINES[name].start()
    except ImportError:
        pytest.skip(f"{name} is not installed")
    if engine.available() is None:
        pytest.skip(f"{name} is not installed")
    return engine


def test_every_kind_that_may_explain_a_difference_is_on_the_page() -> None:
    told = {(section.target, section.kind) for section in SECTIONS}
    kinds = {(one.name, kind) for one in OFFICIAL.values() for kind in [*one.kinds, one.open]}
    assert told == {(name, kind) for name, kind in kinds if kind}


@each_section
def test_the_official_backend_writes_it(section: Section) -> None:
    module, _, name = section.official.backend.partition(":")
    # Both have the same Lucene; the environment with pySigma 1 has that of Elasticsearch.
    if section.target == "opensearch":
        module, name = "sigma.backends.elasticsearch", "LuceneBackend"
    try:
        backend = getattr(import_module(module), name)()
    except ImportError:
        pytest.skip(f"{module} is not installed")
    found = backend.convert(SigmaCollection.from_yaml(section.rule))
    (query,) = [found] if isinstance(found, str) else found
    assert shown(str(query)).rstrip("\n") == section.theirs


@each_section
def test_jumpsigma_writes_it(section: Section, tmp_path: Path) -> None:
    lowered(section.rule, tmp_path)
    (query,) = export_queries(
        load_pack(tmp_path / "rule.yml"),
        section.official.target,
        section.official.format,
        options=section.official.options,
        mapping="sigma",
    ).queries
    text = query.text.rstrip("\n")
    assert section.ours.strip("…") in text
    assert section.ours.startswith("…") or text.startswith(section.ours.strip("…"))
    assert section.ours.endswith("…") or text.endswith(section.ours.strip("…"))


@each_section
def test_the_queries_differ_on_the_event(section: Section, tmp_path: Path) -> None:
    rule = lowered(section.rule, tmp_path)
    columns = columns_for(rule)
    row = row_of(section.event, columns)
    assert row is not None
    upstream = running(section)
    upstream.load({"one": row}, columns)
    found = [bool(each) for each in upstream.run(section.theirs)]
    wanted = judge(rule.condition, row, {})
    assert (not wanted) in found
    if section.kind == section.official.open:
        assert wanted in found
    else:
        kinds = section.official.kinds
        assert explained(rule.condition, [row], [not wanted], kinds) == (section.kind,)


@each_section
def test_jumpsigma_finds_what_the_matcher_finds(section: Section, tmp_path: Path) -> None:
    rule = lowered(section.rule, tmp_path)
    row = row_of(section.event, columns_for(rule))
    assert row is not None
    values, columns = section.official.values, columns_for(rule)
    engine = started(section.official.engine)
    try:
        engine.load(documents(values({"one": row}, columns) if values else {"one": row}))
        (query,) = export_queries(
            load_pack(tmp_path / "rule.yml"),
            section.official.target,
            section.official.format,
            options=section.official.options,
            mapping="sigma",
        ).queries
        assert bool(engine.run(query.text)) is judge(rule.condition, row, {})
    finally:
        engine.close()


def test_what_no_kind_explains_is_said_to_be_so(tmp_path: Path) -> None:
    rule = lowered(f"{_HEAD}detection:\n  s: {{a: x}}\n  condition: s\n", tmp_path)
    assert explained(rule.condition, [{"a": "x"}, {"a": "y"}], [False, True], [*KINDS]) is None


def test_rows_satisfy_their_rule_and_miss_it(tmp_path: Path) -> None:
    rule = lowered(f"{_HEAD}detection:\n  s: {{a: x, b|gt: 5}}\n  condition: s\n", tmp_path)
    rows = rows_of(rule, columns_for(rule), 30)
    assert {judge(rule.condition, row, {}) for row in rows} == {True, False}


def test_a_list_does_not_fit_a_column() -> None:
    assert row_of({"a": ["x"]}, {"a": "text"}) is None
    assert row_of({"a": {"b": "x"}}, {"a.b": "text"}) == {"a.b": "x"}


def test_an_element_of_a_list_is_not_compared(tmp_path: Path) -> None:
    head = _HEAD.replace("any", "jumpcloud")
    text = f"{head}detection:\n  s: {{'changes[mfa].to': 'false'}}\n  condition: s\n"
    path = tmp_path / "rule.yml"
    path.write_text(text, encoding="utf-8")
    rule = lower_pack(load_pack(path), "jumpcloud").rules[0]
    with pytest.raises(NotComparableError, match="element"):
        columns_for(rule)
