"""Text out of events made safe to look at: nothing in it can command a terminal."""

from __future__ import annotations


def visible(text: str) -> str:
    """Replace every character that does not print by its backslash escape.

    Those are controls and escapes, marks that reverse the direction of writing, line separators
    and lone surrogates.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def encodable(text: str) -> str:
    """Replace lone surrogates, which no encoding can write, by their backslash escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
