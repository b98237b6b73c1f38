"""Token ids as one flat array, padded on the device: against lists padded one by one."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.methods.encoders.token_rows import TokenRows
from labelworks.tasks.methods.encoders.tokens import padded, token_ids

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


class Ids(list[int]):
    """Ids of a text as the library gives them."""

    @property
    def ids(self) -> list[int]:
        return self


class Library:
    """What lies beneath a tokenizer; it remembers what it was asked, and what its environment said then."""

    truncation: Any = None
    padding: Any = None

    def enable_truncation(self, **_: Any) -> None:
        """Nothing here is longer."""

    def encode_batch_fast(self, texts: list[str]) -> list[Ids]:
        names = ("TOKENIZERS_PARALLELISM", "RAYON_NUM_THREADS")
        self.asked = (len(texts), *(os.environ.get(name) for name in names))
        return [Ids(range(len(text))) for text in texts]


@pytest.mark.parametrize(
    ("cores", "own", "expected"),
    [
        (6, None, ("true", "6")),
        (1, None, ("false", "1")),
        (6, "false", ("false", "6")),
    ],
)
def test_a_whole_batch_is_tokenised_at_once_by_the_cores_at_hand(
    cores: int, own: str | None, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TOKENIZERS_PARALLELISM", "RAYON_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    if own:
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", own)
    library = Library()
    tokenizer = SimpleNamespace(backend_tokenizer=library, truncation_side="right")
    rows = token_ids(tokenizer, ["abc", "", "de"], 8, cores)
    assert rows.lengths.tolist() == [3, 0, 2]
    assert library.asked == (3, *expected)
    assert os.environ.get("TOKENIZERS_PARALLELISM") == own
    assert "RAYON_NUM_THREADS" not in os.environ
