"""Lines of a text: decoded, numbered, with a limit."""

from __future__ import annotations

from collections.abc import Iterator

from jumpsigma.intake.ndjson import split_lines
from jumpsigma.intake.records import Oversized
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.problems import Problems

MAX_LINE = 64 * 1024
"""Bytes of a line; a URL has some thousand at most."""


def text_lines(content: Content, problems: Problems) -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and text of each line that is not blank, without space around it.

    Lines that are too long or no UTF-8 are told and left out.
    """
    reading = content.reading()
    number = 0
    for batch in split_lines(content.blocks(reading)):
        for line in batch:
            number += 1
            if isinstance(line, Oversized) or len(line) > MAX_LINE:
                message = f"a line longer than {MAX_LINE // 1024} KiB"
                problems.tell("JS080", message, sort="long lines", line=number)
                continue
            try:
                text = line.decode().strip()
            except UnicodeDecodeError as error:
                message = f"not UTF-8: byte 0x{line[error.start]:02x}"
                problems.tell("JS080", message, sort="lines that are not UTF-8", line=number)
                continue
            if text:
                yield number, text
    problems.tell_all(content.problems(reading))
