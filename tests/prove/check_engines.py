"""Whether engines are there and answer: ``check_engines.py [NAME...]``, exit 1 if not."""

from __future__ import annotations

import sys

from engines.catalogue import ENGINES, problem
from engines.engine import QueryError


def said(name: str) -> tuple[str, bool]:
    """What is to be said of an engine, and whether all is well with it."""
    try:
        engine = ENGINES[name].start()
        version = engine.available()
    except ImportError as error:
        return f"is not installed: {error}", False
    if version is None:
        return "is not installed", False
    try:
        wrong = problem(name, engine)
    except QueryError as error:
        wrong = str(error)
    finally:
        engine.close()
    return (wrong or version), wrong is None


def main(names: list[str]) -> int:
    """Check the engines of these names, or those of the development environment."""
    well = True
    for name in names or [name for name, entry in ENGINES.items() if entry.light]:
        if name not in ENGINES:
            sys.stderr.write(f"there is no engine {name!r}; one of: {', '.join(ENGINES)}\n")
            return 2
        text, fine = said(name)
        print(f"{name}: {text}")  # noqa: T201 - a script
        well = well and fine
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
