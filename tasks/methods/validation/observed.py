"""Do inferred labels help? Whether a model of them foretells what was observed of rows that it hasn't seen.

No true class is known of a held-out row, but a model that knows the classes finds the sets, exclusions and
shares likelier that were seen there. Where it does so better than the class mix, its say makes labels better
than what was observed alone, if that means what its kind says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from labelworks.schemas.label_kinds import BAGS, NOTHING, SOFT
from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.halves import halves
from labelworks.tasks.methods.treatment.imprecise.core.evidence import Evidence
from labelworks.tasks.methods.treatment.imprecise.core.fitting import Data, alone, drawn
from labelworks.tasks.methods.treatment.imprecise.core.inference import Inference, infer_from
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks
from labelworks.tasks.methods.validation.arms import GIVEN, PROPOSED
from labelworks.tasks.methods.validation.before_after import ArmProof, Proof, within
from labelworks.tasks.methods.validation.disagreements import mean
from labelworks.tasks.methods.validation.out_of_fold import FOLDS

ROWS = 4_000  # that the comparison takes at most: EM is fitted once without each group of folds
LOG_TAU = (-4.0, 3.0)  # where the log of a model's sharpening is looked for
LEAST = 1e-6  # what was observed is no less likely than that: one row shall not decide
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldRows:
    """Rows (N,): features (N, D), folds (N,), hashes of ids (N,), marks (N, K), kinds and bags (N,).

    given (N,): the class that rules or people named by themselves, -1 where they named none.
    """

    features: NDArray[np.floating]
    folds: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    marks: Marks
    kinds: NDArray[Any]
    bags: NDArray[Any]
    given: NDArray[np.int32]

    def only(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> HeldRows:
        """Some of the rows."""
        at = np.flatnonzero(rows) if rows.dtype == bool else rows
        return HeldRows(
            self.features[at],
            self.folds[at],
            self.hashes[at],
            self.marks[at],
            self.kinds[at],
            self.bags[at],
            self.given[at],
        )

    def at_most(self, most: int) -> HeldRows:
        """So many of them and the rest of a bag, by chance: another one than that of the sample they are."""
        if len(self.folds) <= most:
            return self
        place = hashes(np.where(self.kinds == BAGS, self.bags.astype(np.uint64), self.hashes))
        return self.only(place <= np.partition(place, most - 1)[most - 1])


def prove_observed(rows: HeldRows, n_folds: int, probes: Sequence[str], model: str, seed: int) -> Proof:
    """Hold a model of inferred labels against the class mix, and one of labels drawn of what was observed.

    Each group of folds in turn is held out of everything: EM, its probes, the models. Models and the mix are
    sharpened as foretells what was observed of other held-out rows best, and scored by the log-likelihood of
    what was observed (Gneiting & Raftery 2007). gain: over the class mix; over the model of drawn labels
    where it is proven worse than that. accuracy: P(class | observed, x) of the class that each model calls, x
    as both together see it.
    """
    rows = rows.at_most(ROWS)
    _, groups = np.unique(rows.folds % FOLDS, return_inverse=True)
    probs = {name: np.zeros(rows.marks.shape, np.float32) for name in (GIVEN, PROPOSED)}
    said, mix = (np.zeros(rows.marks.shape, np.float32) for _ in range(2))
    for group in range(int(groups.max()) + 1):
        train, test = rows.only(groups != group), rows.only(groups == group)
        predictions = _models(train, test, n_folds, probes, model)
        for name in probs:
            probs[name][groups == group] = predictions[name]
        said[groups == group], mix[groups == group] = predictions["said"], predictions["mix"]
    labelled = rows.kinds != NOTHING
    held = {name: predicted[labelled] for name, predicted in probs.items()}
    return _compared(held, said[labelled], mix[labelled], groups[labelled], seed)


def _models(
    train: HeldRows, test: HeldRows, n_folds: int, probes: Sequence[str], model: str
) -> dict[str, NDArray[np.float32]]:
    """What models foretell of held-out rows (m, K); `said` (m, K), P(observed | class); `mix` (K,)."""
    data, _, inference = infer_from(
        train.marks, train.kinds, train.features, train.folds, n_folds, probes=probes, bags=train.bags
    )
    fit, classes = get("models", model).target, train.marks.shape[1]
    posterior = np.empty(train.marks.shape, np.float32)
    for places, predictions in inference.blocks(data):
        posterior[places] = predictions
    inferred = posterior.argmax(axis=1).astype(np.int32), posterior.max(axis=1)
    mix = posterior.mean(axis=0, dtype=np.float64)
    return {
        "mix": mix.astype(np.float32),
        PROPOSED: fit(train.features, *inferred, classes)(test.features),
        GIVEN: fit(*_by_itself(data, train), classes)(test.features),
        "said": _said(test, inference, mix),
    }


def _by_itself(
    data: Data, train: HeldRows
) -> tuple[NDArray[np.floating], NDArray[np.int32], NDArray[np.float32]]:
    """Features, labels drawn of what was observed and weights of 1: of the labelled rows."""
    parts = [(places, drawn(train.hashes[places], said)) for places, said, _ in alone(data)]
    places, labels = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    order = np.argsort(places)
    places, labels = places[order], labels[order].astype(np.int32)
    labels = np.where(train.given[places] >= 0, train.given[places], labels).astype(np.int32)
    return train.features[places], labels, np.ones(len(places), np.float32)


def _said(test: HeldRows, inference: Inference, mix: Floats) -> NDArray[np.float32]:
    """P(observed | class) of held-out rows (m, K); of a bag its shares over the class mix (K,)."""
    options = inference.options if SOFT in inference.options else {**inference.options, SOFT: {"prior": mix}}
    kinds = np.where(test.kinds == BAGS, SOFT, test.kinds)
    evidence = Evidence.of(test.marks, kinds, options=options)
    said = np.ones(test.marks.shape, np.float32)
    for part in evidence.labelled:
        said[part.rows] = part.given(slice(0, len(part.rows)))
    return np.asarray(said / said.max(axis=1, keepdims=True), np.float32)


def _compared(
    probs: dict[str, NDArray[np.float32]],
    said: NDArray[np.float32],
    mix: NDArray[np.float32],
    groups: NDArray[np.intp],
    seed: int,
) -> Proof:
    folds = int(groups.max()) + 1
    sharp = {name: _sharpened(predicted, said, seed) for name, predicted in probs.items()}
    score = {name: _log_likelihood(logs, said) for name, logs in sharp.items()}
    both = (sharp[GIVEN] + sharp[PROPOSED]) * said
    both /= both.sum(axis=1, keepdims=True)
    called = {name: predicted.argmax(axis=1) for name, predicted in probs.items()}
    right = {name: both[np.arange(len(both)), labels].astype(np.float64) for name, labels in called.items()}
    by_mix = _log_likelihood(_sharpened(mix, said, seed), said)  # or one that says nothing gains by softening
    gain = mean(score[PROPOSED] - by_mix, folds)
    over_drawn = mean(score[PROPOSED] - score[GIVEN], folds)
    change = mean(right[PROPOSED] - right[GIVEN], folds)
    allowed = {
        name: float((said[np.arange(len(said)), labels] > LEAST).mean()) for name, labels in called.items()
    }
    return Proof(
        **within(float(right[GIVEN].mean()), change),
        given_raw=allowed[GIVEN],
        given_treated=allowed[PROPOSED],
        holdout_rows=len(said),
        gain=gain if over_drawn.interval[1] >= 0 else over_drawn,
        arm=PROPOSED,
        arms=(ArmProof(PROPOSED, over_drawn, change),),
    )


def _sharpened(probs: NDArray[np.float32], said: NDArray[np.float32], seed: int) -> Floats:
    """Probabilities (N, K) as sure as foretells what was observed of the other half of the rows best."""
    logs = np.log(np.maximum(probs, LEAST)).astype(np.float64)
    sharpened = np.empty_like(logs)
    for fitted, scored in halves(len(logs), seed):
        seen, held = logs[fitted], said[fitted]

        def loss(place: float, seen: Floats = seen, held: NDArray[np.float32] = held) -> float:
            return -float(_log_likelihood(_softened(seen, place), held).mean())

        best = minimize_scalar(loss, bounds=LOG_TAU, method="bounded").x
        sharpened[scored] = _softened(logs[scored], float(best))
    return sharpened


def _softened(logs: Floats, place: float) -> Floats:
    return np.asarray(np.exp(log_softmax(np.exp(place) * logs, axis=1)))


def _log_likelihood(probs: Floats, said: NDArray[np.float32]) -> Floats:
    """Log-likelihood (N,) of what was observed, up to a number of each row."""
    return np.asarray(np.log(np.maximum((probs * said).sum(axis=1), LEAST)))
