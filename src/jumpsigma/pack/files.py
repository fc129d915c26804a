"""Which files a path stands for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jumpsigma.diagnostics import Diagnostic, Severity, Span

RULE_SUFFIX: Final = ".yml"
CASES_SUFFIX: Final = ".cases.yaml"
PACK_FILE: Final = "pack.yaml"


@dataclass(frozen=True, slots=True)
class Found:
    """The files under one path given by the user; ``folder`` is the path or where it stands.

    ``pack_files`` are those below, and the next one above where the folder has none itself.
    """

    folder: str
    rules: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    pack_files: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def find(path: str | Path) -> Found:
    """The rule, cases and pack files under a path, each kind sorted.

    A file of any suffix is a rule file. A folder is read recursively: ``*.yml`` are rules
    (pySigma's own pattern), hidden folders and files are skipped, symbolic links are followed
    but no folder is entered twice. Raises ``FileNotFoundError`` when nothing is there.
    """
    name = os.fspath(path)
    if not os.path.lexists(name):
        raise FileNotFoundError(2, "no such file or folder", name)
    if not Path(name).is_dir():
        folder = os.path.dirname(name)  # noqa: PTH120 - keeps "" apart from "."
        beside = (name.removesuffix(RULE_SUFFIX) + CASES_SUFFIX) if _is_rule(name) else ""
        return Found(
            folder,
            rules=(name,),
            cases=(beside,) if beside and Path(beside).is_file() else (),
            pack_files=_nearest_pack_file(folder),
        )
    problems: list[Diagnostic] = []
    files = sorted(_walk(name, set(), problems))
    rules = tuple(file for file in files if _is_rule(file))
    if not rules:
        problems.append(
            Diagnostic(
                "JS018",
                f"the folder holds no *{RULE_SUFFIX} file",
                Severity.WARNING,
                Span(name),
                hint="Sigma rules end in .yml",
            )
        )
    within = tuple(file for file in files if os.path.basename(file) == PACK_FILE)  # noqa: PTH119
    has_own = os.path.join(name, PACK_FILE) in within  # noqa: PTH118
    return Found(
        name,
        rules,
        cases=tuple(file for file in files if file.endswith(CASES_SUFFIX)),
        pack_files=within if has_own else (*_nearest_pack_file(name), *within),
        diagnostics=tuple(problems),
    )


class Distinct:
    """The files that were met so far, each under the first path that led to it."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self._same: dict[tuple[int, int] | None, list[str]] = {}

    def add(self, path: str) -> bool:
        """Whether a path leads to a file that was not met before; if so, remember it.

        Two names of one file (hard links) are two files; a link and what it leads to are one.
        """
        try:
            status = os.stat(path)  # noqa: PTH116
            identity = (status.st_dev, status.st_ino)
        except OSError:
            identity = None
        # To ask the system for real paths is slow, and seldom is there one to compare with.
        same = self._same.setdefault(identity, [])
        if same and os.path.realpath(path) in map(os.path.realpath, same):
            return False
        same.append(path)
        self.paths.append(path)
        return True


def _nearest_pack_file(folder: str) -> tuple[str, ...]:
    """The ``pack.yaml`` that speaks for a folder: its own, or the next one above."""
    own = os.path.join(folder, PACK_FILE)  # noqa: PTH118
    if Path(own).is_file():
        return (own,)
    for parent in Path(os.path.abspath(folder)).parents:  # noqa: PTH100 - links are not followed
        if (parent / PACK_FILE).is_file():
            path = str(parent / PACK_FILE)
            # As the user would write it, when he gave a relative path into the pack.
            return (path if os.path.isabs(folder) else os.path.relpath(path),)  # noqa: PTH117
    return ()


def _is_rule(file: str) -> bool:
    return file.endswith(RULE_SUFFIX)


def _is_ours(name: str) -> bool:
    return name == PACK_FILE or name.endswith((RULE_SUFFIX, CASES_SUFFIX))


def _walk(folder: str, seen: set[tuple[int, int]], problems: list[Diagnostic]) -> Iterator[str]:
    try:
        status = os.stat(folder)  # noqa: PTH116
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            return
        seen.add(identity)
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        reason = error.strerror or str(error)
        problems.append(Diagnostic("JS001", f"cannot read the folder: {reason}", span=Span(folder)))
        return
    for entry in found:
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                yield from _walk(entry.path, seen, problems)
                continue
            if entry.is_file():
                if _is_ours(entry.name):
                    yield entry.path
                continue
            reason = "it is a broken link" if entry.is_symlink() else "it is not a regular file"
        except OSError as error:  # a link that leads in circles
            reason = error.strerror or str(error)
        if not _is_ours(entry.name):
            continue
        problems.append(
            Diagnostic("JS001", f"cannot read the file: {reason}", span=Span(entry.path))
        )
