"""What changed between two packs, rule by rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from typing import Any, Final, Literal, get_args

from jumpsigma.changes.relation import Comparison, compare, example
from jumpsigma.changes.targets import TargetChange, TargetQuery
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.ir.correlations import CorrelationIR, Threshold, dump_correlation
from jumpsigma.ir.dump import dump
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.ir.normal import normal
from jumpsigma.pack import LoadedRule
from jumpsigma.reachability import Reach

Kind = Literal["added", "removed", "changed"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Node = RuleIR | CorrelationIR | tuple[Diagnostic, ...]

#: The mapping that leaves names as they are: what a rule says, whatever its events are called.
PLAIN: Final = "sigma"
#: Keys of a rule that say what it matches; what is compared by meaning is not compared as text.
_LOGIC: Final = frozenset({"detection", "correlation", "logsource", "id", "title", "filter"})
#: Keys that a reviewer wants to see with both values.
_SHOWN: Final = ("level", "status")


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that is not the condition: what it is called, before, and after."""

    name: str
    base: str | None
    head: str | None


@dataclass(frozen=True, slots=True)
class CorrelationChange:
    """How a correlation changed: ``attributes`` are its type, window, threshold and so on.

    ``relation`` is ``wider`` or ``narrower`` where window and threshold alone changed and decide
    it, ``different`` for any other change of what is counted.
    """

    relation: Literal["wider", "narrower", "different"]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class MappedChange:
    """The rule in the words of one mapping: its query and its coverage, before and after.

    ``query`` is a unified diff of the condition in normal form, empty when it is the same.
    ``is_mapping`` when the rule itself is unchanged, so that the change comes from the mapping.
    """

    mapping: str
    query: str
    is_mapping: bool
    base: Reach | None
    head: Reach | None

    @property
    def is_coverage_changed(self) -> bool:
        """Whether the answers of coverage differ."""
        old, new = self.base, self.head
        return (old and old.reachability) != (new and new.reachability)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that is not as it was.

    ``path`` and ``title`` are those of the head, or of the base for a removed rule;
    ``old_path`` and ``old_title`` only where they differ. ``condition`` is None for added and
    removed rules, for correlations, and where one side cannot be compiled, which ``notes`` tell.
    """

    kind: Kind
    id: str | None
    title: str
    path: str
    level: str | None
    old_title: str | None = None
    old_path: str | None = None
    attributes: tuple[Attribute, ...] = ()
    logsource: Attribute | None = None
    filters: tuple[Attribute, ...] = ()
    condition: Comparison | None = None
    correlation: CorrelationChange | None = None
    mapped: tuple[MappedChange, ...] = ()
    targets: tuple[TargetChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_worth_telling(self) -> bool:
        """Whether anything at all is different."""
        condition = self.condition is not None and self.condition.relation != "same"
        return bool(
            self.kind != "changed"
            or self.old_title
            or self.old_path
            or self.attributes
            or self.logsource
            or self.filters
            or condition
            or self.correlation
            or self.mapped
            or any(each.is_changed for each in self.targets)
            or self.notes
        )


@dataclass(frozen=True, slots=True)
class Version:
    """A rule on one side: in its own names, in the words of each mapping, where it stands.

    ``queries``: what each target, as its name and a format, makes of it.
    """

    rule: LoadedRule
    path: str
    plain: Node
    mapped: Mapping[str, Node]
    queries: Mapping[tuple[str, str], TargetQuery]
    reach: dict[str, Reach] = field(default_factory=dict)


def pairs(
    base: Iterable[Version], head: Iterable[Version]
) -> Iterator[tuple[Version | None, Version | None]]:
    """The versions of each rule: by id, else by place and title, else by title."""
    old, new = list(base), list(head)
    left = {id(each): each for each in new}
    found: dict[int, Version] = {}
    for key in (_by_id, _by_place, _by_title):
        waiting: dict[Any, list[Version]] = {}
        for each in left.values():
            if (name := key(each)) is not None:
                waiting.setdefault(name, []).append(each)
        for each in old:
            name = key(each)
            if id(each) in found or name is None or not waiting.get(name):
                continue
            other = waiting[name].pop(0)
            found[id(each)] = other
            del left[id(other)]
    for each in old:
        yield each, found.get(id(each))
    for each in new:
        if id(each) in left:
            yield None, each


def _by_id(version: Version) -> Any:
    return version.rule.id


def _by_place(version: Version) -> Any:
    return None if version.rule.id else (version.path, version.rule.title)


def _by_title(version: Version) -> Any:
    return None if version.rule.id else version.rule.title


def added(version: Version) -> RuleChange:
    """The change that a new rule is."""
    return _whole("added", version, [(name, None, version) for name in version.mapped])


def removed(version: Version) -> RuleChange:
    """The change that a rule is that is no longer there."""
    return _whole("removed", version, [(name, version, None) for name in version.mapped])


def _whole(
    kind: Kind, version: Version, sides: Sequence[tuple[str, Version | None, Version | None]]
) -> RuleChange:
    rule = version.rule
    mapped = tuple(
        change for name, base, head in sides if (change := _mapped(name, base, head)) is not None
    )
    is_base = kind == "removed"
    return RuleChange(
        kind,
        rule.id,
        rule.title,
        version.path,
        rule.level,
        mapped=mapped,
        targets=_targets(version if is_base else None, None if is_base else version),
    )


def changed(base: Version, head: Version) -> RuleChange:
    """How one version of a rule differs from the one before."""
    old, new = base.rule, head.rule
    mapped = tuple(
        change
        for name in head.mapped
        if (change := _mapped(name, base, head)) is not None
        if change.query or change.is_coverage_changed
    )
    condition, notes = _condition(base.plain, head.plain)
    if condition is not None and condition.relation == "same" and _is_rewritten(old, new):
        condition = Comparison("equal")
    if condition is not None:
        condition = _as_scanned(condition, base, head)
    return RuleChange(
        "changed",
        new.id,
        new.title,
        head.path,
        new.level,
        old_title=old.title if old.title != new.title else None,
        old_path=base.path if base.path != head.path else None,
        attributes=tuple(_attributes(old, new)),
        logsource=_logsource(old, new),
        filters=tuple(_filters(base.plain, head.plain)),
        condition=condition,
        correlation=_correlation(base.plain, head.plain),
        mapped=(*mapped, *_in_its_own_words(base, head)),
        targets=_targets(base, head),
        notes=notes,
    )


def _as_scanned(found: Comparison, base: Version, head: Version) -> Comparison:
    """The same relation, with events on which a scan shows it, or none where none was found.

    The names of a rule leave out its log source and what a mapping makes of its values, so an event
    made for them alone may match neither version. The first mapping that has words for both is
    taken; where there is none, the events stay as they are.
    """
    for name, new in head.mapped.items():
        old = base.mapped[name]
        if isinstance(old, RuleIR) and isinstance(new, RuleIR):
            a, b = old.condition, new.condition
            gained = None if found.gained is None else example(b, a)
            lost = None if found.lost is None else example(a, b)
            return replace(found, gained=gained, lost=lost)
    return found


def _is_rewritten(old: LoadedRule, new: LoadedRule) -> bool:
    """Whether the detections are written differently: ``contains`` is the same as two stars."""
    return bool(old.document.get("detection") != new.document.get("detection"))


def _attributes(old: LoadedRule, new: LoadedRule) -> Iterator[Attribute]:
    for name in _SHOWN:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Attribute(name, before, after)
    gone = [tag for tag in old.tags if tag not in new.tags]
    come = [tag for tag in new.tags if tag not in old.tags]
    if gone or come:
        yield Attribute("tags", ", ".join(gone) or None, ", ".join(come) or None)
    seen = {*_SHOWN, "tags", *_LOGIC}
    for key in dict.fromkeys([*old.document, *new.document]):
        if key not in seen and old.document.get(key) != new.document.get(key):
            yield Attribute(str(key), _brief(old.document.get(key)), _brief(new.document.get(key)))


def _brief(value: Any) -> str | None:
    if value is None:
        return None
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _logsource(old: LoadedRule, new: LoadedRule) -> Attribute | None:
    before, after = (
        ", ".join(
            f"{key}={value}"
            for key in ("product", "category", "service")
            if (value := getattr(rule.logsource, key))
        )
        for rule in (old, new)
    )
    return Attribute("logsource", before or None, after or None) if before != after else None


def _filters(old: Node, new: Node) -> Iterator[Attribute]:
    before = old.filters if isinstance(old, RuleIR) else ()
    after = new.filters if isinstance(new, RuleIR) else ()
    for name in before:
        if name not in after:
            yield Attribute("filter", name, None)
    for name in after:
        if name not in before:
            yield Attribute("filter", None, name)


def _condition(old: Node, new: Node) -> tuple[Comparison | None, tuple[str, ...]]:
    if isinstance(old, RuleIR) and isinstance(new, RuleIR):
        return compare(old.condition, new.condition), ()
    if isinstance(old, CorrelationIR) and isinstance(new, CorrelationIR):
        return None, ()
    notes = []
    for side, node, other in (("was", old, new), ("is", new, old)):
        if isinstance(node, tuple) and (not isinstance(other, tuple) or side == "is"):
            why = "; ".join(each.message for each in node)
            notes.append(f"it {side} refused: {why}")
    if isinstance(old, tuple) and isinstance(new, tuple):
        return None, () if _said(old) == _said(new) else tuple(notes)
    if not notes:
        notes.append("a rule and a correlation cannot be compared")
    return None, tuple(notes)


def _said(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [each.message for each in diagnostics]


def _correlation(old: Node, new: Node) -> CorrelationChange | None:
    if not (isinstance(old, CorrelationIR) and isinstance(new, CorrelationIR)):
        return None
    found = [
        Attribute(name, before, after)
        for name, before, after in (
            ("type", old.type, new.type),
            ("window", _span(old.timespan), _span(new.timespan)),
            ("condition", _threshold(old), _threshold(new)),
            ("rules", ", ".join(_names(old)), ", ".join(_names(new))),
            ("group-by", ", ".join(old.group_by), ", ".join(new.group_by)),
            ("fields", ", ".join(old.fields), ", ".join(new.fields)),
            *([("aliases", _aliases(old), _aliases(new))] if _is_alias_alone(old, new) else []),
            ("percentile", str(old.percentile), str(new.percentile)),
            ("generate", str(old.generate).lower(), str(new.generate).lower()),
        )
        if before != after
    ]
    if not found:
        return None
    return CorrelationChange(_direction(old, new, {each.name for each in found}), tuple(found))


def _direction(
    old: CorrelationIR, new: CorrelationIR, what: set[str]
) -> Literal["wider", "narrower", "different"]:
    """Which way window and threshold went, where they are all that changed and agree."""
    a, b = old.condition, new.condition
    if what - {"window", "condition"} or new.type not in ("event_count", "value_count", "temporal"):
        return "different"
    is_least = (
        isinstance(a, Threshold) and isinstance(b, Threshold) and {a.op, b.op} <= {"gt", "gte"}
    )
    if not is_least and ("condition" in what or new.type != "temporal"):
        return "different"
    signs = {new.timespan > old.timespan} if new.timespan != old.timespan else set()
    if isinstance(a, Threshold) and isinstance(b, Threshold) and a != b:
        least_a, least_b = (t.number + (t.op == "gt") for t in (a, b))
        signs |= {least_b < least_a} if least_a != least_b else set()
    if len(signs) != 1:
        return "different"
    return "wider" if signs.pop() else "narrower"


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _threshold(node: CorrelationIR) -> str:
    return dump_correlation(node).splitlines()[1].strip()


def _names(node: CorrelationIR) -> list[str]:
    return [each.rule.id or each.name for each in node.references]


def _is_alias_alone(old: CorrelationIR, new: CorrelationIR) -> bool:
    """Whether fields can differ by their aliases alone: the same names of the same rules."""
    return old.group_by == new.group_by and _names(old) == _names(new)


def _aliases(node: CorrelationIR) -> str:
    return "; ".join(
        f"{reference.rule.id or reference.name}: {', '.join(reference.group_by)}"
        for reference in node.references
    )


def _mapped(name: str, base: Version | None, head: Version | None) -> MappedChange | None:
    """What became of a rule in the words of a mapping; None where it never had any."""
    old, new = (None if side is None else side.mapped[name] for side in (base, head))
    if not (_query(old) or _query(new)) and (base is None or head is None):
        return None
    difference = _difference(old, new)
    is_unchanged = (
        base is not None
        and head is not None
        and essence(base.plain) == essence(head.plain)
        and _logsource(base.rule, head.rule) is None
    )
    return MappedChange(
        name,
        difference,
        bool(difference) and is_unchanged,
        base.reach.get(name) if base is not None else None,
        head.reach.get(name) if head is not None else None,
    )


def _in_its_own_words(base: Version, head: Version) -> tuple[MappedChange, ...]:
    """The query in the names of the rule, where no mapping has words for either version."""
    nodes = [*base.mapped.values(), *head.mapped.values()]
    difference = _difference(base.plain, head.plain)
    if any(map(_query, nodes)) or not difference:
        return ()
    return (MappedChange(PLAIN, difference, is_mapping=False, base=None, head=None),)


def _targets(base: Version | None, head: Version | None) -> tuple[TargetChange, ...]:
    """The query of every target, changed or not; both sides have the same targets."""
    old, new = ({} if side is None else side.queries for side in (base, head))
    is_below = base is not None and head is not None and base.rule.document == head.rule.document
    return tuple(TargetChange(*key, old.get(key), new.get(key), is_below) for key in new or old)


def _difference(old: Node | None, new: Node | None) -> str:
    """A unified diff of the whole of two queries, empty when they are the same."""
    base, head = (_query(node).splitlines(keepends=True) for node in (old, new))
    return "".join(unified_diff(base, head, "base", "head", n=1000))


def essence(node: Node) -> Any:
    """What a node says, whatever file it stands in: equal when nothing that matters changed."""
    match node:
        case RuleIR():
            return node.condition
        case CorrelationIR():
            return dump_correlation(node), *(essence(each.rule) for each in node.references)
        case _:
            return tuple(_said(node))


def _query(node: Node | None) -> str:
    """A rule as every target has to say it: its condition in normal form."""
    match node:
        case RuleIR():
            return dump(normal(node.condition))
        case CorrelationIR():
            return dump_correlation(node)
        case _:
            return ""
