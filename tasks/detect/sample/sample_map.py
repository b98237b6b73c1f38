"""The sample on a plane: what of it the report draws."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.schemas.findings import MappedRow, SampleMap
from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.quality.principal_plane import principal_plane

ROWS = 600  # that are drawn
DIGITS = 4


def sample_map(sample: Sample, judged: NoiseResult, ids: pa.ChunkedArray) -> SampleMap | None:
    """Rows of the sample at random, the same each time, on their principal plane; ids (N,) of the sample."""
    part = np.sort(np.random.default_rng(0).permutation(len(sample.given))[:ROWS])
    plane = principal_plane(sample.features[part])
    if plane is None:
        return None
    named = ids.take(pa.array(part)).to_pylist()
    return SampleMap(
        explained=plane.explained,
        rows=tuple(
            MappedRow(
                id=named[place],
                x=round(float(plane.places[place, 0]), DIGITS),
                y=round(float(plane.places[place, 1]), DIGITS),
                given=int(sample.given[row]),
                suggestion=int(judged.suggestion[row]),
                flagged=bool(judged.flag[row]),
            )
            for place, row in enumerate(part)
        ),
    )
