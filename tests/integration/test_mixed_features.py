"""Rows of texts, columns of a table and images at once, through the whole pipeline."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from labelworks.flows.embed import embed
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import open_run, plan_run
from labelworks.tasks.review.pictures import queue_pictures
from labelworks.tasks.review.queue import review_queue
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

ROWS = 360
CLASSES = np.array(["bill", "fault", "praise"])
WORDS = {"bill": "invoice charged payment", "fault": "broken error crash", "praise": "thanks lovely great"}


def photo(brightness: int) -> bytes:
    sink = io.BytesIO()
    noise = np.random.default_rng(brightness).integers(0, 40, (12, 12, 3))
    Image.fromarray((noise + brightness).astype(np.uint8)).save(sink, "PNG")
    return sink.getvalue()


def letters(folder: Path) -> np.ndarray:
    """Write rows whose text, age and photo each tell a part of the class; one in twelve labels is wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, ROWS)
    given = np.where(rng.random(ROWS) < 1 / 12, (true + 1) % 3, true)
    texts = [
        f"{' '.join(rng.choice(WORDS[CLASSES[each]].split(), 4))} number {row}"
        for row, each in enumerate(true)
    ]
    table: dict[str, Any] = {
        "id": [f"row-{row:03d}" for row in range(ROWS)],
        "text": [None if row == 7 else text for row, text in enumerate(texts)],
        "age": 30 + 15 * true + rng.normal(0, 5, ROWS),
        "city": np.array(["Rome", "Oslo"])[(true == 2).astype(int)],
        "photo": [f"{row % 50}.png" for row in range(ROWS)],
        "label": CLASSES[given],
    }
    table["photo"][11] = "gone.png"
    (folder / "rows").mkdir()
    (folder / "photos").mkdir()
    for number in range(50):
        (folder / f"photos/{number}.png").write_bytes(photo(4 * number))
    pq.write_table(pa.table(table), folder / "rows/a.parquet")
    return given != true


def config_of(folder: Path, **encoder: Any) -> RunConfig:
    features = {"text": "text", "image": "photo", "columns": ["age", "city"]}
    dataset = {"source": str(folder / "rows"), "id": "id", "label": "label", "features": features}
    return RunConfig.model_validate(
        {
            "dataset": {**dataset, "image_root": str(folder / "photos")},
            "store": {"root": str(folder / "store")},
            "gates": {"embed": {"thresholds": {"max_rejected": 0.01}}},
            "validate": {"publish_when": {"not_worse": 1}},
            "encoder": encoder,
        }
    )


def options(**of: int) -> dict[str, Any]:
    return {"name": "tfidf", "options": of}


def test_rows_of_several_kinds_are_judged_by_all_and_another_encoder_embeds_its_kind_alone(
    tmp_path: Path, published: Any
) -> None:
    wrong = letters(tmp_path)
    config = config_of(tmp_path, text=options(dims=64))
    record = run_stages(config)
    rows = published(config)
    quality = dict(zip(rows["id"].to_pylist(), rows["quality"].to_pylist(), strict=True))
    worst = sorted(quality, key=quality.__getitem__)[: wrong.sum()]
    assert sum(wrong[int(name.removeprefix("row-"))] for name in worst) > 0.8 * wrong.sum()

    kinds = {each.kind: each for each in record.embedding.kinds}
    assert {kind: (of.encoder, of.embedded_rows) for kind, of in kinds.items()} == {
        "text": ("tfidf", ROWS), "image": ("pixels", ROWS), "columns": ("table", ROWS)
    }  # fmt: skip
    assert record.embedding.dim == sum(of.dim for of in kinds.values())
    assert record.work["embedded_rows"] == 3 * ROWS
    assert {issue.name for issue in record.content.issues} >= {"empty", "dark"}

    artifacts = Artifacts(Store(config.store.root), config.dataset.key, record.run_id)
    aside = artifacts.store.read_table(artifacts.file("embed", "rejected.parquet")).to_pylist()
    assert [(row["row"], row["reason"]) for row in aside] == [
        (7, "text: null text"), (11, "image: there is no image gone.png")
    ]  # fmt: skip
    page = artifacts.store.read(f"{artifacts.folder}/report/report.html").decode()
    assert "text by tfidf" in page and "columns by table" in page

    opened = open_run(config, record.run_id, {})
    queue = review_queue(opened.artifacts, opened.source, 5)
    pictures = queue_pictures(opened.artifacts, opened.source, judged_ref(opened.artifacts), queue)
    assert queue.kind == "mixed"
    assert all(" number " in row.shown and "\nage: " in row.shown for row in queue.rows)
    assert len(pictures) == 5

    run, plans = plan_run(config_of(tmp_path, text=options(dims=32)), {})
    figures = embed(run, ingest(run, plans).ref).figures
    assert {each.kind: each.embedded_rows for each in figures.kinds} == {
        "text": ROWS, "image": 0, "columns": 0
    }  # fmt: skip
