"""Models of languages without an engine: what the documentation says of the part that is written.

A model is no proof that the product agrees, but one that a query means what its rule means if the
product does what is documented. Where the documentation leaves something open, the model has a
*reading* for each possibility, and a query whose results differ between them is an error: it relies
on what nobody said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from engines.engine import QueryError, Stored

#: Whether an event, as the model holds it, is returned.
Holds = Callable[[Any], bool]


def leaves(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """What an event has that is neither object nor list, each by its keys and places in lists."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, (*path, key))
        case list():
            for number, inner in enumerate(value):
                yield from leaves(inner, (*path, number))
        case _:
            yield path, value


class Token(NamedTuple):
    """A word of a query: which kind of the tokenizer's, its text and its place."""

    kind: str
    text: str
    at: int


class Reader:
    """Tokens one after another; everything that the grammar does not have is an error."""

    def __init__(self, query: str, tokens: re.Pattern[str]) -> None:
        self.query, self.tokens, at = query, list[Token](), 0
        while at < len(query):
            found = tokens.match(query, at)
            if found is None or found.end() == at:
                raise QueryError(f"at {at}: {query[at : at + 20]!r} is no word of the language")
            if found.lastgroup != "space":
                self.tokens.append(Token(str(found.lastgroup), found[0], at))
            at = found.end()
        self.tokens.append(Token("end", "", at))
        self.next = 0

    def peek(self, ahead: int = 0) -> Token:
        """The token that comes, or one behind it."""
        return self.tokens[min(self.next + ahead, len(self.tokens) - 1)]

    def take(self, *texts: str) -> Token | None:
        """The next token, if it is one of these."""
        token = self.peek()
        if token.kind in ("text", "end") or token.text not in texts:
            return None
        self.next += 1
        return token

    def expect(self, text: str) -> Token:
        """The next token, which must be this."""
        return self.take(text) or self.wrong(text)

    def kind(self, kind: str) -> Token:
        """The next token, which must be of this kind."""
        token = self.peek()
        if token.kind != kind:
            self.wrong(f"a {kind}")
        self.next += 1
        return token

    def wrong(self, wanted: str) -> NoReturn:
        """Say what should stand here."""
        token = self.peek()
        raise QueryError(f"at {token.at}: {wanted} should stand here, not {token.text!r}")


class Model:
    """An engine that evaluates queries over events by a model of their language."""

    name = "model"

    def __init__(self) -> None:
        self._events: dict[str, Any] = {}

    def readings(self, query: str) -> Sequence[Holds]:
        """The query under each reading of what the documentation leaves open."""
        raise NotImplementedError

    def kept(self, event: dict[str, Any]) -> Any:
        """The event as the model holds it."""
        return event

    def others(self) -> Mapping[str, Any]:
        """Events of other products, which no query may return."""
        return {}

    def available(self) -> str | None:
        """Models are part of this folder."""
        return "1"

    def load(self, events: Stored) -> None:
        """Hold the events, and those of other products beside them."""
        self._events = {key: self.kept(event) for key, event in events.items()}
        self._events |= {f"other {key}": event for key, event in self.others().items()}

    def run(self, query: str) -> list[str]:
        """The ids of the events that the query returns under every reading."""
        first, *others = self.readings(query)
        found = []
        for key, event in self._events.items():
            holds = first(event)
            if any(other(event) != holds for other in others):
                raise QueryError(f"{key}: its result depends on what the documentation leaves open")
            if holds:
                found.append(key)
        return sorted(found)

    def close(self) -> None:
        """Forget the events."""
        self._events = {}
