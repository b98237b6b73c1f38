"""The posterior against people: by one sample of strata, each row by its probability of being shown."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.schemas.decisions import RowDecision
from labelworks.tasks.artifacts.decisions.audited_posterior import held_against_people

POSTERIOR = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], np.float32)
PLACES = np.array([3, 5, 8])


def answer(sample: str | None = "strata-1-0", probability: float = 0.5) -> RowDecision:
    shown = {"sample": sample, "probability": probability} if sample else {}
    return RowDecision(id="a", annotator="ann", answer="keep", **shown)


def test_rows_count_by_their_probability_of_being_shown() -> None:
    kept = [(3, answer(), [0]), (5, answer(probability=0.1), [1]), (8, answer(probability=1.0), [1])]
    found = held_against_people(kept, PLACES, POSTERIOR)
    assert found is not None
    assert found.rows == 13
    assert found.of == "posterior"
    assert found.overconfidence == pytest.approx((2 * 0.9 + 10 * 0.6 + 0.8 - 3) / 13)
    assert found.log_loss == pytest.approx(-(2 * np.log(0.9) + 10 * np.log(0.4) + np.log(0.8)) / 13, rel=1e-6)


def test_only_a_sample_of_strata_speaks_of_all_rows() -> None:
    others = [
        (3, answer("changes-1-0"), [0]),
        (5, answer(None), [1]),
        (8, answer(), [2]),
    ]  # none of the classes
    assert held_against_people(others, PLACES, POSTERIOR) is None
