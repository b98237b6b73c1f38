"""A second pass: probes fitted anew on treated labels, how labels go wrong as it was found on the given ones.

The first probes learnt from labels of which some are wrong. Of treated labels fewer are, so new ones tell
true classes better; what was given is still weighed by the transition found first, which treated labels hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, joined, score_of
from labelworks.tasks.methods.noise_judge import JUDGED_PROBABILITIES, NoiseJudge, Sample, fit_probes
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums

ALIKE = 0.005  # of the labels, that a pass has to change for another one to follow
FLOOR = 1e-12  # of P(given | true): what was never seen is not impossible
LIKELIER = 0.5  # of a label that is likelier wrong than right


@dataclass(frozen=True, eq=False)
class SecondPass:
    """Probes of treated labels, and what the first pass found of the given ones, of no row.

    wrong: the share of the treated labels that may well be wrong still, however well probes foretell them.
    """

    probes: ProbeEnsemble
    first: NoiseResult
    threshold: float
    wrong: float

    @classmethod
    def fit(
        cls,
        sums: FoldSums,
        sample: Sample,
        options: JudgeOptions,
        first: NoiseResult,
        threshold: float,
        *,
        exclude: Sequence[int] = (),
        class_vectors: NDArray[np.floating] | None = None,
    ) -> SecondPass:
        """Fit the probes to sums and a sample that bear treated labels; folds in `exclude` are seen by none.

        first: what was found of the given labels, of any rows; threshold: the error probability over which a
        label was suspected there. It lies just under that of the least suspected of them: other probes may
        put all of them lower, so labels that are likelier wrong than right are suspected in any case.
        """
        seen = sample.only(~np.isin(sample.folds, exclude))
        probes = fit_probes(sums, seen, options, exclude=exclude, class_vectors=class_vectors)
        about = replace(
            first, score=first.score[:0], error_probability=first.error_probability[:0], flag=first.flag[:0],
            suggestion=first.suggestion[:0], posterior=None, claim=None,
        )  # fmt: skip
        return cls(probes, about, min(threshold, LIKELIER), 1 / max(len(seen.given), 1))

    def judge(self, sample: Sample) -> NoiseResult:
        """Judge the given labels of rows (N,): P(true | row, given) by the new probes and the transition."""
        size = max(JUDGED_PROBABILITIES // len(self.first.transition), 1)
        return joined([self._judge(part) for part in sample.parts(size)])

    def _judge(self, sample: Sample) -> NoiseResult:
        given, rows = sample.given, np.arange(len(sample.given))
        columns = np.ascontiguousarray(np.maximum(self.first.transition.T, FLOOR), np.float32)
        shares = np.exp(self.probes.log_probs(sample.features, sample.folds, sample.words, sample.cells))
        shares *= np.float32(1 - self.wrong)
        shares += np.float32(self.wrong / shares.shape[1])  # of labels that are wrong still, any class
        shares *= columns[given]
        own = shares[rows, given]
        shares[rows, given] = 0
        others = shares.sum(axis=1)  # not all less its own: that would round to 0
        shares[rows, given] = own
        error = others / (others + own)
        flag = error > np.float32(self.threshold)
        odds = np.log(np.maximum(others, FLOOR)) - np.log(np.maximum(own, FLOOR))
        return replace(
            self.first,
            score=score_of(odds),
            error_probability=error,
            flag=flag,
            suggestion=best_class(shares, given, flag),
            posterior=shares / (others + own)[:, None],
        )


def look_again(
    rows: Sample,
    labels: NDArray[np.int32],
    judge: NoiseJudge,
    judged: NoiseResult,
    options: JudgeOptions,
    n_folds: int,
    class_vectors: NDArray[np.floating] | None = None,
) -> NoiseResult:
    """Judge rows (N,) at hand once more, by probes of their treated labels (N,) alone.

    judge, judged: of the first pass, and what it found of these rows. Rows that are judged by probabilities
    or votes of their own stay as they were judged, and so do all where the transition doesn't tell.
    """
    if judged.confident is not None or {"pred_probs", "votes"}.intersection(rows.beside):
        return judged
    fourier, classes = judge.ensemble.fourier, judge.ensemble.n_classes
    random = fourier.random if fourier else None
    sums = FoldSums.of(rows.features, labels, rows.folds, n_folds, classes, rows.words, random)
    second = SecondPass.fit(
        sums, relabelled(rows, labels), options, judged, judge.threshold, class_vectors=class_vectors
    )
    return second.judge(rows)


def relabelled(sample: Sample, labels: NDArray[np.int32]) -> Sample:
    """The sample with treated labels (N,)."""
    return replace(sample, given=labels)


def change(
    sample: Sample,
    labels: NDArray[np.int32],
    n_folds: int,
    n_classes: int,
    random: RandomFeatures | None = None,
) -> FoldSums:
    """What treated labels (N,) change in the sums over rows: changed rows go from one class to another.

    Of partitions the changes add up, and added to the sums of the given labels they make those of the treated
    ones. random: of the sums, where they have random features.
    """
    moved = sample.only(np.flatnonzero(labels != sample.given))
    after = labels[labels != sample.given]
    there, gone = (
        FoldSums.of(moved.features, sums, moved.folds, n_folds, n_classes, moved.words, random)
        for sums in (after, moved.given)
    )
    return _of_classes(there - gone)


def _of_classes(sums: FoldSums) -> FoldSums:
    """The sums without the scatter of all classes, which the same rows have whatever their labels."""
    mapped = sums.mapped
    if mapped is not None:
        mapped = replace(mapped, sums=_of_classes(mapped.sums))
    return replace(sums, gram=np.zeros_like(sums.gram), mapped=mapped)
