"""Threat indicators: one local store, filled from feeds, read by rules as lists.

``model`` says what an indicator is, ``normalise`` how its value is written, ``store`` keeps them
in one SQLite file, ``readers`` make entries from the formats of feeds.
"""

from __future__ import annotations
