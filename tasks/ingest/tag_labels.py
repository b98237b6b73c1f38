"""Tags of tokens as labels: which scheme they keep, which sentences break it, and what is mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.tokens.detect import why_broken
from labelworks.tasks.methods.tokens.sentences import faults, offsets_of, sentence_of
from labelworks.tasks.methods.tokens.spans import mended
from labelworks.tasks.methods.tokens.tag_set import LETTERS, OUTSIDE, PLAIN, TagSet, parts_of
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.given_labels import read_labels
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.text_spans import LISTS, are_spans, as_tags, as_tokens

STRANGE = 0.1  # of the tags that aren't O: where more are none of a scheme, the tags are of none


@dataclass(frozen=True)
class SchemeSums:
    """Tags that aren't O, and by scheme those that are none of it and the sentences that break it."""

    tagged: int = 0
    foreign: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: SchemeSums) -> SchemeSums:
        return SchemeSums(
            self.tagged + other.tagged, self.foreign + other.foreign, self.broken + other.broken
        )

    def scheme(self, *, repair: bool) -> str:
        """The least scheme that fewest sentences break, or, if they are mended, fewest tags are none of."""
        limit = STRANGE * self.tagged
        known = [name for name in LETTERS if self.tagged and self.foreign[name] <= limit]
        broken = self.foreign if repair else self.broken
        return min(known, key=lambda name: broken[name], default=PLAIN)


@dataclass(frozen=True, eq=False)
class Tags:
    """Tags of S sentences: codes (N,) of names, offsets (S + 1,), all of them of lists that are not null."""

    codes: NDArray[np.int32]
    offsets: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: pa.Array) -> Tags:
        """Of lists of strings; a null among them is O."""
        lengths = pc.fill_null(pc.list_value_length(labels), 0).to_numpy(zero_copy_only=False)
        coded = pc.fill_null(labels.flatten(), OUTSIDE).dictionary_encode()
        return cls(coded.indices.to_numpy(), offsets_of(lengths), tuple(coded.dictionary.to_pylist()))

    def under(self, scheme: str) -> tuple[NDArray[np.int32], TagSet, NDArray[np.bool_]]:
        """Codes (N,) of the tags of a scheme, these, and which (N,) are none of it: O in the codes."""
        own = [name for name in self.names if scheme == PLAIN or parts_of(name, scheme)]
        tags = TagSet.complete(tuple(dict.fromkeys((OUTSIDE, *own))), scheme)
        place = {name: tags.names.index(name) for name in own}
        codes = np.array([place.get(name, 0) for name in self.names], np.int32)
        strange = np.array([name not in place for name in self.names], bool)
        return codes[self.codes], tags, strange[self.codes]


def scheme_sums(partition: Partition, source: Source) -> SchemeSums:
    """What the sentences of a partition say of each scheme; files that can't be read say nothing."""
    column, tokens, sums = source.columns.label, source.columns.feature, SchemeSums()
    for _, table in source.reader(partition).checked([column, tokens], lambda schema, where: None):
        if isinstance(table, pa.Table) and {column, tokens} <= set(table.column_names):
            held = (table[name].combine_chunks() for name in (column, tokens))
            sums += sums_of(listed_tags(*held, repair=True)[0])
    return sums


def sums_of(labels: pa.Array) -> SchemeSums:
    """The same of lists of tags."""
    tags, foreign, wrong = Tags.of(labels), Counter[str](), Counter[str]()
    for scheme in LETTERS:
        codes, known, strange = tags.under(scheme)
        bad = strange | faults(codes, tags.offsets, known)
        foreign[scheme] = int(np.count_nonzero(strange))
        wrong[scheme] = len(np.unique(sentence_of(tags.offsets)[bad]))
    outside = tags.names.index(OUTSIDE) if OUTSIDE in tags.names else -1
    return SchemeSums(int(np.count_nonzero(tags.codes != outside)), foreign, wrong)


def with_scheme(source: Source, partitions: Sequence[Partition]) -> Source:
    """The source whose scheme of tags is known: by the tags of all partitions, where the config leaves it."""
    columns = source.columns
    if columns.task != "tokens" or columns.tag_scheme != "auto":
        return source
    parts = map_partitions("ingest", scheme_sums, list(partitions), unit="partitions of tags", source=source)
    scheme = reduce(SchemeSums.__add__, parts, SchemeSums()).scheme(repair=columns.tag_repair)
    return replace(source, columns=replace(columns, tag_scheme=scheme))


def scheme_key(columns: Columns) -> str:
    """What names the reading of tags among others; empty where labels are none."""
    if columns.task != "tokens":
        return ""
    return f"{columns.tag_scheme}-mended" if columns.tag_repair else columns.tag_scheme


