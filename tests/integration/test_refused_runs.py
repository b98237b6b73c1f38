"""Runs whose input is refused after they began: `runs` and `show` say that, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_a_run_that_ingest_refuses_is_refused_in_the_history_and_says_why(
    refuse: Any, earlier: Any, command: Any, tmp_path: Path
) -> None:
    rows = [json.dumps({"id": row, "label": "ab"[row % 2], "vector": [row, 1.5]}) for row in range(60)]
    rows[7] = rows[7][:-5]
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/a.jsonl").write_text("\n".join(rows) + "\n")
    refuse(tmp_path / "bad", begun=True)
    code, out, _ = command("runs", "--store", str(earlier[1]), "--json")
    last = json.loads(out)["runs"][-1]
    assert (code, last["status"], last["reached"]) == (0, "refused", "")
    assert "a.jsonl row 7: the line is no JSON" in last["why"]
    run = last["run_id"]
    for said in (
        command("runs", "--store", str(earlier[1])), command("show", run, "--store", str(earlier[1])),
    ):  # fmt: skip
        assert "1 row or file can't be used" in " ".join(said[1].split())
