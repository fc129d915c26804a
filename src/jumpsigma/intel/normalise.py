"""One spelling for each indicator, whatever a feed wrote.

A domain, address, URL, hash or e-mail address may be written in many ways, and defanged so that
nobody clicks on it. :func:`normalise` gives the one spelling that the store keeps; it changes
nothing in what is normalised already. The sentences, by kind:

- **all**: space around it goes. It is refanged: ``hxxp``, ``[.]``, ``(.)``, ``{.}``, ``[dot]``,
  ``[:]``, ``[://]``, ``[/]``, ``[@]``, ``[at]``.
- **domain**: lower case; a dot at the end goes, ``*.`` or ``.`` at the beginning too, for a domain
  stands for what is below it; other scripts become punycode as browsers do it (UTS #46,
  nontransitional). Labels are 1 to 63 characters of ``a-z 0-9 - _``, 253 in all (RFC 1035).
- **ip**: the canonical text of RFC 5952; IPv4 in IPv6 (``::ffff:192.0.2.1``) is IPv4. Leading zeros
  are refused: some programs read them as octal.
- **cidr**: host bits are cleared; a network of one address is an **ip**; a network of every
  address is refused, for it would fire on everything.
- **url**: scheme and host in lower case, the host as a domain or address; the scheme's own port
  and the fragment go; an empty path is ``/``; characters outside ASCII are percent-encoded.
  Path and query keep their case.
- **hash**: MD5, SHA-1, SHA-256 or SHA-512 by its length, lower case.
- **email**: lower case, the domain as a domain.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, assert_never
from urllib.parse import quote

from jumpsigma.intel.model import Kind

MAX_LENGTH: Final = 8192
"""Characters of a value; browsers and proxies cut URLs earlier."""

_FANGS: Final = re.compile(r"[\[({](://|[.:/@])[\])}]")
_WORDY_FANGS: Final = re.compile(r"[\[({](dot|at)[\])}]", re.IGNORECASE)
_FANG: Final = {"dot": ".", "at": "@"}
_AUTHORITY: Final = re.compile(r"[^:/]*://[^/]*|[^/]*")  # of a URL; else up to the first slash
_SCHEME: Final = re.compile(r"h(?:xx|\*\*)p(?=s?://)", re.IGNORECASE)
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^#]*)", re.IGNORECASE | re.ASCII)
_HOST_AND_PORT: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?", re.ASCII)
_PORTS: Final = {"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443}
_DOMAIN: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")  # the last label is one
_QUAD: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}", re.ASCII)
_HASH: Final = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}", re.IGNORECASE | re.ASCII
)
_LOCAL_PART: Final = re.compile(r'[^@"(),:;<>\[\\\]]{1,64}')
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


class NotAnIndicatorError(ValueError):
    """A value has no normal form; the text says why, in words that follow the value."""


def normalise(text: str, kind: Kind | None = None) -> tuple[Kind, str]:
    """The kind of a value and its one spelling, at most :data:`MAX_LENGTH` characters.

    Without ``kind`` it is told from the value. With it, the value must be of that kind; ``ip`` and
    ``cidr`` stand for each other, and the answer says which it is.

    Raises :class:`NotAnIndicatorError` with the reason.
    """
    text = text.strip()
    if not text:
        raise NotAnIndicatorError("is empty")
    if len(text) > MAX_LENGTH:
        raise NotAnIndicatorError(f"is longer than {MAX_LENGTH} characters")
    if " " in text or not text.isprintable():
        raise NotAnIndicatorError("has spaces or control characters in it")
    text = refang(text)
    match kind or _kind_of(text):
        case Kind.DOMAIN:
            return Kind.DOMAIN, _domain(text, told=kind is not None)
        case Kind.IP | Kind.CIDR:
            return _address(text)
        case Kind.URL:
            return Kind.URL, _url(text)
        case Kind.HASH:
            if not _HASH.fullmatch(text):
                raise NotAnIndicatorError("is no MD5, SHA-1, SHA-256 or SHA-512")
            return Kind.HASH, text.lower()
        case Kind.EMAIL:
            return Kind.EMAIL, _email(text)
        case never:
            assert_never(never)


def refang(text: str) -> str:
    """The text with what made it harmless to click on taken out again.

    ``[dot]`` and ``[at]`` are only undone where no path is: there they may be meant.
    """
    while True:  # "[[.]]" needs two rounds, and the answer must be one that stays
        plain = text
        if "[" in text or "(" in text or "{" in text:
            plain = _FANGS.sub(r"\1", plain)
            end = _end_of_authority(plain)
            head = _WORDY_FANGS.sub(lambda fang: _FANG[fang[1].lower()], plain[:end])
            plain = head + plain[end:]
        if plain[:1] in "hH":
            plain = _SCHEME.sub("http", plain, count=1) if _SCHEME.match(plain) else plain
        if plain == text:
            return text
        text = plain


def domains_above(domain: str) -> list[str]:
    """A normalised domain and each domain that it is below, longest first."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def host_of(url: str) -> str:
    """The host of a normalised URL: a domain or an address."""
    authority = url.partition("://")[2].partition("/")[0]
    host = authority.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def networks_around(value: str) -> list[str]:
    """The normalised networks that a normalised address or network is in, smallest first."""
    inner = ip_network(value)
    return [str(inner.supernet(new_prefix=length)) for length in range(inner.prefixlen - 1, 0, -1)]


