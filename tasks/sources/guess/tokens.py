"""Sentences in a table: a column of lists of tokens, and one of as many tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.arrow_types import is_text
from labelworks.tasks.methods.tokens.sentences import faults, offsets_of, sentence_of
from labelworks.tasks.methods.tokens.tag_set import OUTSIDE, PLAIN, TagSet, scheme_of
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.formats.conll import TAGS
from labelworks.tasks.sources.guess.column import Column, plain
from labelworks.tasks.sources.guess.features import FeatureGuess
from labelworks.tasks.sources.guess.label import MOST_TAGS, Candidate
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.profile import Profile
from labelworks.tasks.sources.values.text_spans import are_spans

NAMED = {"tag", "tags", "label", "labels", "ner", "pos", "entities"}
REPEATED = 0.2  # share of the sentences in which a tag stands twice, at least
LONG = 500  # tokens of a sentence on average, at most, but for lines that none parts
MOSTLY = 0.9  # of the sentences that have as many tags as tokens, at least


@dataclass(frozen=True)
class Sentences:
    """The tokens, their tags, and what else could be tags.

    length: tokens of one, on average; unfit: share of the sentences with other numbers of tags and of tokens;
    broken: how many break the scheme.
    """

    tokens: FeatureGuess
    tags: Candidate
    others: tuple[Candidate, ...] = ()
    length: float = 0.0
    unfit: float = 0.0
    broken: int = 0

    def notes(self, rows: int) -> Iterator[str]:
        """What a person should know of so many sentences before the run."""
        if self.length > LONG:
            yield f"rows have {self.length:,.0f} tokens on average: in CoNLL an empty line parts sentences"
        if self.unfit:
            names = f"{self.tags.name} and of {self.tokens.names[0]}"
            count = f"{self.unfit * rows:,.0f} of {rows:,} rows"
            yield f"{count} have other numbers of {names}: they are put aside"
        if self.broken:
            yield (
                f"{self.broken:,} of {rows:,} rows have a tag where its scheme has no place for it: with "
                "tag_repair their tags are written anew, else they are put aside"
            )


def find_tokens(look: Profile, label: str | None, features: str | None) -> Sentences | None:
    """The sentences of a dataset, given what the user names; None: there are none."""
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
    return Sentences(
        FeatureGuess("tokens", (token.name,), f"lists of {token.length:.1f} tokens on average"),
        _candidate(look, tag),
        tuple(_candidate(look, look.column(name)) for name in others),
        token.length,
        float(np.mean(_unfit(look, token, tag))),
        _broken(look, tag),
    )


def is_one_of(look: Profile, column: Column, names: Sequence[str]) -> bool:
    """Whether a column holds what one of these does, as those of CoNLL do by their places."""
    return any(look.sample[column.name].equals(look.sample[name]) for name in names)


def _text_spans(look: Profile, label: str | None, features: str | None) -> Sentences | None:
    """Texts, the longest ones, and a column of spans in them; None: there is no such."""
    spans = [column for column in look.columns if are_spans(column.type) and label in (None, column.name)]
    texts = [column for column in look.columns if column.is_text() and features in (None, column.name)]
    if not spans or not texts:
        return None
    text = max(texts, key=lambda each: each.length)
    tags = Candidate(spans[0], "tokens", 0, "spans of characters: start, end, label", "")
    return Sentences(FeatureGuess("tokens", (text.name,), "texts, cut into words and signs"), tags)


def _candidate(look: Profile, tag: Column) -> Candidate:
    scheme = scheme_of(_names(look, tag))
    what = "each by itself" if scheme == PLAIN else f"the scheme {scheme}"
    if not is_text(tag.type.value_type):
        what += ", for numbers don't say what they stand for"
    return Candidate(tag, "tokens", 0, f"a tag a token, {tag.distinct or 0:,} tags, {what}", "")


def _few(column: Column) -> bool:
    return 1 < (column.distinct or 0) <= MOST_TAGS and (column.repeats >= REPEATED or column.name == TAGS)


def _are_tokens(look: Profile, token: Column, tag: Column) -> bool:
    """Whether a column is of texts, more of them than tags, and in most rows as many as these."""
    texts = is_text(token.type.value_type) and (token.distinct or 0) > (tag.distinct or 0)
    return texts and float(np.mean(_unfit(look, token, tag))) <= 1 - MOSTLY


def _unfit(look: Profile, token: Column, tag: Column) -> NDArray[np.bool_]:
    """Which sentences (S,) have other numbers of tags and of tokens."""
    return np.asarray(_lengths(look, token) != _lengths(look, tag), bool)


def _broken(look: Profile, column: Column) -> int:
    """How many sentences of the sample have a tag where the scheme has no place for it."""
    scheme = scheme_of(_names(look, column))
    if scheme == PLAIN:
        return 0
    coded = pc.fill_null(_flat(look, column), OUTSIDE).dictionary_encode()
    names = coded.dictionary.to_pylist()
    tags = TagSet.complete(names, scheme)
    place = {name: code for code, name in enumerate(tags.names)}
    codes = np.array([place[name] for name in names], np.int64)[coded.indices.to_numpy()]
    offsets = offsets_of(np.maximum(_lengths(look, column), 0))
    return len(np.unique(sentence_of(offsets)[faults(codes, offsets, tags)]))


def _lengths(look: Profile, column: Column) -> NDArray[np.int64]:
    lengths = pc.list_value_length(plain(look.sample[column.name].combine_chunks()))
    return np.asarray(pc.fill_null(lengths, -1).to_numpy(zero_copy_only=False), np.int64)


def _unlike_tags(look: Profile, column: Column) -> Iterator[bool]:
    """What speaks against a column as the tags: another is called so, it keeps no scheme, its name."""
    yield column.name != TAGS
    yield scheme_of(_names(look, column)) == PLAIN
    yield not set(words(column.name)) & NAMED


def _names(look: Profile, column: Column) -> list[str]:
    return [str(name) for name in pc.unique(_flat(look, column).drop_null()).to_pylist()]


def _flat(look: Profile, column: Column) -> pa.Array:
    return plain(look.sample[column.name].combine_chunks()).flatten()
