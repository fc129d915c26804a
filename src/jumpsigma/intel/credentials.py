"""Who we are to a server: from the environment or the key ring, never from an argument.

Arguments stand in process lists and shell histories. For ``intel pull`` the environment has

- ``JUMPSIGMA_TAXII_TOKEN``, sent as ``Authorization: Bearer …``; a value of two words, such as
  ``Token 0123``, is sent as it is; or
- ``JUMPSIGMA_TAXII_USER`` and ``JUMPSIGMA_TAXII_PASSWORD``, sent as HTTP basic authentication.

With the name of a host behind it, such as ``JUMPSIGMA_TAXII_TOKEN_TAXII_EXAMPLE_COM``, a variable
is for that host alone and comes first. For ``intel add URL`` they are called ``JUMPSIGMA_FEED_…``
and need the host, because one command may name feeds of several. Else the key ring is asked, when
the package ``keyring`` is installed: service ``jumpsigma:<host>``, a user name and a password, or
the user name ``token`` and a token.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import os
import re
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from jumpsigma.diagnostics import Diagnostic, DiagnosticError

Purpose = Literal["TAXII", "FEED"]

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The value of an ``Authorization`` header, and the only place that may see it."""

    header: str = field(repr=False)
    origin: str
    """``https://host:port``."""
    where: str
    """Where they were found, for messages."""


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL. :raises ValueError: it has a port that is no number."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return f"{scheme}://{parts.hostname or ''}:{parts.port or _DEFAULT_PORTS.get(scheme, 0)}"


def credentials_for(url: str, purpose: Purpose) -> Credentials | None:
    """What there is for the server of ``url``; None when there is nothing.

    :raises DiagnosticError: JS090, what there is contradicts itself or cannot be sent.
    """
    host = urlsplit(url).hostname or ""
    tail = "_" + re.sub(r"[^A-Z0-9]", "_", host.upper())
    for end in (tail, "") if purpose == "TAXII" else (tail,):
        names = [f"JUMPSIGMA_{purpose}_{what}{end}" for what in ("TOKEN", "USER", "PASSWORD")]
        token, user, password = (os.environ.get(name) or None for name in names)
        if token and (user or password):
            raise _wrong(f"{names[0]} and {names[1]} are both set", "unset one of them")
        if token:
            return Credentials(_bearer(token, names[0]), origin_of(url), names[0])
        if user and password:
            return Credentials(_basic(user, password, names[1]), origin_of(url), names[1])
        if user or password:
            missing = names[2] if user else names[1]
            raise _wrong(f"{missing} is not set", "a user name needs a password, and the reverse")
    return _from_key_ring(url, host)


def _from_key_ring(url: str, host: str) -> Credentials | None:
    if importlib.util.find_spec("keyring") is None:
        return None
    service = f"jumpsigma:{host}"
    keyring: Any = importlib.import_module("keyring")
    try:
        found = keyring.get_credential(service, None)
    except Exception:  # noqa: BLE001 # a key ring that is locked or not there has nothing for us
        return None
    if found is None or not found.password:
        return None
    if found.username == "token":
        return Credentials(_bearer(found.password, service), origin_of(url), service)
    return Credentials(
        _basic(found.username or "", found.password, service), origin_of(url), service
    )


def _bearer(token: str, where: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise _wrong(f"{where} holds characters that cannot be sent", "was it copied whole?")
    return token if " " in token else f"Bearer {token}"


def _basic(user: str, password: str, where: str) -> str:
    if ":" in user:
        raise _wrong(f"the user name of {where} has a colon in it", "RFC 7617 does not allow it")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _wrong(message: str, hint: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("JS090", message, hint=hint))
