"""MISP events as JSON: ``{"Event": …}``, ``{"response": […]}``, attributes and objects.

Only what MISP itself would export to a detection tool is taken: attributes with ``to_ids``. One
that was deleted revokes its indicator. ``first_seen`` and ``last_seen`` are sightings, not a
period of validity: an indicator last seen yesterday is still one, so they go into the note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jumpsigma.diagnostics import Span
from jumpsigma.intel.model import Entry, Kind
from jumpsigma.intel.readers.arrays import objects_of
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.fields import Fields, clean, note_of, to_tags
from jumpsigma.intel.readers.problems import Problems, shown
from jumpsigma.intel.readers.walk import DamagedError, Walk

_MARKS = (b'"value"', b'"to_ids"', b'"deleted"')
_HASHES = ("md5", "sha1", "sha256", "sha512")

TYPES: dict[str, tuple[Kind | None, ...]] = {
    "domain": (Kind.DOMAIN,),
    "hostname": (Kind.DOMAIN,),
    "hostname|port": (Kind.DOMAIN, None),
    "domain|ip": (Kind.DOMAIN, Kind.IP),
    "ip-src": (Kind.IP,),
    "ip-dst": (Kind.IP,),
    "ip-src|port": (Kind.IP, None),
    "ip-dst|port": (Kind.IP, None),
    "url": (Kind.URL,),
    "uri": (Kind.URL,),
    "email": (Kind.EMAIL,),
    "email-src": (Kind.EMAIL,),
    "email-dst": (Kind.EMAIL,),
    "email-reply-to": (Kind.EMAIL,),
    **dict.fromkeys(_HASHES, (Kind.HASH,)),
    **{f"filename|{name}": (None, Kind.HASH) for name in _HASHES},
}
"""The attribute types that are taken, and the kind of each part (at ``|``); None is left out.

From MISP's list of attribute types. ``target-email`` and the like name victims.
"""

_attributes_begin = re.compile(rb'"(Attribute|Object)"[ \t\r\n]{0,9}:[ \t\r\n]{0,9}(?=\[)')


@dataclass(slots=True)
class _About:
    """What an event says of all its attributes."""

    source: str | None = None
    info: str | None = None
    tags: tuple[str, ...] = ()


def read_misp(content: Content, problems: Problems) -> Iterator[Entry]:
    """Yield the indicators in a document with one MISP event or several."""
    abouts = _abouts(content)
    reading = content.reading()
    walk = Walk(reading, content.blocks(reading))
    about = _About()
    try:
        for number, pointer in enumerate(_events(walk)):
            about = abouts[number] if number < len(abouts) else _About()
            for key in walk.members():
                if key in ("Attribute", "Object") and walk.peek() == b"[":
                    yield from _listed(walk, key, f"{pointer}/{key}", about, problems)
    except DamagedError as damage:
        if not reading.problems:  # else that says why it ends early
            problems.damaged(damage)
        while (found := walk.search(_attributes_begin)) is not None:
            yield from _listed(walk, found[1].decode(), "/…", about, problems)
    problems.tell_all(content.problems(reading))


def _abouts(content: Content) -> list[_About]:
    """What each event says of itself; its attributes, which may come before, are stepped over."""
    reading = content.reading()
    walk = Walk(reading, content.blocks(reading))
    abouts: list[_About] = []
    try:
        for _ in _events(walk):
            about = _About()
            abouts.append(about)
            for key in walk.members():
                if key in ("Orgc", "info", "Tag"):
                    _note(about, key, walk)
    except DamagedError:
        pass  # told when the attributes are read
    return abouts


def _note(about: _About, key: str, walk: Walk) -> None:
    try:
        value = walk.value()
    except DamagedError:
        raise
    except ValueError:
        return
    match key, value:
        case "Orgc", {"name": str(name)}:
            about.source = clean(name) or None
        case "info", str():
            about.info = value
        case "Tag", list():
            about.tags = _tags(value)


def _events(walk: Walk) -> Iterator[str]:
    """Stand before each event, yielding its JSON pointer."""
    yield from _document_events(walk)
    while walk.peek():  # documents one behind the other
        yield from _document_events(walk)


def _document_events(walk: Walk) -> Iterator[str]:
    if walk.peek() == b"[":
        yield from _event_list(walk, "")
        return
    for key in walk.members():
        if key == "Event" and walk.peek() == b"{":
            yield "/Event"
        elif key == "response" and walk.peek() == b"[":
            yield from _event_list(walk, "/response")
        elif key == "response" and walk.peek() == b"{":
            yield "/response"  # what a search for attributes answers


def _event_list(walk: Walk, pointer: str) -> Iterator[str]:
    for index in walk.items():
        if walk.peek() != b"{":
            continue
        for key in walk.members():
            if key == "Event" and walk.peek() == b"{":
                yield f"{pointer}/{index}/Event"


def _listed(
    walk: Walk, key: str, pointer: str, about: _About, problems: Problems
) -> Iterator[Entry]:
    for here, element in objects_of(walk, pointer, problems, _MARKS if key == "Attribute" else ()):
        if key == "Attribute":
            yield from _entries(Fields(element, here, problems), element, about, problems)
            continue
        found = Fields(element, here, problems)
        is_deleted = found.flag("deleted")
        for index, data in enumerate(found.objects("Attribute")):
            fields = Fields(data, f"{here}/Attribute/{index}", problems)
            yield from _entries(fields, data, about, problems, is_deleted=is_deleted)


def _entries(
    fields: Fields,
    data: dict[str, Any],
    about: _About,
    problems: Problems,
    *,
    is_deleted: bool = False,
) -> Iterator[Entry]:
    is_deleted = is_deleted or fields.flag("deleted")
    if not is_deleted and not fields.flag("to_ids"):
        problems.skip("attributes without to_ids")
        return
    name = fields.text("type")
    value = fields.text("value")
    kinds = TYPES.get(name or "")
    if name is None or value is None:
        message = "an attribute without a type or a value"
        problems.tell("JS080", message, sort="attributes", pointer=fields.pointer)
        return
    if kinds is None:
        problems.skip(f"attributes of type {clean(name, 40)}")
        return
    # A file name may hold a bar; what follows it may not.
    parts = value.rsplit("|", 1) if len(kinds) == 2 else [value]
    if len(parts) != len(kinds):
        message = f"an attribute of type {name} whose value has one part: {shown(value)}"
        problems.tell("JS080", message, sort="attributes", pointer=fields.pointer)
        return
    seen = [fields.moment("first_seen"), fields.moment("last_seen")]
    days = " to ".join(f"{moment:%Y-%m-%d}" for moment in seen if moment is not None)
    note = note_of(about.info, fields.text("comment"), f"seen {days}" if days else None)
    for kind, part in zip(kinds, parts, strict=True):
        if kind is not None:
            yield Entry(
                part,
                kind=kind,
                span=Span(problems.place),
                pointer=fields.pointer,
                source=about.source,
                tags=tuple(dict.fromkeys(about.tags + _tags(data.get("Tag")))),
                revoked=is_deleted,
                reference=fields.text("uuid"),
                modified=fields.moment("timestamp"),
                note=note,
            )


def _tags(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    return to_tags([tag.get("name") for tag in found if isinstance(tag, dict)])
