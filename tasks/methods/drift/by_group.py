"""Subpopulations: prior, error and noise per group, and the worst of them, from sums that add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, labels_of, refuse_infinite

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


@registry.register(
    "groups",
    "groups",
    needs=("labels", "wrong", "groups", "classes"),
    source="Sagawa 2020, Efron 1975",
)
def by_group(
    labels: ArrayLike, wrong: ArrayLike, groups: ArrayLike, classes: int, mislabelled: ArrayLike | None = None
) -> Groups:
    """Figures of each group.

    labels (N,) codes; wrong (N,): probability that a row's prediction is wrong; groups (N,);
    mislabelled (N,): probability that its label is. Raises InputError on bad rows.
    """
    given, bad, of = np.asarray(labels), np.asarray(wrong, dtype=np.float64), np.asarray(groups)
    label_error = None if mislabelled is None else np.asarray(mislabelled, dtype=np.float64)
    lengths = {len(values) for values in (given, bad, of, label_error) if values is not None}
    if lengths == {0} or len(lengths) > 1:
        raise InputError(
            f"{len(given)} labels, {len(bad)} errors and {len(of)} groups", fix="one for each row"
        )
    given = labels_of(given, len(bad), classes)
    for values, name in ((bad, "wrong"), (label_error, "mislabelled")):
        if values is not None:
            refuse_infinite(values[:, None], name)
    names, codes = np.unique(of, return_inverse=True)
    size = len(names) * classes
    counts = np.bincount(codes * classes + given, minlength=size).reshape(-1, classes)
    noise = None if label_error is None else _sums(codes, label_error, len(names))
    return of_sums(names, counts, _sums(codes, bad, len(names)), noise)


def of_sums(
    names: NDArray[np.generic],
    counts: NDArray[np.integer],
    wrong: Floats,
    mislabelled: Floats | None = None,
    judged: ArrayLike | None = None,
) -> Groups:
    """The same from sums of parts: counts (G, K) of labels, wrong and mislabelled (G,) summed over rows.

    judged (G,): rows that `wrong` was summed over, where they are a sample of the group's.
    Raises InputError where a group has no row.
    """
    rows = np.asarray(counts.sum(axis=1), dtype=np.int64)
    if not len(rows) or (rows <= 0).any():
        raise InputError("a group has no row", fix="leave such groups out")
    seen = rows if judged is None else np.asarray(judged)
    error = _shrunk(wrong, seen)
    noise = None if mislabelled is None else _shrunk(mislabelled, rows)
    p_value = np.array([_differs(one, counts.sum(axis=0) - one) for one in counts])
    worst = str(names[int(np.argmax(error))])
    return Groups(names, rows, np.asarray(counts / rows[:, None]), error, p_value, worst, noise)


def _sums(codes: NDArray[np.intp], values: Floats, groups: int) -> Floats:
    return np.asarray(np.bincount(codes, values, groups), dtype=np.float64)


def _shrunk(total: Floats, rows: NDArray[np.integer]) -> Floats:
    rate = float(total.sum()) / max(float(rows.sum()), 1.0)
    return np.asarray((total + STRENGTH * rate) / (rows + STRENGTH), dtype=np.float64)


def _differs(one: NDArray[np.integer], rest: NDArray[np.integer]) -> float:
    table = np.stack([one, rest]).astype(np.float64)[:, one + rest > 0]
    if not rest.sum() or table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(chi2.sf(((table - expected) ** 2 / expected).sum(), table.shape[1] - 1))
