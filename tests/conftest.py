"""What every test may use: made data, configs, the command, and the servers of the test run."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from tests.support.home import home, remove_home
from tests.support.servers import shared

# Few examples, with HYPOTHESIS_PROFILE=thorough many; the same each time: no change fails for another's.
settings.register_profile("quick", max_examples=10, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=100, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Before anything imports Prefect or botocore: neither the settings nor the keys of whoever runs the tests.
HOME = home()
os.environ |= {
    "PREFECT_HOME": str(HOME / "prefect"),
    "PREFECT_PROFILES_PATH": str(HOME / "prefect/profiles.toml"),
    "XDG_STATE_HOME": str(HOME / f"state-{os.getpid()}"),
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # docs/dask.md: it can stop a worker for good
    "AWS_CONFIG_FILE": str(HOME / "no-config"),
    "AWS_SHARED_CREDENTIALS_FILE": str(HOME / "no-credentials"),
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "HF_HUB_OFFLINE": "1",
    "BROWSER": "true",  # the command: `report --open` opens nothing on the screen of whoever runs the tests
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",  # asks Google whatever the endpoint
}
for _name in (
    *("PREFECT_API_URL", "PREFECT_API_KEY", "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"),
    *("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG"),
):
    os.environ.pop(_name, None)


def pytest_configure() -> None:
    """Let SIGINT reach what tests start: a shell's background jobs ignore it, and so do their children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and "PYTEST_XDIST_WORKER" not in os.environ:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    remove_home()


@dataclass(frozen=True)
class Made:
    """A dataset with its truth: its rows as one table, which of them have a wrong label (N,)."""

    table: pa.Table
    wrong: np.ndarray


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """Our own API, for this process and for every one it starts."""
    from labelworks.infra import settings

    settings.apply()
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from labelworks.infra.prefect_server.server import without_heartbeats

    with shared("prefect") as url, temporary_settings({PREFECT_API_URL: url}), without_heartbeats():
        os.environ["PREFECT_API_URL"] = url
        yield url
        del os.environ["PREFECT_API_URL"]
        APILogWorker.drain_all()


@pytest.fixture(scope="session")
def dask_cluster() -> Iterator[str]:
    """Address of a scheduler with two workers."""
    with shared("dask") as address:
        yield address


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """An S3 server that takes any key."""
    with shared("moto") as address:
        yield address


@pytest.fixture(scope="session")
def strict_moto() -> Iterator[str]:
    """An S3 server that knows no key, and so refuses all."""
    with shared("strict_moto") as address:
        yield address


@pytest.fixture
def bucket(moto: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    """URL of a new bucket, and the storage options that reach it."""
    import fsspec

    options = {"endpoint_url": moto, "use_listings_cache": False}
    filesystem = fsspec.filesystem("s3", **options)
    name = f"b{abs(hash(request.node.nodeid)):x}"
    filesystem.mkdir(name)
    yield f"s3://{name}", options
    filesystem.rm(name, recursive=True)


def make_rows(rows: int = 400, classes: int = 3, *, seed: int = 0, noise: float = 0.1, dim: int = 6) -> Made:
    """Vectors in well separated classes; a share of the labels is wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    centres = np.eye(classes, dim) * 6
    vectors = (centres[true] + rng.normal(size=(rows, dim))).astype(np.float32)
    wrong = rng.random(rows) < noise
    given = np.where(wrong, (true + rng.integers(1, classes, rows)) % classes, true)
    columns = {
        "id": [f"row-{row:05d}" for row in range(rows)],
        "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
        "label": [f"class-{code}" for code in given],
        "day": pa.array(np.arange(rows), pa.int64()),
    }
    return Made(pa.table(columns), wrong)


@pytest.fixture(scope="session")
def made() -> Callable[..., Made]:
    """Makes datasets."""
    return make_rows


def split_table(table: pa.Table, parts: int) -> list[pa.Table]:
    cuts = np.linspace(0, table.num_rows, parts + 1).astype(int)
    return [table.slice(start, end - start) for start, end in itertools.pairwise(cuts)]


@pytest.fixture(scope="session")
def split() -> Callable[[pa.Table, int], list[pa.Table]]:
    """Cuts a table into parts."""
    return split_table


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a table as a folder of parquet files."""

    def write(table: pa.Table, name: str = "data", parts: int = 2) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(split_table(table, parts)):
            pq.write_table(part, folder / f"part-{number}.parquet")
        return folder

    return write


# so few easy rows prove no treatment better, and what these tests look at is the treatment
CARRIED: dict[str, Any] = {"publish_when": {"not_worse": 1}}


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    found = dict(base)
    for name, value in over.items():
        inner = found.get(name)
        found[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return found


@pytest.fixture
def raw_config(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes a config as plain values: of a source, with the store beside it; keywords override sections."""

    def raw_config(source: Path | str, **sections: dict[str, Any]) -> dict[str, Any]:
        dataset = {
            "name": "made", "source": str(source), "id": "id", "label": "label",
            "features": {"vector": "vector"},
        }  # fmt: skip
        base = {"dataset": dataset, "store": {"root": str(tmp_path / "store")}, "validate": CARRIED}
        asked = {"objective", "relabel_over"} & set(sections.get("treat", {}))
        return merged(base if asked else {**base, "treat": {"objective": {"precision": 0.9}}}, sections)

    return raw_config


@pytest.fixture
def run_config(raw_config: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    """Makes a RunConfig; tests/servers has one on the cluster of the test run."""
    from labelworks.schemas.config.run import RunConfig

    def run_config(source: Path | str, **sections: Any) -> RunConfig:
        return RunConfig.model_validate(raw_config(source, **sections))

    return run_config


@pytest.fixture
def proxy() -> Iterator[Callable[..., Any]]:
    """Starts proxies before servers; they end with the test."""
    from tests.support.proxy import proxies

    with proxies() as proxy:
        yield proxy


@dataclass(frozen=True)
class Published:
    """Reads what a run published, as any trainer would: plain pyarrow, and only what the manifest names."""

    root: str
    options: dict[str, Any]

    def pointer(self, dataset: str, version: int) -> dict[str, Any]:
        from labelworks.tasks.storage.store import Store

        return dict(Store(self.root, self.options).read_json(f"{dataset}/versions/{version}.json"))

    def table(self, dataset: str, version: int) -> pa.Table:
        from labelworks.tasks.storage.store import Store

        store = Store(self.root, self.options)
        manifest = store.read_json(self.pointer(dataset, version)["manifest"])
        folder = self.pointer(dataset, version)["manifest"].rsplit("/", 1)[0]
        tables = [
            pq.read_table(pa.BufferReader(store.read(f"{folder}/{part}"))) for part in manifest["parts"]
        ]
        return pa.concat_tables(tables).sort_by([("id", "ascending")])


@pytest.fixture(scope="session")
def published() -> Callable[..., pa.Table]:
    """Reads a published version, sorted by id, without the columns that name files and runs."""

    def published(config: Any, version: int = 1, *, all_columns: bool = False) -> pa.Table:
        reader = Published(config.store.root, dict(config.store.storage_options))
        table = reader.table(config.dataset.name, version)
        return table if all_columns else table.drop_columns(["source_file", "source_row", "run_id"])

    return published


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs `labelworks ARGUMENTS` in this process: exit code, stdout, stderr."""
    from labelworks.flows.cli import app as cli

    def command(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["labelworks", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert isinstance(caught.value.code, int)
        return (caught.value.code, *capfd.readouterr())

    return command


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, bytes]]:
    """Every file under a folder with its bytes."""

    def snapshot(folder: Path) -> dict[str, bytes]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return snapshot
