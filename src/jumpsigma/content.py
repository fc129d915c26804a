"""Where rules, mappings and export targets are: those that ship with us and the user's own.

A file is looked for in this order, and the first hit wins: an explicit path, each folder of
``JUMPSIGMA_PATH``, the user's configuration folder (``JUMPSIGMA_HOME``, else the platform's), and
what ships with the package. Each of those folders holds one sub-folder a kind, named like the
top-level folders of the project: ``sigma_rules``, ``mappings``, ``backends``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span

Kind = Literal["sigma_rules", "mappings", "backends"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(kind: Kind) -> Path:
    """Return the folder of ``kind`` that belongs to this installation.

    A wheel carries it as ``jumpsigma/_content/<kind>``; in a checkout (an editable install, or
    ``PYTHONPATH=src``) it is the top-level folder, so that an edit counts at once.

    Raises
    ------
    DiagnosticError
        ``JS019`` when neither is there.

    """
    packaged = _PACKAGE / "_content" / kind
    if packaged.is_dir():
        return packaged
    # src/jumpsigma -> the checkout. Without its pyproject.toml this is somebody else's folder.
    checkout = _PACKAGE.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    raise DiagnosticError(
        Diagnostic(
            code="JS019",
            message=f"this installation of jumpsigma has no {kind!r} folder",
            span=Span(str(packaged)),
            hint="Install it again: pip install --force-reinstall jumpsigma",
        )
    )


def search_path(kind: Kind) -> list[Path]:
    """Return the folders in which files of ``kind`` are looked for, first hit first.

    Folders that do not exist are in the list: it is also what an error message tells the user.
    """
    extra = [
        Path(entry) for entry in os.environ.get("JUMPSIGMA_PATH", "").split(os.pathsep) if entry
    ]
    return [*(folder.expanduser() / kind for folder in (*extra, _user_folder())), shipped(kind)]


def find(kind: Kind, name: str, suffixes: tuple[str, ...]) -> Path | None:
    """Return the file that ``name`` stands for, or None.

    ``name`` is a path (it has a separator, or a suffix and exists), a file name, or a file name
    without its suffix; ``suffixes`` are tried in order within each folder (``(".yml",)``).
    """
    if not name:
        return None
    path = Path(name).expanduser()
    explicit = path.name != name
    if (explicit or path.suffix) and path.is_file():
        return path
    if explicit:
        return None
    names = [name] if path.suffix in suffixes else [name + suffix for suffix in suffixes]
    candidates = (folder / each for folder in search_path(kind) for each in names)
    return next((candidate for candidate in candidates if _is_file(candidate)), None)


def _is_file(path: Path) -> bool:
    """Whether a file is there, as far as can be seen: a folder may be closed to this user."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def available(kind: Kind, suffixes: tuple[str, ...]) -> list[Path]:
    """Return every file of ``kind`` that :func:`find` can reach by its bare name, sorted by name.

    Only the folders themselves are read, not their sub-folders. Of two files of one name only the
    one that wins is in the list.
    """
    found: dict[str, Path] = {}
    for folder in search_path(kind):
        try:
            entries = list(folder.iterdir())
        except OSError:  # none there, or closed to this user
            continue
        for entry in entries:
            if entry.suffix in suffixes and _is_file(entry):
                found.setdefault(entry.name, entry)
    return [found[name] for name in sorted(found)]


def _user_folder() -> Path:
    home = os.environ.get("JUMPSIGMA_HOME")
    if home:
        return Path(home)
    # Late, because most calls of the command name their files or use the shipped ones.
    import platformdirs

    return platformdirs.user_config_path("jumpsigma", appauthor=False)


__all__ = ["Kind", "available", "find", "search_path", "shipped"]
