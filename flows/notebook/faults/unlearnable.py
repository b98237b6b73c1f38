"""Labels that nothing foretells: `find_unlearnable`."""

from __future__ import annotations

from typing import Any

from labelworks.flows.notebook.faults.regions import LinearlyJudged, RegionRows
from labelworks.flows.notebook.results.shown import Shown
from labelworks.tasks.methods.poison.unlearnable import unlearnable_regions


class UnlearnableRows(RegionRows, Shown):
    """Regions whose labels no model foretells, given by `find_unlearnable`.

    Attributes
    ----------
    rows : DataFrame
        The rows of the regions, under their index: `region` (0 is the surest), `label`, as given, `right` and
        `expected`, the shares of the region that a linear model foretells, and of rows it is as sure of
        elsewhere, and `p_value`, adjusted for all regions looked at.
    """


def find_unlearnable(labels: Any, features: Any) -> UnlearnableRows:
    """Find regions whose labels neither a linear model nor trees nor the nearest rows foretell.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Classes.
    features : array-like of shape (N, D)
        Vectors of the rows; they are compared with one another, so give some ten thousands at most.

    Returns
    -------
    UnlearnableRows
        `.rows` of the regions, the surest first.

    Raises
    ------
    InputError
        Lengths differ, a label is missing, or features are no finite numbers.

    Notes
    -----
    The linear model has to be right there less often than it is of rows as sure elsewhere, in one of twenty
    datasets by chance, if it is; and nothing may foretell the labels better than the commonest of them does.
    Noise that is the same in all of a class, and a border between classes, raise no alarm. Where classes
    interleave so that a linear model is wrong in places, it may: look before you change anything. Source:
    this project; trees by Geurts et al. (2006), certainty by Zadrozny & Elkan (2002).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 3, 600)
    >>> features = 4 * np.eye(3, 6)[true] + rng.normal(size=(600, 6))
    >>> labels = np.array(["a", "b", "c"])[true]
    >>> inside = np.flatnonzero(true == 0)
    >>> near = np.linalg.norm(features[inside] - features[inside[0]], axis=1)
    >>> labels[inside[np.argsort(near)[:60]]] = rng.choice(["a", "b", "c"], 60)
    >>> lw.find_unlearnable(labels, features).rows["region"].nunique() > 0
    True
    """
    judged = LinearlyJudged.of(labels, features)
    given = judged.labels
    regions = unlearnable_regions(judged.features, given.codes, judged.probs, judged.folds)
    rows = judged.rows_of(
        regions,
        label=lambda region: given.classes[given.codes[region.rows]],
        right=lambda region: region.right,
        expected=lambda region: region.expected,
        p_value=lambda region: region.p_value,
    )
    return UnlearnableRows(rows)
