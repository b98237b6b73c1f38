"""What is told of parts of the dataset: groups by a column, slices of the embeddings, tabular columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.findings import ColumnFindings, Group, GroupFindings
from labelworks.tasks.methods.drift.by_group import Groups, of_sums
from labelworks.tasks.methods.drift.by_slice import by_slice
from labelworks.tasks.methods.drift.by_window import between
from labelworks.tasks.methods.drift.tabular import by_column
from labelworks.tasks.methods.findings.windows import LabelSums
from labelworks.tasks.methods.label_shift.noisy_counts import true_mix

SHOWN = 20  # groups of a column: the largest, and the worst
EXAMPLES = 3
CLASSES = 12  # whose shares are told of each group: those that differ most
ROWS_OF_A_SLICE = 50
Floats = NDArray[np.float64]


def group_findings(
    names: Sequence[str],
    sums: LabelSums,
    transition: Floats,
    features: NDArray[np.floating],
    of: NDArray[np.int64],
    wrong: Floats,
    classes: Sequence[str | int],
) -> GroupFindings:
    """Prior, error, noise and drift of G groups of labelled rows, and the worst.

    Priors are told of the classes that vary most. features (n, D), groups (n,) and probabilities that the
    prediction is wrong (n,) are of a sample: errors and drift are of it, all else of every row. A group is
    tested against all other rows.
    """
    size = len(names)
    judged, errors = np.bincount(of, minlength=size), np.bincount(of, wrong, size).astype(np.float64)
    by_group = of_sums(np.array(names), sums.counts, errors, sums.wrong, judged)
    mix = true_mix(sums.counts, transition).prior
    whole = sums.counts.sum(axis=1) @ mix / sums.counts.sum()
    order = np.argsort(-by_group.rows, kind="stable")[:SHOWN].tolist()
    worst = int(np.argmax(by_group.error))
    varied = _varied(mix)
    tests = {place: between(features[of != place], features[of == place]) for place in order}
    groups = [
        Group(
            **_figures(by_group, place),
            prior=_shares(mix[place], varied),
            total_variation=float(0.5 * np.abs(mix[place] - whole).sum()),
            drift_effect=None if (test := tests.get(place)) is None else test.effect,
        )
        for place in dict.fromkeys([*order, worst])
    ]
    return GroupFindings(
        **_worst(by_group, float(wrong.mean())),
        number=size,
        classes=tuple(classes[k] for k in varied),
        prior=_shares(whole, varied),
        groups=tuple(groups),
    )


def slice_findings(
    features: NDArray[np.floating],
    given: NDArray[np.int32],
    wrong: Floats,
    mislabelled: NDArray[np.floating],
    ids: Sequence[str],
    count: int,
    classes: Sequence[str | int],
) -> GroupFindings | None:
    """The same of regions of the embeddings, of a sample: features (n, D), labels, errors and ids (n,).

    Their priors are of the given labels. A region's features differ by its making: no drift is told.
    """
    count = min(count, len(given) // ROWS_OF_A_SLICE)
    if count < 2:
        return None
    slices = by_slice(features, given, wrong, len(classes), count, mislabelled)
    figures, points = slices.figures, features.astype(np.float32)
    whole, varied, made = figures.rows @ figures.prior / figures.rows.sum(), _varied(figures.prior), []
    for place, name in enumerate(figures.names):
        rows = np.flatnonzero(slices.slices == name)
        near = np.square(points[rows] - slices.centres[int(name)]).sum(axis=1)
        best = np.argsort(-figures.prior[place], kind="stable")[:EXAMPLES]
        made.append(
            Group(
                **_figures(figures, place),
                prior=_shares(figures.prior[place], varied),
                total_variation=float(0.5 * np.abs(figures.prior[place] - whole).sum()),
                main_classes=tuple(classes[k] for k in best if figures.prior[place][k] >= 0.1),
                examples=tuple(str(ids[row]) for row in rows[np.argsort(near)[:EXAMPLES]]),
            )
        )
    return GroupFindings(
        **_worst(figures, float(np.mean(wrong))),
        number=len(made),
        classes=tuple(classes[k] for k in varied),
        prior=_shares(whole, varied),
        groups=tuple(made[place] for place in np.argsort(-figures.error, kind="stable")),
    )


def column_findings(
    reference: Mapping[str, ArrayLike], current: Mapping[str, ArrayLike]
) -> dict[str, ColumnFindings]:
    """Drift of tabular columns (n,) between two windows."""
    return {name: ColumnFindings(**asdict(drift)) for name, drift in by_column(reference, current).items()}


def _worst(found: Groups, whole: float) -> dict[str, Any]:
    return {"worst": found.worst, "worst_error": float(found.error.max()), "error": whole}


def _varied(priors: Floats) -> NDArray[np.intp]:
    """The classes whose shares (G, K) differ most between groups, in order."""
    return np.sort(np.argsort(-np.ptp(priors, axis=0), kind="stable")[:CLASSES])


def _shares(prior: Floats, shown: NDArray[np.intp]) -> tuple[float, ...]:
    return tuple(round(float(prior[k]), 5) for k in shown)


def _figures(found: Groups, place: int) -> dict[str, Any]:
    return {
        "name": str(found.names[place]),
        "rows": int(found.rows[place]),
        "error": float(found.error[place]),
        "noise": None if found.noise is None else float(found.noise[place]),
        "mix_p_value": float(found.p_value[place]),
    }
