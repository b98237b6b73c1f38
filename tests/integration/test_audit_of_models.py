"""People look at rows on which the models of a validation differ, and the next run's verdict hears them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig, StoreConfig
from labelworks.schemas.records import RunRecord
from tests.support.stages import run_stages


def table(rows: int) -> tuple[pa.Table, dict[str, str]]:
    """Three classes that overlap, a fifth of the labels wrong; and the right ones by id."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, rows)
    given = np.where(rng.random(rows) < 0.2, (true + 1) % 3, true)
    vectors = (3 * np.eye(3, 8)[true] + rng.normal(size=(rows, 8))).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8)
    ids = [f"{row:05d}" for row in range(rows)]
    right = {name: f"class {code}" for name, code in zip(ids, true, strict=True)}
    return pa.table({"id": ids, "label": [f"class {code}" for code in given], "vector": column}), right


def answered(path: Path, right: dict[str, str], *, wrong: bool) -> str:
    """The file filled in: with the right class, or by somebody to whom the treated labels' model never is."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        sided = "(keep)" if row["stratum"] == "1" else "(none)"  # where the given label is the raw model's
        row["answer"] = sided if wrong else right[row["id"]]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, RunRecord, dict[str, str]]:
    """A config that was run once, the record of it, and the right labels by id."""
    folder, (data, right) = tmp_path_factory.mktemp("validated"), table(600)
    pq.write_table(data, folder / "rows.parquet")
    config = RunConfig.model_validate(
        {
            "dataset": {"name": "made", "source": f"{folder}/rows.parquet", "id": "id", "label": "label",
                        "features": {"vector": "vector"}},
            "store": {"root": f"{folder}/store"},
            "validate": {"publish_when": "better"}, "treat": {"objective": "auto"},
        }
    )  # fmt: skip
    return config, run_stages(config), right


@pytest.fixture
def again(validated: tuple[RunConfig, RunRecord, dict[str, str]], tmp_path: Path) -> RunConfig:
    """The config with a store of its own, in which that run is the last one."""
    shutil.copytree(validated[0].store.root, tmp_path / "store")
    return validated[0].model_copy(update={"store": StoreConfig(root=str(tmp_path / "store"))})


def test_the_next_verdict_hears_who_looked_where_models_differ(
    validated: Any, again: RunConfig, command: Any, tmp_path: Path
) -> None:
    _, first, right = validated
    assert first.validation.apart
    assert (first.validation.audited, first.validation.looks) == (None, 0)
    at = ("--store", again.store.root)
    looks = min(first.validation.apart, 60)
    file = tmp_path / "apart.csv"
    arguments = ("--design", "disagreements", "--looks", str(looks), "--to", str(file))
    code, _, err = command("audit", "sample", *arguments, *at)
    assert code == 0, err
    code, out, _ = command("audit", "import", answered(file, right, wrong=False), *at)
    assert (code, out.splitlines()[0]) == (0, f"{looks} taken")
    second = run_stages(again)
    found = second.validation
    assert (found.looks, found.apart, found.arm) == (looks, first.validation.apart, first.validation.arm)
    assert found.difference == first.validation.difference  # by the scores, as before
    low, high = found.audited_interval
    assert low < found.audited < high
    assert abs(found.audited - found.difference) < 0.02
    assert second.work["scored_rows"] == second.work["embedded_rows"] == 0
    code, out, _ = command("show", second.run_id, *at)
    assert f"{looks} looks" in " ".join(out.split())


def test_who_says_that_treated_labels_are_worse_keeps_them_from_being_published(
    validated: Any, again: RunConfig, command: Any, tmp_path: Path
) -> None:
    _, first, right = validated
    assert first.validation.published != "given"
    at, file = ("--store", again.store.root), tmp_path / "apart.csv"
    looks = str(first.validation.apart)
    command("audit", "sample", "--design", "disagreements", "--looks", looks, "--to", str(file), *at)
    command("audit", "import", answered(file, right, wrong=True), *at)
    second = run_stages(again)
    assert second.validation.audited < 0
    print("INTERVAL", second.validation.audited_interval)
    assert second.validation.audited_interval[1] < 0
    assert second.validation.published == "given"
    assert "looks" in second.validation.why_given
