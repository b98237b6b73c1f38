import pickle
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from labelworks.schemas.config.run import GateConfig, GatesConfig
from labelworks.schemas.errors import ConfigError, LabelworksError
from labelworks.schemas.records import Check, Stage
from labelworks.schemas.suites import STAGES, defaults, suites
from labelworks.tasks.gates import check_figures, check_gates, check_rows, engine, merge
from labelworks.tasks.gates.checks import RowCheck
from tests.support.own_expectations import own

DEFAULT = GateConfig()


def rows_checked(stage: Stage, frame: pa.Table, config: GateConfig, **given: Any) -> list[RowCheck]:
    """The rows of a partition, by the suite of a stage under a config."""
    return check_rows(frame, suites(stage, config).rows, **given)


def figures_checked(stage: Stage, figures: Mapping[str, Any], config: GateConfig) -> list[Check]:
    """The figures of a stage, by its suite under a config."""
    return check_figures(stage, figures, suites(stage, config).figures)


DETECT = {
    "noise_rate": 0.2,
    "flagged_share": 0.18,
    "out_of_sample_accuracy": 0.8,
    "chance_accuracy": 0.1,
    "accuracy_over_chance": 0.7,
    "chance_p_value": 0.001,
    "prior_shift": None,
    "pseudo_label_shortfall": None,
    "calibration_nll_gain": 0.02,
    "drift_effect": 0.1,
    "unknown_share": 0.01,
    "estimated_accuracy": 0.9,
    "mismatched_share": 0.02,
    "window_prior_shift": 0.1,
    "window_drift_effect": 0.2,
    "group_error_gap": 0.05,
    "column_drift_effect": None,
    "drift_e_value": 1.5,
    "shortcut_gain": 0.05,
    "odd_regions": 0,
    "unlearnable_regions": 0,
    "content_odd_share": 0.01,
    "class_balance": 0.9,
    "row_order_effect": 0.0,
}


def scores(values, posterior=None):
    return pa.table(
        {
            "id": [f"r{i}" for i in range(len(values))],
            "score": pa.array(values, pa.float32()),
            "error_probability": pa.array([0.5] * len(values), pa.float32()),
            "posterior": pa.array(posterior or [[0.5, 0.5]] * len(values), pa.list_(pa.float32())),
        }
    )


def named(checks, name):
    (found,) = (check for check in checks if check.name == name)
    return found


@pytest.mark.parametrize(
    ("figure", "value", "name"),
    [
        ("unknown_share", 0.2, "max_unknown_share"),
        ("mismatched_share", 0.6, "max_mismatched_share"),
        ("window_prior_shift", 0.4, "max_window_prior_shift"),
        ("window_drift_effect", 0.6, "max_window_drift_effect"),
        ("group_error_gap", 0.3, "max_group_error_gap"),
        ("column_drift_effect", 0.5, "max_column_drift_effect"),
        ("drift_e_value", 21.0, "max_drift_e_value"),
    ],
)
def test_effects_of_drift_warn_and_p_values_play_no_part(figure, value, name):
    found = figures_checked("detect", {**DETECT, figure: value}, DEFAULT)
    assert [check.name for check in found if not check.ok] == [name]
    assert named(found, name).severity == "warning"
    assert not any("p_value" in check.expected.removeprefix("chance_p_value") for check in found)


def test_every_shipped_expectation_is_one_the_library_has_and_takes():
    for stage in STAGES:
        for suite in (defaults(stage).rows, defaults(stage).figures):
            for each in suite.expect:
                assert each.expectation in engine.types()
                kwargs = {key: 1 if value == "$last_class" else value for key, value in each.kwargs.items()}
                engine.build(each.model_copy(update={"kwargs": kwargs}))


@pytest.mark.parametrize("bad", [1.5, -0.1, float("nan"), float("inf")])
def test_a_score_outside_of_its_range_is_found_and_shown(bad):
    check = named(rows_checked("detect", scores([0.1, bad, 0.9]), DEFAULT), "score_in_range")
    assert not check.ok
    assert check.observed == "1 of 3 rows fail"
    assert len(check.unexpected) == 1
    assert check.expected == "score ≥ 0 and ≤ 1"


