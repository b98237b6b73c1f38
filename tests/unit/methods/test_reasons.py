import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.reasons import CERTAIN, WORDS, explained
from labelworks.tasks.methods.treatment.decisions import KEPT, REASONS, RELABELLED, REVIEWED


def words(reason, trust, shift=1.0):
    factors = {"right": np.array([trust]), "label-shift": np.array([shift]), "class-balance": np.array([9.0])}
    return WORDS[explained(np.array([reason], np.int8), factors)[0]]


def test_what_counts_for_less_is_not_called_unsuspicious():
    assert words(KEPT, 0.95) == "not suspicious"
    assert words(KEPT, 0.55) == "a little doubtful: kept, counts for less"
    assert words(REVIEWED, 0.1) == REASONS[REVIEWED]


def test_a_class_whose_share_moved_is_named_as_what_made_the_weight():
    assert words(KEPT, 1.0, 0.3) == "not suspicious; its class is rarer in the target window"
    assert words(RELABELLED, 0.95, 1.9).endswith("; its class is commoner in the target window")
    assert words(KEPT, 0.5) == "a little doubtful: kept, counts for less"
    assert WORDS[explained(np.array([KEPT], np.int8), {})[0]] == "not suspicious"


@given(st.floats(0, 1), st.floats(0, 50), st.sampled_from(range(len(REASONS))))
def test_a_factor_far_from_one_always_has_its_reason(trust, shift, reason):
    if words(reason, trust, shift) == "not suspicious":
        assert trust >= CERTAIN and 0.8 <= shift <= 1.25
