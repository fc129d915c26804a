"""Mappings: from the words of a rule to the words of the events it runs on.

A mapping is a stock pySigma processing pipeline in one YAML file (``mappings/*.yml``), which
``sigma convert -p`` reads as it is. :mod:`jumpsigma.mapping.steps` lists the few items for which
this program does more than the stock vocabulary can.
"""

from jumpsigma.mapping.files import available_mappings, load_mapping
from jumpsigma.mapping.model import MappedRule, Mapping

__all__ = ["MappedRule", "Mapping", "available_mappings", "load_mapping"]
