"""MISP warning lists: what is known and mostly harmless (``list.json`` of misp-warninglists).

A list of type ``cidr``, ``hostname`` or ``string`` is a list of values. ``substring`` and ``regex``
are not, and neither is a ``string`` list of things that we keep none of, such as application ids;
such a list is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jumpsigma.diagnostics import Severity, Span
from jumpsigma.intel.model import Entry, Kind
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.fields import clean
from jumpsigma.intel.readers.misp import TYPES
from jumpsigma.intel.readers.problems import Problems, shown
from jumpsigma.intel.readers.walk import DamagedError, Walk


@dataclass(slots=True)
class _About:
    name: str = ""
    type: str = ""
    kinds: frozenset[Kind] | None = None


def read_warninglist(content: Content, problems: Problems) -> Iterator[Entry]:
    """Yield the values of a warning list; its name is their source."""
    about = _about(content)
    if (reason := _refused(about)) is not None:
        message = f"the warning list {shown(about.name)} is refused: {reason}"
        problems.tell("JS086", message, severity=Severity.ERROR)
        return
    kind = _kind(about)
    reading = content.reading()
    walk = Walk(reading, content.blocks(reading))
    source = f"MISP warning list: {about.name}"
    span = Span(problems.place)
    try:
        for key in walk.members():
            if key != "list" or walk.peek() != b"[":
                continue
            for index in walk.items():
                value = _text(walk)
                pointer = f"/list/{index}"
                if value is None:
                    problems.tell("JS080", "no text", sort="values", pointer=pointer)
                    continue
                yield Entry(value, kind=kind, span=span, pointer=pointer, source=source)
        walk.finish()
    except DamagedError as damage:
        if not reading.problems:
            problems.damaged(damage)
    problems.tell_all(content.problems(reading))


def _about(content: Content) -> _About:
    reading = content.reading()
    walk = Walk(reading, content.blocks(reading))
    about = _About()
    try:
        for key in walk.members():
            if key not in ("name", "type", "matching_attributes"):
                continue
            try:
                value = walk.value()
            except DamagedError:
                raise
            except ValueError:
                continue
            match key, value:
                case "name", str():
                    about.name = clean(value)
                case "type", str():
                    about.type = value
                case "matching_attributes", list():
                    about.kinds = frozenset(
                        kind
                        for each in value
                        if isinstance(each, str)
                        for kind in TYPES.get(each, ())
                        if kind is not None
                    )
    except DamagedError:
        pass  # told when the values are read
    return about


def _refused(about: _About) -> str | None:
    match about.type:
        case "cidr" | "hostname":
            return None
        case "string":
            if about.kinds is not None and not about.kinds:
                return "it is about nothing that an indicator can be"
            return None
        case "substring" | "regex":
            return f"its entries are of type {about.type!r}, which are patterns and not values"
        case _:
            return f"its type is {shown(about.type)}"


def _kind(about: _About) -> Kind | None:
    if about.type == "cidr":
        return Kind.CIDR
    if about.type == "hostname":
        return Kind.DOMAIN
    kinds = about.kinds or frozenset()
    if kinds == {Kind.HASH}:
        return Kind.HASH
    # `domain|ip` is among the attributes of every list of domains; a list of addresses is `cidr`.
    if Kind.DOMAIN in kinds and Kind.URL not in kinds:
        return Kind.DOMAIN
    return None


def _text(walk: Walk) -> str | None:
    try:
        value = walk.value()
    except DamagedError:
        raise
    except ValueError:
        return None
    return value if isinstance(value, str) else None
