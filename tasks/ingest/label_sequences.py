"""Lists of labels that are sequences, as tags of tokens are: refused before anything is made of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.tasks.ingest.scan import TWICE
from labelworks.tasks.methods.tokens.tag_set import PLAIN, scheme_of

FIX = "tags of tokens are of task: tokens, or of labelworks.find_token_errors; else give sets of classes"
MOST = 0.2  # of the rows with a class twice or oftener: in more, lists are no sets with a slip here and there


def refuse_sequences(rejected: Sequence[pa.Table], usable: int, where: str, column: str) -> None:
    """Raise InputError where so many rows name a class twice that the column holds sequences, not sets.

    rejected: rows put aside, with their reasons, beside `usable` ones.
    """
    again = sum(pc.sum(pc.equal(rows["reason"], TWICE)).as_py() or 0 for rows in rejected)
    rows = usable + sum(rows.num_rows - rows["row"].null_count for rows in rejected)
    if again <= MOST * rows:
        return
    raise InputError(
        f"{again:,} of {rows:,} rows name a class twice or oftener in {column or 'their label'}: that looks "
        "like a sequence of tags, one a token, and multilabel is for sets of classes",
        where=where,
        fix=FIX,
    )


def refuse_tags(classes: Collection[str | int], where: str, column: str) -> None:
    """Raise InputError where the classes of a column of lists are all tags of one scheme, such as BIO."""
    scheme = scheme_of(tuple(classes))
    if scheme == PLAIN:
        return
    shown = ", ".join(sorted(map(str, classes))[:4])
    raise InputError(
        f"the classes in {column or 'the label'} are tags of tokens ({shown}; {scheme}), whose order and "
        "repeats multilabel would lose: it is for sets of classes",
        where=where,
        fix=FIX,
    )
