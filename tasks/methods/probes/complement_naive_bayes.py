"""Naive Bayes of what is said in the other classes: steadier where a class has few rows."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.probes.words_by_class import SMOOTHING, Linear, WordsByClass
from labelworks.tasks.methods.registry import register


@register("probes", "complement-naive-bayes", needs=("words",), source="Rennie 2003")
def complement_naive_bayes(words: WordsByClass) -> Linear:
    """Fit complement naive Bayes of words: weights (V, K) and intercepts (K,), without a prior, as there."""
    elsewhere = words.weight.sum(axis=0) - words.weight + SMOOTHING
    log_share = np.log(elsewhere / elsewhere.sum(axis=1, keepdims=True))
    return -log_share.T, np.zeros(len(log_share))
