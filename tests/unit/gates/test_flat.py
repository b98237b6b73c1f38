"""What a gate is told of a stage's findings: the names that configs use, and nothing that may be chance."""

from __future__ import annotations

import math
from typing import Any

import pytest

from labelworks.schemas.findings import (
    ClassHealth,
    ColumnFindings,
    ColumnNulls,
    DetectEvidence,
    DetectFigures,
    DriftFindings,
    EmbeddingFigures,
    GroupFindings,
    HealthFindings,
    IngestFigures,
    MonitorFindings,
    NoiseFindings,
    OrderFindings,
    PublishFigures,
    ShiftFindings,
    TreatEvidence,
    TreatFigures,
    TreatmentFindings,
    UnknownFindings,
    ValidateFigures,
    ValidationFindings,
    WindowAlarm,
    WindowFindings,
)
from labelworks.schemas.records import Stage
from labelworks.schemas.suites import defaults
from labelworks.tasks.gates import flat

NOISE = NoiseFindings(method="m", rate=0.2, rate_interval=(0.1, 0.3), flagged=2, flagged_share=0.25)
EVIDENCE = DetectEvidence(histogram=(), flagged_histogram=())
DONE = TreatmentFindings(
    mode="both", keep=8, relabel=2, review=0, relabelled=2, changed_share=0.2, effective_sample_share=1.0
)
PROOF = ValidationFindings(
    accuracy_raw=0.8, accuracy_treated=0.9, difference=0.1, interval=(0.05, 0.15), holdout_rows=40,
    measured_against="given labels",
)  # fmt: skip
FIGURES: dict[Stage, Any] = {
    "ingest": IngestFigures(
        rows=9, target_rows=0, files=1, rejected_rows=0, rejected_files=0, rejected_share=0.0,
        left_out_files=0, empty_files=0, classes=2, smallest_class=3, similar_class_names=0, duplicate_ids=0,
    ),
    "embed": EmbeddingFigures(
        encoder="e", rows=9, rejected_rows=0, rejected_share=0.0, dim=2, distinct_rows=9, dead_dimensions=0,
        encoding_seconds=0.1,
    ),
    "detect": DetectFigures(rows=9, noise=NOISE, evidence=EVIDENCE),
    "treat": TreatFigures(
        rows=9, treatment=DONE, evidence=TreatEvidence(actions=(), before=(), after=())
    ),
    "validate": ValidateFigures(validation=PROOF),
    "publish": PublishFigures(
        rows=9, rows_expected=9, parts=1, target_rows=0, target_rows_expected=0, names=("a",)
    ),
}  # fmt: skip


def windows(**changes: Any) -> WindowFindings:
    fields: dict[str, Any] = {
        "by": "month", "windows": ("1", "2"), "rows": (9, 9), "classes": (), "prior": ((), ()),
        "interval": ((), ()), "total_variation": (0.9, 0.1), "mix_moved": (False, False),
        "change_points": (), "drift_effect": (None, 0.8), "drift_p_value": (None, 0.3),
    }  # fmt: skip
    return WindowFindings(**{**fields, **changes})


def told(drift: DriftFindings) -> dict[str, float | None]:
    return flat(DetectFigures(rows=9, noise=NOISE, drift=drift, evidence=EVIDENCE))


@pytest.mark.parametrize("stage", list(FIGURES))
def test_every_figure_of_a_suite_is_there_by_its_name(stage: Stage) -> None:
    found = flat(FIGURES[stage])
    assert set(defaults(stage).figures.columns) <= set(found)
    assert all(value is None or isinstance(value, float | int) for value in found.values())


