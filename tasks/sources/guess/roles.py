"""Which column of a dataset is what: a guess from names, types and a sample, with its reasons and doubts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.types as types

from labelworks.schemas.errors import InputError
from labelworks.schemas.percentages import percent
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column, named
from labelworks.tasks.sources.guess.features import FeatureGuess, find_features
from labelworks.tasks.sources.guess.folders import SplitGuess, find_split, folder_notes, rival_at_the_top
from labelworks.tasks.sources.guess.ids import IDS, Guess, find_id, find_time, voted_on
from labelworks.tasks.sources.guess.label import Candidate, as_candidate, find_labels
from labelworks.tasks.sources.guess.names import PREDICTED, words
from labelworks.tasks.sources.guess.no_label import alone, coded, empty, told_apart, unfit
from labelworks.tasks.sources.guess.probabilities import PredProbs, find_pred_probs, in_order
from labelworks.tasks.sources.guess.put_aside import allowed, put_aside, unlabelled
from labelworks.tasks.sources.guess.tabular import tabular, taken_for_texts, telling
from labelworks.tasks.sources.guess.tokens import Sentences, find_tokens, is_one_of
from labelworks.tasks.sources.guess.votes import VotesGuess, find_votes, no_votes
from labelworks.tasks.sources.profile import Profile

LISTED = 200  # classes in a config, at most


@dataclass(frozen=True)
class Guesses:
    """What each column is taken for. label: None where votes say it; others: what else could be it.

    unlabelled, unreadable: shares of the rows seen that a run has to put aside, at ingest and at
    embed; notes: what a person should know; unused: columns without a role; beside: those of them that say
    something of a row, and could be features beside a text or an image; broken: sentences whose tags break
    their scheme.
    """

    features: FeatureGuess
    label: Candidate | None
    others: tuple[Candidate, ...]
    id: Guess | None
    time: Guess | None
    votes: VotesGuess | None
    pred_probs: PredProbs | None
    unlabelled: float
    unreadable: float
    notes: tuple[str, ...]
    unused: tuple[Column, ...]
    split: SplitGuess | None = None
    beside: tuple[str, ...] = ()
    broken: int = 0

    @property
    def task(self) -> str:
        """The task that the label is of."""
        return self.label.task if self.label else "classification"

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The classes in the order of pred_probs."""
        return self.pred_probs.classes if self.pred_probs else None


def guess(
    look: Profile, *, label: str | None = None, features: str | None = None, votes: Profile | None = None
) -> Guesses:
    """Guess the columns' roles, given those the user names, and the table of votes if there is one.

    Raises InputError, listing the columns, if a named one isn't there or can't play its role, and if no
    column can be taken for the label or the features.
    """
    if votes is None and (tagged := find_tokens(look, label, features)) is not None:
        return _of_sentences(look, tagged)
    voted = _votes(look, votes, features) if label is None or votes else None
    probs = [column for column in find_pred_probs(look) if column.name != features]
    split = _split(look, label, features)
    named_already = (label, split.column if split else None, *(column.name for column in probs))
    taken = {name for name in (*named_already, *_of_votes(voted, look)) if name}
    chosen = _features(look, taken, features, probs)
    candidates = _labels(look, chosen, label, taken) if voted is None else []
    best = candidates[0] if candidates else None
    chosen = _without_answers(look, chosen, best) if features is None else chosen
    taken |= {*chosen.names, *([best.name] if best else [])}
    rest = [column for column in look.columns if column.name not in taken]
    row_id = voted_on(look, rest, voted, votes) if voted else find_id(rest)
    ordered = in_order(look, probs[0], best) if probs and best else None
    time = find_time([column for column in rest if not row_id or column.name != row_id.column])
    others = tuple(candidate for candidate in candidates[1:] if best and _rivals(look, candidate, best))
    _in_all_files(look, [*chosen.names, *([best.name] if best else [])])
    guesses = Guesses(
        chosen.besides(row_id, time), best, others, row_id, time, voted, ordered,
        *put_aside(look, chosen, best, voted), (), (), split,
    )  # fmt: skip
    unused = tuple(_unused(look, guesses))
    return replace(
        guesses,
        notes=tuple(_notes(look, guesses, probs[0] if probs else None)),
        unused=unused,
        beside=_beside(look, guesses, unused) if chosen.kind in ("text", "image") else (),
    )


