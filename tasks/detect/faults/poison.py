"""Labels that look changed together, or that nothing foretells, among the rows of the sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from labelworks.schemas.findings import Class, OddRegion, PoisonFindings, UnlearnableCluster
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.poison.clusters import odd_regions
from labelworks.tasks.methods.poison.linear import linear_probs
from labelworks.tasks.methods.poison.unlearnable import unlearnable_regions

ROWS = 10_000  # compared with one another, all with all
SHOWN = 20
LABELS = 10  # of a region


def poison(sample: Sample, ids: pa.ChunkedArray, classes: Sequence[Class]) -> PoisonFindings:
    """Regions of the sample whose label is contradicted, or nothing foretells; ids (N,) of the sample.

    The rows are drawn at random, the same each time.
    """
    part = np.sort(np.random.default_rng(0).permutation(len(sample.given))[:ROWS])
    named = ids.take(pa.array(part)).to_pylist()
    rows = sample.only(part)
    probs = linear_probs(rows.features, rows.given, rows.folds, len(classes))
    regions = odd_regions(rows.features, rows.given, probs)
    return PoisonFindings(
        rows=len(part),
        regions=tuple(
            OddRegion(
                label=classes[region.label],
                around=classes[region.around],
                p_value=region.p_value,
                rows=tuple(named[row] for row in region.rows),
            )
            for region in regions[:SHOWN]
        ),
        unlearnable=tuple(
            UnlearnableCluster(
                labels=tuple(classes[label] for label in region.labels[:LABELS]),
                right=region.right,
                expected=region.expected,
                p_value=region.p_value,
                rows=tuple(named[row] for row in region.rows),
            )
            for region in unlearnable_regions(rows.features, rows.given, probs, rows.folds)[:SHOWN]
        ),
    )
