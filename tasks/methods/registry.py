"""The one list of methods. A duplicate or unknown name raises and lists the choices; plug-ins load lazily."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.kinds import KINDS
from labelworks.tasks.methods.signatures import arguments, check_options, keywords_of, members, misfit, shown

__all__ = ["KINDS", "Method", "check_options", "forget", "get", "make", "methods", "register"]

ENTRY_POINTS = "labelworks.methods"
_Target = TypeVar("_Target", bound=Callable[..., Any])
_methods: dict[tuple[str, str], Method] = {}


@dataclass(frozen=True)
class Method:
    """A registered method: what it is called, what it needs, where it comes from, and how to make it.

    needs: its inputs, of those that its kind knows; uses: inputs that it is given where they are there.
    modality: the kinds of features that it reads, of an encoder; extra: what to install for it, as pip says.
    """

    kind: str
    name: str
    target: Callable[..., Any]
    source: str
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    extra: str = ""

    @property
    def function(self) -> str:
        """Where to import it from."""
        return f"{self.target.__module__}.{self.target.__qualname__}"

    @property
    def about(self) -> str:
        """First line of its docstring."""
        return (self.target.__doc__ or "").strip().split("\n")[0]

    @property
    def stage(self) -> str:
        """The stage that asks for it."""
        return KINDS[self.kind].stage

    @property
    def key(self) -> str | None:
        """The config key that names it, or asks for it."""
        kind = KINDS[self.kind]
        return kind.keys.get(self.name, kind.key)

    @property
    def given_keywords(self) -> tuple[str, ...]:
        """Keywords that a function of its kind is called with, which are no options of its own."""
        protocol = KINDS[self.kind].protocol
        return tuple(keywords_of(members(protocol)["__call__"])) if protocol else ()

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords by which it is given what it needs, row by row."""
        return KINDS[self.kind].keywords(self.needs)


def register(
    kind: str,
    name: str,
    *,
    source: str,
    needs: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    modality: tuple[str, ...] = (),
    extra: str = "",
) -> Callable[[_Target], _Target]:
    """Register a function or class under a kind and a name, with what `Method` says of it.

    Raises ConfigError if the name is taken, or if it is not what its kind asks for.
    """
    _known_kind(kind)

    def add(target: _Target) -> _Target:
        method = Method(kind, name, target, source, needs, uses, modality, extra)
        known = _methods.get((kind, name))
        if known and known.function != method.function:
            raise ConfigError(f"{kind} method {name!r} is registered twice", where=target.__module__)
        _check(method)
        _methods[kind, name] = method
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


def make(kind: str, chosen: Chosen) -> Any:
    """Return a fresh model of a registered class; raise ConfigError for options that it doesn't have."""
    target = get(kind, chosen.method).target
    try:
        check_options(target, dict(chosen.options))
    except ConfigError as error:
        raise ConfigError(error.what, where=f"{kind} method {chosen.method!r}", fix=error.fix) from error
    return target(**chosen.options)


def check_chosen(kind: str, chosen: Chosen) -> Method:
    """Return the method that is named; raise ConfigError where there is none, or it lacks an option."""
    method = get(kind, chosen.method)
    check_options(method.target, dict(chosen.options), method.given_keywords)
    return method


def check_weights(chosen: Chosen) -> None:
    """Refuse a factor that there is not, options that it lacks, one that needs a column and names none."""
    method = check_chosen("weights", chosen)
    if "column" in method.needs and not chosen.options.get("column"):
        raise ConfigError(
            f"{chosen.method!r} names no column", fix=f"write it as {{{chosen.method}: {{column: NAME}}}}"
        )


def forget(source: str) -> None:
    """Take the methods of a source off the list, and look for plug-ins anew the next time."""
    for place in [place for place, method in _methods.items() if method.source == source]:
        del _methods[place]
    _load.cache_clear()


def methods(kind: str | None = None) -> list[Method]:
    """Every registered method, or those of one kind, by kind and name."""
    for kind_name in KINDS if kind is None else (kind,):
        _load(kind_name)
    order = list(KINDS)
    return sorted(
        (method for method in _methods.values() if kind in (None, method.kind)),
        key=lambda method: (order.index(method.kind), method.name),
    )


