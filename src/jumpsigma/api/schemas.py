"""JSON schemas of our own files, for editors that complete and check while somebody types.

They are made of the tables that the readers go by, so that both know the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jumpsigma.api.configuration import DIFF_KEYS, KEYS, OVERRIDE_KEYS
from jumpsigma.api.configuration_place import TABLES
from jumpsigma.diagnostics import Severity
from jumpsigma.export import Feature
from jumpsigma.export.languages import BASES
from jumpsigma.export.model import (
    FILE_KEYS,
    FORMAT_KEYS,
    LANGUAGE_KEYS,
    LOGSOURCE_KEYS,
    MAPPING_KEYS,
    NAMES,
    OPTION_KEYS,
    TARGET_KEYS,
)
from jumpsigma.pack.cases import CASE_KEYS
from jumpsigma.pack.pack_file import PACK_KEYS, REQUIRED_KEYS

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_TEXT: Final = {"type": "string", "minLength": 1, "pattern": r"\S"}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_ONE_OR_MORE: Final = {"anyOf": [{"type": "string"}, _TEXTS]}
_EVENT: Final = {"type": "object"}


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas by what they are for: ``cases``, ``pack``, ``jumpsigma`` and ``backend``."""
    return {
        "cases": _cases(),
        "pack": _pack(),
        "jumpsigma": _jumpsigma(),
        "backend": _backend(),
    }


def _cases() -> dict[str, Any]:
    known: dict[str, Any] = {
        "name": _TEXT | {"description": "What the case shows, in a few words."},
        "expect": {"enum": ["match", "no_match"]},
        "mapping": _TEXT | {"description": "The words of the events: jumpcloud, sigma, ecs, ..."},
        "event": _EVENT,
        "events": {"type": "array", "items": _EVENT, "minItems": 1},
        "fires": {"type": "integer", "minimum": 0, "description": "How many findings, in all."},
        "lists": {"type": "object", "additionalProperties": _ONE_OR_MORE,
                  "description": "The values of placeholders, by name."},
    }  # fmt: skip
    case = _table(known, CASE_KEYS, ("name", "expect"))
    case["oneOf"] = [{"required": ["event"]}, {"required": ["events"]}]
    case["allOf"] = [
        {"if": {"properties": {"expect": {"const": "match"}}, "required": ["expect"]},
         "then": {"properties": {"fires": {"minimum": 1}}},
         "else": {"properties": {"fires": {"maximum": 0}}}},
    ]  # fmt: skip
    cases = {"type": "array", "items": case, "minItems": 1}
    top = _table({"cases": cases}, ("cases",), ("cases",))
    return _document("Cases of a rule: events that it must match, and near misses", top)


def _pack() -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": _TEXT,
        "title": _TEXT,
        "version": _TEXT | {"description": "Quote it: 1.0 would be a number."},
        "license": _TEXT | {"description": "An SPDX expression, such as DRL-1.1."},
        "authors": _ONE_OR_MORE,
        "default_mapping": _TEXT | {"description": "The words of the events in cases."},
        "lists": {"type": "object", "additionalProperties": _TEXT,
                  "description": "The files with the values of placeholders, by name."},
    }  # fmt: skip
    top = _table(known, PACK_KEYS, REQUIRED_KEYS)
    return _document("What a pack of rules says about itself", top)


def _jumpsigma() -> dict[str, Any]:
    reasons = {"type": "object", "additionalProperties": {"type": "string"},
               "description": "Codes that are not reported, each with the reason."}  # fmt: skip
    severities = {"type": "object",
                  "additionalProperties": {"enum": [str(each) for each in Severity]}}  # fmt: skip
    shared: dict[str, Any] = {"ignore": reasons, "severity": severities}
    override = _table({"paths": _TEXTS, "rules": _TEXTS, **shared}, OVERRIDE_KEYS, ()) | {
        "anyOf": [{"required": ["paths"]}, {"required": ["rules"]}]
    }
    known: dict[str, Any] = {
        "select": _TEXTS | {"description": "Codes, beginnings of codes, families, default, all."},
        "attack": {"type": "string", "description": "A STIX bundle of ATT&CK to go by."},
        "overrides": {"type": "array", "items": override},
        **shared,
    }
    options = {"type": "object", "additionalProperties": {"type": "string"}}
    compared: dict[str, Any] = {
        "targets": _TEXTS | {"description": "Whose queries are compared: NAME or NAME:FORMAT."},
        "options": {"type": "object", "additionalProperties": options,
                    "description": "Options of these targets, by target."},
    }  # fmt: skip
    tables = {"validate": _table(known, KEYS, ()), "diff": _table(compared, DIFF_KEYS, ())}
    top = _table(tables, TABLES, ())
    return _document("How jumpsigma validates and compares rules", top)


