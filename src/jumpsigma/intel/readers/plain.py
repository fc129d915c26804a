"""Plain lists: one value a line, of any kind; also files in the format of ``/etc/hosts``.

``#``, ``;`` and ``//`` begin a comment at the beginning of a line, and behind a value after a
space; a ``#`` within a URL is part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jumpsigma.diagnostics import Span
from jumpsigma.intel.model import Entry
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.lines import text_lines
from jumpsigma.intel.readers.problems import Problems, shown

_comment = re.compile(r"(?:^|\s)(?:[#;]|//)")
# What a hosts file maps a blocked name to.
_NOWHERE = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 # nothing is bound to it
_OWN_NAMES = frozenset(
    {"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost"}
)


def read_list(content: Content, problems: Problems) -> Iterator[Entry]:
    """Yield the values of a plain list."""
    for number, line in text_lines(content, problems):
        comment = _comment.search(line)
        words = (line[: comment.start()] if comment else line).split()
        if len(words) > 1 and words[0] in _NOWHERE:
            words = [word for word in words[1:] if word not in _OWN_NAMES]
        elif len(words) > 1:
            message = f"more than one value: {shown(line)}"
            hint = "one value a line; what follows # is a comment"
            problems.tell("JS080", message, sort="lines", line=number, hint=hint)
            continue
        for word in words:
            yield Entry(word.rstrip(","), span=Span(problems.place, number))
