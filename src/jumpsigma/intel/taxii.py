"""Pulling indicators from a TAXII 2.1 server (OASIS, 2021).

`taxii2-client` speaks the protocol; what goes over the wire goes through
:class:`~jumpsigma.intel.fetch.Fetcher`, so that its limits on redirects, size and time hold here
too, and credentials reach the server that they are for and no other. Pages are read as any STIX
content: what is malformed takes nothing else with it.

All pages are fetched before the store is touched. What was added last is kept per collection, in
the transaction that adds it, and the next pull asks for what came later.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.intel.credentials import credentials_for, origin_of
from jumpsigma.intel.fetch import Fetched, Fetcher, shown_url
from jumpsigma.intel.model import AddResult, Entry
from jumpsigma.intel.readers import Content, Problems, told_between
from jumpsigma.intel.readers.fields import clean, to_moment
from jumpsigma.intel.readers.problems import shown
from jumpsigma.intel.readers.stix import read_stix
from jumpsigma.intel.readers.walk import DamagedError, Walk
from jumpsigma.intel.results import summed
from jumpsigma.intel.store import Store

MAX_PAGES = 10_000
"""Pages of one pull. A server that always has one more is not followed for ever."""

MAX_PAGE_BYTES = 128 * 1024 * 1024

MAX_PULL_BYTES = 4 * 1024 * 1024 * 1024

PAGE_SIZE = 1000
"""Objects asked for at a time; a server may give fewer."""

_MEDIA_TYPE = "application/taxii+json"
_MAX_RESOURCE = 4 * 1024 * 1024  # bytes of what describes a server, a root or its collections
_MAX_NAMES = 10_000
_DATE_ADDED_LAST = "x-taxii-date-added-last"


def pull(
    store: Store,
    server: str,
    collection: str | None = None,
    *,
    allow_http: bool = False,
    source: str | None = None,
    origin: str | None = None,
    list: str | None = None,  # noqa: A002 # what everybody calls it
    keep_sources: bool = True,
    tags: Iterable[str] = (),
    confidence: int | None = None,
    valid_until: datetime | None = None,
    on_problem: Callable[[Diagnostic], None] = lambda _: None,
) -> AddResult:
    """Add what a collection of a TAXII 2.1 server has got since the last pull.

    ``server`` is the URL of its discovery (``https://host`` alone means ``/taxii2/`` there), of an
    API root or of a collection. ``collection`` is an id, alias or title; without it, all that can
    be read are pulled, each in a transaction of its own. ``allow_http`` is as in
    :class:`~jumpsigma.intel.fetch.Fetcher`, the rest as in
    :meth:`~jumpsigma.intel.store.Store.add`. For credentials see
    :mod:`jumpsigma.intel.credentials`.

    Raises
    ------
    DiagnosticError
        As :meth:`Store.add`, which is then as before; JS085 a package is missing, JS088 the server
        cannot be reached, refuses or breaks off, JS090 there is no such collection.

    """
    _require_client(server)
    tags = tuple(tags)
    use = json.dumps([list, source, origin, keep_sources, *tags, confidence])
    until = str(valid_until)
    with (
        Fetcher(
            credentials=credentials_for(server, "TAXII"),
            allow_http=allow_http,
            max_bytes=MAX_PAGE_BYTES,
        ) as fetcher,
        tempfile.TemporaryDirectory(prefix="jumpsigma-") as folder,
    ):
        connection = _Connection(fetcher)
        try:
            pulled = [
                _pages(
                    connection, _Pages(each, store.get_state(_key(each, use)), until), Path(folder)
                )
                for each in _collections(connection, server, collection)
            ]
        except _protocol_errors() as error:
            raise _failed(server, error) from None
        total = AddResult(0, 0, 0, 0, ())
        for pages in pulled:
            host = urlsplit(pages.collection.url).hostname or "?"
            state: dict[str, str] = {}
            result = store.add(
                _entries(pages, _key(pages.collection, use), state),
                source=source or f"{host}: {clean(pages.collection.title)}",
                origin=origin or f"{host} {pages.collection.id}",
                list=list,
                keep_sources=keep_sources,
                tags=tags,
                confidence=confidence,
                valid_until=valid_until,
                state=state,
                on_problem=on_problem,
            )
            total = summed(total, result)
        return total


def _key(collection: Any, use: str) -> str:
    return f"taxii {collection.url} {use}"


class _Connection:
    """What `taxii2-client` sends requests through (its parameter ``conn``)."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self.last: Fetched | None = None
        self.is_damaged = False
        self.answers = 0

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The answer to a request, an object, without its ``objects``: they are in ``last``."""
        sent = {"Accept": f"{_MEDIA_TYPE};version=2.1", **(headers or {})}
        query = {key: _parameter(value) for key, value in (params or {}).items()}
        self.last = self._fetcher.get(url, headers=sent, params=query)
        self.answers += 1
        media_type = (self.header("content-type") or "").partition(";")[0].strip().lower()
        if media_type != _MEDIA_TYPE:
            message = f"the server does not answer in TAXII 2.1 but as {shown(media_type)}"
            raise _cannot(url, message, "is it the address of a TAXII 2.1 server?")
        return self._resource(url, Content(shown_url(url), self.last.file))

    def _resource(self, url: str, content: Content) -> dict[str, Any]:
        reading = content.reading()
        walk = Walk(reading, content.blocks(reading))
        found: dict[str, Any] = {}
        try:
            for key in walk.members():
                if key == "objects" and walk.peek() == b"[":
                    for _ in walk.elements():  # gets by what is malformed, to what stands behind
                        pass
                    continue
                try:
                    found[key] = walk.value(_MAX_RESOURCE)
                except DamagedError:
                    raise
                except ValueError as error:
                    raise _cannot(url, f"{key!r} of the answer is {error}", None) from None
        except DamagedError as damage:
            # Of a page, what can be read is taken.
            self.is_damaged = True
            if not urlsplit(url).path.endswith("/objects/"):
                raise _cannot(url, f"the answer is {damage}", None) from None
        return found

    def header(self, name: str) -> str | None:
        """A header of the last answer."""
        headers = {} if self.last is None else self.last.headers
        return next((headers[each] for each in headers if each.lower() == name), None)

    def keep_last(self, path: Path) -> int:
        """Write the last answer to a file, as it came, and close it; how many bytes it has."""
        if self.last is None:
            return 0
        with self.last.file as source, path.open("wb") as target:
            source.seek(0)
            shutil.copyfileobj(source, target)
            return target.tell()

    def close(self) -> None:
        """Nothing: the fetcher closes itself."""


def _parameter(value: Any) -> str:
    # The client hands `next` over as a tuple.
    return str(value[0]) if isinstance(value, tuple | list) else str(value)


class _Pages:
    """The pages of one collection, in order, and what is to be known at the next pull."""

    def __init__(self, collection: Any, before: str | None, until: str) -> None:
        """``before`` is what :meth:`state` gave the last time; ``until`` when what is added ends.

        Where that is another time than before, all is read again.
        """
        known: dict[str, Any] = json.loads(before) if before else {}
        if known.get("until") != until:
            known = {}
        self.until = until
        self.collection = collection
        self.contents: list[Content] = []
        self.is_damaged = False
        self.added_last: str | None = known.get("added_last")
        # A server does not send an identity again with each indicator of it.
        self.names: dict[str, str] = known.get("names", {})

    def state(self) -> str:
        """When the last object was added, and the names of identities."""
        names = dict(itertools.islice(self.names.items(), _MAX_NAMES))
        return json.dumps({"added_last": self.added_last, "names": names, "until": self.until})


def _collections(connection: _Connection, server: str, wanted: str | None) -> list[Any]:
    """The collections that are meant, of `taxii2-client`."""
    from taxii2client.v21 import ApiRoot, Collection

    if urlsplit(server).path in ("", "/"):
        server = urljoin(server, "/taxii2/")
    server = server if server.endswith("/") else f"{server}/"
    about = connection.get(server)
    if "can_read" in about:
        return [Collection(server, conn=connection, collection_info=about)]
    if isinstance(about.get("api_roots"), list):
        roots = [urljoin(server, each) for each in about["api_roots"] if isinstance(each, str)]
    else:
        roots = [server]
    # The server says where its roots are; credentials go to none that is elsewhere, and so we do
    # not either.
    here = [root for root in roots if origin_of(root) == origin_of(server)]
    found = [
        each
        for root in here
        for each in ApiRoot(root, conn=connection).collections
        if each.can_read
    ]
    chosen = [each for each in found if wanted in (None, each.id, each.alias, each.title)]
    if chosen and (wanted is None or len(chosen) == 1):
        return chosen
    names = ", ".join(f"{each.id} ({shown(each.title)})" for each in found[:20]) or "none"
    what = "there is no such collection" if not chosen else "more than one collection is so called"
    elsewhere = len(roots) - len(here)
    more = f"; API roots on other servers, which were not asked: {elsewhere}" if elsewhere else ""
    message = f"{what}; those that can be read: {names}{more}"
    raise DiagnosticError(
        Diagnostic("JS090", message, span=Span(shown_url(server)), hint="name it by its id")
    )


def _pages(connection: _Connection, pages: _Pages, folder: Path) -> _Pages:
    """Fetch all pages into ``folder``; so many files could not be open at a time."""
    collection = pages.collection
    connection.is_damaged = False
    place = shown_url(collection.url)
    # An indicator names the identity that made it.
    filters: dict[str, Any] = {"limit": PAGE_SIZE, "type": ["indicator", "identity"]}
    if pages.added_last:
        filters["added_after"] = pages.added_last
    size = 0
    while True:
        envelope = collection.get_objects(**filters)
        path = folder / f"{connection.answers}.json"
        size += connection.keep_last(path)
        pages.contents.append(Content(place, path=path))
        pages.added_last = _newer(connection.header(_DATE_ADDED_LAST), pages.added_last)
        pages.is_damaged = connection.is_damaged
        if envelope.get("more") is not True:
            return pages
        following = envelope.get("next")
        if not isinstance(following, str) or not following:
            raise _cannot(collection.url, "there is more, but the server does not say where", None)
        if len(pages.contents) >= MAX_PAGES or size > MAX_PULL_BYTES:
            limit = f"{MAX_PAGES:,} pages or {MAX_PULL_BYTES // 1024**3} GiB"
            raise _cannot(collection.url, f"more than {limit}", None)
        filters["next"] = following


def _newer(moment: str | None, before: str | None) -> str | None:
    """The later of two times; a header that is none changes nothing."""
    if moment is None or (now := _moment(moment)) is None:
        return before
    then = _moment(before) if before else None
    return moment if then is None or now > then else before


def _moment(text: str) -> datetime | None:
    return to_moment(text) if len(text) < 50 and "T" in text else None


def _entries(pages: _Pages, key: str, state: dict[str, str]) -> Iterator[Entry | Diagnostic]:
    problems = Problems(shown_url(pages.collection.url))

    def entries() -> Iterator[Entry]:
        for content in pages.contents:
            yield from read_stix(content, problems, pages.names)

    yield from told_between(entries(), problems)
    if pages.added_last and not pages.is_damaged:  # what stood in a damaged page must come again
        state[key] = pages.state()
    if pages.added_last is None:
        message = "the server does not say when objects were added; the next pull reads all again"
        yield Diagnostic("JS089", message, Severity.INFO, span=Span(problems.place))


def _require_client(server: str) -> None:
    if importlib.util.find_spec("taxii2client") is None:
        hint = "pip install 'jumpsigma[intel]'"
        message = "pulling needs the package 'taxii2-client'"
        raise DiagnosticError(Diagnostic("JS085", message, span=Span(shown_url(server)), hint=hint))


def _protocol_errors() -> tuple[type[Exception], ...]:
    from taxii2client.exceptions import TAXIIServiceException

    # The client trusts the types of what a server answers.
    return (TAXIIServiceException, TypeError, KeyError, AttributeError, ValueError)


def _failed(server: str, error: Exception) -> DiagnosticError:
    from taxii2client.exceptions import AccessError

    if isinstance(error, AccessError):
        return _cannot(server, "the collection cannot be read", "ask for the right to read it")
    return _cannot(server, "the server does not keep to TAXII 2.1", None)


def _cannot(url: str, reason: str, hint: str | None) -> DiagnosticError:
    span = Span(shown_url(url))
    return DiagnosticError(Diagnostic("JS088", f"cannot pull: {reason}", span=span, hint=hint))
