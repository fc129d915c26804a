"""pySigma plugin: the export targets of jumpsigma as backends, ``jumpsigma_sqlite`` and so on.

pySigma takes every backend class that it finds among the names of this module, imported ones and
private ones too: only those that are meant stand here. A plugin that raises while it is imported
takes down every ``sigma`` command: hence a warning in place of an exception, and no target is read
before it is used.
"""

from __future__ import annotations

import warnings as _warnings

__all__: list[str] = []

try:
    from sigma.backends.jumpcloud import _faithful

    for _name in _faithful.target_names():
        _made = _faithful.backend_class(_name)
        globals()[_made.__name__] = _made
        __all__.append(_made.__name__)  # noqa: PYI056 - the names are those of folders
    globals().pop("_made", None)
except Exception as _error:  # noqa: BLE001
    _warnings.warn(f"the jumpsigma backends are not available: {_error}", stacklevel=2)
