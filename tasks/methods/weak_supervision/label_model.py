"""The label model of rules: how right each is, learnt from where rules meet, held by what rules are like."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.weak_supervision.dependence import (
    copies,
    dependence,
    discounted,
    repetition,
)
from labelworks.tasks.methods.weak_supervision.outputs import Floats, Outputs
from labelworks.tasks.methods.weak_supervision.patterns import Patterns

RIGHT = 0.8  # how often a rule that fires is right, before anything is known of it
PRIOR_ROWS = 10  # that this is worth, and besides a share of the rows that the rule fires on:
SHARES = (0.3, 1.0, 3.0)  # rules alike, the more; what is not known is averaged over
BASE_RATES = (0.0, 0.5, 1.0)  # how far a rule of a rare class is right less often: not at all, …, in full
SEVERAL_SIDED = (1.0, 0.3, 0.1)  # the share by round, of rules of several classes where three or more meet
ITERATIONS = 60
TOLERANCE = 1e-4
FLOOR = 1e-9


@dataclass(frozen=True, eq=False)
class Member:
    """One fitted model: evidence (M, K), log P(output | class) but for a constant; prior (K,) of classes."""

    evidence: Floats
    prior: Floats
    depends: Floats

    def posterior(self, fires: sparse.csr_array) -> Floats:
        """P(class | what fires) (n, K)."""
        joint = np.log(self.prior) + discounted(fires, self.depends) @ self.evidence
        shares = np.exp(joint - joint.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class LabelModel:
    """Fitted models, averaged. prior (K,): of the classes. copies: rules that repeat another, by place."""

    outputs: Outputs
    members: tuple[Member, ...]
    prior: Floats
    copies: dict[int, int] = field(default_factory=dict)

    def posterior(self, votes: NDArray[np.integer]) -> NDArray[np.float32]:
        """P(class | votes) (n, K) of votes (n, R); where no rule fires it is the prior."""
        fires = self.outputs.fires(votes)
        mean = sum(member.posterior(fires) for member in self.members) / len(self.members)
        silent = fires.sum(axis=1) == 0
        return np.where(silent[:, None], self.prior, mean).astype(np.float32)


@register("weak_supervision", "label-model", source="Dawid & Skene 1979; Ratner et al. 2016, 2019")
def label_model(patterns: Patterns, classes: int, prior: Floats | None = None) -> LabelModel:
    """Expectation–maximisation under the prior that a rule that fires is right with .8.

    patterns: what the rules say; prior (K,) of the classes, None: estimated with the rest. What a rule says
    is one output a class; that it abstains says nothing. Of an output P(class | it fires) is estimated: of a
    rule of one class that is all that there is to know. Outputs that fire on the same rows, or go together
    within classes, share their weight. Rules alone don't tell how far they differ, nor whether those of a
    rare class are right less often: the posterior is the average over models that assume more or less of it.
    """
    outputs = Outputs.of(patterns.answers, classes)
    fires, rows = outputs.fires(patterns.answers), patterns.rows.astype(np.float64)
    fitted = [
        _fitted(fires, rows, outputs, classes, prior, *assumed) for assumed in product(SHARES, BASE_RATES)
    ]
    mean = np.mean([member.prior for member in fitted], axis=0)
    depends = np.mean([member.depends for member in fitted], axis=0)
    return LabelModel(outputs, tuple(fitted), mean, copies(depends, outputs))


def _fitted(
    fires: sparse.csr_array,
    rows: Floats,
    outputs: Outputs,
    classes: int,
    given: Floats | None,
    share: float,
    base_rate: float,
) -> Member:
    """One model; given: the prior of the classes, or None."""
    several = outputs.sides > 1
    meet = len(np.unique(outputs.rule[several])) >= 3
    base = np.where(several, 1.0, base_rate)
    fired = np.asarray(fires.T @ rows)
    mix = _answer_mix(fires, rows, outputs, classes)
    prior = mix if given is None else np.maximum(np.asarray(given, np.float64), FLOOR)
    right = np.full(len(fired), RIGHT)
    evidence = np.log(_expected(right, prior, base, outputs)) - np.log(prior)
    same = depends = repetition(fires, rows, outputs)
    for turn, of_several in enumerate(SEVERAL_SIDED):
        held = PRIOR_ROWS + np.where(several & meet, of_several, share) * fired
        weights = discounted(fires, depends)
        for _ in range(ITERATIONS):
            joint = np.log(prior) + weights @ evidence
            posterior = np.exp(joint - joint.max(axis=1, keepdims=True))
            posterior /= posterior.sum(axis=1, keepdims=True)
            mix = _smoothed(posterior.T @ rows)
            prior = mix if given is None else prior
            counted = np.asarray(fires.T @ (posterior * rows[:, None]))
            if meet:
                right = np.where(several, _right(counted, fired, outputs, of_several), RIGHT)
            rates = counted + held[:, None] * _expected(right, mix, base, outputs)
            rates /= rates.sum(axis=1, keepdims=True)
            before, evidence = evidence, np.log(np.maximum(rates, FLOOR)) - np.log(mix)
            if np.abs(evidence - before).max() < TOLERANCE:
                break
        if turn < len(SEVERAL_SIDED) - 1:
            depends = np.maximum(same, dependence(fires, rows, posterior, outputs))
    return Member(evidence, prior, depends)


def _answer_mix(fires: sparse.csr_array, rows: Floats, outputs: Outputs, classes: int) -> Floats:
    """Share of each class (K,) among what the rules say, each row counted once."""
    says = sparse.csr_array(
        (np.ones(len(outputs.answer)), (np.arange(len(outputs.answer)), outputs.answer)),
        shape=(len(outputs.answer), classes),
    )
    answers = (fires @ says).toarray()
    return _smoothed((answers / answers.sum(axis=1, keepdims=True)).T @ rows)


def _smoothed(counted: Floats) -> Floats:
    """Shares (K,) of counts, one row more of each class."""
    return np.asarray((counted + 1) / (counted + 1).sum())


def _expected(right: Floats, mix: Floats, base: Floats, outputs: Outputs) -> Floats:
    """P(class | output) (M, K) as far as it is known before: right (M,) where all classes are as frequent.

    base (M,): how far classes that are not so frequent are so much less likely.
    """
    likely = np.repeat((1 - right)[:, None] / max(len(mix) - 1, 1), len(mix), axis=1)
    likely[np.arange(len(right)), outputs.answer] = right
    likely *= mix ** base[:, None]
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def _right(counted: Floats, fired: Floats, outputs: Outputs, share: float) -> Floats:
    """How often the rule of an output is right (M,), whatever it says."""
    own = counted[np.arange(len(fired)), outputs.answer]
    right, size = (np.bincount(outputs.rule, weight)[outputs.rule] for weight in (own, fired))
    held = PRIOR_ROWS + share * size
    return np.asarray((right + held * RIGHT) / (size + held))
