"""Parse YARA-L files with tree-sitter-yaral: exit 1, and their names, for those with an error.

It does not know ``nocase``, which is legal; the word is left out before, where it is no part of a
text. Runs in an environment of its own (``make prove-yaral``).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_TEXT_OR_WORD = re.compile(r"(\"(?:[^\"\\\n]|\\.)*\"|`[^`\n]*`)| nocase\b")


def main(paths: list[str]) -> int:
    """Print the paths of files with an error."""
    import tree_sitter_yaral  # type: ignore[import-not-found]
    from tree_sitter import Language, Parser  # type: ignore[import-not-found]

    parser = Parser(Language(tree_sitter_yaral.language()))
    wrong = []
    for path in paths:
        text = Path(path).read_text(encoding="utf-8")
        text = _TEXT_OR_WORD.sub(lambda found: found[1] or "", text)
        if parser.parse(text.encode()).root_node.has_error:
            wrong.append(path)
    sys.stdout.writelines(f"{path}\n" for path in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
