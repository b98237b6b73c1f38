"""Find wrong labels and shifted distributions in a dataset, treat them, prove it, publish a new version.

`import labelworks as lw` is the front door for notebooks and scripts; each name is imported when it is first
used. docs/python.md shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelworks.flows.notebook.label_errors import find_label_errors

_HOMES = {
    "find_label_errors": "labelworks.flows.notebook.label_errors",
}
__all__ = ["find_label_errors"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(_unknown(name), name=name)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, __all__, n=1)
    return f"labelworks has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
