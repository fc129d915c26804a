"""A STIX 2 bundle of ATT&CK, such as ``enterprise-attack.json``, read into the same shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from jumpsigma.attack import NUMBER, Attack, Technique
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span

#: The bundle of 2026 has some 50 MB; a path of a pull request may name a device that never ends.
MOST_BYTES: Final = 300 * 10**6

_SOURCE: Final = "mitre-attack"
_HINT: Final = "give the enterprise-attack.json of ATT&CK, a STIX 2 bundle"


def read_stix(path: str | Path) -> Attack:
    """Read a bundle of ATT&CK for Enterprise from a file.

    Raises
    ------
    DiagnosticError
        ``JS001`` when the file cannot be read, ``JS087`` when it is no such bundle.

    """
    import orjson

    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot read the file: {error.strerror or error}"
        raise DiagnosticError(Diagnostic("JS001", message, span=Span(str(path)))) from None
    if len(data) > MOST_BYTES:
        raise _refused(path, f"the file is larger than {MOST_BYTES // 10**6} MB")
    try:
        bundle = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _refused(path, f"the file is not JSON: {error}") from None
    objects = bundle.get("objects") if isinstance(bundle, dict) else None
    if not isinstance(objects, list):
        raise _refused(path, "the file is no STIX bundle")
    found = [each for each in objects if isinstance(each, dict)]
    techniques = _techniques(found)
    if not techniques:
        raise _refused(path, "the bundle holds no technique of ATT&CK")
    tactics = dict.fromkeys(
        str(each["x_mitre_shortname"])
        for each in found
        if each.get("type") == "x-mitre-tactic" and each.get("x_mitre_shortname")
    )
    for technique in techniques.values():
        tactics.update(dict.fromkeys(technique.tactics))
    return Attack(_version(found), tuple(tactics), techniques)


def _techniques(objects: Iterable[Mapping[str, Any]]) -> dict[str, Technique]:
    numbers: dict[str, str] = {}
    revoked_by: dict[str, str] = {}
    patterns: list[tuple[str, Mapping[str, Any]]] = []
    for each in objects:
        if each.get("type") == "attack-pattern":
            number = _number(each)
            if number is not None:
                numbers[str(each.get("id"))] = number
                patterns.append((number, each))
        elif each.get("relationship_type") == "revoked-by":
            revoked_by[str(each.get("source_ref"))] = str(each.get("target_ref"))
    techniques: dict[str, Technique] = {}
    for number, each in patterns:
        revoked = bool(each.get("revoked") or each.get("x_mitre_deprecated"))
        if number in techniques and revoked:
            continue  # a number that is in force again
        successor = numbers.get(revoked_by.get(str(each.get("id")), ""))
        techniques[number] = Technique(
            number, str(each.get("name", "")), _tactics(each), revoked, successor
        )
    return techniques


def _number(pattern: Mapping[str, Any]) -> str | None:
    for reference in pattern.get("external_references") or ():
        if isinstance(reference, dict) and reference.get("source_name") == _SOURCE:
            number = str(reference.get("external_id", ""))
            return number if NUMBER.fullmatch(number) else None
    return None


def _tactics(pattern: Mapping[str, Any]) -> tuple[str, ...]:
    phases = pattern.get("kill_chain_phases")
    return tuple(
        str(phase.get("phase_name"))
        for phase in (phases if isinstance(phases, list) else ())
        if isinstance(phase, dict) and phase.get("kill_chain_name") == _SOURCE
    )


def _version(objects: Iterable[Mapping[str, Any]]) -> str:
    for each in objects:
        if each.get("type") == "x-mitre-collection":
            return str(each.get("x_mitre_version", ""))
    return ""


def _refused(path: str | Path, message: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("JS087", message, span=Span(str(path)), hint=_HINT))
