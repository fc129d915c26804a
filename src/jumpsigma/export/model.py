"""A target: one product that rules are exported to, as its ``backend.yaml`` describes it.

Keys of the file, which the reader (:mod:`jumpsigma.export.files`) and the JSON schema for editors
go by:

- ``title``, ``description``, ``tier`` (1: proven by running, 2: grammar and golden files),
  ``names`` (``documented``, ``raw`` or ``unconfirmed``: how sure the product's field names are),
  ``inherits`` (another target whose file this one changes), ``levels`` (Sigma's levels in the
  product's words).
- ``mappings``: which mapping a rule gets by its log source, and by values of ``options`` where the
  product has several schemas; first fit: ``use`` or ``refuse``.
- ``options``: what ``-O name=value`` may set: ``choices``, or what fits ``pattern``, which
  ``expects`` puts into words.
- ``languages``: each a ``base`` (a class in :mod:`jumpsigma.export.languages`), ``tables`` for it,
  and ``features``: for every :class:`~jumpsigma.export.features.Feature` whether it can be said.
- ``formats``: what is written: ``language``, and ``files``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from jumpsigma.export.features import Feature
from jumpsigma.export.refusals import Verdict

FILE: Final = "backend.yaml"
TARGET_KEYS: Final = (
    "title",
    "description",
    "tier",
    "names",
    "inherits",
    "levels",
    "mappings",
    "options",
    "languages",
    "formats",
    "default",
)
MAPPING_KEYS: Final = ("logsource", "options", "use", "refuse")
LOGSOURCE_KEYS: Final = ("product", "category", "service")
OPTION_KEYS: Final = ("default", "description", "choices", "pattern", "expects", "example")
LANGUAGE_KEYS: Final = ("base", "tables", "features")
FORMAT_KEYS: Final = ("language", "description", "files")
FILE_KEYS: Final = ("path", "template", "scope", "comment")
NAMES: Final = ("documented", "raw", "unconfirmed")

Scope = Literal["rule", "pack", "list"]


@dataclass(frozen=True, slots=True)
class MappingChoice:
    """The mapping of the rules whose log source has these attributes, or why there is none."""

    logsource: Mapping[str, str]
    use: str | None = None
    refuse: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def fits(self, attributes: Mapping[str, str | None], options: Mapping[str, str]) -> bool:
        """Whether a rule with this log source gets it, when these options are set."""
        return all(attributes.get(key) == value for key, value in self.logsource.items()) and all(
            options.get(key) == value for key, value in self.options.items()
        )


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a target. ``default`` is None for one that has to be given where it matters.

    ``expects`` says in words what fits ``pattern``; ``example`` is a value, where no default is.
    """

    name: str
    description: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    expects: str = ""
    example: str = ""

    def problem(self, value: str) -> str | None:
        """What is wrong with a value, or None."""
        if self.choices and value not in self.choices:
            return f"one of: {', '.join(self.choices)}"
        if self.pattern is not None and not self.pattern.fullmatch(value):
            words = self.expects or f"a text that {self.pattern.pattern} describes"
            example = self.example or self.default
            return f"{words}, such as {example}" if example else words
        return None


@dataclass(frozen=True, slots=True)
class LanguageFile:
    """One of a target's languages as its file describes it."""

    name: str
    base: str
    tables: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[Feature, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that an export writes.

    ``path`` holds ``{slug}`` (safe, unique) where ``scope`` is a rule, or a list that queries ask
    as a look-up table. ``template``: a Jinja2 template beside the ``backend.yaml``; None writes the
    query itself, or the table as CSV. ``comment``: a comment of the language on a line of its own,
    with ``{}`` where its text stands; the file begins with title, id, level, author and licence of
    the rule, and a template has them as ``header``.
    """

    path: str
    template: str | None = None
    scope: Scope = "rule"
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """Something that a target can write of a rule."""

    name: str
    language: str
    description: str
    files: tuple[OutputFile, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A target, read and checked."""

    name: str
    path: Path
    title: str
    description: str
    tier: int
    names: str
    default: str
    mappings: tuple[MappingChoice, ...]
    options: Mapping[str, Option]
    languages: Mapping[str, LanguageFile]
    formats: Mapping[str, Format]
    levels: Mapping[str, Any]
    folders: tuple[Path, ...]
    """Where its templates are looked for: its own folder, then those of what it inherits."""

    @property
    def folder(self) -> Path:
        """The folder of its file."""
        return self.path.parent

    def mapping_of(
        self, attributes: Mapping[str, str | None], options: Mapping[str, str]
    ) -> MappingChoice | None:
        """The first choice that fits a log source, when these options are set."""
        return next((each for each in self.mappings if each.fits(attributes, options)), None)
