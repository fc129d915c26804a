"""Fetching over HTTP, from servers that may be hostile or taken over.

- Only ``https``. Plain ``http`` only to this machine, or when asked for: whoever stands on the way
  could put any indicator in, or take one out, and read the credentials.
- Redirects are followed by hand, five at most: never to another scheme, never from a public
  address to a private one or to this machine. Credentials stay with the server they are for.
- What is fetched has a limit in size and in time. It is kept as it comes; what is compressed is
  unpacked later in bounded memory, by :mod:`jumpsigma.intake.opening`.
- No message holds a query, a user name or a password of a URL.
"""

from __future__ import annotations

import logging
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intel.credentials import Credentials, origin_of

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 512 * 1024 * 1024
"""Bytes of one answer, as they come."""

MAX_SECONDS = 600.0
"""Seconds for one answer from its beginning to its end."""

MAX_SILENCE = 30.0
"""Seconds without a byte."""

MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HINTS = {
    401: "it wants credentials; see the environment variables in `jumpsigma intel pull --help`",
    403: "the credentials do not allow it",
    404: "is the address right?",
    406: "does it speak TAXII 2.1?",
    429: "too many requests; try again later",
}


class Scope(IntEnum):
    """Who can be at an address; a redirect may not go up."""

    PUBLIC = 0
    PRIVATE = 1
    OURSELVES = 2


@dataclass(slots=True)
class Fetched:
    """An answer of status 200 or 304 (then without content)."""

    status: int
    headers: Mapping[str, str]
    file: IO[bytes]
    """The content as it came, at its beginning. Closed with the :class:`Fetcher` at the latest."""


class Fetcher:
    """Fetches within the limits above; a context manager that closes all it has fetched."""

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        allow_http: bool = False,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """``allow_http`` is the user's word that the way to the server is safe."""
        self._credentials = credentials
        self._allow_http = allow_http
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._clients: dict[bool, httpx.Client] = {}
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            client.close()
        for file in self._files:
            file.close()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Fetch ``url``.

        :raises DiagnosticError: JS088 it is refused or fails, JS085 `httpx` is not installed.
        """
        httpx = _httpx(url)
        if params:
            try:
                url = str(httpx.URL(url).copy_merge_params(params))
            except (httpx.InvalidURL, ValueError):
                raise _refusal(url, "not a URL") from None
        deadline = time.monotonic() + self._max_seconds
        allowed = Scope.OURSELVES  # the user may name any server
        scheme = ""
        for _ in range(MAX_REDIRECTS + 1):
            is_direct, scope = self._checked(url, scheme, allowed)
            scheme = urlsplit(url).scheme.lower()
            try:
                with self._client(direct=is_direct).stream(
                    "GET", url, headers=self._headers(url, headers)
                ) as response:
                    if is_direct:
                        scope = _scope_of_peer(response, scope)
                    if scope > allowed:
                        raise _refusal(url, "it is redirected to a private address")
                    allowed = scope
                    if response.status_code in _REDIRECTS:
                        url = urljoin(url, response.headers.get("Location", ""))
                        continue
                    return self._received(url, response, deadline)
            except httpx.TimeoutException:
                raise _refusal(url, f"no answer within {MAX_SILENCE:.0f} s") from None
            except httpx.HTTPError as error:
                raise _refusal(url, f"the connection failed: {_reason(error)}") from None
            except (httpx.InvalidURL, ValueError):
                raise _refusal(url, "not a URL") from None
        raise _refusal(url, f"more than {MAX_REDIRECTS} redirects")

    def _checked(self, url: str, scheme_before: str, allowed: Scope) -> tuple[bool, Scope]:
        """Whether the host is asked directly, and its scope; refuses what may not be fetched."""
        try:
            parts = urlsplit(url)
            host, port, scheme = parts.hostname or "", parts.port, parts.scheme.lower()
        except ValueError:
            raise _refusal(url, "not a URL") from None
        if scheme not in ("https", "http"):
            if not scheme and not scheme_before:
                raise _refusal(url, "this is no URL", hint="it begins with https://")
            way = "it is redirected to" if scheme_before else "nothing is fetched over"
            raise _refusal(url, f"{way} {scheme or 'no scheme'!r}")
        if scheme_before and scheme != scheme_before:
            raise _refusal(url, f"it is redirected from {scheme_before} to {scheme}")
        if parts.username is not None or parts.password is not None:
            hint = "credentials come from the environment or the key ring"
            raise _refusal(url, "there are credentials in the URL", hint=hint)
        if not host:
            raise _refusal(url, "there is no host in the URL")
        is_direct = not _has_proxy(scheme, host)
        scopes = _scopes_of(url, host, port, resolve=is_direct)
        if max(scopes) > allowed:
            raise _refusal(url, "it is redirected to a private address")
        if min(scopes) is Scope.OURSELVES:
            is_direct = True
        elif scheme == "http" and not self._allow_http:
            hint = "use https; on the way anybody could change what plain http carries"
            raise _refusal(url, "plain http to another machine", hint=hint)
        elif scheme == "http" and self._credentials is not None:
            raise _refusal(url, "credentials are not sent over plain http")
        return is_direct, max(scopes)

    def _headers(self, url: str, headers: Mapping[str, str] | None) -> dict[str, str]:
        merged = {"Accept-Encoding": "gzip", **(headers or {})}
        if self._credentials is not None and origin_of(url) == self._credentials.origin:
            merged["Authorization"] = self._credentials.header
        return merged

    def _client(self, *, direct: bool) -> httpx.Client:
        if direct not in self._clients:
            import httpx

            from jumpsigma._version import __version__

            self._clients[direct] = httpx.Client(
                headers={"User-Agent": f"jumpsigma/{__version__}"},
                timeout=httpx.Timeout(MAX_SILENCE, connect=10.0),
                follow_redirects=False,
                trust_env=not direct,  # which is about proxies here
                verify=httpx.create_ssl_context(),  # of the environment's SSL_CERT_FILE, if set
            )
        return self._clients[direct]

    def _received(self, url: str, response: httpx.Response, deadline: float) -> Fetched:
        status = response.status_code
        if status not in (200, 304):
            raise _refusal(url, f"the server answers {status}", hint=_HINTS.get(status))
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise _refusal(url, "it is encoded in a way that was not asked for")
        file = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the fetcher
        self._files.append(file)
        size = 0
        for block in response.iter_raw():
            size += len(block)
            if size > self._max_bytes:
                raise _refusal(url, f"it is larger than {self._max_bytes / 1024**2:,.0f} MiB")
            if time.monotonic() > deadline:
                raise _refusal(url, f"it takes longer than {self._max_seconds:.0f} s")
            file.write(block)
        file.seek(0)
        return Fetched(status, dict(response.headers), file)


def shown_url(url: str) -> str:
    """A URL for messages: without user name, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "a URL"
    if not parts.scheme:
        return parts.path
    host = f"[{host}]" if ":" in host else host
    place = f"{host}:{port}" if port else host
    slashes = "//" if parts.netloc else ""
    return f"{parts.scheme}:{slashes}{place}{parts.path}{'?…' if parts.query else ''}"


