"""Canaries: keys that a run was given are in nothing that it writes, prints, logs or raises."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import fsspec
import pytest

from flows.run import execute
from schemas.errors import StoreError
from tasks.io.listing import objects
from tasks.io.store import Store

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("prefect_api")]
CANARIES = {"key": "CANARYKEY7QX", "secret": "canary-secret-9fz", "token": "canary-token-3vw"}


def sung(text: bytes | str) -> list[str]:
    found = text if isinstance(text, bytes) else text.encode()
    return [name for name, value in CANARIES.items() if value.encode() in found]


def test_no_secret_of_a_block_is_written_printed_logged_or_raised(
    made: Any, write: Any, run_config: Any, bucket: Any, capfd: Any, caplog: Any, proxy: Any
) -> None:
    from prefect.blocks.system import Secret

    url, options = bucket
    fsspec.filesystem("s3", **options).put(str(write(made().table)), f"{url}/data/", recursive=True)
    Secret(value=json.dumps(CANARIES)).save("canaries", overwrite=True)
    config = run_config(
        f"{url}/data/", store={"root": f"{url}/store", "storage_options": options, "secret": "canaries"}
    )
    record = execute(config)
    assert record.status == "published"
    store = Store(f"{url}/store", options)
    written = objects(store, "made")
    assert len(written) > 20
    assert [each.name for each in written if sung(store.read(each.name))] == []
    assert sung(record.model_dump_json()) == []
    assert sung("".join(capfd.readouterr())) == []
    assert sung(caplog.text) == []
    home = Path(
        os.environ["PREFECT_HOME"]
    )  # artifacts, parameters and logs of the API; the block is encrypted
    assert [path for path in home.rglob("*") if path.is_file() and sung(path.read_bytes())] == []
    refusing = proxy(options["endpoint_url"], rate=1.0, faults=("503",))
    for reached in (refusing.url, "http://127.0.0.1:9"):
        secret = Store(f"{url}/store", {**CANARIES, "endpoint_url": reached})
        with pytest.raises(StoreError) as caught:
            secret.read("x")
        assert sung(f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {secret!r}") == []
