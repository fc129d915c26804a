"""References between the documents of a pack: ids, names, and whether they are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from jumpsigma.diagnostics import Diagnostic, Severity, Span
from jumpsigma.pack.model import LoadedFilter, LoadedRule
from jumpsigma.pack.positions import KeyPath
from jumpsigma.pack.rules import canonical_id


class Names:
    """Finds rules by id or by name, as pySigma resolves a reference: a UUID is always an id."""

    def __init__(self, rules: Iterable[LoadedRule], refused: Iterable[str]) -> None:
        self._by_id: dict[str, LoadedRule] = {}
        self._by_name: dict[str, LoadedRule] = {}
        self._refused = frozenset(refused)
        for rule in rules:
            if rule.id is not None:
                self._by_id[rule.id] = rule
            if rule.name is not None:
                self._by_name[rule.name] = rule

    def find(self, reference: str) -> LoadedRule | None:
        """The rule that a reference names, or None."""
        rule_id = canonical_id(reference)
        return self._by_name.get(reference) if rule_id is None else self._by_id.get(rule_id)

    def why_not(self, reference: str) -> tuple[str, str | None]:
        """Words for a reference that finds nothing, and a hint."""
        if (canonical_id(reference) or reference) in self._refused:
            return f"the rule {reference!r} has errors", "correct that rule first"
        near = get_close_matches(reference, [*self._by_name, *self._by_id], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "load the pack that has it too"
        return f"no rule of the pack has the id or name {reference!r}", hint


def duplicate_ids(rules: Sequence[LoadedRule | LoadedFilter]) -> Iterator[Diagnostic]:
    """JS013 at the second and every later rule with an id."""
    first: dict[str, Span] = {}
    for rule in rules:
        if rule.id is None:
            continue
        span = rule.span(("id",))
        if rule.id in first:
            seen = first[rule.id]
            yield Diagnostic(
                "JS013",
                f"the id stands already at {seen.path}:{seen.line}",
                Severity.WARNING,
                span,
                rule.id,
                "give this rule an id of its own",
            )
        else:
            first[rule.id] = span


def resolvable(
    rules: Sequence[LoadedRule], refused: Iterable[str]
) -> tuple[list[LoadedRule], list[Diagnostic]]:
    """The rules whose references all resolve, without cycles, and JS016 for the others.

    A correlation that refers to one that had to be left out is left out itself.
    """
    diagnostics: list[Diagnostic] = []
    left_out = set(refused)
    remaining = list(rules)
    while True:
        names = Names(remaining, left_out)
        bad: list[LoadedRule] = []
        for rule in remaining:
            missing = [one for one in rule.refers_to if names.find(one) is None]
            if missing:
                bad.append(rule)
                diagnostics += (_unknown(rule, one, names) for one in missing)
        if not bad:
            break
        remaining = [rule for rule in remaining if rule not in bad]
        left_out.update(name for rule in bad for name in (rule.id, rule.name) if name)
    cyclic = _cyclic(remaining, names)
    diagnostics += (
        Diagnostic(
            "JS016",
            "the references of the correlation lead in a circle",
            span=rule.span(("correlation", "rules"), key=True),
            rule_id=rule.id,
        )
        for rule in cyclic
    )
    return [rule for rule in remaining if rule not in cyclic], diagnostics


def _unknown(rule: LoadedRule, reference: str, names: Names) -> Diagnostic:
    message, hint = names.why_not(reference)
    span = rule.span(_reference_path(rule.document["correlation"], "correlation", reference))
    return Diagnostic("JS016", message, span=span, rule_id=rule.id, hint=hint)


def _reference_path(section: object, name: str, reference: str) -> KeyPath:
    rules = section.get("rules") if isinstance(section, dict) else None
    if isinstance(rules, list) and reference in rules:
        return (name, "rules", rules.index(reference))
    return (name, "rules") if rules is not None else (name, "condition")


def _cyclic(rules: Sequence[LoadedRule], names: Names) -> list[LoadedRule]:
    """The correlations from which following references never ends."""
    waiting = {id(rule): rule for rule in rules if rule.refers_to}
    while True:
        settled = [
            key
            for key, rule in waiting.items()
            if not any(id(names.find(one)) in waiting for one in rule.refers_to)
        ]
        if not settled:
            return list(waiting.values())
        for key in settled:
            del waiting[key]


def filter_warnings(
    filters: Sequence[LoadedFilter], rules: Sequence[LoadedRule], refused: Iterable[str]
) -> Iterator[Diagnostic]:
    """JS014 and JS015: filters that pySigma would ignore without a word."""
    names = Names(rules, refused)
    for loaded in filters:
        if loaded.refers_to is None:
            targets = [rule for rule in rules if rule.kind == "rule"]
            what = "any rule of the pack"
        else:
            targets = []
            what = "any of the rules that it names"
            for reference in dict.fromkeys(loaded.refers_to):
                rule = names.find(reference)
                if rule is not None:
                    targets.append(rule)
                    continue
                message, hint = names.why_not(reference)
                path = _reference_path(loaded.document["filter"], "filter", reference)
                span = loaded.span(path)
                yield Diagnostic("JS014", message, Severity.WARNING, span, loaded.id, hint)
        if targets and not any(loaded.logsource.covers(rule.logsource) for rule in targets):
            yield Diagnostic(
                "JS015",
                f"the filter's log source does not cover that of {what}",
                Severity.WARNING,
                loaded.span(("logsource",), key=True),
                loaded.id,
                "state no more of the log source than the rules do",
            )
