"""The deployable tree of a target: what its format writes for each rule and for the pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jumpsigma._version import __version__
from jumpsigma.api.cases import default_mapping
from jumpsigma.api.exports import Exported, ExportedQuery
from jumpsigma.api.paths import relative_to_pack
from jumpsigma.attack import Technique, load_attack
from jumpsigma.export.render import render_template
from jumpsigma.export.texts import all_lines, comment_lines, one_line
from jumpsigma.export.tree import Written, unique_slugs, write_tree
from jumpsigma.intake.wrapped import MAPPING, unwrap
from jumpsigma.pack import Pack


def export_files(exported: Exported, pack: Pack) -> dict[str, str]:
    """The files of rules and pack of an export by their path below its folder.

    Raises :class:`DiagnosticError` (JS062) for a template that is wrong.
    """
    slugs = unique_slugs(each.rule.title for each in exported.queries)
    rows = [_row(query, name, pack) for query, name in zip(exported.queries, slugs, strict=True)]
    common = _common(exported)
    files: dict[str, str] = {}
    for file in exported.format.files:
        if file.scope == "pack":
            assert file.template is not None  # noqa: S101 - the reader asks for one
            files[file.path] = render_template(
                exported.target, file.template, {**common, "rules": rows}
            )
            continue
        for row in rows if file.scope == "rule" else ():
            path = file.path.format(slug=row["slug"])
            header = _header(row["rule"], file.comment) if file.comment else ""
            if file.template is None:
                files[path] = header + row["query"].rstrip("\n") + "\n"
                continue
            values = {**common, **row, "header": header}
            files[path] = render_template(exported.target, file.template, values)
    return files


def list_files(exported: Exported) -> dict[str, str]:
    """The files of the look-up tables that the queries ask, likewise.

    Raises :class:`DiagnosticError` (JS062) for a template that is wrong.
    """
    files: dict[str, str] = {}
    for file in exported.format.files:
        for table in exported.tables if file.scope == "list" else ():
            path = file.path.format(slug=table.slug)
            if file.template is None:
                files[path] = table.csv()
                continue
            values = {"slug": table.slug, "list": table.name, "rows": list(table.rows)}
            files[path] = render_template(
                exported.target, file.template, {**_common(exported), **values}
            )
    return files


def _common(exported: Exported) -> dict[str, Any]:
    return {
        "target": exported.target.name,
        "options": dict(exported.options),
        "levels": dict(exported.target.levels),
        "version": __version__,
    }


def compiled_text(exported: Exported, pack: Pack) -> str:
    """All of what an export would write for its rules, as one text.

    Files of the rules stand one behind the other, apart by an empty line; where the format is
    one file for the pack, it is that file. The files of look-up tables are left out.
    """
    return "\n".join(export_files(exported, pack).values())


def export_tree(exported: Exported, pack: Pack, folder: str | Path) -> Written:
    """Write the tree with its index and checksums; only what changed is touched.

    Raises :class:`DiagnosticError` (JS062, JS091).
    """
    slugs = unique_slugs(each.rule.title for each in exported.queries)
    titles = {rule.id: rule.title for rule in pack.rules}
    tables = {
        table.name: [
            each.path.format(slug=table.slug)
            for each in exported.format.files
            if each.scope == "list"
        ]
        for table in exported.tables
    }
    index = {
        "target": exported.target.name,
        "format": exported.format.name,
        "options": dict(exported.options),
        "jumpsigma": __version__,
        "counts": exported.counts,
        "rules": [
            {"id": q.rule.id, "title": q.rule.title, "author": q.rule.author,
             "license": q.rule.license, "level": q.rule.level, "mapping": q.mapping,
             "files": [each.path.format(slug=name) for each in exported.format.files
                       if each.scope != "list"],
             "lists": [table.name for table in q.tables]}
            for q, name in zip(exported.queries, slugs, strict=True)
        ],
        "lists": [
            {"name": table.name, "rows": len(table.rows), "files": tables[table.name]}
            for table in exported.tables
        ],
        "refused": [
            {"rule_id": each.rule_id, "title": titles.get(each.rule_id), "code": each.code,
             "severity": each.severity.value, "message": each.message}
            for each in exported.refused
        ],
    }  # fmt: skip
    # A rule that cannot be read today was deployed yesterday: nothing is removed for that.
    complete = bool(exported.queries) and not pack.has_errors
    files = {**export_files(exported, pack), **list_files(exported)}
    return write_tree(Path(folder), files, index, complete=complete)


def _header(rule: Mapping[str, Any], form: str) -> str:
    """What a file says of its rule in comments: DRL 1.1 asks that the author is named."""
    facts = [(name, rule[name]) for name in ("id", "level", "author", "license")]
    return comment_lines(
        form, [rule["title"], *(f"{name}: {said}" for name, said in facts if said)]
    )


def _row(query: ExportedQuery, slug: str, pack: Pack) -> dict[str, Any]:
    rule = query.rule
    return {
        "slug": slug,
        "query": query.text,
        "mapping": query.mapping,
        "rule": {
            "id": rule.id,
            "name": rule.name and one_line(rule.name),
            "title": one_line(rule.title),
            "description": all_lines(rule.description or ""),
            "author": one_line(rule.author or ""),
            "license": one_line(rule.license or ""),
            "level": rule.level or "medium",
            "status": one_line(rule.status or ""),
            "date": rule.date or "",
            "modified": rule.modified or rule.date or "",
            "tags": [one_line(each) for each in rule.tags],
            "references": [one_line(each) for each in rule.references],
            "falsepositives": [one_line(each) for each in rule.falsepositives],
            "path": one_line(relative_to_pack(rule.path, pack)),
            "product": rule.logsource.product,
            "category": rule.logsource.category,
            "service": rule.logsource.service,
            **_attack(rule.tags),
        },
        "cases": list(_cases(query, pack)),
    }


def _cases(query: ExportedQuery, pack: Pack) -> Iterator[dict[str, Any]]:
    """Events of the rule's cases in the words of the query, each with whether it matches.

    Left out are cases with lists of their own, which the query does not have, and those that do
    not say which of their events match.
    """
    rule = query.rule
    if rule.refers_to or sum(each.path == rule.path for each in pack.rules) > 1:
        return  # what is said of a file with several rules is not about this one alone
    files = [file for file in pack.cases if file.rule_path == rule.path]
    for case in (case for file in files for case in file.cases):
        matching = {"no_match": 0}.get(case.expect, case.fires or 1)
        if (case.mapping or default_mapping(pack, rule)) != query.mapping or case.lists:
            continue
        if matching not in (0, len(case.events)):
            continue
        for number, event in enumerate(case.events, start=1):
            name = one_line(case.name)
            yield {
                "name": f"{name} ({number})" if len(case.events) > 1 else name,
                "matches": matching > 0,
                "event": unwrap(event) if query.mapping == MAPPING else event,
            }


def _attack(tags: tuple[str, ...]) -> dict[str, Any]:
    """The tactics (short names) and techniques that tags of ATT&CK name."""
    attack = load_attack()
    names = [tag.removeprefix("attack.") for tag in tags if tag.startswith("attack.")]
    found = [technique for name in names if (technique := attack.technique(name)) is not None]
    return {
        "tactics": [name for name in names if name in attack.tactics],
        "techniques": [
            {
                "id": each.id,
                "name": each.name,
                "tactics": list(each.tactics),
                "parent": _parent(attack.technique(each.parent) or each),
            }
            for each in found
        ],
    }


def _parent(technique: Technique) -> dict[str, str]:
    """What a sub-technique belongs to; a technique belongs to itself."""
    return {"id": technique.id, "name": technique.name}
