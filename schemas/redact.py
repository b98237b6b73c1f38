"""Secrets out of texts that people, logs and reports get."""

from __future__ import annotations

import os
import re

HIDDEN = "***"
SHORTEST = 6  # anything shorter would hide ordinary words
SECRET_VARIABLES = re.compile(
    r"(SECRET|PASSWORD|TOKEN|AUTH_STRING|API_KEY|CONNECTION_URL|CREDENTIALS?)(_\w+)?$"
)
USERINFO = re.compile(r"(?<=://)[^/\s@'\"]+@")


def redacted(text: str) -> str:
    """The text without what stands before the @ of a URL, and without values of secret variables."""
    hidden = USERINFO.sub(f"{HIDDEN}@", text)
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and SECRET_VARIABLES.search(name) and value in hidden:
            hidden = hidden.replace(value, HIDDEN)
    return hidden


def has_userinfo(url: str) -> bool:
    """Whether a URL carries a user and a password, which a config must not."""
    return USERINFO.search(url) is not None
