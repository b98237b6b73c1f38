"""Models of each arm of the treatment, fold by fold, and what they foretell of the rows of that fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.noise_judge import GROUP, NoiseJudge, Sample
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.second_pass import ALIKE, look_again
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows, with_few
from labelworks.tasks.methods.treatment.trust import Trust

if TYPE_CHECKING:
    from labelworks.tasks.methods.protocols.treatment import ModelMethod

ROWS = 8_000  # that the comparison takes at most: the models cost more than all else in it
FOLDS = 5  # groups of folds that are held out in turn, at most
Floats = NDArray[np.float64]
Training = tuple[NDArray[np.int32], NDArray[np.floating] | None]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What the model of each arm foretells of rows (N,) that it hasn't seen.

    folds (N,): which group of folds was held out, from 0; probs: by arm (N, K); transitions (F, K, K): how
    labels go wrong, found without each group; same: arms that train on the given labels as they are;
    groups: (N,) by column.
    """

    given: NDArray[np.int32]
    folds: NDArray[np.int64]
    probs: Mapping[str, NDArray[np.float32]]
    transitions: Floats
    same: tuple[str, ...]
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)

    @classmethod
    def joined(
        cls,
        given: NDArray[np.int32],
        folds: NDArray[np.int64],
        held: Sequence[HeldOutFold],
        groups: Mapping[str, NDArray[np.str_]] | None = None,
    ) -> OutOfFold:
        """That of rows (N,) of which each group of folds was held out, from 0 on."""
        arms, classes = frozenset(held[0].probs), len(held[0].transition)
        probs = {name: np.zeros((len(folds), classes), np.float32) for name in held[0].probs}
        for group, part in enumerate(held):
            for name, predicted in part.probs.items():
                probs[name][folds == group] = predicted
        same = arms.intersection(*(part.same for part in held))
        transitions = np.array([part.transition for part in held])
        return cls(given, folds, probs, transitions, tuple(sorted(same)), groups or {})


@dataclass(frozen=True, eq=False)
class Comparison:
    """What arms are compared by, and on which rows: ROWS at most.

    folds (N,): the group of folds that each row is held out with. class_weights (K,): those of the target
    window, None without one; class_vectors (K, D): the class names as the encoder sees them. looks_again:
    whether arms make the second pass that they ask for: in vain where it moved nothing in the first group.
    """

    sums: FoldSums
    sample: Sample
    folds: NDArray[np.int64]
    judge: JudgeOptions
    model: str
    arms: Mapping[str, Policy]
    class_weights: Floats | None
    class_vectors: NDArray[np.floating] | None
    looks_again: bool = True


@dataclass(frozen=True, eq=False)
class HeldOutFold:
    """What models of each arm foretell (n, K) of the rows held out; how labels go wrong without them.

    same: arms that trained on the given labels. looks_again: whether a second pass moved any label.
    """

    probs: Mapping[str, NDArray[np.float32]]
    transition: Floats
    same: frozenset[str]
    looks_again: bool


def too_few_folds(folds: NDArray[np.integer]) -> bool:
    """Whether, with a group of the folds (N,) held out, the other rows can't be judged by another group."""
    return len(np.unique(folds % FOLDS)) < 3


def compared_rows(rows: int) -> NDArray[np.intp]:
    """Places of those rows of a sample that arms are compared on: ROWS at most."""
    return np.linspace(0, rows - 1, min(rows, ROWS)).astype(np.intp)


def in_turn(hold_out: Callable[..., HeldOutFold], groups: Sequence[int], **shared: Any) -> list[HeldOutFold]:
    """Hold out one group after another, here."""
    return [hold_out(group, **shared) for group in groups]


def out_of_fold(
    sums: FoldSums,
    sample: Sample,
    judge: JudgeOptions,
    model: str,
    arms: Mapping[str, Policy],
    class_weights: Floats | None,
    class_vectors: NDArray[np.floating] | None = None,
    *,
    over: Callable[..., list[HeldOutFold]] = in_turn,
) -> OutOfFold:
    """Hold out each group of folds in turn of everything: probes, noise method, treatment, models.

    over: `in_turn`, or what does the same on several machines.
    """
    sample = sample.only(compared_rows(len(sample.given)))
    _, folds = np.unique(sample.folds % FOLDS, return_inverse=True)
    groups = {name: value for name, value in sample.beside.items() if name.startswith(GROUP)}
    seen = replace(sample, beside={name: sample.beside[name] for name in sample.beside if name not in groups})
    comparison = Comparison(sums, seen, folds, judge, model, arms, class_weights, class_vectors)
    held = over(hold_out, [0], comparison=comparison)
    comparison = replace(comparison, looks_again=held[0].looks_again)
    held += over(hold_out, range(1, int(folds.max()) + 1), comparison=comparison)
    return OutOfFold.joined(sample.given, folds, held, groups)


