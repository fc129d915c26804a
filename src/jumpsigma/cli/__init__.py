"""The command line: one module a verb, nothing imported before a verb is known."""

from __future__ import annotations

import io
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code.

    0 fine, 1 what was asked for was found wanting, 2 wrong use or an input that cannot be read,
    130 interrupted. A closed pipe is no error: the reader had enough.
    """
    from jumpsigma.cli.app import run

    for stream in (sys.stdout, sys.stderr):
        # Findings hold any character, and a console of another encoding must not stop a scan.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more on its way out, which would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        print("jumpsigma: interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)
