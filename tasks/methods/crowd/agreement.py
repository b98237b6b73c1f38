"""How far annotators agree beyond chance."""

from __future__ import annotations

from labelworks.tasks.methods.crowd.votes import Votes


def krippendorff_alpha(votes: Votes) -> float:
    """Return Krippendorff's alpha of nominal answers (1970): 1 perfect, 0 chance; NaN where undefined.

    Items with one vote say nothing of agreement and are left out.
    """
    counted = votes.counts[votes.counts.sum(axis=1) > 1]
    per_item = counted.sum(axis=1, keepdims=True)
    total = counted.sum(axis=0)
    votes_left = total.sum()
    expected = (total * (votes_left - total)).sum()
    if not expected:
        return float("nan")
    observed = (counted * (per_item - counted) / (per_item - 1)).sum()
    return float(1 - (votes_left - 1) * observed / expected)


def fleiss_kappa(votes: Votes) -> float:
    """Return Fleiss' kappa (1971), items with several votes weighing alike; NaN where undefined.

    Its one number of votes an item is generalised to any: an item's agreement is that of its pairs of votes.
    """
    counted = votes.counts[votes.counts.sum(axis=1) > 1]
    if not len(counted):
        return float("nan")
    per_item = counted.sum(axis=1)
    agreed = ((counted * (counted - 1)).sum(axis=1) / (per_item * (per_item - 1))).mean()
    chance = float(((counted.sum(axis=0) / counted.sum()) ** 2).sum())
    return float((agreed - chance) / (1 - chance)) if chance < 1 else float("nan")
