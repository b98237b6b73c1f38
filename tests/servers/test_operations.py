"""docs/operations.md is true: its commands run, its configs load, and what it links to is there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from labelworks.infra.processes.serving import reserved
from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.events import EMITTED, DatasetChanged

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
TOPICS = {"refund": ("money", "card", "paid", "charge"), "delivery": ("parcel", "courier", "late", "address")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def reviews(file: Path, start: int, rows: int = 300) -> None:
    rng = np.random.default_rng(start)
    labels = rng.choice(list(TOPICS), rows)
    texts = [" ".join([*rng.choice(TOPICS[label], 3), rng.choice(["the", "my"])]) for label in labels]
    ids = [f"r{row}" for row in range(start, start + rows)]
    file.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"review_id": ids, "body": texts, "topic": labels}), file)


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """Two that are nobody else's."""
    with reserved() as one, reserved() as other:
        yield one, other


def test_ten_commands_lead_to_a_pipeline_that_follows_its_source(
    ports: tuple[int, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    published: Callable[..., pa.Table],
) -> None:
    monkeypatch.chdir(tmp_path)
    reviews(tmp_path / "data/reviews.parquet", 0)
    reviews(tmp_path / "new/more.parquet", 1000)
    ten, post = (block.strip().splitlines() for block in blocks("sh"))
    assert len(ten) == 10
    assert ten[:2] == [next(line for line in ten if line.startswith("make demo")), ". .venv/bin/activate"]
    script = "\n".join(["set -em", *ten[2:7], *post, *ten[7:]])
    for documented, port in zip(("4200", "4201"), ports, strict=True):
        script = script.replace(documented, str(port))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    alone = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"} | {"PATH": path}
    done = subprocess.Popen(
        ["bash", "-c", script],
        cwd=tmp_path, env=alone, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        said, _ = done.communicate(timeout=400)
    except subprocess.TimeoutExpired:
        os.killpg(done.pid, signal.SIGTERM)
        raise AssertionError(done.communicate()[0]) from None
    assert '{"accepted":1,"known":0}' in said
    config = load_config(str(tmp_path / "reviews.yaml"))
    assert [published(config, version).num_rows for version in (1, 2)] == [300, 600], said
    assert said.rstrip().splitlines()[-2] == "data: stopped", said


def test_its_configs_load() -> None:
    dataset = {"source": "s3://bucket/x/", "label": "l", "features": {"text": "t"}}
    for block in blocks("yaml"):
        RunConfig.model_validate({"dataset": dataset, **yaml.safe_load(block)})


def test_it_names_every_event_and_only_files_that_are_there() -> None:
    told = set(re.findall(r"^\| `(labelworks\.[a-z.]+)`", PAGE, re.MULTILINE))
    assert told == {each.event for each in EMITTED}
    assert DatasetChanged.event in PAGE
    for link in re.findall(r"\]\(([^):]+)\)", PAGE):  # with a colon it is one of the web
        assert (ROOT / "docs" / link).exists(), link
