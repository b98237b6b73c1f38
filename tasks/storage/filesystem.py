"""The filesystems behind stores and sources: how each is opened, and its errors in this project's words."""

from __future__ import annotations

import errno
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from labelworks.schemas.errors import ConfigError, LabelworksError, StoreError
from labelworks.schemas.locations import options_for, protocol_of
from labelworks.schemas.secrets.redact import remember

# Requests are repeated by the store's own client: exponential backoff with jitter, no wait over 20 s.
# What is left to this project, bodies that are cut or short, is in retries.py.
S3_CLIENT = {
    "connect_timeout": 10,
    "read_timeout": 30,
    "retries": {"max_attempts": 5, "mode": "standard"},
    "max_pool_connections": 32,
}
S3 = ("s3", "s3a")
EXTRAS = {"gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
UNTRUSTED = ("Credential", "Authentication", "Refresh")  # in the names of errors
FOREIGN = ("aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google", "requests", "s3fs")


def open_filesystem(url: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Return the filesystem of a URL and the path in it.

    Raises StoreError if it can't be opened, be it for a protocol or option that isn't listed. From now on,
    this process, a worker's too, says nothing of the options' secrets.
    """
    remember(options)
    try:
        protocol, options = protocol_of(url), options_for(url, options)
    except ConfigError as error:
        raise StoreError(f"can't be opened: {error.what}", where=url, fix=error.fix) from error
    if not protocol:
        local = fsspec.filesystem("file")
        return local, str(local._strip_protocol(url))
    if protocol in S3:
        options = _s3(options)
    try:
        with store_errors(url):
            fs, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        fix = f"pip install 'labelworks[{extra}]'" if extra else "use a path, s3://, gs:// or az://"
        raise StoreError(
            f"can't be opened, a package for {protocol}:// is missing", where=url, fix=fix
        ) from error
    except (ValueError, TypeError) as error:
        fix = "use a path, s3://bucket/prefix, gs:// or az://, and check storage_options"
        raise StoreError(
            f"can't be opened with these storage_options ({error})", where=url, fix=fix
        ) from error
    if protocol in S3:
        fs.retries = 1  # else s3fs repeats five times what its client has repeated
    return fs, str(path)


def is_local(fs: Any) -> bool:
    """Whether a filesystem's objects are files of this machine."""
    return isinstance(fs, LocalFileSystem)


def import_s3() -> None:
    """Import the client of S3: in a thread alone, for no two may import it at once."""
    importlib.import_module("s3fs")


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
        what, fix = _in_words(error)
        raise StoreError(what, where=where, fix=fix) from error


def _in_words(error: Exception) -> tuple[str, str]:
    """What went wrong with a store, and what to do about it; the words of its client stand in brackets."""
    name, text = type(error).__name__, str(error).strip().split("\n")[0]
    details = f" ({name}: {text})" if text else f" ({name})"
    untrusted = any(word in name for word in UNTRUSTED) or "InvalidAccessKey" in text
    if untrusted or isinstance(error, PermissionError):
        return (
            f"access is refused{details}",
            "check the credentials and their rights (AWS_ACCESS_KEY_ID …, or store.secret)",
        )
    if isinstance(error, FileNotFoundError):
        return "there is no such file, folder or bucket", "check the bucket's or folder's name"
    if isinstance(error, NotADirectoryError | IsADirectoryError):
        return "a file is where a folder should be, or the other way round", "check the path"
    if "Connect" in name or "Endpoint" in name or isinstance(error, TimeoutError):
        return (
            f"the store can't be reached{details}",
            "check the endpoint (storage_options: endpoint_url) and the network, then run again",
        )
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return "there is no room left on the device", "make room, then run again"
    return (
        f"the store answered with an error{details}",
        "check that the store is reachable and writable, then run again",
    )
