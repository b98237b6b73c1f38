"""Rules that say the same of the same rows, beyond what the class explains: together they count less."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from labelworks.tasks.methods.weak_supervision.outputs import Floats, Outputs

REPEATED = 0.85  # of the rows of two rules, from which they are taken for one before anything is known
COPIED = 0.8  # a correlation within classes from which two rules are said to be the same


def repetition(fires: sparse.csr_array, rows: Floats, outputs: Outputs) -> Floats:
    """Return how far two outputs that name the same class fire on the same rows (M, M); 0 below REPEATED.

    Of the rows on which one fires, the share on which both do (Jaccard). It needs no class: copies that many
    rules outvoted could not be told from the class itself.
    """
    both = (fires.T @ sparse.csr_array(fires.multiply(rows[:, None]))).toarray()
    fired = np.diag(both)
    share = both / np.maximum(fired[:, None] + fired - both, 1)
    alike = (outputs.answer[:, None] == outputs.answer) & (share >= REPEATED)
    repeated = np.where(alike, share, 0)
    np.fill_diagonal(repeated, 0)
    return np.asarray(repeated)


def dependence(fires: sparse.csr_array, rows: Floats, posterior: Floats, outputs: Outputs) -> Floats:
    """Return how far two outputs that name the same class go together within classes (M, M), in [0, 1].

    fires (P, M); rows (P,) weights; posterior (P, K). The correlation of the two given the class, less its
    standard error; 0 on the diagonal and where they name different classes. Two copies of one rule have 1.
    """
    total = float(rows.sum())
    count = len(outputs.rule)
    together, spread = np.zeros((count, count)), np.zeros(count)
    for of_class in posterior.T * rows:
        size = max(float(of_class.sum()), 1e-9)
        weighed = sparse.csr_array(fires.multiply(of_class[:, None]))
        mean = np.asarray(weighed.sum(axis=0)).ravel() / size
        both = (fires.T @ weighed).toarray()
        together += both - size * np.outer(mean, mean)
        spread += size * mean * (1 - mean)
    deviation = np.sqrt(np.maximum(spread, 1e-12 * total))
    fired = np.asarray(fires.T @ rows)
    error = 1 / np.sqrt(np.maximum(np.minimum(fired[:, None], fired), 1))
    alike = outputs.answer[:, None] == outputs.answer
    correlation = np.where(alike, np.clip(together / np.outer(deviation, deviation) - error, 0, 1), 0)
    np.fill_diagonal(correlation, 0)
    return np.asarray(correlation)


def discounted(fires: sparse.csr_array, depends: Floats) -> sparse.csr_array:
    """Return the weights of the outputs that fire (n, M): n copies of a rule weigh as much as one."""
    company = fires @ depends
    row, place = fires.nonzero()
    return sparse.csr_array((1 / (1 + company[row, place]), (row, place)), shape=fires.shape)


def copies(depends: Floats, outputs: Outputs) -> dict[int, int]:
    """Return of each rule that only repeats an earlier one, which; all that it says has to be copied."""
    copied: dict[int, int] = {}
    for rule in np.unique(outputs.rule).tolist():
        own = np.flatnonzero(outputs.rule == rule)
        earlier = [
            {int(copied) for copied in outputs.rule[depends[place] >= COPIED]} for place in own.tolist()
        ]
        same = [candidate for candidate in sorted(set.intersection(*earlier)) if candidate < rule]
        if same:
            copied[rule] = same[0]
    return copied