def _httpx(url: str) -> Any:
    try:
        import httpx
    except ImportError as missing:
        hint = "pip install 'jumpsigma[intel]'"
        message = "fetching needs the package 'httpx'"
        raise DiagnosticError(
            Diagnostic("JS085", message, span=Span(shown_url(url)), hint=hint)
        ) from missing
    logger = logging.getLogger("httpx")
    if _without_query not in logger.filters:
        logger.addFilter(_without_query)
    return httpx


def _without_query(record: logging.LogRecord) -> bool:
    """The URLs that httpx logs, shortened: a query may hold a key."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            shown_url(str(arg)) if type(arg).__name__ == "URL" else arg for arg in record.args
        )
    return True


def _has_proxy(scheme: str, host: str) -> bool:
    proxies = getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and not proxy_bypass(host)


def _scopes_of(url: str, host: str, port: int | None, *, resolve: bool) -> set[Scope]:
    """The scopes that the host's addresses have; behind a proxy only what is evident."""
    try:
        return {_scope(ip_address(host.partition("%")[0]))}
    except ValueError:
        pass
    if host == "localhost" or host.endswith(".localhost"):
        return {Scope.OURSELVES}
    if not resolve:
        return {Scope.PUBLIC}
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _refusal(
            url, f"there is no host {host!r}", hint="is the name right, and the network there?"
        ) from None
    return {_scope(ip_address(str(each[4][0]).partition("%")[0])) for each in found}


def _scope_of_peer(response: httpx.Response, scope: Scope) -> Scope:
    """The scope of the address that answers: a name may have changed its meaning meanwhile."""
    stream = response.extensions.get("network_stream")
    address = None if stream is None else stream.get_extra_info("server_addr")
    return scope if not address else _scope(ip_address(str(address[0]).partition("%")[0]))


def _scope(address: IPv4Address | IPv6Address) -> Scope:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback or address.is_unspecified:
        return Scope.OURSELVES
    return Scope.PUBLIC if address.is_global and not address.is_multicast else Scope.PRIVATE


def _reason(error: Exception) -> str:
    # What TLS and the system say holds no URL; other texts of httpx may.
    text = str(error.__cause__ or "") or type(error).__name__
    return text if "//" not in text and "@" not in text else type(error).__name__


def _refusal(url: str, reason: str, *, hint: str | None = None) -> DiagnosticError:
    """Raise it ``from None``: what it comes from may show the URL as it is."""
    span = Span(shown_url(url))
    return DiagnosticError(Diagnostic("JS088", f"cannot fetch: {reason}", span=span, hint=hint))
