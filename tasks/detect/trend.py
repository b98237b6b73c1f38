"""What a run found beside what the last published version was made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import IngestFigures, NoiseFindings, TrendFindings, VersionFigures
from labelworks.schemas.records import DatasetRef, RunRecord
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.catalog.history import entry
from labelworks.tasks.storage.versions import read_version, versions


def last_version(artifacts: Artifacts) -> RunRecord | None:
    """The record of the newest version that is another run's, with its number; None before the first."""
    store, dataset = artifacts.store, artifacts.dataset
    for number in reversed(versions(store, dataset)):
        run_id = read_version(store, dataset, number)["run_id"]
        if run_id != artifacts.id:
            return entry(store, dataset, run_id, {number: run_id}).record
    return None


def figures_now(
    ref: DatasetRef, rows: IngestFigures, noise: NoiseFindings, by_class: NDArray[np.float64]
) -> VersionFigures:
    """What is kept of a run to be compared with. by_class: rows of each class (K,)."""
    counts = () if ref.label_type == "number" else zip(map(str, ref.classes), by_class.tolist(), strict=True)
    return VersionFigures(
        rows=rows.rows,
        rejected_share=rows.rejected_share,
        noise_rate=noise.rate,
        prior={name: count / max(rows.units, 1) for name, count in counts},
        one_class=ref.one_class,
    )


def trend(now: VersionFigures, record: RunRecord | None) -> TrendFindings:
    """Compare figures with those of a version; one that kept none of them has its rows and its noise rate."""
    if record is None:
        return TrendFindings(now=now)
    before = record.trend.now if record.trend else _of_older(record)
    changes = _changes(now.prior, before.prior)
    moved = max(changes, key=lambda name: abs(changes[name]), default=None)
    return TrendFindings(
        now=now,
        version=record.version,
        before=before,
        total_variation=sum(map(abs, changes.values())) / 2 if changes and now.one_class else None,
        moved_class=moved,
        class_change=None if moved is None else changes[moved],
    )


def _changes(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """How much more of each class there is; nothing where one of both isn't known."""
    if not now or not before:
        return {}
    return {name: now.get(name, 0.0) - before.get(name, 0.0) for name in dict.fromkeys([*now, *before])}


def _of_older(record: RunRecord) -> VersionFigures:
    return VersionFigures(rows=record.rows, noise_rate=record.noise.rate if record.noise else None)
