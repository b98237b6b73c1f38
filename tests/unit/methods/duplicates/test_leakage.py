"""Which groups of copies lie in two splits, against a slow way to the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.duplicates.leakage import shared_groups


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 2)), max_size=30))
def test_elsewhere_is_what_other_splits_have(rows):
    group, split = (np.array([row[side] for row in rows], np.int64) for side in (0, 1))
    found = shared_groups(group, split, 3)
    for at, (of, own) in enumerate(rows):
        others = {other for value, other in rows if value == of and other >= 0} - {own} if own >= 0 else set()
        assert set(np.flatnonzero(found[at])) == others
