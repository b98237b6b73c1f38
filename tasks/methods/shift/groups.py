"""Subpopulations: prior, error and drift per group, and the worst of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from schemas.errors import InputError
from tasks.methods import registry
from tasks.methods.shift.inputs import Floats

STRENGTH = (
    20.0  # rows of the whole that a group's figures are mixed with, so small groups don't win by chance
)


@dataclass(frozen=True)
class Groups:
    """Per group, in the order of `names`: rows, prior (G, K) of its labels, error rate shrunk to the whole's,
    p-value that its labels are mixed as those of the others; `worst`: the group of the highest error;
    `noise`: rate of wrong labels, shrunk as well, None where none was given."""

    names: NDArray[np.generic]
    rows: NDArray[np.int64]
    prior: Floats
    error: Floats
    p_value: Floats
    worst: str
    noise: Floats | None = None


@registry.register("shift", "groups", needs=("labels", "groups"), source="Sagawa 2020, Efron 1975")
def by_group(
    labels: ArrayLike, wrong: ArrayLike, groups: ArrayLike, classes: int, mislabelled: ArrayLike | None = None
) -> Groups:
    """Figures of each group.

    labels (N,) codes; wrong (N,): probability that a row's prediction is wrong; groups (N,);
    mislabelled (N,): probability that its label is. Raises InputError where lengths differ.
    """
    given, bad, of = np.asarray(labels), np.asarray(wrong, dtype=np.float64), np.asarray(groups)
    label_error = None if mislabelled is None else np.asarray(mislabelled, dtype=np.float64)
    lengths = {len(each) for each in (given, bad, of, label_error) if each is not None}
    if lengths == {0} or len(lengths) > 1:
        raise InputError(
            f"{len(given)} labels, {len(bad)} errors and {len(of)} groups", fix="one for each row"
        )
    names, codes = np.unique(of, return_inverse=True)
    rows = np.bincount(codes, minlength=len(names))
    counts = np.bincount(codes * classes + given, minlength=len(names) * classes).reshape(-1, classes)
    error = _shrunk(bad, codes, rows)
    noise = None if label_error is None else _shrunk(label_error, codes, rows)
    prior = counts / rows[:, None]
    p_value = np.array([_differs(one, counts.sum(axis=0) - one) for one in counts])
    return Groups(names, rows, prior, error, p_value, str(names[int(np.argmax(error))]), noise)


def _shrunk(rate: Floats, codes: NDArray[np.intp], rows: NDArray[np.int64]) -> Floats:
    return np.asarray((np.bincount(codes, rate) + STRENGTH * float(rate.mean())) / (rows + STRENGTH))


def _differs(one: NDArray[np.int64], rest: NDArray[np.int64]) -> float:
    table = np.stack([one, rest]).astype(np.float64)[:, one + rest > 0]
    if not rest.sum() or table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(chi2.sf(((table - expected) ** 2 / expected).sum(), table.shape[1] - 1))