def listed_tags(labels: pa.Array, texts: pa.Array, *, repair: bool) -> tuple[pa.Array, pa.Array]:
    """Lists of tags (S,) as strings, of spans of texts (S,) too, and why a row's can't be read (S,)."""
    if are_spans(labels.type):
        return as_tags(labels, texts, repair=repair)
    return read_labels(labels, LISTS)


def read_tags(
    labels: pa.Array, tokens: pa.Array, columns: Columns
) -> tuple[pa.Array, pa.Array, NDArray[np.bool_]]:
    """Lists of tags (S,) that keep their scheme, why a sentence can't be used (S,), which were mended (S,).

    labels: lists of tags, tokens: lists of tokens (S,); or lists of spans, and texts.
    """
    labels, unread = listed_tags(labels, tokens, repair=columns.tag_repair)
    labels, reasons, mended_rows = _in_scheme(labels, as_tokens(tokens), columns)
    return labels, pc.coalesce(unread, reasons), mended_rows


def _in_scheme(
    labels: pa.Array, tokens: pa.Array, columns: Columns
) -> tuple[pa.Array, pa.Array, NDArray[np.bool_]]:
    scheme = columns.tag_scheme
    if scheme == "auto":
        scheme = sums_of(labels).scheme(repair=columns.tag_repair)
    reasons, tags = _unfit(labels, tokens), Tags.of(labels)
    codes, known, strange = tags.under(scheme)
    sentence = sentence_of(tags.offsets)
    for at in np.flatnonzero(strange)[::-1]:  # so that the first of a sentence is said
        reasons[sentence[at]] = f"{tags.names[tags.codes[at]]!r} is no tag of {scheme}"
    wrong, misplaced = np.zeros(len(labels), bool), np.flatnonzero(faults(codes, tags.offsets, known))
    wrong[sentence[misplaced]] = True
    wrong &= np.array([reason is None for reason in reasons], bool)
    if columns.tag_repair:
        return _mended(labels, tags, codes, known, wrong), pa.array(reasons, pa.string()), wrong
    for at in misplaced[wrong[sentence[misplaced]]][::-1]:
        row, place = sentence[at], at - tags.offsets[sentence[at]]
        why = why_broken(codes[at], codes[at - 1] if place else None, known)
        reasons[row] = f"{why} (token {place})"
    return labels, pa.array(reasons, pa.string()), np.zeros(len(labels), bool)


def _unfit(labels: pa.Array, tokens: pa.Array) -> NDArray[np.object_]:
    """Why tags and tokens (S,) don't go together; None where they do."""
    sizes, wanted = (
        pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
        for column in (labels, tokens)
    )
    reasons = np.full(len(labels), None, object)
    for row in np.flatnonzero((sizes > 0) & (wanted >= 0) & (sizes != wanted)):
        reasons[row] = f"{sizes[row]} tags, {wanted[row]} tokens"
    reasons[sizes == 0] = "no token"
    for what, lists, lengths in (("tags", labels, sizes), ("tokens", tokens, wanted)):
        absent = np.asarray(lists.flatten().is_null())
        reasons[np.repeat(np.arange(len(lists)), np.maximum(lengths, 0))[absent]] = f"null among the {what}"
    return reasons


def _mended(
    labels: pa.Array, tags: Tags, codes: NDArray[np.int32], known: TagSet, wrong: NDArray[np.bool_]
) -> pa.Array:
    """The lists (S,), written anew where they are wrong (S,)."""
    if not wrong.any():
        return labels
    new = pa.array(known.names, pa.string()).take(pa.array(mended(codes, tags.offsets, known)))
    values = pc.if_else(pa.array(wrong[sentence_of(tags.offsets)]), new, labels.flatten())
    offsets = pa.array(tags.offsets.astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values, mask=labels.is_null())


def tag_classes(
    listed: Sequence[str | int] | None, counts: Counter[str | int], scheme: str
) -> tuple[str, ...]:
    """The classes of tags: those of the config, or all that the types of those that occur may have."""
    if listed is not None:
        return tuple(map(str, listed))
    return tuple(map(str, TagSet.complete(sorted(map(str, counts)), scheme).names))


def by_type(counts: Counter[str | int], scheme: str) -> Counter[str | int]:
    """Tokens by the type of their spans; of tags that stand by themselves by tag."""
    if scheme not in LETTERS:
        return counts
    counted = Counter[str | int]()
    for name, tokens in counts.items():
        if name != OUTSIDE:
            counted[str(name).partition("-")[2]] += tokens
    return counted
