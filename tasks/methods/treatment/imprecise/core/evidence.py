"""What was observed of rows of any mix of kinds, and what becomes of a model's probabilities by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.label_kinds import NOTHING
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks

FLOOR = 1e-12  # of a probability or a likelihood, before it is divided by or its logarithm taken


@dataclass(frozen=True)
class Part:
    """Rows of one kind: rows (n,) in order; said: their likelihood; bags (n,) instead, with marks (n, K)."""

    kind: str
    rows: NDArray[np.intp]
    said: Likelihood | None = None
    bags: NDArray[np.integer] | None = None
    marks: Marks = None

    def given(self, inside: slice | NDArray[np.intp]) -> NDArray[np.float32]:
        """The likelihood (m, K) of some of its rows; of bags the shares of their classes."""
        if self.said is not None:
            return self.said.dense(inside)
        return np.asarray(self.marks[inside].toarray(), np.float32)

    def posterior(self, inside: slice, probs: NDArray[np.floating]) -> NDArray[np.float32]:
        """P(class | observed, features) (m, K) of some of its rows, by what a model says of them (m, K)."""
        if self.said is None and self.bags is not None:
            posterior: NDArray[np.float32] = get("label_kind", self.kind).target(
                self.marks[inside], self.bags[inside], probs
            )
            return posterior
        joint = np.maximum(probs, FLOOR) * self.given(inside)
        return np.asarray(joint / np.maximum(joint.sum(axis=1, keepdims=True), FLOOR**2), np.float32)

    def log_likelihood(
        self, inside: slice, probs: NDArray[np.floating], posterior: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """How well a model foretold what was observed (m,): log P, of bags less their divergence from it."""
        if self.said is not None:
            likelihood = (probs * self.given(inside)).sum(axis=1, dtype=np.float64)
            return np.asarray(np.log(np.maximum(likelihood, FLOOR)))
        ratio = np.log(np.maximum(probs, FLOOR)) - np.log(np.maximum(posterior, FLOOR))
        return np.asarray((posterior * ratio).sum(axis=1, dtype=np.float64))

    def blocks(self, size: int) -> list[slice]:
        """Slices of its rows, of about that many each; a bag is never cut."""
        count = len(self.rows)
        if self.bags is None:
            return [slice(start, min(start + size, count)) for start in range(0, count, size)]
        starts = np.append(np.flatnonzero(np.diff(self.bags, prepend=self.bags[:1] - 1)), count)
        edges = [0]
        for start, end in pairwise(starts.tolist()):
            if end - edges[-1] > size and start > edges[-1]:
                edges.append(start)
        return [slice(a, b) for a, b in pairwise([*edges, count])]


@dataclass(frozen=True)
class Evidence:
    """Observations of N rows over K classes, a part a kind."""

    parts: tuple[Part, ...]
    shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        marks: Marks,
        kinds: NDArray[Any],
        *,
        bags: NDArray[np.integer] | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Evidence:
        """Read marks (N, K) by the kind of each row (N,); bags (N,): which bag, of rows of kind bags.

        options: of each kind, by name. Raises ConfigError for a kind that there isn't, InputError for a row
        that can be of no class.
        """
        named = options or {}
        parts = [
            _part(marks, kinds == kind, str(kind), bags, named.get(str(kind), {})) for kind in _of(kinds)
        ]
        return cls(tuple(parts), (int(marks.shape[0]), int(marks.shape[1])))

    @property
    def labelled(self) -> tuple[Part, ...]:
        """The parts of rows of which something was observed."""
        return tuple(part for part in self.parts if part.kind != NOTHING)

    def of_kind(self, kind: str) -> Part | None:
        """The rows of a kind; None where there are none."""
        return next((part for part in self.parts if part.kind == kind), None)

    @property
    def unlabelled(self) -> NDArray[np.intp]:
        """Rows (n,) of which nothing was observed."""
        rows = [part.rows for part in self.parts if part.kind == NOTHING]
        return rows[0] if rows else np.zeros(0, np.intp)


def _of(kinds: NDArray[Any]) -> list[Any]:
    return sorted(set(kinds.tolist()))


def _part(
    marks: Marks,
    mine: NDArray[np.bool_],
    kind: str,
    bags: NDArray[np.integer] | None,
    options: Mapping[str, Any],
) -> Part:
    rows, method = np.flatnonzero(mine), get("label_kind", kind)
    if "bags" in method.needs:
        if bags is None:
            what = f"rows of kind {kind!r} have no bags"
            raise ConfigError(what, where="bags", fix="say which row is in which")
        rows = rows[np.argsort(bags[rows], kind="stable")]
        return Part(kind, rows, bags=bags[rows], marks=marks[rows])
    try:
        said: Likelihood = method.target(marks[rows], **options)
    except InputError as error:
        raise _placed(error, rows) from error
    _refuse_impossible(said, rows, kind)
    return Part(kind, rows, said)


def _placed(error: InputError, rows: NDArray[np.intp]) -> InputError:
    """The error with the row's number among all rows, not among those of its kind."""
    head, _, number = error.where.rpartition(" ")
    where = f"row {rows[int(number)]}" if head == "row" else error.where
    return InputError(error.what, where=where, fix=error.fix)


def _refuse_impossible(said: Likelihood, rows: NDArray[np.intp], kind: str) -> None:
    for start in range(0, len(rows), 8192):
        none = said.dense(slice(start, start + 8192)).max(axis=1) <= 0
        if none.any():
            raise InputError(
                f"a label of kind {kind!r} leaves no class",
                where=f"row {rows[start + int(none.argmax())]}",
                fix="name at least one class that it can be, or say kind 'none'",
            )
