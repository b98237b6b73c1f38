"""Whether a function or class is what a protocol asks for, told by its signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from labelworks.schemas.errors import ConfigError

PLAIN: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "str": ((str,), "text"),
}
KEYWORD, VARIOUS = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def misfit(target: Any, protocol: type, keywords: Iterable[str] = (), options: Iterable[str] = ()) -> str:
    """What keeps a target from being of a protocol; "" if nothing does.

    A protocol with `__call__` asks for a function; any other for a class that has its methods and is made of
    keywords alone, `options` among them. keywords: what is given by name where the protocol says `**`.
    """
    wanted = members(protocol)
    if set(wanted) == {"__call__"}:
        return unlike(target, wanted["__call__"], keywords)
    if not inspect.isclass(target):
        return "it is no class"
    if why := _cannot_be_called(inspect.signature(target), 0, options):
        return f"it can't be made: {why}"
    if missing := sorted(getattr(target, "__abstractmethods__", ())):
        return f"it leaves out {', '.join(missing)}"
    for name, member in wanted.items():
        if not hasattr(target, name):
            return f"it has no {name}"
        alone = isinstance(inspect.getattr_static(target, name), staticmethod | classmethod)
        if not isinstance(member, property) and (
            why := unlike(getattr(target, name), member, keywords, not alone)
        ):
            return f"{name}: {why}"
    return ""


def members(protocol: type) -> dict[str, Any]:
    """The methods and properties that a protocol asks for, by name."""
    return {
        name: member
        for name, member in vars(protocol).items()
        if name == "__call__"
        or (not name.startswith("_") and (callable(member) or isinstance(member, property)))
    }


def unlike(found: Any, wanted: Any, keywords: Iterable[str] = (), of_instance: bool = False) -> str:
    """Why a function can't be called as another is; "" if it can. of_instance: it takes that first."""
    if not callable(found):
        return "it can't be called"
    asked = list(inspect.signature(wanted).parameters.values())[1:]  # without self
    named = keywords_of(wanted)
    named += list(keywords) if any(parameter.kind is VARIOUS for parameter in asked) else []
    places = sum(parameter.kind in POSITIONAL for parameter in asked)
    return _cannot_be_called(inspect.signature(found), places + of_instance, named)


def keywords_of(function: Callable[..., Any]) -> list[str]:
    """Names of the arguments that are given by name alone."""
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is KEYWORD
    ]


def shown(protocol: type) -> str:
    """How a protocol reads in a message: its signature, or the names of its methods with theirs."""
    return "; ".join(
        f"{'' if name == '__call__' else name}{_signature(member)}"
        for name, member in members(protocol).items()
    )


def arguments(target: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arguments that a function can't be called without."""
    return tuple(
        parameter.name
        for parameter in inspect.signature(target).parameters.values()
        if parameter.default is parameter.empty and parameter.kind in (*POSITIONAL, KEYWORD)
    )


def check_options(target: Callable[..., Any], options: dict[str, Any], given: Iterable[str] = ()) -> None:
    """Raise ConfigError for an option that a method doesn't have, naming those it has, or of another type.

    A method that takes any keyword checks them by itself. given: keywords that are no options.
    """
    parameters = inspect.signature(target).parameters.values()
    takes = {
        parameter.name: str(getattr(parameter.annotation, "__name__", parameter.annotation))
        for parameter in parameters
        if parameter.kind is KEYWORD and parameter.name not in given
    }
    if any(parameter.kind is VARIOUS for parameter in parameters):
        takes = dict.fromkeys(options.keys() - set(given), "") | takes
    for name, value in options.items():
        if name not in takes:
            raise ConfigError(f"unknown option {name!r}", fix=f"options: {', '.join(takes) or 'none'}")
        kinds, words = PLAIN.get(takes[name], ((object,), ""))
        if not isinstance(value, kinds) or (isinstance(value, bool) and takes[name] in ("int", "float")):
            raise ConfigError(f"option {name!r} is {value!r}", fix=f"give {words}")


def _cannot_be_called(signature: inspect.Signature, places: int, names: Iterable[str]) -> str:
    try:
        signature.bind(*[None] * places, **dict.fromkeys(names))
    except TypeError as error:
        return str(error)
    return ""


def _signature(member: Any) -> str:
    if isinstance(member, property):
        return ""
    signature = inspect.signature(member)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    return str(signature.replace(parameters=kept)).replace("'", "")
