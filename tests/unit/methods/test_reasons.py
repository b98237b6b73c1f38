import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.reasons import CERTAIN, WORDS, explained
from labelworks.tasks.methods.treatment.decisions import KEPT, REASONS, RELABELLED, REVIEWED


def words(reason, weight, shift=None, label=0):
    codes = explained(
        np.array([reason], np.int8), np.array([weight], np.float32), np.array([label], np.int32),
        None if shift is None else np.array(shift), 10.0,
    )  # fmt: skip
    return WORDS[codes[0]]


def test_what_counts_for_less_is_not_called_unsuspicious():
    assert words(KEPT, 0.95) == "not suspicious"
    assert words(KEPT, 0.55) == "a little doubtful: kept, counts for less"
    assert words(REVIEWED, 0.1) == REASONS[REVIEWED]


def test_a_class_whose_share_moved_is_named_as_what_made_the_weight():
    assert words(KEPT, 0.3, [0.3, 1.9]) == "not suspicious; its class is rarer in the target window"
    assert words(RELABELLED, 1.8, [0.3, 1.9], 1).endswith("; its class is commoner in the target window")
    assert words(KEPT, 0.5, [1.0]) == "a little doubtful: kept, counts for less"


@given(st.floats(0, 1), st.floats(0, 50), st.sampled_from(range(len(REASONS))))
def test_a_weight_far_from_one_always_has_its_reason(trust, shift, reason):
    weight = trust * min(shift, 10.0)
    said = words(reason, weight, [shift])
    if reason == KEPT and said == "not suspicious":
        assert CERTAIN * 0.8 - 1e-6 <= weight <= 1.25 + 1e-6
