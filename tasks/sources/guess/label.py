"""Which column of a dataset is its label, and of which task: candidates, and what speaks for each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.tokens.tag_set import PLAIN, scheme_of
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column, plain
from labelworks.tasks.sources.guess.features import FeatureGuess
from labelworks.tasks.sources.guess.foretold import ROWS, balanced_accuracy
from labelworks.tasks.sources.guess.names import PREDICTED, words
from labelworks.tasks.sources.profile import Profile

LABELS = (
    "label", "labels", "class", "classes", "target", "y", "category", "categories", "intent", "sentiment",
    "tag", "tags", "answer", "gold", "cls", "truth", "annotation", "ground",
)  # fmt: skip
STEMS = ("label", "class", "categor", "kategor", "klass", "clase")
OFTEN = (
    "queue", "topic", "topics", "department", "emotion", "genre", "species", "diagnosis", "outcome", "type",
    "kind", "reason", "stance", "rating", "stars", "verdict", "decision", "spam", "toxic", "toxicity",
    "flag", "digit", "churn", "fraud", "default", "survived", "converted", "clicked",
    "disease", "variety", "issue", "genres", "polarity", "result", "is", "has",
)  # fmt: skip
SELDOM = (
    "language", "lang", "locale", "country", "source", "channel", "split", "fold", "subset", "version",
    "platform", "device", "region", "city", "state", "user", "author", "gender", "sex", "annotator", "worker",
    "batch", "date", "year", "month", "day", "top", *PREDICTED,
)  # fmt: skip
QUANTITIES = (
    "price", "score", "amount", "value", "rating", "cost", "age", "quantity", "target", "y", "label",
    "duration",
)  # fmt: skip
REFERS = ("id", "uuid", "guid", "key", "no", "nr")  # to something else: many rows may do so to one
REPEATED = 4  # rows a class has on average, at least
WORD = 40  # bytes of a label on average, at most
CODES = 20  # values of numbers that a label whose name doesn't say so has, at most
NUMBERS = 50  # classes that are whole numbers, at most, before they may be a quantity
MOST_TAGS = 500  # different ones, of tokens
TRIED = 8  # candidates that are held against the features
TOLD = 0.1  # of the way from chance to always right: less is nothing


@dataclass(frozen=True)
class Candidate:
    """A column that may be the label, why, and what speaks against it.

    rank: by its name, 0 is a label's. skill: how far the features tell it, from chance (0, also where
    it may be chance) to always right (1); None: not tried.
    """

    column: Column
    task: str
    rank: int
    why: str
    doubt: str = ""
    skill: float | None = None

    @property
    def name(self) -> str:
        """The column's."""
        return self.column.name

    @property
    def order(self) -> tuple[Any, ...]:
        """The best first: by the name, then by what the features tell, then the fewest values."""
        if self.rank == 0:
            return (0, LABELS.index(self.name.lower()))
        skill = self.skill or 0.0
        return (
            self.rank if self.rank < 2 else 2 + (not skill),
            -skill,
            self.rank,
            self.column.distinct or 0,
        )


def find_labels(look: Profile, features: FeatureGuess, taken: Collection[str]) -> list[Candidate]:
    """The columns that may be the label, the best first. Features are asked where names leave it open."""
    candidates = [
        made for column in look.columns if column.name not in taken and (made := as_candidate(look, column))
    ]
    candidates.sort(key=lambda each: each.order)
    if candidates and (
        candidates[0].rank > 1 or (len(candidates) > 1 and (candidates[0].rank or not candidates[1].rank))
    ):
        tried = [_told(look, features, candidate) for candidate in candidates[:TRIED]]
        candidates = sorted([*tried, *candidates[TRIED:]], key=lambda each: each.order)
    return candidates


def as_candidate(look: Profile, column: Column, *, named: bool = False) -> Candidate | None:
    """The column as a label, if it can be one; a named one need not look like it."""
    rank, task = rank_of(column.name), task_of(column)
    if not column.values or task is None or (column.image_paths and not named):
        return None
    if rank > 1 and not named and words(column.name)[-1:] and words(column.name)[-1] in REFERS:
        return None
    if task == "regression" and not named and (rank > 3 or not set(words(column.name)) & set(QUANTITIES)):
        return None
    if task != "regression" and not (named or rank == 0 or _repeats(column)):
        return None
    codes = task == "classification" and column.is_number() and rank > 1 and not named
    if codes and (column.distinct or 0) > CODES:
        return None
    if task == "multilabel" and not named and rank > 1 and fits(column.type, "vector"):
        return None
    doubts = (_doubt(column, task, rank, named), _of_tokens(look, column))
    return Candidate(column, task, rank, _why(column, task), "; ".join(filter(None, doubts)))