def hold_out(group: int, *, comparison: Comparison) -> HeldOutFold:
    """Fit and treat without the rows of a group of folds, and foretell these."""
    c, held = comparison, comparison.folds == group
    train, test = c.sample.only(~held), c.sample.only(held)
    n_folds, counts = c.sums.n_folds, c.sums.count.sum(axis=0)
    exclude = np.flatnonzero(np.arange(n_folds) % FOLDS == test.folds[0] % FOLDS)
    fitted = NoiseJudge.fit(
        c.sums, c.sample, c.judge, exclude=exclude.tolist(), class_vectors=c.class_vectors
    )
    judged = fitted.judge(train)
    again = partial(
        look_again, train, judge=fitted, judged=judged, options=c.judge, n_folds=n_folds,
        class_vectors=c.class_vectors,
    )  # fmt: skip
    trainings, looks_again = _trainings(c, train, judged, counts, again)
    return foretold(train, test, trainings, c.model, judged.transition, looks_again)


def foretold(
    train: Sample,
    test: Sample,
    trainings: Mapping[str, Training],
    model: str,
    transition: Floats,
    looks_again: bool = False,
) -> HeldOutFold:
    """What a model of each arm, by what it trains on, foretells of held-out rows; transition (K, K)."""
    same = frozenset(name for name, training in trainings.items() if _equal(training, (train.given, None)))
    probs = _foretold(train, test, trainings, get("models", model).target, len(transition))
    return HeldOutFold(dict(probs), transition, same, looks_again)


def _trainings(
    comparison: Comparison,
    train: Sample,
    judged: NoiseResult,
    counts: Floats,
    again: Callable[[NDArray[np.int32]], NoiseResult],
) -> tuple[dict[str, Training], bool]:
    """What the model of each arm trains on, and whether a second pass moved any label."""
    trainings: dict[str, Training] = {}
    differs, weights = comparison.looks_again, comparison.class_weights
    for name, policy in comparison.arms.items():
        treat = partial(treated, train, policy=policy, class_weights=weights, rows_by_class=counts)
        passes = list(islice(_passes(train, judged, treat, again), policy.passes if differs else 1))
        trainings[name] = passes[-1]
        if differs and policy.passes > 1:
            differs = bool(np.mean(passes[-1][0] != passes[0][0]) > ALIKE)
    return trainings, differs


def _passes(
    train: Sample,
    judged: NoiseResult,
    treat: Callable[[NoiseResult], Training],
    again: Callable[[NDArray[np.int32]], NoiseResult],
) -> Iterator[Training]:
    """What rows are treated to, pass by pass, as long as one moves enough labels for another to follow."""
    training, before = treat(judged), train.given
    yield training
    while np.mean(training[0] != before) > ALIKE:
        before = training[0]
        training = treat(again(before))
        yield training


def _foretold(
    train: Sample, test: Sample, trainings: Mapping[str, Training], fit: ModelMethod, classes: int
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """What the model of each arm foretells of held-out rows; of trainings that are the same there is one."""
    done: list[tuple[Training, NDArray[np.float32]]] = []
    for name, training in trainings.items():
        known = next((probs for trained, probs in done if _equal(trained, training)), None)
        if known is None:
            known = fit(train.features, *training, classes)(test.features)
            done.append((training, known))
        yield name, known


def treated(
    train: Sample,
    judged: NoiseResult,
    policy: Policy,
    class_weights: Floats | None,
    rows_by_class: Floats,
) -> Training:
    """Labels (N,) of rows as a policy has them, and their weights (N,); None: all count the same."""
    rows = with_few(JudgedLabels.of(train.given, judged), policy, rows_by_class)
    share = policy.for_share(len(train.given) / float(rows_by_class.sum()))
    trust = Trust(tuple(undominated(judged.transition, rows_by_class).tolist()), doubt=judged.doubt)
    cut = cut_of(rows, share, trust, len(rows_by_class))
    decided, weight = treat_rows(rows, cut, share, class_weights, train.features)
    return decided.label, None if (weight == 1).all() else weight


def _equal(one: Training, other: Training) -> bool:
    """Whether a model of the one is a model of the other."""
    if not np.array_equal(one[0], other[0]):
        return False
    if one[1] is None or other[1] is None:
        return one[1] is other[1]
    return np.array_equal(one[1], other[1])
