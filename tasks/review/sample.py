"""An audit's sample: rows drawn by a design, each with its probability of being shown and what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.apart import DESIGN, sample_prefix
from labelworks.tasks.artifacts.decisions.shown_rows import as_text
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.audit.allocation import allocated, needed_looks
from labelworks.tasks.methods.audit.draw import Drawn
from labelworks.tasks.review.frames import AuditFrame, apart_frame, changes_frame, strata_frame
from labelworks.tasks.sources.source import Source

FRAMES: dict[str, Callable[[Artifacts, DatasetRef], AuditFrame]] = {
    "strata": strata_frame,
    "changes": changes_frame,
    DESIGN: apart_frame,
}
NAMED = 5  # classes whose probabilities are shown
SCORED = ["row", "id", "given", "suggestion", "flag", "error_probability"]
Shown = dict[str, Any]


def draw_sample(
    artifacts: Artifacts, source: Source, ref: DatasetRef, design: str, *,
    looks: int | None, width: float | None, seed: int,
) -> tuple[list[Shown], float]:  # fmt: skip
    """Rows to look at, in an order that tells nothing, and how wide the interval is likely to be.

    looks: how many; or width: as many as make the interval so narrow. Raises InputError where the design has
    no rows, ConfigError where there are too few looks, or no number of them is enough.
    """
    frame = FRAMES[design](artifacts, ref)
    count = _looks(frame, looks, width)
    by_stratum = allocated(frame.rows, frame.spread, count)
    parts = ref.of("source")
    found = map_partitions(
        "review", frame.candidates, parts, unit="partitions read",
        artifacts=artifacts, ref=ref, most=int(by_stratum.max()), seed=seed,
    )  # fmt: skip
    drawn = Drawn.merged([part.drawn for part in found], by_stratum)
    mark = drawn.mark if frame.mark is None else frame.mark
    name = f"{sample_prefix(design, mark)}{seed}"
    items = []
    for place in np.unique(drawn.part if drawn.part is not None else []):
        mine = np.flatnonzero(drawn.part == place)
        mine = mine[np.argsort(drawn.place[mine], kind="stable")]
        items.append((parts[int(place)], mine, found[int(place)].changed_to))
    shown = map_partitions(
        "review", shown_of, items, unit="partitions shown",
        artifacts=artifacts, source=source, ref=ref, drawn=drawn, looks=by_stratum,
    )  # fmt: skip
    rows = sorted((row for some in shown for row in some), key=lambda row: row["order"])
    about = {"dataset": artifacts.name, "run": artifacts.id, "sample": name}
    return [{**row, **about} for row in rows], frame.width(by_stratum)


def _looks(frame: AuditFrame, looks: int | None, width: float | None) -> int:
    if (looks is None) == (width is None):
        raise ConfigError("say how many looks, or how wide the interval may be", fix="--looks N or --width W")
    if looks is not None:
        return looks
    most, least = int(frame.rows.sum()), int(np.minimum(frame.rows, 2).sum())

    def expected(count: int) -> float:
        return frame.width(allocated(frame.rows, frame.spread, max(count, least)))

    return max(needed_looks(float(width or 0), expected, most), least)


def shown_of(
    item: tuple[Partition, Any, dict[int, Any]], artifacts: Artifacts, source: Source, ref: DatasetRef,
    drawn: Drawn, looks: Any,
) -> list[Shown]:  # fmt: skip
    """What is shown of the rows drawn of a partition; order: by which they are listed."""
    partition, mine, changed_to = item
    places, stratum = drawn.place[mine], drawn.stratum[mine]
    columns = [*SCORED, *(["posterior"] if ref.one_class else [])]
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), columns)
    scores = scores.take(np.searchsorted(scores["row"].to_numpy(), places))
    content = artifacts.store.read_table(artifacts.embedding(ref.encoder_key, partition), ["content"])
    rows = scores.to_pylist()
    given, suggested = _labels(scores, rows, changed_to, ref)
    return [
        {
            "order": int(drawn.order[mine[number]]),
            "id": row["id"],
            "shown": what,
            "given": as_text(given[number]),
            "suggestion": "" if suggested[number] is None else as_text(suggested[number]),
            "probabilities": _probabilities(row, ref),
            "stratum": int(stratum[number]),
            "stratum_rows": int(drawn.rows[stratum[number]]),
            "probability": float(looks[stratum[number]] / drawn.rows[stratum[number]]),
            "content": content["content"][row["row"]].as_py(),
        }
        for number, (row, what) in enumerate(
            zip(rows, _contents(artifacts, source, ref, partition, places), strict=True)
        )
    ]


def _labels(
    scores: pa.Table, rows: list[dict[str, Any]], changed_to: dict[int, Any], ref: DatasetRef
) -> tuple[list[Any], list[Any]]:
    """The labels given and suggested, as classes; what a label was changed to is the suggestion."""
    doubted = (row["flag"] and row["suggestion"] != row["given"] for row in rows)
    codes = [
        changed_to.get(row["row"], row["suggestion"] if doubt else None)
        for row, doubt in zip(rows, doubted, strict=True)
    ]
    suggested = pa.chunked_array([pa.array(codes, scores.schema.field("suggestion").type)])
    given, other = (named(each, ref.classes, ref.label_type) for each in (scores["given"], suggested))
    return given.to_pylist(), other.to_pylist()


def _probabilities(row: dict[str, Any], ref: DatasetRef) -> str:
    """The likeliest classes with their probabilities; where these weren't kept, that of the given label."""
    posterior = row.get("posterior")
    if posterior is None:
        return f"given {1 - row['error_probability']:.2f}"
    order = np.argsort(-np.asarray(posterior), kind="stable")[:NAMED]
    return ", ".join(f"{ref.classes[code]} {posterior[code]:.2f}" for code in order)


def _contents(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, places: Any
) -> list[str]:
    """What a person looks at: the text, the columns, or where the image or the vector is from."""
    if source.columns.kind == "text":
        return ["" if text is None else str(text) for text in _features(source, partition, places)]
    if source.columns.kind == "columns":
        rows = _features(source, partition, places)
        return ["\n".join(f"{name}: {value}" for name, value in row.items()) for row in rows]
    index = artifacts.store.read_table(
        artifacts.index(ref.label_type, partition), ["row", "file", "file_row"]
    )
    found = index.take(np.searchsorted(index["row"].to_numpy(), places))
    return [f"{row['file']}#{row['file_row']}" for row in found.to_pylist()]


def _features(source: Source, partition: Partition, places: Any) -> list[Any]:
    values: list[Any] = some_features(source, partition, np.asarray(places)).to_pylist()
    return values
