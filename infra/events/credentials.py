"""Who may post events: holders of a token, or of a secret that signs each request with its time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labelworks.schemas.errors import ConfigError

TOKEN, SECRET = "LABELWORKS_EVENTS_TOKEN", "LABELWORKS_EVENTS_SECRET"
SHORTEST = 16
WINDOW = 300.0  # seconds that a signed request may be old, or ahead
TIMESTAMP, SIGNATURE = "x-labelworks-timestamp", "x-labelworks-signature"


@dataclass(frozen=True)
class Credentials:
    """What a sender has to know; never shown in a repr."""

    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.token or self.secret)

    def admit(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a request is from someone who may post: by its signature if it has one, else its token."""
        if SIGNATURE in headers:
            return self._signed(headers, body)
        return self._has_token(headers.get("authorization", ""))

    def claims(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers alone may do: asked before a body is read."""
        if SIGNATURE in headers:
            return bool(self.secret) and fresh(headers.get(TIMESTAMP, ""))
        return self._has_token(headers.get("authorization", ""))

    def replay_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of an event that brings none: of a signed request always the same, so that it counts once.

        Empty for a request with a token: whoever sends that again means it again.
        """
        if SIGNATURE not in headers:
            return ""
        return hashlib.sha256(f"{headers.get(TIMESTAMP, '')}.".encode() + body).hexdigest()

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        stamp = headers.get(TIMESTAMP, "")
        expected = sign(self.secret, stamp, body)
        same = hmac.compare_digest(expected.encode(), headers[SIGNATURE].encode())
        return bool(self.secret) and same and fresh(stamp)

    def _has_token(self, header: str) -> bool:
        """Bearer, or the password of Basic: senders such as Ceph take it from the endpoint's URL."""
        kind, _, value = header.partition(" ")
        if kind.lower() == "basic":
            try:
                value = base64.b64decode(value, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return False
        elif kind.lower() != "bearer":
            return False
        return bool(self.token) and hmac.compare_digest(value.strip().encode(), self.token.encode())


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Signature of a request: HMAC-SHA256 of `<timestamp>.<body>`, in hexadecimal."""
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def fresh(stamp: str) -> bool:
    """Whether a timestamp, in whole seconds since 1970, lies in the accepted window."""
    return stamp.isascii() and stamp.isdigit() and len(stamp) < 13 and abs(time.time() - int(stamp)) <= WINDOW


def credentials() -> Credentials:
    """Read them from the environment, or from the files it names (`…_FILE`).

    Raises ConfigError where one is too short or its file can't be read.
    """
    return Credentials(_read(TOKEN), _read(SECRET))


def _read(name: str) -> str:
    value = os.environ.get(name, "")
    if not value and (file := os.environ.get(f"{name}_FILE")):
        try:
            value = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("can't be read", where=f"{name}_FILE", fix=f"check {file}") from error
    if value and len(value) < SHORTEST:
        raise ConfigError(f"has less than {SHORTEST} characters", where=name, fix="openssl rand -hex 32")
    return value
