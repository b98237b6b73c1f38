"""Whether a window's features come from another's distribution: `test_drift`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.columns import frame, matrix
from labelworks.flows.notebook.results.shown import Shown
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import check_alpha
from labelworks.tasks.methods.drift import DriftTest, test
from labelworks.tasks.methods.drift.tabular import by_column

COLUMNS = "columns"


@dataclass(frozen=True, eq=False, repr=False)
class Drift(Shown):
    """Verdict on two windows, given by `test_drift`.

    Attributes
    ----------
    drifted : bool
        p_value <= alpha.
    p_value, alpha : float
        Of no drift at all; the level it is held to.
    effect : float
        In [0, 1]: how much, whatever the number of rows.
    per_feature : DataFrame or None
        `p_value`, adjusted for their number, and `effect` of each feature or column; None where the test
        looks at no single one.
    method : str
        The test.
    """

    drifted: bool
    p_value: float
    effect: float
    method: str
    alpha: float
    per_feature: pd.DataFrame | None

    def to_pandas(self) -> pd.DataFrame:
        """A row a feature; where the test looks at none, one row of the windows."""
        if self.per_feature is not None:
            return self.per_feature
        return pd.DataFrame({"p_value": [self.p_value], "effect": [self.effect]}, ["all features"])

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        verdict = "drift" if self.drifted else "no drift"
        test = f"p = {self.p_value:.2g} (level {self.alpha:g}), effect {self.effect:.2f}"
        return f"{verdict}: {test}, by {self.method}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values(["p_value", "effect"], ascending=[True, False], kind="stable")


def test_drift(reference: Any, current: Any, method: str = "auto", *, alpha: float = 0.05) -> Drift:
    """Test whether two windows of features come from one distribution.

    Parameters
    ----------
    reference, current : array-like of shape (n, D) and (m, D)
        Embeddings, of half floats too, or columns of numbers; one column may come flat. Or tables with
        columns of anything: those are compared column by column.
    method : str, default "auto"
        A method of kind `drift` in `labelworks.methods()`; `columns` compares each column
        alone, numbers by their quantiles, everything else by its values. auto takes that where a column holds
        no numbers.
    alpha : float, default 0.05
        The level: a p-value up to here is a drift.

    Returns
    -------
    Drift
        The verdict; of enough rows every difference is significant, so look at `.effect` as well.

    Raises
    ------
    InputError
        Columns differ, rows are too few or not finite: `where` names the row.
    ConfigError
        An unknown method, or a level outside (0, 1).

    Notes
    -----
    Sources: Gretton et al. (2012), maximum mean discrepancy, and others that `labelworks.methods()` gives,
    all by permutations; Pearson (1900) for columns, whose p-values are adjusted by Holm (1979).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> lw.test_drift(rng.normal(size=(300, 4)), rng.normal(loc=1, size=(200, 4))).drifted
    True
    >>> same = np.ones((300, 4), np.float16)
    >>> lw.test_drift(same, same[:200]).drifted
    False
    """
    if method == COLUMNS or (method == "auto" and (_has_others(reference) or _has_others(current))):
        return _by_column(reference, current, alpha)
    first, second = matrix(reference, "reference"), matrix(current, "current")
    names = first.names
    values = second.values
    if names is not None and second.names is not None and names != second.names:
        _same(names, second.names)
        values = values[:, [second.names.index(name) for name in names]]
    tested = test(first.values, values, method=method, alpha=alpha)
    return Drift(
        tested.drifted, tested.p_value, tested.effect, tested.method, alpha, _features(tested, names)
    )


def _features(found: DriftTest, names: list[Any] | None) -> pd.DataFrame | None:
    if found.per_feature is None:
        return None
    index = pd.Index(range(len(found.per_feature)) if names is None else names, name="feature")
    return pd.DataFrame({"p_value": found.per_feature, "effect": found.per_feature_effect}, index)


def _has_others(window: Any) -> bool:
    """Whether it is a table with a column that holds neither numbers nor vectors."""
    if not (hasattr(window, "columns") or hasattr(window, "column_names") or isinstance(window, dict)):
        return False
    table = frame(window, "a window")
    held = (value for _, value in table.items() if not pd.api.types.is_numeric_dtype(value.dtype))
    return any(not len(value) or not np.ndim(value.iloc[0]) for value in held)


def _by_column(reference: Any, current: Any, alpha: float) -> Drift:
    check_alpha(alpha)
    first, second = frame(reference, "reference"), frame(current, "current")
    _same(list(first.columns), list(second.columns))
    for name, window in (("reference", first), ("current", second)):
        if window.empty:
            raise InputError(f"{name} has no rows", where=name, fix="give at least one")
    tests = by_column(_columns(first), _columns(second))
    adjusted = _holm(np.array([test.p_value for test in tests.values()]))
    effect = np.array([test.effect for test in tests.values()])
    features = pd.DataFrame({"p_value": adjusted, "effect": effect}, pd.Index(tests, name="feature"))
    least = float(adjusted.min())
    return Drift(least <= alpha, least, float(effect.max()), COLUMNS, alpha, features)


def _columns(table: pd.DataFrame) -> dict[Any, NDArray[Any]]:
    """Columns (n,) as the test takes them: numbers as float64, anything else as it is written."""
    return {
        name: value.to_numpy(np.float64, na_value=np.nan)
        if pd.api.types.is_numeric_dtype(value.dtype)
        else np.array(value.tolist(), object)
        for name, value in table.items()
    }


def _same(first: list[Any], second: list[Any]) -> None:
    if set(first) != set(second):
        odd = sorted(map(repr, set(first) ^ set(second)))
        raise InputError(
            f"only one window has {', '.join(odd[:5])}", where="current", fix="give the same columns of both"
        )


def _holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values (D,) adjusted so that any of them at the level happens by chance no oftener than that."""
    order = np.argsort(p_values)
    raised = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(raised, 1)
    return adjusted
