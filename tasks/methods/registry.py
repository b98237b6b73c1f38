"""The one list of methods. A duplicate or unknown name raises and lists the choices; plug-ins load lazily."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from typing import Any, TypeVar

from labelworks.schemas.errors import ConfigError

KINDS = (
    "encoders", "probes", "adapt", "noise", "tasks", "questions", "crowd", "shift", "weights", "relabel",
    "models",
)  # fmt: skip
PACKAGES = {  # of kinds that are not one folder of their own name
    "tasks": ("multilabel", "regression"),
    "questions": ("noise", "noise.core", "duplicates", "open_set", "neighbours", "validation"),
    "shift": ("label_shift", "drift", "open_set"),
    "weights": ("treatment.weights",),
    "relabel": ("treatment.relabel",),
    "models": ("validation.models",),
}
ENTRY_POINTS = "labelworks.methods"
PLAIN: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "str": ((str,), "text"),
}
_Target = TypeVar("_Target", bound=Callable[..., Any])
_Decorator = Callable[[_Target], _Target]
_methods: dict[tuple[str, str], Method] = {}


@dataclass(frozen=True)
class Method:
    """A registered method: what it is called, what it needs, where it comes from, and how to make it."""

    kind: str
    name: str
    target: Callable[..., Any]
    needs: tuple[str, ...]
    source: str

    @property
    def function(self) -> str:
        """Where to import it from."""
        return f"{self.target.__module__}.{self.target.__qualname__}"

    @property
    def about(self) -> str:
        """First line of its docstring."""
        return (self.target.__doc__ or "").strip().split("\n")[0]


def register(
    kind: str, name: str, *, needs: tuple[str, ...] = (), source: str
) -> Callable[[_Target], _Target]:
    """Register a function or class under a kind and a name; raise ConfigError if the name is taken."""
    _known_kind(kind)

    def add(target: _Target) -> _Target:
        known = _methods.get((kind, name))
        if known and (known.target.__module__, known.target.__qualname__) != (
            target.__module__,
            target.__qualname__,
        ):
            raise ConfigError(f"{kind} method {name!r} is registered twice", where=target.__module__)
        _methods[kind, name] = Method(kind, name, target, needs, source)
        return target

    return add


def get(kind: str, name: str) -> Method:
    """Return the method of that kind and name; raise ConfigError listing the choices if there is none."""
    _load(kind)
    if (kind, name) not in _methods:
        choices = sorted(known for of, known in _methods if of == kind)
        close = get_close_matches(name, choices, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"unknown {kind} method {name!r}", fix=f"{hint}choices: {', '.join(choices)}")
    return _methods[kind, name]


def check_options(target: Callable[..., Any], options: dict[str, Any]) -> None:
    """Raise ConfigError for an option that a method doesn't have, naming those it has, or of another type."""
    takes = {
        each.name: str(getattr(each.annotation, "__name__", each.annotation))
        for each in inspect.signature(target).parameters.values()
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    }
    for name, value in options.items():
        if name not in takes:
            raise ConfigError(f"unknown option {name!r}", fix=f"options: {', '.join(takes) or 'none'}")
        kinds, words = PLAIN.get(takes[name], ((object,), ""))
        if not isinstance(value, kinds) or (isinstance(value, bool) and takes[name] in ("int", "float")):
            raise ConfigError(f"option {name!r} is {value!r}", fix=f"give {words}")


def methods(kind: str | None = None) -> list[Method]:
    """Every registered method, or those of one kind, by kind and name."""
    for each in KINDS if kind is None else (kind,):
        _load(each)
    return sorted(
        (method for method in _methods.values() if kind in (None, method.kind)),
        key=lambda method: (KINDS.index(method.kind), method.name),
    )


@cache
def _load(kind: str) -> None:
    """Import the built-in modules of a kind, then the plug-ins that name it (`kind.name = module:object`)."""
    _known_kind(kind)
    for name in PACKAGES.get(kind, (kind,)):
        package = importlib.import_module(f"labelworks.tasks.methods.{name}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name.startswith(f"{kind}."):
            entry.load()


def _known_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ConfigError(f"unknown kind of method {kind!r}", fix=f"choices: {', '.join(KINDS)}")