def _of_sentences(look: Profile, held: Sentences) -> Guesses:
    """The roles where a row is a sentence: tokens and their tags are known, and what is beside them."""
    tokens, tags = held.tokens, held.tags
    chosen = [*tokens.names, tags.name]
    rest = [column for column in look.columns if column.name not in chosen]
    row_id = find_id(rest)
    time = find_time([column for column in rest if not row_id or column.name != row_id.column])
    _in_all_files(look, chosen)
    missing = unlabelled(look, tags, None)
    guesses = Guesses(
        tokens, tags, held.others, row_id, time, None, None, allowed(missing + held.unfit, look), 0.0,
        (), (), find_split(look), broken=held.broken,
    )  # fmt: skip
    unused = (column for column in _unused(look, guesses) if not is_one_of(look, column, chosen))
    notes = (*_notes(look, guesses, None), *held.notes(look.rows))
    return replace(guesses, notes=notes, unused=tuple(unused))


def _features(look: Profile, taken: set[str], features: str | None, probs: list[Column]) -> FeatureGuess:
    try:
        return find_features(look, taken, features)
    except InputError as error:
        if not probs or features:
            raise
        said = (
            f"{probs[0].name} holds a model's probabilities, which are no features: labels are judged by them"
        )
        detect = f"{said} alone by labelworks.tasks.methods.noise.detect, docs/noise.md; {error.fix}"
        raise InputError(error.what, where=error.where, fix=detect) from error


def _split(look: Profile, *named: str | None) -> SplitGuess | None:
    """The split, unless its column is named for something else."""
    found = find_split(look)
    return None if found and found.column in named else found


def _rivals(look: Profile, other: Candidate, best: Candidate) -> bool:
    """Whether another column is worth a word: where a name says the label, only such as are often one."""
    near = other.rank <= (2 if best.rank < 2 else 4) or rival_at_the_top(look, best, other)
    return near and not same(look, other.name, best.name)


def _votes(look: Profile, votes: Profile | None, features: str | None) -> VotesGuess | None:
    """The votes of a table of their own, or of this one."""
    if votes is not None:
        voted = find_votes(votes)
        if voted is None:
            raise no_votes(votes)
        return voted
    voted = find_votes(look)
    if voted is not None and features is None:
        _has_features(look, voted)
    return voted


def _has_features(look: Profile, votes: VotesGuess) -> None:
    """A table of votes alone has nothing that the labels could be judged by."""
    try:
        find_features(look, {votes.item, votes.annotator, votes.label}, None, tables=False)
    except InputError as error:
        raise InputError(
            f"these are votes ({votes.why}) without the features of the items",
            where=look.source,
            fix=f"name the dataset of the items: labelworks init ITEMS --votes {look.source}",
        ) from error


def _of_votes(votes: VotesGuess | None, look: Profile) -> tuple[str, ...]:
    return (votes.item, votes.annotator, votes.label) if votes and votes.source == look.source else ()


def _labels(look: Profile, features: FeatureGuess, label: str | None, taken: set[str]) -> list[Candidate]:
    """The label that was named, or the candidates in order; InputError where there is none."""
    if label is not None:
        column = look.column(label)
        candidate = as_candidate(look, column, named=True)
        if candidate is None:
            tags = ": a class stands twice in a list, as tags of tokens do" if column.repeats else ""
            what = f"column {label!r} is {named(column.type)} and can't be the label{tags}"
            raise InputError(what, where=look.source, fix=f"columns: {look.listed}")
        return [replace(candidate, why=f"named; {candidate.why}")]
    candidates = find_labels(look, features, taken | set(features.names if len(features.names) == 1 else ()))
    if not candidates:
        raise InputError(
            "no column can be taken for the label: none has few values that repeat",
            where=look.source,
            fix=f"{coded(look)}{unfit(look)}{empty(look)}{alone(look)}name it with --label COLUMN; "
            f"columns: {look.listed}",
        )
    told_apart(look, candidates[0])
    return candidates


def _without_answers(look: Profile, features: FeatureGuess, label: Candidate | None) -> FeatureGuess:
    """Several columns without ids and times, and without those that are the label in other words."""
    if features.kind != "columns":
        return features
    columns = [look.column(name) for name in features.names]
    roles = [guessed.column for guessed in (find_id(columns), find_time(columns)) if guessed]
    out = {label.name if label else "", *roles}
    answers = [name for name in features.names if name not in out and label and same(look, name, label.name)]
    names = tuple(name for name in features.names if name not in out and name not in answers)
    if not names:
        raise InputError(
            "no column is left for the features", where=look.source, fix=f"columns: {look.listed}"
        )
    doubt = f"left out, as they say the label in other words: {', '.join(answers)}" if answers else ""
    return replace(features, names=names, why=_counted(look, names), doubt=doubt)


