"""Export: rules to the queries and rule files of other products, faithful or refused.

A target is a folder in ``backends/``: its ``backend.yaml`` says which mapping its rules get, what
its query languages can say, and which files people deploy. Queries are written from the IR, which
means the same whatever pySigma is installed. ``docs/explanation/architecture.md`` says why.
"""

from jumpsigma.export.convert import Converter, Query, chosen_format, chosen_options
from jumpsigma.export.features import Feature
from jumpsigma.export.files import available_targets, load_target, target_names
from jumpsigma.export.model import Format, Option, Target
from jumpsigma.export.refusals import Support, Verdict

__all__ = [
    "Converter",
    "Feature",
    "Format",
    "Option",
    "Query",
    "Support",
    "Target",
    "Verdict",
    "available_targets",
    "chosen_format",
    "chosen_options",
    "load_target",
    "target_names",
]
