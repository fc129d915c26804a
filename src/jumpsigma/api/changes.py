"""What has changed since a revision of git: the files, and what rules were before."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.pack.files import CASES_SUFFIX, RULE_SUFFIX
from jumpsigma.pack.rules import canonical_id
from jumpsigma.pack.yaml_reader import read_bytes

_TIMEOUT: Final = 120  # seconds


@dataclass(frozen=True, slots=True)
class Changes:
    """``files`` are paths that differ from the revision; a changed rule counts with its cases.

    ``documents`` are the rules of these files as they were, by id.
    """

    files: frozenset[str]
    documents: Mapping[str, dict[str, Any]]


def changes_since(revision: str, folder: str | Path = ".") -> Changes:
    """The files in the repository of a folder that differ from a revision, new ones included.

    Compared is the point where the present branch left the revision (as a pull request is), with
    what is in the folder now, committed or not.

    Raises :class:`DiagnosticError` (JS090) when there is no git, repository or such revision.
    """
    where = Path(folder) if Path(folder).is_dir() else Path(folder).parent
    top = _git(where, "rev-parse", "--show-toplevel").decode().strip()
    commit = _git(where, "rev-parse", "--verify", "--quiet", "--end-of-options",
                  f"{revision}^{{commit}}").decode().strip()  # fmt: skip
    base = _git(where, "merge-base", "--", commit, "HEAD").decode().strip()
    names = _git(Path(top), "diff", "--name-only", "-z", "--no-renames", base, "--")
    added = _git(Path(top), "ls-files", "--others", "--exclude-standard", "-z")
    files, documents = set[str](), dict[str, dict[str, Any]]()
    for name in filter(None, (names + added).split(b"\0")):
        relative = os.fsdecode(name)
        path = str(Path(top) / relative)
        files.add(path)
        if relative.endswith(CASES_SUFFIX):
            files.add(path.removesuffix(CASES_SUFFIX) + RULE_SUFFIX)
        elif relative.endswith(RULE_SUFFIX):
            files.add(path.removesuffix(RULE_SUFFIX) + CASES_SUFFIX)
            documents.update(_documents(Path(top), base, relative))
    return Changes(frozenset(files), documents)


def _documents(top: Path, commit: str, name: str) -> dict[str, dict[str, Any]]:
    """The rules of a file at a commit, by id; none when it was not there."""
    shown = _run(top, "cat-file", "blob", f"{commit}:{name}")
    if shown.returncode:
        return {}
    found = {}
    for document in read_bytes(shown.stdout, name).documents:
        if isinstance(document.value, dict):
            rule_id = canonical_id(document.value.get("id"))
            if rule_id is not None:
                found[rule_id] = document.value
    return found


def _git(folder: Path, *arguments: str) -> bytes:
    done = _run(folder, *arguments)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        message = reason or "git knows no such revision"
        hint = "name a commit, tag or branch that was fetched (in CI: fetch-depth: 0)"
        raise DiagnosticError(Diagnostic("JS090", f"cannot compare: {message}", hint=hint))
    return done.stdout


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and revisions cannot be options
            ["git", *arguments],  # noqa: S607 - the git of whoever calls
            cwd=folder,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        hint = "install git"
        raise DiagnosticError(Diagnostic("JS090", "cannot compare: no git", hint=hint)) from None
    except subprocess.TimeoutExpired:
        raise DiagnosticError(Diagnostic("JS090", "cannot compare: git did not answer")) from None
