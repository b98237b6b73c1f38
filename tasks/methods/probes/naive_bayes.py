"""Naive Bayes of words weighted by rarity: how much heavier a word is in a class."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.probes.words_by_class import SMOOTHING, Linear, WordsByClass
from labelworks.tasks.methods.registry import register


@register("probes", "naive-bayes", needs=("words",), source="McCallum & Nigam 1998; weights: Rennie 2003")
def naive_bayes(words: WordsByClass) -> Linear:
    """Fit multinomial naive Bayes of words: weights (V, K) and intercepts (K,)."""
    smoothed = words.weight + SMOOTHING
    log_share = np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
    return log_share.T, words.log_prior
