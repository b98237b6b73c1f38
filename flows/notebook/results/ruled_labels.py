"""Labels that rules speak for, and what is told of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.out_of_sample import checked_features, fitted_probes, row_folds
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.percentages import percent
from labelworks.tasks.artifacts.votes.rule_votes import shares_of
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.weak_supervision import RuleLabels, aggregate_rules


@dataclass(frozen=True, eq=False, repr=False)
class RuledLabels(Shown):
    """Labels of N rows over K classes by R rules, given by `label_by_rules` and `aggregate_rules`.

    Attributes
    ----------
    labels : ndarray of shape (N,)
        The likeliest class; None where no rule fires and there are no features.
    classes : ndarray of shape (K,)
        The classes, in the order of `posterior` and `prior`.
    posterior : ndarray of shape (N, K), float32
        P(true label); where no rule fires the prior, or what the features say.
    votes : ndarray of shape (N, R), int32
        What each rule says: the place of a class, -1 where it abstains.
    rules : DataFrame
        By rule: on how many rows it `fires`, `coverage`, `overlaps` (with another rule) and `conflicts`
        (against one) as shares of the rows, `accuracy`, estimated from where it meets others (.8 of one that
        meets none, which is assumed), `failed` (rows it could not look at), and which one it `repeats`.
    prior : ndarray of shape (K,)
        Share of each class, as given or as estimated.
    method : str
        The method that found them.
    """

    labels: NDArray[Any]
    classes: NDArray[Any]
    posterior: NDArray[np.float32]
    votes: NDArray[np.int32]
    rules: pd.DataFrame = field(repr=False)
    prior: NDArray[np.float64]
    method: str

    def to_pandas(self) -> pd.DataFrame:
        """A row a row: its label, how probable it is, and how many rules fire on it."""
        fires = (self.votes >= 0).sum(axis=1)
        columns = {"label": self.labels, "probability": self.posterior.max(axis=1), "fires": fires}
        return pd.DataFrame(columns)

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        covered = percent(float((self.votes >= 0).any(axis=1).mean()))
        rules = several(len(self.rules), "rule")
        return f"{several(len(self.votes), 'row')}, {covered} of them covered by {rules}, by {self.method}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values("probability", kind="stable")


def ruled(
    codes: NDArray[np.int32],
    failed: NDArray[np.int64],
    rules: Sequence[str],
    classes: Sequence[Any],
    prior: Mapping[Any, float] | None,
    features: Any,
    method: str,
) -> RuledLabels:
    """Labels of votes: codes (N, R) of classes, and failed (R,), rows that a rule could not look at."""
    aggregated = aggregate_rules(codes, len(classes), prior=shares_of(prior, classes), method=method)
    posterior, fires = aggregated.posterior, aggregated.labels >= 0
    if features is not None:
        seen = checked_features(features, len(codes)).values
        posterior = with_probes(aggregated, seen)
        fires = np.ones(len(codes), bool)
    names = np.empty(len(classes), object)
    names[:] = list(classes)
    labels = names[posterior.argmax(axis=1)]
    labels[~fires] = None
    by_rule = _told(aggregated, failed, rules)
    return RuledLabels(labels, names, posterior, codes, by_rule, aggregated.prior, aggregated.method)


def with_probes(found: RuleLabels, features: NDArray[np.floating]) -> NDArray[np.float32]:
    """P(class | rules, features) (N, K): where rules fire by `rule-posterior`, elsewhere the probes'.

    The probes learn from rows that rules fire on, and judge none that they learnt from.
    """
    fires = np.flatnonzero(found.labels >= 0)
    classes, codes = np.unique(found.labels[fires], return_inverse=True)
    probes, rows = fitted_probes(features[fires], codes, len(classes)), single(features)
    seen = np.zeros(found.posterior.shape, np.float32)
    seen[:, classes] = np.exp(probes.log_probs(rows))
    seen[np.ix_(fires, classes)] = np.exp(probes.log_probs(rows[fires], row_folds(len(fires))))
    posterior = seen.copy()
    votes = found.posterior[fires]
    judged = detect(votes.argmax(axis=1), seen[fires], votes=votes, method="rule-posterior", posterior=True)
    posterior[fires] = judged.posterior
    return posterior


def _told(found: RuleLabels, failed: NDArray[np.int64], rules: Sequence[str]) -> pd.DataFrame:
    """A row a rule."""
    sums, rows = found.sums, max(found.sums.rows, 1)
    repeated = [found.copies.get(rule, -1) for rule in range(len(rules))]
    columns = {
        "fires": sums.fires,
        "coverage": sums.fires / rows,
        "overlaps": sums.overlaps / rows,
        "conflicts": sums.conflicts / rows,
        "accuracy": found.accuracy,
        "failed": failed,
        "repeats": [None if earlier < 0 else rules[earlier] for earlier in repeated],
    }
    return pd.DataFrame(columns, pd.Index(rules, name="rule"))
