"""Labels made of rules: `label_by_rules` and `aggregate_rules`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from labelworks.flows.notebook.inputs.columns import frame
from labelworks.flows.notebook.inputs.problem import first_problem
from labelworks.flows.notebook.results.ruled_labels import RuledLabels, ruled
from labelworks.schemas.config.labels.rules import RuleConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.rules.rule import Rule, evaluate
from labelworks.tasks.planning.rules import rule_of


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
    _check_rules(read, named)
    table = pa.Table.from_pandas(frame(rows, "rows"), preserve_index=False)
    votes = evaluate(table, read, [_class(name) for name in named])
    names = [rule.name for rule in read]
    return ruled(votes.codes, votes.failed, names, named, prior, features, method)


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
    unknown = [label for label in said[there].tolist() if str(label) not in place]
    if unknown:
        raise InputError(
            f"a rule says {unknown[0]!r}, which is none of the classes",
            where="votes",
            fix=f"classes: {', '.join(map(str, names))}; None where a rule abstains",
        )
    codes[there] = [place[str(label)] for label in said[there].tolist()]
    rules = [str(column) for column in table.columns]
    return ruled(codes, np.zeros(len(rules), np.int64), rules, names, prior, features, method)


def _rule(place: int, given: Mapping[str, Any]) -> Rule:
    """A rule as a config has it; ConfigError, with its place, where it is none."""
    where = f"rules[{place}]"
    try:
        return _read(RuleConfig.model_validate(dict(given) if isinstance(given, Mapping) else given))
    except ValidationError as error:
        key, _, what = first_problem(error)
        raise ConfigError(
            f"{key}: {what}" if key else what, where=where, fix="see `dataset.rules`"
        ) from error
    except ConfigError as error:
        raise ConfigError(error.what, where=where, fix=error.fix) from error


def _read(rule: RuleConfig) -> Rule:
    read = rule_of(rule, "")
    if rule.matches is not None and rule.column is None:
        raise ConfigError(f"rule {rule.name!r}: no texts", fix="name their column: column=…")
    return read


def _check_rules(rules: Sequence[Rule], classes: Sequence[Any]) -> None:
    """Raise ConfigError where there is no rule, two have one name, or one speaks for none of the classes."""
    if not rules:
        raise ConfigError("there are no rules", where="rules", fix="give one at least")
    known, names = {str(name) for name in classes}, [rule.name for rule in rules]
    for place, rule in enumerate(rules):
        if rule.name in names[:place]:
            raise ConfigError(
                f"two rules are called {rule.name!r}",
                where=f"rules[{place}]",
                fix="give each a name of its own",
            )
        if rule.label is not None and str(rule.label) not in known:
            raise ConfigError(
                f"rule {rule.name!r} speaks for {rule.label!r}, which is none of the classes",
                where=f"rules[{place}]",
                fix=f"classes: {', '.join(map(str, classes))}",
            )


def _spoken_for(rules: Sequence[Rule]) -> list[Any]:
    """The classes that rules name, sorted."""
    if any(rule.label is None for rule in rules):
        raise ConfigError("a rule that names the class itself needs classes", fix="give classes=…")
    return sorted({str(rule.label) for rule in rules})


def _class(name: Any) -> str | int:
    return name if isinstance(name, str) else int(name)


def _columns(votes: Any) -> dict[str, list[Any]]:
    """The columns of an array (N, R), named by their place."""
    values = np.asarray(votes, object)
    if values.ndim != 2:
        raise InputError(
            f"votes have the shape {values.shape}", where="votes", fix="give (N, R), a rule a column"
        )
    return {f"rule {place}": list(values[:, place]) for place in range(values.shape[1])}
