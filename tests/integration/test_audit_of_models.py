"""People look at rows on which the models of a validation differ, and the next run's verdict hears them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tests.support.stages import run_stages

AS_USUAL = {"validate": {"publish_when": "better"}, "treat": {"objective": "auto"}}


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


def test_the_next_verdict_hears_who_looked_where_models_differ(
    write: Any, run_config: Any, command: Any, tmp_path: Path
) -> None:
    data, right = table(600)
    config = run_config(write(data), **AS_USUAL)
    first = run_stages(config)
    assert first.validation.apart
    assert (first.validation.audited, first.validation.looks) == (None, 0)
    at = ("--store", str(tmp_path / "store"))
    looks = min(first.validation.apart, 60)
    file = tmp_path / "apart.csv"
    arguments = ("--design", "disagreements", "--looks", str(looks), "--to", str(file))
    code, _, err = command("audit", "sample", *arguments, *at)
    assert code == 0, err
    code, out, _ = command("audit", "import", answered(file, right, wrong=False), *at)
    assert (code, out.splitlines()[0]) == (0, f"{looks} taken")
    second = run_stages(config)
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
    write: Any, run_config: Any, command: Any, tmp_path: Path
) -> None:
    data, right = table(600)
    config = run_config(write(data), **AS_USUAL)
    first = run_stages(config)
    assert first.validation.published != "given"
    at, file = ("--store", str(tmp_path / "store")), tmp_path / "apart.csv"
    looks = str(first.validation.apart)
    command("audit", "sample", "--design", "disagreements", "--looks", looks, "--to", str(file), *at)
    command("audit", "import", answered(file, right, wrong=True), *at)
    second = run_stages(config)
    assert second.validation.audited < 0
    if second.validation.audited_interval[1] < 0:
        assert second.validation.published == "given"
        assert "looks" in second.validation.why_given
