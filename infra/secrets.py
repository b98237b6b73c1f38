"""What no file holds: storage options and keys of judges, from Prefect Secret blocks."""

from __future__ import annotations

import json
from typing import Any

from labelworks.infra.prefect_server.server import prefect_api
from labelworks.schemas.config.judges import JudgesConfig
from labelworks.schemas.config.run import StoreConfig
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.secrets.redact import remember


def storage_secrets(store: StoreConfig) -> dict[str, Any]:
    """Read the Secret block that the store names; raise ConfigError if it is missing or no JSON object."""
    if store.secret is None:
        return {}
    value = _block(store.secret, "store.secret")
    try:
        options = json.loads(value) if isinstance(value, str) else value
    except ValueError:  # whose text is the secret
        options = None
    if not isinstance(options, dict):
        raise ConfigError(
            "the block holds no JSON object", where="store.secret", fix='{"key": …, "secret": …}'
        )
    remember(options)
    return options


def judge_keys(judges: JudgesConfig) -> dict[str, str]:
    """The keys in the Secret blocks that judges name, by block; raise ConfigError if one is no text."""
    keys: dict[str, str] = {}
    for place, judge in enumerate(judges.models):
        if judge.secret is None or judge.secret in keys:
            continue
        where = f"treat.judges.models.{place}.secret"
        value = _block(judge.secret, where)
        if not isinstance(value, str) or not value:
            raise ConfigError("the block holds no text", where=where, fix="keep the key alone in it")
        remember({"key": value})
        keys[judge.secret] = value
    return keys


def _block(name: str, where: str) -> Any:
    """What is in a Secret block; raise ConfigError if there is none."""
    from prefect.blocks.system import Secret

    try:
        with prefect_api():  # of our own where there is none: Prefect's would pick a port and let it go
            return Secret.load(name).get()  # type: ignore[union-attr]
    except ValueError as error:
        raise ConfigError(
            f"there is no Secret block {name!r}",
            where=where,
            fix="create it in the Prefect UI, or with prefect.blocks.system.Secret",
        ) from error
