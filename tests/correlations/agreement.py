"""How our correlations agree with the oracle's: ``python tests/correlations/agreement.py``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))

from window_oracle import KINDS, REASONS, Tally, compared

CORRELATIONS, STREAMS = 26, 10


def tallies() -> dict[str, Tally]:
    """Every type, on 2,080 streams together."""
    with TemporaryDirectory() as folder:
        return {kind: compared(kind, CORRELATIONS, STREAMS, Path(folder)) for kind in KINDS}


def table(found: dict[str, Tally]) -> str:
    """The counts, one type a line, and what the sentences explain."""
    lines = [
        f"{'type':18}{'streams':>8}{'windows':>9}{'both hold':>10}{'explained':>10}{'other':>6}"
    ]
    explained: Counter[str] = Counter()
    for kind, tally in found.items():
        explained += tally.explained
        lines.append(
            f"{kind:18}{tally.streams:8}{tally.windows:9}{tally.agreeing:10}"
            f"{tally.explained.total():10}{len(tally.differing):6}"
        )
    streams = sum(tally.streams for tally in found.values())
    lines.append(f"{streams} streams; explained by docs/reference/semantics.md:")
    lines += [f"  {number}: {count}, {REASONS[number]}" for number, count in explained.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(tallies()) + "\n")
