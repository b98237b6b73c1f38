"""Storage options that no file holds: from a Prefect Secret block."""

from __future__ import annotations

import json
from typing import Any

from labelworks.infra.prefect_server.server import prefect_api
from labelworks.schemas.config.run import StoreConfig
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.secrets.redact import remember


def storage_secrets(store: StoreConfig) -> dict[str, Any]:
    """Read the Secret block that the store names; raise ConfigError if it is missing or no JSON object."""
    if store.secret is None:
        return {}
    from prefect.blocks.system import Secret

    try:
        with prefect_api():  # of our own where there is none: Prefect's would pick a port and let it go
            value = Secret.load(store.secret).get()  # type: ignore[union-attr]
    except ValueError as error:
        raise ConfigError(
            f"there is no Secret block {store.secret!r}",
            where="store.secret",
            fix="create it in the Prefect UI, or with prefect.blocks.system.Secret",
        ) from error
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:  # whose text is the secret
        found = None
    if not isinstance(found, dict):
        raise ConfigError(
            "the block holds no JSON object", where="store.secret", fix='{"key": …, "secret": …}'
        )
    remember(found)
    return found
