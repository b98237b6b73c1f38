"""What is in rows of images, of a store written by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.shown.contents import contents
from labelworks.tasks.ingest.scan import write_index
from labelworks.tasks.planning.open_run import plan_run

ROWS = 6


def test_a_row_that_is_named_again_keeps_its_image(tmp_path: Path) -> None:
    rows = {
        "key": [f"r{row}" for row in range(ROWS)],
        "pixels": [b"image %d" % row for row in range(ROWS)],
        "kind": ["a", "b"] * (ROWS // 2),
    }
    (tmp_path / "source").mkdir()
    pq.write_table(pa.table(rows), tmp_path / "source/0.parquet")
    config = RunConfig.model_validate(
        {
            "dataset": {"source": str(tmp_path / "source"), "id": "key", "label": "kind",
                        "features": {"image": "pixels"}},
            "store": {"root": str(tmp_path / "store")},
        }
    )  # fmt: skip
    run, plans = plan_run(config, {})
    (partition,) = plans["source"].partitions
    ref = DatasetRef(
        run_id=run.artifacts.id, dataset=run.artifacts.dataset, uri="", classes=("a", "b"),
        partitions=(partition,),
    )  # fmt: skip
    write_index(run.artifacts, run.source, partition, "string")
    places = [(partition.key, row) for row in (4, 1, 1, 3, 4)]
    found = contents(run.artifacts, run.source, ref, places, pictured=2)
    assert [each.image for each in found] == [b"image 4", b"image 1", b"image 1", None, b"image 4"]
    assert [each.vector for each in found] == [None, None, None, "0.parquet, row 3", None]
