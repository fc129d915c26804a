"""How the text of a file looks: what nobody sees in it, and documents that are no rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jumpsigma.checks.model import Edit, Hit, file_check
from jumpsigma.checks.view import FileView
from jumpsigma.diagnostics import Severity, Span
from jumpsigma.pack.files import RULE_SUFFIX

# Not beside other characters that are not ASCII: joiners and marks belong into many writings.
_INVISIBLE: Final = re.compile(
    "(?<![^\\x00-\\x7f])[\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff]+"
    "(?![^\\x00-\\x7f])"
)
_TRAILING: Final = re.compile(r"[ \t]+(?=\r?\n|\r|\Z)")
_ACTION: Final = re.compile(r"^action:[ \t]*[\"']?(global|reset|repeat)\b", re.MULTILINE)


@file_check("JS110", "trailing-space", Severity.INFO)
def trailing_space(file: FileView) -> Iterator[Hit]:
    r"""Spaces at the end of a line.

    Nobody sees them, and every editor that removes them makes a change of its own.

    Bad::

        level: medium\x20

    Good::

        level: medium
    """
    if " \n" not in file.text and "\t\n" not in file.text and " \r" not in file.text:
        return
    for number, line in enumerate(file.lines, 1):
        if line.rstrip("\r\n")[-1:] not in (" ", "\t"):
            continue
        found = _TRAILING.search(line)
        if found is not None:
            span = Span(file.path, number, found.start() + 1, number, found.end() + 1)
            yield Hit("spaces at the end of the line", span=span, edits=(Edit(span, ""),))


@file_check("JS111", "invisible-character", Severity.WARNING)
def invisible_character(file: FileView) -> Iterator[Hit]:
    r"""A character that takes no room, or that turns the direction of writing around.

    A value with one in it never equals what it looks like. Where it is meant, an escape in double
    quotes shows it.

    Bad::

        detection:
            selection:
                Image: 'C:\tools\net\u200b.exe'
            condition: selection

    Good::

        detection:
            selection:
                Image: 'C:\tools\net.exe'
            condition: selection
    """
    if file.text.isascii() or not file.path.endswith(RULE_SUFFIX):
        return  # what an event of a case holds is nobody's mistake
    for number, line in enumerate(file.lines, 1):
        for found in _INVISIBLE.finditer(line):
            span = Span(file.path, number, found.start() + 1, number, found.end() + 1)
            message = f"the invisible character U+{ord(found.group()[0]):04X}"
            hint = f'remove it, or write "\\\\u{ord(found.group()[0]):04x}" in double quotes'
            yield Hit(message, span=span, hint=hint)


@file_check("JS112", "no-final-newline", Severity.INFO)
def no_final_newline(file: FileView) -> Iterator[Hit]:
    r"""The last line of the file has no end.

    Bad::

        level: medium\c

    Good::

        level: medium
    """
    if file.text and not file.text.endswith(("\n", "\r")):
        number = len(file.lines)
        column = len(file.lines[-1]) + 1
        span = Span(file.path, number, column, number, column)
        yield Hit("the file does not end with a line end", span=span, edits=(Edit(span, "\n"),))


@file_check("JS113", "mixed-line-ends", Severity.INFO)
def mixed_line_ends(file: FileView) -> Iterator[Hit]:
    r"""Some lines end as on Windows, some as elsewhere.

    Bad::

        status: test\r
        level: medium

    Good::

        status: test
        level: medium
    """
    if "\r" not in file.text:
        return
    ends = [line[len(line.rstrip("\r\n")) :] for line in file.lines if line.endswith(("\r", "\n"))]
    usual = max(set(ends), key=lambda end: (ends.count(end), end == "\n"), default="\n")
    for number, (line, end) in enumerate(zip(file.lines, ends, strict=False), 1):
        if end != usual:
            column = len(line) - len(end) + 1
            span = Span(file.path, number, column, number, column + len(end))
            edit = Edit(span, usual)
            yield Hit("the line ends unlike most of the file", span=span, edits=(edit,))


@file_check("JS117", "action-document", Severity.WARNING)
def action_document(file: FileView) -> Iterator[Hit]:
    """A document with `action`, which the specification has dropped.

    pySigma still merges such documents, other tools refuse or misread them.

    Bad::

        action: global

    Good::

        title: A Rule With Everything That It Needs In One Document
    """
    for found in _ACTION.finditer(file.text):
        number = file.text.count("\n", 0, found.start()) + 1
        span = Span(file.path, number, 1, number, 7)
        message = f"action: {found[1]} is no longer part of Sigma"
        yield Hit(message, span=span, hint="write each rule out in full")
