"""The detection section as plain data: its items one by one, and what pySigma may not see of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, Final, NamedTuple

from jumpsigma.pack.positions import KeyPath

_PLAIN: Final = (str, int, float, bool, type(None))
_DASH: Final = re.compile(r"\B[-/]\b")  # as pySigma's windash finds the dashes that it expands
_MAX_DASHES: Final = 3
_UTF16LE: Final = "utf16le"
_NETWORKS: Final = {"cidr", "expand"}
_BESIDE_NETWORKS: Final = {*_NETWORKS, "all", "neq"}
_PLACEHOLDER: Final = re.compile(r"%[^%\\]+%")


class Item(NamedTuple):
    """One detection item: ``key`` is ``field|modifier``, or None for bare keywords."""

    path: KeyPath
    key: Any
    value: Any


class Problem(NamedTuple):
    """What is wrong at a path; ``at_key`` tells that the key, not its value, is the place."""

    code: str
    message: str
    path: KeyPath
    at_key: bool = True
    hint: str | None = None


def items(definition: Any, path: KeyPath) -> Iterator[Item]:
    """The detection items of a named detection, in pySigma's order.

    Mirrors ``SigmaDetection.from_definition``: a mapping is one item a key, a plain value or a
    list of plain values is one keyword item, any other list holds detections.
    """
    if isinstance(definition, Mapping):
        for key, value in definition.items():
            yield Item((*path, key), key, value)
    elif isinstance(definition, list) and not all(type(item) in _PLAIN for item in definition):
        for index, item in enumerate(definition):
            yield from items(item, (*path, index))
    else:
        yield Item(path, None, definition)


def definitions(section: Mapping[Any, Any], *reserved: str) -> Iterator[tuple[Any, Any]]:
    """The named detections of a section: all keys but the reserved ones."""
    for name, definition in section.items():
        if name not in reserved:
            yield name, definition


def structure_problems(definition: Any, path: KeyPath) -> Iterator[Problem]:
    """Detections that are empty, or that mix what pySigma cannot mix."""
    if isinstance(definition, Mapping) and not definition:
        yield Problem("JS010", "the detection is empty", path)
    elif isinstance(definition, list) and not all(type(item) in _PLAIN for item in definition):
        for index, item in enumerate(definition):
            yield from structure_problems(item, (*path, index))


def item_problems(item: Item) -> Iterator[Problem]:
    """What must be refused before pySigma builds the item, alike on every pySigma.

    1.5.1 expands any number of dashes (each makes five strings of one) and takes Python's regular
    expressions; 2.x stops at three dashes and takes RE2's, but reports on the standard error.
    """
    if item.key is not None and not isinstance(item.key, str):
        yield Problem(
            "JS010",
            f"the field name {item.key!r} is not a string",
            item.path,
            hint="quote it: YAML 1.1 reads words such as yes, no, on and off as booleans",
        )
        return
    if isinstance(item.value, Mapping):
        yield Problem("JS010", "a field's value must be a plain value or a list of them", item.path)
        return
    if item.key is not None and is_network_list(item.key):
        for name in item.key.split("|")[1:]:
            if name not in _BESIDE_NETWORKS:
                message = f"{name} cannot be combined with cidr and expand"
                yield Problem("JS037", message, item.path)
    values = item.value if isinstance(item.value, list) else [item.value]
    for index, value in enumerate(values):
        place = (*item.path, index) if isinstance(item.value, list) else item.path
        if type(value) not in _PLAIN:
            message = "a field's list must hold plain values"
            yield Problem("JS010", message, place, at_key=False)
        elif isinstance(value, str) and item.key is not None:
            yield from _text_problems(item.key.split("|")[1:], value, place)


def _text_problems(modifiers: list[str], value: str, place: KeyPath) -> Iterator[Problem]:
    if _NETWORKS.issubset(modifiers) and not _is_network_or_list(value):
        yield Problem(
            "JS010",
            f"{value!r} is neither a network nor the placeholder of a list of networks",
            place,
            at_key=False,
            hint="write one placeholder such as %internal_networks%, with nothing around it",
        )
    if "windash" in modifiers and len(_DASH.findall(value)) > _MAX_DASHES:
        yield Problem(
            "JS010",
            f"windash expands at most {_MAX_DASHES} dashes in one value",
            place,
            at_key=False,
            hint="split the value into several with fewer dashes each",
        )
    if "re" in modifiers and (reason := re2_refusal(value)) is not None:
        yield Problem(
            "JS030",
            f"RE2 does not accept the regular expression: {reason}",
            place,
            at_key=False,
            hint="RE2 has no look-around and no back-references",
        )


def is_network_list(key: Any) -> bool:
    """Whether a key says ``cidr`` and ``expand``: its placeholders are lists of networks (S475)."""
    return isinstance(key, str) and _NETWORKS.issubset(key.split("|")[1:])


def _is_network_or_list(value: str) -> bool:
    if _PLACEHOLDER.fullmatch(value):
        return True
    try:
        ip_network(value)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def re2_refusal(pattern: str) -> str | None:
    """Why RE2 does not accept a pattern, or None."""
    import re2

    options = re2.Options()
    options.log_errors = False  # else RE2 writes to the standard error itself
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None


def modifier_hint(key: str) -> str | None:
    """The names nearest to the modifiers of a key that pySigma does not have."""
    from sigma.modifiers import modifier_mapping

    known = [*modifier_mapping, _UTF16LE]
    unknown = [name for name in key.split("|")[1:] if name not in known]
    for name in unknown:
        if near := get_close_matches(name.lower(), known, n=1):
            return f"did you mean {near[0]!r}?"
    return "known modifiers: " + ", ".join(sorted(known))


def for_sigma(section: Mapping[Any, Any], reserved: tuple[str, ...]) -> dict[Any, Any]:
    """A copy of a detection section that pySigma may keep and change.

    Keys are written as pySigma knows them (:func:`stock_key`); nothing in pySigma is touched.
    """
    return {
        name: (list(value) if isinstance(value, list) else value)
        if name in reserved
        else _with_stock_keys(value)
        for name, value in section.items()
    }


def _with_stock_keys(definition: Any) -> Any:
    if isinstance(definition, Mapping):
        return {stock_key(key): value for key, value in definition.items()}
    if isinstance(definition, list):
        return [_with_stock_keys(item) for item in definition]
    return definition


def stock_key(key: Any) -> Any:
    """A key with the modifiers that pySigma has.

    Specification 2.1 names the modifier ``utf16le``, of which pySigma knows only the synonym
    ``wide``. It refuses ``cidr`` beside ``expand``: it gets a second ``expand``, which changes
    nothing, and lowering is told of the ``cidr``.
    """
    if not isinstance(key, str) or not (_UTF16LE in key or is_network_list(key)):
        return key
    names = {_UTF16LE: "wide", **({"cidr": "expand"} if is_network_list(key) else {})}
    field, *modifiers = key.split("|")
    return "|".join([field, *(names.get(name, name) for name in modifiers)])


def synonym_problems(definition: Any, path: KeyPath) -> Iterator[Problem]:
    """Two keys of one mapping that differ only in calling ``wide`` ``utf16le``."""
    if isinstance(definition, list):
        for index, item in enumerate(definition):
            yield from synonym_problems(item, (*path, index))
    elif isinstance(definition, Mapping):
        for key in definition:
            other = stock_key(key)
            if other != key and other in definition:
                message = f"{key!r} and {other!r} are the same field with the same modifiers"
                yield Problem("JS037", message, (*path, key), hint="write one key with |all")
