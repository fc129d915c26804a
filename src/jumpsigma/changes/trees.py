"""The two sides of a comparison: folders, or revisions of a git repository.

A revision is read through git's own plumbing, object by object: no working tree is touched, no
shell is used, no attribute of the repository filters what is read, and links are left out. Git
itself lets a revision hold names that lead anywhere; a revision with such a name is refused.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError

#: What a pack, its cases and lists, and mappings are made of.
_SUFFIXES: Final = (".yml", ".yaml", ".txt")
_REGULAR: Final = ("100644", "100755")
#: Of one file; the readers of rules and lists accept less.
_MOST_BYTES: Final = 64_000_000
_FORGED: Final = "no checkout makes such a file: look at who made this revision; see: git fsck"
#: Where rules stand below the top folder, if there is such a folder.
RULES_FOLDER: Final = "sigma_rules"


@dataclass(frozen=True, slots=True)
class Side:
    """Files of one side below ``root``, and what people call it."""

    label: str
    root: Path

    def rules(self, paths: Sequence[str]) -> list[Path]:
        """The rule files and folders: the given paths that are there, else the usual ones."""
        if paths:
            return [path for each in paths if (path := self.root / each).exists()]
        usual = self.root / RULES_FOLDER
        return [usual if usual.is_dir() else self.root]

    def mapping(self, name: str) -> str | Path:
        """The mapping of that name: the side's own file, else the name."""
        own = self.root / "mappings" / f"{name}.yml"
        return own if own.is_file() else name

    def relative(self, path: str) -> str:
        """A path of this side as it is called in both."""
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
        return whole.relative_to(self.root).as_posix() if whole.is_relative_to(self.root) else path


@contextmanager
def opened(reference: str | None, *, start: Path) -> Iterator[Side]:
    """A folder, a revision of the repository at ``start``, or for None its working tree.

    Raises
    ------
    DiagnosticError
        JS090 when it is neither, and when git is missing or finds no repository.

    """
    if reference is not None and not reference.strip():
        # An unset variable of a script would otherwise compare the folder with itself.
        raise _wrong("the folder or git revision is an empty text", "name one, such as main")
    if reference is None:
        yield Side("the working tree", _top(start))
    elif Path(reference).is_dir():
        yield Side(reference, Path(os.path.abspath(reference)))  # noqa: PTH100 - as above
    else:
        tree = _tree(start, reference)
        with TemporaryDirectory(prefix="jumpsigma-") as folder:
            _write(start, tree, Path(folder))
            yield Side(reference, Path(folder))


def _top(start: Path) -> Path:
    found = _git(start, "rev-parse", "--show-toplevel")
    if found.returncode:
        raise _wrong(f"{start} is in no git repository", "name two folders: diff OLD NEW")
    return Path(os.fsdecode(found.stdout).rstrip("\n"))


def _tree(start: Path, reference: str) -> str:
    """The number of the tree of a revision: what is asked for from here on is no option."""
    _top(start)
    found = _git(
        start, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{tree}}"
    )
    if found.returncode:
        hint = "see: git log --oneline --all; in a shallow clone, fetch more: git fetch --unshallow"
        raise _wrong(f"there is no folder and no git revision {reference!r}", hint)
    return found.stdout.decode("ascii").strip()


def _write(start: Path, tree: str, folder: Path) -> None:
    listed = _git(start, "ls-tree", "-r", "-z", "-l", "--full-tree", tree)
    if listed.returncode:
        raise _wrong(f"git cannot list {tree}", listed.stderr.decode(errors="replace").strip())
    blobs: list[tuple[str, PurePosixPath]] = []
    for entry in filter(None, listed.stdout.split(b"\0")):
        facts, _, name = entry.partition(b"\t")
        mode, _, number, size = facts.decode("ascii").split()
        path = PurePosixPath(os.fsdecode(name))
        if mode not in _REGULAR or path.suffix not in _SUFFIXES:
            continue
        if path.is_absolute() or ".." in path.parts:
            raise _wrong(f"the revision has a file of the name {str(path)!r}", _FORGED)
        if int(size) <= _MOST_BYTES:
            blobs.append((number, path))
    asked = "".join(f"{number}\n" for number, _ in blobs).encode("ascii")
    answer = _git(start, "cat-file", "--batch", data=asked).stdout
    at = 0
    for number, path in blobs:
        end = answer.find(b"\n", at)
        head = answer[at:end].decode("ascii", errors="replace").split(" ")
        if len(head) != 3:
            raise _wrong(f"git has no object {number} ({path})", "fetch the whole repository")
        length = int(head[2])
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(answer[end + 1 : end + 1 + length])
        except OSError as error:
            reason = error.strerror or error
            raise _wrong(f"cannot read {str(path)!r} of the revision: {reason}", _FORGED) from None
        at = end + 1 + length + 1


def _git(
    start: Path, *arguments: str, data: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and revisions stand behind --end-of-options
            ["git", "-C", os.fspath(start), *arguments],  # noqa: S607 - the user's own git
            input=data,
            capture_output=True,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise _wrong("git is not installed", "install git, or name two folders") from None


def _wrong(message: str, hint: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("JS090", message, hint=hint))
