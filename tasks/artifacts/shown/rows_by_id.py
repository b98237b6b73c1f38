"""Rows of a run as a person is shown them: what is in them by its hash, the label given and suggested."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import DetectResult
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import named

WRITTEN_OUT = 1e15  # numbers below it
BETWEEN = "; "  # several classes in a text
JUDGED = ["row", "id", "given", "suggestion", "flag"]


@dataclass(frozen=True)
class ShownRow:
    """A row: hash of its content, given label, and the suggested one where the given is doubted."""

    content: int
    given: str
    suggestion: str | None


def judged_ref(artifacts: Artifacts) -> DatasetRef:
    """The reference of a run whose labels were judged; InputError where they weren't yet."""
    detected = artifacts.result(DetectResult)
    if detected is None:
        raise InputError(
            "the run ended before its labels were judged",
            where=artifacts.store.url(artifacts.folder),
            fix="run its config again, or name another run: `labelworks runs`",
        )
    return detected.ref


def shown_rows(artifacts: Artifacts, ref: DatasetRef, ids: Collection[str]) -> dict[str, ShownRow]:
    """By id those of the rows with these ids that the run has; a partition at a time is read."""
    wanted, rows = pa.array(sorted(set(ids)), pa.string()), dict[str, ShownRow]()
    for partition in ref.of("source"):
        if len(rows) == len(wanted):
            break
        rows |= dict(_of(artifacts, ref, partition, wanted))
    return rows


def as_text(label: object) -> str:
    """A label as a person reads it: a class, several of them, or a number."""
    if isinstance(label, list):
        return BETWEEN.join(map(str, label))
    return f"{label:.12g}" if isinstance(label, float) else str(label)


def in_digits(number: float) -> str:
    """A number in six digits that count, as people write it: without an exponent where it is no huge one."""
    text = f"{number:.6g}"
    return f"{number:.0f}" if "e+" in text and abs(number) < WRITTEN_OUT else text


def _of(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, wanted: pa.Array
) -> Iterator[tuple[str, ShownRow]]:
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), JUDGED)
    scores = scores.filter(pc.is_in(scores["id"], value_set=wanted))
    if not len(scores):
        return
    contents = artifacts.store.read_table(artifacts.embedding(ref.encoder_key, partition), ["content"])
    content = contents["content"].take(scores["row"]).to_pylist()
    given, suggested = (
        named(scores[name], ref.classes, ref.label_type).to_pylist() for name in ("given", "suggestion")
    )
    rows = zip(scores["id"].to_pylist(), content, given, suggested, scores["flag"].to_pylist(), strict=True)
    for name, what, label, other, flag in rows:
        doubted = flag and other is not None and other != label
        yield name, ShownRow(what, as_text(label), as_text(other) if doubted else None)
