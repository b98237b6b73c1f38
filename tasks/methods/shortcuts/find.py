"""Which of some properties of labelled rows tell the label by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import Class, PropertyFindings, ShortcutFindings
from labelworks.tasks.methods.shortcuts.foretold import HALVES, Foretold, foretold, holm

LEVEL = 0.05  # of a false alarm of any property
EXAMPLES = 5
BINS = 32  # of about as many rows each


def find_shortcuts(
    values: Mapping[str, NDArray[np.floating]],
    given: NDArray[np.integer],
    half: NDArray[np.integer],
    ids: Sequence[str],
    classes: Sequence[Class],
) -> ShortcutFindings:
    """Test every property, and say where those that tell the label do it most.

    values: by property a number for each row (N,), NaN where it has none; given (N,): codes of classes; half
    (N,): 0 or 1, of rows that are learnt on and scored on in turn; ids (N,).
    """
    bins = {name: _binned(np.asarray(held, np.float64)) for name, held in values.items()}
    names = [name for name, held in bins.items() if len(np.unique(held[held >= 0])) > 1]
    counts = {name: _counts(bins[name], given, half, len(classes)) for name in names}
    by_name = {name: foretold(counts[name]) for name in names}
    adjusted = holm(np.array([by_name[name].p_value for name in names]))
    findings = [
        _told(name, by_name[name], float(p_value), (values[name], bins[name]), given, ids, classes)
        for name, p_value in zip(names, adjusted, strict=True)
    ]
    findings.sort(key=lambda each: (not each.tells, -(each.gain or 0.0), each.name))
    return ShortcutFindings(rows=len(given), properties=tuple(findings))


def _binned(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value (N,): equal values are in one, and none is by the label; -1 for NaN."""
    there = np.isfinite(values)
    bins = np.full(len(values), -1, np.int64)
    if there.any():
        cuts = np.unique(np.quantile(values[there], np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
        bins[there] = np.searchsorted(cuts, values[there], side="left")
    return bins


def _counts(
    bins: NDArray[np.integer], given: NDArray[np.integer], half: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    counts = np.zeros((HALVES, classes, BINS), np.int64)
    there = bins >= 0
    np.add.at(counts, (half[there], given[there], bins[there]), 1)
    return counts


def _told(
    name: str, found: Foretold, p_value: float, cut: tuple[NDArray[np.floating], NDArray[np.integer]],
    given: NDArray[np.integer], ids: Sequence[str], classes: Sequence[Class],
) -> PropertyFindings:  # fmt: skip
    values, bins = cut
    findings = PropertyFindings(
        name=name, p_value=p_value, tells=p_value <= LEVEL, gain=found.gain, accuracy=found.accuracy,
        chance=found.chance,
    )  # fmt: skip
    if not findings.tells or found.strongest is None:
        return findings
    place, label = found.strongest
    there = bins == place
    rows = np.flatnonzero(there & (given == label))
    return findings.model_copy(
        update={
            "low": float(values[there].min()),
            "high": float(values[there].max()),
            "label": classes[label],
            "share": len(rows) / int(there.sum()),
            "rows": len(rows),
            "examples": tuple(ids[row] for row in rows[:EXAMPLES]),
        }
    )
