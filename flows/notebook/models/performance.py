"""How good a model is on a window that nobody labelled: `estimate_performance`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import Labels, coded, plain
from labelworks.flows.notebook.inputs.columns import aligned, column, in_order, length, matrix
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.performance.direct_loss import direct_loss
from labelworks.tasks.methods.performance.estimated_confusion import (
    EstimatedPerformance,
    estimated_confusion,
)
from labelworks.tasks.methods.performance.figures import Bounded
from labelworks.tasks.methods.performance.from_predictions import from_predictions
from labelworks.tasks.methods.performance.noise_rates import NoiseRates, widest

BOUNDS = ["value", "low", "high"]


@dataclass(frozen=True, eq=False, repr=False)
class Performance(Shown):
    """How good a model is on a window without labels, given by `estimate_performance`.

    Attributes
    ----------
    figures : DataFrame
        A row a figure, with its value and the 95 % interval (low, high) of what the labels of these rows
        would show: accuracy, macro_precision, macro_recall, macro_f1, value; of numbers mae, mse, rmse.
    by_class : DataFrame or None
        A row a class: its share (prior), precision, recall and F1 with their intervals; None of numbers.
    confusion : DataFrame or None
        Shares of the window: a row a true class, a column a predicted one; None of numbers.
    rows : int
        Of the window.
    """

    figures: pd.DataFrame
    by_class: pd.DataFrame | None
    confusion: pd.DataFrame | None
    rows: int

    def to_pandas(self) -> pd.DataFrame:
        """The figures, a row each."""
        return self.figures

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        name = self.figures.index[0]
        value, low, high = self.figures.iloc[0]
        if self.confusion is None:
            return f"{name} {value:.4g} ({low:.4g} to {high:.4g}) on {self.rows:,} rows without labels"
        between = f"{percent(low)} to {percent(high)}"
        return f"{name} {percent(value)} ({between}) on {self.rows:,} rows without labels"


def estimate_performance(
    labels: Any,
    pred_probs: Any = None,
    target_pred_probs: Any = None,
    *,
    predictions: Any = None,
    target_predictions: Any = None,
    features: Any = None,
    target_features: Any = None,
    classes: Sequence[Any] | None = None,
    noise: LabelErrors | None = None,
    value: Any = None,
) -> Performance:
    """Estimate how good a model is on a window that has no labels, from rows that have.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Labels of the reference, rows that the model was not trained on; with `features` numbers.
    pred_probs, target_pred_probs : array-like of shape (N, K) and (M, K), optional
        The model's probabilities, of the reference out of sample, and of the window.
    predictions, target_predictions : array-like of shape (N,) and (M,), optional
        What the model says: by default the likeliest class. Needed where there are no probabilities, and of a
        model that predicts numbers.
    features, target_features : array-like of shape (N, D) and (M, D), optional
        Of a model that predicts numbers: what its error may depend on.
    classes : sequence of length K, optional
        Which class each column is of; by default as in `find_label_errors`.
    noise : LabelErrors, optional
        What `find_label_errors` found of the same labels: the figures are then those by true labels.
    value : array-like of shape (K, K), optional
        What a row is worth: a row a true class, a column a predicted one.

    Returns
    -------
    Performance
        Figures with intervals, figures by class, and the expected confusion.

    Raises
    ------
    InputError
        Shapes don't fit, rows are no distributions, a prediction is no class, fewer than 30 rows in the
        window: `where` names it.
    ConfigError
        Neither probabilities nor predictions of both windows; options of classes for a model of numbers.

    Notes
    -----
    Of classes: it holds where each class looks as it did; the class mix may move, and is estimated. Of
    numbers: where the error depends on the features as it did. What breaks these shows in no figure here:
    `test_drift` tells whether features moved. With `noise` the intervals hold for any rate of wrong labels
    within its own interval, `noise.noise_rate_interval`: audited rows make both narrow. Sources: Saerens
    et al. (2002), the posterior at another mix; Shimodaira (2000) and Zadrozny & Elkan (2002), its
    calibration on weighed labelled rows; direct loss estimation of NannyML, with cross-prediction of Zrnic &
    Candès (2024).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> def window(rows, dogs):
    ...     labels = np.array(["cat", "dog"])[(rng.random(rows) < dogs).astype(int)]
    ...     sure = rng.beta(4, 2, rows)
    ...     return labels, np.where((labels == "dog")[:, None], np.c_[1 - sure, sure], np.c_[sure, 1 - sure])
    >>> labels, probs = window(2000, 0.5)
    >>> hidden, target = window(1000, 0.1)
    >>> found = lw.estimate_performance(labels, probs, target)
    >>> true = (np.array(["cat", "dog"])[target.argmax(axis=1)] == hidden).mean()
    >>> bool(abs(found.figures.loc["accuracy", "value"] - true) < 0.05)
    True
    """
    if features is not None or target_features is not None:
        if not (pred_probs is None and noise is None and value is None and classes is None):
            raise ConfigError(
                "features are for a model of numbers, the other options for one of classes",
                where="estimate_performance",
                fix="leave features out, or pred_probs, classes, noise and value",
            )
        return _of_numbers(labels, predictions, target_predictions, features, target_features)
    return _of_classes(
        labels, (pred_probs, target_pred_probs), (predictions, target_predictions), classes, noise, value
    )


def _of_classes(
    labels: Any,
    probs: tuple[Any, Any],
    predictions: tuple[Any, Any],
    classes: Sequence[Any] | None,
    noise: LabelErrors | None,
    value: Any,
) -> Performance:
    if any((one is None) != (other is None) for one, other in (probs, predictions)):
        raise _missing()
    if probs[0] is None and predictions[0] is None:
        raise _missing()
    given, both = _probabilities(labels, probs, predictions, classes)
    if noise is not None and noise.classes.tolist() != given.classes.tolist():
        raise InputError("noise is of other classes", where="noise", fix="find it on the same labels")
    own, theirs = (
        None if predicted is None else _codes(predicted, given.classes, name)
        for predicted, name in zip(predictions, ("predictions", "target_predictions"), strict=True)
    )
    if both is None and own is not None:
        length("predictions", len(own), len(given.codes))

    def by(transition: NDArray[np.float64] | None) -> EstimatedPerformance:
        made = both
        if made is None and own is not None and theirs is not None:
            made = from_predictions(given.codes, own, theirs, len(given.classes), transition=transition)
        return estimated_confusion(
            given.codes, *(made or ()), predictions=own, target_predictions=theirs,
            noise_transition=transition, value=value,
        )  # fmt: skip

    if noise is None:
        return _told(by(None), given.classes)
    rates = NoiseRates(noise.transition, noise.noise_rate, noise.noise_rate_interval)
    return _told(widest([by(transition) for transition in rates.transitions]), given.classes)


def _probabilities(
    labels: Any, probs: tuple[Any, Any], predictions: tuple[Any, Any], classes: Sequence[Any] | None
) -> tuple[Labels, tuple[NDArray[Any], NDArray[Any]] | None]:
    if probs[0] is None:
        known = classes
        if known is None:
            named = [column(answers, "predictions").dropna().unique().tolist() for answers in predictions]
            known = sorted({*column(labels, "labels").dropna().unique().tolist(), *named[0], *named[1]})
        return coded(labels, None, known), None
    source, current = matrix(probs[0], "pred_probs"), matrix(probs[1], "target_pred_probs")
    given = coded(labels, source, classes)
    length("pred_probs", len(source.values), len(given.codes))
    aligned(given.index, source.index, "labels and pred_probs")
    order = plain(given.classes) if source.names is None else source.names
    return given, (source.values, in_order(current, order, "target_pred_probs"))


def _codes(predictions: Any, classes: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Predictions (n,) as places among the classes."""
    values = column(predictions, name)
    codes = pd.Index(classes).get_indexer(pd.Index(values))
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise InputError(
            f"{name} says {values.iloc[row]!r}, which is none of the classes",
            where=f"{name}, row {row}",
            fix="name all classes in classes=[…]",
        )
    return np.asarray(codes, dtype=np.int64)


