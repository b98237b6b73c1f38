"""Labels made of rules: `label_by_rules` and `aggregate_rules`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from labelworks.flows.notebook.inputs.columns import frame
from labelworks.flows.notebook.inputs.out_of_sample import checked_features, fitted_probes, row_folds
from labelworks.flows.notebook.shown import Shown, several, share
from labelworks.schemas.config.rules import RuleConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.float16 import single
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.rules.matches import check_pattern
from labelworks.tasks.methods.rules.rule import Rule, evaluate
from labelworks.tasks.methods.weak_supervision import RuleLabels
from labelworks.tasks.methods.weak_supervision import aggregate_rules as aggregated


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
        covered = share(float((self.votes >= 0).any(axis=1).mean()))
        rules = several(len(self.rules), "rule")
        return f"{several(len(self.votes), 'row')}, {covered} of them covered by {rules}, by {self.method}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values("probability", kind="stable")


def label_by_rules(
    rows: Any,
    rules: Sequence[Mapping[str, Any]],
    *,
    classes: Sequence[str | int] | None = None,
    prior: Mapping[str | int, float] | None = None,
    features: Any = None,
    method: str = "label-model",
) -> RuledLabels:
    """Make labels of what rules say of the columns of a table.

    Parameters
    ----------
    rows : table
        Of pandas, polars, pyarrow or datasets, or a dictionary of columns.
    rules : sequence of dict
        Each as a config has it in `dataset.rules`: `name`, `label`, and one of `matches` (a regular
        expression of RE2, with its `column`), `where` (a condition of SQL; `pip install 'labelworks[rules]'`)
        and `function` (a plug-in's, with its `columns`).
    classes : sequence of length K, optional
        By default those that the rules speak for, sorted.
    prior : dict, optional
        The share of each class among the rows, where it is known: rules alone tell it poorly.
    features : array-like of shape (N, D), optional
        Embeddings or columns of numbers: then probes speak beside the rules, and rows on which no rule fires
        get a label too.
    method : str, default "label-model"
        A method of kind `weak_supervision` in `labelworks.methods()`.

    Returns
    -------
    RuledLabels
        Labels, posterior, and how right each rule is; `.to_pandas()` has a row a row.

    Raises
    ------
    ConfigError
        A rule that can't be read, speaks for no class or doesn't go with the columns; an unknown method.
    InputError
        No rule fires on any row; a prior or features that can't be used.

    Notes
    -----
    Sources: Ratner et al. (2016, 2019), Dawid & Skene (1979). It assumes that a rule that fires is right more
    often than not (.8, before anything is known of it), and that rules of different classes err
    independently; rules that fire on the same rows share their weight.

    Examples
    --------
    >>> import labelworks as lw
    >>> rows = {"text": ["win money", "hello ann", "win a prize", "hello, bob", "see you"]}
    >>> rules = [
    ...     {"name": "win", "label": "spam", "matches": r"\\bwin\\b", "column": "text"},
    ...     {"name": "greets", "label": "ham", "matches": "^hello", "column": "text"},
    ... ]
    >>> found = lw.label_by_rules(rows, rules)
    >>> found.labels.tolist()
    ['spam', 'ham', 'spam', 'ham', None]
    >>> found.rules["coverage"].to_dict()
    {'win': 0.4, 'greets': 0.4}
    """
    read = [_rule(place, given) for place, given in enumerate(rules)]
    named = classes if classes is not None else _spoken_for(read)
    table = pa.Table.from_pandas(frame(rows, "rows"), preserve_index=False)
    votes = evaluate(table, read, [_class(each) for each in named])
    names = [rule.name for rule in read]
    return _ruled(votes.codes, votes.failed, names, named, prior, features, method)


def aggregate_rules(
    votes: Any,
    *,
    classes: Sequence[Any] | None = None,
    prior: Mapping[Any, float] | None = None,
    features: Any = None,
    method: str = "label-model",
) -> RuledLabels:
    """Make labels of what rules said, whoever evaluated them.

    Parameters
    ----------
    votes : table or array-like of shape (N, R)
        A column a rule, named as the rule is; classes, None or NaN where it abstains.
    classes, prior, features, method
        As in `label_by_rules`; by default the classes are the answers that occur, sorted.

    Returns
    -------
    RuledLabels
        Labels, posterior, and how right each rule is; `.to_pandas()` has a row a row.

    Raises
    ------
    InputError
        No rule fires on any row, an answer is none of the classes, a prior or features can't be used.
    ConfigError
        An unknown method.

    Notes
    -----
    Sources: Dawid & Skene (1979); Ratner et al. (2016, 2019).

    Examples
    --------
    >>> import labelworks as lw
    >>> votes = {"a": ["x", "x", None, "y"], "b": ["x", None, "y", "y"], "c": [None, "x", "y", "x"]}
    >>> found = lw.aggregate_rules(votes)
    >>> found.labels.tolist()
    ['x', 'x', 'y', 'y']
    >>> found.rules["fires"].tolist()
    [3, 3, 3]
    """
    table = frame(
        votes if hasattr(votes, "columns") or isinstance(votes, Mapping) else _columns(votes), "votes"
    )
    said = table.to_numpy(object)
    there = ~pd.isna(said)
    names = sorted(set(said[there].tolist()), key=str) if classes is None else list(classes)
    codes = np.full(said.shape, -1, np.int32)
    place = {str(name): code for code, name in enumerate(names)}
    unknown = [each for each in said[there].tolist() if str(each) not in place]
    if unknown:
        raise InputError(
            f"a rule says {unknown[0]!r}, which is none of the classes",
            where="votes",
            fix=f"classes: {', '.join(map(str, names))}; None where a rule abstains",
        )
    codes[there] = [place[str(each)] for each in said[there].tolist()]
    rules = [str(column) for column in table.columns]
    return _ruled(codes, np.zeros(len(rules), np.int64), rules, names, prior, features, method)


def _ruled(
    codes: NDArray[np.int32],
    failed: NDArray[np.int64],
    rules: Sequence[str],
    classes: Sequence[Any],
    prior: Mapping[Any, float] | None,
    features: Any,
    method: str,
) -> RuledLabels:
    shares = None if prior is None else [_share(prior, each) for each in classes]
    found = aggregated(codes, len(classes), prior=shares, method=method)
    posterior, fires = found.posterior, found.labels >= 0
    if features is not None:
        seen = checked_features(features, len(codes)).values
        posterior = with_probes(found, seen)
        fires = np.ones(len(codes), bool)
    names = np.empty(len(classes), object)
    names[:] = list(classes)
    labels = names[posterior.argmax(axis=1)]
    labels[~fires] = None
    told = _told(found, failed, rules)
    return RuledLabels(labels, names, posterior, codes, told, found.prior, found.method)


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
    told = detect(votes.argmax(axis=1), seen[fires], votes=votes, method="rule-posterior", posterior=True)
    posterior[fires] = told.posterior
    return posterior


def _told(found: RuleLabels, failed: NDArray[np.int64], rules: Sequence[str]) -> pd.DataFrame:
    """A row a rule."""
    sums, rows = found.sums, max(found.sums.rows, 1)
    repeated = [found.copies.get(each, -1) for each in range(len(rules))]
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


def _rule(place: int, given: Mapping[str, Any]) -> Rule:
    """A rule as a config has it; ConfigError, with its place, where it is none."""
    where = f"rules[{place}]"
    try:
        rule = RuleConfig.model_validate(dict(given))
        return _read(rule)
    except ValidationError as error:
        said = error.errors()[0]
        key = ".".join(map(str, said["loc"]))
        what = said["msg"].removeprefix("Value error, ")
        raise ConfigError(
            f"{key}: {what}" if key else what, where=where, fix="see `dataset.rules`"
        ) from error
    except ConfigError as error:
        raise ConfigError(error.what, where=where, fix=error.fix) from error


def _read(rule: RuleConfig) -> Rule:
    if rule.matches is not None:
        check_pattern(rule.matches)
        if rule.column is None:
            raise ConfigError(f"rule {rule.name!r}: no texts", fix="name their column: column=…")
        return Rule.matching(
            rule.name, str(rule.label), rule.column, rule.matches, ignore_case=rule.ignore_case
        )
    if rule.where is not None:
        return Rule.on_condition(rule.name, str(rule.label), rule.where)
    return Rule(rule.name, str(rule.function), rule.label, rule.columns, rule.options)


def _spoken_for(rules: Sequence[Rule]) -> list[Any]:
    """The classes that rules name, sorted."""
    if any(rule.label is None for rule in rules):
        raise ConfigError("a rule that names the class itself needs classes", fix="give classes=…")
    return sorted({str(rule.label) for rule in rules})


def _class(name: Any) -> str | int:
    return name if isinstance(name, str) else int(name)


def _share(prior: Mapping[Any, float], name: Any) -> float:
    return float(prior.get(name, prior.get(str(name), 0.0)))


def _columns(votes: Any) -> dict[str, list[Any]]:
    """The columns of an array (N, R), named by their place."""
    values = np.asarray(votes, object)
    if values.ndim != 2:
        raise InputError(
            f"votes have the shape {values.shape}", where="votes", fix="give (N, R), a rule a column"
        )
    return {f"rule {place}": list(values[:, place]) for place in range(values.shape[1])}
