"""What users and packages call their things decides nothing about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.findings import EmbeddingFigures
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.vectors.signatures import planes_of
from labelworks.tasks.embed.stage import embed_group, fit_encoder, judge_quality
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.encoders.tfidf import TfidfEncoder
from labelworks.tasks.methods.encoders.vector import VectorEncoder
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import pass_options

ROWS = 90
SAID = EmbeddingFigures(
    encoder="e", rows=ROWS, rejected_rows=0, rejected_share=0.0, dim=6, distinct_rows=ROWS,
    dead_dimensions=0, encoding_seconds=0.0,
)  # fmt: skip


@pytest.fixture
def registered() -> Iterator[None]:
    """Encoders of other packages, one called as if it were the dataset's vectors, one that is as they are."""

    class Database(TfidfEncoder):
        """Vectors by words."""

    class Sensors(VectorEncoder):
        """Vectors of sensors."""

    registry.register("encoders", "vector-db", modality=("text",), source="this test")(Database)
    registry.register("encoders", "sensors", modality=("vector",), source="this test")(Sensors)
    yield
    registry.forget("this test")


def embedded(folder: Path, encoder: str, kind: str, name: str = "d") -> tuple[Run, DatasetRef]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, ROWS)
    words = [
        f"{['red', 'green', 'blue'][label]} thing {rng.integers(9)} of {row}"
        for row, label in enumerate(labels)
    ]
    vectors = np.eye(3, 6)[labels] + rng.normal(size=(ROWS, 6)) * np.logspace(-2, 2, 6)
    columns = {"id": [f"r{row}" for row in range(ROWS)], "label": [f"c{label}" for label in labels]}
    data = folder / "data"
    data.mkdir(exist_ok=True, parents=True)
    pq.write_table(pa.table(columns | {"text": words, "vector": vectors.tolist()}), data / "0.parquet")
    config = RunConfig.model_validate(
        {
            "dataset": {
                "name": name,
                "source": str(data),
                "id": "id",
                "label": "label",
                "features": {kind: kind},
            },
            "encoder": {"name": encoder},
            "store": {"root": str(folder / "store")},
        }
    )
    run, plans = plan_run(config, {})
    found = ingest(run, plans)
    spec = fit_encoder(run, found.ref, "cpu", 1)
    embed_group.fn(found.ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    return run, found.ref.model_copy(update={"encoder_key": spec.key})


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("plugin", "built_in", "kind"), [("vector-db", "tfidf", "text"), ("sensors", "vector", "vector")]
)
def test_an_encoder_is_scaled_for_what_it_says_and_not_for_its_name(
    tmp_path: Path, plugin: str, built_in: str, kind: str
) -> None:
    found, expected = (embedded(tmp_path, encoder, kind) for encoder in (plugin, built_in))
    scales = [
        planes_of(run.artifacts, ref, scaled=pass_options(run.config).scaled).scale
        for run, ref in (found, expected)
    ]
    np.testing.assert_array_equal(*scales)
    ranks = [judge_quality(*each, SAID).rankme for each in (found, expected)]
    assert ranks[0] == ranks[1]


def test_a_dataset_called_as_a_file_keeps_its_vectors_and_their_facts_in_its_own_folder(
    tmp_path: Path,
) -> None:
    run, ref = embedded(tmp_path, "auto", "vector", name="a.parquet")
    kept = {path.suffix for path in (tmp_path / "store/a.parquet/embeddings").rglob("*") if path.is_file()}
    assert {".parquet", ".json"} <= kept
    assert run.artifacts.store.names("") == {"a.parquet"}
    assert run.artifacts.store.exists(run.artifacts.embedding(ref.encoder_key, ref.partitions[0]))
