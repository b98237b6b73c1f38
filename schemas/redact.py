"""Secrets out of texts that people, logs and reports get."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

HIDDEN = "***"
SHORTEST = 6  # anything shorter would hide ordinary words
SECRET_VARIABLES = re.compile(
    r"(SECRET|PASSWORD|TOKEN|AUTH_STRING|CREDENTIALS?|CONNECTION_(URL|STRING)|HEADERS"
    r"|(API|ACCESS|ACCOUNT|STORAGE|PRIVATE|SIGNING)_KEY)(_\w+)?$"
)
SECRET_OPTIONS = re.compile(r"key|secret|token(?!iz)|password|credential|connection_string", re.IGNORECASE)
USERINFO = re.compile(r"(?<=://)[^/\s@'\"]+@")
ACCOUNT_KEY = re.compile(r"(?:AccountKey|SharedAccessSignature)=([^;]+)")

_remembered: set[str] = set()


def redacted(text: str) -> str:
    """The text without what stands before the @ of a URL, values of secret variables, and remembered ones."""
    hidden = USERINFO.sub(f"{HIDDEN}@", text)
    secrets = {*_remembered, *(part for name, value in os.environ.items() for part in _parts(name, value))}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            hidden = hidden.replace(secret, HIDDEN)
    return hidden


def remember(options: Mapping[str, Any]) -> None:
    """Hide the secrets of storage options, which come from no variable, for as long as this process lives."""
    _remembered.update(
        value for name, value in options.items() if isinstance(value, str) and SECRET_OPTIONS.search(name)
    )


def has_userinfo(url: str) -> bool:
    """Whether a URL carries a user and a password, which a config must not."""
    return USERINFO.search(url) is not None


def _parts(name: str, value: str) -> Iterator[str]:
    """What is secret of a variable: all of it, and the part that shows up alone."""
    if not SECRET_VARIABLES.search(name):
        return
    yield value
    if name.endswith("AUTH_STRING"):
        yield value.partition(":")[2]
    elif name.endswith("CONNECTION_STRING"):
        yield from ACCOUNT_KEY.findall(value)
    elif name.endswith("HEADERS"):
        yield from (each.partition("=")[2] for each in value.split(","))
