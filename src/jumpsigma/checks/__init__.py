"""Checks of rule packs: what ``jumpsigma validate`` runs.

A check is one function with a stable code; the modules are its families. Importing this package
registers all of them.
"""

from __future__ import annotations

from jumpsigma.checks import (
    cases,
    configuration,
    correlations,
    cost,
    jumpcloud,
    layout,
    logic,
    metadata,
    portability,
    tags,
    values,
    yaml_schema,
)
from jumpsigma.checks.model import CHECKS, Check, Edit, Hit
from jumpsigma.checks.run import Result, run, worst
from jumpsigma.checks.settings import Override, Settings, chosen
from jumpsigma.checks.view import PackView, RanCase

FAMILIES = (
    yaml_schema,
    layout,
    metadata,
    tags,
    logic,
    values,
    correlations,
    jumpcloud,
    portability,
    cases,
    cost,
    configuration,
)

__all__ = [
    "CHECKS",
    "FAMILIES",
    "Check",
    "Edit",
    "Hit",
    "Override",
    "PackView",
    "RanCase",
    "Result",
    "Settings",
    "chosen",
    "run",
    "worst",
]
