"""Classes that relabelling must not eat: of few rows, or hardly known by the model that judges them.

A model that has seen few rows of a class takes these for a commoner one, and is sure of it: it would call
right labels wrong, and the class would go. Labels of such classes stay, and wait for a person.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.transition_em import RARE
from labelworks.tasks.methods.statistics.wilson import wilson
from labelworks.tasks.methods.treatment.claims import BINS, Claims
from labelworks.tasks.methods.treatment.cut import NEVER, Cut

UNCOMMON = 0.5  # of an even share of the rows: no label leaves a class of fewer than RARE …
KNOWN = 0.5  # … nor an uncommon one, unless the model surely knows so many of its rows


def protected(claims: Claims) -> NDArray[np.bool_]:
    """The classes (K,) whose labels stay, by their rows and by the interval of the model's recall of them.

    A row is known where its label isn't suspected; the interval is Wilson's.
    """
    classes, rows = len(claims.rows), claims.rows
    even = rows.sum() / classes
    doubted = np.bincount(claims.cells // BINS, claims.leaving, classes)
    rare = np.zeros(classes, bool)
    for k in np.flatnonzero((doubted > 0) & (rows > 0)):
        low, _ = wilson(float(1 - claims.suspected[k] / rows[k]), int(rows[k]))
        rare[k] = rows[k] < RARE * even or (rows[k] < UNCOMMON * even and low < KNOWN)
    return rare


def sparing(cut: Cut, claims: Claims) -> Cut:
    """The same, by which no label leaves a protected class."""
    kept = protected(claims)
    return replace(cut, over=np.where(kept, NEVER, cut.over), spared=kept) if kept.any() else cut
