"""Threat indicators: fill the local store, look into it, take from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel.model import AddResult, Indicator, require_list_name
from jumpsigma.intel.store import open_store

OnProblem = Callable[[Diagnostic], None]

_PERIOD: Final = re.compile(r"([0-9]{1,5})([hdw])", re.ASCII)
_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24}


def add_indicators(
    place: str | Path,
    *,
    list: str | None = None,  # noqa: A002 - what everybody calls it
    tags: Iterable[str] = (),
    expires: datetime | str | None = None,
    confidence: int | None = None,
    source: str | None = None,
    form: str = "auto",
    allow_http: bool = False,
    store: str | Path | None = None,
    on_problem: OnProblem | None = None,
) -> AddResult:
    """Add the indicators of a file, a folder with a MISP feed, or a URL to the store.

    All of them or, when something fails, none. What is no indicator goes to ``on_problem``, and
    the others are added.

    Parameters
    ----------
    place
        A path, ``-`` for standard input, or a URL.
    list
        The list to add to: the name of a placeholder. Default: ``intelligence_feed``.
    tags
        Are added to those that the indicators have.
    expires
        When those end that do not say it themselves: see :func:`parse_expiry`.
    confidence
        From 0 to 100, of those that do not say it themselves.
    source
        Who says so, instead of whom the feed names. Sources given here can only change what they
        brought themselves.
    form
        ``auto`` (the content tells), ``stix``, ``misp``, ``warninglist``, ``list`` or ``csv``.
    allow_http
        Fetch without encryption from other machines too: anybody on the way can change the feed.
    store
        The store's file; default: the user's own.
    on_problem
        Is called with each problem.

    Raises
    ------
    DiagnosticError
        JS080 to JS089 and JS09x: what is wrong with the store, the call or the place.

    """
    if list is not None:
        require_list_name(list)
    from jumpsigma.intel.feeds import add_feed

    with open_store(store, create=True) as opened:
        return add_feed(
            opened,
            str(place),
            form=_form(form),
            allow_http=allow_http,
            source=source,
            origin=source,
            list=list,
            keep_sources=source is None,
            tags=_tags(tags),
            confidence=_confidence(confidence),
            valid_until=parse_expiry(expires),
            on_problem=on_problem or _ignore,
        )


def pull_indicators(
    server: str,
    collection: str | None = None,
    *,
    list: str | None = None,  # noqa: A002
    tags: Iterable[str] = (),
    expires: datetime | str | None = None,
    confidence: int | None = None,
    source: str | None = None,
    allow_http: bool = False,
    store: str | Path | None = None,
    on_problem: OnProblem | None = None,
) -> AddResult:
    """Add what a TAXII 2.1 server has new since the last pull; see :func:`add_indicators`.

    ``server`` is the URL of its discovery or of an API root, ``collection`` an id or a title;
    without one, all collections that can be read. Credentials come from the environment or the
    key ring: see the guide on indicators.

    Raises :class:`DiagnosticError`; the collection's indicators are then as before.
    """
    if list is not None:
        require_list_name(list)
    from jumpsigma.intel.taxii import pull

    with open_store(store, create=True) as opened:
        return pull(
            opened,
            server,
            collection,
            allow_http=allow_http,
            source=source,
            origin=source,
            list=list,
            keep_sources=source is None,
            tags=_tags(tags),
            confidence=_confidence(confidence),
            valid_until=parse_expiry(expires),
            on_problem=on_problem or _ignore,
        )


def update_from_warninglists(
    names: Iterable[str] = (),
    *,
    store: str | Path | None = None,
    on_problem: OnProblem | None = None,
) -> AddResult:
    """Fill the lists that the installed package ``pymispwarninglists`` serves, or those named.

    Raises :class:`DiagnosticError`; the list that failed is then as before.
    """
    from jumpsigma.intel.warninglists import update_from_warninglists as update

    with open_store(store, create=True) as opened:
        return update(opened, [*names] or None, on_problem=on_problem or _ignore)


def list_indicators(*, store: str | Path | None = None) -> list[dict[str, Any]]:
    """The lists of the store, by name.

    Keys: ``list``, ``count`` (expired and revoked ones too), ``expired``, ``revoked``, ``kinds``,
    ``sources``, ``updated``. Raises :class:`DiagnosticError` for a store that cannot be read.
    """
    with open_store(store) as opened:
        return [
            {
                "list": each.name,
                "count": each.count,
                "expired": each.expired,
                "revoked": each.revoked,
                "kinds": [str(kind) for kind in each.kinds],
                "sources": [*each.sources],
                "updated": _time(each.updated.replace(microsecond=0)),
            }
            for each in opened.lists()
        ]


def match_indicators(*values: str, store: str | Path | None = None) -> list[dict[str, Any]]:
    """The indicators that values match, in any list, and why.

    Keys: ``value`` as given, ``reason``, then those of the indicator: ``list``, ``indicator``,
    ``kind``, ``status`` (now: valid, expired, not yet valid, revoked), ``source``, ``confidence``,
    ``tags``, ``valid_from``, ``valid_until``, ``reference``, ``note``. Raises
    :class:`DiagnosticError` for a value that is no indicator (JS080) and for the store.
    """
    now = datetime.now(UTC)
    with open_store(store) as opened:
        return [
            {"value": value, "reason": match.reason, **_row(match.indicator, now)}
            for value in values
            for match in opened.match(value)
        ]


def expire_indicators(
    *values: str,
    list: str | None = None,  # noqa: A002
    unseen_since: datetime | str | None = None,
    store: str | Path | None = None,
) -> int:
    """End the validity of values now, or of all that no feed has named since a time; how many.

    Rules still find them in events from before now. Raises :class:`DiagnosticError`: JS080 for a
    value, JS090 when neither values nor a time are given, JS081 to JS091 for the store.
    """
    since = parse_time(unseen_since)
    if not values and since is None:
        raise _wrong("nothing to expire is named", "give values, or a time with --before")
    with open_store(store) as opened:
        return opened.expire(values, list=list, unseen_since=since)


def remove_indicators(
    *values: str,
    list: str | None = None,  # noqa: A002
    source: str | None = None,
    dry_run: bool = False,
    store: str | Path | None = None,
) -> int:
    """Delete the indicators that fit all that is given; how many.

    ``dry_run`` only counts them. Raises :class:`DiagnosticError` as :func:`expire_indicators`
    does.
    """
    if not values and list is None and source is None:
        raise _wrong("nothing to remove is named", "give values, --list or --source")
    with open_store(store) as opened:
        return opened.remove(values, list=list, source=source, dry_run=dry_run)


def parse_expiry(text: datetime | str | None, now: datetime | None = None) -> datetime | None:
    """A time, or a number of hours, days or weeks from now: ``30d``, ``2026-12-31``.

    A date is its beginning in UTC, and so is a time without a zone. Raises
    :class:`DiagnosticError` (JS090).
    """
    if not isinstance(text, str):
        return parse_time(text)
    period = _PERIOD.fullmatch(text.strip().lower())
    if period is None:
        return parse_time(text, hint="write 2026-12-31, or 30d for a period")
    begin = now or datetime.now(UTC).replace(microsecond=0)
    return begin + timedelta(hours=int(period[1]) * _HOURS[period[2]])


def parse_time(
    text: datetime | str | None, *, hint: str = "write 2026-12-31, or 2026-12-31T08:00:00Z"
) -> datetime | None:
    """A date or time of ISO 8601, in UTC where it has no zone. Raises as :func:`parse_expiry`."""
    if text is None:
        return None
    try:
        when = text if isinstance(text, datetime) else datetime.fromisoformat(text.strip())
    except ValueError:
        raise _wrong(f"{text!r} is no time", hint) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _form(form: str) -> str:
    from jumpsigma.intel.readers import FORMATS

    if form not in ("auto", *FORMATS):
        raise _wrong(f"{form!r} is no format", f"use auto, {', '.join(FORMATS)}")
    return form


def _row(indicator: Indicator, now: datetime) -> dict[str, Any]:
    return {
        "list": indicator.list,
        "indicator": indicator.value,
        "kind": str(indicator.kind),
        "status": _status(indicator, now),
        "source": indicator.source,
        "confidence": indicator.confidence,
        "tags": [*indicator.tags],
        "valid_from": _time(indicator.valid_from),
        "valid_until": _time(indicator.valid_until),
        "reference": indicator.reference,
        "note": indicator.note,
    }


def _status(indicator: Indicator, now: datetime) -> str:
    if indicator.revoked:
        return "revoked"
    if indicator.is_valid_at(now):
        return "valid"
    ended = indicator.valid_until is not None and indicator.valid_until <= now
    return "expired" if ended else "not yet valid"


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    return (tags,) if isinstance(tags, str) else tuple(tags)


def _confidence(confidence: int | None) -> int | None:
    if confidence is not None and not 0 <= confidence <= 100:
        raise _wrong(f"{confidence} is no confidence", "give a number from 0 to 100")
    return confidence


def _wrong(message: str, hint: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("JS090", message, hint=hint))


def _ignore(_: Diagnostic) -> None:
    """For callers who ask for no problems."""
