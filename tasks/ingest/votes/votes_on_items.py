"""Votes on some of the items, and what the user's model says of these."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.row_extras import made_with_probabilities, read_pred_probs
from labelworks.tasks.artifacts.votes.vote_files import Range, VoteSource, read_votes
from labelworks.tasks.methods.crowd import Votes
from labelworks.tasks.sources.column_roles import problem
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.given_labels import read_names
from labelworks.tasks.sources.source import Source


def votes_on(
    source: Source, asked: VoteSource, ranges: Collection[Range], classes: Sequence[str | int]
) -> tuple[Votes, NDArray[np.float64] | None]:
    """Votes on the items of some ranges; the user's probabilities (N, K), if the method hears them."""
    table, _ = read_votes(asked, source.options, sorted(ranges))
    try:
        columns = (table[name].to_numpy() for name in table.column_names)
        votes = Votes.from_arrays(*columns, classes=np.array(classes, object))
    except InputError as error:
        raise InputError(error.what, where=f"{asked.source}, {error.where}", fix=error.fix) from error
    return votes, _probabilities(source, votes) if made_with_probabilities(asked.method) else None


def _probabilities(source: Source, votes: Votes) -> NDArray[np.float64]:
    """The user's probabilities (N, K) of each item voted on.

    An item without a row, or whose numbers can't be used, gets the shares of the answers.
    """
    asked, (items, _, classes) = source.columns, votes.shape
    probs = np.tile(votes.answer_shares, (items, 1))
    names, place = pa.array(votes.items.astype(object), pa.string()), source.places["source"]
    columns = [str(asked.id), str(asked.pred_probs)]
    for file in list_files(place, source.format, source.options):
        reader = SourceReader(place, file.path, file.format, source.options, file.name, source.read_as)
        try:
            table = reader.checked(None, columns, lambda *at: problem(at[0], at[1], asked, "source"))
        except InputError:  # such a file is put aside when its rows are read, and that is where it is said
            continue
        if not table.num_rows:
            continue
        read, reasons = read_pred_probs(table[columns[1]].combine_chunks(), classes)
        ids, _ = read_names(table[columns[0]].combine_chunks(), "id")
        at = pc.index_in(ids, value_set=names)
        usable = pc.and_(pc.is_valid(at), pc.is_null(reasons)).to_numpy(zero_copy_only=False)
        probs[at.filter(pa.array(usable)).to_numpy()] = read[usable]
    return probs
