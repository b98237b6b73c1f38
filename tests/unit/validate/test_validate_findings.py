"""What a version carries where a person approved changes that few rows prove too little of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods.validation.arms import AGAIN, GIVEN, LIKELIEST, PROPOSED
from labelworks.tasks.methods.validation.before_after import Proof
from labelworks.tasks.planning.values import proof_options
from labelworks.tasks.validate.findings import findings_of

UNPROVEN = Proof(0.8, 0.81, 0.7, 0.7, -0.02, 0.04, 500, False, arm=LIKELIEST)
CONFIG = RunConfig.model_validate({"dataset": {"source": "x", "label": "y", "features": {"vector": "v"}}})


@pytest.mark.parametrize("margin", [None, 0.001])
def test_what_a_person_approved_is_carried_though_it_is_not_proven(margin: float | None) -> None:
    alone = findings_of(UNPROVEN, margin, ("a", "b"), "multinomial", "labels")
    assert alone.published == GIVEN and alone.why_given
    approved = findings_of(UNPROVEN, margin, ("a", "b"), "multinomial", "labels", approved=True)
    assert (approved.published, approved.why_given) == (LIKELIEST, "")
    assert approved.interval == alone.interval  # nothing else is said of it than before


def test_where_nothing_was_treated_nobody_can_have_approved_it() -> None:
    found = findings_of(replace(UNPROVEN, arm=GIVEN), None, (), "multinomial", "labels", approved=True)
    assert found.published == GIVEN and "nothing was treated" in found.why_given


def test_only_the_arm_that_was_shown_is_compared() -> None:
    assert set(proof_options(CONFIG).arms) > {GIVEN, PROPOSED, AGAIN}
    shown = proof_options(CONFIG, 5, AGAIN)
    assert list(shown.arms) == [GIVEN, AGAIN] and shown.arms[AGAIN].most == 5
