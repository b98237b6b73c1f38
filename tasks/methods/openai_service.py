"""A service that speaks OpenAI's protocol: its client, and the one key that it is sent."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.locations import is_loopback
from labelworks.tasks.methods.encoders.importing import needed

SENT = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent",
        "x-stainless-raw-response"}  # fmt: skip
TALKATIVE = ("openai", "httpx2", "httpcore2")  # they log every request, and its texts if asked for more
KEYS = re.compile(r"LABELWORKS_KEY_[A-Z0-9_]+")  # variables that a config may have sent to a service
BASE = re.compile(r"https?://[A-Za-z0-9._\-:\[\]]+(/[^\s\\@?#]*)?")  # nothing that is read in two ways


class OpenAIService:
    """An address and the key for it.

    where: the section of the config that they are from; url_key: what it calls the address. key: from
    elsewhere than the variable key_env, such as a Secret block. turn: called before each request.
    Raises ConfigError for an address or a variable that no config may name, and for a key that would cross a
    network unencrypted.
    """

    def __init__(
        self, url: str, key_env: str, where: str, url_key: str, key: str = "",
        turn: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.url, self.key_env, self._where, self._turn = url, key_env, where, turn
        self._url_key, self._given = url_key, key
        if not BASE.fullmatch(url):
            raise ConfigError(
                f"{url!r} is no address of a service",
                where=f"{where}.{url_key}",
                fix="give the base, as https://host/v1",
            )
        if not KEYS.fullmatch(key_env):
            raise ConfigError(
                "it names no variable that may be sent to a service",
                where=f"{where}.key_env",
                fix="keep the key in a variable whose name begins with LABELWORKS_KEY_",
            )
        self.key()

    def client(self, timeout: float, retries: int) -> Any:
        """OpenAI's client for this service; it follows no redirect, which would carry the key elsewhere."""
        openai = needed("openai", "openai")
        for logs in TALKATIVE:
            logging.getLogger(logs).setLevel(logging.WARNING)
        return openai.OpenAI(
            base_url=self.url,
            api_key="set for each request",
            timeout=timeout,
            max_retries=retries,
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False, event_hooks={"request": [self.prepare]}
            ),
        )

    def prepare(self, request: Any) -> None:
        """Make a request fit to be sent, and wait until it is its turn.

        The client adds what the environment says of OpenAI (`OPENAI_ORG_ID`, `OPENAI_CUSTOM_HEADERS` …). The
        address comes from a config, so nothing goes there but the key that the config may name.
        """
        for name in set(request.headers) - SENT:
            del request.headers[name]
        if key := self.key():
            request.headers["Authorization"] = f"Bearer {key}"
        self._turn()

    def key(self) -> str:
        """The key, or an empty one; ConfigError if it would cross a network unencrypted."""
        key, parts = self._given or os.environ.get(self.key_env, ""), urlsplit(self.url)
        if key and parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            source = "its Secret block" if self._given else self.key_env
            raise ConfigError(
                f"the key in {source} would be sent unencrypted to {parts.hostname}",
                where=f"{self._where}.{self._url_key}",
                fix="use https://, or a service on this machine, or unset the variable",
            )
        return key
