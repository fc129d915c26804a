"""Texts of rules in the files that people deploy: titles, names, authors, comments.

They come from anybody. None of them ends the line, the comment or the value that it stands in, and
none shows otherwise than it is: there are no controls, and nothing that turns the direction of
writing or is not seen at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

#: Controls, what turns the direction of writing, what is not seen (but for the joiners, which some
#: scripts need), and what is no character.
_UNSEEN: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
)
#: Those, and the tags behind them, which JSON cannot escape so that YAML reads them back.
_HIDDEN: Final = re.compile(f"[{_UNSEEN}\U000e0000-\U000e007f]")
#: Those, and what YAML reads as the end of a line.
_ESCAPED: Final = re.compile(f"[{_UNSEEN}\u2028\u2029]")


def one_line(value: Any) -> str:
    """A text without line breaks, for formats that end a value with the line."""
    return _HIDDEN.sub("", " ".join(str(value).split()))


def all_lines(value: Any) -> str:
    """A text whose lines end in a line feed and in nothing else."""
    return "\n".join(_HIDDEN.sub("", line) for line in str(value).splitlines())


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON, which is YAML too: the way to quote in templates of both."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def comment_lines(form: str, lines: Iterable[str]) -> str:
    """A comment for each line, each ended; ``form`` has ``{}`` where the text stands.

    No text ends a comment of any language: neither what closes one between marks, nor a backslash
    that joins the next line to it.
    """
    return "".join(f"{form.replace('{}', _in_comment(line))}\n" for line in lines)


def _in_comment(line: str) -> str:
    text = one_line(line).replace("`", "'").replace("*/", "* /").replace("/*", "/ *")
    return text.rstrip("\\ ")
