"""Tests whose value has placeholders: what generated matchers call (S471-S477).

Standard library only: ``compile -t python`` writes this file into the modules that it makes. A
look-up gives the combinations of list values with which a text fits; it never writes the values
into the text, so that the size of a list does not matter. The one exception are regular
expressions, which are tried value by value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple

from jumpsigma.matcher.indicators import ListProvider, MatchedIndicator
from jumpsigma.matcher.lists import IndicatorList
from jumpsigma.matcher.runtime import MANY, ONE, TIME, Holding, replaced_surrogates, text_of

#: A literal text, a wildcard, or the name of a list in a tuple of one.
Piece = str | bool | tuple[str] | None
#: A value for each placeholder, in their order.
Choice = tuple[str, ...]

#: With more values than this a regular expression is slow, and said to be.
MANY_EXPRESSIONS = 2_000
_KEPT_EXPRESSIONS = 10_000


class _Ends(NamedTuple):
    """The texts around a placeholder, and whether anything may stand before and after them."""

    head: str
    tail: str
    open_head: bool
    open_tail: bool


class IndicatorLists:
    """The lists that placeholders of one module stand for, loaded as the module asks for them.

    Pickled as its providers, and loaded again from them.
    """

    def __init__(self, *providers: ListProvider) -> None:
        self.providers = providers
        self.loaded: dict[str, IndicatorList] = {}
        self.slow: list[str] = []

    def __reduce__(self) -> tuple[type[IndicatorLists], tuple[ListProvider, ...]]:
        return IndicatorLists, self.providers

    def names(self) -> set[str]:
        """The lists that there are, also those without values."""
        return {name for provider in self.providers for name in provider.names()}

    def load(self, name: str) -> IndicatorList:
        """A list, empty when no provider has it."""
        if name not in self.loaded:
            self.loaded[name] = IndicatorList(name, self.providers)
        return self.loaded[name]

    def text(self, pieces: Sequence[Piece], cased: bool, every: bool) -> LookUp:  # noqa: FBT001
        """A look-up for texts that consist of these pieces."""
        lists = [self.load(piece[0]) for piece in pieces if isinstance(piece, tuple)]
        if len(pieces) == 1:
            return _WholeText(lists, cased=cased, every=every)
        folded: list[Piece] = []
        for piece in pieces:
            if piece is not MANY or folded[-1:] != [MANY]:  # two stars are one
                folded.append(piece.lower() if isinstance(piece, str) and not cased else piece)
        ends = _simple_ends(folded)
        if ends is None:
            return _Pattern(lists, folded, cased=cased, every=every)
        return _BetweenTexts(lists, ends, cased=cased, every=every)

    def network(self, name: str, every: bool) -> LookUp:  # noqa: FBT001
        """A look-up for addresses that are in a list, or in a network of it."""
        return _InNetwork([self.load(name)], every=every)

    def regex(
        self,
        pieces: Sequence[str | tuple[str]],
        every: bool,  # noqa: FBT001
        compiled: Callable[[str], Any],
        escape: Callable[[str], str],
    ) -> LookUp:
        """A look-up for texts in which an expression with values written in finds something."""
        lists = [self.load(piece[0]) for piece in pieces if isinstance(piece, tuple)]
        size = 1
        for each in lists:
            size *= len(each)
        if size > MANY_EXPRESSIONS:
            self.slow += [each.name for each in lists if each.name not in self.slow]
        return _Expression(lists, pieces, compiled, escape, every=every)


class LookUp:
    """A test whose value has placeholders.

    ``every`` demands every combination that counts for the event, as ``all`` does (S471). Without
    ``live`` nothing can satisfy it: a list is empty.
    """

    def __init__(self, lists: Sequence[IndicatorList], *, cased: bool = False, every: bool) -> None:
        self.lists, self.cased, self.every = tuple(lists), cased, every
        self.live = all(map(len, self.lists))

    def find(self, text: str) -> Iterator[Choice]:
        """The combinations with which a text fits; some may repeat."""
        raise NotImplementedError

    def text(self, value: Any) -> str | None:
        """A value of the event as the text to look for, None where it can never fit."""
        text = text_of(value)
        return text if text is None or self.cased else text.lower()

    def texts(self, values: Iterable[Any]) -> list[str]:
        """The values of the event as texts."""
        return [text for value in values if (text := self.text(value)) is not None]

    def holds(self, texts: list[str], memo: Holding) -> bool:
        """Whether texts of the event satisfy the test."""
        if not texts:
            return False
        if self.every:
            when = memo[TIME]
            found = {c for text in texts for c in self.find(text) if self._counts(c, when)}
            return self._has_every(found, when)
        return any(self._counts(choice, memo[TIME]) for text in texts for choice in self.find(text))

    def hits(self, values: Iterable[Any], memo: Holding) -> list[Any]:
        """The values that satisfy the test, none unless it holds (S702)."""
        return [value for _, value in self.located((("", v) for v in values), memo)]

    def located(self, leaves: Iterable[tuple[str, Any]], memo: Holding) -> list[tuple[str, Any]]:
        """The same for values with their paths."""
        return [leaf for leaf, _ in self._fitting(leaves, memo[TIME])]

    def note(
        self,
        noted: dict[MatchedIndicator, None],
        values: Iterable[Any],
        memo: Holding,
    ) -> None:
        """Note the indicators by which values of the event satisfy the test (S704)."""
        when = memo[TIME]
        for _, choices in self._fitting([("", value) for value in values], when):
            for choice in choices:
                for each, value in zip(self.lists, choice, strict=True):
                    noted.update((d, None) for d in each.details(value) if d.is_valid_at(when))

    def _fitting(
        self, leaves: Iterable[tuple[str, Any]], when: datetime | None
    ) -> list[tuple[tuple[str, Any], list[Choice]]]:
        """The values that satisfy the test, each with the combinations that it fits."""
        found = [
            (leaf, [choice for choice in self.find(text) if self._counts(choice, when)])
            for leaf in leaves
            if (text := self.text(leaf[1])) is not None
        ]
        if self.every and not self._has_every({c for _, choices in found for c in choices}, when):
            return []
        return [pair for pair in found if pair[1]]

    def _counts(self, choice: Choice, when: datetime | None) -> bool:
        return all(each.counts(v, when) for each, v in zip(self.lists, choice, strict=True))

    def _has_every(self, found: set[Choice], when: datetime | None) -> bool:
        """Whether these are all combinations that count at a time, and at least one (S472)."""
        if not found:
            return False
        counting = [each.counting(when) for each in self.lists]
        # One list, the usual case, is read only up to the first value that is not there.
        demanded = zip(counting[0], strict=True) if len(counting) == 1 else product(*counting)
        return all(choice in found for choice in demanded)


class _WholeText(LookUp):
    """The text is a value, or an address in a network of the list (S474)."""

    def find(self, text: str) -> Iterator[Choice]:
        (one,) = self.lists
        same = one.exactly(text) if self.cased else one.spellings(text)
        for value in same:
            yield (value,)
        for value in one.covering(text):
            if value not in same:
                yield (value,)


class _InNetwork(LookUp):
    """The text is an address in a list, or in a network of it (S475)."""

    def find(self, text: str) -> Iterator[Choice]:
        for value in self.lists[0].covering(text):
            yield (value,)

    def text(self, value: Any) -> str | None:
        return value if type(value) is str else None


class _BetweenTexts(LookUp):
    """A value with a literal text before and after, each at the end of the text or anywhere."""

    def __init__(
        self,
        lists: Sequence[IndicatorList],
        ends: _Ends,
        *,
        cased: bool,
        every: bool,
    ) -> None:
        super().__init__(lists, cased=cased, every=every)
        self._head, self._tail, self._open_head, self._open_tail = ends
        if self._open_tail:
            self._openings = lists[0].openings(cased=cased)

    def find(self, text: str) -> Iterator[Choice]:
        (one,) = self.lists
        look_up = one.exactly if self.cased else one.spellings
        for start, end in self._spans(text):
            for value in look_up(text[start:end]):
                yield (value,)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where in the text a value can stand."""
        if self._open_tail:
            for start in self._starts(text, len(text)):
                for end in self._openings.ends(text, start):
                    if text.startswith(self._tail, end):
                        yield start, end
        elif text.endswith(self._tail):
            end = len(text) - len(self._tail)
            for start in self._starts(text, end):
                yield start, end

    def _starts(self, text: str, end: int) -> Iterator[int]:
        """Where the text before a value ends, up to ``end``."""
        size = len(self._head)
        if not self._open_head:
            if size <= end and text.startswith(self._head):
                yield size
            return
        at = text.find(self._head, 0, end)
        while at >= 0:
            yield at + size
            at = text.find(self._head, at + 1, end)