def test_sound_rows_pass_and_the_result_pickles():
    checks = pickle.loads(pickle.dumps(rows_checked("detect", scores([0.0, 1.0]), DEFAULT)))
    assert [check.ok for check in checks] == [True] * 3


def test_null_scores_fail_and_null_posteriors_do_not_since_some_methods_give_none():
    frame = scores([0.5, None], [[0.5, 0.5], None])
    checks = rows_checked("detect", frame, DEFAULT)
    assert {check.name for check in checks if not check.ok} == {"score_present"}


def test_a_partition_without_rows_passes():
    assert all(check.ok for check in rows_checked("detect", scores([]), DEFAULT))


def test_a_missing_column_fails_its_own_checks_only():
    checks = rows_checked("detect", scores([0.5]).drop_columns(["error_probability"]), DEFAULT)
    assert {check.name for check in checks if not check.ok} == {"error_probability_in_range"}
    assert "error_probability" in named(checks, "error_probability_in_range").observed


def test_an_unlabelled_window_needs_no_labels():
    frame = pa.table({"row": [0], "id": ["a"], "label": pa.array([None], pa.string())})
    assert {c.name for c in rows_checked("ingest", frame, DEFAULT) if not c.ok} == {"label_present"}
    assert all(check.ok for check in rows_checked("ingest", frame, DEFAULT, window="target"))


@pytest.mark.parametrize(("classes", "ok"), [(3, True), (2, False), (None, True)])
def test_label_codes_are_bounded_by_the_number_of_classes(classes, ok):
    frame = pa.table({"action": ["keep"], "reason": [""], "weight": [1.0], "label": [2]})
    checks = rows_checked("treat", frame, DEFAULT, classes=classes)
    assert named(checks, "label_in_range").ok is ok
    assert all(check.ok for check in checks if check.name != "label_in_range")


def test_numbers_are_no_codes_and_all_else_of_their_rows_is_checked():
    frame = pa.table({"action": ["keep"], "reason": [""], "weight": [-1.0], "label": [-2.5]})
    checks = rows_checked("treat", frame, DEFAULT, classes=0)
    assert [check.name for check in checks if not check.ok] == ["weight_sound"]
    assert "label_in_range" not in [check.name for check in checks]


def test_an_unknown_action_and_an_infinite_weight_are_found():
    frame = pa.table({"action": ["vanish"], "reason": [""], "weight": [float("inf")], "label": [0]})
    failed = {check.name for check in rows_checked("treat", frame, DEFAULT, classes=2) if not check.ok}
    assert failed == {"action_known", "weight_sound"}


def test_a_figure_that_was_not_measured_is_skipped_aloud():
    check = named(figures_checked("detect", DETECT, DEFAULT), "max_prior_shift")
    assert check.ok
    assert check.observed == "not measured"


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, set()),
        ({"noise_rate": 0.61}, {"max_noise_rate"}),
        ({"accuracy_over_chance": 0.0}, set()),
        ({"accuracy_over_chance": -0.01}, {"min_accuracy_over_chance"}),
        ({"chance_p_value": 0.002}, {"max_chance_p_value"}),
        ({"noise_rate": float("nan")}, {"max_noise_rate"}),
    ],
)
def test_figures_are_held_against_their_thresholds(change, failed):
    checks = figures_checked("detect", DETECT | change, DEFAULT)
    assert {check.name for check in checks if not check.ok} == failed
    assert merge("detect", [], checks).ok is not failed


def test_a_failure_is_told_in_words_where_figures_alone_do_not_tell():
    checks = figures_checked("detect", DETECT | {"chance_p_value": 0.4, "noise_rate": 0.7}, DEFAULT)
    assert named(checks, "max_chance_p_value").sentence == (
        "these features don't tell these labels (max_chance_p_value: 0.4, expected chance_p_value ≤ 0.001)"
    )
    assert named(checks, "max_noise_rate").sentence == "max_noise_rate: 0.7, expected noise_rate ≤ 0.6"


def test_a_warning_lets_the_run_go_on_and_an_error_does_not():
    figures = DETECT | {"prior_shift": 0.9}
    gate = merge("detect", [], figures_checked("detect", figures, DEFAULT))
    assert gate.ok
    assert [check.name for check in gate.warned] == ["max_prior_shift"]
    strict = GateConfig(severity={"max_prior_shift": "error"})
    assert not merge("detect", [], figures_checked("detect", figures, strict)).ok