def _backend() -> dict[str, Any]:
    logsource = _table(dict.fromkeys(LOGSOURCE_KEYS, _TEXT), LOGSOURCE_KEYS, ())
    chosen = {"type": "object", "additionalProperties": _TEXT}
    mapping = _table(
        {"logsource": logsource, "options": chosen, "use": _TEXT, "refuse": _TEXT}, MAPPING_KEYS, ()
    )
    mapping["oneOf"] = [{"required": ["use"]}, {"required": ["refuse"]}]
    option = _table(
        {"default": {"type": ["string", "number", "boolean"]},
         "description": _TEXT,
         "choices": {"type": "array", "items": {"type": ["string", "number"]}},
         "pattern": _TEXT,
         "expects": _TEXT | {"description": "In words what fits the pattern."},
         "example": {"type": ["string", "number"]}},
        OPTION_KEYS, ("description",),
    )  # fmt: skip
    needed = {"type": "object", "required": ["name", "reason"], "additionalProperties": False,
              "properties": {"name": _TEXT, "reason": _TEXT}}  # fmt: skip
    why: dict[str, Any] = {"not_written": _TEXT, "cannot": _TEXT, "left": _TEXT, "option": needed}
    verdict = {"anyOf": [{"enum": ["yes", True]}, {**_table(why, tuple(why), ()),
               "minProperties": 1, "maxProperties": 1}]}  # fmt: skip
    features = _table({str(each): verdict for each in Feature}, tuple(map(str, Feature)), ())
    language = _table(
        {"base": {"enum": sorted(BASES)}, "tables": {"type": "object"}, "features": features},
        LANGUAGE_KEYS, (),
    )  # fmt: skip
    file = _table(
        {"path": _TEXT, "template": _TEXT, "scope": {"enum": ["rule", "pack", "list"]},
         "comment": {"type": "string", "pattern": r"\{\}"}},
        FILE_KEYS, ("path",),
    )  # fmt: skip
    form = _table(
        {"language": _TEXT, "description": {"type": "string"},
         "files": {"type": "array", "items": file, "minItems": 1}},
        FORMAT_KEYS, ("language", "files"),
    )  # fmt: skip
    known: dict[str, Any] = {
        "title": _TEXT,
        "description": _TEXT,
        "tier": {"enum": [1, 2], "description": "1: proven by running its queries."},
        "names": {"enum": list(NAMES), "description": "How sure the product's field names are."},
        "inherits": _TEXT | {"description": "Another target, which this one changes."},
        "levels": {"type": "object"},
        "mappings": {"type": "array", "items": mapping, "minItems": 1},
        "options": {"type": "object", "additionalProperties": option},
        "languages": {"type": "object", "additionalProperties": language},
        "formats": {"type": "object", "additionalProperties": form},
        "default": _TEXT | {"description": "The format without --format."},
    }
    top = _table(known, TARGET_KEYS, ("title",))
    top["anyOf"] = [
        {"required": ["inherits"]},
        {"required": ["description", "mappings", "languages", "formats"]},
    ]
    return _document("A product that rules are exported to", top)


def _table(
    known: Mapping[str, Any], keys: tuple[str, ...], required: tuple[str, ...]
) -> dict[str, Any]:
    """An object with exactly the keys of a reader; ``KeyError`` where one is not described."""
    return {
        "type": "object",
        "properties": {key: known[key] for key in keys},
        "required": list(required),
        "additionalProperties": False,
    }


def _document(title: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": _DRAFT, "title": title, **schema}
