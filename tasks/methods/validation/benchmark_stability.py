"""Benchmark stability: how the ranking of models changes as suspected labels are corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.registry import register

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StabilityResult:
    """M models on a benchmark whose wrong labels become more and more prevalent, in S steps.

    models: their names. prevalence (S,): share of wrong labels among the rows counted, from the benchmark's
    own to 1. given_accuracy, corrected_accuracy (S, M): by the labels as given, and by the corrected ones;
    given_rank, corrected_rank (S, M): 1 = best, equals share the mean. flips: (model that the given labels
    prefer, model that the corrected prefer to it, prevalence from which on they do), the earliest first.
    """

    models: tuple[str, ...]
    prevalence: Floats
    given_accuracy: Floats
    corrected_accuracy: Floats
    given_rank: Floats
    corrected_rank: Floats
    flips: tuple[tuple[str, str, float], ...]


@register(
    "benchmarks",
    "stability",
    needs=("labels", "corrected", "predictions"),
    source="Northcutt, Athalye & Mueller 2021",
)
def stability(
    labels: ArrayLike, corrected: ArrayLike, predictions: Mapping[str, ArrayLike], *, steps: int = 21
) -> StabilityResult:
    """Rank models by given and by corrected labels, while right labels are taken out of the benchmark.

    labels, corrected (N,), equal where a label is not suspected; predictions: name → (N,). Right rows are
    left out at random until only wrong ones remain; the accuracies are the expected ones, so nothing is
    drawn. Raises InputError where lengths differ or no label was corrected, ConfigError for under two steps.
    Source: Northcutt, Athalye & Mueller 2021, section 5.
    """
    given, better = np.asarray(labels), np.asarray(corrected)
    guesses = {name: np.asarray(prediction) for name, prediction in predictions.items()}
    _check({"labels": given, "corrected": better} | guesses, steps)
    wrong = given != better
    if not wrong.any():
        raise InputError("no label is corrected", fix="give corrected labels that differ on some rows")
    by_given = np.array([_accuracies(guess == given, wrong) for guess in guesses.values()]).T
    by_corrected = np.array([_accuracies(guess == better, wrong) for guess in guesses.values()]).T
    prevalence = np.linspace(wrong.mean(), 1, steps)
    parts = np.stack([1 - prevalence, prevalence], axis=1)
    given_accuracy, corrected_accuracy = parts @ by_given, parts @ by_corrected
    return StabilityResult(
        models=tuple(guesses),
        prevalence=prevalence,
        given_accuracy=given_accuracy,
        corrected_accuracy=corrected_accuracy,
        given_rank=rankdata(-given_accuracy, axis=1),
        corrected_rank=rankdata(-corrected_accuracy, axis=1),
        flips=_flips(tuple(guesses), given_accuracy[0], by_corrected, float(prevalence[0])),
    )


def _check(arrays: Mapping[str, NDArray[Any]], steps: int) -> None:
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(arrays) < 3 or len(set(shapes.values())) != 1 or arrays["labels"].ndim != 1:
        raise InputError(f"the shapes are {shapes}", fix="give (N,) each, and one model or more")
    if steps < 2:
        raise ConfigError(f"steps is {steps}", where="stability", fix="give 2 or more")


def _accuracies(right: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the accuracy on rows whose label is right, 0 where there are none, and on those where wrong."""
    return 0.0 if wrong.all() else float(right[~wrong].mean()), float(right[wrong].mean())


def _flips(
    models: tuple[str, ...], before: Floats, by_corrected: Floats, own: float
) -> tuple[tuple[str, str, float], ...]:
    """Return the pairs that the corrected labels rank otherwise than the benchmark's given ones did."""
    flips = []
    for (one, name), (two, rival) in permutations(enumerate(models), 2):
        lead_right, lead_wrong = by_corrected[:, one] - by_corrected[:, two]
        if before[one] > before[two] and lead_wrong < 0:
            # the lead is linear in the prevalence, and lost where it crosses 0
            crossing = max(lead_right, 0.0) / (max(lead_right, 0.0) - lead_wrong)
            flips.append((name, rival, max(float(crossing), own)))
    return tuple(sorted(flips, key=lambda flip: flip[2]))
