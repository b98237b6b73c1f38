"""Classes that the model hardly knows lose no label; others do."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.methods.treatment.claims import Claims, JudgedLabels
from labelworks.tasks.methods.treatment.rare_classes import protected
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import policy_of


def rows_of(sizes: list[int], doubted: list[int]) -> JudgedLabels:
    """Of each class the first `doubted` rows are claimed to be of the next one."""
    given = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    flag = np.concatenate([np.arange(size) < some for size, some in zip(sizes, doubted, strict=True)])
    other = ((given + 1) % len(sizes)).astype(np.int32)
    claim = np.where(flag, 0.99, 0.01).astype(np.float32)
    error = np.where(flag, 0.995, 0.01).astype(np.float32)
    return JudgedLabels(
        given, flag, np.where(flag, other, given), error, claim, claim, tie_break=np.arange(len(given)) * 1e-9
    )


@pytest.mark.parametrize(
    ("sizes", "doubted", "kept"),
    [
        ([500, 480, 20], [50, 10, 5], [False, False, True]),  # rare
        ([500, 480, 20], [50, 10, 0], [False, False, False]),  # nothing is claimed against it
        ([500, 400, 100], [0, 0, 60], [False, False, True]),  # uncommon, and most of it is unknown
        ([500, 400, 100], [0, 0, 10], [False, False, False]),  # uncommon, and known
        ([500, 500, 500], [0, 250, 495], [False, False, False]),  # common
    ],
)
def test_a_class_is_protected_by_its_rows_and_by_what_is_known_of_it(
    sizes: list[int], doubted: list[int], kept: list[bool]
) -> None:
    assert protected(Claims.of(rows_of(sizes, doubted), 3)).tolist() == kept


@pytest.mark.parametrize("objective", ["accuracy", {"precision": 0.9}, {"budget": 40}, {"threshold": 0.8}])
def test_its_labels_wait_for_a_person_whatever_the_objective(objective: object) -> None:
    rows, policy = rows_of([500, 480, 20], [50, 10, 15]), policy_of(TreatConfig(objective=objective))
    decided, _ = treat_rows(rows, cut_of(rows, policy, Trust(), 3), policy, None)
    rare = rows.given == 2
    np.testing.assert_array_equal(decided.label[rare], 2)
    assert {ACTIONS[each] for each in decided.action[rare & rows.flag]} == {"review"}
    changed = np.count_nonzero(decided.label[~rare] != rows.given[~rare])
    assert changed == (40 if isinstance(objective, dict) and "budget" in objective else 60)
