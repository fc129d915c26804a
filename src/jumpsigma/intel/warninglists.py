"""Lists from the installed package ``pymispwarninglists``.

Loaded as a whole the package takes 330 MB, so its files are read one by one. Where a list of it
means the same as one that our rules ask for, it fills that one. The others become lists called
``warninglist_…``, which no shipped rule asks for: they say what a value is known as.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.intel.model import AddResult, Entry
from jumpsigma.intel.readers import Content, read_content
from jumpsigma.intel.results import summed
from jumpsigma.intel.store import Store

PLACEHOLDERS = {
    "dynamic-dns": "dynamic_dns",
    "whats-my-ip": "iplookup",
    "findip-host": "iplookup",
}
"""Lists of the package that mean what a placeholder of ours means."""

MAX_UNASKED = 1024 * 1024
"""Bytes of a list that is taken without being named. Larger are a million popular sites and
hundreds of thousands of hashes, which would make the store a hundred times as large."""

_ORIGIN = "pymispwarninglists"
_NOT_BELOW = {
    "tlds": "what is below a top-level domain is any domain",
    "second-level-tlds": "what is below a public suffix is any domain",
}


def update_from_warninglists(
    store: Store,
    names: Iterable[str] | None = None,
    *,
    on_problem: Callable[[Diagnostic], None] = lambda _: None,
) -> AddResult:
    """Fill lists from the installed package, each in a transaction of its own.

    :param names: the package's names of the lists, such as ``dynamic-dns``; by default all but the
        largest, which are named to ``on_problem`` (JS089).
    :raises DiagnosticError: JS085 the package is not installed, JS090 it has no such list; what is
        wrong with the store as :meth:`~jumpsigma.intel.store.Store.add` does.
    """
    files = _files()
    wanted = list(files) if names is None else list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in files]:
        message = f"the package has no list {unknown[0]!r}"
        near = get_close_matches(unknown[0], files, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(files)}"
        raise DiagnosticError(Diagnostic("JS090", message, hint=hint))
    large = [
        name
        for name in wanted
        if names is None and name not in PLACEHOLDERS and files[name].stat().st_size > MAX_UNASKED
    ]
    if large:
        message = f"left out for their size, name them to have them: {', '.join(large)}"
        on_problem(Diagnostic("JS089", message, Severity.INFO))
    total = AddResult(0, 0, 0, 0, ())
    for name in wanted:
        if name not in large:
            total = summed(total, _add(store, name, files[name], on_problem))
    return total


def list_name(name: str) -> str:
    """What we call a list of the package."""
    return PLACEHOLDERS.get(name) or "warninglist_" + re.sub(r"[^A-Za-z0-9]+", "_", name)


def _add(
    store: Store, name: str, path: Path, on_problem: Callable[[Diagnostic], None]
) -> AddResult:
    return store.add(
        _entries(name, path),
        source=f"MISP warning list: {name}",
        origin=_ORIGIN,
        list=list_name(name),
        on_problem=on_problem,
    )


def _entries(name: str, path: Path) -> Iterator[Entry | Diagnostic]:
    place = f"{_ORIGIN}: {name}"
    if name in _NOT_BELOW:
        message = f"the list {name} is refused: {_NOT_BELOW[name]}"
        yield Diagnostic("JS086", message, Severity.WARNING, span=Span(place))
        return
    for each in read_content(Content(place, path=path), "warninglist"):
        if isinstance(each, Diagnostic) and each.code == "JS086":
            # Nobody asked for this very list; that it is none of values is no error.
            each = Diagnostic(each.code, each.message, Severity.INFO, each.span)  # noqa: PLW2901
        yield each


def _files() -> dict[str, Path]:
    """The file of each list, by the name of its folder. The package itself is not imported."""
    spec = importlib.util.find_spec(_ORIGIN)
    if spec is None or spec.origin is None:
        message = "the package 'pymispwarninglists' is not installed"
        hint = "pip install 'jumpsigma[intel]'"
        raise DiagnosticError(Diagnostic("JS085", message, hint=hint))
    folder = Path(spec.origin).parent / "data" / "misp-warninglists" / "lists"
    return {path.parent.name: path for path in sorted(folder.glob("*/list.json"))}
