"""The expression for a network holds for exactly the texts that are addresses in it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumpsigma.export.addresses import address_pattern
from jumpsigma.interpret.values import satisfies
from jumpsigma.ir.nodes import Network

_MAPPED = 0xFFFF << 32


@st.composite
def _spelled(draw: st.DrawFn, address: IPv6Address) -> str:
    """One of the ways to write an IPv6 address, now and then with a mistake."""
    groups = [f"{int(address) >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    if draw(st.booleans()):
        groups = [group.zfill(draw(st.integers(1, 4))) for group in groups]
    if draw(st.booleans()):
        groups = [group.upper() for group in groups]
    if draw(st.booleans()):
        groups = [*groups[:6], str(IPv4Address(int(address) & 0xFFFFFFFF))]
    runs = [
        (start, end)
        for start in range(len(groups))
        for end in range(start + 1, len(groups) + 1)
        if all(set(group) == {"0"} for group in groups[start:end])
    ]
    text = ":".join(groups)
    if draw(st.booleans()) and runs:
        start, end = draw(st.sampled_from(runs))
        text = f"{':'.join(groups[:start])}::{':'.join(groups[end:])}"
    return text + draw(st.sampled_from(["", "", "", "", "%eth0", "%", "%a%b", "%1/2", " ", ":"]))


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, str]:
    """A network and a text that is in it, or nearly."""
    if draw(st.booleans()):
        bits, base = 32, draw(st.integers(0, 2**32 - 1))
    else:
        starts = st.sampled_from([0, _MAPPED, 0x2001_0DB8 << 96])
        bits, base = 128, draw(starts) | draw(st.integers(0, 2**32 - 1))
    prefix = draw(st.integers(0, bits))
    kept = base >> (bits - prefix) << (bits - prefix)
    address = kept | draw(st.integers(0, 2 ** (bits - prefix) - 1))
    address ^= draw(st.sampled_from([0, 0, 1])) << draw(st.integers(0, bits - 1))
    if bits == 128:
        text = draw(_spelled(IPv6Address(address)))
        return str(IPv6Network((kept, prefix))), text
    plain = str(IPv4Address(address))
    texts = st.one_of(
        st.sampled_from([plain, f"0{plain}", f"{plain}.1", f"{plain}\n", plain[:-1]]),
        _spelled(IPv6Address(_MAPPED | address)),
    )
    return str(IPv4Network((kept, prefix))), draw(texts)


@settings(max_examples=500, deadline=None)
@given(_cases())
def test_a_network_is_an_expression(case: tuple[str, str]) -> None:
    cidr, text = case
    found = re.fullmatch(address_pattern(cidr), text, re.ASCII) is not None
    assert found == satisfies(Network(cidr), text)


@pytest.mark.parametrize(
    ("cidr", "pattern"),
    [
        ("192.0.2.44/32", r"192\.0\.2\.44"),
        ("198.51.100.0/24", r"198\.51\.100\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"),
        ("10.16.0.0/12", r"10\.(?:1[6-9]|2[0-9]|3[0-1])\."),
    ],
)
def test_an_ipv4_network_is_short_to_read(cidr: str, pattern: str) -> None:
    assert address_pattern(cidr).startswith(f"(?:{pattern}")
