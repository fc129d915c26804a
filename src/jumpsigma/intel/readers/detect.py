"""Which format a document is in, by its content."""

from __future__ import annotations

import csv
import itertools
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.lines import text_lines
from jumpsigma.intel.readers.problems import Problems, shown
from jumpsigma.intel.readers.table import cells_of, columns_of, delimiter_of
from jumpsigma.intel.readers.walk import DamagedError, Walk

FORMATS: Final = ("stix", "misp", "warninglist", "list", "csv")
"""What can be read. ``csv`` is any table of text."""

_LOOKED_AT = 50  # lines of a text that decide

_KNOWN = "STIX has 'objects', MISP 'Event' or 'response', a warning list 'list'"

_FORMAT_OF_KEY = {
    "objects": "stix",
    "pattern": "stix",
    "spec_version": "stix",
    "Event": "misp",
    "response": "misp",
    "list": "warninglist",
    "matching_attributes": "warninglist",
}


def detect(content: Content) -> str:
    """The format of a document, one of :data:`FORMATS`.

    :raises DiagnosticError: JS072 it cannot be read, JS087 it is of no known format.
    """
    reading = content.reading()
    walk = Walk(reading, content.blocks(reading))
    head = walk.peek()
    for problem in content.problems(reading):
        raise DiagnosticError(problem)
    match head:
        case b"{" | b"[":
            return _json_format(walk, content)
        case b"<":
            raise _unknown(content, "is HTML or XML", "is it the page about the feed?")
        case b"":
            raise _unknown(content, "is empty", None)
        case _:
            return _text_format(content)


def _json_format(walk: Walk, content: Content) -> str:
    keys: list[str] = []
    try:
        if walk.peek() == b"[":
            for _ in walk.items():
                if walk.peek() == b"{":
                    break
            else:
                raise _unknown(content, "is a JSON array without objects", _KNOWN)
        for key in walk.members():
            if key in _FORMAT_OF_KEY:
                return _FORMAT_OF_KEY[key]
            if key == "type" and walk.peek() == b'"' and _is_stix_type(walk):
                return "stix"
            keys.append(key)
            if len(keys) > 1000:
                break
    except DamagedError as damage:
        # Its keys may stand behind the damage. STIX is the commonest, and its reader tells.
        if keys:
            return "stix"
        raise _unknown(content, f"is {damage}", None) from damage
    found = ", ".join(shown(key) for key in keys[:5]) or "nothing"
    raise _unknown(content, f"is JSON of no known feed: it has {found}", _KNOWN)


def _is_stix_type(walk: Walk) -> bool:
    try:
        return walk.value() in ("bundle", "indicator")
    except DamagedError:
        raise
    except ValueError:
        return False


def _text_format(content: Content) -> str:
    lines = [line for _, line in itertools.islice(text_lines(content, Problems("")), _LOOKED_AT)]
    comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    for line in [*rows[:1], *comments[-1:]]:
        delimiter = delimiter_of(line)
        if delimiter and _is_header(line, delimiter):
            return "csv"
    delimiter = delimiter_of(rows[0].rstrip(",;")) if rows else None
    # Cells without a header: the same number in every row, more than one. In a URL a comma may
    # belong to it, and a list is the simpler reading.
    if delimiter and len({line.count(delimiter) for line in rows}) == 1:
        first = rows[0].partition(delimiter)[0]
        if "://" not in first or '"' in first or delimiter == "\t":
            return "csv"
    return "list"


def _is_header(line: str, delimiter: str) -> bool:
    try:
        cells = cells_of(line, delimiter)
    except csv.Error:
        return False
    return len(cells) > 1 and columns_of(cells) is not None


def _unknown(content: Content, what: str, hint: str | None) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic("JS087", f"the content {what}", span=Span(content.place), hint=hint)
    )
