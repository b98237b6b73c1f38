"""What answers to samples say: of label sets in any order, of none, of numbers, and without the unsure."""

from __future__ import annotations

from typing import Any

import pytest

from labelworks.schemas.decisions import RowDecision
from labelworks.tasks.artifacts.decisions.estimates import (
    right_as_given,
    right_as_suggested,
    sample_estimates,
)


def decided(answer: str, *classes: str, **more: Any) -> RowDecision:
    about = {"id": "a", "annotator": "ann", "answer": answer, "classes": classes}
    return RowDecision.model_validate(about | more)


@pytest.mark.parametrize(
    ("decision", "right"),
    [
        (decided("keep", given="cat"), True),
        (decided("class", "cat", given="cat"), True),
        (decided("class", "dog", given="cat"), False),
        (decided("class", "a; b", given="a; b"), True),
        (decided("none", given="cat"), False),
        (decided("classes", "dog", "cat", given="cat; dog"), True),
        (decided("classes", "dog", given="cat; dog"), False),
        (decided("none", given=""), True),
        (decided("classes", "dog", given=""), False),
        (decided("number", number=0.1, given="0.1"), True),
        (decided("number", number=0.2, given="0.1"), False),
        (decided("class", "cat"), False),
    ],
)
def test_whether_the_label_was_named(decision: RowDecision, right: bool) -> None:
    assert right_as_given(decision) is right
    swapped = decision.model_copy(update={"given": "other", "suggestion": decision.given})
    assert right_as_suggested(swapped) is (right and decision.answer != "keep")


def test_the_last_sure_answers_of_each_sample_count() -> None:
    drawn = {"why": "audit", "stratum": 0, "stratum_rows": 10, "probability": 0.4, "given": "cat"}
    strata = [decided("class", "dog", **{**drawn, "id": str(n), "sample": "strata-1-0"}) for n in range(4)]
    strata += [decided("keep", **{**drawn, "id": "0", "sample": "strata-1-0"})]
    strata += [decided("unsure", **{**drawn, "id": "1", "sample": "strata-1-0"})]
    other = [decided("unsure", **{**drawn, "sample": "changes-1-0"}), decided("keep", given="cat")]
    (found,) = sample_estimates([*strata, *other])
    assert (found.sample, found.unsure, found.found.looks) == ("strata-1-0", 1, 3)
    assert found.found.value == pytest.approx(2 / 3, abs=0.01)  # half a row speaks for what all looks say
    assert found.says.startswith("labels that are wrong: 66.3 %")
