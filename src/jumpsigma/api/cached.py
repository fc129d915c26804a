"""Rules from their files to a matcher, by way of the compile cache.

Nothing here imports pySigma, a YAML reader or a template engine unless rules have changed.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jumpsigma.api.cache import Cache, user_cache
from jumpsigma.api.cache_keys import Keys
from jumpsigma.api.lists import Group, lists_of, pack_groups
from jumpsigma.api.paths import resolved
from jumpsigma.api.pauses import no_garbage_collection
from jumpsigma.api.stored import dump_matcher, load_matcher
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.matcher import Matcher
from jumpsigma.matcher.indicators import ListProvider
from jumpsigma.matcher.lookups import IndicatorLists
from jumpsigma.pack.fingerprint import fingerprint_of, read_regular
from jumpsigma.pack.lists import MAX_BYTES, digest_of

if TYPE_CHECKING:
    from jumpsigma.interpret import Lists
    from jumpsigma.pack import Pack


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """A matcher, and what there is to say of the files that its rules were read from.

    ``diagnostics`` and ``files`` are those of the pack; a cache that cannot be used is complained
    about too (JS092).
    """

    matcher: Matcher
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]


def compile_paths(
    *paths: str | Path,
    mapping: str | Path = "jumpcloud",
    logsource: Mapping[str, str] | None = None,
    min_level: str | None = None,
    lists: Lists | None = None,
    indicators: ListProvider | None = None,
) -> CompiledRules:
    """What :func:`load_pack` without cases and :func:`compile` give, and no work twice.

    While nothing changes that they depend on, everything comes from the compile cache of the user,
    which ``JUMPSIGMA_CACHE=off`` switches off.

    Raises as those two do.
    """
    cache = user_cache()
    if cache is not None:
        fingerprint, keys = fingerprint_of(*resolved(paths)), Keys()
        known = _known_pack(cache, keys.pack(fingerprint))
        if known is not None:
            given = lists_of(known.groups, lists, indicators)
            key = keys.matcher(fingerprint, mapping, logsource, min_level)
            matcher = stored_matcher(cache, key, given)
            if matcher is not None:
                return CompiledRules(matcher, known.diagnostics, known.files)
    from jumpsigma.api.rules import compile, load_pack  # noqa: A004 - the verb of the contract

    pack = load_pack(*paths, cases=False)
    matcher = compile(
        pack,
        mapping,
        logsource=logsource,
        min_level=min_level,
        lists=lists,
        indicators=indicators,
    )
    problems: list[Diagnostic] = []
    if cache is not None:
        _keep_pack(cache, keys, pack)
        if cache.problem is not None:
            problems.append(cache.problem)
    return CompiledRules(matcher, (*pack.diagnostics, *problems), pack.files)


def stored_matcher(cache: Cache, key: str | None, lists: IndicatorLists) -> Matcher | None:
    """The matcher that was kept under a key, with these lists."""
    content = None if key is None else cache.read(key)
    if content is None:
        return None
    try:
        with no_garbage_collection():
            return load_matcher(content, lists)
    except Exception:  # noqa: BLE001 - whatever is wrong with an entry, it is made anew
        return None


def keep_matcher(cache: Cache, key: str | None, matcher: Matcher) -> None:
    """Keep a matcher under a key."""
    if key is not None:
        cache.write(key, dump_matcher(matcher))


class _KnownPack(NamedTuple):
    """What a scan needs of a pack besides its matcher."""

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    groups: tuple[Group, ...]
    list_files: tuple[tuple[str, str], ...]
    """Path and digest of each list. Their values are in ``groups``."""


def _known_pack(cache: Cache, key: str | None) -> _KnownPack | None:
    content = None if key is None else cache.read(key)
    if content is None:
        return None
    try:
        known = pickle.loads(content)  # noqa: S301 - of the user's own folder, see cache.py
    except Exception:  # noqa: BLE001 - whatever is wrong with an entry, it is made anew
        return None
    if not isinstance(known, _KnownPack) or _have_changed(known.list_files):
        return None
    return known


def _have_changed(list_files: Iterable[tuple[str, str]]) -> bool:
    contents = ((read_regular(path, MAX_BYTES), digest) for path, digest in list_files)
    return any(content is None or digest_of(content) != digest for content, digest in contents)


def _keep_pack(cache: Cache, keys: Keys, pack: Pack) -> None:
    key = keys.pack(pack.fingerprint)
    if key is None or key != Keys().pack(pack.fingerprint):  # this program was changed meanwhile
        return
    list_files = tuple((each.path, each.digest) for s in pack.settings for each in s.lists)
    known = _KnownPack(pack.diagnostics, pack.files, tuple(pack_groups(pack)), list_files)
    cache.write(key, pickle.dumps(known, pickle.HIGHEST_PROTOCOL))
