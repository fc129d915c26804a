"""What a rule says about itself: identity, words for people, dates, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePath
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from jumpsigma.checks.edits import entry_removed, rewritten
from jumpsigma.checks.model import Edit, Hit, pack_check, rule_check
from jumpsigma.checks.view import PackView, RuleView
from jumpsigma.checks.yaml_schema import nearest_key
from jumpsigma.diagnostics import Severity
from jumpsigma.pack import LoadedFilter, LoadedRule
from jumpsigma.pack.rules import canonical_id

_MAX_TITLE: Final = 110  # SigmaHQ's convention
_MIN_DESCRIPTION: Final = 16
_FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*\.yml")
_DATE: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})$")
_SPDX: Final = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_HOST: Final = re.compile(r"(www\.)?[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/\S*)?", re.IGNORECASE)
_EMPTY_WORDS: Final = frozenset({"none", "n/a", "na", "-", "no", "nothing", "tbd", "todo", "xxx"})
_LISTS: Final = ("references", "falsepositives", "fields", "tags", "scope")


@rule_check("JS121", "no-id", Severity.WARNING)
def no_id(rule: RuleView) -> Iterator[Hit]:
    """The rule has no id.

    Alerts, filters, correlations and every later change refer to a rule by its id.

    Bad::

        # without: id
        title: Shell Started By A Word Processor

    Good::

        id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11
    """
    if _lacks(rule, "id"):
        yield Hit("the rule has no id", ("title",), key=True, hint="add a UUID of version 4")


@rule_check("JS122", "id-version", Severity.WARNING)
def id_version(rule: RuleView) -> Iterator[Hit]:
    """The id is a UUID, but not of version 4.

    Version 4 is random; others hold a time or the address of a machine, or were typed by hand,
    and then two rules meet in one id sooner or later.

    Bad::

        id: 00000000-0000-0000-0000-000000000001

    Good::

        id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11
    """
    if rule.loaded.id is not None and UUID(rule.loaded.id).version != 4:
        yield Hit("the id is no UUID of version 4", ("id",), hint="make one with uuidgen")


@pack_check("JS123", "duplicate-title", Severity.WARNING)
def duplicate_title(pack: PackView) -> Iterator[Hit]:
    r"""Two rules have the same title.

    An analyst who sees an alert cannot tell which of them it came from.

    Bad::

        title: Shell Started By A Word Processor
        ---
        title: Shell Started By A Word Processor
        detection:
            selection:
                ParentImage|endswith: '\soffice.bin'
            condition: selection

    Good::

        title: Shell Started By A Word Processor
        ---
        title: Shell Started By A Free Word Processor
        detection:
            selection:
                ParentImage|endswith: '\soffice.bin'
            condition: selection
    """
    first: dict[str, LoadedRule | LoadedFilter] = {}
    for view in pack.rules:
        loaded = view.loaded
        other = first.setdefault(loaded.title.casefold(), loaded)
        if other is not loaded:
            place = other.span(("title",))
            message = f"the title is that of the rule at {place.path}:{place.line} too"
            yield Hit(message, ("title",), rule=loaded)


@rule_check("JS124", "title-convention", Severity.WARNING)
def title_convention(rule: RuleView) -> Iterator[Hit]:
    """A title that reads badly in a list of alerts.

    SigmaHQ asks for at most 110 characters, no full stop at the end, and no "Detects" at the
    beginning: a detection is what every rule is.

    Bad::

        title: Detects shells that a word processor starts.

    Good::

        title: Shell Started By A Word Processor
    """
    title = rule.loaded.title
    complaint = None
    if len(title) > _MAX_TITLE:
        complaint = f"the title has {len(title)} characters, more than {_MAX_TITLE}"
    elif title.lower().startswith(("detects ", "detect ", "detection of ")):
        complaint = "the title begins with what every rule does"
    elif title.endswith(".") and not title.endswith(("..", "Inc.", "etc.")):
        complaint = "the title ends with a full stop"
    elif title != title.strip():
        complaint = "the title has spaces around it"
    if complaint is not None:
        yield Hit(complaint, ("title",), hint="name what happened in a few words")


@rule_check("JS125", "description", Severity.WARNING)
def description(rule: RuleView) -> Iterator[Hit]:
    """No description, or one that says nothing.

    Whoever gets the alert at night reads it first.

    Bad::

        description: Bad thing

    Good::

        description: A word processor started a shell, as documents with macros do.
    """
    text = rule.loaded.description
    if text is None:
        if _lacks(rule, "description"):
            yield Hit("the rule has no description", ("title",), key=True)
    elif 0 < len(text.strip()) < _MIN_DESCRIPTION:
        hint = "say what happens, and why it matters"
        yield Hit("the description is too short to say anything", ("description",), hint=hint)
    elif text and text.strip().casefold() == rule.loaded.title.strip().casefold():
        yield Hit("the description only repeats the title", ("description",))


@rule_check("JS126", "no-status", Severity.WARNING)
def no_status(rule: RuleView) -> Iterator[Hit]:
    """The rule has no status.

    The status says how much the rule has been tried; `experimental` is the honest start.

    Bad::

        # without: status
        level: medium

    Good::

        status: experimental
    """
    if _lacks(rule, "status"):
        yield Hit("the rule has no status", ("title",), key=True, hint="begin with experimental")


@rule_check("JS127", "no-level", Severity.WARNING)
def no_level(rule: RuleView) -> Iterator[Hit]:
    """The rule has no level.

    `scan --min-level` takes it for the mildest, and nobody is woken by it. A filter needs none.

    Bad::

        # without: level
        status: test

    Good::

        level: medium
    """
    if rule.kind != "filter" and _lacks(rule, "level"):
        yield Hit("the rule has no level", ("title",), key=True, hint="low, medium, high, ...")


def _lacks(rule: RuleView, key: str) -> bool:
    """Whether a key is missing, and not just misspelt, which JS101 says."""
    return key not in rule.document and not any(nearest_key(each) == key for each in rule.document)


@rule_check("JS128", "no-author", Severity.WARNING)
def no_author(rule: RuleView) -> Iterator[Hit]:
    """The rule has no author.

    The Detection Rule License asks that the author's name travels with every alert.

    Bad::

        # without: author
        level: medium

    Good::

        author: Jane Doe
    """
    if _lacks(rule, "author"):
        yield Hit("the rule has no author", ("title",), key=True)


@rule_check("JS129", "no-date", Severity.WARNING)
def no_date(rule: RuleView) -> Iterator[Hit]:
    """The rule has no date.

    Bad::

        # without: date
        level: medium

    Good::

        date: 2025-01-30
    """
    if _lacks(rule, "date"):
        yield Hit("the rule has no date", ("title",), key=True, hint="write YYYY-MM-DD")


@rule_check("JS130", "date-format", Severity.WARNING)
def date_format(rule: RuleView) -> Iterator[Hit]:
    """A date that is not written as YYYY-MM-DD.

    The specification changed from slashes to dashes; pySigma still takes both.

    Bad::

        date: 2025/01/30

    Good::

        date: 2025-01-30
    """
    for key in ("date", "modified"):
        value = rule.document.get(key)
        if not isinstance(value, str) or _iso(value) is not None:
            continue
        found = _DATE.match(value)
        edits: tuple[Edit, ...] = ()
        if found is not None:
            text = f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
            edits = rewritten(rule, (key,), text)
        yield Hit(f"{key} is not written as YYYY-MM-DD", (key,), edits=edits)


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else None
    except ValueError:
        return None


@rule_check("JS131", "modified-before-date", Severity.WARNING)
def modified_before_date(rule: RuleView) -> Iterator[Hit]:
    """The rule was changed before it was written, as its dates have it.

    Bad::

        date: 2025-01-30
        modified: 2024-12-01

    Good::

        date: 2025-01-30
        modified: 2025-02-01
    """
    written, modified = (_iso(str(rule.document.get(key))) for key in ("date", "modified"))
    if written is not None and modified is not None and modified < written:
        yield Hit(f"modified lies before the date of the rule, {written}", ("modified",))


@rule_check("JS132", "empty-falsepositive", Severity.WARNING)
def empty_falsepositive(rule: RuleView) -> Iterator[Hit]:
    """A false positive that says there is none.

    Every rule has some. SigmaHQ writes `Unknown` or `Unlikely` when nobody has met one.

    Bad::

        falsepositives:
            - None

    Good::

        falsepositives:
            - Unknown
    """
    for index, each in enumerate(rule.loaded.falsepositives):
        if each.strip().lower() in _EMPTY_WORDS:
            yield Hit(
                f"the false positive {each!r} says nothing",
                ("falsepositives", index),
                hint="write Unknown, or leave the list out",
            )


@pack_check("JS133", "related-rule-missing", Severity.INFO, default=False)
def related_rule_missing(pack: PackView) -> Iterator[Hit]:
    r"""A related rule is not in the pack.

    Off by default: a rule may well be related to one of another pack, and the one that it replaces
    (`obsolete`, `renamed`, `merged`) is gone by definition and not looked for.

    Bad::

        related:
            - id: 0a6b5a2a-58f0-4f5b-9f0e-7b6f4f9d1c10
              type: similar

    Good::

        related:
            - id: 0a6b5a2a-58f0-4f5b-9f0e-7b6f4f9d1c10
              type: similar
        ---
        id: 0a6b5a2a-58f0-4f5b-9f0e-7b6f4f9d1c10
        title: Shell Started By A Free Word Processor
        detection:
            selection:
                ParentImage|endswith: '\soffice.bin'
            condition: selection
    """
    known = {view.loaded.id for view in pack.rules}
    for view in pack.rules:
        for index, each in _related(view):
            rule_id = canonical_id(each.get("id"))
            if rule_id not in known and each.get("type") in ("similar", "derived"):
                path = ("related", index, "id")
                yield Hit(f"no rule of the pack has the id {rule_id}", path, rule=view.loaded)


def _related(rule: RuleView) -> Iterator[tuple[int, Mapping[str, object]]]:
    related = rule.document.get("related")
    for index, each in enumerate(related if isinstance(related, list) else ()):
        if isinstance(each, Mapping):
            yield index, each


@rule_check("JS134", "related-to-itself", Severity.WARNING)
def related_to_itself(rule: RuleView) -> Iterator[Hit]:
    """A rule is related to itself.

    Bad::

        id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11
        related:
            - id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11
              type: similar

    Good::

        id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11
        related:
            - id: 0a6b5a2a-58f0-4f5b-9f0e-7b6f4f9d1c10
              type: similar
    """
    for index, each in _related(rule):
        if rule.loaded.id is not None and canonical_id(each.get("id")) == rule.loaded.id:
            yield Hit("the rule is related to itself", ("related", index, "id"))


@rule_check("JS135", "reference-format", Severity.WARNING)
def reference_format(rule: RuleView) -> Iterator[Hit]:
    """A reference that nobody can follow.

    Write the whole address, with `https://`, and nothing behind it. Words that are no address at
    all, such as `Internal Research`, are left alone.

    Bad::

        references:
            - example.com/report

    Good::

        references:
            - https://example.com/report

    """
    references = rule.document.get("references")
    for index, each in enumerate(references if isinstance(references, list) else ()):
        if isinstance(each, str) and _like_address(each) and not _is_address(each):
            hint = "write https:// and the rest of the address, without spaces"
            message = f"the reference {each[:60]!r} is no address"
            yield Hit(message, ("references", index), hint=hint)


def _like_address(text: str) -> bool:
    return "://" in text or _HOST.fullmatch(text) is not None


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme.lower() in ("http", "https", "ftp")
        and bool(parts.netloc)
        and not any(char.isspace() for char in text)
    )


@rule_check("JS136", "duplicate-entry", Severity.WARNING)
def duplicate_entry(rule: RuleView) -> Iterator[Hit]:
    """An entry stands twice in a list of the rule's metadata.

    Bad::

        tags:
            - attack.execution
            - attack.t1059
            - attack.execution

    Good::

        tags:
            - attack.execution
            - attack.t1059
    """
    for key in _LISTS:
        listed = rule.document.get(key)
        if not isinstance(listed, list) or len(listed) < 2:
            continue
        seen: set[str] = set()
        for index, each in enumerate(listed):
            name = each.lower() if isinstance(each, str) and key == "tags" else str(each)
            if name in seen:
                path = (key, index)
                edits = entry_removed(rule, path)
                yield Hit(f"{str(each)[:60]!r} stands in {key} already", path, edits=edits)
            seen.add(name)


@rule_check("JS137", "license-format", Severity.INFO)
def license_format(rule: RuleView) -> Iterator[Hit]:
    """A licence that is no SPDX expression.

    The specification asks for one, so that programs can tell which rules may be used how.

    Bad::

        license: Detection Rule License (DRL) 1.1

    Good::

        license: DRL-1.1
    """
    text = rule.loaded.license
    if text and not _SPDX.fullmatch(text.strip()):
        hint = "write its SPDX identifier, such as DRL-1.1, MIT or Apache-2.0"
        yield Hit(f"{text[:60]!r} is no SPDX expression", ("license",), hint=hint)


@rule_check("JS138", "no-license", Severity.INFO, default=False)
def no_license(rule: RuleView) -> Iterator[Hit]:
    """Nobody says under which licence the rule may be used.

    Off by default: many packs state it once, beside the rules. A `pack.yaml` that names a licence
    counts.

    Bad::

        author: Jane Doe

    Good::

        license: DRL-1.1
    """
    if _lacks(rule, "license"):
        settings = rule.pack.pack.settings_for(rule.loaded.path)
        if settings is None or not settings.license:
            yield Hit("the rule has no license", ("title",), key=True)


@rule_check("JS139", "file-name", Severity.INFO)
def file_name(rule: RuleView) -> Iterator[Hit]:
    """The name of the file is not in small letters, digits and underscores.

    SigmaHQ's convention; on some file systems two names that differ only in case are one.

    Bad::

        # file: Shell Started.yml
        level: medium

    Good::

        # file: shell_started.yml
        level: medium
    """
    name = PurePath(rule.loaded.path).name
    if not _FILE_NAME.fullmatch(name):
        hint = "name it like win_shell_started_by_office.yml"
        yield Hit(f"the file is called {name!r}", ("title",), key=True, hint=hint)
