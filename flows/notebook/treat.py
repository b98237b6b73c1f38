"""What becomes of each label, and what it counts for: `treat`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from labelworks.flows.notebook.inputs.classes import Labels, coded, plain
from labelworks.flows.notebook.inputs.columns import frame, length, matrix
from labelworks.flows.notebook.inputs.problem import first_problem
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.prior import Prior
from labelworks.flows.notebook.results.judgement import Judgement, looked_at
from labelworks.flows.notebook.results.treatment import Treatment
from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.methods.judges.audited import LIMITED
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.reasons import WORDS, explained
from labelworks.tasks.methods.registry import check_chosen, check_weights
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.decisions import FEW, RELABEL, Verdicts
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.review_order import removed_by_look
from labelworks.tasks.methods.treatment.treat_rows import cut_of, decided_rows, weighed_rows, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.treatment.weights.core.density import DensityRatio, density_ratio
from labelworks.tasks.methods.treatment.weights.core.rows import WeightFacts
from labelworks.tasks.methods.treatment.weights.core.weigh import weigh_all
from labelworks.tasks.planning.values import policy_of

Mode = Literal["reweight", "relabel", "both", "none"]
Objective = str | dict[str, Any]
_WITH_POSTERIOR = "call find_label_errors with posterior=True, its default"


def treat(
    labels: Any,
    findings: LabelErrors,
    *,
    prior: Prior | None = None,
    mode: Mode = "both",
    objective: Objective | None = None,
    relabel_over: float | None = None,
    min_class_rows: int = 10,
    judges: Judgement | None = None,
    audited: tuple[Any, Any] | None = None,
    weights: Sequence[str | dict[str, Any]] | None = None,
    min_effective_share: float = 0.1,
    columns: Any = None,
    features: Any = None,
    target: Any = None,
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
    mode : {"both", "relabel", "reweight", "none"}, default "both"
        What may be done.
    objective : {"auto", "accuracy", {"precision": share}, {"budget": rows}}, default "auto"
        What labels are changed for: nine in ten of the changes are expected to be right; as many right labels
        as can be; so many of the changes are right, by what is promised; at most so many change, the surest
        ones. Flagged rows that don't change go to review. Nothing is proven here: a run does that.
    relabel_over : float, optional
        Instead of an objective: P(the new label is right) from which a label is changed.
    min_class_rows : int, default 10
        No label changes into or out of a class of fewer rows: such rows go to review.
    weights : sequence, default ["label-shift", "right"]
        What a row's weight is the product of: names of kind `weights` in `labelworks.methods()`, one with
        options as `{"group-balance": {"column": "sex"}}`.
    min_effective_share : float, default 0.1
        The product is clipped where the rows would count for less than this share of them.
    columns : table, optional
        Columns of the rows that factors read.
    features, target : array-like of shape (N, D) and (M, D), optional
        Features of the rows and of a target window, for `covariates` and `propensity`, which are 1 where a
        classifier can't tell the two apart on rows that it hasn't seen, and for other factors that need them.
    judges : Judgement, optional
        What `ask_judges` was told of the labels: what they contradict goes to review.
    audited : tuple of two array-likes of shape (n,), optional
        Numbers of rows that you looked at, drawn by chance (say 100 of those flagged), and their right
        labels. They settle the precision that the objective asks for: labels change, surest first, as far as
        a lower bound on the share that is right reaches it, a bound that holds 95 % of the time, whatever is
        claimed. Where nothing is proven nothing changes, and `.note` says what is lacking; what you found
        wrong stays as it was given. With judges, rows that these contradict: they change labels as far as
        such rows have shown them right, by the same bound.

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
    weights; Kish (1965), the effective sample that they are clipped by; Clopper & Pearson (1934) and Maurer
    et al. (1995), the bound by audited rows.

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
    _check_kind(findings)
    weighing = {"min_effective_share": min_effective_share}
    policy = _policy(
        mode, objective, relabel_over, min_class_rows,
        weighing if weights is None else {**weighing, "factors": list(weights)},
    )  # fmt: skip
    given = _same_labels(labels, findings)
    class_weights, count = _class_weights(findings, prior, policy), len(given.codes)
    counts = np.bincount(given.codes, minlength=len(findings.classes)).astype(np.float64)
    rows = with_few(_judged_labels(given, findings), policy, counts)
    rows = _audited(rows, audited, findings, policy, judges)
    named = tuple(plain(findings.classes[undominated(findings.transition, counts)]))
    cut = cut_of(rows, policy, Trust(named, doubt=findings.doubt), len(findings.classes))
    said, unheard = _verdicts(judges, audited, findings, policy)
    decided = decided_rows(rows, cut, policy, said)
    seen, density = _density(policy, features, target, count)
    weighed = weighed_rows(decided, policy, seen, _columns(policy, columns, count))
    row_weights = weigh_all(weighed, WeightFacts(class_weights, density=density), policy)
    return Treatment(
        labels=findings.classes[decided.label],
        original_labels=given.named,
        weights=row_weights.weight,
        actions=np.array(ACTIONS, object)[decided.action],
        reasons=np.array(WORDS, object)[explained(decided.reason, row_weights.factors)],
        removed_by_look=removed_by_look(
            rows.error_probability, rows.suggested, rows.claim, decided.action == RELABEL
        ),
        rare=decided.reason == FEW,
        index=given.index,
        note="; ".join(filter(None, (cut.says, unheard))),
        factors=dict(row_weights.factors),
    )


def _check_kind(findings: LabelErrors) -> None:
    if not isinstance(findings, LabelErrors):
        raise InputError(
            f"findings are of the type {type(findings).__name__}",
            where="findings",
            fix="give what find_label_errors found; curate(task=…) treats label sets and numbers",
        )


def _same_labels(labels: Any, findings: LabelErrors) -> Labels:
    """The labels that the findings are of, as codes of their classes."""
    given = coded(labels, None, findings.classes.tolist())
    if not np.array_equal(given.named, findings.labels):
        raise InputError("findings are of other labels", where="findings", fix="find errors in these labels")
    return given


def _judged_labels(given: Labels, findings: LabelErrors) -> JudgedLabels:
    """What the findings say of each label, classes as codes."""
    if findings.posterior is None:
        raise InputError("findings have no posterior", where="findings", fix=_WITH_POSTERIOR)
    suggestion = coded(findings.suggestion, None, findings.classes.tolist()).codes.astype(np.int32)
    suggested = findings.posterior[np.arange(len(suggestion)), suggestion]
    return JudgedLabels(
        given.codes.astype(np.int32),
        findings.flag,
        suggestion,
        findings.error_probability,
        suggested,
        suggested if findings.claim is None else findings.claim,
        findings.confident,
        findings.confident_probability,
    )


def _audited(
    rows: JudgedLabels,
    audited: tuple[Any, Any] | None,
    findings: LabelErrors,
    policy: Policy,
    judges: Judgement | None,
) -> JudgedLabels:
    """The rows, knowing what was looked at."""
    if audited is None or judges is not None:  # who looked at what judges contradict has looked by no chance
        return rows
    if policy.promised is None:
        raise ConfigError(
            f"audited rows prove a precision, and the objective {policy.objective.method} promises none",
            where="treat(audited=…)",
            fix="give objective={'precision': 0.9}, or judges=, or tell find_label_errors what was audited",
        )
    return replace(rows, looked=looked_at(audited, findings.classes.tolist(), len(rows.given)))


def _policy(
    mode: Mode,
    objective: Objective | None,
    relabel_over: float | None,
    min_class_rows: int,
    weights: dict[str, Any],
) -> Policy:
    said = {} if objective is None else {"objective": objective}
    bounds = {"relabel_over": relabel_over, "min_class_rows": min_class_rows, "weights": weights}
    try:
        config = TreatConfig.model_validate({"mode": mode, **said, **bounds})
    except ValidationError as error:
        key, value, what = first_problem(error)
        raise ConfigError(
            f"{key} is {value!r}: {what.lower()}" if key else what,
            where=f"treat({key}=…)" if key else "treat",
            fix="see help(treat)",
        ) from error
    policy = policy_of(config)
    check_chosen("relabel", policy.objective)
    for weight in policy.weights:
        check_weights(weight)
    return policy


def _columns(policy: Policy, columns: Any, rows: int) -> dict[str, NDArray[Any]]:
    """The columns that factors read, by name."""
    if not policy.columns:
        return {}
    table = frame({} if columns is None else columns, "columns")
    for name in policy.columns:
        if name not in table.columns:
            raise InputError(f"there is no column {name!r}", where="columns", fix="give it in columns=")
    length("columns", len(table), rows)
    return {name: table[name].to_numpy() for name in policy.columns}


def _density(
    policy: Policy, features: Any, target: Any, rows: int
) -> tuple[NDArray[np.floating] | None, DensityRatio | None]:
    """Features (N, D), and how much denser the target is there; neither where no factor asks for it."""
    if not policy.needs("features") or features is None:
        return None, None
    seen = matrix(features, "features").values
    length("features", len(seen), rows)
    if not policy.needs("target") or target is None:
        return seen, None
    return seen, density_ratio(seen, matrix(target, "target").values)


def _verdicts(
    judges: Judgement | None, audited: tuple[Any, Any] | None, findings: LabelErrors, policy: Policy
) -> tuple[Verdicts | None, str]:
    """What judges say of the rows, and why they change no label."""
    if judges is None:
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
