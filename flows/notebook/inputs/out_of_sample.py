"""Probabilities where people have features and no model of their own: the pipeline's probes, fold by fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import Labels, coded
from labelworks.flows.notebook.inputs.columns import Matrix, aligned, length, matrix
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import far_from_zero, hashes, refuse_flat, refuse_infinite, refuse_large
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features
from labelworks.tasks.methods.probes.trees.tree_probe import trees_suffice
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.statistics.sums import FoldSums, MappedSums


def row_folds(rows: int) -> NDArray[np.int64]:
    """The fold (N,) of each row, by the hash of its number: as many folds as a run has by default."""
    return fold_of(hashes(np.arange(rows, dtype=np.uint64)), DetectConfig().folds)


def checked_features(features: Any, rows: int | None = None) -> Matrix:
    """Features (N, D); one column may come flat. Raises InputError where they are no finite numbers.

    A column that varies little far from zero is moved there: single precision is enough for it then.
    """
    checked = _finite(features, rows, "features")
    return _moved(checked, far_from_zero(checked.values))


def _finite(features: Any, rows: int | None, name: str) -> Matrix:
    checked = matrix(features, name)
    values = checked.values[:, None] if checked.values.ndim == 1 else checked.values
    if values.ndim != 2 or not values.shape[1]:
        raise InputError(f"{name} has the shape {values.shape}", where=name, fix="give (N, D), a row each")
    if rows is not None:
        length(name, len(values), rows)
    floats = values if values.dtype.kind == "f" else values.astype(np.promote_types(values.dtype, np.float32))
    refuse_infinite(floats, name)
    return Matrix(floats, checked.names, checked.index)


def _moved(checked: Matrix, middle: NDArray[np.float64], name: str = "features") -> Matrix:
    """Features (N, D) less the middle (D,) of their columns; the same where that is 0."""
    values = checked.values - middle if middle.any() else checked.values
    refuse_large(values, name)
    return Matrix(values, checked.names, checked.index)


def telling_features(features: Any, rows: int) -> Matrix:
    """The same (N, D), to learn labels from. Raises InputError where all rows are the same, too."""
    checked = checked_features(features, rows)
    refuse_flat(checked.values, "features")
    return checked


def checked_windows(
    labels: Any, features: Any, target: Any, classes: Sequence[Any] | None
) -> tuple[Labels, Matrix, Matrix]:
    """Labels (N,) with their features (N, D), and those of a window without labels (M, D).

    Raises InputError where they don't fit one another.
    """
    given = coded(labels, None, classes)
    source = _finite(features, len(given.codes), "features")
    aligned(given.index, source.index, "labels and features")
    window = _finite(target, None, "target_features")
    length("target_features", window.values.shape[1], source.values.shape[1], "features")
    middle = far_from_zero(source.values)
    return given, _moved(source, middle), _moved(window, middle, "target_features")


def fitted_probes(
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    classes: int,
    folds: NDArray[np.int64] | None = None,
    cells: NDArray[np.uint32] | None = None,
) -> ProbeEnsemble:
    """The probes of a run with their temperatures: features (N, D), codes (N,) in [0, K).

    cells (N, C): packed, of a table. folds (N,): by default `row_folds`. Raises InputError where there is
    only one class to tell, or the features are the same in all rows.
    """
    if classes < 2:
        raise InputError("labels have one class", where="labels", fix="give labels of two classes or more")
    if cells is None:
        refuse_flat(features, "features")
    config, rows = DetectConfig(), single(features)
    folds = row_folds(len(codes)) if folds is None else folds
    sums = FoldSums.of(rows, codes, folds, config.folds, classes)
    random = None
    if cells is None or not trees_suffice(config.probes, classes):
        units = cells is None  # the encoder of tables has brought the columns to one
        random = choose_random_features(sums, rows, codes, folds, None, config.probes, own_units=units)
    if random is not None:
        mapped = MappedSums.of(rows, codes, folds, config.folds, classes, random)
        sums = replace(sums, mapped=mapped)
    return ProbeEnsemble.fit(sums, config.probes).calibrate(rows, codes, folds, cells=cells)


def out_of_sample(
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    classes: int,
    folds: NDArray[np.int64] | None = None,
    cells: NDArray[np.uint32] | None = None,
) -> NDArray[np.float32]:
    """Probabilities (N, K) of the labels, each row's by probes that never saw its fold (N,): `row_folds`."""
    folds = row_folds(len(codes)) if folds is None else folds
    probes = fitted_probes(features, codes, classes, folds, cells)
    return np.asarray(np.exp(probes.log_probs(single(features), folds, cells=cells)), np.float32)
