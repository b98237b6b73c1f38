"""Judge: labels that are no single class, several a row or numbers, judged and treated in one go."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE
from scipy import sparse

from labelworks.schemas.findings import (
    DetectEvidence,
    DetectFigures,
    DriftFindings,
    JudgedRow,
    TreatmentFindings,
)
from labelworks.schemas.records import DatasetRef, DetectResult
from labelworks.schemas.secrets.logging import redacted
from labelworks.schemas.tables import ACTIONS, judged_schema
from labelworks.tasks import gates
from labelworks.tasks.artifacts.index import LABEL_TYPES
from labelworks.tasks.artifacts.label_codes import label_sets
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.artifacts.scores import BINS, SOFT_CLASSES, WORST
from labelworks.tasks.detect.drift_findings import of_label_sets
from labelworks.tasks.detect.in_memory import Whole, load_whole
from labelworks.tasks.methods.folds import fold_of
from labelworks.tasks.methods.reasons import DOUBTED, doubted
from labelworks.tasks.methods.treatment.other_tasks import OtherLabels, judge_multilabel, judge_regression
from labelworks.tasks.methods.treatment.relabel.posterior import REASONS


@task(name="judge", task_run_name="judge", cache_policy=NO_CACHE)
@redacted()
def judge(run: Run, ref: DatasetRef) -> DetectResult:
    """Judge every label out of sample and decide on it; the dataset has to fit into memory."""
    if done := run.result(DetectResult):
        return done
    started = perf_counter()
    whole = load_whole(run, ref)
    sets = label_sets(whole.index["label"], ref.classes) if run.config.dataset.task == "multilabel" else None
    found = _judged(run, whole, sets)
    table = _table(ref, whole, found)
    parts = whole.split(table)
    starts = np.cumsum([0, *(part.num_rows for part in parts)])
    for partition, part, start in zip(ref.of("source"), parts, starts.tolist(), strict=False):
        soft = _soft(found, slice(start, start + part.num_rows))
        run.store.write_table(run.part("detect", partition), part.append_column("posterior", soft))
    figures = DetectFigures(
        rows=table.num_rows,
        noise=found.findings,
        drift=DriftFindings(labels=None if sets is None else of_label_sets(run, ref, whole, sets)),
        treatment=_treatment(run, found),
        evidence=_evidence(ref, found, parts),
    )
    checks = gates.check_figures("detect", gates.flat(figures), run.config.gates.detect)
    return run.finish(
        DetectResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("detect", [], checks),
            work={"scored_rows": len(found.flag)},
            seconds=perf_counter() - started,
        )
    )


def _judged(run: Run, whole: Whole, sets: sparse.csr_array | None) -> OtherLabels:
    folds = fold_of(whole.hashes, run.config.detect.folds)
    options = run.config.detect.noise.options
    if sets is None:
        given = whole.index["label"].to_numpy()
        return judge_regression(given, whole.features, folds, run.config.treat, **options)
    return judge_multilabel(
        sets,
        whole.features,
        folds,
        run.config.treat,
        whole.pred_probs,
        **options,
    )


def _labels(ref: DatasetRef, values: Any) -> pa.Array:
    """Labels as they are published: lists of classes of a binary matrix, or numbers."""
    if not sparse.issparse(values):
        return pa.array(values, pa.float64())
    values.sort_indices()
    names = pa.array(ref.classes, pa.string()).take(pa.array(values.indices))
    return pa.ListArray.from_arrays(pa.array(values.indptr, pa.int32()), names)


def _table(ref: DatasetRef, whole: Whole, found: OtherLabels) -> pa.Table:
    columns = {
        "row": whole.index["row"],
        "id": whole.index["id"],
        "given": whole.index["label"],
        "label": _labels(ref, found.labels),
        "likelier": _labels(ref, found.likelier),
        "action": pa.array(ACTIONS).take(pa.array(found.action)),
        "reason": pa.array((*REASONS, DOUBTED)).take(pa.array(doubted(found.reason, found.weight))),
        "weight": found.weight,
        "score": found.score,
        "error_probability": found.error,
        "flag": found.flag,
    }
    return pa.table(columns, schema=judged_schema(LABEL_TYPES[ref.label_type])).combine_chunks()


def _soft(found: OtherLabels, rows: slice) -> pa.Array:
    """The posteriors of some rows as lists; null of numbers, and of more classes than are worth it."""
    kind = pa.list_(pa.float32())
    if found.posterior is None or found.posterior.shape[1] > SOFT_CLASSES:
        return pa.nulls(rows.stop - rows.start, kind)
    held = found.posterior[rows].toarray().astype(np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(held.ravel()), held.shape[1]).cast(kind)


def _treatment(run: Run, found: OtherLabels) -> TreatmentFindings:
    by_action = {name: int(np.count_nonzero(found.action == code)) for code, name in enumerate(ACTIONS)}
    weight = found.weight.astype(np.float64)
    share = float(weight.sum() ** 2 / max(np.square(weight).sum(), 1e-300) / len(weight))
    return TreatmentFindings(
        mode=run.config.treat.mode,
        **by_action,
        relabelled=by_action["relabel"],
        changed_share=by_action["relabel"] / len(found.flag),
        effective_sample_share=share,
    )


def _evidence(ref: DatasetRef, found: OtherLabels, parts: list[pa.Table]) -> DetectEvidence:
    owner = np.repeat(np.arange(len(parts)), [part.num_rows for part in parts])
    starts = np.cumsum([0, *(part.num_rows for part in parts)])
    worst = np.argsort(-found.error, kind="stable")[:WORST]
    rows = (_row(ref, parts, int(owner[place]), int(place - starts[owner[place]])) for place in worst)
    return DetectEvidence(
        histogram=_histogram(found.score),
        flagged_histogram=_histogram(found.score[found.flag]),
        worst=tuple(rows),
    )


def _row(ref: DatasetRef, parts: list[pa.Table], owner: int, place: int) -> JudgedRow:
    row = parts[owner].slice(place, 1).to_pylist()[0]
    return JudgedRow(
        partition=ref.of("source")[owner].key,
        row=row["row"],
        id=row["id"],
        given=_written(row["given"]),
        suggestion=_written(row["label"] if row["action"] == "relabel" else row["likelier"]),
        error_probability=row["error_probability"],
    )


def _written(label: list[str] | float) -> str:
    return ", ".join(label) or "(none)" if isinstance(label, list) else f"{label:.6g}"


def _histogram(score: NDArray[np.float32]) -> tuple[int, ...]:
    return tuple(np.histogram(score, bins=BINS, range=(0.0, 1.0))[0].tolist())
