"""Files of events: lines, arrays and pretty-printed objects, plain, in UTF-16 or compressed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

import zstandard
from hypothesis import strategies as st
from spelling import Spelling, spelled

from jumpsigma.intake.jsontext import BOM

Form = Literal["lines", "minified", "line each", "pretty array", "mixed array", "pretty objects"]
Coding = Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "gzip", "zstd"]

FORMS: tuple[Form, ...] = (
    "lines",
    "minified",
    "line each",
    "pretty array",
    "mixed array",
    "pretty objects",
)
CODINGS: tuple[Coding, ...] = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "gzip", "zstd")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of events is written.

    ``crlf``, ``blanks`` (blank lines), ``boms`` (in front of some lines) and ``margins`` (white
    space around the text) are of ``lines``; ``unended``: no line break behind the last line.
    """

    form: Form = "lines"
    coding: Coding = "utf-8"
    crlf: bool = False
    blanks: bool = False
    boms: bool = False
    margins: bool = False
    unended: bool = False
    indent: int = 2
    seed: int = 0


LINES = Layout()


@dataclass(frozen=True, slots=True)
class File:
    """What was written: the bytes of the file; and of each event its text and its line."""

    content: bytes
    texts: tuple[bytes, ...]
    numbers: tuple[int, ...]


def layouts() -> st.SearchStrategy[Layout]:
    """Any layout; most are of lines, and of few whims."""
    seldom = st.sampled_from((False, False, False, True))
    return st.builds(
        Layout,
        form=st.just(FORMS[0]) | st.sampled_from(FORMS),
        coding=st.just(CODINGS[0]) | st.sampled_from(CODINGS),
        crlf=seldom,
        blanks=seldom,
        boms=seldom,
        margins=seldom,
        unended=st.booleans(),
        indent=st.integers(0, 4),
        seed=st.integers(0, 999),
    )


def laid_out(events: Iterable[tuple[Any, Spelling]], layout: Layout) -> File:
    """Write events, each in its spelling, as one file."""
    rng = Random(layout.seed)
    texts = tuple(
        spelled(value, replace(spelling, indent=_indent(layout, rng))) for value, spelling in events
    )
    form = layout.form
    if form == "pretty objects" and texts and b"\n" not in texts[0]:
        form = "lines"  # an empty object on the first line says so
    plain, numbers = _WRITERS[form](texts, layout, rng)
    return File(_coded(plain, layout.coding), texts, tuple(numbers))


def _indent(layout: Layout, rng: Random) -> int | None:
    match layout.form:
        case "pretty array":
            return layout.indent
        case "pretty objects":
            return max(layout.indent, 1)  # a line that begins with `{` begins an object
        case "mixed array":
            return rng.choice((None, layout.indent))
        case _:
            return None


def _lines(texts: Sequence[bytes], layout: Layout, rng: Random) -> tuple[bytes, list[int]]:
    end = b"\r\n" if layout.crlf else b"\n"
    lines: list[bytes] = []
    numbers = []
    for text in texts:
        if layout.blanks and rng.random() < 0.3:
            lines += [rng.choice((b"", b" ", b"\t\r"))] * rng.randint(1, 3)
        line = text
        if layout.margins:
            line = rng.choice((b"", b" ", b"\t\t")) + line + rng.choice((b"", b"  ", b"\t"))
        if layout.boms and rng.random() < 0.3:
            line = BOM + line
        lines.append(line)
        numbers.append(len(lines))
    return end.join(lines) + (b"" if layout.unended else end), numbers


def _array(before: bytes, between: bytes, after: bytes) -> Callable[..., tuple[bytes, list[int]]]:
    def write(texts: Sequence[bytes], layout: Layout, _: Random) -> tuple[bytes, list[int]]:
        content = before + between.join(texts) + after + (b"" if layout.unended else b"\n")
        return content, list(range(1, len(texts) + 1))

    return write


def _pretty_array(texts: Sequence[bytes], layout: Layout, _: Random) -> tuple[bytes, list[int]]:
    """As JSON writers print an array: its elements are indented as a whole."""
    margin = b"\n" + b" " * layout.indent
    elements = [text.replace(b"\n", margin) for text in texts]  # no line break stands in a string
    content = b"[" + margin + (b"," + margin).join(elements) + b"\n]"
    return content + (b"" if layout.unended else b"\n"), list(range(1, len(texts) + 1))


def _pretty_objects(texts: Sequence[bytes], layout: Layout, _: Random) -> tuple[bytes, list[int]]:
    numbers, number = [], 1
    for text in texts:
        numbers.append(number)
        number += text.count(b"\n") + 1
    return b"\n".join(texts) + (b"" if layout.unended else b"\n"), numbers


_WRITERS: dict[Form, Callable[[Sequence[bytes], Layout, Random], tuple[bytes, list[int]]]] = {
    "lines": _lines,
    "minified": _array(b"[", b",", b"]"),
    "line each": _array(b"[\n", b",\n", b"\n]"),
    "pretty array": _pretty_array,
    "mixed array": _array(b"[ ", b" ,\n\t", b"\n\n]"),
    "pretty objects": _pretty_objects,
}


def _coded(content: bytes, coding: Coding) -> bytes:
    match coding:
        case "utf-8":
            return content
        case "utf-8-sig":
            return BOM + content
        case "gzip":
            return gzip.compress(content, 1)
        case "zstd":
            return zstandard.compress(content)
        case _:
            text = content.decode("utf-8", "surrogatepass")
            return f"\ufeff{text}".encode(coding, "surrogatepass")
