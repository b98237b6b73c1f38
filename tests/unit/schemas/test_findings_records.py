"""What stages find: frozen, JSON without NaN, and cheap to bring to workers."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from labelworks.schemas.errors import StoreError
from labelworks.schemas.findings import NoiseFindings, ShiftFindings
from labelworks.schemas.records import RunRecord

PLAIN: dict[str, Any] = {
    "run_id": "r", "status": "published", "dataset": "d", "version": 1, "rows": 9, "work": {}, "gates": {},
    "report": "", "timings": {},
}  # fmt: skip


def noise(**changes: Any) -> NoiseFindings:
    fields = {"method": "m", "rate": 0.1, "rate_interval": (0.0, 0.2), "flagged": 1, "flagged_share": 0.1}
    return NoiseFindings.model_validate(fields | changes)


@given(st.floats(), st.floats(), st.floats())
def test_numbers_that_are_not_finite_are_null_in_json_and_none_when_read(
    rate: float, low: float, high: float
) -> None:
    found = noise(rate=rate, rate_interval=(low, high))
    text = found.model_dump_json()
    assert json.loads(text) == found.model_dump(mode="json")
    back = NoiseFindings.model_validate_json(text)
    for before, after in zip((rate, low, high), (back.rate, *back.rate_interval), strict=True):
        assert after == (before if math.isfinite(before) else None)


def test_a_number_that_is_none_stays_one_in_memory_for_the_gate() -> None:
    rate = noise(rate=math.nan).rate
    assert rate is not None and math.isnan(rate)


@given(st.lists(st.text() | st.integers(), unique_by=str, min_size=1, max_size=6), st.data())
def test_weights_of_classes_of_any_name_come_back_in_order(classes: list[Any], data: Any) -> None:
    size = len(classes)
    weights = data.draw(st.lists(st.floats(0, 50), min_size=size, max_size=size))
    shift = {
        "method": "em", "prior": weights, "source_prior": weights, "weights": weights, "total_variation": 0.1,
        "interval": [[0, 1]] * size, "drift": {},
    }  # fmt: skip
    record = RunRecord.model_validate({**PLAIN, "classes": classes, "shift": shift})
    back = RunRecord.model_validate_json(record.model_dump_json())
    assert back == record and back.shift is not None
    assert back.shift.weights == tuple(weights)
    assert [type(each) for each in back.classes] == [type(each) for each in classes]
    by_name = dict(zip(map(str, classes), weights, strict=True))
    old = {**shift, "prior": by_name, "weights": by_name}
    assert RunRecord.model_validate({**PLAIN, "classes": classes, "shift": old}).shift == record.shift


def test_findings_are_frozen_closed_and_pickle() -> None:
    found = noise()
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(ValidationError, match="frozen"):
        found.rate = 0.2
    with pytest.raises(ValidationError, match="flaged"):
        noise(flaged=1)
    with pytest.raises(ValidationError, match="interval"):
        ShiftFindings.model_validate({"method": "em", "weights": [1.0]})


def test_a_record_of_a_later_version_says_so() -> None:
    with pytest.raises(StoreError, match="schema version 99") as caught:
        RunRecord.model_validate({**PLAIN, "schema_version": 99})
    assert "later" in caught.value.fix


def test_findings_need_pydantic_alone() -> None:
    code = (
        "import sys, labelworks.schemas.findings\n"
        "heavy = {'numpy', 'pyarrow', 'pandas', 'prefect', 'dask', 'torch'} & set(sys.modules)\n"
        "raise SystemExit(', '.join(heavy) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
