"""Models of a benchmark ranked by given and by corrected labels, with what chance leaves open.

The counts of parts add up, so a dataset of any size is ranked from sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.statistics.wilson import wilson

READINGS = ("given", "corrected", "posterior", "platinum")
SURE = 0.95  # probability of the likeliest label, from which a row is in the platinum subset
DRAWS = 2000
ENDS = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class RankingSums:
    """Of one reading of the labels: rows, and `both` (A, A), how many rows models a and b are right on; the
    diagonal is how many each is right on."""

    rows: float
    both: Floats

    def __add__(self, other: RankingSums) -> RankingSums:
        return RankingSums(self.rows + other.rows, self.both + other.both)


@dataclass(frozen=True, eq=False)
class ModelRanking:
    """A models by one reading of the labels.

    accuracy (A,), interval (A, 2); rank (A,), 1 = best, equals share the mean; rank_interval (A, 2);
    difference (A, A) of accuracies, row less column, difference_interval (A, A, 2). All at 95 %, of chance
    in which rows the benchmark has.
    """

    rows: float
    accuracy: Floats
    interval: Floats
    rank: Floats
    rank_interval: Floats
    difference: Floats
    difference_interval: Floats


@registry.register(
    "benchmarks",
    "model-ranking",
    needs=("labels", "predictions"),
    source="Northcutt, Athalye & Mueller 2021; Beyer et al. 2020; Vendrow et al. 2025",
)
def rank_models(
    labels: NDArray[np.integer],
    predictions: Mapping[str, NDArray[np.integer]],
    *,
    corrected: NDArray[np.integer] | None = None,
    posterior: NDArray[np.floating] | None = None,
    accepted: NDArray[np.bool_] | None = None,
    sure: float = SURE,
    seed: int = 0,
) -> dict[str, ModelRanking]:
    """Rank models by each reading of the labels that is at hand.

    labels (N,): given classes as codes; predictions: name → codes (N,), -1: none of the classes; corrected
    (N,): codes; posterior (N, K): of the true class; accepted (N, K): every class that is right of a row, of
    which one with none is left out. Readings: given; corrected (by accepted where it is given); posterior,
    each answer as right as it is probable; platinum, rows whose likeliest label is probable to `sure`.
    Raises InputError where shapes don't fit.
    """
    guesses = answers_of(predictions, len(labels))
    sums = ranking_sums(
        labels, guesses, corrected=corrected, posterior=posterior, accepted=accepted, sure=sure
    )
    return {name: ranked(counted, seed) for name, counted in sums.items() if counted.rows}


def answers_of(predictions: Mapping[str, ArrayLike], rows: int) -> NDArray[np.int64]:
    """Codes (N, A) of the models' answers. Raises InputError where there are none, or lengths differ."""
    if not predictions:
        raise InputError("there is no model", where="predictions", fix="name one column or more")
    for name, answers in predictions.items():
        if np.shape(answers) != (rows,):
            raise InputError(
                f"predictions of {name!r} have shape {np.shape(answers)}, labels ({rows},)",
                where=str(name), fix="give one class a row",
            )  # fmt: skip
    return np.stack([np.asarray(answers, dtype=np.int64) for answers in predictions.values()], axis=1)


def ranking_sums(
    labels: NDArray[np.integer],
    guesses: NDArray[np.int64],
    *,
    corrected: NDArray[np.integer] | None = None,
    posterior: NDArray[np.floating] | None = None,
    accepted: NDArray[np.bool_] | None = None,
    sure: float = SURE,
) -> dict[str, RankingSums]:
    """Sums of some rows by reading; guesses (n, A): codes, -1: none. The others as for `rank_models`."""
    sums = {"given": _by_one(labels, guesses)}
    if accepted is not None:
        some = np.asarray(accepted).any(axis=1)
        right = _taken(np.asarray(accepted)[some].astype(np.float64), guesses[some])
        sums["corrected"] = RankingSums(float(some.sum()), right.T @ right)
    elif corrected is not None:
        sums["corrected"] = _by_one(corrected, guesses)
    if posterior is None:
        return sums
    if len(posterior) != len(labels):
        raise InputError("posterior and labels differ in length", where="posterior", fix="a row each")
    likely = posterior.max(axis=1) >= sure
    sums["posterior"] = RankingSums(float(len(labels)), _both_probable(posterior, guesses))
    sums["platinum"] = _by_one(posterior[likely].argmax(axis=1), guesses[likely])
    return sums


def ranked(sums: RankingSums, seed: int = 0) -> ModelRanking:
    """Accuracies, ranks and differences with their intervals; of the sums' rows, of which there are some.

    Accuracies are Wilson's (1927), differences of the paired rows, ranks of draws of both together.
    """
    share = sums.both / sums.rows
    accuracy = np.diag(share).copy()
    covariance = (share - np.outer(accuracy, accuracy)) / sums.rows
    values, axes = np.linalg.eigh(covariance)
    noise = np.random.default_rng(seed).normal(size=(DRAWS, len(values)))
    drawn = accuracy + (noise * np.sqrt(np.maximum(values, 0))) @ axes.T
    rank = rankdata(-accuracy)
    low, high = np.quantile(rankdata(-drawn, axis=1), ENDS, axis=0)
    apart = np.subtract.outer(accuracy, accuracy)
    spread = np.diag(covariance)[:, None] + np.diag(covariance)[None] - 2 * covariance
    half = 1.959964 * np.sqrt(np.maximum(spread, 0))
    return ModelRanking(
        rows=sums.rows,
        accuracy=accuracy,
        interval=np.stack(wilson(accuracy, sums.rows), axis=1),
        rank=rank,
        rank_interval=np.stack([np.minimum(np.floor(low), rank), np.maximum(np.ceil(high), rank)], axis=1),
        difference=apart,
        difference_interval=np.stack([apart - half, apart + half], axis=2),
    )


def _by_one(labels: NDArray[np.integer], guesses: NDArray[np.int64]) -> RankingSums:
    right = (guesses == np.asarray(labels)[:, None]).astype(np.float64)
    return RankingSums(float(len(right)), right.T @ right)


def _taken(table: NDArray[np.floating], guesses: NDArray[np.int64]) -> Floats:
    """What the table (n, K) says of each answer, (n, A); 0 of none of the classes."""
    taken = np.take_along_axis(table, np.maximum(guesses, 0), axis=1)
    return np.asarray(np.where(guesses < 0, 0.0, taken), dtype=np.float64)


def _both_probable(posterior: NDArray[np.floating], guesses: NDArray[np.int64]) -> Floats:
    """Expected rows (A, A) that two models are right on: those where they say the same, as it is probable."""
    right = _taken(posterior, guesses)
    return np.stack([((guesses == guess[:, None]) * right).sum(axis=0) for guess in guesses.T])
