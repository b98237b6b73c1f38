"""Whatever labels are called and in whatever order columns stand, each label keeps its column."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import labelworks as lw
from labelworks.flows.notebook.inputs.classes import coded
from labelworks.flows.notebook.inputs.columns import Matrix
from labelworks.flows.notebook.results.shown import html

NAMES = st.one_of(
    st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True),
    st.lists(st.integers(-(2**53), 2**53), min_size=2, max_size=6, unique=True),
)


@given(names=NAMES, data=st.data())
@settings(deadline=None, max_examples=50)
def test_labels_come_back_as_they_were(names, data):
    labels = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=20))
    order = data.draw(st.permutations(names))
    probs = Matrix(np.full((len(labels), len(names)), 1 / len(names)), order)
    for found in (coded(labels), coded(labels, probs, order), coded(pd.Series(labels), classes=order)):
        assert found.named.tolist() == labels
    assert coded(labels, probs, order).classes.tolist() == order


@given(
    names=st.lists(st.text(min_size=1), min_size=3, max_size=3, unique=True), order=st.permutations(range(3))
)
@settings(deadline=None, max_examples=25)
def test_what_is_found_has_no_order(names, order):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 60)
    probs = rng.dirichlet([0.2] * 3, 60) * 0.3 + 0.7 * np.eye(3)[true]
    labels = [names[code] for code in np.where(rng.random(60) < 0.1, (true + 1) % 3, true)]
    one = lw.find_label_errors(labels, pd.DataFrame(probs, columns=names), method="confident-learning")
    moved = [names[place] for place in order]
    other = lw.find_label_errors(
        labels, pd.DataFrame(probs, columns=names)[moved], method="confident-learning"
    )
    np.testing.assert_array_equal(one.flag, other.flag)
    np.testing.assert_array_equal(one.suggestion, other.suggestion)


@given(text=st.text())
def test_no_text_is_markup(text):
    page = html("title", text, pd.DataFrame({"label": [text]}, index=[text]))
    inner = page.replace("<div", "").replace("<strong", "").replace("<table", "")
    for tag in ("thead", "tbody", "tr", "th", "td", "div", "strong", "table"):
        inner = inner.replace(f"</{tag}>", "").replace(f"<{tag}", "")
    assert "<" not in inner
