"""Labels that look changed together: `find_poison`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labelworks.flows.notebook.inputs.classes import coded
from labelworks.flows.notebook.inputs.columns import column
from labelworks.flows.notebook.inputs.out_of_sample import checked_features, row_folds
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.tasks.methods.poison.clusters import odd_regions
from labelworks.tasks.methods.poison.linear import linear_probs


@dataclass(frozen=True, eq=False, repr=False)
class PoisonedRegions(Shown):
    """Small regions with a label that contradicts features and surroundings, given by `find_poison`.

    Attributes
    ----------
    rows : DataFrame
        The rows of the regions, under their index: `region` (0 is the surest), `label`, `around`, the label
        that most rows around bear, and `p_value`, adjusted for all regions looked at.
    """

    rows: pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """A row a row of a region."""
        return self.rows

    @property
    def summary(self) -> str:
        """How many there are, in a line."""
        return f"{several(self.rows['region'].nunique(), 'region')} of {several(len(self.rows), 'row')}"


def find_poison(labels: Any, features: Any) -> PoisonedRegions:
    """Find small regions whose rows bear one label where features and the rows around say another.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Classes.
    features : array-like of shape (N, D)
        Vectors of the rows; doubted rows are compared with all, so give some ten thousands at most.

    Returns
    -------
    PoisonedRegions
        `.rows` of the regions, the surest first.

    Raises
    ------
    InputError
        Lengths differ, a label is missing, or features are no finite numbers.

    Notes
    -----
    A false alarm in one of twenty datasets. Somebody may have changed these labels together, or they are a
    kind of their own that the features hardly tell from what lies around: only a look at them tells. Of 40
    labels changed in a class of 240 it misses few, of fewer many, and where classes interleave, all. Source:
    this project; the covariance is shrunk as Ledoit & Wolf (2004) have it.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 4, 800)
    >>> features = 2 * rng.normal(size=(4, 8))[true] + rng.normal(size=(800, 8))
    >>> labels = np.array(["a", "b", "c", "d"])[true]
    >>> inside = np.flatnonzero(true == 0)
    >>> far = np.linalg.norm(features[inside] - features[inside].mean(axis=0), axis=1)
    >>> labels[inside[np.argsort(far)[:40]]] = "c"
    >>> found = lw.find_poison(labels, features)
    >>> found.rows[["label", "around"]].drop_duplicates().values.tolist()
    [['c', 'a']]
    """
    given, index = coded(labels), column(labels, "labels").index
    vectors = np.asarray(checked_features(features, len(given.codes)).values)
    folds, classes = row_folds(len(given.codes)), given.classes
    probs = linear_probs(vectors, given.codes, folds, len(classes))
    tables = [
        pd.DataFrame(
            {
                "region": number,
                "label": classes[region.label],
                "around": classes[region.around],
                "p_value": region.p_value,
            },
            index[region.rows],
        )
        for number, region in enumerate(odd_regions(vectors, given.codes, probs))
    ]
    nothing = pd.DataFrame({"region": [], "label": [], "around": [], "p_value": []}, index[:0])
    return PoisonedRegions(pd.concat(tables) if tables else nothing)
