"""Sentences as the rows that probes learn from: a row a token, of the fold of its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.artifacts.label_codes import codes_in_lists
from labelworks.tasks.artifacts.vectors.embeddings import TOKENS, Block, load_block
from labelworks.tasks.methods.encoders.token_vectors import from_raw_lists
from labelworks.tasks.methods.tokens.sentences import offsets_of, sentence_of

BEGINS = "begins"  # beside tokens: whether one is the first of its sentence (T, 1)


@dataclass(frozen=True, eq=False)
class TokenBlock:
    """The usable sentences of a partition, and their tokens as rows at offsets (S + 1,)."""

    sentences: Block
    tokens: Block
    offsets: NDArray[np.int64]


def load_tokens(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, beside: Sequence[str] = ()
) -> TokenBlock:
    """The sentences of a partition with the vectors of their tokens; beside: `pred_probs`, or nothing."""
    sentences = load_block(artifacts, ref, partition)
    names = ["label", *beside]
    index = load_index(artifacts, ref, partition, names)
    index = index.filter(pa.array(np.isin(index["row"].to_numpy(), sentences.rows)))
    name = artifacts.embedding(ref.encoder_key, partition)
    vectors = artifacts.store.read_table(name, [TOKENS])[TOKENS].take(pa.array(sentences.rows))
    dim = sentences.features.shape[1]
    features = from_raw_lists(vectors, sentences.features.dtype, dim)
    given, lengths = codes_in_lists(index["label"], ref.classes)
    offsets = offsets_of(lengths)
    row, begins = sentence_of(offsets), np.zeros((len(given), 1), bool)
    begins[offsets[:-1]] = True
    extras = {BEGINS: begins}
    extras |= {name: from_raw_lists(index[name], np.float32, len(ref.classes)) for name in beside}
    tokens = Block(
        sentences.rows[row], sentences.ids.take(pa.array(row)), sentences.hashes[row], given, features,
        sentences.contents[row], extras,
    )  # fmt: skip
    return TokenBlock(sentences, tokens, offsets)


def load_learnt(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, beside: Sequence[str] = ()
) -> tuple[Block, Block]:
    """The rows of a partition, and what probes learn from: their tokens, or the rows themselves."""
    if ref.label_type != "tags":
        block = load_block(artifacts, ref, partition, beside)
        return block, block
    loaded = load_tokens(artifacts, ref, partition, beside)
    return loaded.sentences, loaded.tokens
