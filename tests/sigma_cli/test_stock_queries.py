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
        events = dict([*space.events.items()][::4])
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
