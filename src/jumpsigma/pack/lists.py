"""Lists of a pack: the values that its placeholders have wherever the pack is used."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

#: A list is content that people read; feeds of this size belong in the indicator store.
MAX_BYTES: Final = 4 * 2**20

_NAME: Final = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class PackList:
    """The values of the placeholder ``%name%``, each once, in the order of the file ``path``.

    ``digest`` is that of the file (:func:`digest_of`).
    """

    name: str
    path: str
    values: tuple[str, ...]
    digest: str


def digest_of(content: bytes) -> str:
    """What tells one content of a file from another."""
    return blake2b(content, digest_size=32).hexdigest()


def read_list(name: Any, file: Any, folder: str) -> PackList | str:
    """Read a list of a pack, or say what is wrong with it.

    ``file`` is relative to ``folder`` and stays within it: a pack is untrusted input. It is
    UTF-8 text, one value a line; a line that begins with ``#``, what follows `` #``, and blank
    lines are not values.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"a placeholder has letters, digits and underscores, unlike {str(name)!r}"
    if not isinstance(file, str) or not file:
        return f"the list {name!r} needs the name of its file"
    path = os.path.join(folder, file)  # noqa: PTH118 - the path as the messages show it
    try:
        if not Path(path).resolve(strict=True).is_relative_to(Path(folder).resolve()):
            return f"the file of the list {name!r} is outside the folder of pack.yaml"
        if not Path(path).is_file():
            return f"the file of the list {name!r} is no regular file"
        with Path(path).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            return f"the list {name!r} has more than {MAX_BYTES:,} bytes; use jumpsigma intel add"
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return f"the file of the list {name!r} is not UTF-8"
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a null character
        reason = getattr(error, "strerror", None) or str(error)
        return f"the file of the list {name!r} cannot be read: {reason}"
    values = tuple(dict.fromkeys(filter(None, map(_value, text.split("\n")))))
    return PackList(name, path, values, digest_of(data))


def _value(line: str) -> str:
    return re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
