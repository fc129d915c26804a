"""Reads YAML files that people wrote by hand: plain data, positions, and every problem named.

One pass over libyaml's events, without recursion, so that neither a million brackets nor a chain
of aliases can exhaust the stack or the memory. Scalars mean what PyYAML's ``SafeLoader`` (YAML
1.1, hence pySigma) makes of them: ``yes`` is true, ``010`` is 8; only timestamps stay the strings
that they are in the file, because a date in a rule or in an event is text.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

import yaml

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.pack.limits import DEFAULT_LIMITS, Limits
from jumpsigma.pack.positions import Branch, Mark, Place, Positions, mark_of
from jumpsigma.pack.yaml_scalars import (
    MAP_TAG,
    MERGE_TAG,
    SEQ_TAG,
    VALUE_TAG,
    ScalarError,
    construct,
    resolve,
)
from jumpsigma.pack.yaml_text import LineTable, TextError, decode

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data (dicts, lists, scalars) and where everything stands."""

    value: Any
    positions: Positions


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The documents that could be read, in file order, and what is wrong with the others.

    ``content`` is the file as it was read, None where it was not.
    """

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    text: str = ""
    content: bytes | None = field(default=None, repr=False)


def read_file(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> ReadResult:
    """Read a YAML file of one or more documents. Never raises on what the file holds.

    Codes: JS001 unreadable, JS004 too large, and those of :func:`read_text`.
    """
    name = str(path)
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(limits.bytes + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        return _only(Diagnostic("JS001", f"cannot read the file: {reason}", span=Span(name)))
    if len(data) > limits.bytes:
        return _only(
            Diagnostic(
                "JS004",
                f"the file is larger than {limits.bytes} bytes",
                span=Span(name),
                hint="split it into several files",
            )
        )
    return replace(read_bytes(data, name, limits), content=data)


def read_bytes(data: bytes, path: str, limits: Limits = DEFAULT_LIMITS) -> ReadResult:
    """Read YAML from bytes; ``path`` is only the name in positions. JS007 when it is not text."""
    try:
        text = decode(data)
    except TextError as error:
        span = Span(path, error.line, error.column, error.line, error.column + 1)
        return _only(Diagnostic("JS007", str(error), span=span, hint="save the file as UTF-8 text"))
    return read_text(text, path, limits)


def read_text(text: str, path: str, limits: Limits = DEFAULT_LIMITS) -> ReadResult:
    """Read YAML from decoded text (see :func:`yaml_text.decode`).

    Codes: JS002 not well-formed, JS003 duplicate key, JS005 nested too deep, JS006 aliases.
    A document with a duplicate key is left out, the documents after it are still read; the other
    problems end the file, and the documents before them are kept.
    """
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    reader = _Reader(text, path, limits)
    try:
        for document in reader.documents():
            if reader.problems:
                diagnostics += reader.problems
            else:
                documents.append(document)
    except _RefusedError as refused:
        diagnostics += reader.problems
        diagnostics.append(refused.diagnostic)
    return ReadResult(tuple(documents), tuple(diagnostics), text)


def _only(diagnostic: Diagnostic) -> ReadResult:
    return ReadResult((), (diagnostic,))


class _RefusedError(Exception):
    """Ends the reading of a file."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class _Node:
    """A finished node: its value and place, and what aliases to it cost."""

    __slots__ = ("height", "place", "size", "value")

    def __init__(self, value: Any, place: Place, size: int = 1, height: int = 0) -> None:
        self.value = value
        self.place = place
        self.size = size
        self.height = height


class _Frame:
    """A collection being read. ``nodes`` alternate key and value when ``mapping``."""

    __slots__ = ("anchor", "mapping", "merges", "nodes", "start")

    def __init__(self, *, mapping: bool, start: Any) -> None:
        self.mapping = mapping
        self.start = start
        self.anchor: str | None = start.anchor
        self.nodes: list[_Node] = []
        self.merges: set[int] = set()