def _simple_ends(pieces: list[Piece]) -> _Ends | None:
    """What stands around the one placeholder, where it is a text and a ``*`` at most."""
    names = [number for number, piece in enumerate(pieces) if isinstance(piece, tuple)]
    if len(names) != 1:
        return None
    before, after = pieces[: names[0]], pieces[names[0] + 1 :]
    open_head, open_tail = before[:1] == [MANY], after[-1:] == [MANY]
    heads = before[1:] if open_head else before
    tails = after[:-1] if open_tail else after
    if not all(isinstance(piece, str) for piece in (*heads, *tails)):
        return None
    return _Ends("".join(map(str, heads)), "".join(map(str, tails)), open_head, open_tail)


class _Pattern(LookUp):
    """Any pieces in any order, several placeholders too."""

    def __init__(
        self, lists: Sequence[IndicatorList], pieces: Sequence[Piece], *, cased: bool, every: bool
    ) -> None:
        super().__init__(lists, cased=cased, every=every)
        self._openings = [each.openings(cased=cased) for each in lists]
        self._steps: list[tuple[Piece, int]] = []
        number = 0
        for piece in pieces:
            self._steps.append((piece, number))
            number += isinstance(piece, tuple)

    def find(self, text: str) -> Iterator[Choice]:
        return self._walk(text, 0, 0, [len(text) + 1] * len(self._steps))

    def _walk(self, text: str, step: int, at: int, hopeless: list[int]) -> Iterator[Choice]:
        """How the pieces from ``step`` on fit the text from ``at`` on.

        ``hopeless`` is, for each ``*``, from where on nothing fits: what fails at a place fails at
        every later one. It keeps the search from trying a place twice.
        """
        if step == len(self._steps):
            if at == len(text):
                yield ()
            return
        piece, number = self._steps[step]
        if piece is MANY:
            if at >= hopeless[step]:
                return
            fits = False
            for start in range(at, len(text) + 1):
                for rest in self._walk(text, step + 1, start, hopeless):
                    fits = True
                    yield rest
            if not fits:
                hopeless[step] = at
        elif piece is ONE:
            if at < len(text):
                yield from self._walk(text, step + 1, at + 1, hopeless)
        elif isinstance(piece, tuple):
            one = self.lists[number]
            look_up = one.exactly if self.cased else one.spellings
            for end in self._openings[number].ends(text, at):
                values = look_up(text[at:end])
                if values:
                    for rest in self._walk(text, step + 1, end, hopeless):
                        for value in values:
                            yield (value, *rest)
        elif text.startswith(str(piece), at):
            yield from self._walk(text, step + 1, at + len(str(piece)), hopeless)


class _Expression(LookUp):
    """A regular expression with values written in, literally; tried one by one."""

    def __init__(
        self,
        lists: Sequence[IndicatorList],
        pieces: Sequence[str | tuple[str]],
        compiled: Callable[[str], Any],
        escape: Callable[[str], str],
        *,
        every: bool,
    ) -> None:
        super().__init__(lists, cased=True, every=every)
        self._pieces, self._compiled, self._escape = pieces, compiled, escape
        self._kept: dict[Choice, Any] = {}

    def text(self, value: Any) -> str | None:
        text = text_of(value)
        return None if text is None else replaced_surrogates(text)

    def find(self, text: str) -> Iterator[Choice]:
        for choice in product(*self.lists):
            if self._expression(choice).search(text):
                yield choice

    def _expression(self, choice: Choice) -> Any:
        found = self._kept.get(choice)
        if found is None:
            words = iter(choice)
            source = "".join(
                self._escape(next(words)) if isinstance(piece, tuple) else piece
                for piece in self._pieces
            )
            found = self._compiled(source)
            if len(self._kept) < _KEPT_EXPRESSIONS:
                self._kept[choice] = found
        return found
