"""A second pass over partitions is the one over all rows at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.stage_results import DetectResult
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.folds import fold_of, hash_ids
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.second_pass import ALIKE, look_again
from labelworks.tasks.methods.validation.arms import AGAIN, LIKELIEST, arms_of
from labelworks.tasks.methods.validation.out_of_fold import treated
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.values import judge_options, policy_of
from labelworks.tasks.treat.stage import treat
from tests.support.stages import run_stages

OPTIONS, N_FOLDS = judge_options(DetectConfig()), DetectConfig().folds


def test_rows_are_judged_by_what_was_relabelled_anywhere(made: Any, write: Any, run_config: Any) -> None:
    table = made(rows=900, noise=0.3, dim=4).table
    near = np.array(table["vector"].to_pylist(), np.float32) / 3  # classes that overlap
    near += np.random.default_rng(1).normal(size=near.shape).astype(np.float32)
    table = table.set_column(1, "vector", pa.array(near.tolist(), pa.list_(pa.float32())))
    config = run_config(write(table, parts=3), treat={"objective": "auto"})
    record = run_stages(config)
    run, _ = plan_run(config, {})
    detected = run.artifacts.result(DetectResult)
    assert detected is not None
    found = {arm: treat(run.with_arm(arm), detected.ref, detected.figures) for arm in (LIKELIEST, AGAIN)}
    assert found[LIKELIEST].ref.model_copy(update={"treat_key": ""}) == detected.ref
    assert found[AGAIN].ref.model_key != detected.ref.model_key
    assert len(detected.ref.of("source")) > 1
    scores = pa.concat_tables(
        run.artifacts.store.read_table(run.artifacts.scores(found[AGAIN].ref, part))
        for part in detected.ref.of("source")
    ).sort_by("id")
    labels = pa.concat_tables(
        run.artifacts.store.read_table(run.artifacts.treated(found[AGAIN].ref, part))
        for part in detected.ref.of("source")
    ).sort_by("id")
    posterior, decided = at_hand(table.sort_by("id"), list(record.classes), config)
    np.testing.assert_allclose(np.array(scores["posterior"].to_pylist()), posterior, atol=0.01)
    assert np.mean(labels["label"].to_numpy() == decided) > 0.995
    assert np.mean(labels["label"].to_numpy() != labels["given"].to_numpy()) > 0.15


def at_hand(table: pa.Table, classes: list[str], config: Any) -> tuple[np.ndarray, np.ndarray]:
    """The posterior (N, K) and the labels (N,) of a second pass on arrays that hold all rows."""
    given = np.array([classes.index(each) for each in table["label"].to_pylist()], np.int32)
    features = np.array(table["vector"].to_pylist(), np.float32)
    sample = Sample(features, given, fold_of(hash_ids(table["id"].combine_chunks()), N_FOLDS))
    sums = FoldSums.of(features, given, sample.folds, N_FOLDS, len(classes))
    judge = NoiseJudge.fit(sums, sample, OPTIONS)
    judged, policy = judge.judge(sample), arms_of(policy_of(config.treat))[AGAIN]
    counts = np.bincount(given).astype(np.float64)
    labels, _ = treated(sample, judged, policy, None, counts)
    again, before = judged, given
    for _ in range(1, policy.passes):
        if np.mean(labels != before) <= ALIKE:
            break
        again, before = look_again(sample, labels, judge, judged, OPTIONS, N_FOLDS), labels
        labels, _ = treated(sample, again, policy, None, counts)
    assert again.posterior is not None
    return again.posterior, labels
