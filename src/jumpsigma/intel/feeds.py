"""What ``intel add`` is given: a file, standard input, a URL, or a folder of a MISP feed.

A MISP feed is a folder, here or on a web server, with a ``manifest.json`` that names its events and
when each was changed, and one file an event (MISP, "MISP feeds"). Only events that changed since
the last time are read. Its ``hashes.csv`` says nothing that the events do not say.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.intake.opening import STDIN
from jumpsigma.intel.credentials import credentials_for
from jumpsigma.intel.fetch import Fetcher, shown_url
from jumpsigma.intel.model import AddResult, Entry
from jumpsigma.intel.readers import Content, read_content
from jumpsigma.intel.readers.problems import Problems, shown
from jumpsigma.intel.readers.walk import DamagedError, Walk
from jumpsigma.intel.store import Store

MAX_EVENTS = 200_000
"""Events of one MISP feed; the largest public ones have some thousand."""

_MANIFEST = "manifest.json"
_UNTIL = "until"  # beside UUIDs and names of headers
_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_uuid = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VALIDATORS = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))

Found = Iterator[Entry | Diagnostic]


class _Opener(Protocol):
    def __call__(self, name: str, /) -> Content:
        """The content of a file of a feed. :raises DiagnosticError: it cannot be had."""


def add_feed(
    store: Store,
    place: str,
    *,
    form: str = "auto",
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
    """Add the indicators of a path, ``-`` (standard input) or a URL to the store.

    A URL that did not change since it was last added to the same list adds nothing (an
    information, JS089). ``form`` is ``auto`` or one of :data:`~jumpsigma.intel.readers.FORMATS`,
    ``allow_http`` as in :class:`~jumpsigma.intel.fetch.Fetcher`; for the rest see
    :meth:`~jumpsigma.intel.store.Store.add`. ``origin`` is by default ``file``, or the host.

    Raises
    ------
    DiagnosticError
        As :meth:`Store.add`; JS072 a folder cannot be looked into, JS085 a package is missing,
        JS087 a folder is no feed, JS088 it cannot be fetched, JS090 ``place`` is empty. Content
        that cannot be read is given to ``on_problem``, as an error.

    """
    state: dict[str, str] = {}
    is_url = _is_url(place)
    name = (urlsplit(place).hostname or "?") if is_url else Path(place).name or place
    # With another option the same content means something else, and is read again.
    tags = tuple(tags)
    use = (form, source, origin, list, keep_sources, *tags, confidence)
    # Not part of the key: "30 days from now" is another time each night.
    until = str(valid_until)
    with ExitStack() as stack:
        if is_url:
            credentials = credentials_for(place, "FEED")
            fetcher = Fetcher(credentials=credentials, allow_http=allow_http)
            web = _Web(stack.enter_context(fetcher), store, use, until, state)
            entries = web.entries(place, form)
        elif _is_folder(place):
            key = _key(str(Path(place).resolve()), use)
            known = _known(store, key, until)
            entries = _feed(_in_folder(Path(place)), known, key, until, state)
        else:
            entries = read_content(stack.enter_context(closing(Content(place))), form)
        return store.add(
            entries,
            source=source or ("standard input" if place == STDIN else name),
            origin=origin or (name if is_url else "file"),
            list=list,
            keep_sources=keep_sources,
            tags=tags,
            confidence=confidence,
            valid_until=valid_until,
            state=state,
            on_problem=on_problem,
        )


def shown_place(place: str) -> str:
    """A path, or a URL without what may be secret in it; see :func:`shown_url`."""
    return shown_url(place) if _is_url(place) else place


def _is_url(place: str) -> bool:
    """Whether it has a scheme; ``C:`` has none, and a file that is there is one."""
    if _scheme.match(place) is None:
        return False
    try:
        return not Path(place).exists()
    except OSError:  # longer than the name of any file
        return True


def _is_folder(place: str) -> bool:
    """Whether it is a folder with a MISP feed. Raises :class:`DiagnosticError` (JS072, JS087)."""
    if not place:
        hint = "give a file, a folder or a URL; - is standard input"
        raise DiagnosticError(Diagnostic("JS090", "the place of a feed is empty", hint=hint))
    try:
        if not Path(place).is_dir():
            return False
        has_manifest = (Path(place) / _MANIFEST).is_file()
    except OSError as error:
        message = f"cannot open: {error.strerror}"
        raise DiagnosticError(Diagnostic("JS072", message, span=Span(place))) from None
    if not has_manifest:
        message = f"this folder is no MISP feed: it has no {_MANIFEST}"
        hint = "name the files in it"
        raise DiagnosticError(Diagnostic("JS087", message, span=Span(place), hint=hint))
    return True


class _Web:
    """A feed on a web server, and what it left here the last time."""

    def __init__(
        self, fetcher: Fetcher, store: Store, use: object, until: str, state: dict[str, str]
    ) -> None:
        self._fetcher = fetcher
        self._store = store
        self._use = use
        self._until = until
        self._state = state

    def entries(self, url: str, form: str) -> Found:
        path = urlsplit(url).path
        if path.endswith(f"/{_MANIFEST}") and form in ("auto", "misp"):
            url = urljoin(url, ".")
        elif not path.endswith("/"):
            yield from self._document(url, form)
            return
        key = _key(url, self._use)
        known = _known(self._store, key, self._until)
        yield from _feed(self._opener(url), known, key, self._until, self._state)

    def _opener(self, base: str) -> _Opener:
        def opener(name: str) -> Content:
            url = urljoin(base, name)
            return Content(shown_url(url), self._fetcher.get(url).file)

        return opener

    def _document(self, url: str, form: str) -> Found:
        key = _key(url, self._use)
        before = _known(self._store, key, self._until)
        conditions = {
            header: before[validator]
            for validator, header in _VALIDATORS
            if isinstance(before.get(validator), str)
        }
        fetched = self._fetcher.get(url, headers=conditions)
        place = shown_url(url)
        if fetched.status == 304 and conditions:
            message = "not changed since it was last added"
            yield Diagnostic("JS089", message, Severity.INFO, span=Span(place))
            return
        is_whole = True
        for each in read_content(Content(place, fetched.file), form):
            is_whole = is_whole and not (isinstance(each, Diagnostic) and each.is_error)
            yield each
        headers = {name.lower(): value for name, value in fetched.headers.items()}
        validators = {
            name: headers[name.lower()] for name, _ in _VALIDATORS if name.lower() in headers
        }
        if is_whole and validators:
            self._state[key] = json.dumps({**validators, _UNTIL: self._until})


def _key(place: str, use: object) -> str:
    # Hashed, because the query of a URL may hold a secret.
    return "feed " + hashlib.sha256(repr((place, use)).encode("utf-8", "replace")).hexdigest()


def _in_folder(folder: Path) -> _Opener:
    return lambda name: Content(str(folder / name))


def _known(store: Store, key: str, until: str) -> dict[str, Any]:
    """What was left at ``key``, unless what was added then ends at another time than now."""
    before = _object(store.get_state(key))
    return before if before.get(_UNTIL) == until else {}


def _feed(
    opener: _Opener, known: dict[str, Any], key: str, until: str, state: dict[str, str]
) -> Found:
    """Entries of the events that changed; ``state`` gets what is to be known the next time."""
    try:
        manifest = opener(_MANIFEST)
    except DiagnosticError as error:
        raise _no_feed(error.diagnostic) from None
    problems = Problems(manifest.place)
    seen: dict[str, str] = {}
    unchanged = 0
    for uuid, timestamp in _events(manifest, problems):
        if known.get(uuid) == timestamp:
            seen[uuid] = timestamp
            unchanged += 1
            continue
        is_whole = True
        try:
            with closing(opener(f"{uuid}.json")) as event:
                for each in read_content(event, "misp"):
                    is_whole = is_whole and not (isinstance(each, Diagnostic) and each.is_error)
                    yield each
        except DiagnosticError as error:
            is_whole = False
            problem = error.diagnostic
            problems.tell(
                problem.code,
                f"event {uuid}: {problem.message}",
                sort="events",
                hint=problem.hint or "it is tried again the next time",
            )
        if is_whole:
            seen[uuid] = timestamp
        yield from problems.drain()
    if unchanged:
        problems.skip("events that did not change", unchanged)
    yield from problems.finish()
    state[key] = json.dumps({**seen, _UNTIL: until}, separators=(",", ":"))


def _events(manifest: Content, problems: Problems) -> Iterator[tuple[str, str]]:
    """The UUID and timestamp of each event that a manifest names."""
    reading = manifest.reading()
    walk = Walk(reading, manifest.blocks(reading))
    events: dict[str, str] = {}
    try:
        for uuid in walk.members():
            about: Any = None
            try:
                about = walk.value()
            except DamagedError:
                raise
            except ValueError:
                pass
            # The name of a file is made of it.
            if not _uuid.fullmatch(uuid) or not isinstance(about, dict):
                problems.tell("JS080", f"no event: {shown(uuid)}", sort="events")
                continue
            if len(events) >= MAX_EVENTS:
                message = f"more than {MAX_EVENTS:,} events; the others are not read"
                problems.tell("JS087", message)
                break
            events[uuid] = str(about.get("timestamp", ""))
    except DamagedError as damage:
        if not reading.problems:
            problems.damaged(damage)
    problems.tell_all(manifest.problems(reading))
    yield from events.items()


def _no_feed(problem: Diagnostic) -> DiagnosticError:
    hint = f"a folder is read as a MISP feed, which has a {_MANIFEST}"
    return DiagnosticError(
        Diagnostic(problem.code, problem.message, span=problem.span, hint=problem.hint or hint)
    )


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
