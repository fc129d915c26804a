"""How KQL writes texts, numbers, patterns and regular expressions.

Sources: string literals https://learn.microsoft.com/kusto/query/scalar-data-types/string, regular
expressions https://learn.microsoft.com/kusto/query/regex (the dialect of Rust's ``regex``; it was
RE2's until 2024, and what is written here means the same in both).
"""

from __future__ import annotations

import re
from ipaddress import IPv6Network, ip_network
from typing import Final

from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.interpret.values import satisfies
from jumpsigma.ir.nodes import Regex, Text, Wildcard
from jumpsigma.ir.regex import source_of

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: What YAML takes for the end of a line.
_BREAKS: Final = "\x7f\x85\u2028\u2029"
#: Classes that are of all Unicode in Rust and of ASCII in RE2, outside of brackets and within.
_CLASSES: Final = {
    "d": ("[0-9]", "0-9"),
    "D": ("[^0-9]", None),
    "w": ("[0-9A-Za-z_]", "0-9A-Za-z_"),
    "W": ("[^0-9A-Za-z_]", None),
    "s": (r"[\t\n\f\r ]", r"\t\n\f\r "),
    "S": (r"[^\t\n\f\r ]", None),
}
#: Signs that a backslash makes literal; Rust has other meanings for some others, as `\<`.
_SIGNS: Final = frozenset("\\.+*?()|[]{}^$-&~")
#: Letters behind a backslash that mean the same in both.
_SAME: Final = frozenset("aftnrvAzxpP")
_PIECE: Final = re.compile(
    r"\\[pP]\{\^?\w+\}|\\x\{\w+\}|\\.|\[:\^?\w+:\]|\{\d+(?:,\d*)?\}|.", re.DOTALL
)
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def literal(text: str) -> str:
    """A text in double quotes."""
    for character in text:
        if (ord(character) < 32 or character in _BREAKS) and character not in _ESCAPES:
            raise CannotSayError("a text with a control character")
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def verbatim(source: str) -> str:
    """A regular expression, in which backslashes stand as they are."""
    for character, name in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        source = source.replace(character, name)
    if any(ord(character) < 32 or character in _BREAKS for character in source):
        raise CannotSayError("a regular expression with a control character")
    doubled = source.replace('"', '""')
    return f'@"{doubled}"'


def number(value: float) -> str:
    """A number as a literal of the type long or real."""
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise CannotSayError("an integer beyond 64 bits")
        return str(value)
    return f"real({value!r})" if "e" in repr(value) else repr(value)


def needs_lower(text: str) -> bool:
    """Whether both sides have to be lowered, for operators without case know letters of ASCII only.

    Raises :class:`CannotSayError` for a letter of which the two cases are no pair by themselves.
    """
    letters = [c for c in text if not c.isascii() and (c.lower() != c or c.upper() != c)]
    for letter in letters:
        low, up = letter.lower(), letter.lower().upper()
        if letter not in (low, up) or len(low) + len(up) > 2 or up.lower() != low or low in "σς":
            raise CannotSayError(f"{letter!r} in any case: it is not one of two letters")
    return bool(letters)


def compared(value: str, text: Text) -> str:
    """A condition: an expression of the type string satisfies a text of the rule (S301-S305)."""
    match text.parts:
        case ():
            return f'{value} == ""'
        case (str() as whole,):
            sign = "=="
        case (str() as whole, Wildcard.MANY):
            sign = "startswith_cs"
        case (Wildcard.MANY, str() as whole):
            sign = "endswith_cs"
        case (Wildcard.MANY, str() as whole, Wildcard.MANY):
            sign = "contains_cs"
        case _:
            return _fits(value, text)
    if text.cased:
        return f"{value} {sign} {literal(whole)}"
    if needs_lower(whole):
        return f"tolower({value}) {sign} {literal(whole.lower())}"
    return f"{value} {'=~' if sign == '==' else sign.removesuffix('_cs')} {literal(whole)}"


def _fits(value: str, text: Text) -> str:
    """By an expression, for a text with wildcards within."""
    letters = "".join(part for part in text.parts if isinstance(part, str))
    lower = not text.cased and needs_lower(letters)
    written = []
    for part in text.parts:
        match part:
            case str():
                written.append(_literal(part.lower() if lower else part))
            case Wildcard():
                written.append(".*" if part is Wildcard.MANY else ".")
            case _:  # lists are bound before
                raise AssertionError(part)
    flags, source = "s" if text.cased or lower else "is", "".join(written)
    value = f"tolower({value})" if lower else value
    return f"{value} matches regex {verbatim(f'(?{flags})^{source}$')}"


def _literal(text: str) -> str:
    return "".join("\\" + c if c in _SIGNS and c not in "-&~" else c for c in text)


def fits_empty(value: Text | Regex) -> bool:
    """Whether an empty text satisfies it."""
    return satisfies(value, "")


def regex(value: Regex) -> str:
    """An expression of RE2 in what both dialects have.

    Raises :class:`CannotSayError` for what one of them has not, or has with another meaning.
    """
    written: list[str] = []
    in_class = False
    opened = -1  # where a bracket stands for itself
    for match in _PIECE.finditer(source_of(value)):
        piece = match[0]
        if piece[0] == "\\":
            written.append(_escaped(piece[1:], in_class=in_class))
        elif not in_class:
            in_class, opened = piece == "[", match.end()
            written.append(r"\{" if piece == "{" else piece)  # RE2 takes it for itself
        elif piece == "^" and match.start() == opened:
            opened = match.end()
            written.append(piece)
        elif piece == "]" and match.start() != opened:
            in_class = False
            written.append(piece)
        else:
            if piece in "&~-" and written[-1] == piece:
                raise CannotSayError(f"a regular expression with {piece * 2!r} in brackets")
            written.append("\\" + piece if piece in "[]" else piece)
    return verbatim("".join(written))


def _escaped(character: str, *, in_class: bool) -> str:
    if character in _CLASSES:
        found = _CLASSES[character][in_class]
        if found is None:
            raise CannotSayError(rf"a regular expression with \{character} in brackets")
        return found
    if (character[0] in _SAME and "^" not in character) or character in _SIGNS:
        return "\\" + character
    if len(character) == 1 and not character.isalnum():
        return character
    if character in "bB":
        raise CannotSayError(
            rf"a regular expression with \{character}: its words have letters of all scripts"
        )
    raise NotWrittenError(rf"a regular expression with \{character}")


def in_network(address: str, cidr: str) -> str:
    """A condition: what ``parse_ipv6`` gives is an address of a network (S354)."""
    network = ip_network(cidr)
    if network.version == 4:
        base = int(_MAPPED.network_address) | int(network.network_address)
        network = IPv6Network((base, 96 + network.prefixlen))
    elif network.overlaps(_MAPPED):
        raise NotWrittenError(f"the network {cidr}, in which there are IPv4-mapped addresses")
    digits, bits = divmod(network.prefixlen, 4)
    spelled = network.network_address.exploded
    if not network.prefixlen:
        return f"isnotempty({address})"
    end = digits + max(digits - 1, 0) // 4 if digits else 0
    if not bits:
        return f"{address} startswith {literal(spelled[:end])}"
    end = digits + digits // 4  # with the colon before the digit that counts in part
    first = int(spelled[end], 16)
    last = first | (1 << (4 - bits)) - 1
    return f'{address} matches regex @"^{spelled[:end]}{_digits(first, last)}"'


def _digits(first: int, last: int) -> str:
    return f"[{''.join(f'{each:x}' for each in range(first, last + 1))}]"
