"""The target window: a sample to estimate from, then every row's probabilities at the window's class mix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import AdaptedRows, PseudoLabelFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import TARGET, TARGET_PSEUDO
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import TARGET_ROWS
from labelworks.tasks.artifacts.soft_labels import SOFT_CLASSES
from labelworks.tasks.artifacts.vectors.embeddings import load_block
from labelworks.tasks.artifacts.vectors.sufficient_statistics import sample_of
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.row_context import Context, ContextReader, merged, target_context
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.label_shift.pseudo import PseudoLabeller
from labelworks.tasks.methods.label_shift.pseudo.views import UNLABELLED
from labelworks.tasks.methods.label_shift.result import PriorEstimate
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.open_set.estimate import OpenSet
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.statistics.folds import fold_of, in_sample, share_of
from labelworks.tasks.methods.statistics.sums import ClassSums


@dataclass(frozen=True)
class Adapter:
    """What turns a row of the target into probabilities at its class mix, and of being of no known class.

    without: the sums of the source without each fold; labeller: of its pseudo-labels, None: it gives none.
    """

    model: NoiseJudge
    prior: PriorEstimate
    without: list[ClassSums]
    unknown: OpenSet | None
    labeller: PseudoLabeller | None = None

    def table(self, sample: Sample) -> pa.Table:
        """Columns of TARGET but row and id, of some rows; and those of pseudo-labels, where it gives any."""
        probs = self.model.probs(sample.features, words=sample.words, cells=sample.cells)
        corrected = correct(probs, self.prior)
        best = corrected.posterior.argmax(axis=1)
        many = probs.shape[1] > SOFT_CLASSES
        lists = pa.FixedSizeListArray.from_arrays(pa.array(corrected.posterior.ravel()), probs.shape[1])
        unknown = self._unknown(sample)
        return pa.table(
            {
                "source_prediction": probs.argmax(axis=1).astype(np.int32),
                "prediction": best.astype(np.int32),
                "confidence": corrected.posterior[np.arange(len(best)), best],
                "doubtful": corrected.doubtful,
                "unknown": unknown,
                "posterior": pa.nulls(len(best), pa.list_(pa.float32())) if many else lists.cast(LISTS),
                **self._pseudo_labels(sample, corrected.posterior, unknown),
            }
        )

    def _pseudo_labels(
        self, sample: Sample, posterior: NDArray[np.float32], unknown: NDArray[np.float32]
    ) -> dict[str, Any]:
        if self.labeller is None:
            return {}
        labels, claims = self.labeller.label(sample.features, posterior, unknown)
        return {"pseudo_label": pa.array(labels, mask=labels == UNLABELLED), "claim": claims}

    def _unknown(self, sample: Sample) -> NDArray[np.float32]:
        if self.unknown is None:
            return np.zeros(len(sample.folds), dtype=np.float32)
        novelty = novelty_by_fold(self.without, sample.features, sample.folds)
        return self.unknown.of(novelty).astype(np.float32)


LISTS = pa.list_(pa.float32())
COUNTED = ("doubtful", "unknown", "pseudo_label", "claim")


@dataclass(frozen=True)
class TargetSample:
    """Rows of the target window with their context; owners (M,): places of their partitions."""

    sample: Sample
    context: Context
    owners: NDArray[np.intp]


def target_sample(artifacts: Artifacts, ref: DatasetRef, rows: int, options: DetectOptions) -> TargetSample:
    """A sample of the target window, no label of which is known."""
    parts = map_partitions(
        "detect", sample_partition, ref.of("target"), unit="target partitions",
        artifacts=artifacts, ref=ref, share=share_of(options.sample, rows), folds=options.folds,
        reader=options.context,
    )  # fmt: skip
    samples = [sample for sample, _ in parts]
    owners = np.repeat(np.arange(len(parts)), [len(sample.given) for sample in samples])
    return TargetSample(Sample.joined(samples), merged([context for _, context in parts]), owners)


def sample_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, share: float, folds: int,
    reader: ContextReader,
) -> tuple[Sample, Context]:  # fmt: skip
    """Rows of the sample in a partition."""
    block = load_block(artifacts, ref, partition)
    kept = in_sample(block.hashes, share)
    sample = sample_of(block, fold_of(block.hashes, folds)).only(kept)
    return sample, target_context(reader, partition, block.rows, block.ids, kept)


@dataclass(frozen=True)
class AdaptedWindow:
    """Rows of the target whose probabilities were written; given (K,): classes to rows; claimed: of
    these, how many are right.
    """

    findings: AdaptedRows
    given: NDArray[np.int64]
    claimed: float

    def __add__(self, other: AdaptedWindow) -> AdaptedWindow:
        """Of both, without a row in common."""
        mine, theirs = self.findings.model_dump(), other.findings.model_dump()
        rows = AdaptedRows(**{name: count + theirs[name] for name, count in mine.items()})
        return AdaptedWindow(rows, self.given + other.given, self.claimed + other.claimed)

    def pseudo_labels(self, before: PseudoLabelFindings | None) -> PseudoLabelFindings | None:
        """What is told of pseudo-labels, once the rows are labelled."""
        if before is None or before.why_none:
            return before
        rows = int(self.given.sum())
        claimed = self.claimed / rows if rows else None
        return before.model_copy(
            update={"rows": rows, "by_class": tuple(self.given.tolist()), "claimed": claimed}
        )


def adapt_target(artifacts: Artifacts, ref: DatasetRef, adapter: Adapter, folds: int) -> AdaptedWindow:
    """Write the probabilities of every row of the target window; return what was found of them."""
    parts = map_partitions(
        "detect", adapt_partition, ref.of("target"), unit="target partitions adapted",
        artifacts=artifacts, ref=ref, adapter=adapter, folds=folds,
    )  # fmt: skip
    return reduce(add, parts)


def adapt_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, adapter: Adapter, folds: int
) -> AdaptedWindow:
    """Write the probabilities of one partition, or find them written."""
    name = artifacts.part(TARGET_ROWS, partition)
    schema = TARGET if adapter.labeller is None else TARGET_PSEUDO
    if not artifacts.store.exists(name):
        block = load_block(artifacts, ref, partition)
        rows = sample_of(block, fold_of(block.hashes, folds))
        parts = [adapter.table(part) for part in rows.parts(adapter.model.rows_at_once)]
        where = {"row": pa.array(block.rows), "id": block.ids}
        adapted = pa.concat_tables(parts)
        columns = where | dict(zip(adapted.column_names, adapted.columns, strict=True))
        artifacts.store.write_table(name, pa.table(columns, schema=schema), use_dictionary=False)
    counted = [column for column in COUNTED if column in schema.names]
    return _counted(artifacts.store.read_table(name, counted), len(ref.classes))


def _counted(adapted: pa.Table, classes: int) -> AdaptedWindow:
    """How many rows of a part are doubtful, of no known class, or were given one."""
    given, claimed = np.zeros(classes, np.int64), 0.0
    if "pseudo_label" in adapted.column_names:
        taken = adapted.filter(adapted["pseudo_label"].is_valid())
        given = np.bincount(taken["pseudo_label"].to_numpy(), minlength=classes)
        claimed = float(taken["claim"].to_numpy().sum(dtype=np.float64))
    doubtful = adapted["doubtful"].to_numpy(zero_copy_only=False)
    strange = adapted["unknown"].to_numpy() > 0.5
    rows = AdaptedRows(rows=len(adapted), doubtful=int(doubtful.sum()), unknown=int(strange.sum()))
    return AdaptedWindow(rows, given, claimed)
