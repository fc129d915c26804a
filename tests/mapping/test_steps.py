"""Named steps: a mapped rule means on a split event what the rule said of the whole."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.mapping.conftest import Holds

ABSENT = object()
SEVERAL = {
    "name": "several",
    "transformations": [
        {"id": "several_fields", "type": "field_name_mapping", "mapping": {"f": ["a", "b"]}}
    ],
}
SELECTIONS: list[dict[str, Any]] = [
    {"f": "x"},
    {"f": ["x", "y"]},
    {"f": None},
    {"f": ["x", None]},
    {"f|exists": True},
    {"f|exists": False},
    {"f|all": ["x", "y"]},
    {"f|contains|all": ["x", "y"]},
    {"f|neq": "x"},
    {"f|neq": ["x", "y"]},
    {"f|neq": None},
    {"f|neq": ["x", None]},
    {"f|all|neq": ["x", "y"]},
    {"f|re": "^x"},
    {"f|gt": 3},
    {"g|fieldref": "f"},
    {"g|fieldref|neq": "f"},
]


@pytest.fixture
def several(tmp_path: Path) -> Path:
    path = tmp_path / "several.yml"
    path.write_text(yaml.safe_dump(SEVERAL), encoding="utf-8")
    return path


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_several_fields_are_one_field_with_all_their_values(
    selection: dict[str, Any], several: Path, matches: Holds
) -> None:
    verdicts = set()
    for a, b in product((ABSENT, None, "x", "y", "xy", 5), repeat=2):
        split = {name: value for name, value in (("a", a), ("b", b)) if value is not ABSENT}
        # Null in one field says nothing where the other has a value, as it does in a list.
        values = [value for value in split.values() if value is not None]
        whole = {"f": values} if values else {"f": None} if split else {}
        if not values and None in split.values() and ABSENT in (a, b):
            continue  # present but null in one field: neither there nor missing as one field
        verdict = matches(several, {"product": "p"}, selection, {"g": "x", **split})
        assert verdict == matches("sigma", {"product": "p"}, selection, {"g": "x", **whole}), split
        verdicts.add(verdict)
    assert verdicts == {True, False}


USERS = [("NT AUTHORITY", "SYSTEM"), ("CORP", "ann"), ("CORP", "authority"), ("ann", "CORP")]


@pytest.mark.parametrize(
    "selection",
    [
        {"User": "CORP\\ann"},
        {"User": "corp\\ANN"},
        {"User": ["CORP\\ann", "NT AUTHORITY\\SYSTEM"]},
        {"User|endswith": "\\ann"},
        {"User|startswith": "NT AUTHORITY\\"},
        {"User|contains": "AUTHORI"},
        {"User|contains": ["ann", "YST"]},
        {"User|contains|all": ["CORP", "ann"]},
        {"User|contains": "P\\A"},
        {"User|neq": "CORP\\ann"},
        {"User|neq": ["CORP\\ann", "NT AUTHORITY\\SYSTEM"]},
        {"User|contains|neq": "AUTHORI"},
        {"User|contains|all|neq": ["CORP", "ann"]},
    ],
    ids=str,
)
def test_domain_and_user_are_one_text(selection: dict[str, Any], matches: Holds) -> None:
    source = {"category": "process_creation", "product": "windows"}
    envelope = {"event": {"category": ["process"], "type": ["start"]}}
    verdicts = set()
    for domain, name in USERS:
        event = {**envelope, "user": {"domain": domain, "name": name}}
        verdict = matches("ecs", source, selection, event)
        assert verdict == matches("sigma", source, selection, {"User": f"{domain}\\{name}"})
        verdicts.add(verdict)
    assert verdicts == {True, False}


MD5, IMPHASH = "0a" * 16, "0d" * 16


@pytest.mark.parametrize(
    "selection",
    [
        {"Hashes|contains": f"MD5={MD5}"},
        {"Hashes|contains": [f"MD5={MD5}", f"IMPHASH={IMPHASH}"]},
        {"Hashes|contains|all": [f"MD5={MD5}", f"IMPHASH={IMPHASH}"]},
        {"Hashes|contains|neq": f"IMPHASH={IMPHASH}"},
        {"Hashes|contains|neq": [f"MD5={MD5}", f"IMPHASH={IMPHASH}"]},
        {"Hashes|contains|all|neq": [f"MD5={MD5}", f"IMPHASH={IMPHASH}"]},
    ],
    ids=str,
)
def test_hashes_are_one_text(selection: dict[str, Any], matches: Holds) -> None:
    source = {"category": "process_creation", "product": "windows"}
    envelope = {"event": {"category": "process", "type": "start"}}
    verdicts = set()
    for md5, imphash in product((MD5, "0" * 32, IMPHASH), (IMPHASH, "0" * 32, MD5)):
        process = {"hash": {"md5": md5}, "pe": {"imphash": imphash}}
        verdict = matches("ecs", source, selection, {**envelope, "process": process})
        whole = {"Hashes": f"MD5={md5.upper()},IMPHASH={imphash.upper()}"}
        assert verdict == matches("sigma", source, selection, whole)
        verdicts.add(verdict)
    assert verdicts == {True, False}


@pytest.mark.parametrize("text", ["DWORD (0x000003c0)", "0x000003c0", "960"])
def test_a_registry_number_in_each_spelling(text: str, matches: Holds) -> None:
    source = {"category": "registry_set", "product": "windows"}
    event = {
        "event": {"category": ["configuration", "registry"], "type": ["change"]},
        "registry": {"data": {"strings": [text]}},
    }
    assert matches("ecs", source, {"Details": "DWORD (0x000003C0)"}, event)
    assert not matches("ecs", source, {"Details": "DWORD (0x0000003c)"}, event)
