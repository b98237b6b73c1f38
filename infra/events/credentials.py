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
# Those of Standard Webhooks (https://www.standardwebhooks.com), which other senders bring.
STANDARD_ID, STANDARD_TIMESTAMP, STANDARD_SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
STANDARD_PREFIX = "whsec_"  # of a secret that is written in base64


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
        if STANDARD_SIGNATURE in headers:
            return self._signed_by_standard(headers, body)
        return self._has_token(headers.get("authorization", ""))

    def claims(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers alone may do: asked before a body is read."""
        if SIGNATURE in headers:
            return bool(self.secret) and fresh(headers.get(TIMESTAMP, ""))
        if STANDARD_SIGNATURE in headers:
            return bool(self.secret) and fresh(headers.get(STANDARD_TIMESTAMP, ""))
        return self._has_token(headers.get("authorization", ""))

    def replay_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of an event that brings none: of a signed request always the same, so that it counts once.

        Empty for a request with a token: whoever sends that again means it again.
        """
        if SIGNATURE in headers:
            return hashlib.sha256(f"{headers.get(TIMESTAMP, '')}.".encode() + body).hexdigest()
        if STANDARD_SIGNATURE in headers:  # the same message, sent again, has another timestamp
            return hashlib.sha256(f"{STANDARD_ID}: {headers.get(STANDARD_ID, '')}".encode()).hexdigest()
        return ""

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        stamp = headers.get(TIMESTAMP, "")
        expected = sign(self.secret, stamp, body)
        same = hmac.compare_digest(expected.encode(), headers[SIGNATURE].encode())
        return bool(self.secret) and same and fresh(stamp)

    def _signed_by_standard(self, headers: Mapping[str, str], body: bytes) -> bool:
        from standardwebhooks import Webhook, WebhookVerificationError

        if not self.secret or not fresh(headers.get(STANDARD_TIMESTAMP, "")):
            return False
        names = (STANDARD_ID, STANDARD_TIMESTAMP, STANDARD_SIGNATURE)
        named = {name: headers.get(name, "") for name in names}
        try:
            Webhook(standard_key(self.secret)).verify(body, named, json_parse=False)
        except (WebhookVerificationError, ValueError):  # the latter: a header or a body that is none
            return False
        return True

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


def standard_key(secret: str) -> bytes:
    """The key that a standard signature is made with: what `whsec_…` holds in base64, else the secret itself.

    Raises ValueError where that is no base64.
    """
    if not secret.startswith(STANDARD_PREFIX):
        return secret.encode()
    text = secret.removeprefix(STANDARD_PREFIX).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def fresh(stamp: str) -> bool:
    """Whether a timestamp, in whole seconds since 1970, lies in the accepted window."""
    return stamp.isascii() and stamp.isdigit() and len(stamp) < 13 and abs(time.time() - int(stamp)) <= WINDOW


def credentials() -> Credentials:
    """Read them from the environment, or from the files it names (`…_FILE`).

    Raises ConfigError where one is too short, no secret of its kind, or its file can't be read.
    """
    token, secret = _read(TOKEN), _read(SECRET)
    try:
        standard_key(secret)
    except ValueError as error:
        raise ConfigError(
            f"what follows {STANDARD_PREFIX} is no base64", where=SECRET, fix="give it as the sender shows it"
        ) from error
    return Credentials(token, secret)


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
