"""What becomes of each label, and what it counts for: `treat`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from labelworks.flows.notebook.inputs.classes import coded, plain
from labelworks.flows.notebook.judgement import Judgement
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.prior import Prior
from labelworks.flows.notebook.shown import Shown, several
from labelworks.schemas.config.run import TreatConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.methods.judges.audited import LIMITED
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.reasons import WORDS, explained
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.decisions import Verdicts
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import policy_of

Mode = Literal["reweight", "relabel", "both", "none"]
Objective = str | dict[str, Any]
_WITH_POSTERIOR = "call find_label_errors with posterior=True, its default"


@dataclass(frozen=True, eq=False, repr=False)
class Treatment(Shown):
    """What is done about N labels, given by `treat`.

    Attributes
    ----------
    labels, original_labels : ndarray of shape (N,)
        The labels to train on, and as given.
    weights : ndarray of shape (N,), float32
        For training: P(the label is right) × the shift of its class.
    actions : ndarray of shape (N,)
        keep, relabel or review.
    reasons : ndarray of shape (N,)
        Why that action, and why that weight.
    note : str
        Why nothing, or less, was changed; "" where there is nothing to say.
    """

    labels: NDArray[Any]
    original_labels: NDArray[Any]
    weights: NDArray[np.float32]
    actions: NDArray[Any]
    reasons: NDArray[Any]
    index: pd.Index = field(repr=False)
    note: str = ""

    def to_pandas(self) -> pd.DataFrame:
        """A row a label, with the columns that a published version has."""
        columns = {
            "label": self.labels,
            "original_label": self.original_labels,
            "action": self.actions,
            "reason": self.reasons,
            "weight": self.weights,
        }
        return pd.DataFrame(columns, self.index)

    @property
    def issues(self) -> pd.DataFrame:
        """The rows that wait for a person, then those that were relabelled."""
        table = self.to_pandas()
        rows: pd.DataFrame = table[self.actions != ACTIONS[0]]
        return rows.sort_values(["action", "weight"], ascending=[False, True], kind="stable")

    @property
    def summary(self) -> str:
        """What was done, in a line."""
        note = f"; {self.note}" if self.note else ""
        counts = ", ".join(f"{int((self.actions == each).sum()):,} {each}" for each in ACTIONS)
        return (
            f"{several(len(self.labels), 'label')}: {counts}; weights sum to {self.weights.sum():,.1f}{note}"
        )

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues


def treat(
    labels: Any,
    findings: LabelErrors,
    *,
    prior: Prior | None = None,
    mode: Mode = "both",
    objective: Objective | None = None,
    relabel_over: float | None = None,
    min_class_rows: int = 10,
    max_weight: float = 10.0,
    judges: Judgement | None = None,
    audited: tuple[Any, Any] | None = None,
) -> Treatment:
    """Decide what becomes of each label, and what it counts for in training, as a run does.

    Parameters
    ----------
    labels : array-like of shape (N,)
        The labels that the findings are of.
    findings : LabelErrors
        What `find_label_errors` found of them.
    prior : Prior, optional
        What `estimate_prior` found of a target window: rows then count for the class mix there.
    mode : {"both", "relabel", "reweight", "none"}
        What may be done.
    objective : {"accuracy", {"precision": share}, {"budget": rows}}, default {"precision": 0.9}
        What labels are changed for: as many right labels as can be; so many of the changes are right; at most
        so many change, the surest ones. Flagged rows that don't change go to review.
    relabel_over : float, optional
        Instead of an objective: P(the new label is right) from which a label is changed.
    min_class_rows : int, default 10
        No label changes into or out of a class of fewer rows: such rows go to review.
    max_weight : float, default 10
        Weights of a class are clipped here.
    judges : Judgement, optional
        What `ask_judges` was told of the labels: what they contradict goes to review.
    audited : tuple of two array-likes of shape (n,), optional
        Numbers of rows that you looked at, and their right labels: judges change labels as far as these have
        shown them right, by a bound at the precision that the objective asks for.

    Returns
    -------
    Treatment
        New labels, weights, actions and reasons; `.to_pandas()` is a table.

    Raises
    ------
    InputError
        The findings are of other labels, or of labels that are no single class.
    ConfigError
        An option out of its range, or a prior of other classes.

    Notes
    -----
    Sources: Chow (1970), the rule of rejection; Liu & Tao (2016) and Lipton, Wang & Smola (2018), the
    weights.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = np.array(["cat", "dog"])[rng.integers(0, 2, 400)]
    >>> features = np.where(true == "dog", 9, 0)[:, None] + rng.normal(size=(400, 2))
    >>> labels = true.copy()
    >>> labels[:40] = np.where(true[:40] == "cat", "dog", "cat")
    >>> found = lw.find_label_errors(labels, features=features)
    >>> treated = lw.treat(labels, found, objective="accuracy")
    >>> int((treated.actions != "keep").sum())
    40
    >>> bool((treated.labels == true).mean() > 0.9)
    True
    """
    if not isinstance(findings, LabelErrors):
        raise InputError(
            f"findings are of the type {type(findings).__name__}",
            where="findings",
            fix="give what find_label_errors found; curate(task=…) treats label sets and numbers",
        )
    policy = _policy(mode, objective, relabel_over, min_class_rows, max_weight)
    given = coded(labels, None, findings.classes.tolist())
    if not np.array_equal(given.named, findings.labels):
        raise InputError("findings are of other labels", where="findings", fix="find errors in these labels")
    weights = _class_weights(findings, prior, policy)
    codes = given.codes.astype(np.int32)
    suggestion = coded(findings.suggestion, None, findings.classes.tolist()).codes.astype(np.int32)
    if findings.posterior is None:
        raise InputError("findings have no posterior", where="findings", fix=_WITH_POSTERIOR)
    classes, suggested = len(findings.classes), findings.posterior[np.arange(len(codes)), suggestion]
    rows = JudgedLabels(
        codes,
        findings.flag,
        suggestion,
        findings.error_probability,
        suggested,
        suggested if findings.claim is None else findings.claim,
        findings.confident,
        findings.confident_probability,
    )
    rows = with_few(rows, policy, np.bincount(codes, minlength=classes).astype(np.float64))
    named = tuple(plain(findings.classes[undominated(findings.transition)]))
    cut = cut_of(rows, policy, Trust(named, findings.steady), classes)
    said, unheard = _verdicts(judges, audited, findings, policy)
    decided, weight = treat_rows(rows, cut, policy, weights, said)
    why = explained(decided.reason, weight, decided.label, weights, policy.max_weight)
    return Treatment(
        labels=findings.classes[decided.label],
        original_labels=given.named,
        weights=weight,
        actions=np.array(ACTIONS, object)[decided.action],
        reasons=np.array(WORDS, object)[why],
        index=given.index,
        note="; ".join(filter(None, (cut.says, unheard))),
    )


def _policy(
    mode: Mode,
    objective: Objective | None,
    relabel_over: float | None,
    min_class_rows: int,
    max_weight: float,
) -> Policy:
    said = {} if objective is None else {"objective": objective}
    bounds = {"relabel_over": relabel_over, "min_class_rows": min_class_rows, "max_weight": max_weight}
    try:
        config = TreatConfig.model_validate({"mode": mode, **said, **bounds})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{key} is {first['input']!r}: {first['msg'].lower()}",
            where=f"treat({key}=…)",
            fix="see help(treat)",
        ) from error
    return policy_of(config)


def _verdicts(
    judges: Judgement | None, audited: tuple[Any, Any] | None, findings: LabelErrors, policy: Policy
) -> tuple[Verdicts | None, str]:
    """What judges say of the rows, and why they change no label."""
    if judges is None:
        if audited is not None:
            raise ConfigError(
                "audited rows say how far judges are to be heard, and no judges are given",
                where="treat(audited=…)",
                fix="give judges=, or tell find_label_errors what was audited",
            )
        return None, ""
    if judges.findings is not findings:
        raise InputError("judges were asked about other findings", where="judges", fix="ask them about these")
    if "budget" in policy.objective.options:
        return judges.verdicts(None, policy.alone)[0], LIMITED
    return judges.verdicts(audited, policy.alone)


def _class_weights(findings: LabelErrors, prior: Prior | None, policy: Policy) -> NDArray[np.float64] | None:
    """Importance weights (K,) of the target window; None where there is none, or nothing is to be weighed."""
    if prior is None or not policy.reweighs:
        return None
    if prior.classes.tolist() != findings.classes.tolist():
        raise ConfigError(
            "prior is of other classes",
            where="treat(prior=…)",
            fix="estimate it with the same labels and classes",
        )
    return prior.weights
