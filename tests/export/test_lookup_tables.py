"""Long lists: what is asked of look-up tables, what is refused, and the files that are written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from jumpsigma import api, load_pack
from jumpsigma.api.exports import Exported
from jumpsigma.export.lookup_tables import slug_of

RULE = """title: A rule
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11
status: test
logsource: {product: jumpcloud}
detection:
  selection: SELECTION
  condition: selection
"""
LISTS = {
    "Many": [f"Host{n}.Example" for n in range(1_500)],
    "few": ["x", "Y"],
    "none": [],
    "letters": [*(f"Ort{n}" for n in range(1_500)), "İzmir"],
    "lines": [*(f"a{n}" for n in range(1_500)), "a\nb"],
    "addresses": [*(f"198.51.{n // 250}.{n % 250}" for n in range(1_500)), "2001:DB8::0A"],
    "networks": [*(f"a{n}" for n in range(1_500)), "192.0.2.0/24"],
    "numbers": [*(f"a{n}" for n in range(1_500)), "1e5"],
    "signs": [*(f"a{n}" for n in range(1_500)), 'a "b"'],
    "empty": [*(f"a{n}" for n in range(1_500)), ""],
    "spaces": [*(f"a{n}" for n in range(1_500)), " b"],
    "long": [*(f"a{n}" for n in range(1_500)), "b" * 5_001],
    "huge": [f"a{n}" for n in range(20_000)],
}


def made(folder: Path, detection: str, target: str = "duckdb", **options: str) -> Exported:
    (folder / "rule.yml").write_text(RULE.replace("SELECTION", detection), encoding="utf-8")
    return api.export_queries(load_pack(folder / "rule.yml"), target, options=options, lists=LISTS)


ASKED: list[tuple[str, dict[str, str], list[str]]] = [
    ("{a|expand: '%Many%'}", {}, ["Many"]),
    ("{a|expand: ['%Many%', '%few%', z]}", {}, ["Many"]),
    ("{a|expand: ['%Many%', '%few%', z]}", {"lists": "table"}, ["Many", "few"]),
    ("{a|expand: '%few%'}", {}, []),
    ("{a|expand: '%none%'}", {"lists": "table"}, ["none"]),
    ("{a|endswith|expand: '.%few%'}", {}, []),
    ("{a|endswith|expand: '.%Many%'}", {}, ["Many"]),
    ("{a|contains|expand: '%networks%'}", {}, ["networks"]),
    ("{a|expand|all: '%few%'}", {"lists": "table"}, []),
    ("{a|expand: '%addresses%'}", {"addresses": "plain"}, ["addresses"]),
]


@pytest.mark.parametrize(("detection", "options", "names"), ASKED)
def test_these_lists_are_asked_of_the_table(
    tmp_path: Path, detection: str, options: dict[str, str], names: list[str]
) -> None:
    exported = made(tmp_path, detection, **options)
    assert [table.name for table in exported.tables] == names
    assert [f"list = '{name}'" in exported.queries[0].text for name in names] == [True] * len(names)
    assert exported.queries[0].text.count("jumpsigma_lists") == len(names)


#: What a query says, and the file that stands beside it.
WRITTEN = [
    ("splunk", None, "lookup jumpsigma_NAME.csv value AS", "lookups/jumpsigma_NAME.csv"),
    ("splunk", "savedsearches", "OUTPUT list AS jumpsigma_1", "lookups/jumpsigma_NAME.csv"),
    ("crowdstrike", None, 'match(file="jumpsigma_NAME.csv"', "lookups/jumpsigma_NAME.csv"),
    ("secops", None, "in %jumpsigma_NAME nocase", "lists/jumpsigma_NAME.txt"),
    ("sentinel", None, '_GetWatchlist("jumpsigma_NAME")', "watchlists/jumpsigma_NAME.csv"),
    ("qradar", None, "REFERENCESETCONTAINS('jumpsigma_NAME'", "reference_sets/jumpsigma_NAME.json"),
    ("sumologic", None, '/jumpsigma_NAME", jc_event_type', "lookups/jumpsigma_NAME.csv"),
    ("opensearch", "query_dsl", '"id": "NAME"', "lists/NAME.json"),
    ("opensearch", "monitor", '"id": "NAME"', "lists/NAME.json"),
    ("postgres", None, "list = 'Many'", "lists/NAME.csv"),
]


@pytest.mark.parametrize(("target", "form", "piece", "path"), WRITTEN)
def test_a_query_and_its_table_have_one_name(
    tmp_path: Path, target: str, form: str | None, piece: str, path: str
) -> None:
    (tmp_path / "rule.yml").write_text(
        RULE.replace("SELECTION", "{event_type|expand: '%Many%'}"), encoding="utf-8"
    )
    pack = load_pack(tmp_path / "rule.yml")
    exported = api.export_queries(pack, target, form, lists=LISTS)
    slug = exported.tables[0].slug
    assert piece.replace("NAME", slug) in exported.queries[0].text
    assert path.replace("NAME", slug) in api.export_tree(exported, pack, tmp_path / "out").changed
    text = (tmp_path / "out" / path.replace("NAME", slug)).read_text(encoding="utf-8")
    assert text.count("host") == len(LISTS["Many"])


REFUSED: list[tuple[str, str, dict[str, str], str, str]] = [
    ("duckdb", "{a|expand: '%Many%'}", {"lists": "inline"}, "JS065", "too many values"),
    ("qradar", "{a|endswith|expand: '.%Many%'}", {}, "JS065", "asked for whole values"),
    ("duckdb", "{a|expand: 'x?%Many%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{a|expand: '%Many%%Many%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{a|cased|expand: '%Many%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{a|expand|all: '%Many%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{a|re|expand: '^%Many%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{a|cidr|expand: '%addresses%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{'|expand': '%Many%'}", {}, "JS065", "cannot be asked for this"),
    ("duckdb", "{a|expand: '%networks%'}", {}, "JS065", "has networks"),
    ("duckdb", "{a|expand: '%addresses%'}", {}, "JS067", "many spellings"),
    ("duckdb", "{a|expand: '%letters%'}", {}, "JS066", "does not lower"),
    ("duckdb", "{a|expand: '%lines%'}", {}, "JS066", "control character"),
    ("splunk", "{changes.to|expand: '%Many%'}", {}, "JS065", "may have several values"),
    ("splunk", "{a|expand: '%numbers%'}", {}, "JS066", "lower makes of a number"),
    ("crowdstrike", "{a|expand: '%signs%'}", {}, "JS066", "quotation mark"),
    ("secops", "{a|expand: '%empty%'}", {}, "JS066", "missing or empty field"),
    ("qradar", "{a|expand: '%spaces%'}", {}, "JS066", "spaces at the ends"),
    ("secops", "{a|expand: '%long%'}", {}, "JS066", "a value of 5,001 bytes"),
    ("sumologic", "{a|expand: '%letters%'}", {}, "JS066", "a letter beyond ASCII"),
    ("sentinel", "{event_type|expand: '%empty%'}", {}, "JS066", "an empty value"),
    ("opensearch", "{a|expand: '%Many%'}", {}, "JS065", "in a look-up table"),
    ("panther", "{a|expand: '%huge%'}", {}, "JS065", "too many values"),
    ("loki", "{a|cidr|expand: '%Many%'}", {}, "JS065", "too many values"),
]


@pytest.mark.parametrize("row", REFUSED)
def test_what_no_table_can_be_asked(
    tmp_path: Path, row: tuple[str, str, dict[str, str], str, str]
) -> None:
    target, detection, options, code, reason = row
    exported = made(tmp_path, detection, target, **options)
    (refusal,) = exported.refused
    assert (refusal.code, reason in refusal.message) == (code, True), refusal.message
    assert exported.tables == ()


def tree(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return found


def test_the_table_stands_beside_the_queries(tmp_path: Path) -> None:
    exported = made(tmp_path, "{a|expand: '%Many%'}")
    pack, out = load_pack(tmp_path / "rule.yml"), tmp_path / "out"
    first = api.export_tree(exported, pack, out)
    (table,) = exported.tables
    path = f"lists/{table.slug}.csv"
    assert path in first.changed
    index = tree(out)
    assert index["rules"][0]["lists"] == ["Many"]
    assert index["lists"] == [{"name": "Many", "rows": 1_500, "files": [path]}]
    assert path in index["files"]
    with (out / path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["list", "value"]
    assert {tuple(row) for row in rows[1:]} == {("Many", each.lower()) for each in LISTS["Many"]}
    assert not api.export_tree(exported, pack, out).changed
    short = api.export_tree(made(tmp_path, "{a|expand: '%few%'}"), pack, out)
    assert short.removed == [path]


def test_an_address_is_found_as_it_is_spelled_and_as_events_spell_it(tmp_path: Path) -> None:
    (apart,) = made(tmp_path, "{a|expand: '%addresses%'}", addresses="plain").tables
    assert "2001:db8::0a" in apart.rows
    assert apart.addresses == ("2001:db8::a",)
    assert '"addresses addresses","2001:db8::a"' in apart.csv()
    (together,) = made(tmp_path, "{a|expand: '%addresses%'}", "qradar", addresses="plain").tables
    assert {"2001:db8::0a", "2001:db8::a"} <= {*together.rows}


def test_no_two_lists_have_one_file_name() -> None:
    names = ("many", "Many", "MANY", "many_", "a" * 60, "a" * 61, "ä", "../x", "con")
    slugs = [slug_of(name) for name in names]
    assert len({slug.lower() for slug in slugs}) == len(names)
    assert all(slug.isascii() and "/" not in slug for slug in slugs)


def test_a_text_for_all_rules_has_no_tables(tmp_path: Path) -> None:
    exported = made(tmp_path, "{a|expand: '%Many%'}")
    text = api.compiled_text(exported, load_pack(tmp_path / "rule.yml"))
    assert "jumpsigma_lists" in text
    assert "host7.example" not in text
