"""Runs on the servers of the test run, and Ceph, a real S3 server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labelworks.schemas.config.run import RunConfig
from tests.support.servers import shared


@pytest.fixture
def run_config(raw_config: Callable[..., dict[str, Any]], dask_cluster: str) -> Callable[..., RunConfig]:
    """Makes a RunConfig on the cluster of the test run."""

    def run_config(source: Any, *, compute: dict[str, Any] | None = None, **sections: Any) -> RunConfig:
        chosen = {"scheduler": dask_cluster} | (compute or {})
        return RunConfig.model_validate(raw_config(source, compute=chosen, **sections))

    return run_config


@pytest.fixture(scope="session")
def ceph() -> Iterator[str]:
    """Address of a real S3 server that takes the keys of the environment and no others."""
    from tests.support.ceph import PACKAGES, missing

    if missing():
        pytest.skip(f"Ceph is not installed (apt-get install {PACKAGES}): no {', '.join(missing())}")
    with shared("ceph") as address:
        yield address


@pytest.fixture
def ceph_bucket(ceph: str, request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """URL of a new bucket there, and the storage options that reach it."""
    import fsspec

    options = {"endpoint_url": ceph, "use_listings_cache": False}
    name = f"b{abs(hash(request.node.nodeid)):x}"
    fsspec.filesystem("s3", **options).mkdir(name)
    return f"s3://{name}", options
