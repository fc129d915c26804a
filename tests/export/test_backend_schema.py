"""The JSON schema of ``backend.yaml`` knows what its reader knows, and nothing else."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpsigma.api.schemas import schemas
from jumpsigma.content import shipped
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.export import Feature, load_target
from jumpsigma.export.model import (
    FILE_KEYS,
    FORMAT_KEYS,
    LANGUAGE_KEYS,
    LOGSOURCE_KEYS,
    MAPPING_KEYS,
    OPTION_KEYS,
    TARGET_KEYS,
)
from jumpsigma.export.refusals import Support
from jumpsigma.pack import read_file

jsonschema = pytest.importorskip("jsonschema")

SHIPPED = sorted(path.name for path in shipped("backends").iterdir() if path.is_dir())
Path_ = tuple[str | int, ...]
NEEDED = {"option": {"name": "table", "reason": "it needs one"}}
VERDICTS: list[Any] = ["yes", {"not_written": "a"}, {"cannot": "b"}, {"left": "c"}, NEEDED]


def whole() -> dict[str, Any]:
    """A target with every key that the reader knows."""
    verdicts = [copy.deepcopy(VERDICTS[n % len(VERDICTS)]) for n in range(len(Feature))]
    features = dict(zip(map(str, Feature), verdicts, strict=True))
    return {
        "title": "T",
        "description": "A target.",
        "tier": 1,
        "names": "raw",
        "inherits": "sqlite",
        "levels": {"high": 4},
        "mappings": [
            {
                "logsource": {"product": "p", "category": "c", "service": "s"},
                "options": {"table": "x"},
                "use": "jumpcloud",
            },
            {"refuse": "no words"},
        ],
        "options": {
            "table": {
                "default": "t",
                "description": "d",
                "choices": ["t"],
                "pattern": "[a-z]",
                "expects": "a small letter",
                "example": "t",
            }
        },
        "languages": {"l": {"base": "text", "tables": {"any": {"thing": 1}}, "features": features}},
        "formats": {
            "f": {
                "language": "l",
                "description": "d",
                "files": [
                    {
                        "path": "{slug}.x",
                        "template": "x.j2",
                        "scope": "rule",
                        "comment": "# {}",
                    }
                ],
            }
        },
        "default": "f",
    }


def at(document: Any, path: Path_) -> Any:
    for key in path:
        document = document[key]
    return document


def is_valid(document: Any) -> bool:
    return bool(jsonschema.Draft7Validator(schemas()["backend"]).is_valid(document))


def is_read(document: Any, folder: Path) -> bool:
    path = folder / "mine" / "backend.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    try:
        load_target(path)
    except DiagnosticError as error:
        return error.diagnostic.code != "JS062"
    return True


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_targets_pass(name: str) -> None:
    (document,) = read_file(shipped("backends") / name / "backend.yaml").documents
    validator = jsonschema.Draft7Validator(schemas()["backend"])
    problems = [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(document.value)]
    assert problems == []


def test_there_are_targets() -> None:
    assert len(SHIPPED) >= 18


def test_every_key_of_the_reader_is_known(tmp_path: Path) -> None:
    document = whole()
    keys: dict[Path_, tuple[str, ...]] = {
        (): TARGET_KEYS,
        ("mappings", 0, "logsource"): LOGSOURCE_KEYS,
        ("options", "table"): OPTION_KEYS,
        ("languages", "l"): LANGUAGE_KEYS,
        ("languages", "l", "features"): tuple(map(str, Feature)),
        ("formats", "f"): FORMAT_KEYS,
        ("formats", "f", "files", 0): FILE_KEYS,
    }
    for path, known in keys.items():
        assert sorted(at(document, path)) == sorted(known)
    assert {key for each in document["mappings"] for key in each} == set(MAPPING_KEYS)
    kinds = {"yes" if v == "yes" else next(iter(v)) for v in VERDICTS}
    assert kinds == {str(each) for each in Support}
    assert is_read(document, tmp_path)
    assert is_valid(document)


#: Tables whose keys are the reader's own; `options` of a mapping are those that the target has.
TABLES: list[Path_] = [
    (),
    ("mappings", 0),
    ("mappings", 0, "logsource"),
    ("options", "table"),
    ("languages", "l"),
    ("languages", "l", "features"),
    ("languages", "l", "features", str(list(Feature)[1])),
    ("languages", "l", "features", str(list(Feature)[4]), "option"),
    ("formats", "f"),
    ("formats", "f", "files", 0),
]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: "/".join(map(str, path)) or "top")
def test_a_key_unknown_to_the_reader_is_unknown_to_the_schema(path: Path_, tmp_path: Path) -> None:
    document = whole()
    at(document, path)["surprise"] = "x"
    assert (is_read(document, tmp_path), is_valid(document)) == (False, False)


VALUES: list[tuple[Path_, Any, bool]] = [
    (("title",), "", False),
    (("title",), 1, False),
    (("tier",), 3, False),
    (("names",), "guessed", False),
    (("levels",), [], False),
    (("mappings",), [], False),
    (("mappings", 0, "refuse"), "both", False),
    (("mappings", 1), {}, False),
    (("options", "table"), {"default": "t"}, False),
    (("options", "table"), {"description": "d"}, True),
    (("options", "table", "choices"), ["t", "u"], True),
    (("languages", "l", "base"), "cobol", False),
    (("languages", "l", "features", "text"), "no", False),
    (("languages", "l", "features", "text"), {"cannot": "a", "left": "b"}, False),
    (("languages", "l", "features", "text"), {"cannot": 1}, False),
    (("languages", "l", "features", "text"), {"option": {"name": "table"}}, False),
    (("languages", "l", "features", "text"), {"option": {"name": 1, "reason": "r"}}, False),
    (("languages", "l", "features", "text"), {"option": "table"}, False),
    (("languages", "l", "features", "text"), True, True),
    (("formats", "f", "files"), [], False),
    (("formats", "f", "language"), None, False),
    (("formats", "f", "files", 0, "scope"), "folder", False),
    (("formats", "f", "files", 0, "comment"), "#", False),
    (("formats", "f", "files", 0, "path"), 1, False),
]


@pytest.mark.parametrize(("path", "value", "good"), VALUES)
def test_both_take_the_same_values(path: Path_, value: Any, good: bool, tmp_path: Path) -> None:
    document = whole()
    at(document, path[:-1])[path[-1]] = value
    assert (is_read(document, tmp_path), is_valid(document)) == (good, good)
