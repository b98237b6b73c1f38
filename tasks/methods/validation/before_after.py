"""Does the treatment help? Two models, trained on raw and on treated labels, on rows neither has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.folds import HOLDOUT
from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows, with_few
from labelworks.tasks.methods.treatment.trust import Trust, undominated


@dataclass(frozen=True)
class Proof:
    """Accuracies on held-out rows, and the bootstrap interval of their difference, treated minus raw.

    at_limit: the rows say no more than that an accuracy lies at an end of [0, 1].
    """

    accuracy_raw: float
    accuracy_treated: float
    given_raw: float
    given_treated: float
    low: float
    high: float
    holdout_rows: int
    at_limit: bool

    @property
    def difference(self) -> float:
        """Treated minus raw."""
        return self.accuracy_treated - self.accuracy_raw


@dataclass(frozen=True)
class ProofOptions:
    """What labels are judged, treated and compared by; how often the difference is drawn again; the seed."""

    judge: JudgeOptions
    policy: Policy
    model: str
    bootstrap: int
    seed: int


def prove(
    sums: FoldSums,
    sample: Sample,
    options: ProofOptions,
    class_weights: NDArray[np.float64] | None,
    class_vectors: NDArray[np.floating] | None = None,
) -> Proof:
    """Compare a model trained on treated labels with one trained on raw labels.

    One fold is held out of everything: the probes, the noise method and both models. Held-out labels are
    noisy too, so accuracy is corrected by the noise transition (Natarajan 2013, backward correction), and
    it counts classes as the target window has them. The correction knows no bounds: what it puts beyond
    [0, 1] is cut, and the difference with it, so that a loss shows and no gain does that can't be.
    """
    held = sample.folds == HOLDOUT
    train, test = sample.only(~held), sample.only(held)
    model = NoiseJudge.fit(sums, sample, options.judge, exclude=(HOLDOUT,), class_vectors=class_vectors)
    judged = model.judge(train)
    counts = sums.count.sum(axis=0)
    rows = with_few(JudgedLabels.of(train.given, judged), options.policy, counts)
    policy = options.policy.for_share(len(train.given) / float(counts.sum()))
    trust = Trust(tuple(undominated(judged.transition).tolist()), judged.steady)
    cut = cut_of(rows, policy, trust, len(counts))
    decided, weight = treat_rows(rows, cut, policy, class_weights)
    fit = get("models", options.model).target
    raw = fit(train.features, train.given, None)(test.features)
    treated = fit(train.features, decided.label, weight)(test.features)
    credit = _credit(judged.transition, class_weights)
    gain_raw, gain_treated = credit[test.given, raw], credit[test.given, treated]
    return Proof(
        **bounded(gain_raw, gain_treated, options.bootstrap, options.seed),
        given_raw=float(np.mean(raw == test.given)),
        given_treated=float(np.mean(treated == test.given)),
        holdout_rows=len(test.given),
    )


def bounded(
    gain_raw: NDArray[np.float64], gain_treated: NDArray[np.float64], repeats: int, seed: int
) -> dict[str, Any]:
    """Accuracies of the credits of held-out rows (N,), cut to [0, 1]; of their difference what fits in."""
    low, high = _interval(gain_treated - gain_raw, repeats, seed)
    before, change = float(gain_raw.mean()), float((gain_treated - gain_raw).mean())
    raw = _share(before)
    return {
        "accuracy_raw": raw,
        "accuracy_treated": _share(raw + change),
        "low": _share(raw + low) - raw,
        "high": _share(raw + high) - raw,
        "at_limit": not (0 <= before <= 1 and 0 <= raw + change <= 1),
    }


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _credit(
    transition: NDArray[np.float64], class_weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Credit (given, predicted) whose mean over noisy labels is the accuracy over true ones."""
    credit = np.asarray(np.linalg.pinv(transition), dtype=np.float64)
    return credit if class_weights is None else credit * class_weights[None, :]


def _interval(difference: NDArray[np.float64], repeats: int, seed: int) -> tuple[float, float]:
    """Bootstrap interval of 95 % of the mean, row by row and paired (Efron 1979)."""
    rng = np.random.default_rng(seed)
    values, counts = np.unique(difference, return_counts=True)
    drawn = rng.multinomial(len(difference), counts / counts.sum(), size=repeats) @ values / len(difference)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
