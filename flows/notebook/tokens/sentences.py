"""Sentences of tags as people hold them, and what belongs to each of their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import class_order, listed, names, plain
from labelworks.flows.notebook.inputs.columns import Matrix, column, matrix
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.tokens.sentences import offsets_of
from labelworks.tasks.methods.tokens.spans import mended
from labelworks.tasks.methods.tokens.tag_set import PLAIN, TagSet

LISTS = "give a list of lists: of each sentence one tag a token"


@dataclass(frozen=True, eq=False)
class TaggedSentences:
    """Codes (N,) of the tags of S sentences at offsets (S + 1,), what they mean, the index they came with."""

    codes: NDArray[np.int32]
    offsets: NDArray[np.int64]
    tags: TagSet
    index: pd.Index


def tagged_sentences(
    tags: Any, pred_probs: Any, classes: Sequence[Any] | None, scheme: str, *, repair: bool
) -> tuple[TaggedSentences, Matrix | None]:
    """Lists of tags as codes of the K columns of probabilities, their order found as `classes.coded` does.

    pred_probs: as `per_token` takes them, which are given back so; None: there are none. repair: tags that
    break the scheme are written anew. Raises InputError where a sentence is no list, a tag is missing or none
    of the classes, and what `per_token` raises.
    """
    values, offsets, index = _flat(tags)
    if repair:
        values = _repaired(values, offsets, scheme)
    probs = None if pred_probs is None else per_token(pred_probs, "pred_probs", offsets)
    order = class_order(values, probs, classes)
    codes = pd.Index(order).get_indexer(pd.Index(values))
    if (codes < 0).any():
        at = int((codes < 0).argmax())
        raise InputError(
            f"tag {listed(values[[at]])} is none of the classes: {listed(order)}",
            where=_place(at, offsets),
            fix="classes=[…] says which tag each column of pred_probs is of",
        )
    known = TagSet.of(plain(order), scheme)
    return TaggedSentences(codes.astype(np.int32), offsets, known, index), probs


def _flat(tags: Any) -> tuple[NDArray[Any], NDArray[np.int64], pd.Index]:
    """The tags (N,) of all tokens, the offsets (S + 1,) of their sentences, and the index of these."""
    given = column(tags, "tags")
    odd = np.array([isinstance(sentence, str) or not np.iterable(sentence) for sentence in given], bool)
    if odd.any() or not len(given):
        raise InputError(
            "no list of tags", where=f"tags, row {int(odd.argmax()) if len(odd) else 0}", fix=LISTS
        )
    offsets = offsets_of(np.array([len(sentence) for sentence in given]))
    flat = [tag for sentence in given for tag in sentence]
    if not flat:
        raise InputError("no token", where="tags", fix=LISTS)
    return names(pd.Series(flat), "tags"), offsets, given.index


def per_token(values: Any, name: str, offsets: NDArray[np.int64]) -> Matrix:
    """Numbers (N, M) of all tokens, given so, or as one array (T, M) a sentence.

    Raises InputError, naming the sentence, where there are other numbers of tokens.
    """
    if isinstance(values, np.ndarray | pd.DataFrame) and values.ndim > 1:
        numbers = matrix(values, name)
    else:
        parts = [np.asarray(part) for part in column(values, name)]
        sizes = np.array([len(part) if part.ndim == 2 or not part.size else -1 for part in parts])
        wanted = np.diff(offsets)
        if len(sizes) != len(wanted):
            raise InputError(f"{name} has {len(sizes):,} sentences, tags {len(wanted):,}", where=name)
        if (sizes != wanted).any():
            at = int((sizes != wanted).argmax())
            what = f"{name} has the shape {parts[at].shape}, and there are {wanted[at]} tags"
            raise InputError(what, where=f"sentence {at}", fix="give one row a token")
        numbers = matrix(np.concatenate([part for part in parts if part.size]), name)
    if len(numbers.values) != offsets[-1]:
        raise InputError(
            f"{name} has {len(numbers.values):,} rows, there are {offsets[-1]:,} tags", where=name
        )
    return numbers


def words_of(tokens: Any, offsets: NDArray[np.int64]) -> list[list[str]] | None:
    """The words of each sentence; None where none were given. Raises InputError where they are no fit."""
    if tokens is None:
        return None
    words = [[str(word) for word in sentence] for sentence in column(tokens, "tokens")]
    sizes, wanted = np.array([len(sentence) for sentence in words]), np.diff(offsets)
    if len(sizes) != len(wanted):
        raise InputError(f"tokens has {len(sizes):,} sentences, tags {len(wanted):,}", where="tokens")
    if (sizes != wanted).any():
        at = int((sizes != wanted).argmax())
        raise InputError(
            f"{sizes[at]} tokens, {wanted[at]} tags", where=f"sentence {at}", fix="give one tag a token"
        )
    return words


def _repaired(values: NDArray[Any], offsets: NDArray[np.int64], scheme: str) -> NDArray[Any]:
    """Tags (N,) that keep the scheme."""
    tags = TagSet.complete(plain(np.unique(values)), scheme)
    if tags.scheme == PLAIN:
        return values
    codes = pd.Index(np.array(tags.names, object)).get_indexer(pd.Index(values)).astype(np.int32)
    return np.array(tags.names, object)[mended(codes, offsets, tags)]


def _place(at: int, offsets: NDArray[np.int64]) -> str:
    sentence = int(np.searchsorted(offsets, at, side="right")) - 1
    return f"sentence {sentence}, token {at - int(offsets[sentence])}"
