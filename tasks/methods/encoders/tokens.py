"""Texts as token ids: made ahead of the device, padded there, only to the longest of their batch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from labelworks.tasks.methods.encoders.device import Prepared
from labelworks.tasks.methods.encoders.token_rows import TokenRows
from labelworks.tasks.methods.encoders.transfers import to_device
from labelworks.tasks.methods.encoders.values import read_texts

_setting = Lock()


@contextmanager
def parallel(cores: int) -> Iterator[None]:
    """Let the tokenizers library take so many threads in this block, unless its user has said otherwise.

    How many is asked of its environment once a process, whether any at each call; what was there is put back.
    """
    wanted = {"RAYON_NUM_THREADS": str(cores), "TOKENIZERS_PARALLELISM": "true" if cores > 1 else "false"}
    with _setting:
        added = {name: value for name, value in wanted.items() if name not in os.environ}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                del os.environ[name]


def tokenised(
    tokenizer: Any, values: pa.Array, max_length: int, prompt: str = "", cores: int = 1
) -> Prepared:
    """Tokenise the texts of a column, each cut at `max_length` tokens, by so many cores."""
    texts, reasons = read_texts(values)
    usable = np.flatnonzero([reason is None for reason in reasons])
    ids = token_ids(tokenizer, [prompt + texts[row] for row in usable], max_length, cores)
    return Prepared(ids, ids.lengths, usable, reasons)


def token_ids(tokenizer: Any, texts: Sequence[str], max_length: int, cores: int = 1) -> TokenRows:
    """Token ids of texts; from the library beneath the tokenizer, if there is one: it keeps no offsets, and
    takes all texts at once, by so many cores."""
    if not texts:
        return TokenRows.of([])
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        cut = tokenizer(list(texts), truncation=True, max_length=max_length, verbose=False)
        return TokenRows.of(cut["input_ids"])
    _cut_at(fast, max_length, tokenizer.truncation_side)
    with parallel(cores):
        encodings = fast.encode_batch_fast(list(texts))
    lengths = np.fromiter(map(len, encodings), np.int64, len(encodings))
    return TokenRows.made(lengths, (encoding.ids for encoding in encodings))


def _cut_at(fast: Any, max_length: int, side: str) -> None:
    wanted = {"max_length": max_length, "direction": side}
    if fast.truncation is None or {name: fast.truncation[name] for name in wanted} != wanted:
        fast.enable_truncation(**wanted)
    if fast.padding is not None:
        fast.no_padding()


def padded(tokenizer: Any, items: Sequence[Any] | TokenRows, device: str) -> tuple[Any, Any]:
    """Ids and mask (N, longest) of a batch on the device, padded there on the side that the model expects."""
    import torch

    rows = TokenRows.of(items)
    longest = int(rows.lengths.max())
    flat, lengths = to_device(rows.ids, device), to_device(rows.lengths, device)
    place = torch.arange(longest, device=device)
    if tokenizer.padding_side == "left":
        place = place.flip(0)
    mask = place < lengths[:, None]
    ids = torch.full(mask.shape, tokenizer.pad_token_id or 0, dtype=torch.int64, device=device)
    return ids.masked_scatter_(mask, flat.long()), mask.long()
