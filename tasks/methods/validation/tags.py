"""Does the treatment of tags help? On sentences that no model has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.tokens.detect import TokenJudge, cut_of, lean_of
from labelworks.tasks.methods.tokens.sentences import offsets_of, sentence_of
from labelworks.tasks.methods.tokens.tag_set import TagSet
from labelworks.tasks.methods.treatment.tags import edit_claims, treat_tags
from labelworks.tasks.methods.treatment.treat_rows import cut_of as cut_of_claims
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation.arms import GIVEN, PROPOSED
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions, within
from labelworks.tasks.methods.validation.disagreements import (
    Estimate,
    HeldOut,
    accuracy,
    difference,
    paired,
)
from labelworks.tasks.methods.validation.log_score import log_scores
from labelworks.tasks.methods.validation.out_of_fold import FOLDS, OutOfFold, Training, foretold

TOKENS = 8_000  # that the comparison takes at most: the models cost more than all else in it
LEAST_SENTENCES = 50  # that it takes of long ones all the same: fewer may be all of one group of folds
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sentences:
    """Tokens (N,) of whole sentences at offsets (S + 1,)."""

    tokens: Sample
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, tokens: Sample, begins: NDArray[np.bool_]) -> Sentences:
        """begins (N,): the first token of each sentence."""
        return cls(tokens, np.append(np.flatnonzero(begins), len(begins)).astype(np.int64))

    def only(self, sentences: NDArray[np.bool_]) -> Sentences:
        """Some of them (S,)."""
        kept = sentences[sentence_of(self.offsets)]
        return Sentences(self.tokens.only(kept), offsets_of(np.diff(self.offsets)[sentences]))

    def compared(self) -> Sentences:
        """Those that are compared, evenly taken: of about TOKENS, or LEAST_SENTENCES of long ones."""
        count = len(self.offsets) - 1
        most = max(int(TOKENS * count / max(len(self.tokens.given), 1)), LEAST_SENTENCES)
        kept = np.zeros(count, bool)
        kept[np.linspace(0, count - 1, min(most, count)).astype(np.intp)] = True
        return self.only(kept)


def prove_tags(
    sums: FoldSums, sample: Sample, begins: NDArray[np.bool_], tags: TagSet, options: ProofOptions
) -> Proof:
    """Compare a model trained on treated tags with one trained on raw ones.

    sample: tokens that stand for all, begins (N,): the first of each sentence. Each group of folds in turn is
    held out of everything. The gain is that of the log score of held-out tags, a token; a sentence is one
    observation of it, for its tokens go wrong together. The difference of accuracy counts as much less as
    disagreements of a sentence go together (Kish 1965, the design effect).
    """
    held_in = Sentences.of(sample, begins).compared()
    return _compared(_out_of_fold(sums, held_in, tags, options), held_in.offsets, options.seed)


def _out_of_fold(sums: FoldSums, held_in: Sentences, tags: TagSet, options: ProofOptions) -> OutOfFold:
    """What models of raw and of treated tags foretell of the tokens of each group of folds."""
    tokens, first = held_in.tokens, held_in.offsets[:-1]
    _, groups = np.unique(tokens.folds % FOLDS, return_inverse=True)
    held = []
    for group in range(int(groups.max()) + 1):
        out = groups == group
        train, test = held_in.only(~out[first]), tokens.only(out)
        trainings, transition = _trainings(sums, tokens, train, tags, options, int(test.folds[0]))
        held.append(foretold(train.tokens, test, trainings, options.model, transition))
    return OutOfFold.joined(tokens.given, groups, held)


def _compared(found: OutOfFold, offsets: NDArray[np.int64], seed: int) -> Proof:
    """The proof of what models foretell of tokens (N,) of sentences at offsets (S + 1,)."""
    given, n_folds, sentences = found.given, len(found.transitions), len(offsets) - 1
    raw, treated = (found.probs[name].argmax(axis=1) for name in (GIVEN, PROPOSED))
    both = found.probs[GIVEN] + found.probs[PROPOSED]
    held = HeldOut(given, found.folds, np.ones(len(given)), found.transitions, both)
    right, agreed = accuracy(held, raw), [float(np.mean(called == given)) for called in (raw, treated)]
    if PROPOSED in found.same:
        return Proof(right, right, agreed[0], agreed[1], 0.0, 0.0, sentences, False, Estimate(0.0, 0.0))
    score = {name: log_scores(given, probs, seed=seed) for name, probs in found.probs.items()}
    length = len(given) / sentences
    by_sentence = np.add.reduceat(score[PROPOSED] - score[GIVEN], offsets[:-1]) / length
    change = difference(held, raw, treated)
    spread = change.spread * np.sqrt(together(given, raw, treated, offsets))
    return Proof(
        **within(right, replace(change, spread=float(spread))),
        given_raw=agreed[0],
        given_treated=agreed[1],
        holdout_rows=sentences,
        gain=paired(by_sentence, n_folds, 1 / length),
    )


def together(
    given: NDArray[np.integer],
    raw: NDArray[np.integer],
    treated: NDArray[np.integer],
    offsets: NDArray[np.int64],
) -> float:
    """How much larger the variance of a sum over tokens (N,) is, as those of a sentence differ together."""
    side = (treated == given).astype(np.float64) - (raw == given)
    alone = float(np.square(side).sum())
    sums = np.add.reduceat(side, offsets[:-1])
    return max(float(np.square(sums).sum()) / alone, 1.0) if alone else 1.0


def _trainings(
    sums: FoldSums, tokens: Sample, train: Sentences, tags: TagSet, options: ProofOptions, fold: int
) -> tuple[dict[str, Training], Floats]:
    """What models train on, raw and treated, without a group of folds; and how tags go wrong (K, K)."""
    exclude = np.flatnonzero(np.arange(sums.n_folds) % FOLDS == fold % FOLDS)
    model = NoiseJudge.fit(sums, tokens, options.judge, exclude=exclude.tolist())
    raw, alone, probs = train.tokens.given, model.judge(train.tokens), model.label_probs(train.tokens)
    judge = TokenJudge.fit(raw, probs, tags, lean_of(cut_of(alone)))
    judged = judge.judge(raw, train.offsets, probs, alone)
    counts = sums.count.sum(axis=0)
    policy = options.policy.for_share(len(raw) / max(float(counts.sum()), 1.0))
    edits, suggestion, offsets = judged.edits, judged.suggestion, train.offsets
    hashed = np.arange(len(offsets) - 1, dtype=np.uint64)
    claims = edit_claims(edits, raw, suggestion, offsets, policy, counts, hashed)
    cut = cut_of_claims(claims, policy, Trust(), len(tags.names))
    done = treat_tags(raw, suggestion, offsets, edits, claims, cut, policy)
    weight = done.weight[sentence_of(offsets)].astype(np.float64)
    treated = (done.tags, None if (weight == 1).all() else weight / weight.mean())
    return {GIVEN: (raw, None), PROPOSED: treated}, alone.transition
