"""What moved within the dataset: its windows of time, its groups or slices, its columns, its batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import (
    ColumnFindings,
    DriftFindings,
    GroupFindings,
    LabelSetFindings,
    PerformanceFindings,
    ShiftFindings,
    WindowFindings,
)
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.detect.drift_monitor import Rows, watch_batches
from labelworks.tasks.detect.model_performance import model_answers
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.row_context import COLUMN, TIME, Context
from labelworks.tasks.detect.target_sets import keep_target_sets
from labelworks.tasks.detect.target_window import Adapter, TargetSample, adapt_target, target_sample
from labelworks.tasks.methods.drift.calendar import Calendar, calendar
from labelworks.tasks.methods.findings.groups import column_findings, group_findings, slice_findings
from labelworks.tasks.methods.findings.label_sets import label_set_windows
from labelworks.tasks.methods.findings.performance import PerformanceOptions, performance_findings
from labelworks.tasks.methods.findings.pseudo_labels import pseudo_labeller
from labelworks.tasks.methods.findings.target import TargetFindings, shift_findings
from labelworks.tasks.methods.findings.windows import LabelSums, labelled_windows, target_windows
from labelworks.tasks.methods.label_shift.by_window import prior_by_window
from labelworks.tasks.methods.label_shift.pseudo import KnownNoise, LabelledWindow
from labelworks.tasks.methods.noise import NoiseResult
from labelworks.tasks.methods.noise_judge import GROUP, NoiseJudge, Sample
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.performance.noise_rates import NoiseRates
from labelworks.tasks.methods.statistics.folds import fitted_on, hash_ids
from labelworks.tasks.sources.values.joined import joined

LEAST = 30  # rows that columns are compared by
LEAST_COMPARED = 2


@dataclass(frozen=True)
class Labelled:
    """The labelled rows: their context, a sample, its judgement and out-of-sample probabilities."""

    context: Context
    sample: Sample
    judged: NoiseResult
    probs: NDArray[np.float32]

    @property
    def wrong(self) -> NDArray[np.float64]:
        """Probabilities (n,) that the prediction of a sampled row is wrong, as far as its label is right."""
        best = self.probs.argmax(axis=1)
        if self.judged.posterior is None:
            return np.asarray(best != self.sample.given, dtype=np.float64)
        return np.asarray(1.0 - self.judged.posterior[np.arange(len(best)), best], dtype=np.float64)

    @property
    def as_known(self) -> LabelledWindow:
        """The sample, as pseudo-labels are learnt from it."""
        posterior = self.judged.posterior
        noisy = None if posterior is None else KnownNoise(posterior, self.judged.transition)
        return LabelledWindow(self.sample.features, self.sample.given, self.probs, self.sample.folds, noisy)


@dataclass(frozen=True)
class Moved:
    """What the target window and the windows within the dataset show; None: there is no target, or model."""

    shift: ShiftFindings | None
    drift: DriftFindings
    performance: PerformanceFindings | None = None


def drift_findings(
    artifacts: Artifacts, ref: DatasetRef, found: FirstPass, model: NoiseJudge, rows: Labelled,
    target_rows: int, options: DetectOptions,
) -> Moved:  # fmt: skip
    """Findings of the target window, None where there is none, and of windows, groups and batches."""
    by = options.context.windows
    within = inside(ref, rows, by, options.slices)
    if not ref.of("target"):
        source = Rows(rows.sample.features, found.owners)
        watched = watch_batches(artifacts, ref, source, None)
        return Moved(None, within.model_copy(update={"columns": columns(rows.context), "watch": watched}))
    target = target_sample(artifacts, ref, target_rows, options)
    compared = comparable(rows, options.fit_share)
    without = [found.sums.of_vectors.without(fold) for fold in range(found.sums.n_folds)]
    # By probes that saw the other folds, as the source's rows: in the eyes of all, classes have other shares.
    probs = model.foretold(target.sample)
    shift = shift_findings(
        rows.sample, rows.probs, target.sample, probs, rows.judged.transition,
        options.shift,
        (novelty_by_fold(without, rows.sample.features, rows.sample.folds),
         novelty_by_fold(without, target.sample.features, target.sample.folds)),
        target.context.sample["id"].to_pylist(), compared, rows.judged.posterior,
    )  # fmt: skip
    labeller = pseudo = None
    if options.pseudo_precision is not None:
        labeller, pseudo = pseudo_labeller(
            rows.as_known, target.sample, model.ensemble, shift, options.pseudo_precision
        )
    adapter = Adapter(model, shift.prior, without, shift.unknown, labeller)
    adapted = adapt_target(artifacts, ref, adapter, options.folds)
    keep_target_sets(artifacts, options.sets, rows.probs, rows.judged, shift.prior)
    source = Rows(rows.sample.features[compared], found.owners[compared])
    moved = {
        "target_time": of_target(by, ref, rows, target, probs, shift, compared),
        "columns": columns(rows.context, target.context.sample),
        "watch": watch_batches(artifacts, ref, source, Rows(target.sample.features, target.owners)),
    }
    with_rows = shift.findings.model_copy(
        update={"adapted": adapted.findings, "pseudo_labels": adapted.pseudo_labels(pseudo)}
    )
    performance = _performance(by, ref, rows, target, probs, shift, options.performance)
    return Moved(with_rows, within.model_copy(update=moved), performance)


def _performance(
    by: str, ref: DatasetRef, rows: Labelled, target: TargetSample, probs: NDArray[np.float32],
    shift: TargetFindings, asked: PerformanceOptions | None,
) -> PerformanceFindings | None:  # fmt: skip
    """How good a model of the user's is on the target window, and in each of its windows of time."""
    if asked is None:
        return None
    cut = _target_calendar(by, target)
    own, theirs = model_answers((rows.context.sample, target.context.sample), ref, asked)
    judged = rows.judged
    noise = NoiseRates(judged.transition, judged.noise_rate, judged.noise_rate_interval)
    return performance_findings(
        rows.sample.given, own, theirs, (rows.probs, probs), ref.classes, noise, asked, shift.findings.kind,
        None if cut is None else (cut.of(_keys(target.context.sample)), cut.names),
    )  # fmt: skip


