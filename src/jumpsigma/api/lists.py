"""The lists that placeholders stand for: those of a pack, of the caller, of a store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from jumpsigma.interpret import Lists
from jumpsigma.matcher.indicators import GivenLists, ListProvider
from jumpsigma.matcher.lookups import IndicatorLists
from jumpsigma.pack import Pack

Group = tuple[str, Collection[str], Mapping[str, Any]]


def lists_for(
    pack: Pack, lists: Lists | None = None, indicators: ListProvider | None = None
) -> IndicatorLists:
    """The lists of a pack, with more values from the caller and from an indicator store."""
    given = GivenLists([*_pack_groups(pack), *((name, v, {}) for name, v in (lists or {}).items())])
    return IndicatorLists(given, *([] if indicators is None else [indicators]))


def plain_lists(lists: Lists | None) -> IndicatorLists:
    """Lists of plain values."""
    return IndicatorLists(GivenLists((name, values, {}) for name, values in (lists or {}).items()))


def _pack_groups(pack: Pack) -> Iterable[Group]:
    for settings in pack.settings:
        for each in settings.lists:
            file = PurePath(each.path)
            if file.is_relative_to(settings.folder):
                file = file.relative_to(settings.folder)
            yield each.name, each.values, {"source": f"{settings.title}: {file.as_posix()}"}
