"""The key of the config that an error is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labelworks.schemas.errors import ConfigError


@contextmanager
def at_key(key: str) -> Iterator[None]:
    """Name the key, unless the error names one of the same section itself."""
    try:
        yield
    except ConfigError as error:
        section = key.rsplit(".", 1)[0]
        where = error.where if error.where.startswith(f"{section}.") else key
        raise ConfigError(error.what, where=where, fix=error.fix) from error