def comparable(rows: Labelled, share: float) -> NDArray[np.bool_]:
    """Rows of the sample (n,) that look as rows to come do: the encoder was fitted on others, of that share.

    All of them, where it shows in no vector which rows it was fitted on, or where the others are too few.
    """
    if share >= 1:
        return np.ones(len(rows.sample.given), dtype=np.bool_)
    ids = rows.context.sample["id"].combine_chunks()
    others = ~fitted_on(hash_ids(ids), share)
    return others if others.sum() >= LEAST_COMPARED else np.ones_like(others)


def inside(ref: DatasetRef, rows: Labelled, by: str, most: int) -> DriftFindings:
    """Findings of the labelled rows: windows of time, groups, and slices, where no groups are named.

    by: how time is cut; most: slices, 0: none.
    """
    _check(rows)
    cut = _calendar(rows.context, by)
    names, slices = [name for name in rows.context.sums if name.startswith(GROUP)], None
    groups = {name.removeprefix(GROUP): _groups(rows, ref, name) for name in names}
    if not names and most:
        slices = slice_findings(
            rows.sample.features, rows.sample.given, rows.wrong, rows.judged.error_probability,
            rows.context.sample["id"].to_pylist(), most, ref.classes,
        )  # fmt: skip
    return DriftFindings(
        time=_time(rows, ref, cut) if cut else None,
        groups={name: group for name, group in groups.items() if group},
        slices=slices,
    )


def of_label_sets(
    ref: DatasetRef, context: Context, sets: sparse.csr_array, by: str
) -> LabelSetFindings | None:
    """Findings of rows with several labels along their time; sets (n, K): 0 or 1, those of the sample."""
    cut = _calendar(context, by)
    if cut is None:
        return None
    moved = label_set_windows(cut, sets, cut.of(_keys(context.sample)), ref.classes)
    if moved is None:
        return None
    of = cut.of(context.sums[TIME]["key"].to_numpy())
    rows = np.bincount(of, context.sums[TIME]["rows"].to_numpy(), len(cut.names))
    return moved.model_copy(update={"rows": tuple(int(row) for row in rows)})


