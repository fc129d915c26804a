"""The files that people deploy, from Jinja2 templates that stand beside a ``backend.yaml``.

Templates are untrusted input: they run in Jinja2's sandbox, see plain data and reach no file but
their neighbours. A name that does not exist is an error, never an empty text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.export.model import Target
from jumpsigma.export.texts import one_line, to_json

#: A template that writes more than this is stopped.
MAX_CHARACTERS = 50_000_000


def render_template(target: Target, template: str, values: Mapping[str, Any]) -> str:
    """What a template of the target makes of some values, ending in one newline.

    Raises :class:`DiagnosticError` (JS062) with the template's line.
    """
    path = next((f / template for f in target.folders if (f / template).is_file()), None)
    span = Span(str(path or target.folder / template))
    try:
        text = _environment(target.folders).get_template(template).render(**values)
    except TemplateNotFound as error:
        message = f"there is no template {error.name!r}"
        raise DiagnosticError(Diagnostic("JS062", message, span=span)) from None
    except SecurityError as error:
        message = f"the template does what templates may not: {error}"
        raise DiagnosticError(Diagnostic("JS062", message, span=span)) from None
    except TemplateError as error:
        line = getattr(error, "lineno", None) or 0
        placed = Span(span.path, line, 1, line, 1) if line else span
        raise DiagnosticError(Diagnostic("JS062", str(error), span=placed)) from None
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        message = f"the template fails: {error}"
        raise DiagnosticError(Diagnostic("JS062", message, span=span)) from None
    return text.rstrip("\n") + "\n"


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # queries and rule files, not HTML; each value is quoted by a filter
    )
    environment.filters["json"] = to_json
    environment.filters["from_json"] = json.loads
    environment.filters["one_line"] = one_line
    return environment
