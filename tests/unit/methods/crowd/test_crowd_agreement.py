import numpy as np
import pytest

from labelworks.tasks.methods.crowd import Votes
from labelworks.tasks.methods.crowd.agreement import Agreement

# Krippendorff's own example (2011): four observers, twelve units, 0 = no answer
CODERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]
# Fleiss' example: ten subjects, fourteen raters, five categories
TABLE = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def coded(matrix):
    who, item = np.nonzero(np.array(matrix))
    return Votes.from_arrays(item, who, np.array(matrix)[who, item])


def from_counts(table):
    rows = [
        (item, rater, answer)
        for item, counts in enumerate(table)
        for rater, answer in enumerate(np.repeat(np.arange(len(counts)), counts))
    ]
    return Votes.from_arrays(*np.array(rows).T)


def brute_alpha(votes):
    """By pairs of votes on an item and pairs of any two pairable votes."""
    by_item = [votes.answer[votes.item == item] for item in range(len(votes.items))]
    by_item = [answers for answers in by_item if len(answers) > 1]
    pool = np.concatenate(by_item)
    seen = sum((a[:, None] != a).sum() / (len(a) - 1) for a in by_item) / len(pool)
    chance = (pool[:, None] != pool).sum() / (len(pool) * (len(pool) - 1))
    return 1 - seen / chance


def test_alpha_of_the_published_example():
    assert Agreement.of(coded(CODERS)).krippendorff_alpha == pytest.approx(0.743, abs=5e-4)


def test_kappa_of_the_published_example():
    assert Agreement.of(from_counts(TABLE)).fleiss_kappa == pytest.approx(0.210, abs=5e-4)


def test_alpha_agrees_with_counting_pairs():
    rng = np.random.default_rng(3)
    votes = Votes.from_arrays(rng.integers(0, 30, 150), rng.integers(0, 9, 150), rng.integers(0, 4, 150))
    assert Agreement.of(votes).krippendorff_alpha == pytest.approx(brute_alpha(votes))


def test_sums_of_parts_add_up_to_those_of_all_items():
    votes = coded(CODERS)
    first = np.arange(len(votes.items)) % 3 == 0
    parts = [Agreement.of(votes.of_items(keep)) for keep in (first, ~first)]
    whole = Agreement.of(votes)
    assert (parts[0] + parts[1]).krippendorff_alpha == pytest.approx(whole.krippendorff_alpha)
    assert (parts[0] + parts[1]).fleiss_kappa == pytest.approx(whole.fleiss_kappa)


def test_perfect_and_undefined_agreement():
    perfect = Votes.from_arrays([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1])
    assert Agreement.of(perfect).krippendorff_alpha == 1
    assert Agreement.of(perfect).fleiss_kappa == 1
    for votes in (Votes.from_arrays([0, 0], [0, 1], [1, 1]), Votes.from_arrays([0, 1], [0, 1], [0, 1])):
        assert np.isnan(Agreement.of(votes).krippendorff_alpha)
        assert np.isnan(Agreement.of(votes).fleiss_kappa)