def of_target(
    by: str, ref: DatasetRef, rows: Labelled, target: TargetSample, probs: NDArray[np.float32],
    shift: TargetFindings, compared: NDArray[np.bool_],
) -> WindowFindings | None:  # fmt: skip
    """Findings of the target window along its time, None where it has none.

    The priors of its windows are of the rows that the whole prior is of; compared (n,): labelled rows that
    its windows are tested against.
    """
    cut = _target_calendar(by, target)
    if cut is None:
        return None
    of = cut.of(_keys(target.context.sample))
    known = np.where(shift.known, of, -1)
    estimates = prior_by_window(
        rows.sample.given, rows.probs, probs, known, noise_transition=rows.judged.transition
    )
    return target_windows(
        cut, estimates, target.sample.features, of, rows.sample.features[compared], shift.prior,
        ref.classes, (probs.argmax(axis=1), rows.probs[compared].argmax(axis=1)),
    )  # fmt: skip


def _target_calendar(by: str, target: TargetSample) -> Calendar | None:
    """The windows of time of the target, None where it has none."""
    keys = _keys(target.context.sample)
    if not target.context.unit or np.isnan(keys).all():
        return None
    seen, counts = np.unique(keys[~np.isnan(keys)], return_counts=True)
    return calendar(seen, counts, target.context.unit, by)


def columns(context: Context, current: pa.Table | None = None) -> dict[str, ColumnFindings]:
    """Drift of tabular columns to the target, or, where there is none, to the newest times of enough rows."""
    table = context.sample
    names = [name for name in table.column_names if name.startswith(COLUMN)]
    if current is None:
        keys = _keys(table) if TIME in table.column_names else np.zeros(0)
        last = np.sort(keys[~np.isnan(keys)])[-LEAST:]
        newest = keys >= last[0] if len(last) else keys > 0
        if newest.all() or not newest.any():
            return {}
        table, current = table.filter(pa.array(~newest)), table.filter(pa.array(newest))
    there = [name for name in names if not pa.types.is_null(current.schema.field(name).type)]
    if not there or not len(table) or not len(current):
        return {}
    both = joined([table.select(there), current.select(there)])
    halves = both.slice(0, len(table)), both.slice(len(table))
    sides = [{name.removeprefix(COLUMN): _values(half[name]) for name in there} for half in halves]
    return column_findings(*sides)


def _values(column: pa.ChunkedArray) -> NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _check(rows: Labelled) -> None:
    """The context was read beside the scores, the sample in the first pass: both are of the same rows."""
    if len(rows.context.sample) != len(rows.sample.given):
        raise InputError(
            f"{len(rows.sample.given)} rows were sampled, {len(rows.context.sample)} of them found again",
            where="dataset.source",
            fix="the source changed while the run read it: run again",
        )


def _keys(sample: pa.Table) -> NDArray[np.float64]:
    if TIME not in sample.column_names:
        return np.full(len(sample), np.nan)
    return np.asarray(sample[TIME].to_numpy(), dtype=np.float64)


def _calendar(context: Context, by: str) -> Calendar | None:
    """The windows of the labelled rows, made of the times of all of them."""
    if context.unit is None or not len(context.sums[TIME]):
        return None
    table = context.sums[TIME]
    keys, places = np.unique(table["key"].to_numpy(), return_inverse=True)
    rows = np.bincount(places, table["rows"].to_numpy()).astype(np.int64)
    return calendar(keys, rows, context.unit, by)


def _time(rows: Labelled, ref: DatasetRef, cut: Calendar) -> WindowFindings:
    table = rows.context.sums[TIME]
    sums = _sums(table, cut.of(table["key"].to_numpy()), len(cut.names), len(ref.classes))
    of = cut.of(_keys(rows.context.sample))
    return labelled_windows(cut, sums, rows.judged.transition, rows.sample.features, of, ref.classes)


def _groups(rows: Labelled, ref: DatasetRef, name: str) -> GroupFindings | None:
    table = rows.context.sums[name]
    names, codes = np.unique(table["key"].to_pylist(), return_inverse=True)
    if len(names) < 2:
        return None
    sums = _sums(table, codes, len(names), len(ref.classes))
    of = np.searchsorted(names, rows.context.sample[name].to_pylist())
    return group_findings(
        names.tolist(), sums, rows.judged.transition, rows.sample.features, of, rows.wrong, ref.classes
    )


def _sums(table: pa.Table, of: NDArray[np.integer], windows: int, classes: int) -> LabelSums:
    cells = of * classes + table["given"].to_numpy()
    counts = np.bincount(cells, table["rows"].to_numpy(), windows * classes)
    wrong = np.bincount(of, table["error"].to_numpy(), windows)
    return LabelSums(counts.reshape(windows, classes).astype(np.int64), wrong.astype(np.float64))