def test_a_figure_that_the_stage_forgot_is_an_error_not_a_pass():
    with pytest.raises(LabelworksError, match="the stage has no figure"):
        figures_checked("detect", {}, DEFAULT)


def test_missing_rows_are_found_on_publication():
    figures = {"rows": 99, "rows_expected": 100, "parts": 2, "target_rows": 5, "target_rows_expected": 5}
    figures |= {"pseudo_labels": 3, "pseudo_labels_expected": 3}
    check = named(figures_checked("publish", figures, DEFAULT), "no_missing_rows")
    assert not check.ok
    assert check.observed == "rows 99, rows_expected 100"
    assert all(c.ok for c in figures_checked("publish", figures | {"rows": 100}, DEFAULT))
    others = figures_checked("publish", figures | {"rows": 100, "pseudo_labels": 4}, DEFAULT)
    assert [c.name for c in others if not c.ok] == ["no_other_pseudo_labels"]


def test_partitions_add_up_by_name():
    parts = [rows_checked("detect", scores([2.0 + i, 0.5]), DEFAULT) for i in range(7)]
    gate = merge("detect", parts, figures_checked("detect", DETECT, DEFAULT))
    check = named(gate.checks, "score_in_range")
    assert not gate.ok
    assert check.observed == "7 of 14 rows fail"
    assert check.unexpected == ("2", "3", "4", "5", "6")
    assert len(gate.checks) == 3 + 22


def test_the_share_that_must_pass_counts_over_all_partitions():
    asked = {"min_value": 0.2, "mostly": 0.9}
    mine = own("expect_column_values_to_be_between", "score", asked, name="mine")
    config = GateConfig(expectations=(mine,))
    bad, good = scores([0.1, 0.5]), scores([0.5] * 8)
    parts = [rows_checked("detect", frame, config) for frame in (bad, good)]
    assert not named(parts[0], "mine").ok
    assert named(merge("detect", parts).checks, "mine").ok
    assert not named(merge("detect", [parts[0], parts[0], parts[1]]).checks, "mine").ok


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (own("expect_column_values_to_be_betwen", "score"), "'expect_column_values_to_be_between'"),
        (own("expect_column_values_to_be_between", "score", {"minimum": 1}), "did you mean 'min_value'"),
        (own("expect_column_values_to_be_between", "score"), "cannot both be None"),
    ],
)
def test_an_expectation_that_cannot_be_is_refused_before_work_starts(entry, message):
    config = GatesConfig(detect=GateConfig(expectations=(entry,)))
    with pytest.raises(ConfigError) as caught:
        check_gates(config)
    assert message in str(caught.value)
    assert "gates.detect.expectations" in str(caught.value)


def test_gates_run_in_several_threads_at_once():
    def rows(i):
        return named(rows_checked("detect", scores([i / 10, 2.0]), DEFAULT), "score_in_range").observed

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(rows, range(8))) == {"1 of 2 rows fail"}


def test_a_gate_prints_nothing(capfd):
    rows_checked("detect", scores([0.5, 2.0]), DEFAULT)
    assert capfd.readouterr() == ("", "")


EVIL = "@__import__('pathlib').Path('ran').touch()"
RANGE = "expect_column_values_to_be_between"
LOW = {"type": "comparison", "column": {"name": "score"}, "operator": "<", "parameter": 0.5}


