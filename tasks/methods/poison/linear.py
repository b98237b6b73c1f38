"""Out-of-sample probabilities by a plain model: one that bends to every region would learn the poison too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 2  # rows of a class, of which a scatter can be told


def linear_probs(
    features: NDArray[np.floating], given: NDArray[np.integer], folds: NDArray[np.integer], classes: int
) -> NDArray[np.float64]:
    """Probabilities (N, K) of given labels (N,) by linear discriminants of the other folds (N,).

    features (N, D) are brought to one scale. The covariance is shrunk (Ledoit & Wolf, 2004). A class of which
    the other folds have fewer than two rows has none.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    values = np.asarray(features, np.float64)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    probs = np.zeros((len(values), classes))
    for fold in np.unique(folds):
        out = folds == fold
        enough = np.flatnonzero(np.bincount(given[~out], minlength=classes) >= LEAST)
        learnt = ~out & np.isin(given, enough)
        if len(enough) == 1:
            probs[out, enough[0]] = 1.0
        elif len(enough) > 1:
            model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(
                values[learnt], given[learnt]
            )
            probs[np.ix_(out, model.classes_)] = model.predict_proba(values[out])
    return probs
