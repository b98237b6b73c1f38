"""Secrets out of texts that people, logs and reports get."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

HIDDEN = "***"
SHORTEST = 6  # anything shorter would hide ordinary words
SECRET_VARIABLES = re.compile(
    r"(SECRET|PASSWORD|TOKEN|AUTH_STRING|CREDENTIALS?|CONNECTION_(URL|STRING)|HEADERS"
    r"|(API|ACCESS|ACCOUNT|STORAGE|PRIVATE|SIGNING)_?KEY)(_\w+)?$"
    r"|^LABELWORKS_KEY_"
)
LINEAGE = "OPENLINEAGE__"  # whose values may be settings as JSON, keys among them
SECRET_OPTIONS = re.compile(r"key|secret|token(?!iz)|password|credential|connection_string", re.IGNORECASE)
USERINFO = re.compile(r"(?<=://)[^/\s@'\"]+@")
ACCOUNT_KEY = re.compile(r"(?:AccountKey|SharedAccessSignature)=([^;]+)")

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_remembered: set[str] = set()
_environment: Mapping[Any, Any] = vars(os.environ).get("_data", os.environ)  # undecoded: quick to compare
_known: tuple[dict[Any, Any], int, tuple[str, ...]] = ({}, -1, ())


def redact(text: str) -> str:
    """The text without what stands before the @ of a URL, values of secret variables, and remembered ones."""
    hidden = USERINFO.sub(f"{HIDDEN}@", text) if "@" in text else text
    for secret in _secrets():
        hidden = hidden.replace(secret, HIDDEN)
    return hidden


def shown(text: str) -> str:
    """The text with control characters as escapes: what a file holds must not steer a terminal."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def remember(options: Mapping[str, Any]) -> None:
    """Hide the secrets of storage options, which come from no variable, for as long as this process lives."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            remember(value)
        elif isinstance(value, str) and SECRET_OPTIONS.search(name):
            _remembered.add(value)


def _secrets() -> tuple[str, ...]:
    """What is to be hidden, the longest first; looked for again only when the environment has changed."""
    global _known
    seen, count, secrets = _known
    if count != len(_remembered) or seen != _environment:
        seen = dict(_environment)  # before they are read: a change in between is seen the next time
        named = (part for name, value in os.environ.items() for part in _parts(name, value))
        known = {secret for secret in (*tuple(_remembered), *named) if len(secret) >= SHORTEST}
        secrets = tuple(sorted(known, key=len, reverse=True))
        _known = (seen, len(_remembered), secrets)
    return secrets


def has_userinfo(url: str) -> bool:
    """Whether a URL carries a user and a password, which a config must not."""
    return USERINFO.search(url) is not None


def _parts(name: str, value: str) -> Iterator[str]:
    """What is secret of a variable: all of it, and the part that shows up alone."""
    if name.startswith(LINEAGE) and value.startswith("{"):
        yield from _in_json(value)
    if not SECRET_VARIABLES.search(name):
        return
    yield value
    if name.endswith("AUTH_STRING"):
        yield value.partition(":")[2]
    elif name.endswith("CONNECTION_STRING"):
        yield from ACCOUNT_KEY.findall(value)
    elif name.endswith("HEADERS"):
        yield from (part.partition("=")[2] for part in value.split(","))


def _in_json(value: str) -> Iterator[str]:
    """The secrets among settings in JSON."""
    try:
        pending: Any = [json.loads(value)]
    except ValueError:
        return
    while pending:
        for name, held in pending.pop().items():
            if isinstance(held, Mapping):
                pending.append(held)
            elif isinstance(held, str) and SECRET_OPTIONS.search(name):
                yield held
