"""Where to cut: the error probability from which rows are flagged, by a stated target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError

Target = str | Mapping[str, float]
LIKELY = 0.25  # an error probability to start from: any gives a bound on the best F1
NOTHING = float(np.nextafter(np.float32(1), np.float32(2)))  # a threshold no probability reaches


def checked_target(target: Target) -> tuple[str, float]:
    """Return the target's name and value; raise ConfigError for another than max_f1, fdr: x, budget: n."""
    if target == "max_f1":
        return "max_f1", 0.0
    if isinstance(target, Mapping) and len(target) == 1:
        name, value = next(iter(target.items()))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and ((name == "fdr" and 0 < value < 1) or (name == "budget" and value >= 0)):
            return name, float(value)
    raise ConfigError(
        f"target {target!r}", where="auto", fix="choices: max_f1, {fdr: a share}, {budget: a number of rows}"
    )


def max_f1(error: NDArray[np.floating]) -> float:
    """Return the threshold of the highest expected F1 on rows with error probabilities (N,)."""
    total = float(error.sum(dtype=np.float64))
    some = error[error >= LIKELY]
    least = float(some.sum(dtype=np.float64)) / (len(some) + total + 1e-30)
    falling = np.sort(error[error >= least * (1 - 1e-6)])[::-1]  # the best cut is half of the best F1
    hits = np.cumsum(falling, dtype=np.float64)
    expected = 2 * hits / (np.arange(1, len(falling) + 1) + total)
    if np.exp(-total) >= expected.max():  # likely that there is no error: then flagging none is perfect
        return NOTHING
    return float(falling[expected.argmax()])


def within_budget(error: NDArray[np.floating], share: float) -> float:
    """Return the threshold that at most this share of the rows reaches."""
    falling = np.sort(error.astype(np.float64))[::-1]
    count = int(np.floor(share * len(falling) + 1e-9))
    if count >= len(falling):
        return 0.0
    above = falling[:count]
    above = above[above > falling[count]]  # rows that tie with the first one left out are left out too
    return float(above[-1]) if len(above) else NOTHING


def ends(falling: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of falling values (N,) are the last of their like: a cut elsewhere would split rows that tie."""
    return np.append(falling[1:] < falling[:-1], True)[: len(falling)]


def sided_with(
    error: NDArray[np.floating], given: NDArray[np.int32], vote: NDArray[np.int32], rate: float
) -> float:
    """Return the least threshold at which a second view sides with few enough of the flagged labels.

    error (N,): probabilities; given, vote (N,): labels and the classes of the second view, -1 unknown. Where
    the first view errs, the second is right at least half the time (it errs alike no more often than it
    differs): so at most twice as many right labels are flagged as it sides with.
    """
    asked = np.flatnonzero(vote >= 0)
    falling = asked[np.argsort(-error[asked], kind="stable")]
    sides = np.cumsum(vote[falling] == given[falling])
    flagged = np.arange(1, len(falling) + 1)
    kept = np.flatnonzero((2 * (sides + 1) / (flagged + 1) <= rate) & ends(error[falling]))
    return float(error[falling[kept[-1]]]) if len(kept) else NOTHING


def false_discovery(error: NDArray[np.floating], clean: NDArray[np.floating], rate: float) -> float:
    """Return the threshold of Benjamini and Hochberg (1995) on conformal p-values (Bates et al. 2023).

    clean (M,): error probabilities of rows whose label is correct. A row's p-value is the share of them that
    look at least as wrong.
    """
    falling = np.sort(error.astype(np.float64))[::-1]
    rising = np.sort(clean.astype(np.float64))
    as_wrong = len(rising) - np.searchsorted(rising, falling, side="left")
    p_values = (1 + as_wrong) / (1 + len(rising))
    passed = np.flatnonzero(p_values <= rate * np.arange(1, len(falling) + 1) / len(falling))
    return float(falling[passed[-1]]) if len(passed) else NOTHING


def just_under(least: float) -> float:
    """The largest float32 under a bound: what is over it is at the bound or above."""
    return float(np.nextafter(np.float32(least), np.float32(-np.inf)))
