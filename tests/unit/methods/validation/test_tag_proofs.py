"""The verdict on tags: by sentences that no model has seen."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.tokens.tag_set import TagSet
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions
from labelworks.tasks.methods.validation.tags import LEAST_SENTENCES, Sentences, prove_tags, together

TAGS = TagSet.complete(("B-x", "I-x"), "bio")
LENGTH, COUNT = 6, 300


def proof(share: float, objective: Chosen, mode: str = "both") -> Proof:
    """Of sentences with a span of two tokens each; of a share of them it is left out."""
    rng = np.random.default_rng(0)
    true = np.zeros((COUNT, LENGTH), np.int32)
    start = rng.integers(0, LENGTH - 1, COUNT)
    rows = np.arange(COUNT)
    true[rows, start], true[rows, start + 1] = 1, 2
    features = 3 * np.eye(3, 8)[true.ravel()] + rng.normal(size=(COUNT * LENGTH, 8))
    given = np.where((rng.random(COUNT) < share)[:, None], 0, true).ravel().astype(np.int32)
    folds = np.repeat(rng.integers(0, 5, COUNT), LENGTH)
    sample = Sample(features.astype(np.float32), given, folds)
    sums = FoldSums.of(sample.features, given, folds, 5, 3)
    begins = np.arange(COUNT * LENGTH) % LENGTH == 0
    judge = JudgeOptions(("lda",), Chosen("none"), Chosen("auto"), False, 0.0)
    policy = Policy(mode, objective, (Chosen("right"),), 10, 0.1)  # type: ignore[arg-type]
    return prove_tags(sums, sample, begins, TAGS, ProofOptions(judge, policy, "multinomial", 0))


def test_mending_spans_that_were_left_out_gains() -> None:
    found = proof(0.3, Chosen("threshold", {"threshold": 0.5}))
    assert found.gain is not None and found.gain.interval[0] > 0
    assert found.holdout_rows == COUNT
    assert found.difference > 0


def test_nothing_is_proven_of_what_changes_nothing() -> None:
    found = proof(0.3, Chosen("threshold", {"threshold": 1.0}), mode="relabel")
    assert (found.low, found.high, found.difference) == (0.0, 0.0, 0.0)


def test_tokens_that_differ_together_tell_less() -> None:
    given, raw = np.zeros(8, np.int64), np.zeros(8, np.int64)
    treated = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    assert together(given, raw, treated, np.array([0, 4, 8])) == 4.0
    assert together(given, raw, treated, np.arange(9)) == 1.0
    assert together(given, raw, raw, np.array([0, 8])) == 1.0


@pytest.mark.parametrize(
    ("lengths", "sentences"),
    [([2, 3] * 4000, 3200), ([300, 4000, 100, 500, 200] * 30, LEAST_SENTENCES), ([5000] * 12, 12)],
)
def test_compared_sentences_are_whole_and_never_a_handful(lengths: list[int], sentences: int) -> None:
    begins = np.zeros(sum(lengths), bool)
    begins[np.cumsum(lengths) - lengths] = True
    count = len(begins)
    tokens = Sample(np.zeros((count, 1), np.float32), np.zeros(count, np.int32), np.zeros(count, np.int64))
    some = Sentences.of(tokens, begins).compared()
    assert len(some.offsets) - 1 == sentences
    assert set(np.diff(some.offsets).tolist()) <= set(lengths)
    assert len(some.tokens.given) == some.offsets[-1]
