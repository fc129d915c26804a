"""Official backends of products that no engine can be had of: how often each side converts.

``python tests/prove/upstream_texts.py FOLDER TARGET …`` converts every rule with the official
backend and with ours (mapping ``sigma``), runs nothing, and keeps counts in
``results/upstream/TARGET.json``, where ``run`` is false. ``--show`` prints both texts instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from jumpsigma.api import export_queries, load_pack
from jumpsigma.pack import LoadedRule, Pack

RESULTS = Path(__file__).parent / "results" / "upstream"
#: By target: the package, and the backend in it.
OFFICIAL: Mapping[str, tuple[str, str]] = {
    "crowdstrike": ("pysigma-backend-crowdstrike", "sigma.backends.crowdstrike:LogScaleBackend"),
    "loki": ("pysigma-backend-loki", "sigma.backends.loki:LogQLBackend"),
    "panther": ("pysigma-backend-panther", "sigma.backends.panther:PantherBackend"),
    "qradar": ("pysigma-backend-qradar-community", "sigma.backends.QRadarAQL:QRadarAQLBackend"),
    "secops": ("pysigma-backend-secops", "sigma.backends.secops:SecOpsBackend"),
    "sumologic": ("pysigma-backend-sumologic", "sigma.backends.sumologic:SumoLogicCSEBackend"),
    "victorialogs": (
        "pysigma-backend-victorialogs",
        "sigma.backends.victorialogs:VictoriaLogsBackend",
    ),
}


def official_text(backend: Any, rule: LoadedRule) -> str:
    """What the official backend writes for a rule; whatever it raises."""
    sigma = rule.to_sigma()
    assert isinstance(sigma, SigmaRule)
    return "\n".join(map(str, backend.convert_rule(sigma)))


def counted(pack: Pack, target: str, backend: Any) -> Counter[str]:
    """How many rules each side converts."""
    ours = {query.rule.path for query in export_queries(pack, target, mapping="sigma").queries}
    counts: Counter[str] = Counter()
    for rule in pack.rules:
        if rule.kind != "rule":
            continue
        try:
            word = "official" if official_text(backend, rule) else "refused"
        except (SigmaError, NotImplementedError):
            word = "refused"
        except Exception:  # noqa: BLE001 - a backend may raise anything
            word = "error"
        mine = rule.path in ours
        if word == "official":
            counts["converted by both" if mine else "converted by the official one only"] += 1
        else:
            counts["converted by jumpsigma only" if mine else "converted by neither"] += 1
            counts[f"official: {word}"] += 1
    return counts


def main(arguments: Sequence[str]) -> int:
    """Count, or show, what both write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of rules")
    parser.add_argument("targets", choices=[*OFFICIAL], nargs="+")
    parser.add_argument("--show", action="store_true", help="print the texts, count nothing")
    given = parser.parse_args(arguments)
    pack = load_pack(given.folder)
    for target in given.targets:
        package, place = OFFICIAL[target]
        module, _, name = place.partition(":")
        backend = getattr(import_module(module), name)()
        if given.show:
            for query in export_queries(pack, target, mapping="sigma").queries:
                print(target, "ours", query.text)  # noqa: T201
            for rule in pack.rules:
                print(target, "theirs", official_text(backend, rule))  # noqa: T201
            continue
        document = {
            "target": target,
            "backend": f"{package} {version(package)}",
            "run": False,
            "rules": sum(rule.kind == "rule" for rule in pack.rules),
            "counts": dict(sorted(counted(pack, target, backend).items())),
        }
        text = json.dumps(document, indent=2) + "\n"
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{target}.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
