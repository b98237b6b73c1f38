"""Wrong tags of tokens on made sentences whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.tokens.detect import detect_tokens, sentence_blocks
from labelworks.tasks.methods.tokens.sentences import faults, offsets_of
from labelworks.tasks.methods.tokens.span_errors import ERRORS
from labelworks.tasks.methods.tokens.tag_set import TagSet

TAGS = TagSet.complete(("B-a", "B-b"))
TRUE = ["O", "B-a", "I-a", "O", "B-b", "I-b", "O"]
WRONG = {
    "boundary": ["O", "B-a", "O", "O", "B-b", "I-b", "O"],
    "type": ["O", "B-b", "I-b", "O", "B-b", "I-b", "O"],
    "missing": ["O", "O", "O", "O", "B-b", "I-b", "O"],
    "extra": ["O", "B-a", "I-a", "O", "B-b", "I-b", "B-a"],
}


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Codes of 400 sentences, four of them wrong in four ways; offsets; probabilities; the truth."""
    rows = [*WRONG.values(), *[TRUE] * 396]
    given = np.array([TAGS.names.index(tag) for row in rows for tag in row], np.int32)
    true = np.tile([TAGS.names.index(tag) for tag in TRUE], len(rows))
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(len(TAGS.names)), len(true)) * 0.3 + 0.7 * np.eye(len(TAGS.names))[true]
    return given, offsets_of(np.array([len(row) for row in rows])), probs, true


def test_wrong_sentences_spans_and_tags_are_found(made: tuple[np.ndarray, ...]) -> None:
    given, offsets, probs, true = made
    found = detect_tokens(given, offsets, probs, TAGS)
    assert set(np.argsort(found.sentence_score)[:4]) == {0, 1, 2, 3}
    np.testing.assert_array_equal(found.flag, given != true)
    np.testing.assert_array_equal(found.suggestion, true)
    spans, wrong = found.spans, found.spans.error > 0
    assert sorted(ERRORS[each] for each in spans.error[wrong]) == sorted(WRONG)
    assert (spans.sentence[wrong] < 4).all()
    assert (spans.error_probability[wrong] > 0.5).all()
    assert spans.error_probability[~wrong].max() < 0.5
    at = int(np.flatnonzero(spans.error == ERRORS.index("boundary"))[0])
    assert (spans.start[at], spans.end[at], spans.to_start[at], spans.to_end[at]) == (1, 2, 1, 3)
    assert (found.sentence_error_probability[:4] > 0.5).all()


def test_suggestions_keep_the_scheme_whatever_is_probable() -> None:
    rng, offsets = np.random.default_rng(1), offsets_of(np.full(300, 6))
    for scheme in ("bio", "bilou"):
        tags = TagSet.complete(("B-a", "B-b"), scheme)
        probs = rng.dirichlet(np.ones(len(tags.names)), 1800)
        given = np.full(1800, tags.names.index("O"), np.int32)
        found = detect_tokens(given, offsets, probs, tags)
        assert not faults(found.suggestion, offsets, tags).any()
        np.testing.assert_allclose(found.posterior.sum(axis=1), 1, rtol=1e-4)


def test_plain_tags_are_rows_of_their_own(made: tuple[np.ndarray, ...]) -> None:
    given, offsets, probs, _ = made
    found = detect_tokens(given, offsets, probs, TagSet.of(TAGS.names, "plain"))
    assert len(found.spans.start) == 0
    np.testing.assert_allclose(
        found.error_probability, 1 - found.tokens.shares[np.arange(len(given)), given], atol=1e-5
    )


def test_broken_tags_are_refused_where_they_stand(made: tuple[np.ndarray, ...]) -> None:
    given, offsets, probs, _ = made
    broken = given.copy()
    broken[7] = TAGS.names.index("I-a")
    with pytest.raises(InputError, match="'I-a' can't stand at the beginning in the scheme bio") as refused:
        detect_tokens(broken, offsets, probs, TAGS)
    assert refused.value.where == "sentence 1, token 0"


def test_blocks_hold_whole_sentences_once() -> None:
    offsets = offsets_of(np.array([5, 0, 3_000_000, 2, 0]))
    blocks = list(sentence_blocks(offsets, 3))
    assert [(part.start, part.stop) for part, _ in blocks] == [(0, 5), (5, 3_000_005), (3_000_005, 3_000_007)]
    assert sum(len(own) - 1 for _, own in blocks) == len(offsets) - 1
