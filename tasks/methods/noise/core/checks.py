"""Input checks: what is refused is refused with the row's index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import class_numbers, numbers
from labelworks.tasks.methods.probabilities import unusable


def checked(
    labels: ArrayLike, pred_probs: Any, *, classes: int | None = None, first_row: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return labels (N,) int32 and pred_probs (N, K) float32, rows summing to 1.

    Raises InputError naming the first bad row, counted from first_row: a label outside [0, K), a probability
    that is NaN or negative, a row that doesn't sum to 1; and where shapes don't fit each other.
    """
    probs = numbers(pred_probs, "pred_probs")
    given = _checked_labels(class_numbers(labels), probs.shape, first_row)
    if classes is not None and probs.shape[1] != classes:
        raise InputError(f"pred_probs has {probs.shape[1]} columns, earlier parts had {classes}")
    probs = probs.astype(np.float32, copy=False)
    bad, total = unusable(probs)
    if bad.any():
        row = int(bad.argmax())
        negative = bool((probs[row] < 0).any())
        raise InputError(
            "pred_probs is negative" if negative else f"pred_probs sums to {total[row]:.4g}, not 1",
            where=f"row {first_row + row}",
            fix="give out-of-sample probabilities without NaN",
        )
    return given, probs


def check_options(
    method: str, options: Mapping[str, object], choices: Mapping[str, tuple[object, ...]]
) -> None:
    """Raise ConfigError where an option's value is not among its choices."""
    for name, allowed in choices.items():
        if options[name] not in allowed:
            listed = ", ".join(map(str, allowed))
            raise ConfigError(f"{name} is {options[name]!r}", where=method, fix=f"choices: {listed}")


def _checked_labels(labels: NDArray[Any], shape: tuple[int, ...], first_row: int) -> NDArray[np.int32]:
    if len(shape) != 2 or shape[1] < 2:
        raise InputError(f"pred_probs has the shape {shape}", fix="give (N, K) with K of 2 or more")
    if labels.shape != shape[:1]:
        raise InputError(
            f"labels has the shape {labels.shape}, pred_probs {shape}", fix="give one label a row"
        )
    whole = labels.dtype.kind in "iu" or bool((labels == np.floor(labels)).all())
    if len(labels) and not (whole and labels.min() >= 0 and labels.max() < shape[1]):
        row = int((~((labels >= 0) & (labels < shape[1]) & (labels == np.floor(labels)))).argmax())
        raise InputError(
            f"label {labels[row]} is not a class number in [0, {shape[1]})", where=f"row {first_row + row}"
        )
    return labels.astype(np.int32, copy=False)
