"""What pySigma 1.5.1 reads differently from pySigma 2: refused there instead of misread.

Conditions are guarded in :mod:`jumpsigma.lower.conditions`; correlations are evaluated from
our own reading. What is left are encodings and placeholders, whose values differ in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version

from sigma.modifiers import (
    SigmaBase64Modifier,
    SigmaBase64OffsetModifier,
    SigmaExpandModifier,
    SigmaUTF16Modifier,
)
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections
from sigma.types import SigmaString

from jumpsigma.lower.values import LoweringError

_BASE64 = {SigmaBase64Modifier, SigmaBase64OffsetModifier}
_MISREAD = {*_BASE64, SigmaExpandModifier}


@cache
def is_pysigma1() -> bool:
    """Whether the installed pySigma is of the major that needs the guards."""
    return version("pysigma").startswith("1.")


def refuse_misread(detections: SigmaDetections) -> None:
    """Raise :class:`LoweringError` (JS034) for a value that pySigma 1 encodes wrongly."""
    if not is_pysigma1():
        return
    for detection in detections.detections.values():
        for item in items_of(detection):
            modifiers = set(item.modifiers)
            if not modifiers & _MISREAD:
                continue
            # As the rule writes them: pySigma 1 has by now put placeholders into the values.
            texts = [v.original for v in item.original_value or () if isinstance(v, SigmaString)]
            odd = any(not text.isascii() or set(text) & set("*?") for text in texts)
            if modifiers & _BASE64 and (odd or SigmaUTF16Modifier in modifiers):
                raise LoweringError(
                    "JS034",
                    f"pySigma 1 encodes this value of {item.field} wrongly in base64",
                    "install pySigma 2 to use base64 with this value",
                )
            if SigmaExpandModifier in modifiers and any("\\" in text for text in texts):
                raise LoweringError(
                    "JS034",
                    f"pySigma 1 misreads the placeholder in {item.field} after a backslash",
                    "install pySigma 2 to use expand with a backslash in the value",
                )


def items_of(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    """Every detection item, at any depth."""
    for member in detection.detection_items:
        if isinstance(member, SigmaDetection):
            yield from items_of(member)
        else:
            yield member
