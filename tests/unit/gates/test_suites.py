import pytest

from labelworks.schemas.config.run import GateConfig
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.suites import STAGES, defaults, suites
from tests.support.own_expectations import own


@pytest.mark.parametrize("stage", STAGES)
def test_shipped_suites_are_whole(stage):
    both = defaults(stage)
    assert len(set(both.names)) == len(both.names)
    for suite in (both.rows, both.figures):
        for each in suite.expect:
            assert each.why.endswith("."), each.name
            assert set(each.columns) <= set(suite.columns), each.name
            assert each.threshold is None or each.threshold in each.kwargs, each.name
    assert both.figures.expect


def test_a_threshold_and_a_severity_replace_the_default():
    config = GateConfig(thresholds={"max_rejected": 0.25}, severity={"max_rejected": "warning"})
    (found,) = (each for each in suites("ingest", config).figures.expect if each.name == "max_rejected")
    assert found.kwargs == {"max_value": 0.25}
    assert found.severity == "warning"
    (untouched,) = (each for each in defaults("ingest").figures.expect if each.name == "max_rejected")
    assert untouched.kwargs == {"max_value": 0.0}
    assert untouched.severity == "error"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"thresholds": {"max_noise_rat": 0.1}}, "did you mean 'max_noise_rate'"),
        ({"severity": {"max_noise": "error"}}, "did you mean 'max_noise_rate'"),
        ({"thresholds": {"score_in_range": 0.1}}, "unknown threshold 'score_in_range'"),
        ({"expectations": (own("e", "noise_rat"),)}, "did you mean 'noise_rate'"),
        ({"expectations": ({"e": {}, "column": "x"},)}, "one key with its arguments"),
        ({"expectations": (own("e", "score", severity="fatal"),)}, "severity: Input should be"),
        (
            {"expectations": (own("e", "noise_rate", name="max_noise_rate"),)},
            "two expectations are called 'max_noise_rate'",
        ),
    ],
)
def test_what_a_config_gets_wrong_is_named(config, message):
    with pytest.raises(ConfigError) as caught:
        suites("detect", GateConfig(**config))
    assert message in str(caught.value)
    assert str(caught.value).startswith("gates.detect")


def test_an_expectation_of_the_user_finds_its_frame_by_its_column():
    kind = "expect_column_values_to_be_between"
    both = suites(
        "detect",
        GateConfig(
            expectations=(
                own(kind, "noise_rate", {"min_value": 0.01}),
                own(kind, "score", {"min_value": 0.1}, name="mine"),
            )
        ),
    )
    assert both.figures.expect[-1].name == "noise_rate_values_to_be_between"
    assert both.rows.expect[-1].name == "mine"
