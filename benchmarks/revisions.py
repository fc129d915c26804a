"""Another revision of the code, to be measured beside the one in the checkout."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Revision:
    """A name for people, the folder of the code, and one for what it keeps (caches, stores)."""

    name: str
    code: Path
    scratch: Path

    def environment(self, given: dict[str, str]) -> dict[str, str]:
        """What a process needs to run this code with the benchmarks of the checkout.

        Its dependencies are those of the interpreter at hand, the same for all revisions: what
        differs is our code alone.
        """
        return {
            **given,
            "PYTHONPATH": f"{self.code / 'src'}:{CHECKOUT}",
            "JUMPSIGMA_HOME": str(self.scratch / "home"),
            "PYTHONHASHSEED": "0",
        }


def checkout(scratch: Path) -> Revision:
    """The code as it lies in the checkout, committed or not."""
    described = _git("describe", "--always", "--dirty", "--exclude=*").decode().strip()
    return Revision(described, CHECKOUT, scratch / "checkout")


@contextmanager
def at(name: str) -> Iterator[Revision]:
    """A committed revision, in a temporary folder. Raises :class:`ValueError` for an unknown one.

    Its files are taken out of git without a work tree of its own, which a run that is killed
    would leave registered in the repository.
    """
    try:
        commit = _git("rev-parse", "--verify", "--short", f"{name}^{{commit}}").decode().strip()
    except subprocess.CalledProcessError:
        raise ValueError(f"git knows no revision {name!r}") from None
    with TemporaryDirectory(prefix="jumpsigma-bench-") as folder:
        with zipfile.ZipFile(io.BytesIO(_git("archive", "--format=zip", commit))) as files:
            files.extractall(folder)
        yield Revision(commit, Path(folder), Path(folder, "scratch"))


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(CHECKOUT), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603


def python(*arguments: str) -> list[str]:
    """A command that runs this interpreter."""
    return [sys.executable, *arguments]
