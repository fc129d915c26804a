"""Write the reference pages that are made from code; ``--check`` says which are out of date.

Every page is a function from nothing to Markdown. Run it through ``make docs``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import typer.core
import typer.main
import yaml
from export_pages import equivalence_page, targets_page, upstream_page

import jumpsigma
from jumpsigma import api
from jumpsigma.checks import CHECKS, FAMILIES, chosen
from jumpsigma.cli.app import app
from jumpsigma.content import shipped
from jumpsigma.diagnostics import CODES
from jumpsigma.reachability import REACHABILITIES, Reach, elastic, sekoia

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Made by docs/generate.py (make docs); edit the code that it names instead. -->\n\n"


def diagnostics_page() -> str:
    """The catalogue of codes."""
    rows = (
        (code, entry.title, entry.explanation)
        for code, entry in CODES.items()
        if code not in CHECKS
    )
    return (
        "# Diagnostics\n\n"
        "Every problem that jumpsigma reports has a code that keeps its meaning. Source: "
        "`src/jumpsigma/diagnostics/codes.py`. The codes from JS101 on are those of "
        "[checks](checks.md).\n\n"
    ) + _table(("code", "title", "what it means"), rows)


def checks_page() -> str:
    """The checks of `validate`, each with a link to its page."""
    rows = (
        (
            f"[{check.code}](checks/{check.family}.md#{check.code.lower()})",
            f"`{check.name}`",
            check.title,
            str(check.severity),
            "" if check.default else "no",
        )
        for check in chosen(["all"])
    )
    return (
        "# Checks\n\nWhat `jumpsigma validate` looks for. A check that is not on by default runs "
        "when it is selected; `jumpsigma validate --explain JS154` prints its page.\n\n"
    ) + _table(("code", "name", "what it finds", "severity", "default"), rows)


def check_pages() -> dict[str, str]:
    """A page for each family of checks, by its path below ``reference``."""
    pages = {}
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        parts = [f"# Checks: {name}\n\n{_doc(family)}\n"]
        for check in chosen([name]):
            aside = "" if check.default else "; not on by default"
            parts.append(
                f'<a id="{check.code.lower()}"></a>\n\n## {check.code} {check.name}\n\n'
                f"{check.title} ({check.severity}{aside}).\n\n{check.explanation}\n\n"
                f"Bad:\n\n```yaml\n{check.example('Bad')}```\n\n"
                f"Good:\n\n```yaml\n{check.example('Good')}```\n"
            )
        pages[f"checks/{name}.md"] = "\n".join(parts)
    return pages


def cli_page() -> str:
    """The help of every command."""
    root = typer.main.get_command(app)
    parts = ["# Command line\n\nWhat `--help` says, command by command.\n"]
    for names, command in _commands(root, ("jumpsigma",)):
        context = command.make_context(
            " ".join(names), [], resilient_parsing=True, terminal_width=96
        )
        with context:
            text = command.get_help(context)
        body = "\n".join(line.rstrip() for line in text.splitlines()).strip()
        parts.append(f"## {' '.join(names)}\n\n```text\n{body}\n```\n")
    parts.append(
        "## Exit codes\n\n"
        + _table(
            ("code", "meaning"),
            (
                ("0", "fine; a closed pipe too"),
                (
                    "1",
                    (
                        "findings at or above `--fail-on`, lines rejected under `--strict`, "
                        "a failed case, errors in what `list` or `test` was asked to read"
                    ),
                ),
                ("2", "wrong use, or an input or rule that cannot be read (the rest still runs)"),
                ("130", "interrupted"),
            ),
        )
    )
    return "\n".join(parts)


def _commands(command: Any, names: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
    yield names, command
    if isinstance(command, typer.core.TyperGroup):
        for name, child in command.commands.items():
            yield from _commands(child, (*names, name))


def events_page() -> str:
    """Event types by service."""
    parts = [
        (
            "# Event types of Directory Insights\n\n"
            "Made from `mappings/directory_insights.yaml`. Provenance: `seen` in a real event or "
            "a live audit, `documented` by the vendor, `read-in-code`, or `assumed`. The vendor's "
            "list is known to be incomplete: an event type that is not here is still compared.\n"
        )
    ]
    rows = api.list_events()
    services = dict.fromkeys(service for row in rows for service in _words(row["services"]))
    for service in (*services, ""):
        chosen = [
            row
            for row in rows
            if (service in _words(row["services"]) if service else not row["services"])
        ]
        if chosen:
            table = (
                (
                    f"`{row['event_type']}`",
                    str(row["meaning"]),
                    str(row["provenance"]),
                    ", ".join(_words(row["aliases"])),
                )
                for row in chosen
            )
            parts.append(
                f"## {service or 'Service not known'}\n\n"
                + _table(("event type", "meaning", "provenance", "also called"), table)
            )
    return "\n".join(parts)


def fields_page() -> str:
    """Fields, with type, values and services."""
    services = _table(
        ("service", "also", "meaning", "provenance"),
        (
            (
                f"`{row['service']}`",
                ", ".join(_words(row["aliases"])),
                str(row["meaning"]),
                str(row["provenance"]),
            )
            for row in api.list_services()
        ),
    )
    fields = _table(
        ("field", "type", "values", "meaning", "services", "provenance"),
        (
            (
                f"`{row['field']}`",
                str(row["type"]),
                str(row["values"]),
                str(row["meaning"]),
                ", ".join(_words(row["services"])),
                str(row["provenance"]),
            )
            for row in api.list_fields()
        ),
    )
    return (
        "# Services and fields of Directory Insights\n\n"
        "Made from `mappings/directory_insights.yaml`.\n\n"
        f"## Services\n\n{services}\n## Fields\n\n{fields}"
    )


def rules_page() -> str:
    """The shipped rules, each with a link to its page."""
    pack = api.load_pack()
    places = {rule.id: page for rule, page in zip(pack.rules, api.rule_places(pack), strict=True)}
    rows = (
        (
            f"[{rule.title}](rules/{places[rule.id]})",
            rule.level or "",
            rule.status or "",
            ", ".join(str(each) for each in _source_of(rule) if each),
            (rule.description or "").strip().partition("\n")[0],
        )
        for rule in pack.rules
    )
    return "# Shipped rules\n\n" + _table(
        ("rule", "level", "status", "log source", "what it detects"), rows
    )


def _source_of(rule: Any) -> tuple[str | None, ...]:
    source = rule.logsource
    return (source.product, source.category, source.service)


def rule_pages() -> dict[str, str]:
    """A page for each shipped rule file, by its path below ``reference``."""
    return {f"rules/{page}": text for page, text in api.rule_pages(api.load_pack()).items()}


#: The built-in rules of Sekoia.io's intake page for JumpCloud, in its order.
DETECTIONS = (
    "Active Directory Data Export Using Csvde",
    "AdFind Usage",
    "Adexplorer Usage",
    "Aspnet Compiler",
    "Certificate Authority Modification",
    "Cryptomining",
    "DNS Query For Iplookup",
    "Dynamic DNS Contacted",
    "Exfiltration And Tunneling Tools Execution",
    "Exfiltration Domain",
    "Jumpcloud Account Locked",
    "Jumpcloud Api Key Updated",
    "Jumpcloud Policy Modified",
    "Kernel Module Alteration",
    "Network Scanning and Discovery",
    "Network Sniffing",
    "Network Sniffing Windows",
    "PasswordDump SecurityXploded Tool",
    "PsExec Process",
    "RDP Session Discovery",
    "Remote Access Tool Domain",
    "Remote Monitoring and Management Software - AnyDesk",
    "Remote Monitoring and Management Software - Atera",
    "SEKOIA.IO Intelligence Feed",
    "Sekoia.io EICAR Detection",
    "Suspicious Double Extension",
    "System Info Discovery",
    "TOR Usage Generic Rule",
)
COVERAGE_INTRO = """\
# What the rules can see

