"""Texts run without padding: their tokens one after the other, attention kept within each of them.

Sources: Krell et al. 2021; Dao 2023 for the kernel. Models of the transformers library whose attention can be
replaced, and that are told positions, run so; whether one gives the same vectors is asked before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.importing import needed
from labelworks.tasks.methods.encoders.token_rows import TokenRows
from labelworks.tasks.methods.encoders.tokens import padded, token_ids
from labelworks.tasks.methods.encoders.transfers import to_device

NAME = "labelworks_packed"
AGREES = 0.9999  # cosine of vectors made with padding and without
SAMPLE = ("a", "a text of some words", "another one, of the same length", "a text " * 12)


def packed(items: Sequence[Any] | TokenRows, device: str) -> dict[str, Any]:
    """Texts as one sequence on the device: what a model with this attention is called with, and `place`.

    place (T,): where each token would lie if the rows were padded to the longest (N, longest).
    """
    rows = TokenRows.of(items)
    lengths = rows.lengths
    inside = np.arange(len(rows.ids)) - np.repeat(rows.offsets[:-1], lengths)
    place = np.repeat(np.arange(len(rows)), lengths) * int(lengths.max()) + inside
    return {
        "input_ids": to_device(rows.ids[None], device).long(),
        "position_ids": to_device(inside[None], device),
        "cu_seq_lens_q": to_device(rows.offsets.astype(np.int32), device),
        "lengths": lengths.tolist(),
        "place": to_device(place, device),
    }


def text_batch(encoder: Any, items: Sequence[Any] | TokenRows) -> dict[str, Any]:
    """Texts as a batch on the device of an encoder: packed if it `packs`, else padded ids and their mask."""
    if encoder.packs:
        return packed(items, encoder.device)
    ids, mask = padded(encoder.tokenizer, items, encoder.device)
    return {"input_ids": ids, "attention_mask": mask}


def states_of(model: Any, batch: dict[str, Any]) -> tuple[Any, Any]:
    """Last states (N, longest, D) of a packed batch, zeros where there is no token, and a mask."""
    import torch

    place, lengths = batch["place"], batch["lengths"]
    given = {name: value for name, value in batch.items() if name != "place"}
    states = model(**given, attention_mask=None).last_hidden_state[0]
    shape = len(lengths), max(lengths)
    laid = states.new_zeros((shape[0] * shape[1], states.shape[1])).index_copy_(0, place, states)
    mask = torch.zeros(laid.shape[0], dtype=torch.int64, device=laid.device).index_fill_(0, place, 1)
    return laid.view(*shape, -1), mask.view(shape)


def pack_texts(encoder: Any, model: Any) -> None:
    """Let an encoder run its texts without padding, by a model that attends within them.

    Raises ConfigError if it gives other vectors so, or can't: its attention is its own, or its positions are.
    """
    import torch

    rows = token_ids(encoder.tokenizer, SAMPLE, encoder.max_length)
    usual = encoder.run(encoder.staged(rows)).float()
    try:
        needed("transformers", "text").AttentionInterface.register(NAME, attention)
        model.set_attn_implementation(NAME)
        encoder.packs = True
        cosine = float(torch.cosine_similarity(encoder.run(encoder.staged(rows)).float(), usual).min())
    except (AttributeError, TypeError, ValueError, RuntimeError, IndexError) as error:
        raise _refused(encoder, str(error).strip().split("\n")[0]) from error
    if not cosine >= AGREES:
        raise _refused(encoder, f"it gives other vectors, cosine {cosine:.4f}")


def _refused(encoder: Any, why: str) -> ConfigError:
    return ConfigError(
        f"model {encoder.chosen['model']!r} can't be run without padding: {why}"[:300],
        where="encoder.options.packed",
        fix="set it to false",
    )


def attention(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any = None, *,
    scaling: float | None = None, cu_seq_lens_q: Any = None, lengths: list[int] | None = None, **_: Any,
) -> tuple[Any, None]:  # fmt: skip
    """Attention (1, T, H, D) within texts, of query, key and value (1, H, T, D), as transformers calls it.

    On a GPU in halves by the kernel for sequences of any lengths; else by one product for all of a length.
    """
    import torch

    asks, keys, values = (part[0].transpose(0, 1) for part in (query, key, value))  # (T, H, D)
    if query.is_cuda and query.dtype in (torch.float16, torch.bfloat16):
        from torch.nn.attention.varlen import varlen_attn

        longest = max(lengths or [0])
        ends: Any = cu_seq_lens_q
        mixed: Any = varlen_attn(asks, keys, values, ends, ends, longest, longest, scale=scaling)
        return mixed[None], None
    done, start = [], 0
    for length, same in groupby(lengths or []):  # sorted, so that there are few
        many = sum(1 for _ in same)
        query, key, value = (
            part[start : start + many * length].unflatten(0, (many, length)).transpose(1, 2)
            for part in (asks, keys, values)
        )
        mixed = torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=scaling)
        done.append(mixed.transpose(1, 2).flatten(0, 1))
        start += many * length
    return torch.cat(done)[None], None
