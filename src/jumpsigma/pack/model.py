"""What a pack holds: rules, correlations and filters with their positions, and what was wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.pack.positions import KeyPath, Positions

if TYPE_CHECKING:
    from sigma.correlations import SigmaCorrelationRule
    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaRule

    from jumpsigma.pack.cases import CasesFile
    from jumpsigma.pack.pack_file import PackSettings


@dataclass(frozen=True, slots=True)
class Logsource:
    """The log source that a rule states; an attribute that it omits is None."""

    category: str | None = None
    product: str | None = None
    service: str | None = None

    @classmethod
    def from_document(cls, value: Any) -> Self:
        """From the ``logsource`` of a document that pySigma has accepted."""
        if not isinstance(value, Mapping):
            return cls()
        return cls(value.get("category"), value.get("product"), value.get("service"))

    def covers(self, other: Logsource) -> bool:
        """Whether every attribute stated here is the same there (pySigma: ``in``)."""
        return (
            self.category in (None, other.category)
            and self.product in (None, other.product)
            and self.service in (None, other.service)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """What a Sigma document says about itself, and the document.

    ``id`` is the UUID in its canonical spelling. ``document`` is plain data as written in the
    file and must not be changed; ``positions`` answers where its keys and values stand.
    """

    path: str
    id: str | None
    name: str | None
    title: str
    logsource: Logsource
    level: str | None
    status: str | None
    description: str | None
    author: str | None
    license: str | None
    date: str | None
    modified: str | None
    tags: tuple[str, ...]
    references: tuple[str, ...]
    falsepositives: tuple[str, ...]
    document: dict[str, Any] = field(repr=False)
    positions: Positions = field(repr=False)

    def span(self, path: KeyPath = (), *, key: bool = False) -> Span:
        """Where the value (or key) at a key path of the document stands."""
        return self.positions.span(path, key=key)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedRule(Loaded):
    """A rule or a correlation that pySigma accepts.

    ``refers_to``: the ids or names in a correlation's ``rules``, else empty.
    """

    kind: Literal["rule", "correlation"]
    refers_to: tuple[str, ...] = ()
    # What loading made to see whether pySigma accepts the rule; given away once.
    _made: list[SigmaRule] = field(default_factory=list, init=False, repr=False)

    def keep(self, made: SigmaRule) -> None:
        """Keep the object that loading has made of the document, for the first who asks."""
        self._made.append(made)

    def to_sigma(self) -> SigmaRule | SigmaCorrelationRule:
        """A fresh pySigma object at each call, because conversion changes the object.

        Every ``SigmaDetectionItem.source`` is set to the place of its key in the file.
        """
        from jumpsigma.pack.sigma_objects import located, sigma_correlation, sigma_rule

        if self.kind == "correlation":
            return sigma_correlation(self.document, self.path)
        try:
            made = self._made.pop()
        except IndexError:
            made = sigma_rule(self.document, self.path)
        return located(made, self.document, self.positions)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedFilter(Loaded):
    """A Sigma filter. ``refers_to`` is None when it applies to ``any`` rule of its log source."""

    refers_to: tuple[str, ...] | None = None

    def to_sigma(self) -> SigmaFilter:
        """A fresh pySigma object at each call, its detection items with their places."""
        from jumpsigma.pack.sigma_objects import sigma_filter

        return sigma_filter(self.document, self.positions)


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """Everything that was found under ``roots``, in file order.

    A document with an error is in no list; why stands in ``diagnostics``. ``settings`` has one
    entry for each ``pack.yaml``. ``files`` are the paths of all that was read, also of what was
    found wrong.
    """

    rules: tuple[LoadedRule, ...] = ()
    filters: tuple[LoadedFilter, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    cases: tuple[CasesFile, ...] = ()
    settings: tuple[PackSettings, ...] = ()
    roots: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    fingerprint: str | None = field(default=None, init=False, repr=False)
    """What the rules, filters and ``pack.yaml`` files were read from, as
    :func:`jumpsigma.pack.fingerprint.fingerprint_of` has it; None where that does not say all, and
    for a pack that was put together otherwise."""

    def settings_for(self, path: str) -> PackSettings | None:
        """The settings of the nearest ``pack.yaml`` at or above a file of this pack, or None."""
        owners = [settings for settings in self.settings if settings.owns(path)]
        return max(owners, key=lambda settings: len(settings.folder), default=None)

    @property
    def lists(self) -> dict[str, tuple[str, ...]]:
        """The values of placeholders that the ``pack.yaml`` files give, by name.

        They hold for every rule that is loaded together with the pack; lists of one name add up.
        """
        return self.lists_with({})

    def lists_with(self, more: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
        """The lists of the pack and more values for them, each value once."""
        given = [(each.name, each.values) for settings in self.settings for each in settings.lists]
        found: dict[str, dict[str, None]] = {}
        for name, values in (*given, *more.items()):
            found.setdefault(name, {}).update(dict.fromkeys(values))
        return {name: tuple(values) for name, values in found.items()}

    @property
    def has_errors(self) -> bool:
        """Whether a file, rule, filter or cases file had to be left out."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)
