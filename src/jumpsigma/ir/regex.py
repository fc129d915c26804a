"""Regular expressions of the IR in RE2, the engine that defines what they mean (S361-S365)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from jumpsigma.ir.nodes import Placeholder, Regex


def source_of(value: Regex) -> str:
    """The RE2 source: flags and anchors written out, placeholders as their escaped name."""
    return "".join(p if isinstance(p, str) else escape(p.name) for p in parts_of(value))


def parts_of(value: Regex) -> tuple[str | Placeholder, ...]:
    """The RE2 source in parts: flags and anchors written out, placeholders as they are."""
    start, end = "", ""
    if value.anchor_start or value.anchor_end:
        start = "\\A(?:" if value.anchor_start else "(?:"
        end = ")\\z" if value.anchor_end else ")"
    flags = "".join(
        letter
        for letter, is_set in (
            ("i", value.ignore_case),
            ("m", value.multi_line),
            ("s", value.dot_all),
        )
        if is_set
    )
    return (f"(?{flags}){start}" if flags else start, *value.parts, end)


def escape(text: str) -> str:
    """The source of an expression for exactly this text."""
    return str(re2.escape(text))


@lru_cache(maxsize=8192)
def compiled(value: Regex) -> Any:
    """The compiled expression, to be used with ``search``.

    Raises :class:`ValueError` with RE2's reason where RE2 refuses the expression.
    """
    options = re2.Options()
    options.log_errors = False  # RE2 would write to stderr behind our back
    try:
        if value.anchor_start or value.anchor_end:
            # On its own first, so that `a)(b` cannot close the group that the anchors add.
            re2.compile("".join(p for p in value.parts if isinstance(p, str)), options)
        return re2.compile(source_of(value), options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    except UnicodeEncodeError:
        raise ValueError("it holds a lone surrogate") from None


def from_source(source: str) -> Any:
    """An expression from what :func:`source_of` gave, which RE2 is known to accept."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(source, options)
