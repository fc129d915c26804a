"""Stock sigma with our mapping files: each of our rules is converted rightly, or fails.

Judged are the shipped rules, and those of the proof, of which each needs one thing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from engines.engine import QueryError
from engines.jumpcloud_model import is_documented
from lucene_search import LuceneSearch, fields_of
from proof import Space, compare
from spaces import features, shipped, spaces
from splunk_search import SplunkSearch
from stock import backend, convert

from jumpsigma.intake.schema import load_schema

# pySigma itself, while it parses conditions of a pipeline.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PACKS = {"shipped": shipped, "features": features}


def claimed(space: Space, pack: str) -> Space:
    """Events as JumpCloud documents them; Splunk shows null as text, which few patterns fit."""
    events = {
        key: event
        for key, event in space.events.items()
        if is_documented(event) and (pack == "shipped" or not has_null(event))
    }
    return Space(events, space.store, space.rules, space.lists)


def has_null(value: Any) -> bool:
    match value:
        case dict():
            return any(map(has_null, value.values()))
        case list():
            return any(map(has_null, value))
        case _:
            return value is None


#: How many queries there are at least.
LEAST = {"shipped": 50, "features": 70}


@pytest.mark.parametrize("pack", PACKS)
def test_splunk(pack: str) -> None:
    cls = backend("sigma.backends.splunk", "SplunkBackend")
    written, refused = convert(cls, "jumpcloud", pack)
    assert len(written) >= LEAST[pack]
    assert refused
    (space,) = spaces(PACKS[pack](), "jumpcloud", "ascii", each=4)
    compared = compare(SplunkSearch(), written, claimed(space, pack))
    assert compared.pairs > 50_000
    assert compared.differences == ()


def in_small_letters(event: Any) -> bool:
    """Whether what JumpCloud calls things is written as JumpCloud writes it."""
    fields = fields_of(event)
    names = ("event.action", "event.module", "jumpcloud.event.auth_method")
    return all(value == value.lower() for name in names for value in fields.get(name, ()))


ELASTIC = {"shipped": 35, "features": 4}


@pytest.mark.parametrize("pack", ELASTIC)
def test_elasticsearch(pack: str) -> None:
    cls = backend("sigma.backends.elasticsearch", "LuceneBackend")
    written, refused = convert(cls, "elastic", pack)
    assert len(written) >= ELASTIC[pack]
    assert refused
    for space in spaces(PACKS[pack](), "elastic", "ascii", each=2):
        kept = {k: e for k, e in space.events.items() if in_small_letters(space.store(e))}
        assert len(kept) > len(space.events) // 2
        few = Space(kept, space.store, space.rules, space.lists)
        assert compare(LuceneSearch(), written, few).differences == ()


#: What the engines of this folder take for no query, or for another than it looks like.
NO_QUERIES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "search": (
        SplunkSearch,
        ('a="x', "a IN (1, 2", 'a="*"', r'a="x\*y\*" b="\*"', "a>5", "| where a", "word", 'a=b"c'),
    ),
    "lucene": (
        LuceneSearch,
        ("a:x OR b:y AND c:z", "(a:x", "word", "a:/x/", "a:x?", "a:>5", "a:x b:y"),
    ),
}


@pytest.mark.parametrize("name", NO_QUERIES)
def test_an_engine_takes_only_what_it_knows(name: str) -> None:
    cls, queries = NO_QUERIES[name]
    for query in queries:
        with pytest.raises(QueryError):
            cls().run(query)


SEARCHES = {
    'a="x" OR b="y" c="z"': {"ac", "bc"},
    'a="X" NOT c="z"': {"a"},
    'a IN ("x", "w*")': {"a", "ac"},
    'NOT (a="x" OR b="y")': {"c"},
    'd{}.e="*1*"': {"c"},
}
LUCENE = {
    "(a:x OR b:y) AND c:z": {"ac", "bc"},
    "a:X": set(),
    "NOT a:x": {"bc", "c"},
    r"f:(\-g OR g\ h*)": {"c"},
    'f:"g h i"': {"c"},
    "d.e:1": {"c"},
    "c:(z OR true)": {"ac", "bc", "c"},
}
EVENTS: dict[str, dict[str, Any]] = {
    "a": {"a": "x"},
    "ac": {"a": "x", "c": "z"},
    "bc": {"b": "y", "c": "z"},
    "c": {"c": True, "d": [{"e": 1}, {"e": 2}], "f": "g h i"},
}


@pytest.mark.parametrize(("cls", "query", "ids"), [
    *((SplunkSearch, query, ids) for query, ids in SEARCHES.items()),
    *((LuceneSearch, query, ids) for query, ids in LUCENE.items()),
])  # fmt: skip
def test_an_engine_says_what_the_documentation_says(cls: Any, query: str, ids: set[str]) -> None:
    engine = cls()
    engine.load(EVENTS)
    assert set(engine.run(query)) == ids


#: By the schema of the table and the pack, how many queries there are at least.
KUSTO = {
    ("sentinel", "shipped"): 50,
    ("sentinel", "features"): 70,
    ("sentinel_dcr", "shipped"): 35,
    ("sentinel_dcr", "features"): 4,
}


@pytest.mark.parametrize(("mapping", "pack"), KUSTO)
def test_kusto(mapping: str, pack: str) -> None:
    cls = backend("sigma.backends.kusto", "KustoBackend")
    from kusto_rows import KustoRows

    written, refused = convert(cls, mapping, pack)
    assert len(written) >= KUSTO[mapping, pack]
    assert refused
    engine = KustoRows()
    for space in spaces(PACKS[pack](), mapping, "ascii", each=1):
        events = dict([*space.events.items()][:: 8 if pack == "shipped" else 2])
        fewer = Space(events, space.store, space.rules, space.lists)
        assert compare(engine, written, fewer).differences == ()
    engine.close()


WRONG_TYPES = ("success_b =~ false", 'success_b =~ "true"', 'n_d =~ "5"', "name_s == 1", '"word"')


@pytest.mark.parametrize("query", WRONG_TYPES)
def test_what_kusto_rejects_is_rejected(query: str) -> None:
    backend("sigma.backends.kusto", "KustoBackend")
    from kusto_rows import KustoRows

    engine = KustoRows()
    engine.load({"one": {"success_b": True, "n_d": 5, "name_s": "x"}})
    with pytest.raises(QueryError):
        engine.run(query)
    engine.close()


def test_fields_of_lists_are_those_of_the_schema(checkout: Path) -> None:
    text = (checkout / "mappings" / "jumpcloud.yml").read_text(encoding="utf-8")
    (item,) = (
        each
        for each in yaml.safe_load(text)["transformations"]
        if each.get("id") == "stock_only" and "fields of lists" in each.get("message", "")
    )
    listed = re.compile("|".join(item["field_name_conditions"][0]["fields"]))
    fields = load_schema().fields
    lists = {field.path for field in fields if field.is_list}
    below = {f.path for f in fields if any(f"{f.path}.".startswith(f"{each}.") for each in lists)}
    assert {field.path for field in fields if listed.match(field.path)} == below
