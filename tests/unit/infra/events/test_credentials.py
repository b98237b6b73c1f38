"""Who may post events, and who may not."""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from labelworks.infra.events.credentials import (
    SECRET,
    SIGNATURE,
    STANDARD_ID,
    STANDARD_SIGNATURE,
    STANDARD_TIMESTAMP,
    TIMESTAMP,
    TOKEN,
    Credentials,
    credentials,
    sign,
    standard_key,
)
from labelworks.schemas.errors import ConfigError

TOKEN_VALUE, SECRET_VALUE = "token-of-the-sender", "secret-of-the-sender"
KNOWN = Credentials(TOKEN_VALUE, SECRET_VALUE)
BODY = b'{"dataset": "a"}'


def signed(body: bytes = BODY, secret: str = SECRET_VALUE, age: float = 0.0) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    return {TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, body)}


def standard(
    body: bytes = BODY, secret: str = SECRET_VALUE, age: float = 0.0, name: str = "msg_1"
) -> dict[str, str]:
    now = datetime.now(UTC) - timedelta(seconds=age)
    signature = Webhook(standard_key(secret)).sign(name, now, body.decode())
    stamp = str(int(now.timestamp()))
    return {STANDARD_ID: name, STANDARD_TIMESTAMP: stamp, STANDARD_SIGNATURE: signature}


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
        lambda: standard(),
        lambda: standard(age=200),
        lambda: {**standard(), STANDARD_SIGNATURE: f"v1a,AAAA v1,AAAA {standard()[STANDARD_SIGNATURE]}"},
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
        lambda: standard(b"other body"),
        lambda: standard(secret="another secret here"),
        lambda: standard(age=310),
        lambda: standard(age=-400),
        lambda: {**standard(), STANDARD_ID: "msg_2"},
        lambda: {**standard(), STANDARD_TIMESTAMP: "nan"},
        lambda: {**standard(), STANDARD_SIGNATURE: "v1"},
        lambda: {**standard(), STANDARD_SIGNATURE: "v1,é"},
        lambda: {**standard(), STANDARD_SIGNATURE: ""},
        lambda: {STANDARD_SIGNATURE: standard()[STANDARD_SIGNATURE]},
        lambda: {**standard(secret="no secret at all"), "authorization": f"Bearer {TOKEN_VALUE}"},
        lambda: {**signed(secret=""), "authorization": f"Bearer {TOKEN_VALUE}"},
    ],
)
def test_the_others_are_not(made: Callable[[], dict[str, str]]) -> None:
    assert not KNOWN.admit(made(), BODY)


def test_a_secret_of_the_standard_is_in_base64() -> None:
    secret = "whsec_" + base64.b64encode(b"key of the sender, thirty bytes").decode()
    known = Credentials(secret=secret)
    assert known.admit(standard(secret="key of the sender, thirty bytes"), BODY)
    assert known.admit(signed(secret=secret), BODY)
    assert not known.admit(standard(secret="another key"), BODY)
    assert not known.admit(standard(), b"\xff")


def test_a_message_that_is_sent_again_is_the_same_event() -> None:
    again, other = standard(age=100), standard(name="msg_2")
    assert KNOWN.replay_id(standard(), BODY) == KNOWN.replay_id(again, BODY) != KNOWN.replay_id(other, BODY)


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
    monkeypatch.delenv(f"{TOKEN}_FILE")
    monkeypatch.setenv(SECRET, "whsec_this is no base64")
    with pytest.raises(ConfigError, match="base64"):
        credentials()
