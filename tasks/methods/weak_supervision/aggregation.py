"""Aggregation: from what rules say to a label a row, and how right each rule is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.protocols.labels import RuleModel
from labelworks.tasks.methods.weak_supervision.patterns import ABSTAIN, Patterns
from labelworks.tasks.methods.weak_supervision.rule_sums import RuleSums

DEFAULT = "label-model"


@dataclass(frozen=True, eq=False)
class RuleLabels:
    """Labels of N rows over K classes, by R rules.

    posterior (N, K) float32; labels (N,) codes of the likeliest class, ABSTAIN where no rule fires; accuracy
    (R,): how often a rule that fires is right, as far as the votes tell, NaN of one that never does; copies:
    which rule another one repeats, by place; prior (K,) of the classes; sums: coverage, overlaps, conflicts.
    """

    posterior: NDArray[np.float32]
    labels: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    copies: dict[int, int]
    prior: NDArray[np.float64]
    sums: RuleSums
    method: str


def aggregate_rules(
    votes: NDArray[np.integer], classes: int, *, prior: Any = None, method: str = DEFAULT
) -> RuleLabels:
    """Make a label of what rules say of each row.

    votes (N, R): codes of classes, ABSTAIN where a rule doesn't fire. prior (K,): of the classes where it is
    known. Raises InputError where no rule ever fires, a code is none of the classes, or the prior is none;
    ConfigError where there is no such method.
    """
    codes = np.asarray(votes)
    _check(codes, classes)
    sums = RuleSums.of(codes)
    model = fit_rules(sums, classes, prior=prior, method=method)
    posterior = model.posterior(codes)
    labels = np.where((codes >= 0).any(axis=1), posterior.argmax(axis=1), ABSTAIN)
    accuracy = accuracy_of(sums.patterns, model)
    return RuleLabels(posterior, labels, accuracy, model.copies, model.prior, sums, method)


def fit_rules(sums: RuleSums, classes: int, *, prior: Any = None, method: str = DEFAULT) -> RuleModel:
    """Fit a model of the rules on what was counted; errors as `aggregate_rules`."""
    chosen = registry.get("weak_supervision", method)
    if not len(sums.patterns.rows):
        raise InputError("no rule fires on any row", fix="check what the rules look for")
    known = None if prior is None else _shares(prior, classes)
    model: RuleModel = chosen.target(sums.patterns, classes, known)
    return model


def accuracy_of(patterns: Patterns, model: RuleModel) -> NDArray[np.float64]:
    """How often each rule that fires is right (R,), by the model; NaN where it never fires."""
    answers, posterior = patterns.answers, model.posterior(patterns.answers)
    fires = answers >= 0
    right = np.take_along_axis(posterior, np.maximum(answers, 0), axis=1) * fires
    fired = patterns.rows @ fires
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(fired > 0, patterns.rows @ right / np.maximum(fired, 1), np.nan))


def _check(votes: NDArray[np.integer], classes: int) -> None:
    if votes.ndim != 2 or not np.issubdtype(votes.dtype, np.integer):
        raise InputError(
            f"votes of rules are {votes.dtype} of the shape {votes.shape}",
            fix="give whole numbers (N, R), a row a row and a column a rule",
        )
    if len(votes) and (votes.max() >= classes or votes.min() < ABSTAIN):
        row, rule = np.argwhere((votes >= classes) | (votes < ABSTAIN))[0].tolist()
        raise InputError(
            f"rule {rule} says {votes[row, rule]}, and there are {classes} classes",
            where=f"row {row}",
            fix=f"codes are from 0 to {classes - 1}, {ABSTAIN} where a rule abstains",
        )


def _shares(prior: Sequence[float], classes: int) -> NDArray[np.float64]:
    shares = np.asarray(prior, np.float64)
    if shares.shape != (classes,) or not (shares > 0).all() or not np.isclose(shares.sum(), 1, atol=1e-3):
        raise InputError(
            f"the prior is {shares.tolist()}, of {classes} classes",
            fix="give the share of each class, none of them 0, that sum to 1",
        )
    return np.asarray(shares / shares.sum())
