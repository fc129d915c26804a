"""Taking modules of ours apart, for files that carry what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple


class Part(NamedTuple):
    """A statement at the top of a module: its lines, what it defines and what it names."""

    text: str
    defines: frozenset[str]
    names: frozenset[str]


def taken_apart(source: str) -> tuple[set[str], str]:
    """The imports of a module that are not of ours, and what is left without its docstring."""
    tree = ast.parse(source)
    lines = source.splitlines()
    imports: set[str] = set()
    dropped: set[int] = set()
    for node in tree.body:
        span = range(node.lineno - 1, node.end_lineno or node.lineno)
        if isinstance(node, ast.Import | ast.ImportFrom):
            dropped.update(span)
            module = getattr(node, "module", None) or ""
            if module != "__future__" and not module.startswith("jumpsigma"):
                imports.add(ast.unparse(node))
    first = tree.body[0]
    if isinstance(first, ast.Expr):
        dropped.update(range(first.end_lineno or 0))
    kept = [line for number, line in enumerate(lines) if number not in dropped]
    return imports, "\n".join(kept).strip() + "\n"


def merged(imports: Iterable[str]) -> list[str]:
    """``from`` imports, one for each module, in order."""
    names: dict[str, set[str]] = {}
    for line in imports:
        module, _, listed = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).update(listed.split(", "))
    return [f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)]


def parts(source: str) -> list[Part]:
    """The statements of a module in order, each with the comment right above it."""
    lines = source.splitlines()
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            continue
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(each.lineno for each in decorators)]) - 1
        while start and lines[start - 1].startswith("#"):
            start -= 1
        text = "\n".join(lines[start : node.end_lineno])
        found.append(Part(text, _defined(node), names_in(node)))
    return found


def needed(available: Iterable[Part], names: Iterable[str]) -> list[Part]:
    """Of some parts those that define names, and those that these need, in their order."""
    known = list(available)
    by_name = {name: part for part in known for name in part.defines}
    wanted: set[Part] = set()
    waiting = list(names)
    for name in waiting:  # it grows on the way
        part = by_name.get(name)
        if part is not None and part not in wanted:
            wanted.add(part)
            waiting.extend(part.names)
    return [part for part in known if part in wanted]


def imports_for(source: str, names: Iterable[str]) -> list[str]:
    """The import statements of a module that bind one of some names, without the other names."""
    used = set(names)
    plain: set[str] = set()
    of: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            plain |= {f"import {each.name}" for each in node.names if each.name in used}
        elif isinstance(node, ast.ImportFrom):
            of |= {f"from {node.module} import {n.name}" for n in node.names if n.name in used}
    return [*sorted(plain), *merged(of)]


def names_in(node: ast.AST) -> frozenset[str]:
    """Every name that is read or written in a piece of code, parameters left out."""
    parameters = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return frozenset(names - parameters)


def _defined(node: ast.stmt) -> frozenset[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return frozenset({name})
        case ast.Assign(targets=targets):
            return frozenset().union(*map(names_in, targets))
        case ast.AnnAssign(target=target):
            return names_in(target)
        case _:
            raise AssertionError(f"{ast.unparse(node)!r} at the top of a module that is carried")