def _beside(look: Profile, guesses: Guesses, unused: Sequence[Column]) -> tuple[str, ...]:
    """Columns of a table without a role, but not those that are the label in other words."""
    label = guesses.label.name if guesses.label else ""
    names = (column.name for column in tabular(unused))
    return tuple(name for name in names if not label or not same(look, name, label))


def _counted(look: Profile, names: tuple[str, ...]) -> str:
    numbers = all(fits(look.column(name).type, "columns") for name in names)
    what = "numbers" if numbers else "a table: numbers, categories, dates, short texts"
    return f"{len(names)} column{'s' * (len(names) > 1)} of {what}; together one vector a row"


def same(look: Profile, one: str, other: str) -> bool:
    """Whether each value of a column goes with one value of another, and the other way."""
    table = look.sample.select([one, other]).drop_null()
    if any(types.is_nested(kind) for kind in table.schema.types):
        return False
    pairs = table.group_by([one, other]).aggregate([]).num_rows
    counts = {table.group_by([name]).aggregate([]).num_rows for name in (one, other)}
    return counts == {pairs} and pairs < table.num_rows / 2


def _in_all_files(look: Profile, names: list[str]) -> None:
    """Raise InputError naming a file that lacks a column: a run puts it aside, and stops."""
    for file, columns in look.columns_of.items():
        lacking = [name for name in names if not {name, name.split(".")[0]} & set(columns)]
        if lacking:
            raise InputError(
                f"file {file} has no column {lacking[0]!r}, and others have",
                where=look.source,
                fix="name the files that have it as the source; unlabelled ones can be dataset.target",
            )


def _notes(look: Profile, guesses: Guesses, probs: Column | None) -> Iterable[str]:
    """What a person should know before the run."""
    yield from look.notes
    yield from folder_notes(look, guesses.label)
    label, voted = guesses.label, guesses.votes
    if label and label.column.nulls:
        yield (
            f"{label.column.nulls:,} of {look.rows:,} rows have no {label.name}: they are put aside, and the "
            f"config lets it be up to {percent(guesses.unlabelled, 0)}"
        )
    if voted and voted.source == look.source:
        yield (
            "each row is a vote: the first of an item gives its features, the others are put aside as "
            f"duplicates, which the config lets be up to {percent(guesses.unlabelled, 0)}"
        )
    if guesses.features.kind == "columns":
        columns = [look.column(name) for name in guesses.features.names]
        yield from taken_for_texts(columns)
        if label and label.task == "classification":
            yield from telling(look.sample, columns, label.name)
    if guesses.unreadable:
        yield (
            f"some rows have no {guesses.features.kind} that can be read: they are put aside, and the config "
            f"lets it be up to {percent(guesses.unreadable, 0)}"
        )
    if probs and (guesses.pred_probs is None or guesses.pred_probs.classes is None):
        doubt = guesses.pred_probs.doubt if guesses.pred_probs else "no label is a column of this table"
        yield f"{probs.name} holds probabilities, and they are not used: {doubt}"
    if label and label.column.blank:
        yield f"{label.name} is an empty text in some rows, which is a class: write null there if it is none"
    apart = [c.name for c in look.columns if c.is_number() and set(words(c.name)) & set(PREDICTED)]
    if len(apart) > 1 and label and label.name not in apart:
        yield f"{', '.join(apart[:4])} may be probabilities by class: as one list a row they are pred_probs"
    for column in look.columns:
        if guesses.id is None and column.name.lower() in IDS and 1 < (column.distinct or 0) < column.values:
            yield f"{column.name} is no id: only {column.distinct:,} of {column.values:,} differ"


def _unused(look: Profile, guesses: Guesses) -> Iterable[Column]:
    """Columns without a role."""
    used = {*guesses.features.names, *_of_votes(guesses.votes, look)}
    roles = (guesses.label, guesses.id, guesses.time, guesses.pred_probs, guesses.split)
    used |= {role.name if isinstance(role, Candidate) else role.column for role in roles if role}
    return (column for column in look.columns if column.name not in used)