def _of_numbers(labels: Any, own: Any, theirs: Any, features: Any, target: Any) -> Performance:
    if any(values is None for values in (own, theirs, features, target)):
        raise _missing()
    loss = direct_loss(
        column(labels, "labels").to_numpy(), column(own, "predictions").to_numpy(),
        column(theirs, "target_predictions").to_numpy(), matrix(features, "features").values,
        matrix(target, "target_features").values,
    )  # fmt: skip
    figures = {name: getattr(loss, name) for name in ("mae", "mse", "rmse")}
    return Performance(_table(figures), None, None, loss.rows)


def _told(found: EstimatedPerformance, classes: NDArray[Any]) -> Performance:
    index = pd.Index(classes, name="class")
    columns: dict[str, Any] = {"share": found.confusion.sum(axis=1)}
    for name, figures_of in found.by_class.items():
        columns |= {name: figures_of.values, f"{name}_low": figures_of.interval[:, 0]}
        columns |= {f"{name}_high": figures_of.interval[:, 1]}
    confusion = pd.DataFrame(found.confusion, index.rename("true"), index.rename("predicted"))
    return Performance(_table(found.overall), pd.DataFrame(columns, index), confusion, found.rows)


def _table(figures: dict[str, Bounded]) -> pd.DataFrame:
    rows = [(figure.value, figure.low, figure.high) for figure in figures.values()]
    return pd.DataFrame(rows, pd.Index(figures, name="figure"), BOUNDS)


def _missing() -> ConfigError:
    return ConfigError(
        "the model's answers for both windows are needed",
        where="estimate_performance",
        fix="give pred_probs= and target_pred_probs=, or predictions= and target_predictions=; of numbers "
        "these and features= and target_features=",
    )
