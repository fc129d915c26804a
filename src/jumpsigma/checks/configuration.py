"""Ignores that do nothing, that nobody can judge, or that name no check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from jumpsigma.checks.model import CHECKS, Check, Hit, add, pack_check
from jumpsigma.checks.stock import is_stock
from jumpsigma.checks.view import PackView
from jumpsigma.diagnostics import CODES, Severity

if TYPE_CHECKING:
    from jumpsigma.checks.run import Ignores

_Function = Callable[["Ignores"], Iterable[Hit]]


def _ignores_check(code: str, name: str, severity: Severity) -> Callable[[_Function], _Function]:
    """Register a function as a check of what was ignored; it runs behind all others."""

    def register(function: _Function) -> _Function:
        add(Check(code, name, severity, "ignores", function))
        return function

    return register


@_ignores_check("JS221", "idle-ignore", Severity.WARNING)
def idle_ignore(ignores: Ignores) -> Iterator[Hit]:
    """An ignore that silences nothing.

    The rule has changed, or the comment stands on the wrong line; the next real mistake there
    would go unseen.

    Bad::

        status: test # jumpsigma: ignore[JS126] it comes with the next release

    Good::

        author: # jumpsigma: ignore[JS109] the author asked for this
    """
    for ignore in ignores.written:
        if not ignore.span.path:
            continue  # the command line is not kept anywhere
        for code in ignore.codes:
            if code in ignore.used or is_stock(code) or code not in CODES:
                continue
            if code in ignores.selected or code not in CHECKS:
                yield Hit(f"{code} is not reported here", span=ignore.span, hint="remove it")


@_ignores_check("JS222", "ignore-without-reason", Severity.WARNING)
def ignore_without_reason(ignores: Ignores) -> Iterator[Hit]:
    """An ignore that does not say why.

    Bad::

        author: # jumpsigma: ignore[JS109]

    Good::

        author: # jumpsigma: ignore[JS109] the author asked for this
    """
    for ignore in ignores.written:
        if not ignore.reason:
            yield Hit("the ignore gives no reason", span=ignore.span, hint="write it behind ]")


@_ignores_check("JS223", "unknown-code", Severity.WARNING)
def unknown_code(ignores: Ignores) -> Iterator[Hit]:
    """An ignore names a code that no check has.

    Bad::

        status: test # jumpsigma: ignore[JS1260] it comes with the next release

    Good::

        author: # jumpsigma: ignore[JS109] the author asked for this
    """
    for ignore in ignores.written:
        for code in ignore.codes:
            if code not in CODES and not is_stock(code):
                near = get_close_matches(code, CODES, n=1)
                hint = f"did you mean {near[0]}?" if near else "see: jumpsigma validate --list"
                yield Hit(f"there is no check {code!r}", span=ignore.span, hint=hint)
        if not ignore.codes:
            yield Hit("the ignore names no check", span=ignore.span)


@pack_check("JS225", "modified-not-moved", Severity.WARNING)
def modified_not_moved(pack: PackView) -> Iterator[Hit]:
    """A rule was changed, and its `modified` date was not.

    Whoever takes rules over from a pack sees by the date which are new. Only `--changed-since`
    knows what a rule was before. A new `modified` must be later than the old date.

    Bad::

        # before
        level: low
        # now
        level: medium

    Good::

        # before
        level: low
        # now
        modified: 2025-02-01
        level: medium
    """
    if pack.before is None:
        return
    for view in pack.rules:
        earlier = pack.before.get(view.loaded.id or "")
        if earlier is None or not _differs(earlier, view.document):
            continue
        old = max(str(earlier.get(key) or "") for key in ("date", "modified"))
        new = str(view.document.get("modified") or "")
        if new.replace("/", "-") <= old.replace("/", "-"):
            key = "modified" if "modified" in view.document else "date"
            hint = "set modified to today"
            yield Hit("the rule has changed since that date", (key,), hint=hint, rule=view.loaded)


def _differs(earlier: dict[str, object], document: dict[str, object]) -> bool:
    left_out = ("modified", "date")
    return {k: v for k, v in earlier.items() if k not in left_out} != {
        k: v for k, v in document.items() if k not in left_out
    }
