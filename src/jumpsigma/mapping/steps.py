r"""Named steps: what a mapping file means here beyond the words that pySigma has for it.

A mapping file is a stock pySigma pipeline. Where the stock vocabulary cannot say what is meant,
the item carries one of the ids below; stock tools run the item as it stands (a narrower rule or an
error, never a wrong one), and :func:`named_step` gives this program the step to run instead.

====================  ============================  ============================================
id                    stock type                    here
====================  ============================  ============================================
``virtual_fields``    ``detection_item_failure``    nothing: the IR knows ``changes[name].to``
``stock_only``        any                           nothing: it only keeps stock tools honest
``several_fields``    ``field_name_mapping`` or     :class:`SeveralFields`: one field that is
                      ``…_prefix_mapping``          several together
``aliases``           ``map_string``                :class:`Aliases`: spellings of one name
``registry_numbers``  ``map_string``                :class:`RegistryNumbers`: Sysmon's DWORDs
``domain_user``       ``extract_fields``            :class:`DomainUser`: ``DOMAIN\user``
``hashes``            ``extract_fields``            :class:`Hashes`: ``MD5=…``
====================  ============================  ============================================

Each keeps what the stock transformation loses: the place in the rule's file, and ``neq``.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from sigma.conditions import ConditionAND, ConditionOR
from sigma.correlations import SigmaCorrelationRule
from sigma.processing.transformations import (
    ExtractFieldsTransformation,
    FieldMappingTransformation,
    FieldPrefixMappingTransformation,
    MapStringTransformation,
)
from sigma.processing.transformations.base import (
    DetectionItemTransformation,
    FieldMappingTransformationBase,
    PreprocessingTransformation,
)
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    SigmaCasedString,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaString,
    SigmaStringPartType,
    SigmaType,
    SpecialChars,
)

from jumpsigma.mapping.refusals import RefusedError

Linking = type[ConditionAND] | type[ConditionOR]
Item = SigmaDetectionItem | SigmaDetection


def named_step(
    identifier: str | None, stock: PreprocessingTransformation
) -> PreprocessingTransformation | None:
    """Return what runs here in place of an item: itself if its id is no known one, or None.

    Raises
    ------
    TypeError
        The id is a known one and the item is not of its stock type.

    """
    if identifier in DROPPED:
        return None
    if identifier not in STEPS:
        return stock
    types, make = STEPS[identifier]
    if not isinstance(stock, types):
        raise TypeError(f"an item with the id {identifier!r} is not of its type")
    return make(stock)


@dataclass
class SeveralFields(FieldMappingTransformationBase):
    """One field stands for several: its values are the values of all of them together.

    ``F: v`` holds when one of them is ``v``; ``F: null`` and ``F|exists: false`` when that is so of
    each; ``F|all: [v, w]`` when one of them is ``v`` and one is ``w``; ``F|neq: v`` when none is
    ``v``. The stock item gives ``or`` in all these cases.
    """

    stock: FieldMappingTransformation

    def apply_field_name(self, field: str | None) -> str | list[str] | None:
        """Return what the stock item maps the field to."""
        return self.stock.apply_field_name(field)

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        """Map a rule; refuse a correlation that groups by such a field: it would be two keys."""
        if isinstance(rule, SigmaCorrelationRule):
            for field in rule.group_by or ():
                if isinstance(mapped := self._matching(field), list) and len(mapped) > 1:
                    text = f"cannot group by {field!r}: it is in {_listed(mapped)}"
                    raise RefusedError(text, rule.source)
        super().apply(rule)

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> Item | None:
        """Say the item of all the fields together."""
        field = detection_item.field
        mapped = self._matching(field)
        if mapped is None:
            return super().apply_detection_item(detection_item)
        # The stock method also maps fields that values refer to; without a field it does only that.
        detection_item.field = None
        super().apply_detection_item(detection_item)
        detection_item.field = field
        if self._pipeline is not None:
            self._pipeline.field_mappings.add_mapping(field, mapped)
        return _spread(detection_item, [mapped] if isinstance(mapped, str) else mapped)

    def _matching(self, field: str | None) -> str | list[str] | None:
        item = self.processing_item
        if field is None or (item is not None and not item.match_field_name(field)):
            return None
        return self.apply_field_name(field)


@dataclass
class Spellings(DetectionItemTransformation):
    """A value that is one spelling of something means every spelling of it."""

    @abstractmethod
    def spellings(self, value: SigmaType) -> list[SigmaType]:
        """Return what the value stands for; itself alone where it is no known spelling."""

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> Item | None:
        """Give each value all its spellings."""
        groups = [self.spellings(value) for value in detection_item.value]
        if all(len(group) == 1 for group in groups):
            return None
        if detection_item.value_linking is ConditionOR:
            unique: list[SigmaType] = []
            for value in (value for group in groups for value in group):
                if not any(type(value) is type(other) and value == other for other in unique):
                    unique.append(value)
            groups = [unique]
        items = [replace_item(detection_item, detection_item.field, group) for group in groups]
        for item in items:
            item.value_linking = ConditionOR
        return _linked(ConditionAND, items, detection_item)


@dataclass
class Aliases(Spellings):
    """Spellings of one name, from a table; a value is compared with them in any case.

    Only whole values: a wildcard, a part or a regular expression is no name but a pattern.
    """

    mapping: dict[str, list[str]]

    @classmethod
    def of(cls, stock: MapStringTransformation) -> Aliases:
        """Take the table of the stock item."""
        return cls(
            {
                name: [names] if isinstance(names, str) else names
                for name, names in stock.mapping.items()
            }
        )

    def __post_init__(self) -> None:
        self._lower = {name.lower(): names for name, names in self.mapping.items()}

    def spellings(self, value: SigmaType) -> list[SigmaType]:
        """Look the value up, in any case unless it is ``cased``."""
        if not isinstance(value, SigmaString) or value.contains_special():
            return [value]
        text = str(value)
        if isinstance(value, SigmaCasedString):
            return [SigmaCasedString(name) for name in self.mapping.get(text, [])] or [value]
        return [SigmaString(name) for name in self._lower.get(text.lower(), [])] or [value]


@dataclass
class RegistryNumbers(Spellings):
    """Sysmon's ``DWORD (0x00000001)`` is also ``0x00000001`` and ``1``, as Elastic has it.

    The stock item is a table of the numbers that rules use; this step knows them all.
    """

    _NUMBER: ClassVar = re.compile(r"\*?[DQ]WORD \((0x[0-9a-f]{1,16})\)\*?", re.IGNORECASE)

    @classmethod
    def of(cls, stock: MapStringTransformation) -> RegistryNumbers:  # noqa: ARG003 - no table
        """Need nothing of the stock item."""
        return cls()

    def spellings(self, value: SigmaType) -> list[SigmaType]:
        """Read the number of a DWORD or QWORD, alone or within wildcards."""
        match = self._NUMBER.fullmatch(str(value)) if isinstance(value, SigmaString) else None
        if match is None:
            return [value]
        number = match[1].lower()
        return [value, SigmaString(number), SigmaString(str(int(number, 16)))]


@dataclass
class Hashes(DetectionItemTransformation):
    """``Hashes|contains: MD5=…`` becomes equality with the hash in that algorithm's own field.

    A hash of another length than its algorithm's, or a pattern, cannot be said and is left for the
    file's refusal. The stock item does the same, but forgets ``neq`` and the place in the file.
    """

    prefix: str

    _VALUE: ClassVar = re.compile(
        r"\*?(?:(MD5)=([0-9a-f]{32})|(SHA1)=([0-9a-f]{40})"
        r"|(SHA256)=([0-9a-f]{64})|(IMPHASH)=([0-9a-f]{32}))\*?",
        re.IGNORECASE,
    )

    @classmethod
    def of(cls, stock: ExtractFieldsTransformation) -> Hashes:
        """Take the field prefix of the stock item."""
        return cls(stock.field_prefix + "." if stock.field_prefix else "")

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> Item | None:
        """Split the item by algorithm, or leave it whole where a value is no whole hash."""
        found: dict[str, list[SigmaType]] = {}
        for value in detection_item.value:
            text = str(value) if isinstance(value, SigmaString) else ""
            match = self._VALUE.fullmatch(text)
            if match is None:
                return None
            algorithm, digest = (group for group in match.groups() if group is not None)
            found.setdefault(self.prefix + algorithm.lower(), []).append(SigmaString(digest))
        items = [replace_item(detection_item, field, values) for field, values in found.items()]
        return _linked(detection_item.value_linking, items, detection_item)


@dataclass
class DomainUser(DetectionItemTransformation):
    r"""``DOMAIN\user`` is a domain field and a name field; a part of it may stand in either.

    Any other value stays with the field, for the rest of the file to rename or to refuse.
    """

    domain: str
    name: str

    @classmethod
    def of(cls, stock: ExtractFieldsTransformation) -> DomainUser:
        """Take the field prefix of the stock item."""
        prefix = stock.field_prefix + "." if stock.field_prefix else ""
        return cls(prefix + "domain", prefix + "name")

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> Item | None:
        """Split each value that has both parts, or that may stand in either."""
        items = [self._item(detection_item, value) for value in detection_item.value]
        if all(item is detection_item for item in items):
            return None
        rest = [
            value
            for item, value in zip(items, detection_item.value, strict=True)
            if item is detection_item
        ]
        found = [item for item in items if item is not detection_item]
        if rest:
            found.append(replace_item(detection_item, detection_item.field, rest))
        return _linked(detection_item.value_linking, found, detection_item)

    def _item(self, item: SigmaDetectionItem, value: SigmaType) -> Item:
        if not isinstance(value, SigmaString):
            return item
        parts = _split(value, "\\")
        wild = SpecialChars.WILDCARD_MULTI
        if len(parts) == 2 and all(parts):
            domain, name = (_string(type(value), part) for part in parts)
            items = [replace_item(item, self.name, [name])]
            if domain.s != [wild]:
                items.insert(0, replace_item(item, self.domain, [domain]))
            return _linked(ConditionAND, items, item)
        if len(parts) == 1 and len(value.s) > 2 and value.s[0] == wild == value.s[-1]:
            items = [replace_item(item, field, [value]) for field in (self.domain, self.name)]
            return _linked(ConditionOR, items, item)
        return item


def _split(value: SigmaString, mark: str) -> list[list[SigmaStringPartType]]:
    """Split a string with wildcards at a literal character."""
    parts: list[list[SigmaStringPartType]] = [[]]
    for part in value.s:
        if not isinstance(part, str):
            parts[-1].append(part)
            continue
        for i, text in enumerate(part.split(mark)):
            if i:
                parts.append([])
            if text:
                parts[-1].append(text)
    return parts


def _string(kind: type[SigmaString], parts: list[SigmaStringPartType]) -> SigmaString:
    string = kind("")
    string.s = parts
    return string


def replace_item(
    item: SigmaDetectionItem, field: str | None, values: Sequence[SigmaType]
) -> SigmaDetectionItem:
    """Copy an item with another field and other values; the place and what was applied stay."""
    # auto_modifiers: the values have their modifiers applied already.
    copy = replace(item, field=field, value=list(values), auto_modifiers=False)
    copy.applied_processing_items = set(item.applied_processing_items)
    copy.disable_conversion_to_plain()
    return copy


def _linked(linking: Linking, items: Sequence[Item], origin: SigmaDetectionItem) -> Item:
    """Link items that each carry the origin's ``negated``: not (a or b) is not a and not b."""
    if len(items) == 1:
        return items[0]
    if origin.negated:
        linking = ConditionOR if linking is ConditionAND else ConditionAND
    return SigmaDetection(list(items), source=origin.source, item_linking=linking)


