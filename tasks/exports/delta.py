"""A Delta Lake table of the dataset: one commit a version, which replaces the rows of the one before."""

from __future__ import annotations

import json
from importlib.util import find_spec
from itertools import chain
from typing import Any

import pyarrow as pa

from labelworks.schemas.errors import ConfigError, StoreError
from labelworks.tasks.exports.base import Version
from labelworks.tasks.storage.store import Store

# Options of fsspec's filesystems in the words of delta's object store.
S3 = {"key": "aws_access_key_id", "secret": "aws_secret_access_key", "token": "aws_session_token",
      "endpoint_url": "aws_endpoint_url"}  # fmt: skip
AZURE = {
    "account_name": "azure_storage_account_name",
    "account_key": "azure_storage_account_key",
    "sas_token": "azure_storage_sas_token",
    "tenant_id": "azure_storage_tenant_id",
    "client_id": "azure_storage_client_id",
    "client_secret": "azure_storage_client_secret",
}
USUAL = ("google_default", "cloud", "cache", "browser")  # ways of gcsfs to look for credentials itself
ATTEMPTS = 5


def check() -> None:
    """Raise ConfigError if deltalake isn't installed."""
    if find_spec("deltalake") is None:
        raise ConfigError(
            "delta needs the package deltalake, which isn't installed",
            where="publish.also",
            fix="pip install 'labelworks[delta]'",
        )


def reach(store: Store) -> None:
    """Raise ConfigError where the store is reached by an option that delta has no word for."""
    storage_options(store)


def address(version: Version) -> str:
    """Where the table is: one of the dataset, not of the run."""
    return version.store.url(f"{version.dataset}/delta")


def done(version: Version) -> bool:
    """Whether the table holds this version, or had it and holds a later one."""
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        table = DeltaTable(address(version), storage_options=storage_options(version.store))
    except TableNotFoundError:
        return False
    held = table.transaction_version(_application(version))
    return held is not None and held >= version.number


def write(version: Version) -> None:
    """Commit the version, unless somebody has. Raises StoreError if others keep committing."""
    from deltalake.exceptions import CommitFailedError

    for _ in range(ATTEMPTS):
        if done(version):
            return
        try:
            _commit(version)
        except CommitFailedError:  # somebody else's commit came first: it may have been this very version
            continue
        return
    raise StoreError(f"the table took no commit in {ATTEMPTS} tries", where=address(version), fix="run again")


def _commit(version: Version) -> None:
    """One commit; the number is in it as the application's transaction, the run's id in its history."""
    from deltalake import CommitProperties, Transaction, write_deltalake

    tables = version.tables()
    first = next(tables)
    batches = (batch for table in chain([first], tables) for batch in table.to_batches())
    write_deltalake(
        address(version),
        pa.RecordBatchReader.from_batches(first.schema, batches),
        mode="overwrite",
        schema_mode="overwrite",
        storage_options=storage_options(version.store),
        commit_properties=CommitProperties(
            custom_metadata={"labelworks.run_id": version.run_id, "labelworks.version": str(version.number)},
            app_transactions=[Transaction(_application(version), version.number)],
        ),
    )


def _application(version: Version) -> str:
    return f"labelworks/{version.dataset}"


def storage_options(store: Store) -> dict[str, str] | None:
    """Storage options of fsspec in the words of delta's object store; what isn't named is the environment's.

    Raises ConfigError where the store is reached by an option that delta has no word for.
    """
    protocol = store.root.partition("://")[0]
    if protocol == "s3":
        return _s3({**store.options.get("client_kwargs", {}), **store.options})
    if protocol in ("az", "abfs", "abfss"):
        _refuse(store, "connection_string", "credential")
        return _named(store.options, AZURE)
    return _google(store) if protocol in ("gs", "gcs") else None


def _named(options: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    return {name: str(options[key]) for key, name in names.items() if options.get(key)}


def _s3(options: dict[str, Any]) -> dict[str, str]:
    settings = _named(options, S3)
    if settings.get("aws_endpoint_url", "").startswith("http://"):
        settings["aws_allow_http"] = "true"
    return settings


def _google(store: Store) -> dict[str, str]:
    """The `token` of gcsfs: a key file or its content; `anon`; or a name of the usual chain."""
    _refuse(store, "endpoint_url")
    given = store.options.get("token")
    if isinstance(given, dict) and given.get("type") == "service_account":
        return {"google_service_account_key": json.dumps(given)}
    if given == "anon":
        return {"google_skip_signature": "true"}
    if given is None or given in USUAL:
        return {}
    if isinstance(given, str):
        return {"google_application_credentials": given}
    raise _unknown(store, "token")


def _refuse(store: Store, *keys: str) -> None:
    for key in keys:
        if store.options.get(key):
            raise _unknown(store, key)


def _unknown(store: Store, key: str) -> ConfigError:
    return ConfigError(
        f"delta can't reach {store.root} by the storage option {key!r}",
        where="publish.also",
        fix="leave delta out, or name one of the options that docs/formats.md lists",
    )
