"""The filesystems behind stores and sources: how each is opened, and its errors in this project's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec

from schemas.errors import LabelworksError, StoreError

# Requests are repeated by the store's own client: exponential backoff with jitter, no wait over 20 s.
# What is left to this project, bodies that are cut or short, is in transfer.py.
S3_CLIENT = {
    "connect_timeout": 10,
    "read_timeout": 30,
    "retries": {"max_attempts": 5, "mode": "standard"},
    "max_pool_connections": 32,
}
EXTRAS = {"gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
FOREIGN = ("aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google", "requests", "s3fs")


def open_filesystem(url: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Return the filesystem of a URL and the path in it; raise StoreError if there is no such protocol."""
    protocol = url.partition("://")[0]
    if protocol == "s3":
        options = _s3(options)
    try:
        with store_errors(url):
            fs, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        fix = f"pip install 'labelworks[{extra}]'" if extra else "use a path, s3://, gs:// or az://"
        raise StoreError(f"can't be opened: {error}", where=url, fix=fix) from error
    except (ValueError, TypeError) as error:
        fix = "use a path, s3://bucket/prefix, gs:// or az://, and check storage_options"
        raise StoreError(f"can't be opened: {error}", where=url, fix=fix) from error
    if protocol == "s3":
        fs.retries = 1  # else s3fs repeats five times what its client has repeated
    return fs, str(path)


def _s3(options: dict[str, Any]) -> dict[str, Any]:
    client = {**S3_CLIENT, **options.get("config_kwargs", {})}
    return {"use_listings_cache": False, **options, "config_kwargs": client}


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Turn whatever a filesystem raises into one StoreError that says where and what to do."""
    try:
        yield
    except (LabelworksError, FileExistsError):
        raise
    except Exception as error:
        foreign = type(error).__module__.split(".")[0] in FOREIGN
        if not isinstance(error, OSError) and not foreign:
            raise
        raise StoreError(_short(error), where=where, fix=_advice(error)) from error


def _short(error: Exception) -> str:
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _advice(error: Exception) -> str:
    name, text = type(error).__name__, str(error)
    if isinstance(error, PermissionError) or any(
        word in name for word in ("Credential", "Authentication", "Refresh")
    ):
        return "check the credentials and their rights (AWS_ACCESS_KEY_ID …, or store.secret)"
    if "InvalidAccessKey" in text:
        return "check the credentials and their rights (AWS_ACCESS_KEY_ID …, or store.secret)"
    if isinstance(error, FileNotFoundError):
        return "check the bucket's or folder's name"
    if "Connect" in name or "Endpoint" in name or isinstance(error, TimeoutError):
        return "check the endpoint (storage_options: endpoint_url) and the network, then run again"
    return "check that the store is reachable and writable, then run again"
