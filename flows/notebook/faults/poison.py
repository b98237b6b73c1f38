"""Labels that look changed together: `find_poison`."""

from __future__ import annotations

from typing import Any

from labelworks.flows.notebook.faults.regions import LinearlyJudged, RegionRows
from labelworks.flows.notebook.results.shown import Shown
from labelworks.tasks.methods.poison.clusters import odd_regions


class PoisonedRegions(RegionRows, Shown):
    """Small regions with a label that contradicts features and surroundings, given by `find_poison`.

    Attributes
    ----------
    rows : DataFrame
        The rows of the regions, under their index: `region` (0 is the surest), `label`, `around`, the label
        that most rows around bear, and `p_value`, adjusted for all regions looked at.
    """


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
    judged = LinearlyJudged.of(labels, features)
    classes = judged.labels.classes
    regions = odd_regions(judged.features, judged.labels.codes, judged.probs)
    rows = judged.rows_of(
        regions,
        label=lambda region: classes[region.label],
        around=lambda region: classes[region.around],
        p_value=lambda region: region.p_value,
    )
    return PoisonedRegions(rows)
