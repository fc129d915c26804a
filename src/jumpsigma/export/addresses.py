"""A network as a regular expression: every way to write an address that is in it (S354).

Most query languages have no addresses, or know only some of their spellings; nearly all have
regular expressions. What is written here uses groups, classes and counts only, which mean the same
in every dialect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

_MAPPED = int(IPv6Network("::ffff:0:0/96").network_address)
_DIGITS = "0123456789abcdef"
#: An index of the interface, which is ignored; it may hold anything but these two.
_ZONE = "(?:%[^%/]+)?"


def address_pattern(cidr: str) -> str:
    """The source of an expression, without anchors, for the whole text of an address.

    An IPv4 network has the IPv4-mapped IPv6 addresses too. Raises :class:`ValueError` for what
    is no network.
    """
    network = ip_network(cidr)
    if isinstance(network, IPv4Network):
        mapped = IPv6Network((_MAPPED | int(network.network_address), 96 + network.prefixlen))
        return f"(?:{_dotted(network)}|{_spellings(mapped)})"
    return _spellings(network)


def _spellings(network: IPv6Network) -> str:
    """All ways to write the addresses of a network: full, with ``::``, with an IPv4 tail."""
    groups = _groups(network)
    tail = _tail(network)
    written = [":".join(each.pattern for each in groups)]
    written += [":".join([*(each.pattern for each in groups[:6]), tail])]
    for start in range(8):
        for end in range(start + 1, 9):
            if all(each.has_zero for each in groups[start:end]):
                before = ":".join(each.pattern for each in groups[:start])
                after = [each.pattern for each in groups[end:]]
                written.append(f"{before}::{':'.join(after)}")
                if end <= 6:
                    after = [each.pattern for each in groups[end:6]]
                    written.append(f"{before}::{':'.join([*after, tail])}")
    return f"(?:{'|'.join(written)}){_ZONE}"


class _Group:
    """One of the eight groups: which numbers it may be."""

    def __init__(self, low: int, high: int) -> None:
        self.has_zero = low == 0
        self.pattern = _hexadecimal(low, high)


def _groups(network: IPv6Network) -> list[_Group]:
    low, high = int(network.network_address), int(network.broadcast_address)
    shifts = range(112, -1, -16)
    return [_Group(low >> shift & 0xFFFF, high >> shift & 0xFFFF) for shift in shifts]


def _hexadecimal(low: int, high: int) -> str:
    """The numbers of a range, with leading zeros or not, up to four digits."""
    if (low, high) == (0, 0xFFFF):
        return "[0-9a-fA-F]{1,4}"
    found = []
    for width in range(1, 5):
        # A range of a network is aligned: digits stay, then one varies, then all do.
        least, most = low, min(high, 16**width - 1)
        if least < 16**width:
            found.append(_digits(least, most, width))
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _digits(low: int, high: int, width: int) -> str:
    pattern = ""
    first = [low >> 4 * place & 15 for place in range(width - 1, -1, -1)]
    last = [high >> 4 * place & 15 for place in range(width - 1, -1, -1)]
    for least, most in zip(first, last, strict=True):
        pattern += _class(least, most)
    return pattern


def _class(low: int, high: int) -> str:
    letters = _DIGITS[low : high + 1]
    both = sorted({*letters, *letters.upper()})
    return both[0] if len(both) == 1 else f"[{''.join(both)}]"


def _tail(network: IPv6Network) -> str:
    """The last 32 bits as an IPv4 address."""
    prefix = max(network.prefixlen - 96, 0)
    return _dotted(IPv4Network((int(network.network_address) & 0xFFFFFFFF, prefix)))


def _dotted(network: IPv4Network) -> str:
    low, high = int(network.network_address), int(network.broadcast_address)
    shifts = range(24, -1, -8)
    numbers = [_decimal(low >> shift & 255, high >> shift & 255) for shift in shifts]
    return r"\.".join(numbers)


def _decimal(low: int, high: int) -> str:
    """The numbers of a range in decimal, without leading zeros."""
    if (low, high) == (0, 255):
        return "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    found = list(_tens(range(low, high + 1)))
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _tens(numbers: Sequence[int]) -> Iterator[str]:
    ends: dict[str, list[str]] = {}
    for number in numbers:
        text = str(number)
        ends.setdefault(text[:-1], []).append(text[-1])
    for start, last in ends.items():
        yield start + (last[0] if len(last) == 1 else f"[{last[0]}-{last[-1]}]")
