"""Token ids as one flat array, padded on the device: against lists padded one by one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.methods.encoders.token_rows import TokenRows
from labelworks.tasks.methods.encoders.tokens import padded

torch = pytest.importorskip("torch")
ROWS = st.lists(st.lists(st.integers(1, 2**31 - 1), min_size=0, max_size=6), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.data())
def test_rows_are_what_they_were_whichever_are_taken(rows: list[list[int]], data: st.DataObject) -> None:
    flat = TokenRows.of(rows)
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=6))
    some = flat.only(np.array(chosen))
    assert [each.tolist() for each in some] == [rows[row] for row in chosen]
    assert some.lengths.tolist() == [len(rows[row]) for row in chosen]
    assert len(flat) == len(rows)


@settings(max_examples=40, deadline=None)
@given(ROWS.filter(any), st.sampled_from(["left", "right"]))
def test_padding_is_on_the_side_that_the_model_expects(rows: list[list[int]], side: str) -> None:
    tokenizer = SimpleNamespace(padding_side=side, pad_token_id=0)
    ids, mask = padded(tokenizer, TokenRows.of(rows), "cpu")
    longest = max(map(len, rows))
    for row, shown, marks in zip(rows, ids.tolist(), mask.tolist(), strict=True):
        gap = [0] * (longest - len(row))
        assert shown == (gap + row if side == "left" else row + gap)
        assert marks == (gap + [1] * len(row) if side == "left" else [1] * len(row) + gap)
    assert ids.dtype == mask.dtype == torch.int64