def _end_of_authority(text: str) -> int:
    found = _AUTHORITY.match(text)
    return len(text) if found is None else found.end()


def _kind_of(text: str) -> Kind:
    if "://" in text:
        return Kind.URL
    if "@" in text:
        return Kind.EMAIL
    if _HASH.fullmatch(text):
        return Kind.HASH
    host = text.partition("/")[0]
    if _QUAD.fullmatch(host) or host.count(":") > 1:
        return Kind.IP
    if host != text:
        raise NotAnIndicatorError("is a URL without its scheme, such as https://")
    if ":" in text:
        raise NotAnIndicatorError("has a port; give the host alone, or a URL")
    return Kind.DOMAIN


def _domain(text: str, *, told: bool) -> str:
    name = _to_ascii(text)
    below = name.removeprefix("*.").removeprefix(".")
    domain = _checked(below.removesuffix("."))
    if "." not in domain and not told and below == name:
        raise NotAnIndicatorError("is one word: no domain, address, URL, hash or e-mail address")
    return domain


def _checked(domain: str) -> str:
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        raise NotAnIndicatorError("is no domain")
    if _NUMBER.fullmatch(domain):  # browsers read it as an address, or as nothing
        raise NotAnIndicatorError("is neither an address nor a domain")
    return domain


def _to_ascii(name: str) -> str:
    """The name in lower case, labels of other scripts in punycode.

    Nothing is refused that a browser would look up, such as emoji, which IDNA 2008 forbids:
    attackers register what works.
    """
    if name.isascii():
        return name.lower()
    import idna

    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        return ".".join(
            label if label.isascii() else "xn--" + label.encode("punycode").decode()
            for label in mapped.split(".")
        )
    except (idna.IDNAError, UnicodeError):
        raise NotAnIndicatorError("has characters that no domain may have") from None


def _address(text: str) -> tuple[Kind, str]:
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if "%" in text:
        raise NotAnIndicatorError("has a zone, which means something on one machine only")
    try:
        if "/" not in text:
            address = ip_address(text)
            mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
            return Kind.IP, str(mapped or address)
        network = ip_network(text, strict=False)
        first = network.network_address
        if isinstance(first, IPv6Address) and first.ipv4_mapped and network.prefixlen >= 96:
            network = ip_network(f"{first.ipv4_mapped}/{network.prefixlen - 96}")
    except ValueError:
        if any(len(part) > 1 and part[0] == "0" for part in text.partition("/")[0].split(".")):
            raise NotAnIndicatorError("has leading zeros, which some read as octal") from None
        raise NotAnIndicatorError("is no IP address or network") from None
    if network.prefixlen == 0:
        raise NotAnIndicatorError("is every address there is")
    if network.num_addresses == 1:
        return Kind.IP, str(network.network_address)
    return Kind.CIDR, str(network)


def _url(text: str) -> str:
    found = _URL.match(text)
    if found is None:
        raise NotAnIndicatorError("is no URL with a scheme, such as https://")
    scheme = found[1].lower()
    user, at, host_and_port = found[2].rpartition("@")
    parts = _HOST_AND_PORT.fullmatch(host_and_port)
    if "\\" in found[2]:  # to a browser it ends the host, to others it does not
        raise NotAnIndicatorError("is a URL with a backslash in its host")
    if parts is None or not parts[1] or len(parts[2] or "") > 5:
        raise NotAnIndicatorError("is a URL without a host that can be read")
    port = int(parts[2]) if parts[2] else None
    shown = "" if port is None or port == _PORTS.get(scheme) else f":{port}"
    path = found[3] if found[3].startswith("/") else "/" + found[3]
    url = f"{scheme}://{_encoded(user)}{at}{_url_host(parts[1])}{shown}{_encoded(path)}"
    if len(url) > MAX_LENGTH:
        raise NotAnIndicatorError(f"is longer than {MAX_LENGTH} characters")
    return url


def _url_host(text: str) -> str:
    if text.startswith("["):
        _, address = _address(text)  # no network: a host has no slash
        return f"[{address}]" if ":" in address else address
    if _QUAD.fullmatch(text):
        return _address(text)[1]
    return _checked(_to_ascii(text).removesuffix("."))


def _encoded(text: str) -> str:
    return text if text.isascii() else quote(text, safe=_ASCII)


def _email(text: str) -> str:
    if text[:7].lower() == "mailto:":
        text = text[7:]
    local, _, domain = text.rpartition("@")
    if not _LOCAL_PART.fullmatch(local):
        raise NotAnIndicatorError("is no e-mail address")
    return f"{local.lower()}@{_checked(_to_ascii(domain).removesuffix('.'))}"