def task_of(column: Column) -> str | None:
    """Of which task a label of that column would be; None if of none."""
    if fits(column.type, "multilabel"):
        return "multilabel" if column.repeats == 0 else None
    if column.is_number():
        whole = column.whole or not types.is_floating(column.type)
        few = (column.distinct or 0) <= NUMBERS or (
            _repeats(column) and (column.distinct or 0) <= 10 * NUMBERS
        )
        return "classification" if whole and few and fits(column.type, "label") else "regression"
    return "classification" if fits(column.type, "label") else None


def rank_of(name: str) -> int:
    """0: a label by its name, 1: its name has the word in it, 2: often one, 3: neither, 4: seldom one."""
    parts = words(name)
    if name.lower() in LABELS:
        return 0
    if set(parts) & set(LABELS) or any(word.startswith(STEMS) or word.endswith("label") for word in parts):
        return 1
    return 4 if set(parts) & set(SELDOM) else 2 if set(parts) & set(OFTEN) else 3


def _repeats(column: Column) -> bool:
    if column.distinct is None or column.distinct < 2 or (column.is_text() and column.length > WORD):
        return False
    occurrences = column.values * (column.length if fits(column.type, "multilabel") else 1)
    return column.distinct <= occurrences / REPEATED


def _why(column: Column, task: str) -> str:
    if task == "regression":
        return f"numbers; {column.distinct:,} differ in {column.values:,} rows"
    if task == "multilabel":
        return f"lists of {column.distinct:,} values, {column.length:.1f} a row"
    values = "1 value" if column.distinct == 1 else f"{column.distinct or 0:,} values"
    return f"{values} in {column.values:,} rows"


def _doubt(column: Column, task: str, rank: int, named: bool) -> str:
    doubts = ["its name doesn't say so"] if rank > 1 and not named else []
    if task == "regression" and not types.is_floating(column.type):
        doubts.append("many whole numbers: a quantity, or names of many classes?")
    if task == "classification" and not _repeats(column):
        doubts.append(
            "its values hardly repeat in the sample" if (column.distinct or 0) > 1 else "it has one value"
        )
    return "; ".join(doubts)


def _of_tokens(look: Profile, column: Column) -> str:
    """What is said of a column of tags, as of a table in which each token is a row."""
    if not column.is_text() or not 1 < (column.distinct or 0) <= MOST_TAGS:
        return ""
    if scheme_of(look.values(column.name)) == PLAIN:
        return ""
    return "tags of tokens, a token a row: write a sentence a row, with lists of both, or CoNLL"


def _told(look: Profile, features: FeatureGuess, candidate: Candidate) -> Candidate:
    """The candidate, with how far the features tell it: of labels that have one class a row."""
    if candidate.task != "classification":
        return candidate
    column = plain(look.sample[candidate.name].combine_chunks())
    rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, ROWS).astype(int))]
    numbers = features.numbers(look, rows.tolist(), candidate.name)
    if numbers is None:
        return candidate
    codes = column.take(pa.array(rows)).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    chance = 1 / (int(codes.max()) + 1)
    accuracy, spread = balanced_accuracy(numbers, codes.astype(np.int64)), _spread(codes, chance)
    is_told = accuracy - chance > max(TOLD * (1 - chance), 3 * spread)
    how = "tell" if is_told else "hardly tell"
    said = f"the features {how} it: {percent(accuracy, 0)} by class, {percent(chance, 0)} by chance"
    skill = (accuracy - chance) / (1 - chance) if is_told else 0.0
    doubts = [candidate.doubt, "" if is_told else "the features hardly tell it"]
    doubt = "; ".join(filter(None, doubts))
    return replace(candidate, skill=skill, why=f"{candidate.why}; {said}", doubt=doubt)


def _spread(codes: Any, chance: float) -> float:
    """Standard deviation of the balanced accuracy of a guess at random."""
    rows = np.bincount(codes)
    return float(np.sqrt((chance * (1 - chance) / rows[rows > 0]).sum()) / np.count_nonzero(rows))
