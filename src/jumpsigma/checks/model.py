"""What a check is, and what it says."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from jumpsigma.diagnostics import CODES, Code, Severity, Span
from jumpsigma.pack.positions import KeyPath

if TYPE_CHECKING:
    from jumpsigma.checks.view import FileView, PackView, RuleView
    from jumpsigma.pack import LoadedFilter, LoadedRule

Scope = Literal["rule", "file", "pack", "ignores"]

_EXAMPLE: Final = re.compile(r"^(Bad|Good)::\n\n((?:    .*\n|\n)+)", re.MULTILINE)
_RUNNABLE: Final = re.compile(r"JS[1-9]\d\d")


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that takes the place of another: what ``--fix`` does. Nothing else is touched."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a check found.

    It is at ``span``, else at the key path of the rule (at the key that introduces it with
    ``key``). ``rule`` is needed from a check of the whole pack only.
    """

    message: str
    path: KeyPath = ()
    key: bool = False
    hint: str | None = None
    edits: tuple[Edit, ...] = ()
    span: Span | None = None
    rule: LoadedRule | LoadedFilter | None = None


@dataclass(frozen=True)
class Check:
    """A check: its docstring is its page, with a bad and a good example that are tests too.

    ``default`` tells whether it runs without being selected. ``scope`` is what it is given: a
    rule (or filter) at a time, a file, or the pack.
    """

    code: str
    name: str
    severity: Severity
    scope: Scope
    run: Callable[[Any], Iterable[Hit]]
    default: bool = True

    @property
    def family(self) -> str:
        """The module that the check is in."""
        return self.run.__module__.rpartition(".")[2]

    @cached_property
    def page(self) -> str:
        """The docstring, with the indentation of code removed."""
        return inspect.getdoc(self.run) or ""

    @property
    def title(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.partition("\n")[0].rstrip(".")

    @property
    def explanation(self) -> str:
        """What the page says between its first line and the examples."""
        body = self.page.partition("\n")[2]
        return body.partition("\nBad::")[0].strip()

    def example(self, kind: Literal["Bad", "Good"]) -> str:
        """The example of that kind, empty when there is none."""
        found = dict(_EXAMPLE.findall(self.page + "\n"))
        return textwrap.dedent(found.get(kind, "")).strip("\n") + "\n" if kind in found else ""


#: Every check by its code.
CHECKS: dict[str, Check] = {}

RuleFunction = Callable[["RuleView"], Iterable[Hit]]
FileFunction = Callable[["FileView"], Iterable[Hit]]
PackFunction = Callable[["PackView"], Iterable[Hit]]


def rule_check(
    code: str, name: str, severity: Severity, *, default: bool = True
) -> Callable[[RuleFunction], RuleFunction]:
    """Register a function as a check of one rule or filter."""

    def register(function: RuleFunction) -> RuleFunction:
        add(Check(code, name, severity, "rule", function, default))
        return function

    return register


def file_check(
    code: str, name: str, severity: Severity, *, default: bool = True
) -> Callable[[FileFunction], FileFunction]:
    """Register a function as a check of the text of one file."""

    def register(function: FileFunction) -> FileFunction:
        add(Check(code, name, severity, "file", function, default))
        return function

    return register


def pack_check(
    code: str, name: str, severity: Severity, *, default: bool = True
) -> Callable[[PackFunction], PackFunction]:
    """Register a function as a check of the whole pack."""

    def register(function: PackFunction) -> PackFunction:
        add(Check(code, name, severity, "pack", function, default))
        return function

    return register


def add(check: Check) -> None:
    """Register a check, and its code in the catalogue of diagnostics."""
    if check.code in CODES or not _RUNNABLE.fullmatch(check.code):
        raise ValueError(f"the code {check.code!r} cannot be that of a check")
    CHECKS[check.code] = check
    summary = " ".join(check.explanation.partition("\n\n")[0].split())
    CODES[check.code] = Code(check.title, summary)
