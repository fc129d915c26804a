"""Readers of the formats in which indicators come; what a format is, its content says.

A reader yields what it finds and what is wrong, in order. It stops for nothing but the end: a
malformed object, line or value takes no other with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.intel.model import Entry
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.detect import FORMATS, detect
from jumpsigma.intel.readers.misp import read_misp
from jumpsigma.intel.readers.plain import read_list
from jumpsigma.intel.readers.problems import Problems
from jumpsigma.intel.readers.stix import read_stix
from jumpsigma.intel.readers.table import read_table
from jumpsigma.intel.readers.warninglist import read_warninglist

_READERS: dict[str, Callable[[Content, Problems], Iterator[Entry]]] = {
    "stix": read_stix,
    "misp": read_misp,
    "warninglist": read_warninglist,
    "list": read_list,
    "csv": read_table,
}


def read_content(content: Content, format_: str = "auto") -> Iterator[Entry | Diagnostic]:
    """Yield the entries of a document, and a diagnostic for all that is none.

    A document of no known format is one diagnostic (JS087), one that cannot be read another
    (JS072). ``format_`` is ``auto`` or one of :data:`FORMATS`.
    """
    problems = Problems(content.place)
    try:
        reader = _READERS[detect(content) if format_ == "auto" else format_]
        yield from told_between(reader(content, problems), problems)
    except DiagnosticError as error:
        yield from problems.finish()
        yield placed(error.diagnostic, content.place)


def told_between(entries: Iterator[Entry], problems: Problems) -> Iterator[Entry | Diagnostic]:
    """Entries with the problems that were met on the way between them, and the numbers last."""
    for entry in entries:
        yield from problems.drain()
        yield entry
    yield from problems.finish()


def placed(diagnostic: Diagnostic, place: str) -> Diagnostic:
    """The diagnostic, an error, with at least the document as its place."""
    return Diagnostic(
        diagnostic.code,
        diagnostic.message,
        Severity.ERROR,
        span=diagnostic.span or Span(place),
        hint=diagnostic.hint,
    )


__all__ = ["FORMATS", "Content", "Problems", "placed", "read_content", "told_between"]
