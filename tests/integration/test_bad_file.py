"""A bad file among many, which the plan didn't look at: named and refused, or left out if that is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.planning.open_run import plan_run
from tests.support.stages import run_stages

FILES = 80


def test_is_refused_or_left_out_as_if_it_were_not_there(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    source = write(made().table, parts=FILES)
    allowed = run_config(source, gates={"ingest": {"thresholds": {"max_rejected_files": 1}}})
    _, plans = plan_run(allowed, {})
    unseen = [piece for part in plans["source"].partitions for piece in part.pieces if piece.rows is None]
    bad = Path(unseen[0].path)
    lost = pq.read_table(bad)["id"].to_pylist()
    bad.write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=rf"{bad.name}: can't be read, it is corrupt or truncated"):
        run_stages(run_config(source))
    record = run_stages(allowed)
    kept = 400 - len(lost)
    assert (record.status, record.rows, record.work["embedded_rows"]) == ("published", kept, kept)
    bad.unlink()
    without = run_config(source, store={"root": str(tmp_path / "without")})
    run_stages(without)
    found = published(allowed)
    assert not set(lost) & set(found["id"].to_pylist())
    assert found.equals(published(without))
