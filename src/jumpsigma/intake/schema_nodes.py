"""Reading YAML nodes with their places: what the schema's reader is made of.

Errors are :class:`~jumpsigma.diagnostics.DiagnosticError` with code ``JS060`` and the file, line
and column of what is wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intake.schema_model import Scalar

# A schema ten times ours is still far below; it keeps a wrong file from eating the memory.
MAX_BYTES = 4_000_000

_TAG = "tag:yaml.org,2002:"
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def fail(
    path: str, message: str, mark: yaml.Mark | None = None, hint: str | None = None
) -> NoReturn:
    """Raise JS060 for a place in the file at ``path``; without ``mark`` for the file as a whole."""
    span = Span(path) if mark is None else Span(path, mark.line + 1, mark.column + 1)
    raise DiagnosticError(Diagnostic(code="JS060", message=message, span=span, hint=hint))


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML node that knows its file and what messages call it: ``name``, and ``what`` in full."""

    path: str
    name: str
    what: str
    raw: yaml.Node

    def fail(self, message: str, hint: str | None = None) -> NoReturn:
        """Raise JS060 at this node."""
        fail(self.path, message, self.raw.start_mark, hint)

    @property
    def is_mapping(self) -> bool:
        """Whether the node is a mapping."""
        return isinstance(self.raw, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the node is a list."""
        return isinstance(self.raw, yaml.SequenceNode)

    def items(self) -> list[tuple[Node, Node]]:
        """Return the keys and values of a mapping; a key that is no text or is repeated fails."""
        if not isinstance(self.raw, yaml.MappingNode):
            self.fail(f"{self.what} must be a mapping")
        seen: set[str] = set()
        found = []
        for raw_key, raw_value in self.raw.value:
            key = Node(self.path, "a key", f"a key of {self.name}", raw_key)
            name = key.text()
            if name in seen:
                key.fail(f"{name} stands twice in {self.name}", "remove one of the two")
            seen.add(name)
            found.append((key, Node(self.path, name, f"{name} of {self.name}", raw_value)))
        return found

    def entries(self) -> list[Node]:
        """Return the elements of a list."""
        if not isinstance(self.raw, yaml.SequenceNode):
            self.fail(f"{self.what} must be a list")
        what = f"an element of {self.name}"
        return [Node(self.path, what, what, each) for each in self.raw.value]

    def record(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Node]:
        """Return a mapping whose keys are fixed, by key; fails on a missing or another key."""
        allowed = (*required, *optional)
        found: dict[str, Node] = {}
        for key, value in self.items():
            name = key.text()
            if name not in allowed:
                near = difflib.get_close_matches(name, allowed, n=1)
                key.fail(
                    f"{self.what} has no {name!r}",
                    f"did you mean {near[0]!r}?" if near else f"it can have: {', '.join(allowed)}",
                )
            found[name] = value
        for name in required:
            if name not in found:
                self.fail(f"{self.what} needs {name!r}")
        return found

    def text(self) -> str:
        """Return a scalar as it is written."""
        if not isinstance(self.raw, yaml.ScalarNode):
            self.fail(f"{self.what} must be text")
        return str(self.raw.value)

    def sentence(self) -> str:
        """Return a text that is not blank."""
        text = self.text().strip()
        if not text:
            self.fail(f"{self.what} is empty")
        return text

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts; an element that is repeated fails."""
        found: list[str] = []
        for entry in self.entries():
            if entry.text() in found:
                entry.fail(f"{entry.text()} stands twice in {self.what}", "remove one of the two")
            found.append(entry.text())
        return tuple(found)

    def one_of(self, allowed: Sequence[str]) -> str:
        """Return a text that must be one of ``allowed``."""
        name = self.text()
        if name not in allowed:
            self.fail(f"{self.what} is {name!r}", f"it can be: {', '.join(allowed)}")
        return name

    def flag(self) -> bool:
        """Return a boolean."""
        if self.raw.tag != f"{_TAG}bool":
            self.fail(f"{self.what} must be true or false")
        return self.text().lower() == "true"

    def scalar(self) -> Scalar | None:
        """Return a scalar by its YAML type; anything but number, boolean and null is text."""
        text = self.text()
        try:
            match self.raw.tag.removeprefix(_TAG):
                case "bool":
                    return self.flag()
                case "int":
                    return int(text)
                case "float":
                    return float(text)
                case "null":
                    return None
                case _:
                    return text
        except ValueError:
            self.fail(f"{self.what} is no plain decimal number")

    def scalars(self) -> Iterator[Scalar | None]:
        """Return a list of scalars."""
        return (entry.scalar() for entry in self.entries())


def read_document(path: Path) -> Node:
    """Return the one YAML document of a file.

    Raises
    ------
    DiagnosticError
        ``JS060`` when the file cannot be read, is too large, is no UTF-8, is no YAML, or does
        not hold exactly one document.

    """
    name = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        fail(name, f"the schema cannot be read: {error.strerror}")
    if len(data) > MAX_BYTES:
        fail(name, f"the schema is larger than {MAX_BYTES:,} bytes")
    try:
        root = yaml.compose(data.decode("utf-8-sig"), _LOADER)
    except UnicodeDecodeError as error:
        fail(name, f"the schema is not UTF-8 (byte {error.start + 1})")
    except RecursionError:
        fail(name, "the schema is nested too deep")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        fail(name, f"the schema is no valid YAML: {getattr(error, 'problem', None) or error}", mark)
    if root is None:
        fail(name, "the schema is empty")
    return Node(name, "the schema", "the schema", root)
