"""The validators of pySigma and of SigmaHQ, run as they are and under their own names.

pySigma's come with it (``pysigma/dangling_detection``), SigmaHQ's with the package
pysigma-validators-sigmahq (``sigmahq/title_length``). Nothing is fetched: those that would ask the
network for their data are not run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from jumpsigma.attack import Attack
from jumpsigma.checks.view import PackView
from jumpsigma.diagnostics import CODES, Code, Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.pack import LoadedRule

_PACKAGES: Final = {"pysigma": "sigma.validators.core", "sigmahq": "sigma.validators.sigmahq"}
# They read lists from servers of MITRE and SigmaHQ.
_ONLINE: Final = frozenset({
    "pysigma/d3_fendtag", "sigmahq/sigmahq_category_event_id",
    "sigmahq/sigmahq_category_windows_provider_name", "sigmahq/sigmahq_fieldname_cast",
    "sigmahq/sigmahq_filename_prefix", "sigmahq/sigmahq_invalid_fieldname",
    "sigmahq/sigmahq_logsource_unknown", "sigmahq/sigmahq_redundant_field",
})  # fmt: skip
# It knows groups and software too, which only a whole bundle of ATT&CK names.
_WHOLE_ATTACK: Final = "pysigma/attacktag"
_SEVERITIES: Final = {"LOW": Severity.INFO, "MEDIUM": Severity.WARNING, "HIGH": Severity.ERROR}


def is_stock(name: str) -> bool:
    """Whether a selector or code means validators of others."""
    return name.partition("/")[0] in _PACKAGES


def stock_diagnostics(view: PackView, selectors: Iterable[str]) -> Iterator[Diagnostic]:
    """What the selected validators say of the rules and correlations of a pack.

    Raises :class:`DiagnosticError`: JS085 when the package of SigmaHQ is not installed, JS090 for
    a validator that is not there or cannot be run without a network.
    """
    chosen: dict[str, Any] = {}
    for selector in selectors:
        chosen.update(_chosen(selector, whole_attack=view.attack_file is not None))
    if not chosen:
        return
    loaded = list(view.pack.rules)
    rules = [rule.to_sigma() for rule in loaded]
    by_object = {id(sigma): rule for sigma, rule in zip(rules, loaded, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        _provide_attack(view, Path(folder))
        for code, validator in chosen.items():
            instance = validator()
            for sigma in rules:
                for issue in instance.validate(sigma):
                    yield from _diagnostics(code, issue, by_object)
            for issue in instance.finalize():
                yield from _diagnostics(code, issue, by_object)


def _chosen(selector: str, *, whole_attack: bool) -> dict[str, Any]:
    family, _, name = selector.partition("/")
    known = _validators(family)
    unusable = _ONLINE if whole_attack else _ONLINE | {_WHOLE_ATTACK}
    if not name:
        return {code: each for code, each in known.items() if code not in unusable}
    if selector not in known:
        near = get_close_matches(selector, known, n=1)
        hint = f"did you mean {near[0]}?" if near else None
        message = f"{family} has no validator {name!r}"
        raise DiagnosticError(Diagnostic("JS090", message, hint=hint))
    if selector in unusable:
        hint = "give a bundle with --attack" if selector == _WHOLE_ATTACK else None
        message = f"{selector} reads its data from the network"
        raise DiagnosticError(Diagnostic("JS090", message, hint=hint))
    return {selector: known[selector]}


@cache
def _validators(family: str) -> dict[str, Any]:
    """The validators of a package by code; their codes enter the catalogue."""
    try:
        found = import_module(_PACKAGES[family]).validators
    except ModuleNotFoundError as error:
        hint = "pip install 'jumpsigma[validators]'"
        message = f"the validators of {family} are not installed: {error.name}"
        raise DiagnosticError(Diagnostic("JS085", message, hint=hint)) from None
    named = {f"{family}/{name}": validator for name, validator in sorted(found.items())}
    for code, validator in named.items():
        CODES.setdefault(code, Code(code, " ".join((validator.__doc__ or "").split())))
    return named


def _diagnostics(code: str, issue: Any, by_object: dict[int, LoadedRule]) -> Iterator[Diagnostic]:
    details = ", ".join(
        f"{each.name}: {value}"
        for each in fields(issue)
        if each.name not in ("rules", "severity", "description", "detection_item")
        and isinstance(value := getattr(issue, each.name), (str, int, float))
    )
    message = f"{issue.description}{f' ({details})' if details else ''}"
    severity = _SEVERITIES[issue.severity.name]
    for sigma in issue.rules:
        rule = by_object.get(id(sigma))
        if rule is not None:
            yield Diagnostic(code, message, severity, _span(issue, rule), rule.id)


def _span(issue: Any, rule: LoadedRule) -> Span:
    """The place of the detection or entry that an issue is about, else that of the title."""
    source = getattr(getattr(issue, "detection_item", None), "source", None)
    if source is not None and getattr(source, "line", None):
        return Span(rule.path, source.line, source.char or 1, source.line, (source.char or 1) + 1)
    name = getattr(issue, "detection_name", None)
    if isinstance(name, str):
        return rule.span(("detection", name), key=True)
    named = [str(getattr(issue, each.name)) for each in fields(issue) if each.name != "rules"]
    for key in ("tags", "references", "falsepositives"):
        entries: tuple[str, ...] = getattr(rule, key)
        for text in named:
            if text in entries:
                return rule.span((key, entries.index(text)))
    return rule.span(("title",))


def _provide_attack(view: PackView, folder: Path) -> None:
    """Point pySigma to ATT&CK on this disk: the user's bundle, else one made of our table."""
    from sigma.data import mitre_attack

    mitre_attack.set_cache_dir(str(folder / "cache"))
    if view.attack_file is not None:
        mitre_attack.set_url(str(view.attack_file))
        return
    bundle = folder / "attack.json"
    bundle.write_text(json.dumps(_bundle(view.attack)), encoding="utf-8")
    mitre_attack.set_url(str(bundle))


def _bundle(attack: Attack) -> dict[str, Any]:
    """The tactics and techniques as the objects of STIX that pySigma reads."""
    tactics = [
        {
            "type": "x-mitre-tactic",
            "x_mitre_shortname": name,
            "external_references": [{"source_name": "mitre-attack", "external_id": f"TA{at:04}"}],
        }
        for at, name in enumerate(attack.tactics)
    ]
    techniques = [
        {
            "type": "attack-pattern",
            "name": each.name,
            "kill_chain_phases": [
                {"kill_chain_name": "mitre-attack", "phase_name": tactic} for tactic in each.tactics
            ],
            "external_references": [{"source_name": "mitre-attack", "external_id": each.id}],
        }
        for each in attack.techniques.values()
        if not each.revoked
    ]
    return {"type": "bundle", "objects": [*tactics, *techniques]}
