"""Which labels that are numbers are wrong: `find_regression_errors`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.columns import aligned, column, length
from labelworks.flows.notebook.inputs.out_of_sample import row_folds, telling_features
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.arrays import LARGEST, numbers, refuse_first
from labelworks.tasks.methods.regression.detect import check_fdr, detect_regression
from labelworks.tasks.methods.regression.judge import NumberJudge
from labelworks.tasks.methods.regression.usual_residuals import UsualResiduals


@dataclass(frozen=True, eq=False, repr=False)
class RegressionErrors(Shown):
    """What is known of N labels that are numbers, given by `find_regression_errors`.

    Attributes
    ----------
    labels, predictions : ndarray of shape (N,)
        The labels as given, and what was foretold of them out of sample.
    score : ndarray of shape (N,), float32
        In [0, 1], low = suspicious: the share of right labels that are as far off.
    error_probability : ndarray of shape (N,), float32
        That the label is wrong; 0 where noise, heavy-tailed or skewed, explains all that is seen.
    flag : ndarray of shape (N,), bool
        The labels to look at.
    suggestion : ndarray of shape (N,), float32
        The prediction, or the other row's label where two look swapped.
    swapped_with : ndarray of shape (N,), int64
        Position of the row whose label was likely exchanged with this one's, -1 if none.
    swap_probability : ndarray of shape (N,), float32
        That it was.
    noise_rate : float
        The estimated share of wrong labels.
    """

    labels: NDArray[np.float64]
    predictions: NDArray[np.float64]
    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[np.float32]
    swapped_with: NDArray[np.int64]
    swap_probability: NDArray[np.float32]
    noise_rate: float
    index: pd.Index = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a label, under the index of the Series that the labels came in."""
        names = ("flag", "error_probability", "score", "suggestion", "swapped_with")
        columns = {"label": self.labels, "prediction": self.predictions}
        return pd.DataFrame(columns | {name: getattr(self, name) for name in names}, self.index)

    @property
    def issues(self) -> pd.DataFrame:
        """The flagged labels, the least likely first."""
        return self.to_pandas()[self.flag].sort_values("score", kind="stable")

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        swapped = int(np.count_nonzero(self.swapped_with >= 0))
        flagged = f"{self.flag.sum():,} of {several(len(self.flag), 'label')} flagged"
        return f"{flagged}, {swapped:,} of them look swapped; about {percent(self.noise_rate)} wrong"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues


def find_regression_errors(
    labels: Any, predictions: Any = None, features: Any = None, *, spread: Any = None, fdr: float = 0.1
) -> RegressionErrors:
    """Find labels that are numbers and far from what is foretold, and pairs that look swapped.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Numbers: a list, an array, or a column of pandas, polars, pyarrow or datasets.
    predictions : array-like of shape (N,), optional
        Out-of-sample, by a model of yours. Left out, they are made from `features` by ridge regression, plain
        and behind random features, each row's by rows of other folds; gross errors are not learned from.
    features : array-like of shape (N, D), optional
        Embeddings or columns of numbers, for `predictions`.
    spread : array-like of shape (N,), optional
        How far off the model says that it may be, positive; it goes with `predictions`.
    fdr : float, default 0.1
        The share of right labels allowed among the flagged, by what is claimed of them.

    Returns
    -------
    RegressionErrors
        Scores, flags and suggestions; `.issues` and `.to_pandas()` are tables.

    Raises
    ------
    InputError
        A value is no finite number, a spread not positive, shapes don't fit: `where` names the row.
    ConfigError
        An `fdr` outside (0, 1); neither `predictions` nor `features`; a spread without predictions.

    Notes
    -----
    A label is noise around what is foretold of it, or another row's, or far from all. Where the likelihood
    says no more of wrong labels than heavy-tailed or skewed noise explains, nothing is flagged. Sources:
    Lawrence & Schölkopf (2001), the mixture; Zhou, Mueller, Kumar, Wang & Lei (2023), the scores.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> true = np.linspace(0, 10, 200)
    >>> labels = true + 0.1 * np.sin(37 * true)
    >>> labels[20] = 9.0
    >>> lw.find_regression_errors(labels, predictions=true).issues.index.tolist()
    [20]
    """
    check_fdr(fdr)
    given, index = _numbers(labels, "labels")
    if predictions is None:
        foretold = _made(given, index, features, spread, fdr)
        judged = detect_regression(given, foretold, fdr=fdr)
    else:
        foretold, other = _numbers(predictions, "predictions")
        length("predictions", len(foretold), len(given))
        aligned(index, other, "labels and predictions")
        far = None if spread is None else _numbers(spread, "spread")[0]
        judged = detect_regression(given, foretold, spread=far, fdr=fdr)
    return RegressionErrors(
        labels=given,
        predictions=foretold,
        score=judged.score,
        error_probability=judged.error_probability,
        flag=judged.flag,
        suggestion=judged.suggestion,
        swapped_with=judged.swapped_with,
        swap_probability=judged.swap_probability,
        noise_rate=judged.noise_rate,
        index=index,
    )


def _made(
    given: NDArray[np.float64], index: pd.Index, features: Any, spread: Any, fdr: float
) -> NDArray[np.float64]:
    """Predictions (N,) by the ridge probe of a run, each row's without its fold."""
    if features is None or spread is not None:
        missing = "neither predictions nor features" if spread is None else "no predictions of that spread"
        raise ConfigError(
            f"{missing} are given",
            where="find_regression_errors",
            fix="give predictions= of a model, out of sample, or features= such as embeddings",
        )
    seen = telling_features(features, len(given))
    aligned(index, seen.index, "labels and features")
    folds = row_folds(len(given))
    model = UsualResiduals(fdr=fdr)
    return NumberJudge.fit(seen.values, given, folds, model=model).judge(seen.values, given, folds).predicted


def _numbers(values: Any, name: str) -> tuple[NDArray[np.float64], pd.Index]:
    """Finite numbers (N,) and their index; InputError names the row of another value."""
    held = column(values, name)
    numeric = pd.api.types.is_numeric_dtype(held.dtype)
    given = numbers(held.to_numpy(np.float64, na_value=np.nan) if numeric else held.to_numpy(), name)
    floats = given.astype(np.float64)
    refuse_first(
        ~np.isfinite(floats), name, lambda row: f"{given[row]} is no finite number",
        "leave the row out, here and in what belongs to it",
    )  # fmt: skip
    refuse_first(
        np.abs(floats) > LARGEST, name,
        lambda row: f"{given[row]:g} is beyond {LARGEST:g}, too large for squares in single precision",
        "give the numbers in a larger unit, here and in what belongs to it",
    )  # fmt: skip
    return floats, held.index
