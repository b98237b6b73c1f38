"""Votes: who answered what about which item, kept sparse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError

NAMES = {"item": ("item", "task"), "annotator": ("annotator", "worker"), "answer": ("answer", "label")}


@dataclass(frozen=True, eq=False)
class Votes:
    """V votes of W annotators on N items with K classes.

    item, annotator, answer (V,) int64 codes into items (N,), annotators (W,), classes (K,): the names, sorted
    unless they were given. Made by `from_arrays` and `from_table`, which check.
    """

    item: NDArray[np.int64]
    annotator: NDArray[np.int64]
    answer: NDArray[np.int64]
    items: NDArray[Any]
    annotators: NDArray[Any]
    classes: NDArray[Any]

    @classmethod
    def from_arrays(
        cls,
        item: ArrayLike,
        annotator: ArrayLike,
        answer: ArrayLike,
        *,
        items: Sequence[Any] | NDArray[Any] | None = None,
        classes: Sequence[Any] | NDArray[Any] | None = None,
    ) -> Votes:
        """Return the votes of three arrays (V,), one row a vote.

        items, classes: the names in the order wanted, where some got no vote. Raises InputError, naming the
        row, where a value is missing or not among the names, and where the arrays differ in length.
        """
        arrays = {"item": np.asarray(item), "annotator": np.asarray(annotator), "answer": np.asarray(answer)}
        shapes = {name: array.shape for name, array in arrays.items()}
        if len(set(shapes.values())) != 1 or arrays["item"].ndim != 1:
            raise InputError(f"votes have the shapes {shapes}", fix="give three arrays of one length")
        if not len(arrays["item"]):
            raise InputError("no votes", fix="give at least one")
        item_names, item_codes = _coded("item", arrays["item"], items)
        annotator_names, annotator_codes = _coded("annotator", arrays["annotator"], None)
        class_names, answer_codes = _coded("answer", arrays["answer"], classes)
        return cls(item_codes, annotator_codes, answer_codes, item_names, annotator_names, class_names)

    @classmethod
    def from_table(cls, table: Any) -> Votes:
        """Return the votes of a pyarrow or pandas table with the columns item, annotator and answer.

        Also known as task, worker and label. Raises InputError where a column is missing.
        """
        held = list(getattr(table, "column_names", getattr(table, "columns", ())))
        columns: dict[str, Any] = {}
        for role, names in NAMES.items():
            there = [name for name in names if name in held]
            if not there:
                raise InputError(f"no column {' or '.join(names)} among {held}", fix="rename a column")
            columns[role] = np.asarray(table[there[0]])
        return cls.from_arrays(**columns)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Items, annotators, classes."""
        return len(self.items), len(self.annotators), len(self.classes)

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """How many votes each class got on each item (N, K)."""
        items, _, classes = self.shape
        cell = self.item * classes + self.answer
        return np.bincount(cell, minlength=items * classes).reshape(items, classes).astype(np.float64)

    @cached_property
    def per_annotator(self) -> NDArray[np.float64]:
        """Votes of each annotator (W,)."""
        return np.bincount(self.annotator, minlength=len(self.annotators)).astype(np.float64)

    @cached_property
    def answer_shares(self) -> NDArray[np.float64]:
        """Share of each answer among all votes (K,)."""
        return np.bincount(self.answer, minlength=len(self.classes)) / len(self.answer)

    @cached_property
    def pairs(self) -> Pairs:
        """The (annotator, answer) pairs that occur."""
        return Pairs.of(self)

    def only(self, keep: NDArray[np.bool_]) -> Votes:
        """Return some of the votes (V,); items, annotators and classes as they were."""
        kept = self.item[keep], self.annotator[keep], self.answer[keep]
        return Votes(*kept, self.items, self.annotators, self.classes)

    def of_items(self, keep: NDArray[np.bool_]) -> Votes:
        """Return the votes on the items that keep (N,) says, annotators and classes as they were."""
        votes, place = keep[self.item], np.cumsum(keep) - 1
        kept = place[self.item[votes]], self.annotator[votes], self.answer[votes]
        return Votes(*kept, self.items[keep], self.annotators, self.classes)


@dataclass(frozen=True, eq=False)
class Pairs:
    """The P pairs of annotator and answer that occur: what an annotator model has a parameter for.

    annotator, answer (P,); of_vote (V,) the pair of each vote; votes (P,) how many; matrix (N, P) sparse, how
    often each pair occurs on each item.
    """

    annotator: NDArray[np.int64]
    answer: NDArray[np.int64]
    of_vote: NDArray[np.int64]
    votes: NDArray[np.float64]
    matrix: sparse.csr_array
    transposed: sparse.csr_array

    @classmethod
    def of(cls, votes: Votes) -> Pairs:
        """Collect them."""
        items, _, classes = votes.shape
        pair, of_vote = np.unique(votes.annotator * classes + votes.answer, return_inverse=True)
        ones = np.ones(len(of_vote))
        matrix = sparse.csr_array((ones, (votes.item, of_vote)), shape=(items, len(pair)))
        counted = np.bincount(of_vote, minlength=len(pair)).astype(np.float64)
        return cls(pair // classes, pair % classes, of_vote, counted, matrix, matrix.T.tocsr())


def _coded(
    role: str, values: NDArray[Any], names: Sequence[Any] | NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    missing = np.asarray(pd.isna(values), bool)
    if missing.any():
        raise InputError(f"no {role} given", where=f"row {int(missing.argmax())}", fix="drop the vote")
    seen, codes = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    if values.dtype == object:
        _, first = np.unique(codes, return_index=True)
        seen = values[first]
    if names is None:
        return seen, codes.astype(np.int64)
    position = {name: place for place, name in enumerate(np.asarray(names).tolist())}
    places = np.array([position.get(name, -1) for name in seen.tolist()], np.int64)
    if (places < 0).any():
        row = int((places[codes] < 0).argmax())
        raise InputError(f"{role} {values[row]!r} is not among the names given", where=f"row {row}")
    return np.asarray(names), places[codes]