def _spread(item: SigmaDetectionItem, fields: Sequence[str]) -> Item:
    def each(values: Sequence[SigmaType], linking: Linking) -> Item:
        return _linked(linking, [replace_item(item, field, values) for field in fields], item)

    if item.value_linking is ConditionAND and any(
        isinstance(value, SigmaFieldReference) for value in item.value
    ):
        raise RefusedError(
            f"field {item.field!r} is several fields here: {_listed(fields)}, "
            "which `fieldref` with `all` cannot compare with",
            item.source,
        )
    absent = [value for value in item.value if _means_absent(value)]
    present = [value for value in item.value if not _means_absent(value)]
    if not item.value:
        return each((), ConditionAND)
    if item.value_linking is ConditionOR:
        groups = [each([value], ConditionAND) for value in absent]
        return _linked(
            ConditionOR, [*groups, *([each(present, ConditionOR)] if present else [])], item
        )
    groups = [each([v], ConditionAND if _means_absent(v) else ConditionOR) for v in item.value]
    return _linked(ConditionAND, groups, item)


def _means_absent(value: SigmaType) -> bool:
    return isinstance(value, SigmaNull) or (isinstance(value, SigmaExists) and not value.exists)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)


DROPPED: Final = frozenset({"virtual_fields", "stock_only"})
"""Ids of items that this program leaves out."""

STEPS: Final[
    dict[
        str,
        tuple[
            tuple[type[PreprocessingTransformation], ...],
            Callable[..., PreprocessingTransformation],
        ],
    ]
] = {
    "several_fields": (
        (FieldMappingTransformation, FieldPrefixMappingTransformation),
        SeveralFields,
    ),
    "aliases": ((MapStringTransformation,), Aliases.of),
    "registry_numbers": ((MapStringTransformation,), RegistryNumbers.of),
    "domain_user": ((ExtractFieldsTransformation,), DomainUser.of),
    "hashes": ((ExtractFieldsTransformation,), Hashes.of),
}
"""Ids of items that this program replaces: the stock types, and what makes the step of one."""
