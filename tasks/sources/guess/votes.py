"""Tables of votes: one row an answer of an annotator to an item."""

from __future__ import annotations

from dataclasses import dataclass

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.profile import Profile

ANNOTATORS = (
    "annotator", "annotators", "worker", "rater", "coder", "labeler", "labeller", "judge", "assessor",
    "expert", "crowd", "evaluator", "annotated", "voter",
)  # fmt: skip
ITEMS = (
    "item", "task", "question", "example", "instance", "object", "document", "doc", "sample", "unit", "text",
    "image", "row", "record", "tweet", "id", "key", "sentence",
)  # fmt: skip
ANSWERS = (
    "label",
    "answer",
    "vote",
    "response",
    "rating",
    "judgment",
    "judgement",
    "class",
    "category",
    "value",
)
ONCE = 0.95  # of the rows have a pair of item and annotator of their own, at least
GAPS = 0.1  # of the rows lack an item or an annotator, at most: a run takes them for no votes
AGAIN = 1.2  # answers an item has, at least


@dataclass(frozen=True)
class VotesGuess:
    """The columns of a table of votes; per_item: answers that an item has in the sample."""

    source: str
    item: str
    annotator: str
    label: str
    per_item: float
    why: str


def find_votes(look: Profile) -> VotesGuess | None:
    """The columns of votes, if the table is one: an annotator by its name, items that repeat."""
    keys = [c for c in look.columns if c.values and c.is_key() and c.nulls <= GAPS * look.rows]
    annotator = next((c for c in keys if set(words(c.name)) & set(ANNOTATORS)), None)
    if annotator is None or annotator.distinct == 1:
        return None
    rest = [column for column in look.columns if column.name != annotator.name]
    answer = next((c for c in rest if _named(c, ANSWERS) and _is_answer(c)), None)
    items = [c for c in keys if c is not annotator and c is not answer and _repeats(look, c)]
    items.sort(key=lambda c: (not _named(c, ITEMS), -(c.distinct or 0)))
    item = next(
        (c for c in items if _pairs(look, c, annotator) >= ONCE * min(c.values, annotator.values)), None
    )
    if item is None or answer is None:
        return None
    per_item = item.values / (item.distinct or 1)
    why = f"{item.distinct:,} items, {annotator.distinct:,} annotators, {per_item:.1f} answers an item"
    return VotesGuess(look.source, item.name, annotator.name, answer.name, per_item, why)


def no_votes(look: Profile) -> InputError:
    """What is said of a table that was named as one of votes and isn't one."""
    annotators = [c for c in look.columns if set(words(c.name)) & set(ANNOTATORS)]
    if annotators and annotators[0].distinct == 1:
        return InputError(
            f"all votes are of one annotator (column {annotators[0].name!r}): nobody agrees or differs",
            where=look.source,
            fix="take the answers as labels: join them to the rows as a column",
        )
    again = annotators and any(_named(c, ITEMS) and _repeats(look, c) for c in look.columns)
    twice = "; an annotator answers an item once, or nearly always" if again else ""
    return InputError(
        "these are no votes: a table of them has a row an answer, and columns of the item, of the annotator "
        f"and of the label{twice}",
        where=look.source,
        fix=f"columns: {look.listed}",
    )


def _named(column: Column, names: tuple[str, ...]) -> bool:
    return bool(set(words(column.name)) & set(names))


def _is_answer(column: Column) -> bool:
    return fits(column.type, "label") and 2 <= (column.distinct or 0) <= column.values / 2


def _repeats(look: Profile, column: Column) -> bool:
    """Whether an item has several rows; in a sample, one and a name that says so may be enough."""
    if not look.whole and _named(column, ITEMS):
        return True
    return column.values >= AGAIN * (column.distinct or 1) and (column.distinct or 0) > 1


def _pairs(look: Profile, item: Column, annotator: Column) -> int:
    table = look.sample.select([item.name, annotator.name]).drop_null()
    pairs = table.group_by([item.name, annotator.name]).aggregate([])
    return int(pairs.num_rows)
