"""Sentences in a table: a column of lists of tokens, and one of as many tags."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.arrow_types import is_text
from labelworks.tasks.methods.tokens.tag_set import PLAIN, scheme_of
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.formats.conll import TAGS
from labelworks.tasks.sources.guess.column import Column, plain
from labelworks.tasks.sources.guess.features import FeatureGuess
from labelworks.tasks.sources.guess.label import Candidate
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.profile import Profile
from labelworks.tasks.sources.values.text_spans import are_spans

NAMED = {"tag", "tags", "label", "labels", "ner", "pos", "entities"}
MOST = 500  # different tags
REPEATED = 0.2  # share of the sentences in which a tag stands twice, at least


def find_tokens(
    look: Profile, label: str | None, features: str | None
) -> tuple[FeatureGuess, Candidate, tuple[Candidate, ...]] | None:
    """The tokens, their tags, and what else could be tags, given what the user names; None: no sentences."""
    if (spans := _text_spans(look, label, features)) is not None:
        return spans
    lists = [column for column in look.columns if column.values and fits(column.type, "tags")]
    lists = [column for column in lists if not fits(column.type, "vector") or column.repeats]
    tags = [column for column in lists if label in (None, column.name) and _few(column)]
    pairs = [
        (tag, token)
        for tag in tags
        for token in lists
        if features in (None, token.name) and token is not tag and _are_tokens(look, token, tag)
    ]
    if not pairs:
        return None
    pairs.sort(key=lambda pair: (*_unlike_tags(look, pair[0]), -(pair[1].distinct or 0)))
    tag, token = pairs[0]
    others = dict.fromkeys(column.name for column, _ in pairs[1:] if tag.name not in (column.name, TAGS))
    return (
        FeatureGuess("tokens", (token.name,), f"lists of {token.length:.1f} tokens on average"),
        _candidate(look, tag),
        tuple(_candidate(look, look.column(name)) for name in others),
    )


def _text_spans(
    look: Profile, label: str | None, features: str | None
) -> tuple[FeatureGuess, Candidate, tuple[Candidate, ...]] | None:
    """Texts, the longest ones, and a column of spans in them; None: there is no such."""
    spans = [column for column in look.columns if are_spans(column.type) and label in (None, column.name)]
    texts = [column for column in look.columns if column.is_text() and features in (None, column.name)]
    if not spans or not texts:
        return None
    text = max(texts, key=lambda each: each.length)
    tags = Candidate(spans[0], "tokens", 0, "spans of characters: start, end, label", "")
    return FeatureGuess("tokens", (text.name,), "texts, cut into words and signs"), tags, ()


def _candidate(look: Profile, tag: Column) -> Candidate:
    scheme = scheme_of(tuple(_names(look, tag)))
    what = "each by itself" if scheme == PLAIN else f"the scheme {scheme}"
    return Candidate(tag, "tokens", 0, f"a tag a token, {tag.distinct or 0:,} tags, {what}", "")


def _few(column: Column) -> bool:
    return 1 < (column.distinct or 0) <= MOST and (column.repeats >= REPEATED or column.name == TAGS)


def _are_tokens(look: Profile, token: Column, tag: Column) -> bool:
    """Whether a column is of texts, more of them than tags, and in each row as many as these."""
    texts = is_text(token.type.value_type) and (token.distinct or 0) > (tag.distinct or 0)
    return texts and bool(np.array_equal(_lengths(look, token), _lengths(look, tag)))


def _lengths(look: Profile, column: Column) -> NDArray[np.int64]:
    lengths = pc.list_value_length(plain(look.sample[column.name].combine_chunks()))
    return np.asarray(pc.fill_null(lengths, -1).to_numpy(zero_copy_only=False), np.int64)


def _unlike_tags(look: Profile, column: Column) -> Iterator[bool]:
    """What speaks against a column as the tags: another is called so, it keeps no scheme, its name."""
    yield column.name != TAGS
    yield scheme_of(tuple(_names(look, column))) == PLAIN
    yield not set(words(column.name)) & NAMED


def _names(look: Profile, column: Column) -> list[str]:
    values = plain(look.sample[column.name].combine_chunks()).flatten()
    return [str(name) for name in pc.unique(values.drop_null()).to_pylist()]
