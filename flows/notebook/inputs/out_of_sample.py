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
from labelworks.tasks.methods.arrays import hashes, refuse_infinite
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features
from labelworks.tasks.methods.probes.trees.tree_probe import trees_suffice
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.statistics.sums import FoldSums, MappedSums


def row_folds(rows: int) -> NDArray[np.int64]:
    """The fold (N,) of each row, by the hash of its number: as many folds as a run has by default."""
    return fold_of(hashes(np.arange(rows, dtype=np.uint64)), DetectConfig().folds)


def checked_features(features: Any, rows: int | None = None, name: str = "features") -> Matrix:
    """Features (N, D); one column may come flat. Raises InputError where they are no finite numbers."""
    checked = matrix(features, name)
    values = checked.values[:, None] if checked.values.ndim == 1 else checked.values
    if values.ndim != 2 or not values.shape[1]:
        raise InputError(f"{name} has the shape {values.shape}", where=name, fix="give (N, D), a row each")
    if rows is not None:
        length(name, len(values), rows)
    floats = values if values.dtype.kind == "f" else values.astype(np.float32)
    refuse_infinite(floats, name)
    return Matrix(floats, checked.names, checked.index)


def checked_windows(
    labels: Any, features: Any, target: Any, classes: Sequence[Any] | None
) -> tuple[Labels, Matrix, Matrix]:
    """Labels (N,) with their features (N, D), and those of a window without labels (M, D).

    Raises InputError where they don't fit one another.
    """
    given = coded(labels, None, classes)
    source = checked_features(features, len(given.codes))
    aligned(given.index, source.index, "labels and features")
    window = checked_features(target, name="target_features")
    length("target_features", window.values.shape[1], source.values.shape[1], "features")
    return given, source, window


def fitted_probes(
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    classes: int,
    folds: NDArray[np.int64] | None = None,
    cells: NDArray[np.uint32] | None = None,
) -> ProbeEnsemble:
    """The probes of a run with their temperatures: features (N, D), codes (N,) in [0, K).

    cells (N, C): packed, of a table. folds (N,): by default `row_folds`. Raises InputError where there is
    only one class to tell.
    """
    if classes < 2:
        raise InputError("labels have one class", where="labels", fix="give labels of two classes or more")
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
