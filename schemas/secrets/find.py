"""What of a config is, or looks like, a secret. A config is kept in manifests, so it must hold none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from labelworks.schemas.secrets.redact import SECRET_OPTIONS, SECRET_VARIABLES, has_userinfo

ASSIGNED = re.compile(r"(\w+)=(?![\s$]|[\"']\$|$)")  # NAME=value; what a shell fills in ($…) is no secret
REFERENCES = ("name", "ref")  # secretName, key_name, secretKeyRef: where a secret is, not what
RULES = {"operator", "effect"}  # beside these, `key` is a label's of Kubernetes


def secret_paths(value: Any, path: str) -> Iterator[str]:
    """Where options give a value to the name of a secret: by a key, as NAME=value, or as name and value."""
    if isinstance(value, str):
        if any(map(_variable, ASSIGNED.findall(value))):
            yield path
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from secret_paths(item, f"{path}.{number}")
    elif isinstance(value, dict):
        yield from _of_dict(value, path)


def userinfo_paths(value: Any, path: str = "") -> Iterator[str]:
    """Where a URL in a config has a user or a password in it."""
    if isinstance(value, str) and has_userinfo(value):
        yield path
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from userinfo_paths(item, f"{path}.{number}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from userinfo_paths(item, f"{path}.{name}".removeprefix("."))


def _of_dict(options: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(name := options.get("name"), str) and _variable(name) and options.get("value") is not None:
        yield f"{path}.{name}"
    for name, value in options.items():
        if name.lower().endswith(REFERENCES):
            continue
        named = SECRET_OPTIONS.search(name) and not (name == "key" and RULES & options.keys())
        if named and value is not None and not isinstance(value, dict | list | tuple):
            yield f"{path}.{name}"
        else:
            yield from secret_paths(value, f"{path}.{name}")


def _variable(name: str) -> bool:
    return SECRET_VARIABLES.search(name.upper()) is not None
