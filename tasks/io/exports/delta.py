"""A Delta Lake table of the dataset: one commit a version, which replaces the rows of the one before."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import chain
from typing import Any

import pyarrow as pa

from schemas.errors import ConfigError, StoreError
from tasks.io.exports.base import Version

S3 = {"key": "aws_access_key_id", "secret": "aws_secret_access_key", "token": "aws_session_token",
      "endpoint_url": "aws_endpoint_url"}  # fmt: skip
ATTEMPTS = 5


def check() -> None:
    """Raise ConfigError if deltalake isn't installed."""
    if find_spec("deltalake") is None:
        raise ConfigError(
            "delta needs the package deltalake, which isn't installed",
            where="publish.also",
            fix="pip install 'labelworks[delta]'",
        )


def address(version: Version) -> str:
    """Where the table is: one of the dataset, not of the run."""
    return version.store.url(f"{version.dataset}/delta")


def done(version: Version) -> bool:
    """Whether the table holds this version, or had it and holds a later one."""
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        table = DeltaTable(address(version), storage_options=_options(version))
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
        storage_options=_options(version),
        commit_properties=CommitProperties(
            custom_metadata={"labelworks.run_id": version.run_id, "labelworks.version": str(version.number)},
            app_transactions=[Transaction(_application(version), version.number)],
        ),
    )


def _application(version: Version) -> str:
    return f"labelworks/{version.dataset}"


def _options(version: Version) -> dict[str, str] | None:
    """Storage options of fsspec in the words of delta's object store; other stores take the environment."""
    if not version.store.root.startswith("s3"):
        return None
    given: dict[str, Any] = {**version.store.options.get("client_kwargs", {}), **version.store.options}
    options = {name: str(given[key]) for key, name in S3.items() if given.get(key)}
    if options.get("aws_endpoint_url", "").startswith("http://"):
        options["aws_allow_http"] = "true"
    return options
