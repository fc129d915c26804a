"""A pack shown to people: a page for each rule, and what ATT&CK Navigator shows."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

from jumpsigma.api.selection import select
from jumpsigma.pack import LoadedRule, Pack
from jumpsigma.report.navigator import navigator_layer as layer_of
from jumpsigma.report.rule_page import rule_page


def navigator_layer(
    pack: Pack, name: str = "jumpsigma", *, min_level: str | None = None
) -> dict[str, Any]:
    """The rules of a pack as an ATT&CK Navigator layer (layer format 4.5), coloured by level.

    A plain dict, ready for ``json.dump``. ``min_level`` leaves out milder rules. Raises
    :class:`DiagnosticError` (JS090) for a level that does not exist.
    """
    return layer_of(select(pack.rules, min_level=min_level), name)


def rule_pages(pack: Pack) -> dict[str, str]:
    """A page of documentation in Markdown for each rule file of a pack.

    Maps the path of a page, ``.md`` and relative to the folder of the pack, to its text. A file
    that holds several rules has one page with all of them.
    """
    files: dict[str, list[LoadedRule]] = {}
    for rule, page in zip(pack.rules, rule_places(pack), strict=True):
        files.setdefault(page, []).append(rule)
    places = {rule.id: page for page, rules in files.items() for rule in rules if rule.id}
    cases = {file.rule_path: file.cases for file in pack.cases}
    pages = {}
    for page, rules in files.items():
        here = PurePath(page).parent
        links = {key: os.path.relpath(place, here) for key, place in places.items()}
        # What reports comes first, and the cases of the file with it; then what it counts.
        correlations = [rule for rule in reversed(rules) if rule.kind == "correlation"]
        ordered = [*correlations, *(rule for rule in rules if rule.kind == "rule")]
        tested = {id(ordered[0]): cases.get(ordered[0].path, ())}
        pages[page] = "\n".join(
            rule_page(rule, tested.get(id(rule), ()), pack.rules, links) for rule in ordered
        )
    return pages


def rule_places(pack: Pack) -> list[str]:
    """Where :func:`rule_pages` puts the page of each rule of a pack, in the order of the rules."""
    return [_page(rule, pack) for rule in pack.rules]


def _page(rule: LoadedRule, pack: Pack) -> str:
    settings = pack.settings_for(rule.path)
    folders = [settings.folder] if settings is not None else list(pack.roots)
    path = os.path.abspath(rule.path)  # noqa: PTH100 - links stay where they stand
    for folder in map(os.path.abspath, folders):
        if PurePath(path).is_relative_to(folder):
            return PurePath(path).relative_to(folder).with_suffix(".md").as_posix()
    return PurePath(path).with_suffix(".md").name
