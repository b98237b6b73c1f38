"""How many wrong labels people's answers have put right, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.review.reviewers import BELIEVED, LOOKS, NONE, RIGHT

Floats = NDArray[np.float64]
DRAWS = 400  # of what isn't known
LEVEL = 0.95
KNOWN_LOOKS = 5.0  # that how often a person is right is known by; half of what runs assume: both tails count
SHIFTS = np.linspace(-8, 8, 65)  # of the log odds that given labels are right
SEED = 0


@dataclass(frozen=True)
class ErrorsRemoved:
    """Wrong labels put right less right ones made wrong, with an interval of LEVEL; changed: labels."""

    value: float
    low: float
    high: float
    changed: int


@dataclass(frozen=True, eq=False)
class LooksMade:
    """Answers (n,) of people about rows, as far as they say what a label is.

    given, answered: how likely the label given and the one answered were by scores; changed: whether they
    differ; reviewer: who answered; outcomes: how many answers there are, none of the classes among them, or 2
    where that isn't known: of numbers, and of several classes a row.
    """

    given: Floats
    answered: Floats
    changed: NDArray[np.bool_]
    reviewer: NDArray[np.int64]
    outcomes: int

    @classmethod
    def of(
        cls, given: NDArray[np.floating], answered: NDArray[np.floating], none: NDArray[np.bool_],
        changed: NDArray[np.bool_], reviewer: NDArray[np.int64], outcomes: int,
    ) -> LooksMade:  # fmt: skip
        """By probabilities among the classes alone; none (n,): none of them was answered."""
        of_none = np.where(none, NONE, np.asarray(answered) * (1 - NONE))
        return cls(np.asarray(given) * (1 - NONE), of_none, changed, reviewer, outcomes)


def errors_removed(looks: LooksMade) -> ErrorsRemoved:
    """What the changed labels removed: simulated, with what isn't known drawn anew each time.

    How often each person is right is worth KNOWN_LOOKS looks at RIGHT, on any row alike; errors fall on
    any other outcome alike. How likely given labels are right is told by how many a person kept; scores,
    which are worth LOOKS answers there, say only which rather than others. Which other class is right they
    say as far as they are believed, BELIEVED or thereabouts.
    """
    if not looks.changed.any():
        return ErrorsRemoved(0.0, 0.0, 0.0, 0)
    rng = np.random.default_rng(SEED)
    people = [_Person(looks, who) for who in np.unique(looks.reviewer)]
    right = rng.beta(KNOWN_LOOKS * RIGHT, KNOWN_LOOKS * (1 - RIGHT), (DRAWS, len(people)))
    trust = rng.beta(LOOKS * BELIEVED, LOOKS * (1 - BELIEVED) / 2, DRAWS)
    removed = np.zeros(DRAWS)
    for draw in range(DRAWS):
        for place, person in enumerate(people):
            removed[draw] += person.removed(right[draw, place], trust[draw], rng)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(removed, [tail, 1 - tail])
    return ErrorsRemoved(float(removed.mean()), float(low), float(high), int(looks.changed.sum()))


class _Person:
    """The answers of one person: how many were kept, and what scores say of those that changed labels."""

    def __init__(self, looks: LooksMade, who: int) -> None:
        mine = looks.reviewer == who
        believed = BELIEVED * looks.given[mine] + (1 - BELIEVED) / looks.outcomes
        odds, changed = np.log(believed) - np.log1p(-believed), looks.changed[mine]
        self.outcomes, self.answers = looks.outcomes, len(odds)
        self.kept = self.answers - int(changed.sum())
        self.odds = odds[changed]
        self.mean_right = _chance(odds[:, None] + SHIFTS).mean(axis=0)
        others = np.maximum(1 - looks.given[mine][changed], 1e-12)
        self.among_others = np.minimum(looks.answered[mine][changed] / others, 1.0)

    def removed(self, right: float, trust: float, rng: np.random.Generator) -> int:
        """One draw of labels mended less labels spoiled, where the person is right so often."""
        slip = (1 - right) / max(self.outcomes - 1, 1)
        given = _chance(self.odds + self._shift(right, slip, rng))
        named = trust * self.among_others + (1 - trust) / max(self.outcomes - 1, 1)
        mended, missed, spoiled = (1 - given) * named * right, (1 - given) * (1 - named) * slip, given * slip
        if self.outcomes == 2:  # which others there are isn't known: whoever is wrong there named another one
            mended, missed = (1 - given) * right, (1 - given) * slip
        whole, luck = mended + missed + spoiled, rng.random(len(given))
        return int((luck < mended / whole).sum() - (luck > 1 - spoiled / whole).sum())

    def _shift(self, right: float, slip: float, rng: np.random.Generator) -> float:
        """How far the log odds of all given labels lie from the scores', by how many were kept."""
        before = self.mean_right[len(SHIFTS) // 2]
        by_scores = right * before + slip * (1 - before)
        share = rng.beta(
            self.kept + LOOKS * by_scores + 1e-9, self.answers - self.kept + LOOKS * (1 - by_scores) + 1e-9
        )
        wanted = np.clip((share - slip) / max(right - slip, 1e-6), 0, 1)
        return float(np.interp(wanted, self.mean_right, SHIFTS))


def _chance(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)), np.float64)
