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

import jumpsigma
from jumpsigma import api
from jumpsigma.cli.app import app
from jumpsigma.content import shipped
from jumpsigma.diagnostics import CODES

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Made by docs/generate.py (make docs); edit the code that it names instead. -->\n\n"


def diagnostics_page() -> str:
    """The catalogue of codes."""
    rows = ((code, entry.title, entry.explanation) for code, entry in CODES.items())
    return (
        "# Diagnostics\n\n"
        "Every problem that jumpsigma reports has a code that keeps its meaning. Source: "
        "`src/jumpsigma/diagnostics/codes.py`.\n\n"
    ) + _table(("code", "title", "what it means"), rows)


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
    "cli.md": cli_page,
    "diagnostics.md": diagnostics_page,
    "events.md": events_page,
    "fields.md": fields_page,
    "mappings.md": mappings_page,
    "rules.md": rules_page,
}


def main(arguments: list[str]) -> int:
    """Write every page, or with ``--check`` name those that differ from what would be written."""
    if arguments not in ([], ["--check"]):
        print("usage: generate.py [--check]", file=sys.stderr)
        return 2
    check, stale = bool(arguments), []
    pages = {name: page() for name, page in PAGES.items()} | rule_pages()
    for name, body in pages.items():
        path, text = REFERENCE / name, NOTE + body
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in sorted((REFERENCE / "rules").rglob("*.md")):
        name = path.relative_to(REFERENCE).as_posix()
        if name not in pages:  # the rule is gone
            stale.append(name)
            if not check:
                path.unlink()
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
