"""JSON arrays of events, streamed: pretty-printed, one event per line, or all on one line.

Elements are cut off where the printer's own separator says that the next one begins, and the cut
is proven by parsing: text that begins where an element begins and parses as an object *is* that
element. Where the separator misleads, brackets are counted. It also limits damage: behind a
malformed element, reading goes on where the next one seems to begin.

Behind the first events, whole stretches of elements are cut off by the same separator and proven
at once (:mod:`jumpsigma.intake.array_blocks`); what cannot be proven is taken one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import orjson

from jumpsigma.intake.array_blocks import ArrayBlock, block_of
from jumpsigma.intake.brackets import BROKEN, ElementScanner, find_comma
from jumpsigma.intake.jsontext import MAX_EVENT_BYTES, NotAnEventError, decode_object
from jumpsigma.intake.records import Event, Reading

_SPACE = b" \t\r\n"
_space = re.compile(rb"[ \t\r\n]*+")
_gap = re.compile(rb"[ \t\r\n]*+,?[ \t\r\n]*+")
_key = re.compile(rb'\{[ \t]*+"[^"\\\n]*+"[ \t]*+:')
SAMPLE = 192 * 1024
"""Bytes at the beginning of which every event is parsed; usually it is one block of a file."""

_STRETCH = 512 * 1024
"""The longest block; usually it is what a block of the source completes."""

_REACH = 8 * 1024
_MAX_GAP = 4096  # white space longer than this is no separator to learn, and is not kept

_OBJECT_END = b"}"[0]
_T = TypeVar("_T")
_CUT_HINT = "the export was cut off; fetch it again for the events that are missing"


class ArrayReader:
    """Reads one array.

    Afterwards ``rest`` is the text behind it that was already taken from the blocks, and
    ``number`` the number of its last element.
    """

    def __init__(
        self, reading: Reading, head: bytes, blocks: Iterator[bytes], number: int = 0
    ) -> None:
        """``head`` begins with the array's ``[``; ``number`` is that of the element before."""
        self.number = number
        self.rest = b""
        self._reading = reading
        self._blocks = blocks
        self._text = head
        self._start = 1  # of the element that is next, in the text
        self._offset = 0  # of the text, in the input
        self._counted = 0  # brackets up to here, in the input, were counted in vain
        self._separator = b",\n{"  # from behind one element into the next
        self._restart = b"\n{"  # its part that a malformed element cannot hide
        self._lead = 1  # how much of either belongs to the next element
        self._reach = _REACH  # how far behind an element's start a separator is looked for
        self._one_by_one = SAMPLE  # where in the input blocks may begin

    def events(self) -> Iterator[Event]:
        """Yield the array's events in order; elements that are no events are rejected."""
        return self._elements(self._quick)

    def items(self) -> Iterator[Event | ArrayBlock]:
        """As :meth:`events`, with most of them in blocks."""
        return self._elements(self._in_blocks)

    def _elements(self, quick: Callable[[], Iterator[_T]]) -> Iterator[Event | _T]:
        self._reading.unit = "element"
        self._skip_gap(opening=True)
        while True:
            yield from quick()
            if self._start == len(self._text) and not self._more():
                if not self._reading.problems:  # else it is known why it ends early
                    self._reading.problem("JS074", "the array is not closed", hint=_CUT_HINT)
                return
            match self._text[self._start : self._start + 1]:
                case b"]":
                    self._start += 1
                    if self._is_over():
                        self.rest = self._text[self._start :]
                        return
                case b",":  # one too many
                    self._skip_gap()
                case b"{" | b"[":
                    yield from self._careful()
                case _:
                    if not self._reject_scalars():
                        yield from self._careful()

    def _is_over(self) -> bool:
        """Whether the bracket before the start ends the array.

        It does when nothing follows, or something that can stand for itself. Otherwise it is a
        stray one, and elements go on behind it.
        """
        gap = self._skip(_space)
        following = self._text[self._start : self._start + 1]
        return following in (b"", b"[") or (following == b"{" and b"\n" in gap)

    def _in_blocks(self) -> Iterator[Event | ArrayBlock]:
        """Yield blocks as long as they can be proven, and what comes quickly of the rest."""
        while self._offset + self._start >= self._one_by_one:
            start = self._start
            end = self._text.rfind(self._separator, start + 1, start + _STRETCH)
            block = None
            if end >= 0:
                gap = self._separator[: -self._lead]
                text = self._text[start:end]
                block = block_of(self._reading, text, gap, self.number + 1)
            if block is None:
                tried = end if end >= 0 else min(start + _STRETCH, len(self._text))
                self._one_by_one = self._offset + tried
                break
            self._start = end + len(gap)
            self.number += block.count
            yield block
            if len(self._text) - self._start < _STRETCH:
                self._more()
        yield from self._quick()

    def _quick(self) -> Iterator[Event]:
        """Yield events as long as the separator tells where they end."""
        stats, event = self._reading.stats, self._reading.event
        loads = orjson.loads
        text, start, number = self._text, self._start, self.number
        separator, reach = self._separator, self._reach
        step = len(separator) - self._lead
        try:
            while (end := text.find(separator, start + 1, start + reach)) >= 0:
                raw = text[start:end]
                try:
                    data = loads(raw)
                except ValueError:
                    break
                if (
                    data.__class__ is not dict
                    or raw[-1] != _OBJECT_END  # white space behind it: not cut off exactly
                    or len(raw) > MAX_EVENT_BYTES
                ):
                    break
                number += 1
                start = end + step
                yield event(data, number, raw)
        finally:
            stats.read += number - self.number
            stats.parsed += number - self.number
            self._start, self.number = start, number

    def _reject_scalars(self) -> bool:
        """Reject the numbers, strings and the like that stand here, if a comma is behind them."""
        if self._offset + self._start < self._counted:
            return False
        text, start = self._text, self._start
        while (end := find_comma(text, start)) >= 0:
            if element := text[start:end].lstrip(_SPACE):
                raw = element.rstrip()
                try:
                    decode_object(raw)
                except NotAnEventError as reason:
                    self._reject(raw, reason)
            start = end + 1
        if start == self._start:
            return False
        self._start = start - 1
        self._skip_gap()
        return True

    def _careful(self) -> Iterator[Event]:
        """Take one element by counting brackets; yields it unless it is rejected."""
        position = self._offset + self._start
        # Where brackets do not add up, counting again from each element behind the first would
        # take quadratic time.
        broken = position < self._counted
        scanner = ElementScanner()
        while True:
            if not broken:
                end = scanner.find_end(self._text, self._start)
                if end >= 0:
                    break
                if end == BROKEN:
                    broken = True
                    self._counted = position + scanner.broken_at
            if broken and (cut := self._find_restart(len(self._text))) >= 0:
                yield from self._take_up_to(cut)
                return
            if len(self._text) - self._start > MAX_EVENT_BYTES:
                self._too_long(scanner, broken=broken)
                return
            if not self._more():
                yield from self._unfinished()
                return
        yield from self._take_element(end)

    def _take_element(self, end: int) -> Iterator[Event]:
        """Take the text up to the comma or bracket at ``end``, by the brackets one element."""
        raw = self._text[self._start : end].rstrip()
        # Where separators mislead, looking for the next one must not cost more than the elements.
        self._reach = _REACH + 2 * len(raw)
        try:
            data = decode_object(raw)
        except NotAnEventError as reason:
            # Its brackets add up, so that only a line break tells two elements from one.
            if self._restart.startswith(b"\n") and len(raw) <= MAX_EVENT_BYTES:
                cut = self._find_restart(end)
                if cut >= 0:
                    self._counted = self._offset + end
                    yield from self._take_up_to(cut)
                    return
            self._start = end
            self._reject(raw, reason)
        else:
            self._start += len(raw)
            yield self._event(data, raw)
        self._skip_gap()

    def _take_up_to(self, cut: int) -> Iterator[Event]:
        """Take the text before a restart as one element, whatever it is."""
        raw = self._text[self._start : cut].rstrip().removesuffix(b",").rstrip()
        self._start = cut + len(self._restart) - self._lead
        yield from self._decoded(raw)

    def _unfinished(self) -> Iterator[Event]:
        """The input ends, by the brackets, within an element."""
        self._counted = self._offset + len(self._text)
        if (cut := self._find_restart(len(self._text))) >= 0:
            yield from self._take_up_to(cut)
            return
        end = ElementScanner().find_end(self._text, self._start)
        if end >= 0:
            yield from self._take_element(end)
            return
        raw = self._text[self._start :].rstrip()
        if raw.endswith(b"\n]"):  # the array does end; it is the element that is malformed
            self._start += len(raw) - 1
            yield from self._decoded(raw[:-1].rstrip())
            return
        self._start = len(self._text)
        try:
            data = decode_object(raw)
        except NotAnEventError:
            message = "the array ends early, within this element"
            self._reject(raw, NotAnEventError("JS074", message, hint=_CUT_HINT))
        else:
            yield self._event(data, raw)

    def _decoded(self, raw: bytes) -> Iterator[Event]:
        try:
            data = decode_object(raw)
        except NotAnEventError as reason:
            self._reject(raw, reason)
        else:
            yield self._event(data, raw)

    def _event(self, data: dict[str, object], raw: bytes) -> Event:
        self.number += 1
        self._reading.stats.read += 1
        self._reading.stats.parsed += 1
        return self._reading.event(data, self.number, raw)

    def _reject(self, raw: bytes, reason: NotAnEventError) -> None:
        self.number += 1
        self._reading.reject(self.number, raw, reason)

    def _too_long(self, scanner: ElementScanner, *, broken: bool) -> None:
        """Reject an element that is too long to be held, and go on behind it."""
        self.number += 1
        cut = self._start + MAX_EVENT_BYTES
        raw, beyond = self._text[self._start : cut], self._text[cut:]
        rest = self._rest_of_element(beyond, scanner, broken=broken)
        self._reading.reject(self.number, raw, NotAnEventError.too_long(), rest=rest)
        for _ in rest:
            pass
        self._skip_gap()

    def _rest_of_element(
        self, beyond: bytes, scanner: ElementScanner, *, broken: bool
    ) -> Iterator[bytes]:
        """Stream the rest of an element; leaves the text and the start at its end."""
        held = len(self._restart) - 1  # a restart may lie across two blocks
        text = beyond
        if not broken:
            yield beyond
            text = b""
        while True:
            if broken:
                end = text.find(self._restart)
                if end >= 0:
                    yield text[:end]
                    self._text, self._start = text, end + len(self._restart) - self._lead
                    return
                yield text[:-held]
                text = text[-held:]
            block = next(self._blocks, b"")
            if not block:
                self._text, self._start = b"", 0
                return
            text += block
            if not broken:
                scanner.forget()
                end = scanner.find_end(text, 0)
                broken = end == BROKEN
                if end >= 0:
                    yield text[:end]
                    self._text, self._start = text, end
                    return
                if not broken:
                    yield text
                    text = b""

    def _find_restart(self, before: int) -> int:
        """Where in the text another element seems to begin, behind the start; -1 if nowhere."""
        return self._text.find(self._restart, self._start + 1, before)

    def _skip_gap(self, *, opening: bool = False) -> None:
        """Step over white space and a comma to the next element, and learn its separator."""
        gap = self._skip(_gap)
        line_break = gap.rfind(b"\n")
        if opening and line_break >= 0:
            self._separator = b"," + gap + b"{"
        elif b"," in gap and self._text[self._start : self._start + 1] == b"{":
            # On one line, objects within an event are separated like events; their keys differ.
            lead = b"{" if line_break >= 0 else self._first_key()
            self._separator = gap + lead
            self._lead = len(lead)
        else:
            return
        self._restart = self._separator[max(self._separator.rfind(b"\n"), 0) :]

    def _first_key(self) -> bytes:
        """The text of the element at the start up to its first colon, if that is near."""
        while (key := _key.match(self._text, self._start)) is None:
            if len(self._text) - self._start > _MAX_GAP or not self._more():
                return b"{"
        return key[0]

    def _skip(self, pattern: re.Pattern[bytes]) -> bytes:
        """Step over what matches ``pattern``; returns it, or nothing if it is long."""
        while True:
            found = pattern.match(self._text, self._start)
            end = found.end() if found else self._start
            gap = self._text[self._start : end]
            at_end = end == len(self._text)
            if at_end and len(gap) > _MAX_GAP:
                self._start = end
            if not (at_end and self._more()):
                self._start = end
                return gap if len(gap) <= _MAX_GAP else b""

    def _more(self) -> bool:
        """Drop the text before the start and append as much as is kept; False at the end.

        Doubling keeps the cost of long elements linear.
        """
        kept = self._text[self._start :]
        parts = [kept]
        wanted = max(len(kept), 1)
        while wanted > 0 and (block := next(self._blocks, b"")):
            parts.append(block)
            wanted -= len(block)
        if len(parts) == 1:
            return False
        self._offset += self._start
        self._text = b"".join(parts)
        self._start = 0
        return True
