"""One table of texts cut at random looks unmoved, new classes and all, by the default encoder."""

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.findings.target import TargetFindings, shift_findings
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.statistics.folds import fitted_on, fold_of, hash_ids
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import judge_options, shift_options

CLASSES, ROWS = 5, 1600


def table(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Texts of words as rare as words are (Zipf), a few of them of their class; labels (ROWS,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, ROWS)
    share = 1 / np.arange(1, 4001)
    drawn = rng.choice(4000, (ROWS, 9), p=share / share.sum())
    own = rng.integers(0, 12, (ROWS, 3))
    rows = zip(labels, drawn, own, strict=True)
    texts = [" ".join([f"w{w}" for w in few] + [f"c{k}x{w}" for w in some]) for k, few, some in rows]
    return np.array(texts, dtype=object), labels.astype(np.int32)


def compare(texts: np.ndarray, labels: np.ndarray, source: np.ndarray, target: np.ndarray) -> TargetFindings:
    """What a run finds: the encoder fitted on some source rows, the target compared with the others."""
    hashes = hash_ids(pa.array([f"row {number}" for number in range(len(texts))]))
    others, folds = ~fitted_on(hashes, 0.5), fold_of(hashes, 5)
    encoder = make("tfidf", "text", {"dims": 128})
    encoder.load(encoder.fit(pa.array(texts[source & ~others].tolist())))
    found = encoder.encode(pa.array(texts.tolist()))
    whole = Sample(found.vectors.astype(np.float16), labels, folds, {"words": found.words})
    sample, window = (whole.only(rows) for rows in (source, target))
    sums = FoldSums.of(sample.features, sample.given, sample.folds, 5, CLASSES, sample.words)
    model = NoiseJudge.fit(sums, sample, judge_options(DetectConfig()))
    without = [sums.without(fold) for fold in range(5)]
    novelty = [novelty_by_fold(without, each.features, each.folds) for each in (sample, window)]
    probs = model.probs(sample.features, sample.folds, sample.words)
    there = model.probs(window.features, words=window.words)
    ids = [str(row) for row in np.flatnonzero(target)]
    return shift_findings(
        sample, probs, window, there, np.eye(CLASSES), shift_options(DetectConfig()),
        (novelty[0], novelty[1]), ids, others[source],
    )  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_table_cut_at_random_is_unmoved(seed: int) -> None:
    texts, labels = table(seed)
    source = np.random.default_rng(seed + 10).random(ROWS) < 0.5
    found = compare(texts, labels, source, ~source).findings
    assert found.kind == "neither"
    assert found.unknown is not None and found.unknown.interval[0] == 0
    assert found.unknown.new_classes is None


def test_a_new_mix_of_classes_is_a_label_shift() -> None:
    texts, labels = table(3)
    rng = np.random.default_rng(13)
    source = rng.random(ROWS) < 0.5
    target = ~source & (rng.random(ROWS) < np.array([1.0, 0.8, 0.5, 0.3, 0.1])[labels])
    assert compare(texts, labels, source, target).findings.kind == "label"


def test_texts_of_other_words_are_seen() -> None:
    texts, labels = table(4)
    source = np.random.default_rng(14).random(ROWS) < 0.5
    texts[~source] = [text.replace("w", "v") for text in texts[~source]]
    assert compare(texts, labels, source, ~source).findings.kind in ("covariate", "both", "open-set")
