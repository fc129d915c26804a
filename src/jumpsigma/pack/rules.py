"""One document to one rule, correlation or filter, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.correlations import correlation_problems, references
from jumpsigma.pack.detections import Problem
from jumpsigma.pack.diagnose import (
    attempt,
    attribute_problems,
    logsource_problems,
    section_problems,
)
from jumpsigma.pack.files import CASES_SUFFIX, RULE_SUFFIX
from jumpsigma.pack.model import LoadedFilter, LoadedRule, Logsource
from jumpsigma.pack.sigma_objects import (
    FILTER_RESERVED,
    RULE_RESERVED,
    filter_input,
    sigma_rule,
)
from jumpsigma.pack.yaml_reader import Document

_SIGMA_KEYS: Final = ("detection", "correlation", "filter", "logsource")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``loaded`` is None when a diagnostic is an error. ``names``: id and name, as far as known."""

    loaded: LoadedRule | LoadedFilter | None
    diagnostics: tuple[Diagnostic, ...]
    names: tuple[str, ...]


def load_document(document: Document) -> Outcome:
    """Load one YAML document, told apart as ``SigmaCollection.from_dicts`` does."""
    data = document.value
    if not isinstance(data, dict):
        return _not_sigma(document, f"a Sigma document is a mapping, not a {_kind(data)}")
    if not any(key in data for key in _SIGMA_KEYS):
        return _not_sigma(document, "the document has none of: " + ", ".join(_SIGMA_KEYS))
    made: list[SigmaRule] = []
    if "correlation" in data:
        problems = list(correlation_problems(data))
    elif "filter" in data:
        problems = list(_rule_or_filter(data, "filter", FILTER_RESERVED, _filter_builder(data)))
    else:
        build = _rule_builder(data, document.positions.path, made)
        problems = list(_rule_or_filter(data, "detection", RULE_RESERVED, build))
    rule_id = canonical_id(data.get("id"))
    names = tuple(name for name in (rule_id, data.get("name")) if isinstance(name, str) and name)
    if problems:
        return Outcome(None, tuple(_diagnostics(problems, document, rule_id)), names)
    loaded = _loaded(document, rule_id)
    if isinstance(loaded, LoadedRule) and made:
        loaded.keep(made[0])
    return Outcome(loaded, (), names)


def canonical_id(value: Any) -> str | None:
    """An id as ``str(UUID)`` spells it, None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        return str(UUID(value))
    except ValueError:
        return None


def _rule_or_filter(
    data: dict[Any, Any], section: str, reserved: tuple[str, ...], build: Callable[[], object]
) -> Iterator[Problem]:
    early = list(section_problems(data.get(section), section, reserved, build=False))
    if section == "filter":
        early += _rules_problems(data["filter"])
    if not early:
        refusals = attempt(build)
        if not refusals:
            return
    late = [
        *attribute_problems(data),
        *logsource_problems(data),
        *section_problems(data.get(section), section, reserved, build=True),
    ]
    if section == "filter":
        late += _rules_problems(data["filter"])
    if late:
        yield from late
    else:  # a refusal that no key alone explains
        for _, message in attempt(build):
            yield Problem("JS010", message, ())


def _rule_builder(
    data: dict[Any, Any], path: str, made: list[SigmaRule]
) -> Callable[[], SigmaRule]:
    def build() -> SigmaRule:
        made.append(sigma_rule(data, path, collect_errors=True))
        return made[-1]

    return build


def _filter_builder(data: dict[Any, Any]) -> Callable[[], SigmaFilter]:
    return lambda: SigmaFilter.from_dict(filter_input(data), collect_errors=True)


def _rules_problems(section: Any) -> Iterator[Problem]:
    if not isinstance(section, Mapping):
        return
    path = ("filter", "rules")
    rules = section.get("rules")
    if "rules" not in section:
        hint = "list ids or names, or write `rules: any` for every rule of the log source"
        yield Problem("JS010", "the filter has no rules", path, hint=hint)
    elif not isinstance(rules, (str, list)):
        yield Problem("JS010", "the filter's rules must be a list, or any", path, at_key=False)
    elif isinstance(rules, list):
        for index, rule in enumerate(rules):
            if not isinstance(rule, str):
                message = "a rule is named by its id or name, a string"
                yield Problem("JS010", message, (*path, index), at_key=False)
    if isinstance(section.get("condition"), list):
        message = "a filter has one condition, not a list"
        yield Problem("JS012", message, ("filter", "condition"))


def _diagnostics(
    problems: Iterable[Problem], document: Document, rule_id: str | None
) -> Iterator[Diagnostic]:
    found = [
        Diagnostic(
            problem.code,
            problem.message,
            span=document.positions.span(problem.path, key=problem.at_key),
            rule_id=rule_id,
            hint=problem.hint,
        )
        for problem in problems
    ]
    yield from sorted(
        dict.fromkeys(found), key=lambda one: (one.span.line, one.span.column) if one.span else ()
    )


def _not_sigma(document: Document, message: str) -> Outcome:
    span = document.positions.span(())
    name = PurePath(span.path).name
    hint = None
    if name.endswith(CASES_SUFFIX):
        hint = f"these are cases: name {name.removesuffix(CASES_SUFFIX)}{RULE_SUFFIX}, their rule"
    return Outcome(None, (Diagnostic("JS008", message, span=span, hint=hint),), ())


def _kind(value: Any) -> str:
    return "list" if isinstance(value, list) else type(value).__name__


def _loaded(document: Document, rule_id: str | None) -> LoadedRule | LoadedFilter:
    data = document.value
    common: dict[str, Any] = {
        "path": document.positions.path,
        "id": rule_id,
        "title": data["title"],
        "logsource": Logsource.from_document(data.get("logsource")),
        "document": data,
        "positions": document.positions,
        **{key: data.get(key) for key in ("name", "description", "author", "license")},
        **{key: _text(data.get(key)) for key in ("level", "status")},
        **{key: _text(data.get(key), lower=False) for key in ("date", "modified")},
        **{key: _texts(data.get(key)) for key in ("tags", "references", "falsepositives")},
    }
    if "correlation" in data:
        return LoadedRule(kind="correlation", refers_to=references(data["correlation"]), **common)
    if "filter" in data:
        rules = data["filter"]["rules"]
        if isinstance(rules, str):
            rules = None if rules.lower() == "any" else [rules]
        return LoadedFilter(refers_to=tuple(rules) if rules else None, **common)
    return LoadedRule(kind="rule", **common)


def _text(value: Any, *, lower: bool = True) -> str | None:
    if value is None:
        return None
    return str(value).lower() if lower else str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value or () if item is not None)
