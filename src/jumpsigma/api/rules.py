"""Load rules, choose among them, compile them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any

from jumpsigma import pack as packs
from jumpsigma.api.cache import user_cache
from jumpsigma.api.cache_keys import Keys
from jumpsigma.api.cached import keep_matcher, stored_matcher
from jumpsigma.api.levels import level_rank
from jumpsigma.api.lists import lists_for, plain_lists
from jumpsigma.api.lowering import LoweredPack, lower_pack, require_pack
from jumpsigma.api.paths import resolved
from jumpsigma.api.pauses import no_garbage_collection
from jumpsigma.codegen import generate
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.interpret import Lists
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher import Matcher
from jumpsigma.matcher.indicators import ListProvider
from jumpsigma.matcher.lookups import IndicatorLists
from jumpsigma.matcher.program import Program
from jumpsigma.pack import LoadedRule, Pack
from jumpsigma.pack.references import Names


def load_pack(*paths: str | Path, cases: bool = True) -> Pack:
    """Load rules, correlations, filters and cases.

    Each path is a file or a folder (read recursively, ``.yml``); the word ``shipped``, and no
    path at all, stands for the rules that come with jumpsigma. A bad rule never raises: what is
    wrong with it stands in ``pack.diagnostics``, and the good ones are there. Without ``cases``
    the files of cases are left unread, which halves the time.

    Raises :class:`FileNotFoundError` for a path that does not exist.
    """
    with no_garbage_collection():
        return packs.load_pack(*resolved(paths), cases=cases)


def compile(  # noqa: A001 - the verb of the documented contract
    pack: Pack,
    mapping: str | Path = "jumpcloud",
    *,
    logsource: Mapping[str, str] | None = None,
    min_level: str | None = None,
    lists: Lists | None = None,
    indicators: ListProvider | None = None,
) -> Matcher:
    """Compile the rules of a pack for events in one vocabulary.

    ``mapping`` names the vocabulary of the events (``jumpcloud`` for raw Directory Insights,
    ``sigma``, ``ecs``, or the path of a mapping file). ``logsource`` keeps the rules that fit a
    kind of log (S605), ``min_level`` those at least that severe. ``lists`` gives values of
    placeholders by name, besides those that ``pack.yaml`` files give; ``indicators`` gives those of
    an indicator store. A rule that cannot be compiled, or does not apply, stands in
    ``matcher.refused`` with the reason. While nothing changes that a matcher depends on, it comes
    from the compile cache of the user, which ``JUMPSIGMA_CACHE=off`` switches off.

    Raises :class:`DiagnosticError` for a mapping that is not found or wrong (JS052, JS053), and
    for a level or log source attribute that does not exist (JS090); :class:`TypeError` for a
    ``pack`` that is none, such as its path, and for a ``logsource`` that is a text.
    """
    require_pack(pack)
    given, cache = lists_for(pack, lists, indicators), user_cache()
    asked = (pack.fingerprint, mapping, logsource, min_level)
    key = None if cache is None else Keys().matcher(*asked)
    if cache is not None and (stored := stored_matcher(cache, key, given)) is not None:
        return stored
    with no_garbage_collection():
        lowered = lower_pack(pack, mapping, logsource=logsource, min_level=min_level)
        matcher = matcher_of(lowered, given)
        # The mapping, or this program, may have been changed meanwhile.
        if cache is not None and key == Keys().matcher(*asked):
            keep_matcher(cache, key, matcher)
    return matcher


def matcher_for(
    rules: Sequence[RuleIR],
    refused: Iterable[Diagnostic] = (),
    lists: IndicatorLists | Lists | None = None,
) -> Matcher:
    """A matcher of single-event rules."""
    return matcher_of(LoweredPack(tuple(rules), refused=tuple(refused)), lists)


def matcher_of(lowered: LoweredPack, lists: IndicatorLists | Lists | None = None) -> Matcher:
    """Generate the code of lowered rules, and load the lists that their placeholders stand for."""
    module = generate(lowered.rules)
    loaded = lists if isinstance(lists, IndicatorLists) else plain_lists(lists)
    return Matcher(
        lowered.rules,
        Program(module.source, loaded),
        lowered.refused,
        correlations=lowered.correlations,
        silent=lowered.silent,
    )


def find_rule(pack: Pack, reference: str) -> LoadedRule:
    """The rule that a person means: by id, name, title (in any case), file name or path.

    Raises :class:`DiagnosticError` (JS090) when none or several fit.
    """
    wanted = reference.casefold()
    for names in (_identifiers, _file_names):
        found = [rule for rule in pack.rules if wanted in names(rule)]
        if len(found) > 1:  # of a correlation and the rules below it in one file, the correlation
            resolver = Names(found, ())
            below = {id(resolver.find(name)) for rule in found for name in rule.refers_to}
            found = [rule for rule in found if id(rule) not in below] or found
        if len(found) == 1:
            return found[0]
        if found:
            paths = ", ".join(rule.path for rule in found)
            raise DiagnosticError(
                Diagnostic("JS090", f"{reference!r} is more than one rule", hint=f"one of {paths}")
            )
    known = [name for rule in pack.rules for name in (_identifiers(rule) | _file_names(rule))]
    near = get_close_matches(wanted, known, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "see: jumpsigma list rules"
    raise DiagnosticError(Diagnostic("JS090", f"there is no rule {reference!r}", hint=hint))


def _identifiers(rule: LoadedRule) -> set[str]:
    return {name.casefold() for name in (rule.id, rule.name, rule.title) if name}


def _file_names(rule: LoadedRule) -> set[str]:
    path = PurePath(rule.path)
    return {name.casefold() for name in (path.stem, path.name, rule.path)}


def list_rules(
    pack: Pack,
    *,
    text: str | None = None,
    levels: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    service: str | None = None,
) -> list[dict[str, Any]]:
    """The rules and correlations of a pack, one plain row each, as ``list rules`` prints them.

    ``text`` is looked for in titles and descriptions, in any case; ``levels`` keeps rules of one
    of these levels, ``tags`` those with one of these tags or a tag below it (``t1110`` also
    means ``attack.t1110.003``), ``service`` those whose log source states it.

    Raises :class:`DiagnosticError` (JS090) for a level that does not exist.
    """
    for level in levels or ():
        level_rank(level)
    wanted = (text or "").casefold()
    return [
        {
            "id": rule.id,
            "title": rule.title,
            "path": rule.path,
            "level": rule.level,
            "status": rule.status,
            "product": rule.logsource.product,
            "category": rule.logsource.category,
            "service": rule.logsource.service,
            "tags": list(rule.tags),
            "correlation": rule.kind == "correlation",
        }
        for rule in pack.rules
        if wanted in f"{rule.title}\n{rule.description or ''}".casefold()
        and (not levels or rule.level in levels)
        and (not tags or any(_has_tag(rule, tag) for tag in tags))
        and (service is None or rule.logsource.service == service)
    ]


def _has_tag(rule: LoadedRule, wanted: str) -> bool:
    """Whether a rule has a tag, or one below it; ``attack.`` may be left out."""
    name = wanted.casefold()
    names = (name, f"attack.{name}")
    return any(
        tag.casefold() == each or tag.casefold().startswith(f"{each}.")
        for tag in rule.tags
        for each in names
    )
