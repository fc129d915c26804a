"""Puts the modules of this folder on the path, as ``prove.py`` has them when it is run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
