"""What has to be proven before treated labels are published, and which arms there are."""

from __future__ import annotations

import pytest

from labelworks.schemas.config.run import RunConfig, ValidateConfig
from labelworks.tasks.methods.validation.arms import AGAIN, GIVEN, LIKELIEST, PROPOSED, WEIGHTS, arms_of
from labelworks.tasks.methods.validation.before_after import ArmProof, Proof
from labelworks.tasks.methods.validation.disagreements import Estimate
from labelworks.tasks.methods.validation.publish_when import why_not
from labelworks.tasks.planning.values import policy_of


def proof(low: float, high: float, gain: Estimate | None = None, arm: str = PROPOSED) -> Proof:
    arms = (ArmProof(PROPOSED, Estimate(0.1, 0.01), Estimate(0.0, 0.01)),)
    return Proof(0.8, 0.8, 0.7, 0.7, low, high, 1000, False, gain, arm, arms)


@pytest.mark.parametrize(
    ("found", "margin", "why"),
    [
        (proof(0.001, 0.02), None, ""),
        (proof(0.001, 0.02, Estimate(0.0, 0.1)), None, ""),  # the accuracy proves it
        (proof(0.001, 0.02, Estimate(-0.1, 0.01)), None, "no treatment foretells held-out labels better"),
        (proof(-0.001, 0.02), None, "better isn't proven: accuracy changes by −0.1 to +2.0 points on 1,000"),
        (proof(-0.001, 0.02, Estimate(0.1, 0.01)), None, ""),  # the log score proves it
        (proof(-0.001, 0.02, Estimate(0.1, 0.1)), None, "better isn't proven"),
        (proof(-0.02, -0.001, Estimate(0.1, 0.01)), None, "a model of the treated labels is worse"),
        (proof(-0.02, -0.001), 0.05, "is worse"),
        (proof(-0.004, 0.02), 0.005, ""),
        (proof(-0.006, 0.02), 0.005, "loses no more than 0.5 points isn't proven"),
        (proof(-0.1, 0.2, Estimate(0.0, 0.0)), None, "no treatment foretells held-out labels better"),
        (proof(0.0, 0.0, Estimate(0.0, 0.0), GIVEN), 0.005, "nothing was treated"),
        (proof(0.0, 0.0), None, "nothing was treated"),
    ],
)
def test_what_is_not_proven_is_not_published(found: Proof, margin: float | None, why: str) -> None:
    said = why_not(found, margin)
    assert why in said and bool(said) == bool(why)


def arms(**treat: object) -> list[str]:
    config = {"dataset": {"source": "s", "label": "l", "features": {"vector": "v"}}, "treat": treat}
    return list(arms_of(policy_of(RunConfig.model_validate(config).treat)))


def test_no_arm_changes_what_the_config_leaves_alone() -> None:
    assert arms() == [GIVEN, WEIGHTS, PROPOSED, LIKELIEST, AGAIN]
    assert arms(objective={"precision": 0.95}) == arms(relabel_over=0.7) == [GIVEN, PROPOSED]
    assert arms(mode="relabel") == [GIVEN, PROPOSED, LIKELIEST, AGAIN]
    assert arms(mode="reweight") == [GIVEN, PROPOSED]
    assert arms(mode="none") == [GIVEN]


@pytest.mark.parametrize("said", [{"not_worse": 2}, {"not_worse": -0.1}, {}, {"worse": 0.1}, "always"])
def test_what_has_to_be_proven_is_said_in_one_of_two_ways(said: object) -> None:
    with pytest.raises(ValueError):
        ValidateConfig.model_validate({"publish_when": said})


def test_a_margin_is_one_of_accuracy() -> None:
    assert ValidateConfig().margin is None
    assert ValidateConfig.model_validate({"publish_when": {"not_worse": 0.01}}).margin == 0.01
