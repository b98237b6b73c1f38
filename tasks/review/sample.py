"""An audit's sample: rows drawn by a design, each with its probability of being shown and what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.apart import DESIGN, sample_prefix
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.audit.allocation import LEAST, allocated, needed_looks
from labelworks.tasks.methods.audit.draw import Drawn
from labelworks.tasks.methods.audit.strata import Strata
from labelworks.tasks.review.frames import AuditFrame, apart_frame, changes_frame, strata_frame
from labelworks.tasks.review.shown import queue_of, rows_shown
from labelworks.tasks.sources.source import Source

FRAMES: dict[str, Callable[[Artifacts, DatasetRef], AuditFrame]] = {
    "strata": strata_frame,
    "changes": changes_frame,
    DESIGN: apart_frame,
}


def draw_sample(
    artifacts: Artifacts, source: Source, ref: DatasetRef, design: str, *,
    looks: int | None, width: float | None, seed: int,
) -> tuple[ReviewQueue, float]:  # fmt: skip
    """Rows to look at, in an order that tells nothing, and how wide the interval is likely to be.

    looks: how many; or width: as many as make the interval so narrow. Raises InputError where the design has
    no rows, ConfigError where there are too few looks, or no number of them is enough.
    """
    frame = FRAMES[design](artifacts, ref)
    count = _looks(frame, looks, width)
    strata = frame.strata(count)
    by_stratum = allocated(strata.rows, strata.spread, count)
    parts = ref.of("source")
    drawn_parts = map_partitions(
        "review", frame.candidates, parts, unit="partitions read",
        artifacts=artifacts, ref=ref, strata=strata, most=int(by_stratum.max()), seed=seed,
    )  # fmt: skip
    drawn = Drawn.merged([part.drawn for part in drawn_parts], by_stratum)
    mark = drawn.mark if frame.mark is None else frame.mark
    items = []
    for place in np.unique(drawn.part if drawn.part is not None else []):
        mine = np.flatnonzero(drawn.part == place)
        mine = mine[np.argsort(drawn.place[mine], kind="stable")]
        items.append((parts[int(place)], mine, drawn_parts[int(place)].changed_to))
    shown = map_partitions(
        "review", shown_of, items, unit="partitions shown",
        artifacts=artifacts, source=source, ref=ref, drawn=drawn, strata=strata, looks=by_stratum,
        sample=f"{sample_prefix(design, mark)}{seed}",
    )  # fmt: skip
    rows = sorted((pair for some in shown for pair in some), key=lambda pair: pair[0])
    return queue_of(artifacts, source, ref, [row for _, row in rows]), frame.width(strata, by_stratum)


def _looks(frame: AuditFrame, looks: int | None, width: float | None) -> int:
    if (looks is None) == (width is None):
        both = "" if looks is None else ", not both"
        fix = f"--looks N or --width W{both}"
        raise ConfigError("say how many looks, or how wide the interval may be", fix=fix)
    if looks is not None:
        return looks
    least = LEAST * len(frame.strata(0).rows)

    def expected(count: int) -> float:
        strata = frame.strata(count)
        return frame.width(strata, allocated(strata.rows, strata.spread, max(count, least)))

    return max(needed_looks(float(width or 0), expected, int(frame.strata(0).rows.sum())), least)


def shown_of(
    item: tuple[Partition, Any, dict[int, Any]], artifacts: Artifacts, source: Source, ref: DatasetRef,
    drawn: Drawn, strata: Strata, looks: Any, sample: str,
) -> list[tuple[int, ReviewRow]]:  # fmt: skip
    """The rows drawn of a partition, each behind the number by which they are ordered."""
    partition, mine, changed_to = item
    rows = rows_shown(artifacts, source, ref, partition, drawn.place[mine], changed_to)
    return [
        (
            int(drawn.order[at]),
            row.model_copy(
                update={
                    "why": "audit",
                    "sample": sample,
                    "stratum": int(drawn.stratum[at]),
                    "stratum_rows": int(drawn.rows[drawn.stratum[at]]),
                    "stratum_likely": float(strata.likely[drawn.stratum[at]]),
                    "probability": float(looks[drawn.stratum[at]] / drawn.rows[drawn.stratum[at]]),
                }
            ),
        )
        for at, row in zip(mine.tolist(), rows, strict=True)
    ]
