"""What a change of rules does: between two folders, or two revisions of a git repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jumpsigma.api.coverages import answer_for
from jumpsigma.api.lists import lists_for
from jumpsigma.api.lowering import lower_each
from jumpsigma.api.rules import compile as compile_rules
from jumpsigma.api.rules import load_pack
from jumpsigma.changes import RuleChange, TargetQuery
from jumpsigma.changes.rules import PLAIN, Node, Version, added, changed, essence, pairs, removed
from jumpsigma.changes.trees import Side, opened
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intake.events import expand_inputs
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher import Matcher
from jumpsigma.pack import Pack

if TYPE_CHECKING:
    from jumpsigma.export import Format, Target

    Wanted = tuple[Target, Format, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event of a corpus on which a rule fires on one side alone."""

    rule_id: str | None
    rule_title: str
    path: str
    line: int
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from ``base`` to ``head``.

    ``targets`` are those whose queries were compared, each a name and a format.
    ``gained`` and ``lost`` are the events of a corpus on which rules newly fire, or no longer do;
    None where no corpus was given. ``diagnostics`` are what is wrong with the rules of the head.
    """

    base: str
    head: str
    mappings: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    changes: tuple[RuleChange, ...]
    gained: tuple[Sighting, ...] | None
    lost: tuple[Sighting, ...] | None
    diagnostics: tuple[Diagnostic, ...]


def diff(
    base: str,
    head: str | None = None,
    *,
    rules: Sequence[str] = (),
    mappings: Sequence[str] = ("jumpcloud",),
    targets: Sequence[str] = (),
    options: Mapping[str, Mapping[str, str]] | None = None,
    events: Sequence[str | Path] = (),
    start: str | Path = ".",
) -> Diff:
    """Compare the rules of two folders or revisions.

    ``base`` and ``head`` are folders or revisions of the git repository at ``start``; without
    ``head`` it is the working tree of that repository. ``rules`` are files or folders below the
    top of both; by default ``sigma_rules``, else everything. A side that has a file of its own
    for a mapping is read with that. ``targets`` are those whose queries are compared: a name, or
    ``name:format`` for another format than the default; ``options`` are theirs, by target.
    ``events`` are files or folders of events in the words of the first mapping.

    Raises :class:`DiagnosticError` for what is neither folder nor revision (JS090), a mapping
    that is not found or wrong (JS052, JS053), a target that is not found or wrong (JS061, JS062)
    or has no such format or option (JS090), and events that cannot be read.
    """
    if "-" in map(str, events):
        message = "events are read once for each side, and standard input can be read only once"
        raise DiagnosticError(Diagnostic("JS090", message, hint="name a file or a folder"))
    chosen = [_target(each, options or {}) for each in dict.fromkeys(targets)]
    with ExitStack() as stack:
        old = stack.enter_context(opened(base, start=Path(start)))
        new = stack.enter_context(opened(head, start=Path(start)))
        if not old.rules(rules) and not new.rules(rules):
            message = f"neither {old.label} nor {new.label} has {' or '.join(rules)}"
            raise DiagnosticError(Diagnostic("JS090", message, hint="name paths below the top"))
        packs = [_load(side, rules) for side in (old, new)]
        before, after = (
            list(_versions(side, pack, mappings, chosen))
            for side, pack in zip((old, new), packs, strict=True)
        )
        changes = tuple(_changes(before, after, packs))
        gained, lost = None, None
        problems = [_relative(each, new) for each in packs[1].diagnostics]
        if events:
            inputs, unread = expand_inputs([str(path) for path in events])
            problems += unread
            matchers = [
                compile_rules(pack, side.mapping(mappings[0]))
                for side, pack in zip((old, new), packs, strict=True)
            ]
            gained, lost = _sightings(matchers, inputs, problems.append)
        return Diff(
            old.label,
            new.label,
            tuple(mappings),
            tuple(dict.fromkeys((target.name, form.name) for target, form, _ in chosen)),
            changes,
            gained,
            lost,
            tuple(dict.fromkeys(problems)),
        )


def _load(side: Side, rules: Sequence[str]) -> Pack:
    paths = side.rules(rules)
    return load_pack(*paths, cases=False) if paths else Pack()


def _target(spec: str, options: Mapping[str, Mapping[str, str]]) -> Wanted:
    """The target that ``name`` or ``name:format`` means, with its settings."""
    # Whoever compares no queries does not wait for what writes them.
    from jumpsigma.export import chosen_format, chosen_options, load_target

    name, separator, form = spec.rpartition(":")
    found = load_target(name if separator else spec)
    format_ = chosen_format(found, form if separator else None)
    return found, format_, chosen_options(found, options.get(found.name, {}))


def _queries(side: Side, pack: Pack, wanted: Wanted) -> list[TargetQuery]:
    """What a target makes of each rule of a side."""
    from jumpsigma.api.exports import ExportedQuery, write_each
    from jumpsigma.export import Converter

    converter = Converter(*wanted, lists_for(pack))
    made = write_each(pack, converter, pack.rules, find=side.mapping)
    return [
        TargetQuery(each.text)
        if isinstance(each, ExportedQuery)
        else TargetQuery(None, tuple((why.code, why.message) for why in each or ()))
        for _, each in made
    ]


def _versions(
    side: Side, pack: Pack, mappings: Sequence[str], targets: Sequence[Wanted]
) -> Iterator[Version]:
    plain = lower_each(pack, load_mapping(PLAIN))
    mapped: dict[str, list[Node]] = {
        name: [node for _, node in lower_each(pack, load_mapping(side.mapping(name)))]
        for name in mappings
    }
    written = {(each[0].name, each[1].name): _queries(side, pack, each) for each in targets}
    for number, (rule, node) in enumerate(plain):
        nodes = {name: found[number] for name, found in mapped.items()}
        queries = {key: made[number] for key, made in written.items()}
        yield Version(rule, side.relative(rule.path), node, nodes, queries)


def _changes(
    base: list[Version], head: list[Version], packs: Sequence[Pack]
) -> Iterator[RuleChange]:
    """The rules that changed, with coverage on both sides."""
    for old, new in pairs(base, head):
        for version, pack in zip((old, new), packs, strict=True):
            other = new if version is old else old
            if version is not None and not _is_same(version, other):
                for name, node in version.mapped.items():
                    version.reach[name] = answer_for(node, name, pack.lists)
        if old is None and new is not None:
            yield added(new)
        elif new is None and old is not None:
            yield removed(old)
        elif old is not None and new is not None:
            change = changed(old, new)
            if change.is_worth_telling:
                yield change


def _is_same(version: Version, other: Version | None) -> bool:
    """Whether both sides say the rule in the same words, so that coverage is the same."""
    return other is not None and all(
        essence(node) == essence(other.mapped[name]) for name, node in version.mapped.items()
    )


def _sightings(
    matchers: Sequence[Matcher], inputs: Sequence[str], on_problem: Callable[[Diagnostic], None]
) -> tuple[tuple[Sighting, ...], tuple[Sighting, ...]]:
    """On which events rules fire with the second matcher alone, and with the first alone."""
    old, new = (
        {
            (each.rule_id or each.rule_title, each.path, each.line): each
            for each in _seen(matcher, inputs, on_problem)
        }
        for matcher in matchers
    )
    return (
        tuple(each for key, each in new.items() if key not in old),
        tuple(each for key, each in old.items() if key not in new),
    )


def _seen(
    matcher: Matcher, inputs: Sequence[str], on_problem: Callable[[Diagnostic], None]
) -> Iterator[Sighting]:
    for finding in matcher.scan_all(inputs, on_problem=on_problem):
        source = finding.source
        path, line = ("", 0) if source is None else (source.path or "", source.line)
        yield Sighting(finding.rule_id, finding.rule_title, path, line, finding.event)


def _relative(diagnostic: Diagnostic, side: Side) -> Diagnostic:
    """The same, with the place as people know it: the files of a revision are in no folder."""
    span = diagnostic.span
    if span is None:
        return diagnostic
    moved = Span(side.relative(span.path), span.line, span.column, span.end_line, span.end_column)
    return replace(diagnostic, span=moved)
