import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.multilabel import detect_multilabel


@st.composite
def multilabels(draw):
    """Any binary labels with any probabilities: classes of no row or all, p of 0 and 1, ties, K = 1."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    shape = draw(st.integers(1, 30)), draw(st.integers(1, 5))
    labels = rng.random(shape) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    probs = rng.random(shape).round(draw(st.integers(0, 3)))
    return labels, probs


@pytest.mark.parametrize("method", ["softmin", "ema"])
@given(data=multilabels(), seed=st.integers(0, 99))
def test_sound_and_indifferent_to_the_order_of_rows_and_classes(method, data, seed):
    labels, probs = data
    rng = np.random.default_rng(seed)
    order = np.ix_(rng.permutation(labels.shape[0]), rng.permutation(labels.shape[1]))
    result = detect_multilabel(labels, probs, method=method)
    moved = detect_multilabel(labels[order], probs[order], method=method)
    np.testing.assert_allclose(moved.score, result.score[order[0].ravel()], atol=1e-5)
    np.testing.assert_allclose(moved.missing.toarray(), result.missing.toarray()[order], atol=1e-6)
    np.testing.assert_allclose(moved.extra.toarray(), result.extra.toarray()[order], atol=1e-6)
    assert ((result.score >= 0) & (result.score <= 1)).all()
    assert not (result.missing.toarray()[labels] > 0).any()
    assert not (result.extra.toarray()[~labels] > 0).any()
    for rate in (result.missing_rate, result.extra_rate):
        assert ((rate >= 0) & (rate <= 1)).all()
