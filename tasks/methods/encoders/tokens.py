"""Texts as token ids: made ahead of the device, padded only to the longest of their batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.device import Prepared
from labelworks.tasks.methods.encoders.values import read_texts


def tokenised(tokenizer: Any, values: pa.Array, max_length: int, prompt: str = "") -> Prepared:
    """Tokenise the texts of a column, each cut at `max_length` tokens."""
    texts, reasons = read_texts(values)
    usable = np.flatnonzero([reason is None for reason in reasons])
    ids = token_ids(tokenizer, [prompt + texts[row] for row in usable], max_length)
    return Prepared(ids, np.array([len(token_row) for token_row in ids], dtype=np.int64), usable, reasons)


def token_ids(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Token ids of texts; from the library beneath the tokenizer, if there is one: it keeps no offsets."""
    if not texts:
        return []
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        return list(
            tokenizer(list(texts), truncation=True, max_length=max_length, verbose=False)["input_ids"]
        )
    _cut_at(fast, max_length, tokenizer.truncation_side)
    return [encoding.ids for encoding in fast.encode_batch_fast(list(texts))]


def _cut_at(fast: Any, max_length: int, side: str) -> None:
    wanted = {"max_length": max_length, "direction": side}
    if fast.truncation is None or {name: fast.truncation[name] for name in wanted} != wanted:
        fast.enable_truncation(**wanted)
    if fast.padding is not None:
        fast.no_padding()


def padded(tokenizer: Any, items: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids and mask (N, longest) of a batch, padded on the side that the model expects."""
    lengths = np.fromiter(map(len, items), np.int64, len(items))
    longest = int(lengths.max())
    place = np.arange(longest)
    if tokenizer.padding_side == "left":
        place = longest - 1 - place
    mask = place < lengths[:, None]
    ids = np.full(mask.shape, tokenizer.pad_token_id or 0, dtype=np.int64)
    ids[mask] = np.fromiter(chain.from_iterable(items), np.int64, int(lengths.sum()))
    return ids, mask.astype(np.int64)