def condition(given, parser=None, column="score", **more):
    parsed = {} if parser is None else {"condition_parser": parser}
    return own(RANGE, column, {"max_value": 0.45, "row_condition": given, **parsed}, **more)


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (condition(EVIL, "pandas"), "row_condition"),
        (condition(EVIL, "python"), "row_condition"),
        (condition(EVIL, "spark"), "row_condition"),
        (condition(EVIL, ["pandas"]), "row_condition"),
        (condition(EVIL), "row_condition"),
        (condition(EVIL, "great_expectations"), "row_condition"),
        (condition('col("score") == "`x`"', "great_expectations"), "row_condition"),
        (condition(f'col("{EVIL}") > 1', "great_expectations"), "row_condition"),
        (condition({"type": "pass_through", "pass_through_filter": EVIL}), "row_condition"),
        (condition({"type": "and", "conditions": [{"type": "pass_through", "pass_through_filter": EVIL}]}),
         "row_condition"),
        (condition(LOW | {"pass_through_filter": EVIL}), "row_condition"),
        (condition(LOW | {"column": {"name": EVIL}}), "row_condition"),
        (condition(LOW | {"column": {"name": "score` or `score"}}), "row_condition"),
        (condition(LOW | {"operator": f"> 0 or {EVIL} or score >"}), "row_condition"),
        (condition(LOW | {"operator": "==", "parameter": "' or `x`"}), "row_condition"),
        (condition(LOW | {"operator": "IN", "parameter": [EVIL]}), "row_condition"),
        (condition(LOW | {"parameter": {"a": 1}}), "row_condition"),
        (condition(LOW, "pandas"), "row_condition"),
        (own(RANGE, "score", {"max_value": 1, "condition_parser": "pandas"}), "row_condition"),
        (own(RANGE, "score", {"maximum": 1}), "maximum"),
        (own(RANGE, "score", {"max_value": 1, "result_format": "COMPLETE"}), "result_format"),
        (own(RANGE, "score", {"max_value": 1, "meta": {}}), "meta"),
        (own(RANGE, "score", {"max_value": {"$PARAMETER": "urn:great_expectations:stores:x"}}), ""),
        (own("unexpected_rows_expectation", None, {"unexpected_rows_query": "SELECT 1"}), ""),
        (own("expect_query_results_to_match_comparison"), ""),
        (own("os.system", "score"), ""),
        (own("expect_column_values_to_match_json_schema", "id",
             {"json_schema": {"properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}}), ""),
    ],
)  # fmt: skip
def test_an_expectation_of_a_config_runs_nothing(entry, key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ((kind, arguments),) = entry.items()
    fine = own(RANGE, "score", {"max_value": 1}, name="fine")
    config = GateConfig(expectations=(fine, {kind: {"name": "mine", **arguments}}))
    with pytest.raises(ConfigError) as caught:
        check_gates(GatesConfig(detect=config))
    assert caught.value.where == f"gates.detect.expectations.1.{kind}.{key}".rstrip(".")
    with pytest.raises(ConfigError):  # also where nobody has looked before
        rows_checked("detect", scores([0.1, 0.9]), config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "parser", "failing"),
    [
        ('col("score") > 0.3', "great_expectations", "1 of 2 rows fail"),
        ('col("score").notnull()', "great_expectations", "1 of 3 rows fail"),
        ("col(\"id\") != 'r2'", "great_expectations", "0 of 2 rows fail"),
        (LOW, None, "0 of 2 rows fail"),
        (LOW | {"column": "score", "operator": ">="}, None, "1 of 1 rows fail"),
        (LOW | {"column": "id", "operator": "IN", "parameter": ["r2", "a@b"]}, None, "1 of 1 rows fail"),
        ({"type": "or", "conditions": [LOW, {"type": "nullity", "column": "id", "is_null": True}]}, None,
         "0 of 2 rows fail"),
    ],
)  # fmt: skip
def test_conditions_of_great_expectations_choose_rows(given, parser, failing):
    config = GateConfig(expectations=(condition(given, parser, name="mine"),))
    check_gates(GatesConfig(detect=config))
    assert named(rows_checked("detect", scores([0.1, 0.4, 0.9]), config), "mine").observed == failing


def test_a_condition_names_columns_that_there_are():
    with pytest.raises(ConfigError, match="unknown column 'nosuch'"):
        check_gates(GatesConfig(detect=GateConfig(expectations=(condition(LOW | {"column": "nosuch"}),))))


@pytest.mark.parametrize("weightless", [0, 1])
def test_a_class_that_weighs_nothing_refuses(weightless):
    figures = dict.fromkeys(defaults("treat").figures.columns) | {"classes_weightless": weightless}
    checks = figures_checked("treat", figures, GateConfig())
    (found,) = (check for check in checks if check.name == "max_classes_weightless")
    assert found.ok == (weightless == 0) and found.severity == "error"
