"""The words of a query one after another, for the models whose grammar is small."""

from __future__ import annotations

import re
from typing import ClassVar

from engines.engine import QueryError


class Words:
    """A text as tokens: the name of a group of ``pattern`` and a text each; ``at`` is the next."""

    pattern: ClassVar[re.Pattern[str]]

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = self.pattern.match(text, at)
            if found is None:
                raise QueryError(f"not understood: {text[at : at + 40]!r}")
            self.tokens.append((str(found.lastgroup), found[0].strip()))
            at = found.end()
        self.at = 0

    def take(self, text: str) -> bool:
        """Whether the next token is this one, which is then passed."""
        found = self.at < len(self.tokens) and self.tokens[self.at][1] == text
        self.at += found
        return found

    def need(self, text: str) -> None:
        """Pass the next token, which must be this one."""
        if not self.take(text):
            raise QueryError(f"{text} is missing before {self.tokens[self.at :][:2]}")

    def ended(self, what: str) -> None:
        """Refuse what stands behind the end."""
        if self.at != len(self.tokens):
            raise QueryError(f"more than {what}: {self.tokens[self.at :][:3]}")
