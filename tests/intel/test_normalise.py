"""One spelling for each indicator."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.intel.model import Kind
from jumpsigma.intel.normalise import (
    MAX_LENGTH,
    NotAnIndicatorError,
    domains_above,
    host_of,
    networks_around,
    normalise,
    refang,
)

DOMAIN, IP, CIDR, URL, HASH, EMAIL = Kind

MD5 = "0123456789abcdef" * 2
SHA512 = "0123456789abcdef" * 8
LABEL = "a" * 63


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        # domains
        ("evil.example", DOMAIN, "evil.example"),
        ("  EVIL.Example\t", DOMAIN, "evil.example"),
        ("evil.example.", DOMAIN, "evil.example"),
        ("*.evil.example", DOMAIN, "evil.example"),
        (".evil.example", DOMAIN, "evil.example"),
        ("*.onion", DOMAIN, "onion"),
        (".onion", DOMAIN, "onion"),
        ("evil[.]example", DOMAIN, "evil.example"),
        ("evil(.)example", DOMAIN, "evil.example"),
        ("evil{.}example", DOMAIN, "evil.example"),
        ("evil[dot]sub(DOT)example", DOMAIN, "evil.sub.example"),
        ("evil[[.]]example", DOMAIN, "evil.example"),
        ("_dmarc.evil.example", DOMAIN, "_dmarc.evil.example"),
        ("-a-.example", DOMAIN, "-a-.example"),
        ("xn--TDA.example", DOMAIN, "xn--tda.example"),
        ("ü.example", DOMAIN, "xn--tda.example"),
        ("Ü.EXAMPLE", DOMAIN, "xn--tda.example"),
        ("u\u0308.example", DOMAIN, "xn--tda.example"),  # decomposed
        ("straße.example", DOMAIN, "xn--strae-oqa.example"),  # IDNA 2003 made it strasse
        ("evil\u3002example", DOMAIN, "evil.example"),  # an ideographic full stop
        ("\uff45vil.example", DOMAIN, "evil.example"),  # a fullwidth letter
        ("\N{PILE OF POO}.example", DOMAIN, "xn--ls8h.example"),  # browsers look it up
        (f"{LABEL}.example", DOMAIN, f"{LABEL}.example"),
        (".".join(["a" * 49] * 5), DOMAIN, ".".join(["a" * 49] * 5)),
        # addresses
        ("192.0.2.1", IP, "192.0.2.1"),
        ("192[.]0[.]2[.]1", IP, "192.0.2.1"),
        ("2001:DB8:0:0::1", IP, "2001:db8::1"),
        ("2001[:]db8[:][:]1", IP, "2001:db8::1"),
        ("[2001:db8::1]", IP, "2001:db8::1"),
        ("::ffff:192.0.2.1", IP, "192.0.2.1"),
        ("::FFFF:C000:0201", IP, "192.0.2.1"),
        ("2001:db8::192.0.2.1", IP, "2001:db8::c000:201"),
        # networks
        ("192.0.2.0/24", CIDR, "192.0.2.0/24"),
        ("192.0.2.77/24", CIDR, "192.0.2.0/24"),
        ("192.0.2.0[/]24", CIDR, "192.0.2.0/24"),
        ("192.0.2.0/255.255.255.0", CIDR, "192.0.2.0/24"),
        ("192.0.2.1/32", IP, "192.0.2.1"),
        ("2001:db8::1/128", IP, "2001:db8::1"),
        ("2001:DB8::1/32", CIDR, "2001:db8::/32"),
        ("::ffff:192.0.2.0/120", CIDR, "192.0.2.0/24"),
        ("::ffff:192.0.2.1/128", IP, "192.0.2.1"),
        ("128.0.0.0/1", CIDR, "128.0.0.0/1"),
        # URLs
        ("https://evil.example/a", URL, "https://evil.example/a"),
        ("HXXPS://EVIL.Example/Path?Q=A#top", URL, "https://evil.example/Path?Q=A"),
        ("hxxp[://]evil[.]example/a[.]php", URL, "http://evil.example/a.php"),
        ("hxxp[:]//evil.example", URL, "http://evil.example/"),
        ("h**ps://evil.example", URL, "https://evil.example/"),
        ("http://evil.example:80", URL, "http://evil.example/"),
        ("https://evil.example:443/", URL, "https://evil.example/"),
        ("https://evil.example:80/", URL, "https://evil.example:80/"),
        ("http://evil.example:/", URL, "http://evil.example/"),
        ("http://evil.example:08080/", URL, "http://evil.example:8080/"),
        ("ftp://evil.example:21/x", URL, "ftp://evil.example/x"),
        ("tcp://192.0.2.1:4444", URL, "tcp://192.0.2.1:4444/"),
        ("http://evil.example?q=1", URL, "http://evil.example/?q=1"),
        ("http://evil.example./", URL, "http://evil.example/"),
        ("http://ü.example/ü?ü", URL, "http://xn--tda.example/%C3%BC?%C3%BC"),
        ("http://user:pw@evil.example/", URL, "http://user:pw@evil.example/"),
        ("http://[2001:DB8::1]:8080/", URL, "http://[2001:db8::1]:8080/"),
        ("http://[::ffff:192.0.2.1]/", URL, "http://192.0.2.1/"),
        ("http://localhost/", URL, "http://localhost/"),
        ("http://evil.example/x(at)y[dot]z", URL, "http://evil.example/x(at)y[dot]z"),
        ("http://evil.example/%7e%2F", URL, "http://evil.example/%7e%2F"),
        # hashes
        (MD5.upper(), HASH, MD5),
        (MD5 + "01234567", HASH, MD5 + "01234567"),
        (MD5 * 2, HASH, MD5 * 2),
        (SHA512.upper(), HASH, SHA512),
        # e-mail addresses
        ("Bad@EVIL.example", EMAIL, "bad@evil.example"),
        ("bad[at]evil[dot]example", EMAIL, "bad@evil.example"),
        ("bad[@]evil[.]example.", EMAIL, "bad@evil.example"),
        ("mailto:bad@evil.example", EMAIL, "bad@evil.example"),
        ("bad@ü.example", EMAIL, "bad@xn--tda.example"),
        ("a+b'c@evil.example", EMAIL, "a+b'c@evil.example"),
    ],
)
def test_a_value_has_one_spelling(text: str, kind: Kind, value: str) -> None:
    assert normalise(text) == (kind, value)
    assert normalise(text, kind) == (kind, value)
    assert normalise(value, kind) == (kind, value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("evil example", "has spaces"),
        ("evil.exa\x00mple", "control characters"),
        ("evil.\u202eexample", "control characters"),
        ("\ud800.example", "control characters"),
        ("a" * (MAX_LENGTH + 1), "is longer than"),
        ("onion", "is one word"),
        ("evil..example", "is no domain"),
        ("..example", "is no domain"),
        ("*evil.example", "is no domain"),
        ("evil.*.example", "is no domain"),
        ("evil!.example", "is no domain"),
        ("evil\N{REPLACEMENT CHARACTER}.example", "characters that no domain may have"),
        (f"a{LABEL}.example", "is no domain"),
        (".".join(["a" * 50] * 5), "is no domain"),
        ("1.2.3", "neither an address nor a domain"),
        ("evil.0x7f", "neither an address nor a domain"),
        ("evil.example/a", "without its scheme"),
        ("evil.example:80", "has a port"),
        ("192.0.2.1:80", "has a port"),
        ("256.0.2.1", "is no IP address"),
        ("192.0.2.01", "leading zeros"),
        ("010.0.0.0/8", "leading zeros"),
        ("192.0.2.0/33", "is no IP address or network"),
        ("192.0.2.1/", "is no IP address or network"),
        ("2001:db8::g", "is no IP address"),
        ("fe80::1%eth0", "has a zone"),
        ("0.0.0.0/0", "is every address"),
        ("::/0", "is every address"),
        ("::ffff:0:0/96", "is every address"),
        ("http://", "without a host"),
        ("http:///x", "without a host"),
        ("http://evil.example:port/", "without a host"),
        ("http://evil.example:123456/", "without a host"),
        ("http://[192.0.2.0/24]/", "without a host"),
        ("http://evil.example\\@good.example/", "a backslash"),
        ("http://%65vil.example/", "is no domain"),
        ("://evil.example", "is no URL"),
        ("http://evil.example/" + "ü" * (MAX_LENGTH // 4), "is longer than"),
        ("@evil.example", "is no e-mail address"),
        ("a@b@evil.example", "is no e-mail address"),
        ("bad@", "is no domain"),
    ],
)
def test_what_has_no_normal_form_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotAnIndicatorError, match=reason):
        normalise(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("onion", DOMAIN, "onion"),
        ("192.0.2.0/24", IP, "192.0.2.0/24"),
        ("192.0.2.1", CIDR, "192.0.2.1"),
        (MD5, DOMAIN, MD5),
    ],
)
def test_a_kind_that_was_told_decides(text: str, kind: Kind, value: str) -> None:
    assert normalise(text, kind)[1] == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("192.0.2.1", DOMAIN),
        ("evil.example", IP),
        ("evil.example", URL),
        ("evil.example", HASH),
        (MD5[:-1], HASH),
        ("evil.example", EMAIL),
        ("https://evil.example/", DOMAIN),
    ],
)
def test_a_value_of_another_kind_is_refused(text: str, kind: Kind) -> None:
    with pytest.raises(NotAnIndicatorError):
        normalise(text, kind)


PIECES = st.sampled_from(
    ["evil", "example", ".", "[.]", "[", "]", "(", ")", "(dot)", "[at]", "@", "://", "[:]", ":",
     "/", "#", "?", "hxxp", "http", "*.", "192.0.2.1", "24", "::", "ffff", "ü", "\u3002", "%", "0x",
     "mailto:", "{", "}", "at", "dot", "\u0130", "\u03a3", MD5, "-", "80", "\\"]
)  # fmt: skip


@given(
    st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=30),
    st.none() | st.sampled_from(Kind),
)
def test_normalising_twice_changes_nothing(text: str, kind: Kind | None) -> None:
    try:
        found, value = normalise(text, kind)
    except NotAnIndicatorError:
        return
    assert normalise(value, found) == (found, value)
    assert len(value) <= MAX_LENGTH
    assert value.isascii() or found is EMAIL
    assert refang(value) == value


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
def test_each_network_around_an_address_has_it(address: IPv4Address | IPv6Address) -> None:
    _, value = normalise(str(address))
    bits = 128 if ":" in value else 32
    assert networks_around(value) == [
        normalise(f"{value}/{length}")[1] for length in range(bits - 1, 0, -1)
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://evil.example/a:b@c", "evil.example"),
        ("http://u:p@evil.example:8080/", "evil.example"),
        ("http://[2001:db8::1]:8080/", "2001:db8::1"),
        ("http://192.0.2.1/", "192.0.2.1"),
    ],
)
def test_a_url_has_a_host(url: str, host: str) -> None:
    assert normalise(url) == (URL, url)
    assert host_of(url) == host


def test_a_domain_is_below_each_of_its_parents() -> None:
    assert domains_above("a.b.example") == ["a.b.example", "b.example", "example"]
