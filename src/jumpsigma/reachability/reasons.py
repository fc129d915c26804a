"""Why a part of a condition folds to False, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jumpsigma.ir.dump import label
from jumpsigma.ir.nodes import Element, Expr
from jumpsigma.reachability.carried import Intake, carriers
from jumpsigma.reachability.folding import Folding, decided

#: Characters of one value in a reason.
_SHOWN: Final = 60


def missing(intake: Intake, part: Expr, foldings: Sequence[Folding]) -> list[str]:
    """The fields that are missing where a part of a condition folds to False everywhere."""
    paths: dict[str, list[str]] = {}
    bare: dict[str, None] = {}
    for folding in foldings:
        if folding.fold(part) is not False:
            return []
        for leaf in decided(part, folding, truth=False):
            path = leaf.field
            if path not in folding.constants and folding.view.claim(path) is None:
                paths.setdefault(path, []).append(folding.view.service)
            elif isinstance(leaf, Element) and path in intake.kept_elements:
                bare[f"of {path}[{leaf.name}] only the name is kept, no value"] = None
    one = {folding.view.service for folding in foldings}
    reasons = [*bare]
    for path, services in paths.items():
        others = carriers(intake, path)
        if not others:
            reasons.append(f"no event of this intake has {path}")
        elif len(one) == 1:
            reasons.append(f"events of {services[0]} have no {path}; it is in {_some(others)}")
        else:
            reasons.append(f"{path} is in events of {_some(others)} alone")
    return reasons


def _some(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def outside(part: Expr, folding: Folding) -> list[str]:
    """The tests that ask for a value outside the domain of its field, and the domain."""
    said: dict[str, list[str]] = {}
    for leaf in decided(part, folding, truth=False):
        if leaf.field in folding.constants:
            continue
        if isinstance(leaf, Element):
            said.setdefault(f"{leaf.field}.field", []).append(repr(leaf.name))
        else:
            said.setdefault(leaf.field, []).append(label(leaf).partition(": ")[2])
    reasons = []
    for path, values in said.items():
        claim = folding.view.claim(path)
        if claim is not None and claim.is_guess:
            service = folding.view.service
            reasons.append(f"no source describes the fields of {service}, such as {path}")
        if claim is None or claim.field is None:
            continue
        known, domain = claim.field, claim.field.domain
        if domain.kind in ("closed", "observed"):
            listed = [repr(value) for value in domain.values]
            rest = f" and {len(listed) - 4} more" if len(listed) > 5 else ""
            usual = f"is {', '.join(listed[:4] if rest else listed)}{rest}"
        elif domain.kind == "pattern":
            usual = f"has the form {domain.pattern_name}"
        else:
            usual = f"is of type {known.type_name}"
        verb = "only ever" if domain.kind == "closed" else "as far as known"
        reasons.append(f"{path} {verb} {usual}, not {_few(values)}")
    return reasons


def _few(values: Sequence[str]) -> str:
    distinct = [v if len(v) < _SHOWN else f"{v[:_SHOWN]}…" for v in dict.fromkeys(values)]
    rest = f" or {len(distinct) - 3} more" if len(distinct) > 3 else ""
    return f"{' or '.join(distinct[:3])}{rest}"
