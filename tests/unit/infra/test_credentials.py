"""Who may post events, and who may not."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labelworks.infra.events.credentials import (
    SECRET,
    SIGNATURE,
    TIMESTAMP,
    TOKEN,
    Credentials,
    credentials,
    sign,
)
from labelworks.schemas.errors import ConfigError

TOKEN_VALUE, SECRET_VALUE = "token-of-the-sender", "secret-of-the-sender"
KNOWN = Credentials(TOKEN_VALUE, SECRET_VALUE)
BODY = b'{"dataset": "a"}'


def signed(body: bytes = BODY, secret: str = SECRET_VALUE, age: float = 0.0) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    return {TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, body)}


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"ceph:{password}".encode()).decode()}


# Functions: a signature is made when it is used, since it is good for five minutes only.
@pytest.mark.parametrize(
    "made",
    [
        lambda: {"authorization": f"Bearer {TOKEN_VALUE}"},
        lambda: basic(TOKEN_VALUE),
        lambda: signed(),
        lambda: signed(age=200),
    ],
)
def test_those_who_know_are_admitted(made: Callable[[], dict[str, str]]) -> None:
    headers = made()
    assert KNOWN.claims(headers)
    assert KNOWN.admit(headers, BODY)


@pytest.mark.parametrize(
    "made",
    [
        lambda: {},
        lambda: {"authorization": "Bearer "},
        lambda: {"authorization": "Bearer token-of-the-sendeR"},
        lambda: {"authorization": TOKEN_VALUE},
        lambda: {"authorization": "Basic !"},
        lambda: {"authorization": "Basic /w=="},
        lambda: basic("wrong"),
        lambda: signed(b"other body"),
        lambda: signed(secret="another secret here"),
        lambda: signed(age=310),
        lambda: signed(age=-400),
        lambda: {**signed(), TIMESTAMP: "1"},
        lambda: {**signed(), TIMESTAMP: "٣"},
        lambda: {**signed(), TIMESTAMP: "9" * 50},
        lambda: {SIGNATURE: "sha256=é", TIMESTAMP: "1"},
        lambda: {**signed(secret=""), "authorization": f"Bearer {TOKEN_VALUE}"},
    ],
)
def test_the_others_are_not(made: Callable[[], dict[str, str]]) -> None:
    assert not KNOWN.admit(made(), BODY)


def test_nobody_is_admitted_where_nothing_is_set() -> None:
    nobody = Credentials()
    assert not nobody
    for headers in ({}, {"authorization": "Bearer "}, basic(""), signed(secret="")):
        assert not nobody.admit(headers, BODY)
        assert not nobody.claims(headers)


def test_they_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(f"{SECRET_VALUE}\n")
    monkeypatch.setenv(TOKEN, TOKEN_VALUE)
    monkeypatch.setenv(f"{SECRET}_FILE", str(tmp_path / "secret"))
    assert credentials() == KNOWN
    assert TOKEN_VALUE not in repr(credentials())
    assert SECRET_VALUE not in repr(credentials())


def test_weak_ones_and_missing_files_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(TOKEN, "short")
    with pytest.raises(ConfigError, match="less than 16"):
        credentials()
    monkeypatch.delenv(TOKEN)
    monkeypatch.setenv(f"{TOKEN}_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="can't be read"):
        credentials()