def _check(method: Method) -> None:
    """Raise ConfigError unless a method declares inputs of its kind, and is what the kind asks for."""
    kind = KINDS[method.kind]
    why, fix = _misdeclared(method)
    if not why and not kind.protocol:
        why, fix = _misnamed(method), f"{kind.about}: needs are its arguments, of {', '.join(kind.inputs)}"
    elif not why and kind.protocol:
        why, fix = _misfit(method), f"{kind.about}: {_asked(method)}"
    if why:
        where = f"{method.kind} method {method.name!r} of {method.target.__module__}"
        raise ConfigError(f"it can't be registered: {why}", where=where, fix=fix)


def _misdeclared(method: Method) -> tuple[str, str]:
    """What is wrong of what a method says of itself, and what to do."""
    kind = KINDS[method.kind]
    for need in (*method.needs, *method.uses):
        if need not in kind.inputs:
            known = ", ".join(kind.inputs) or "none"
            return f"it needs {need!r}, which no {method.kind} method is given", f"inputs: {known}"
    if kind.reads_columns and not method.modality:
        return (
            "it doesn't say what features it reads",
            "give modality=('text',), or other keys of dataset.features",
        )
    if method.modality and not kind.reads_columns:
        return "it reads no column", "leave modality out: it is for encoders"
    return "", ""


def _misnamed(method: Method) -> str:
    """Of a plain function: its needs are the arguments that it can't be called without."""
    asked = arguments(method.target)
    if set(asked) == set(method.needs):
        return ""
    return f"it is called with {', '.join(asked) or 'nothing'}, and declares needs={method.needs}"


def _misfit(method: Method) -> str:
    kind, keywords = KINDS[method.kind], method.keywords
    options = [kind.options[need] for need in method.needs if need in kind.options]
    offered = [other for other in kind.also if all(hasattr(method.target, name) for name in members(other))]
    for protocol in (*kind.protocols_of(method.needs, method.uses), *offered):
        if why := misfit(method.target, protocol, keywords, options):
            return why
    sees = getattr(method.target, "beside", keywords) if kind.given else keywords
    return "" if set(sees) == set(keywords) else f"its beside is {sees}, and its needs give it {keywords}"


def _asked(method: Method) -> str:
    given = f", given {', '.join(method.keywords)}" if method.keywords else ""
    protocols = KINDS[method.kind].protocols_of(method.needs, method.uses)
    return (
        " and ".join(
            f"{'a class with ' * ('__call__' not in members(protocol))}{shown(protocol)}"
            for protocol in protocols
        )
        + given
    )


@cache
def _load(kind: str) -> None:
    """Import the built-in modules of a kind, then the plug-ins that name it (`kind.name = module:object`)."""
    _known_kind(kind)
    for name in KINDS[kind].folders or (kind,):
        package = importlib.import_module(f"labelworks.tasks.methods.{name}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    for entry in entry_points(group=ENTRY_POINTS):
        _load_plugin(entry, kind)


def _load_plugin(entry: EntryPoint, kind: str) -> None:
    """Import a plug-in of that kind; raise ConfigError if it can't be, is of no kind or registers nothing."""
    of, _, name = entry.name.partition(".")
    where = f"entry point {entry.name} = {entry.value}"
    if of not in KINDS or not name:
        raise ConfigError("a plug-in of no kind of method", where=where, fix=f"kinds: {', '.join(KINDS)}")
    if of != kind:
        return
    try:
        entry.load()
    except (ConfigError, InputError):
        raise
    except Exception as error:  # whatever its package does
        what = f"the plug-in can't be loaded: {type(error).__name__}: {error}"
        raise ConfigError(what, where=where, fix="mend its package, or uninstall it") from error
    if (kind, name) not in _methods:
        raise ConfigError(
            f"the plug-in registers no {kind} method {name!r}",
            where=where,
            fix=f"put @register({kind!r}, {name!r}, …) before it",
        )


def _known_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ConfigError(f"unknown kind of method {kind!r}", fix=f"choices: {', '.join(KINDS)}")