class _Reader:
    def __init__(self, text: str, path: str, limits: Limits) -> None:
        self.text = text
        self.path = path
        self.limits = limits
        self.lines = LineTable.for_text(text)
        self.problems: list[Diagnostic] = []
        self.alias_nodes = 0

    def documents(self) -> Iterator[Document]:
        """Yield the documents that are not empty; ``problems`` are those of the last one."""
        loader = _Loader(self.text)
        try:
            get_event = loader.get_event
            get_event()  # stream start
            while type(get_event()) is not yaml.StreamEndEvent:  # else a document start
                self.problems = []
                node = self._document(get_event)
                get_event()  # document end
                if node.value is not None or self.problems:
                    yield Document(node.value, Positions(self.path, node.place))
        except yaml.MarkedYAMLError as error:
            raise self._malformed(error) from None
        except yaml.YAMLError as error:
            raise _RefusedError(
                Diagnostic("JS002", str(error), span=Span(self.path, 1, 1))
            ) from None
        finally:
            loader.dispose()

    def _document(self, get_event: Any) -> _Node:
        anchors: dict[str, _Node | None] = {}  # None while the node is still open
        self.alias_nodes = 0
        stack: list[_Frame] = []
        max_depth = self.limits.depth
        while True:
            event = get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                node = self._scalar(event, stack)
                if event.anchor is not None:
                    self._declare(anchors, event)
                    anchors[event.anchor] = node
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._check_tag(event, MAP_TAG if kind is yaml.MappingStartEvent else SEQ_TAG)
                if len(stack) >= max_depth:
                    raise self._too_deep(self._mark(event))
                if event.anchor is not None:
                    self._declare(anchors, event)
                    anchors[event.anchor] = None
                stack.append(_Frame(mapping=kind is yaml.MappingStartEvent, start=event))
                continue
            elif kind is yaml.AliasEvent:
                node = self._alias(event, anchors, len(stack))
            else:  # the end of a mapping or sequence
                frame = stack.pop()
                mark = self._mark(frame.start, event)
                node = self._mapping(frame, mark) if frame.mapping else _sequence(frame, mark)
                if frame.anchor is not None:
                    anchors[frame.anchor] = node
            if not stack:
                return node
            stack[-1].nodes.append(node)

    def _scalar(self, event: Any, stack: list[_Frame]) -> _Node:
        place = self._mark(event)
        tag, value = event.tag, event.value
        if tag is None or tag == "!":
            tag = resolve(value) if event.implicit[0] else None
            if tag is None:
                return _Node(value, place)
        if tag in (MERGE_TAG, VALUE_TAG) and stack:
            frame = stack[-1]
            if frame.mapping and not len(frame.nodes) % 2:  # a key: PyYAML's two special ones
                if tag == MERGE_TAG:
                    frame.merges.add(len(frame.nodes))
                return _Node(value, place)
        try:
            return _Node(construct(tag, value), place)
        except ScalarError as error:
            raise self._refuse("JS002", str(error), place, error.hint) from None

    def _check_tag(self, event: Any, expected: str) -> None:
        if event.tag not in (None, "!", expected):
            raise self._refuse(
                "JS002", f"the tag {event.tag!r} is not allowed here", self._mark(event)
            )

    def _declare(self, anchors: dict[str, _Node | None], event: Any) -> None:
        if event.anchor in anchors:  # PyYAML refuses it too, though YAML does not
            message = f"the anchor &{event.anchor} is used twice"
            raise self._refuse("JS002", message, self._mark(event))

    def _alias(self, event: Any, anchors: dict[str, _Node | None], depth: int) -> _Node:
        mark = self._mark(event)
        if event.anchor not in anchors:
            message = f"the alias *{event.anchor} has no anchor &{event.anchor} before it"
            raise self._refuse("JS002", message, mark)
        node = anchors[event.anchor]
        if node is None:
            raise self._refuse(
                "JS006", f"the alias *{event.anchor} stands inside the node that it names", mark
            )
        self.alias_nodes += node.size
        if self.alias_nodes > self.limits.alias_nodes:
            message = f"aliases add more than {self.limits.alias_nodes} nodes"
            raise self._refuse("JS006", message, mark, "write the values out, or use fewer aliases")
        if depth + node.height > self.limits.depth:
            raise self._too_deep(mark)
        return node

    def _mapping(self, frame: _Frame, mark: Mark) -> _Node:
        nodes = frame.nodes
        data: dict[Hashable, Any] = {}
        keys: dict[Hashable, Mark] = {}
        children: dict[Hashable, Place] = {}
        for index in sorted(frame.merges):
            for source in self._merged(nodes[index + 1]):
                place = cast("Branch", source.place)
                for name in source.value:
                    if name in data:
                        continue  # the first to say a key wins
                    data[name] = source.value[name]
                    keys[name] = place.keys[name]
                    children[name] = cast("dict[Hashable, Place]", place.children)[name]
        own: dict[Hashable, Mark] = {}
        size, height = 1, 0
        for index in range(0, len(nodes), 2):
            key, node = nodes[index], nodes[index + 1]
            size += key.size + node.size
            height = max(height, key.height, node.height)
            if index in frame.merges:
                continue
            name = key.value
            if isinstance(name, (dict, list)):
                raise self._refuse(
                    "JS002", "a list or a mapping cannot be a key", mark_of(key.place)
                )
            if name in own:
                self._duplicate(name, mark_of(key.place), own[name][0])
                continue
            own[name] = keys[name] = mark_of(key.place)
            data[name] = node.value
            children[name] = node.place
        return _Node(data, Branch(mark, children, keys), size, height + 1)

    def _merged(self, node: _Node) -> list[_Node]:
        """The mappings that a ``<<`` names."""
        if isinstance(node.value, dict):
            return [node]
        if isinstance(node.value, list) and all(isinstance(item, dict) for item in node.value):
            places = cast("list[Place]", cast("Branch", node.place).children)
            return [_Node(*pair) for pair in zip(node.value, places, strict=True)]
        raise self._refuse(
            "JS002", "a merge key << needs a mapping, or a list of them", mark_of(node.place)
        )

    def _duplicate(self, name: Hashable, mark: Mark, first_line: int) -> None:
        self.problems.append(
            Diagnostic(
                "JS003",
                f"the key {str(name)!r} stands on line {first_line} already",
                span=Span(self.path, *mark),
                hint="rename one of them or put their values into one list",
            )
        )

    def _mark(self, start: Any, end: Any = None) -> Mark:
        first, last = start.start_mark, (end or start).end_mark
        if self.lines is not None:
            return (*self.lines.place(first.index), *self.lines.place(last.index))
        return first.line + 1, first.column + 1, last.line + 1, last.column + 1

    def _too_deep(self, mark: Mark) -> _RefusedError:
        return self._refuse("JS005", f"nested deeper than {self.limits.depth} levels", mark)

    def _refuse(
        self, code: str, message: str, mark: Mark, hint: str | None = None
    ) -> _RefusedError:
        return _RefusedError(Diagnostic(code, message, span=Span(self.path, *mark), hint=hint))

    def _malformed(self, error: yaml.MarkedYAMLError) -> _RefusedError:
        mark = error.problem_mark or error.context_mark
        place = (1, 1)
        if mark is not None:
            place = (
                self.lines.place(mark.index)
                if self.lines is not None
                else (mark.line + 1, mark.column + 1)
            )
        message = ", ".join(part for part in (error.problem, error.context) if part)
        if "nesting depth" in message:  # libyaml's scanner has a limit too, and looks ahead
            return self._too_deep((*place, place[0], place[1] + 1))
        hint = None
        if "\\t" in message or "'\t'" in message:
            hint = "YAML is indented with spaces, not with tabs"
        elif "mapping values are not allowed" in message:
            hint = "quote a value that holds a colon and a space, or check the indentation"
        elif "alias" in message or "cannot start any token" in message:
            hint = "quote a value that starts with a special character such as * & % @ `"
        span = Span(self.path, *place, place[0], place[1] + 1)
        return _RefusedError(
            Diagnostic("JS002", f"not valid YAML: {message}", span=span, hint=hint)
        )


def _sequence(frame: _Frame, mark: Mark) -> _Node:
    nodes = frame.nodes
    place = Branch(mark, [node.place for node in nodes])
    size = 1 + sum(node.size for node in nodes)
    height = 1 + max((node.height for node in nodes), default=0)
    return _Node([node.value for node in nodes], place, size, height)
