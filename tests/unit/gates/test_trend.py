"""The trend gate: what a run may differ in from the version before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.findings import TrendFindings, VersionFigures
from labelworks.schemas.records import RunRecord
from labelworks.tasks.detect.trend import trend
from labelworks.tasks.gates import check_trend
from labelworks.tasks.report.texts.trend_text import lines

BEFORE = VersionFigures(rows=1000, rejected_share=0.01, noise_rate=0.1, prior={"a": 0.5, "b": 0.5})
NOW = VersionFigures(rows=700, rejected_share=0.05, noise_rate=0.25, prior={"a": 0.7, "b": 0.2, "c": 0.1})
LIMITS = {"noise_rate": 0.1, "rejected_share": 0.02, "total_variation": 0.2, "class_share": 0.25, "rows": 0.2}


def record(figures: VersionFigures | None) -> RunRecord:
    return RunRecord(
        run_id="r", status="published", dataset="d", version=3, rows=1000, work={}, gates={}, report="",
        timings={}, trend=None if figures is None else TrendFindings(now=figures),
    )  # fmt: skip


def checked(now: VersionFigures, before: VersionFigures | None, **limits: Any) -> dict[str, Any]:
    found = trend(now, record(before) if before else None)
    return {each.name: each for each in check_trend(found, limits or LIMITS, "error")}


def test_what_has_moved_too_far_is_refused_with_both_figures() -> None:
    found = checked(NOW, BEFORE)
    assert {name for name, each in found.items() if not each.ok} == {f"trend_{name}" for name in LIMITS}
    assert found["trend_noise_rate"].observed == "0.25, and 0.1 in version 3"
    assert found["trend_rows"].observed == "700 rows, and 1,000 in version 3"
    assert found["trend_rows"].expected == "a difference of at most 0.2 of the rows before"
    assert found["trend_class_share"].observed == "b has 0.2, and 0.5 in version 3"
    assert found["trend_total_variation"].observed.startswith("total variation 0.3; most of all b has 0.2")
    assert found["trend_noise_rate"].sentence.startswith("the noise rate has moved since the last version")
    assert found["trend_rows"].key == "gates.trend.rows"


def test_limits_are_met_on_the_edge_and_none_is_no_limit() -> None:
    assert all(each.ok for each in checked(NOW, BEFORE, noise_rate=0.15, rows=0.3, class_share=0.3).values())
    assert checked(NOW, BEFORE, noise_rate=None, rows=None) == {}


def test_the_first_version_passes_and_says_so() -> None:
    found = checked(NOW, None)
    assert len(found) == 5 and all(each.ok for each in found.values())
    assert {each.observed for each in found.values()} == {
        "this is the first version: there is nothing to compare with"
    }


def test_of_a_version_that_kept_no_figures_only_rows_are_compared() -> None:
    found = trend(NOW, record(None))
    assert found.before == VersionFigures(rows=1000)
    checks = {each.name: each for each in check_trend(found, LIMITS, "warning")}
    assert not checks["trend_rows"].ok and checks["trend_rows"].severity == "warning"
    assert checks["trend_noise_rate"].ok and checks["trend_noise_rate"].observed == "not measured in both"


def test_of_label_sets_the_shares_are_no_mix() -> None:
    several = NOW.model_copy(update={"one_class": False})
    found = trend(several, record(BEFORE))
    assert found.total_variation is None and found.moved_class == "b"


@given(
    st.lists(st.integers(1, 50), min_size=2, max_size=5), st.lists(st.integers(1, 50), min_size=2, max_size=5)
)
def test_total_variation_is_half_the_sum_of_the_differences(one: list[int], other: list[int]) -> None:
    priors = [dict(zip("abcde", np.array(each) / sum(each), strict=False)) for each in (one, other)]
    now, before = (VersionFigures(rows=9, prior=prior) for prior in priors)
    found = trend(now, record(before))
    wide = np.zeros((2, 5))
    for place, prior in enumerate(priors):
        wide[place, : len(prior)] = list(prior.values())
    assert found.total_variation == pytest.approx(np.abs(wide[0] - wide[1]).sum() / 2)
    assert abs(found.class_change or 0) == pytest.approx(np.abs(wide[0] - wide[1]).max())


def test_the_report_has_both_figures_a_line() -> None:
    told = {what: rest for what, *rest in lines(trend(NOW, record(BEFORE)))}
    assert told["rows"] == ["1,000", "700", "−30.0 %"]
    assert told["noise rate"][:2] == ["10.0 %", "25.0 %"]
    assert lines(trend(NOW, None)) == [] == lines(None)
