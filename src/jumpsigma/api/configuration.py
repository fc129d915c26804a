"""``jumpsigma.toml``, or ``[tool.jumpsigma]`` of ``pyproject.toml``.

How a pack is validated, and which queries are compared.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from jumpsigma.api.configuration_place import PYPROJECT, TABLES
from jumpsigma.checks import Override, Settings
from jumpsigma.checks.ignores import Ignore
from jumpsigma.checks.settings import DEFAULT
from jumpsigma.diagnostics import CODES, Diagnostic, DiagnosticError, Severity, Span

#: The keys of the table, which the JSON schema for editors is made from too.
KEYS: Final = ("select", "ignore", "severity", "attack", "overrides")
OVERRIDE_KEYS: Final = ("paths", "rules", "ignore", "severity")
DIFF_KEYS: Final = ("targets", "options")
_SEVERITIES: Final = tuple(str(each) for each in Severity)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file says.

    ``attack`` is the path of a STIX bundle, from the place of the file. ``targets`` are those
    whose queries ``diff`` compares, ``target_options`` their options by target.
    """

    settings: Settings = field(default_factory=Settings)
    path: str | None = None
    attack: str | None = None
    targets: tuple[str, ...] = ()
    target_options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def choose(self, select: Iterable[str], ignore: Iterable[str]) -> Settings:
        """The settings, with what the command line says instead (``select``) and besides."""
        chosen, codes = tuple(select), tuple(ignore)
        more = (Ignore(codes, "the command line", Span("")),) if codes else ()
        return replace(
            self.settings,
            select=chosen or self.settings.select,
            ignores=(*self.settings.ignores, *more),
        )


def read_configuration(path: str | Path) -> Configuration:
    """Read a file of either kind.

    Raises
    ------
    DiagnosticError
        JS001 when it cannot be read, JS090 with the line when something in it is wrong.

    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"cannot read the file: {error.strerror or error}"
        raise DiagnosticError(Diagnostic("JS001", message, span=Span(str(path)))) from None
    except UnicodeDecodeError:
        message = "the file is not UTF-8 text"
        raise DiagnosticError(Diagnostic("JS001", message, span=Span(str(path)))) from None
    return _Reader(path, text).configuration()


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.text = text

    def configuration(self) -> Configuration:
        try:
            data: Any = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+), column (\d+)", str(error))
            span = Span(str(self.path), *(map(int, line.groups()) if line else (1, 1)))
            message = f"the file is not TOML: {error}"
            raise DiagnosticError(Diagnostic("JS090", message, span=span)) from None
        if self.path.name == PYPROJECT:
            data = data.get("tool", {}).get("jumpsigma", {})
        else:
            self._known(data, TABLES, "the file")
        table = self._mapping(data.get("validate", {}), "validate")
        self._known(table, KEYS, "[validate]")
        overrides = table.get("overrides", [])
        if not isinstance(overrides, list):
            raise self._wrong("overrides must be tables: [[validate.overrides]]", "overrides")
        settings = Settings(
            tuple(self._texts(table, "select", (DEFAULT,))),
            tuple(self._ignores(table)),
            self._severities(table),
            tuple(self._override(each) for each in overrides),
        )
        attack = table.get("attack")
        if attack is not None and not isinstance(attack, str):
            raise self._wrong("attack must be the path of a STIX bundle", "attack")
        place = str(self.path.parent / attack) if attack is not None else None
        compared = self._mapping(data.get("diff", {}), "diff")
        self._known(compared, DIFF_KEYS, "[diff]")
        return Configuration(
            settings,
            str(self.path),
            place,
            tuple(self._texts(compared, "targets", ())),
            self._target_options(compared),
        )

    def _target_options(self, table: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for target, given in self._mapping(table.get("options", {}), "options").items():
            found[target] = {}
            for name, value in self._mapping(given, target).items():
                if not isinstance(value, str):
                    raise self._wrong("an option of a target is NAME = 'value'", name)
                found[target][name] = value
        return found

    def _override(self, value: Any) -> Override:
        table = self._mapping(value, "overrides")
        self._known(table, OVERRIDE_KEYS, "[[validate.overrides]]")
        paths, rules = self._texts(table, "paths", ()), self._texts(table, "rules", ())
        if not paths and not rules:
            raise self._wrong("an override needs paths or rules", "overrides")
        return Override(
            os.path.abspath(self.path.parent),  # noqa: PTH100 - links stay as they are
            tuple(paths),
            tuple(rules),
            tuple(self._ignores(table)),
            self._severities(table),
        )

    def _ignores(self, table: Mapping[str, Any]) -> list[Ignore]:
        found = []
        for code, reason in self._mapping(table.get("ignore", {}), "ignore").items():
            if not isinstance(reason, str):
                raise self._wrong("an ignore is CODE = 'the reason'", code)
            found.append(Ignore((code,), reason.strip(), self._span(code)))
        return found

    def _severities(self, table: Mapping[str, Any]) -> dict[str, Severity]:
        found = {}
        for code, name in self._mapping(table.get("severity", {}), "severity").items():
            if code not in CODES:
                raise self._wrong(f"there is no check {code!r}", code, self._near(code, CODES))
            if name not in _SEVERITIES:
                hint = "one of: " + ", ".join(_SEVERITIES)
                raise self._wrong(f"{name!r} is no severity", code, hint)
            found[code] = Severity(name)
        return found

    def _texts(self, table: Mapping[str, Any], key: str, default: Iterable[str]) -> list[str]:
        value = table.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(f"{key} must be a list of strings", key)
        return value

    def _mapping(self, value: Any, key: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._wrong(f"{key} must be a table", key)
        return value

    def _known(self, table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in known:
                hint = self._near(key, known) or "known: " + ", ".join(known)
                raise self._wrong(f"{where} has no key {key!r}", key, hint)

    def _near(self, name: str, known: Iterable[str]) -> str | None:
        near = get_close_matches(name, list(known), n=1)
        return f"did you mean {near[0]!r}?" if near else None

    def _wrong(self, message: str, key: str, hint: str | None = None) -> DiagnosticError:
        return DiagnosticError(Diagnostic("JS090", message, span=self._span(key), hint=hint))

    def _span(self, key: str) -> Span:
        """Where a key stands: tomllib does not say, so the first line that has it as a word."""
        word = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
        for number, line in enumerate(self.lines, 1):
            found = word.search(line.partition("#")[0])
            if found is not None:
                return Span(str(self.path), number, found.start() + 1, number, found.end() + 1)
        return Span(str(self.path), 1, 1, 1, 1)
