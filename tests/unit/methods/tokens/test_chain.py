"""The chain over tags, against every sequence written out."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from labelworks.tasks.methods.tokens.chain import Chain
from labelworks.tasks.methods.tokens.chain_posterior import best_tags, posteriors_of
from labelworks.tasks.methods.tokens.sentences import faults, offsets_of
from labelworks.tasks.methods.tokens.tag_set import TagSet

LENGTHS = (4, 0, 1, 3)


def every_sequence(probs: np.ndarray, tags: TagSet) -> list[tuple[tuple[int, ...], float]]:
    """The valid sequences of a sentence (T, K), and the product of their probabilities."""
    offsets = offsets_of(np.array([len(probs)]))
    return [
        (codes, float(np.prod(probs[np.arange(len(codes)), codes])))
        for codes in product(range(len(tags.names)), repeat=len(probs))
        if not faults(np.array(codes, np.int64), offsets, tags).any()
    ]


@pytest.mark.parametrize("scheme", ["bio", "bilou", "plain"])
def test_sums_and_best_are_those_of_every_sequence(scheme: str) -> None:
    names = ("B-a", "I-b") if scheme == "bio" else ("B-a",)
    tags = TagSet.complete(names, scheme) if scheme != "plain" else TagSet.of(("x", "y", "z"))
    rng, offsets, width = np.random.default_rng(3), offsets_of(np.array(LENGTHS)), len(tags.names)
    probs = rng.dirichlet(np.ones(width), int(offsets[-1]))
    chain = Chain.of(probs, offsets, tags)
    given = best_tags(Chain.of(rng.dirichlet(np.ones(width), int(offsets[-1])), offsets, tags))
    best = best_tags(chain)
    other, found = posteriors_of(chain, best, given)
    np.testing.assert_array_equal(other.own, posteriors_of(chain, best)[0].own)
    for low, high in pairwise(offsets):
        if low == high:
            continue
        sequences = every_sequence(probs[low:high], tags)
        total = sum(weight for _, weight in sequences)
        assert tuple(best[low:high]) == max(sequences, key=lambda each: each[1])[0]
        own = tuple(given[low:high])
        kept = sum(weight for codes, weight in sequences if codes == own) / total
        assert np.prod(found.kept[low:high]) == pytest.approx(kept, rel=1e-6)
        for place in range(high - low):
            for code in range(width):
                share = sum(weight for codes, weight in sequences if codes[place] == code) / total
                assert found.probs[low + place, code] == pytest.approx(share, rel=1e-6, abs=1e-12)
            if place:
                before = [each for each in sequences if each[0][place - 1] == own[place - 1]]
                on = sum(
                    weight
                    for codes, weight in before
                    if codes[place] != own[place] and codes[place - 1] in tags.before[codes[place]]
                )
                share = on / sum(weight for _, weight in before)
                assert found.grown[low + place] == pytest.approx(share, rel=1e-6, abs=1e-12)


def test_long_sentences_neither_vanish_nor_overflow() -> None:
    tags, tokens = TagSet.complete(("B-a",)), 2_000
    probs = np.random.default_rng(0).dirichlet(np.ones(3), tokens) * 1e-3
    offsets = offsets_of(np.array([tokens]))
    chain = Chain.of(probs, offsets, tags)
    best = best_tags(chain)
    assert not faults(best, offsets, tags).any()
    np.testing.assert_allclose(posteriors_of(chain, best)[0].probs.sum(axis=1), 1, rtol=1e-9)
