"""STIX 2.1: bundles, TAXII envelopes, lists of objects and single objects (OASIS, 2021).

Read object by object: a bundle of 200 MB takes no more memory than one of its objects, and an
object that is malformed takes no other with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jumpsigma.diagnostics import DiagnosticError, Span
from jumpsigma.intel.model import Entry, Kind
from jumpsigma.intel.readers.arrays import objects_of
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.fields import Fields, clean, note_of
from jumpsigma.intel.readers.problems import Problems, shown
from jumpsigma.intel.readers.stix_patterns import UnsupportedPatternError, values_of
from jumpsigma.intel.readers.walk import DamagedError, Walk

_objects_begin = re.compile(rb'"objects"[ \t\r\n]{0,9}:[ \t\r\n]{0,9}(?=\[)')
_MARKS = (b'"pattern"', b'"revoked"')
_MAX_NAMES = 100_000  # identities of one bundle whose names are kept

# Section 6: observables and what else may stand beside indicators; only they may.
_observable = re.compile(
    "artifact|autonomous-system|directory|domain-name|email-addr|email-message|file|ipv[46]-addr|"
    "mac-addr|mutex|network-traffic|process|software|url|user-account|windows-registry-key|"
    "x509-certificate"
)


def read_stix(
    content: Content, problems: Problems, names: dict[str, str] | None = None
) -> Iterator[Entry]:
    """Yield the values of the indicators in a document.

    :param names: names of identities by their id, known from elsewhere; those of the document are
        added.
    """
    names = {} if names is None else names
    for _, identity in _objects(content, Problems(content.place)):
        if identity.get("type") == "identity" and len(names) < _MAX_NAMES:
            reference, name = identity.get("id"), identity.get("name")
            if isinstance(reference, str) and isinstance(name, str):
                names[reference] = clean(name)
    for pointer, found in _objects(content, problems):
        match found.get("type"):
            case "indicator":
                yield from _entries(found, pointer, problems, names)
            case "identity":
                pass  # it has given its name
            case str() as kind if _observable.fullmatch(kind):
                problems.skip("observables, which say what was seen and not that it is bad")
            case str():
                problems.skip("other STIX objects")
            case _:
                problems.tell("JS080", "an object without a type", sort="objects", pointer=pointer)


def _objects(content: Content, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of the document, with its JSON pointer. Malformed ones are told."""
    reading = content.reading()
    walk = Walk(reading, content.blocks(reading))
    try:
        yield from _document(walk, problems)
        while walk.peek():  # documents one behind the other
            yield from _document(walk, problems)
    except DamagedError as damage:
        if not reading.problems:  # else that says why it ends early
            problems.damaged(damage)
        while walk.search(_objects_begin):
            yield from objects_of(walk, "/objects", problems, _MARKS)
    problems.tell_all(content.problems(reading))


def _document(walk: Walk, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    if walk.peek() == b"[":
        yield from objects_of(walk, "", problems, _MARKS)
    else:
        yield from _members(walk, problems)


def _members(walk: Walk, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    single: dict[str, Any] = {}
    lists = 0
    for key in walk.members():
        if key == "objects" and walk.peek() == b"[":
            lists += 1
            if lists == 2:
                problems.tell("JS087", "'objects' stands more than once; all are read")
            yield from objects_of(walk, "/objects", problems, _MARKS)
        elif key == "objects":
            problems.tell("JS087", "'objects' is not a list", pointer="/objects")
        elif not lists and len(single) < 100:
            try:
                single[key] = walk.value()
            except DamagedError:
                raise
            except ValueError:
                single[key] = None
    is_envelope = single.keys() <= {"more", "next"}  # of TAXII, with nothing in it
    if not lists and not is_envelope and single.get("type") != "bundle":
        yield "", single


def _entries(
    data: dict[str, Any], pointer: str, problems: Problems, names: dict[str, str]
) -> Iterator[Entry]:
    fields = Fields(data, pointer, problems)
    reference = fields.text("id")
    called = shown(reference) if reference else "an indicator without an id"
    span = Span(problems.place)
    revoked = fields.flag("revoked")
    common = Entry(
        "",
        span=span,
        pointer=pointer,
        source=names.get(fields.text("created_by_ref") or ""),
        tags=fields.texts("labels") + fields.texts("indicator_types"),
        confidence=fields.percent("confidence"),
        valid_from=fields.moment("valid_from"),
        valid_until=fields.moment("valid_until"),
        revoked=revoked,
        reference=reference,
        modified=fields.moment("modified"),
        note=note_of(fields.text("name"), fields.text("description")),
    )
    values: list[tuple[Kind, str]] = []
    try:
        values = _values(fields)
    except UnsupportedPatternError as reason:
        if not revoked:
            message = f"unsupported pattern of {called}: {reason}"
            problems.tell("JS086", message, sort="unsupported patterns", pointer=pointer)
    except DiagnosticError as error:
        missing = error.diagnostic
        message = f"{called} is left out: {missing.message}"
        problems.tell(missing.code, message, sort="patterns", pointer=pointer, hint=missing.hint)
    if revoked and reference and not values:
        yield common
    if common.valid_from and common.valid_until and common.valid_until <= common.valid_from:
        message = f"{called} ends before it begins; it would never count"
        problems.tell("JS080", message, sort="empty periods", pointer=pointer)
        return
    for kind, value in values:
        yield replace(common, kind=kind, value=value)


def _values(fields: Fields) -> list[tuple[Kind, str]]:
    language = fields.text("pattern_type")
    if language not in (None, "stix"):  # STIX 2.0 knows no other and has no such property
        raise UnsupportedPatternError(f"its language is {shown(language)}")
    pattern = fields.text("pattern")
    if pattern is None:
        raise UnsupportedPatternError("there is none")
    return values_of(pattern)
