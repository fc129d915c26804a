"""The examples of checks are fragments; here they become whole rules without other faults.

The top-level keys of a fragment take the place of those of a good rule. Comments say more:

``# without: level, id``  leaves keys out
``# rule: correlation``   puts the fragment into a correlation behind a rule named ``base_rule``;
                          with ``only``, without that rule
``# rule: filter``        puts it into a filter for that rule
``# file: NAME``          begins another file, taken as it stands unless it ends in ``.yml``
``# 51 times: LINE``      repeats a line, with numbers for ``#``
``# before``, ``# now``   divide what a rule was from what it is

``---`` begins another rule of the same file; what cannot be seen is written as an escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

RULE = """\
title: Shell Started By An Office Program
id: {id}
status: test
description: A word processor started a shell, as documents with macros do.
references:
    - https://example.com/report
author: Jane Doe
date: 2025-01-30
tags:
    - attack.execution
    - attack.t1059
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        ParentImage|endswith: '\\winword.exe'
        Image|endswith: '\\powershell.exe'
    condition: selection
falsepositives:
    - Macros that administrators wrote
level: medium
"""
CORRELATION = """\
title: Many Shells Started By Office Programs
id: {id}
status: test
description: Several documents started a shell within a few minutes.
references:
    - https://example.com/report
author: Jane Doe
date: 2025-01-30
tags:
    - attack.execution
    - attack.t1059
correlation:
    type: event_count
    rules:
        - base_rule
    group-by:
        - User
    timespan: 5m
    condition:
        gte: 10
falsepositives:
    - Macros that administrators wrote
level: high
"""
FILTER = """\
title: Shells Of The Finance Department
id: {id}
status: test
description: The finance department has macros of its own that start a shell.
references:
    - https://example.com/report
author: Jane Doe
date: 2025-01-30
logsource:
    product: windows
    category: process_creation
filter:
    rules:
        - base_rule
    selection:
        User|startswith: 'FINANCE\\'
    condition: not selection
"""
_TEMPLATES = {"rule": RULE, "correlation": CORRELATION, "filter": FILTER}
_KEY = re.compile(r"^([A-Za-z_-]+):")
_TIMES = re.compile(r"( +)# (\d+) times: (.*)\n")
_ESCAPES = {"\\x20": " ", "\\u200b": "\u200b", "\\u00a0": "\u00a0"}
FILE = "shell_started_by_an_office_program.yml"


def write(fragment: str, folder: Path) -> None:
    """Write the files of an example into a folder."""
    for name, text in files(fragment).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def files(fragment: str) -> dict[str, str]:
    """The files of an example by name."""
    found: dict[str, list[str]] = {FILE: []}
    current = found[FILE]
    for line in fragment.splitlines(keepends=True):
        if line.startswith("# file: "):
            current = found.setdefault(line.removeprefix("# file: ").strip(), [])
        else:
            current.append(line)
    return {
        name: _unescaped("".join(lines) if not name.endswith(".yml") else _rules(name, lines))
        for name, lines in found.items()
        if lines or name != FILE or len(found) == 1
    }


def _rules(name: str, lines: list[str]) -> str:
    documents: list[list[str]] = [[]]
    for line in lines:
        if line == "---\n":
            documents.append([])
        else:
            documents[-1].append(line)
    return "---\n".join(
        _document(f"{name} {index}", document) for index, document in enumerate(documents)
    )


def _document(seed: str, lines: list[str]) -> str:
    kind, without, body = "rule", set[str](), list[str]()
    alone = False
    for line in _repeated(lines):
        if line.startswith("# rule: "):
            kind, _, only = line.removeprefix("# rule: ").strip().partition(" ")
            alone = only == "only"
        elif line.startswith("# without: "):
            without |= {each.strip() for each in line.removeprefix("# without: ").split(",")}
        else:
            body.append(line)
    blocks = _blocks(_TEMPLATES[kind].format(id=_id(seed)))
    for key in without:
        blocks.pop(key, None)
    given = _blocks("".join(body))
    # What a comment in front of the first key says is part of the example too.
    head = given.pop("", "")
    text = "".join((blocks | given).values())
    if given:  # the fragment's keys where they belong, and a comment before them
        first = next(iter(given))
        text = "".join(
            (head if key == first else "") + block for key, block in (blocks | given).items()
        )
    if kind == "rule" or alone:
        return text
    base = RULE.format(id=_id(seed + " base")).replace("id:", "name: base_rule\nid:", 1)
    return f"{base}---\n{text}"


def _repeated(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _TIMES.match(line)
        if found is None:
            yield line
        else:
            for number in range(int(found[2])):
                yield f"{found[1]}{found[3].replace('#', str(number))}\n"


def _blocks(text: str) -> dict[str, str]:
    blocks: dict[str, str] = {}
    key = ""
    for line in text.splitlines(keepends=True):
        found = _KEY.match(line)
        if found:
            key = found[1]
        blocks[key] = blocks.get(key, "") + line
    return blocks


def _unescaped(text: str) -> str:
    for written, meant in _ESCAPES.items():
        text = text.replace(written, meant)
    return text.replace("\\r\n", "\r\n").replace("\\c\n", "")


def _id(seed: str) -> str:
    """A version 4 identifier that is the same at every run."""
    number = int.from_bytes(seed.encode().ljust(16, b"\0")[-16:], "big")
    return str(UUID(int=number, version=4))