def test_figures_that_are_named_otherwise_are_those_of_the_findings() -> None:
    found = flat(FIGURES["validate"])
    assert (found["difference_low"], found["difference_high"]) == (0.05, 0.15)
    assert flat(FIGURES["detect"])["noise_rate"] == 0.2
    shift = ShiftFindings.model_validate(
        {
            "method": "em", "prior": [1.0], "source_prior": [1.0], "weights": [1.0], "interval": [[0, 1]],
            "total_variation": 0.3, "drift": {"unexplained_effect": 0.4},
            "unknown": UnknownFindings(share=0.1, interval=(0.0, 0.2)),
        }
    )  # fmt: skip
    found = flat(DetectFigures(rows=9, noise=NOISE, shift=shift, evidence=EVIDENCE))
    assert (found["prior_shift"], found["drift_effect"], found["unknown_share"]) == (0.3, 0.4, 0.1)


def test_of_numbers_the_variance_explained_is_what_is_known_over_chance() -> None:
    noise = NOISE.model_copy(update={"r_squared": 0.0, "accuracy_over_chance": None})
    assert flat(DetectFigures(rows=9, noise=noise, evidence=EVIDENCE))["accuracy_over_chance"] == 0.0


def test_a_figure_that_is_no_number_reaches_the_gate_as_such() -> None:
    noise = NOISE.model_copy(update={"rate": math.nan})
    rate = flat(DetectFigures(rows=9, noise=noise, evidence=EVIDENCE))["noise_rate"]
    assert rate is not None and math.isnan(rate)


def test_the_largest_effects_are_seen() -> None:
    group = GroupFindings(worst="a", worst_error=0.4, error=0.25, number=2, classes=(), prior=(), groups=())
    column = ColumnFindings(
        p_value=0.1, statistic=1, psi=0.1, jensen_shannon=0.1, wasserstein=1.0, effect=0.6
    )
    found = told(
        DriftFindings(
            time=windows(mix_moved=(True, False), drift_p_value=(None, 0.01)),
            target_time=windows(watch=WindowAlarm(e_value=3.0, looks=2)),
            groups={"site": group},
            slices=group.model_copy(update={"worst_error": 0.3}),
            columns={"age": column},
            watch=MonitorFindings(window="target", e_value=21.0, looks=4),
        )
    )
    assert (found["window_prior_shift"], found["window_drift_effect"]) == (0.9, 0.8)
    assert found["group_error_gap"] == pytest.approx(0.15)
    assert (found["column_drift_effect"], found["drift_e_value"]) == (0.6, 21.0)


def test_no_effect_that_may_be_chance_is_seen_and_none_where_nothing_was_looked_at() -> None:
    names = (
        "window_prior_shift",
        "window_drift_effect",
        "group_error_gap",
        "column_drift_effect",
        "drift_e_value",
    )
    found = told(DriftFindings(time=windows()))
    assert [found[name] for name in names[:2]] == [0.0, 0.0]
    assert {told(DriftFindings())[name] for name in names} == {None}


@pytest.mark.parametrize(("p_value", "effect"), [(0.005, 0.4), (0.3, 0.0)])
def test_an_order_that_may_be_chance_has_no_effect(p_value: float, effect: float) -> None:
    health = HealthFindings(
        score=0.9, interval=(0.8, 1.0), classes=(ClassHealth(name="a", rows=9, flagged=0, quality=0.9),),
        balance=1.0, order=OrderFindings(rows=9, effect=0.4, p_value=p_value),
    )  # fmt: skip
    found = flat(DetectFigures(rows=9, noise=NOISE, health=health, evidence=EVIDENCE))
    assert (found["row_order_effect"], found["lowest_class_quality"]) == (effect, 0.9)


@pytest.mark.parametrize(
    ("nulls", "share"), [(None, None), ((), 0.0), ((ColumnNulls(name="age", rows=8, nulls=2),), 0.25)]
)
def test_where_no_column_was_looked_at_nothing_is_said_of_nulls(nulls: Any, share: float | None) -> None:
    found = flat(DetectFigures(rows=9, noise=NOISE, nulls=nulls, evidence=EVIDENCE))
    assert found["largest_null_share"] == share
