"""How models of a benchmark rank by given and by corrected labels: `rank_models`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import coded
from labelworks.flows.notebook.inputs.columns import column, frame, length, matrix
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import rows_of
from labelworks.tasks.methods.validation.model_ranking import SURE, ModelRanking
from labelworks.tasks.methods.validation.model_ranking import rank_models as ranked


@dataclass(frozen=True, eq=False, repr=False)
class ModelRanks(Shown):
    """Models ranked by several readings of the labels, given by `rank_models`.

    Attributes
    ----------
    table : DataFrame
        A row a reading and model: accuracy and rank (1 = best) with 95 % intervals, and rows it is of.
    differences : DataFrame
        A row a reading and pair of models: accuracy of the first less the second's, and its interval.
    """

    table: pd.DataFrame
    differences: pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """The table of accuracies and ranks."""
        return self.table

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        ranks = self.table["rank"].unstack(0)
        best = ranks["given"].idxmin()
        moved = [
            f"{int((ranks[name] != ranks['given']).sum())} by {name}" for name in ranks if name != "given"
        ]
        sentence = f"{several(len(ranks), 'model')}, best by given labels {best}"
        return sentence + (f"; ranks that move: {', '.join(moved)}" if moved else "")


def rank_models(
    labels: Any,
    predictions: Any,
    *,
    corrected: Any = None,
    posterior: Any = None,
    classes: Sequence[Any] | None = None,
    noise: LabelErrors | None = None,
    sure: float = SURE,
) -> ModelRanks:
    """Rank models by their accuracy under given and under corrected labels, with intervals.

    Parameters
    ----------
    labels : array-like of shape (N,)
        The benchmark's labels.
    predictions : table
        A column a model, a row each of the labels: what the models say, classes as in the labels.
    corrected : array-like of shape (N,), optional
        Corrected labels; or lists of classes, each of which is right of its row: rows with none are left out.
    posterior : array-like of shape (N, K), optional
        Probabilities of the true label.
    classes : sequence of length K, optional
        Which class each column of `posterior` is of.
    noise : LabelErrors, optional
        What `find_label_errors` found of the same labels: its posterior, and its suggestions as corrected
        labels, where these aren't given.
    sure : float, default 0.95
        The platinum subset: rows whose likeliest label is at least so probable.

    Returns
    -------
    ModelRanks
        By `given`, `corrected`, `posterior` (each answer as right as it is probable) and `platinum`.

    Raises
    ------
    InputError
        Shapes don't fit, or a corrected label is missing: `where` names it.
    ConfigError
        `sure` outside (0, 1].

    Notes
    -----
    Intervals are of chance in which rows the benchmark has; not of errors of the correction, which favours
    models that err as the one behind it does. Sources: Northcutt, Athalye & Mueller (2021); label sets as
    Beyer et al. (2020) score by; platinum benchmarks, Vendrow et al. (2025).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> labels = np.array(["a", "a", "b", "b"] * 50)
    >>> right = np.array(["a", "a", "b", "a"] * 50)
    >>> found = lw.rank_models(labels, {"parrot": labels, "thinker": right}, corrected=right)
    >>> found.table["rank"].unstack(0)[["given", "corrected"]].to_dict("index")
    {'parrot': {'given': 1.0, 'corrected': 2.0}, 'thinker': {'given': 2.0, 'corrected': 1.0}}
    """
    if not 0 < sure <= 1:
        raise ConfigError(f"sure is {sure}", where="sure", fix="give a probability in (0, 1]")
    said = frame(predictions, "predictions")
    sets = corrected is not None and _are_lists(column(corrected, "corrected"))
    order = _classes(labels, corrected, classes, noise, sets, posterior)
    given = coded(labels, None, order)
    length("predictions", len(said), len(given.codes))
    guesses = {str(name): _answers(values, given.classes) for name, values in said.items()}
    readings: dict[str, Any] = {"posterior": _posterior(posterior, noise, given.classes)}
    if corrected is not None:
        right = column(corrected, "corrected")
        length("corrected", len(right), len(given.codes))
        readings |= (
            {"accepted": _accepted(right, given.classes)}
            if sets
            else {"corrected": coded(right, None, given.classes.tolist()).codes}
        )
    elif noise is not None:
        readings["corrected"] = coded(noise.suggestion, None, given.classes.tolist()).codes
    return _told(ranked(given.codes, guesses, sure=sure, **readings), list(guesses))


def _classes(
    labels: Any, corrected: Any, classes: Sequence[Any] | None, noise: LabelErrors | None, sets: bool,
    posterior: Any,
) -> list[Any]:  # fmt: skip
    """All classes that labels, given or corrected, are of."""
    if classes is not None:
        return list(classes)
    if noise is not None:
        return list(noise.classes.tolist())
    named = coded(labels, None if posterior is None else matrix(posterior, "posterior")).classes.tolist()
    if corrected is None or posterior is not None:
        return list(named)
    right = column(corrected, "corrected")
    others = [label for row in right for label in row] if sets else right.dropna().tolist()
    return sorted({*named, *others})


def _are_lists(values: pd.Series[Any]) -> bool:
    return bool(len(values)) and all(isinstance(answer, list | tuple | set | np.ndarray) for answer in values)


def _answers(values: pd.Series[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    """Answers of a model as codes; -1: none of the classes, which is wrong."""
    return np.asarray(pd.Index(classes).get_indexer(pd.Index(values)), dtype=np.int64)


def _accepted(sets: pd.Series[Any], classes: NDArray[Any]) -> NDArray[np.bool_]:
    """Which classes (N, K) are right of each row."""
    sizes = [len(labels) for labels in sets]
    codes = pd.Index(classes).get_indexer(pd.Index([label for row in sets for label in row]))
    if (codes < 0).any():
        raise InputError(
            "a corrected label is none of the classes", where="corrected", fix="name all classes"
        )
    accepted = np.zeros((len(sets), len(classes)), dtype=np.bool_)
    accepted[np.repeat(np.arange(len(sets)), sizes), codes] = True
    return accepted


def _posterior(
    posterior: Any, noise: LabelErrors | None, classes: NDArray[Any]
) -> NDArray[np.floating] | None:
    if posterior is None:
        return None if noise is None else noise.posterior
    probs = rows_of(matrix(posterior, "posterior").values, "posterior")
    length("posterior", probs.shape[1], len(classes), "classes")
    return probs


def _told(found: dict[str, ModelRanking], models: list[str]) -> ModelRanks:
    tables, pairs = {}, {}
    for reading, rated in found.items():
        columns = {
            "accuracy": rated.accuracy, "low": rated.interval[:, 0], "high": rated.interval[:, 1],
            "rank": rated.rank, "rank_low": rated.rank_interval[:, 0], "rank_high": rated.rank_interval[:, 1],
            "rows": int(rated.rows),
        }  # fmt: skip
        tables[reading] = pd.DataFrame(columns, pd.Index(models))
        first, second = np.triu_indices(len(models), 1)
        both = pd.MultiIndex.from_arrays([np.array(models)[first], np.array(models)[second]])
        bounds = rated.difference_interval[first, second]
        apart = {"difference": rated.difference[first, second], "low": bounds[:, 0], "high": bounds[:, 1]}
        pairs[reading] = pd.DataFrame(apart, both)
    return ModelRanks(
        pd.concat(tables, names=["reading", "model"]), pd.concat(pairs, names=["reading", "model", "other"])
    )
