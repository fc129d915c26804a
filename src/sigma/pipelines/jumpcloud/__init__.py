"""pySigma plugin: the mapping files of jumpsigma as processing pipelines.

pySigma finds this module by walking the namespace package ``sigma.pipelines``. A plugin that
raises while it is imported takes down every ``sigma`` command, and each public name counts as a
pipeline: hence the underscores, ``__all__``, and a warning in place of an exception.
"""

from __future__ import annotations

import warnings as _warnings
from collections.abc import Callable as _Callable
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline as _ProcessingPipeline

pipelines: dict[str, _Callable[[], _ProcessingPipeline]] = {}
__all__: list[str] = []

try:
    from sigma.processing.pipeline import ProcessingPipeline as _ProcessingPipeline

    from jumpsigma.content import shipped as _shipped

    def jumpcloud_raw() -> _ProcessingPipeline:
        """Sigma taxonomy and JumpCloud names to raw Directory Insights events."""
        return _load("jumpcloud.yml")

    def jumpcloud_ecs() -> _ProcessingPipeline:
        """Sigma taxonomy to the Elastic Common Schema."""
        return _load("ecs.yml")

    def jumpcloud_elastic() -> _ProcessingPipeline:
        """JumpCloud names to the fields of Elastic's integration for JumpCloud."""
        return _load("elastic.yml")

    def jumpcloud_sekoia() -> _ProcessingPipeline:
        """JumpCloud names to the fields of Sekoia.io's parser for Directory Insights."""
        return _load("sekoia.yml")

    def jumpcloud_sentinel() -> _ProcessingPipeline:
        """JumpCloud names to the flat columns of Microsoft Sentinel's first connector."""
        return _load("sentinel.yml")

    def jumpcloud_sentinel_dcr() -> _ProcessingPipeline:
        """JumpCloud names to the columns of Microsoft Sentinel's second connector."""
        return _load("sentinel_dcr.yml")

    def _load(name: str) -> _ProcessingPipeline:
        # Read at each call: pySigma adds up pipelines in place, so none may be shared.
        text = (_shipped("mappings") / name).read_text(encoding="utf-8")
        return _ProcessingPipeline.from_yaml(text)

    pipelines = {
        "jumpcloud_raw": jumpcloud_raw,
        "jumpcloud_ecs": jumpcloud_ecs,
        "jumpcloud_elastic": jumpcloud_elastic,
        "jumpcloud_sekoia": jumpcloud_sekoia,
        "jumpcloud_sentinel": jumpcloud_sentinel,
        "jumpcloud_sentinel_dcr": jumpcloud_sentinel_dcr,
    }
    __all__ = [
        "jumpcloud_ecs",
        "jumpcloud_elastic",
        "jumpcloud_raw",
        "jumpcloud_sekoia",
        "jumpcloud_sentinel",
        "jumpcloud_sentinel_dcr",
    ]
except Exception as _error:  # noqa: BLE001
    _warnings.warn(f"the jumpcloud pipelines are not available: {_error}", stacklevel=2)
