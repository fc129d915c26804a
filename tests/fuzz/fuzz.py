"""Runs one target under atheris: ``fuzz.py TARGET [an option of libFuzzer ...]``.

It starts from the committed corpus and what earlier runs found, and keeps what it finds, an input
that fails above all, in ``.fuzz/TARGET``. An input can be given as an argument, to run it.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
FOUND = HERE.parents[1] / ".fuzz"
#: Seconds for one input, and megabytes for all (a target needs a hundredth, and a tenth); bytes of
#: an input, which would otherwise be those of the largest in the corpus, and how slowly it gets
#: there: soon, for the seeds are as small as they can be.
LIMITS = ("-timeout=20", "-rss_limit_mb=1500", "-max_len=4096", "-len_control=20")


def main(target: str, options: list[str]) -> None:
    with atheris.instrument_imports(include=["jumpsigma"]):
        one_input = importlib.import_module(f"fuzz_{target}").one_input
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    arguments = [*LIMITS, f"-artifact_prefix={found}-", *options]
    dictionary = HERE / "dictionaries" / f"{target}.txt"
    if dictionary.is_file():
        arguments.append(f"-dict={dictionary}")
    if all(option.startswith("-") for option in options):
        arguments += [str(found), str(HERE / "corpus" / target)]
    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
