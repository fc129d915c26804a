r"""How texts can be spelled in the raw bytes of JSON, as Hyperscan expressions over bytes.

An ASCII character stands for itself in practice, but JSON also allows ``\u0041`` (RFC 8259,
section 7). Writers differ in what they escape: all escape the quotation mark and the backslash,
Go ``<``, ``>`` and ``&``, .NET also ``'``, ``+`` and the grave accent, and with ``ensure_ascii``
every other character is escaped. So a text is cut where spellings differ, and what is left is
looked for as it is. An event in which another ASCII character is escaped (PHP does it to slashes),
or that has one of the few characters whose lower case is ASCII, is given to all rules:
:data:`HIDING`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

_SPACE: Final = r"[ \t\r\n]*"
_VALUE: Final = r"[^ \t\r\n]"

#: Characters that common writers spell in more than one way; no run holds one.
_AMBIGUOUS: Final = "\"&'+<>`\x7f"
#: Longer runs say no more, and Hyperscan does not take expressions of any length.
_LONGEST: Final = 64
_RUN: Final = re.compile(f"[^{re.escape(_AMBIGUOUS)}\x00-\x1f\x80-\U0010ffff]{{1,{_LONGEST}}}")

#: What a number of JSON may turn into: its text is not always what stands in the bytes (S104).
_NUMERIC: Final = re.compile(r"[0-9.+\-e]*")
_INFINITY: Final = "-infinity"  # the text of 1e999
_WORDS: Final = ("true", "false", "nan")  # texts of values without quotation marks
#: What a key may be called.
_NAME: Final = re.compile(r"[A-Za-z0-9_.@-]+")

#: An event that matches one of these may hold ASCII text that does not stand in its bytes: escaped
#: printable ASCII but for the ambiguous characters; U+212A (lower case: k) and U+0130 (lower case:
#: i and a dot), and U+017F and U+0131, which expressions that ignore case take for s and i.
HIDING: Final = (
    r"\\/",
    r"\\u00(?:2[0134589acdefACDEF]|3[0-9abdfABDF]|[45][0-9a-fA-F]|6[1-9a-fA-F]|7[0-9a-eA-E])",
    r"\\u(?:212[aA]|013[01]|017[fF])",
    r"\xe2\x84\xaa",
    r"\xc4[\xb0\xb1]",
    r"\xc5\xbf",
)

#: What has a character beyond ASCII has the last byte of one, or its escape. No such character is
#: the lower case of one in ASCII.
BEYOND_ASCII: Final = r"[\x80-\xff][\x00-\x7f]|\\u(?:00[89a-fA-F]|0[1-9a-fA-F]|[1-9a-fA-F])"

#: An event that matches one of these is wrapped by a SIEM as text, or has its fields moved (S105):
#: what rules ask for stands otherwise in it.
WRAPPED: Final = (r"event_type\\", r'"jumpcloud(?:\.event)?"' + _SPACE + ":")

#: An event may have a whole number, below a million, that does not stand in its bytes: one with an
#: exponent, or one that is rounded up (its fraction begins with nines).
HIDING_NUMBERS: Final = (r"[0-9][eE][-+]?[0-9]+[ \t\r\n]*[,}\]]", r"\x2e999999999")
_EXPONENT: Final = re.compile(rb"[^0-9A-Za-z.=][0-9.]+[eE][-+]?[0-9]+[ \t\r\n]*[,}\]]\Z")
_NO_NUMBER: Final = re.compile(rb"[^0-9.eE+\- \t\r\n]")


def hides_number(text: bytes, end: int) -> bool:
    """Whether what matched :data:`HIDING_NUMBERS` up to ``end`` may be a number, and no digest."""
    seen = text[max(0, end - 64) : end]
    if b".999999999" in seen[-10:] or _EXPONENT.search(seen):
        return True
    return _NO_NUMBER.search(seen, 0, len(seen) - 1) is None  # it may begin further up


def runs(text: str) -> list[str]:
    """The parts of a text that JSON spells in one way, in what is not :data:`HIDING`."""
    return _RUN.findall(text)


def word(run: str) -> str:
    """A run somewhere in the bytes."""
    return "".join(map(_character, run))


def word_of_value(run: str) -> str:
    """A run somewhere in a value, where it may be in keys as well.

    A quotation mark with nothing escaped before it ends a text, and that of a key is followed by a
    colon.
    """
    lowered = run.lower()
    bare = any(lowered in each for each in (*_WORDS, _INFINITY))
    if bare or _NAME.fullmatch(run) is None:
        return word(run)
    return f'{word(run)}[^"\\\\]*(?:"{_SPACE}[^ \\t\\r\\n:]|\\\\)'


def _character(char: str) -> str:
    if char == "\\":
        return r"\\\\"
    return char if char.isalnum() or char in " _-:=,;@#!%~" else f"\\x{ord(char):02x}"


def key(name: str, *, alone: bool = False) -> str:
    """One part of a field's path as a JSON key: ``alone``, or among others in one with dots (S202).

    A literal, which is cheaper to look for than what would also tell where the key begins. Empty
    where the name is spelled in several ways.
    """
    if not name or runs(name) != [name]:
        return ""
    if name.startswith("@"):
        # `_version` is read as `@version` where an app for Google Cloud has written it (S106).
        name, alone = name[1:], False
    opening = '"' if alone else ""
    return f'{opening}{word(name)}"'


def truth(name: str, *, value: bool, alone: bool) -> str:
    """A key with a boolean, or its name, as the value; a list may hold it anywhere (S203, S352)."""
    named = key(name, alone=alone)
    said = "true" if value else "false"
    return f'{named}{_SPACE}:{_SPACE}(?:"?{said}|\\[)' if named else ""


def no_text(name: str, *, alone: bool) -> str:
    """A key with an empty text as the value; a list may hold it anywhere (S203)."""
    named = key(name, alone=alone)
    return f'{named}{_SPACE}:{_SPACE}(?:""|\\[)' if named else ""


def whole_number(name: str, number: float, *, alone: bool) -> str:
    """A number, or its decimal text, where :data:`HIDING_NUMBERS` are looked for as well (S351)."""
    if number != int(number) or not 0 <= number < 1_000_000:
        return ""
    digits = str(int(number))
    if len(digits) >= 3:
        return digits
    named = key(name, alone=alone)
    return f'{named}{_SPACE}:{_SPACE}(?:"?-?{digits}[^0-9]|\\[)' if named else ""


def any_value(name: str, *, alone: bool) -> str:
    """A key with a value, up to the first byte of it."""
    named = key(name, alone=alone)
    return f"{named}{_SPACE}:{_SPACE}{_VALUE}" if named else ""


def other_value(pattern: str, values: Iterable[str]) -> str:
    """As :func:`any_value` gave, but for texts that are one of ``values``, null and objects.

    It matches up to the first byte by which a value is none of these, which is the first of all
    where it is no text. ``values`` are ASCII without quotation marks and backslashes.
    """
    tree: _Tree = {}
    for value in values:
        node = tree
        for char in f'{value}"':
            node = node.setdefault(char, {})
    return f'{pattern.removesuffix(_VALUE)}(?:[^"n{{ \\t\\r\\n]|"{_other_than(tree)})'


_Tree = dict[str, Any]


def _other_than(node: _Tree) -> str:
    """An expression for what leaves a tree, up to the byte that does."""
    known = {char if char.isalnum() else f"\\x{ord(char):02x}": node[char] for char in sorted(node)}
    ways = [f"[^{''.join(known)}]"]
    ways += [f"{char}{_other_than(below)}" for char, below in known.items() if below]
    return f"(?:{'|'.join(ways)})" if ways[1:] else ways[0]


def beginning(text: str, *, whole: bool) -> str | None:
    """The first run of a value that begins with a text, or is one; None where that says nothing."""
    first = _RUN.match(text)
    lowered = text.lower()
    if first is None or _NUMERIC.fullmatch(lowered):
        return None
    if any(each.startswith(lowered) for each in (*_WORDS, "infinity", _INFINITY)):
        return word(first[0]) if stands(first[0]) else None
    return f'"{word(first[0])}"' if whole and first[0] == text else f'"{word(first[0])}'


def ending(run: str) -> str:
    """A value that ends with a run."""
    lowered = run.lower()
    bare = any(each.endswith(lowered) for each in (*_WORDS, _INFINITY))
    return word(run) if bare else f'{word(run)}"'


def groups(packed: bytes) -> str:
    """The first groups of an IPv6 address, up to one that is zero, which ``::`` may stand for."""
    written: list[str] = []
    for at in range(0, min(len(packed), 12), 2):  # the last two may stand there as IPv4 does
        digits = packed[at : at + 2].hex().lstrip("0")
        if not digits:
            break
        zeros = 4 - len(digits) if written else 0
        written.append(f"0{{0,{zeros}}}{digits}" if zeros else digits)
    return "".join(f"{group}:" for group in written)


def stands(run: str) -> bool:
    """Whether a run stands in the bytes wherever it stands in the text of a value.

    Numbers may be written otherwise: 1e2 has the text ``100.0``.
    """
    lowered = run.lower()
    return bool(run) and not _NUMERIC.fullmatch(lowered) and lowered not in _INFINITY