Whether an event of JumpCloud can ever satisfy a rule, as `jumpsigma coverage` answers it from the
schema of the intake (`mappings/directory_insights.yaml`).

- **reachable**: an event whose fields have values inside what is known of them satisfies the rule.
  `--witness` prints such an event.
- **partial**: the rule can fire, but a selection or an alternative of it cannot.
- **unlikely**: it takes values that nobody has seen or documented, such as a sign-in that was
  handled by a program that handles no sign-ins.
- **unreachable**: fields are missing. No event of this intake satisfies the rule.

Event types and services are open: the vendor's catalogue is known to be incomplete, so a name that
is in no catalogue makes an answer `assumed`, not unreachable. A documented list of values is open
too, and what lies outside it unlikely; only a set that was read in code is closed. Provenance is
the weakest thing that an answer rests on: `seen` in a real event, `documented` by the vendor,
`read-in-code`, or `assumed`. That a field is missing is as sure as the vendor's documentation
(`documented`), or `assumed` where the rule names no service and so may mean one whose fields nobody
describes.

The list of event types is empty where a rule asks for none in particular. A correlation is as
reachable as the rules that its condition takes, on events that have the fields that it groups by;
its witness is a sequence of events.
"""


def coverage_page() -> str:
    """Which detections can fire, on raw events and where two products keep them."""
    pack = api.load_pack(cases=False)
    raw = {id(each.rule): each.reach for each in api.coverage(pack)}
    kept = {}
    for place in (sekoia(), elastic()):
        native = api.coverage(pack, "jumpcloud", intake=place.raw)
        rest = {id(each.rule): each for each in api.coverage(pack, "ecs", intake=place.ecs)}
        kept[place.title] = {
            id(each.rule): (rest[id(each.rule)] if each.node is None else each).reach
            for each in native
        }
    answers = {"raw events": raw, **kept}
    rows = []
    for name in DETECTIONS:
        rules = [r for r in pack.rules if r.title == name or r.title.startswith(f"{name} - ")]
        cells = (_answer([found[id(rule)] for rule in rules]) for found in answers.values())
        rows.append((name, *cells, _because(name, [(rule, raw[id(rule)]) for rule in rules])))
    return (
        f"{COVERAGE_INTRO}\n## The 28 detections\n\n"
        "Sekoia.io's page for this intake lists 28 built-in rules by the fields that they and the "
        "intake have in common, and says that some might not be relevant. Our pack has rules for "
        "each of them: for the log source that it is really about, and, where JumpCloud reports "
        "the same fact in another way, for JumpCloud. The answer is that of the best of them, "
        "with how many of them can fire: on the events as the vendor gives them, and on what "
        "Sekoia.io's parser and Elastic's package keep. Rules for JumpCloud are read in the raw "
        "names of what is kept, others in the Elastic Common Schema.\n\n"
        + _table(("detection", *answers, "on raw events: through what, or why not"), rows)
        + "\nElastic's package keeps every field, but not which value of `changes` belongs to "
        "which name: an exported query on one element matches more. Sekoia.io's parser leaves "
        "out, among others, the service, `mfa`, `auth_method`, `geoip` and the applications of "
        "`software` events, and the values of `changes` but for eight names.\n"
    )


def _answer(found: Sequence[Reach]) -> str:
    best = min((each.reachability for each in found), key=REACHABILITIES.index)
    able = sum(each.reachability in ("reachable", "partial") for each in found)
    return f"{best} ({able} of {len(found)})"


def _because(name: str, found: Sequence[tuple[Any, Reach]]) -> str:
    able = [rule for rule, each in found if each.reachability in ("reachable", "partial")]
    if able:
        titles = (rule.title.removeprefix(name).removeprefix(" - ") or "itself" for rule in able)
        return "; ".join(dict.fromkeys(titles))
    unlikely = [each for _, each in found if each.reachability == "unlikely"]
    return (unlikely or [each for _, each in found])[0].reasons[0]


def mappings_page() -> str:
    """What each shipped mapping calls the fields of rules, and for which log sources."""
    parts = [
        (
            "# Mappings\n\nWhat the fields of a rule are called in the events. Made from "
            "`mappings/*.yml`, which also say what each mapping refuses and what it makes of a "
            "log source.\n"
        )
    ]
    for path in sorted(shipped("mappings").glob("*.yml")):
        mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows = [
            (f"`{field}`" if field else "any other", _names(to), _where(item))
            for item in mapping["transformations"]
            if item["type"] in ("field_name_mapping", "field_name_prefix_mapping")
            for field, to in item["mapping"].items()
        ]
        table = _table(("field of a rule", "in the events", "log sources"), rows)
        body = table if rows else "Names stay as they are.\n"
        parts.append(f"## {path.stem}\n\n{mapping['vars']['description']}.\n\n{body}")
    return "\n".join(parts)


def _names(to: str | list[str]) -> str:
    return " and ".join(f"`{name}`" for name in ([to] if isinstance(to, str) else to))


def _where(item: dict[str, Any]) -> str:
    conditions = item.get("rule_conditions") or []
    found = list(conditions.values() if isinstance(conditions, dict) else conditions)
    words = [
        " ".join(f"{key} {value}" for key, value in each.items() if key != "type")
        for each in found
        if each["type"] == "logsource"
    ]
    if not words:
        return "all"
    if len(words) > 5:
        is_any = "rule_cond_expr" not in item and "rule_cond_not" not in item
        return "all that it carries" if is_any else "some: see the file"
    if "rule_cond_expr" in item:
        text = str(item["rule_cond_expr"])
        for name, word in zip(conditions, words, strict=True):
            text = re.sub(rf"\b{name}\b", word, text)
        return text
    return f"{'all but ' if item.get('rule_cond_not') else ''}{', '.join(words)}"


def api_page() -> str:
    """What ``import jumpsigma`` offers, with signatures and docstrings."""
    parts = [
        "# Python API\n\nWhat `import jumpsigma` offers. Names are imported when first used.\n"
    ]
    for name in jumpsigma.__all__:
        value = getattr(jumpsigma, name)
        if isinstance(value, type):
            parts.append(f"## class {name}\n\n{_doc(value)}\n")
            for member, function in inspect.getmembers(value, inspect.isfunction):
                if not member.startswith("_") and member in vars(value):
                    parts.append(f"##{_function(f'{name}.{member}', function)}")
        elif callable(value):
            parts.append(f"#{_function(name, value)}")
    return "\n".join(parts)


def _function(name: str, value: Callable[..., object]) -> str:
    signature = f"```python\n{name.rpartition('.')[2]}{inspect.signature(value)}\n```"
    return f"# {name}\n\n{signature}\n\n{_doc(value)}\n"


def _doc(value: object) -> str:
    return inspect.getdoc(value) or ""


def _words(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [
        f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "checks.md": checks_page,
    "cli.md": cli_page,
    "coverage.md": coverage_page,
    "diagnostics.md": diagnostics_page,
    "equivalence.md": lambda: equivalence_page(_table),
    "events.md": events_page,
    "fields.md": fields_page,
    "mappings.md": mappings_page,
    "rules.md": rules_page,
    "targets.md": lambda: targets_page(_table),
    "upstream.md": lambda: upstream_page(_table),
}


def main(arguments: list[str]) -> int:
    """Write every page, or with ``--check`` name those that differ from what would be written."""
    if arguments not in ([], ["--check"]):
        print("usage: generate.py [--check]", file=sys.stderr)
        return 2
    check, stale = bool(arguments), []
    pages = {name: page() for name, page in PAGES.items()} | rule_pages() | check_pages()
    for name, body in pages.items():
        path, text = REFERENCE / name, NOTE + body
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    made = [*(REFERENCE / "rules").rglob("*.md"), *(REFERENCE / "checks").rglob("*.md")]
    for path in sorted(made):
        name = path.relative_to(REFERENCE).as_posix()
        if name not in pages:  # the rule or family is gone
            stale.append(name)
            if not check:
                path.unlink()
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
