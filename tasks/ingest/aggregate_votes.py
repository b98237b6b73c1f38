"""Votes made into labels: the items are divided by their names, and a part is aggregated at a time.

The first part, a sample of the items by chance, goes with every other one: so annotators are known by their
votes on the sample and on the part. Where all votes fit into one part, that is all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import CrowdFindings
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import spelled
from labelworks.tasks.artifacts.row_extras import made_with_probabilities, read_pred_probs
from labelworks.tasks.artifacts.votes.vote_files import (
    RANGES,
    Range,
    VoteSource,
    ranges_of,
    read_votes,
    survey_votes,
    vote_prints,
)
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.ingest.annotators import Annotators, merge_annotators, write_annotators
from labelworks.tasks.methods.crowd import CrowdResult, Votes, aggregate
from labelworks.tasks.methods.crowd.agreement import Agreement
from labelworks.tasks.sources.column_roles import problem
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.source import Source

HELD_VOTES = 4_000_000  # of a part
HELD_CELLS = 32_000_000  # votes × classes of a part


@dataclass(frozen=True, eq=False)
class VotePart:
    """What was found in a part: items of each class (K,), and how many votes; rows: the number of items."""

    rows: int
    votes: int
    named: NDArray[np.int64]
    agreement: Agreement
    annotators: int


def voted(artifacts: Artifacts, source: Source, asked: VoteSource) -> tuple[Voted, CrowdFindings]:
    """Aggregate the votes and keep what came of them; also what is told of it."""
    survey = survey_votes(asked, source.options)
    classes = spelled(source.columns.classes or (), survey.label_type) or survey.classes
    ranges = divided(survey.by_range, min(HELD_VOTES, HELD_CELLS // max(len(classes), 1)))
    found = map_partitions(
        "ingest",
        aggregate_part,
        range(len(ranges)),
        unit="parts of the votes",
        artifacts=artifacts,
        source=source,
        asked=asked,
        ranges=ranges,
        classes=classes,
    )
    named = reduce(add, (each.named for each in found))
    kept = np.flatnonzero(named) if source.columns.classes is None else np.arange(len(classes))
    result = Voted(
        store=artifacts.store,
        parts=tuple(_name(artifacts, number) for number in range(len(ranges))),
        kept=tuple(kept.tolist()),
        classes=tuple(classes[place] for place in kept),
        label_type=survey.label_type,
        key=_key(source, asked),
    )
    annotators = merge_annotators(artifacts, [each.annotators for each in found])
    return result, _told(asked.method, found, annotators)


def divided(by_range: NDArray[np.int64], most: int) -> tuple[Range, ...]:
    """Return ranges that follow each other, with at most so many votes each where one of them can be cut."""
    starts, held = [0], 0
    for place, votes in enumerate(by_range.tolist()):
        if held and held + votes > most:
            starts.append(place)
            held = 0
        held += votes
    return tuple(zip(starts, [*starts[1:], RANGES], strict=True))


def aggregate_part(
    number: int,
    artifacts: Artifacts,
    source: Source,
    asked: VoteSource,
    ranges: Sequence[Range],
    classes: Sequence[str | int],
) -> VotePart:
    """Aggregate the votes on the items of a part, with those of the first, and write what came of them."""
    table, _ = read_votes(asked, source.options, sorted({ranges[0], ranges[number]}))
    try:
        columns = (table[name].to_numpy() for name in table.column_names)
        votes = Votes.from_arrays(*columns, classes=np.array(classes, object))
    except InputError as error:
        raise InputError(error.what, where=f"{asked.source}, {error.where}", fix=error.fix) from error
    probs = _probabilities(source, votes) if made_with_probabilities(asked.method) else None
    found = aggregate(votes, pred_probs=probs, method=asked.method)
    first, end = ranges[number]
    place = ranges_of(pa.array(votes.items.astype(object), pa.string()))
    own = (place >= first) & (place < end)
    here = votes.of_items(own)
    artifacts.store.write_table(_name(artifacts, number), _items(found, here, own))
    annotators = write_annotators(artifacts, number, here, found.posterior[own])
    named = np.bincount(found.posterior[own].argmax(axis=1), minlength=len(classes))
    return VotePart(int(own.sum()), len(here.item), named, Agreement.of(here), annotators)


def _name(artifacts: Artifacts, number: int) -> str:
    return artifacts.file("ingest", f"votes/part-{number:05d}.parquet")


def _key(source: Source, asked: VoteSource) -> str:
    """A hash of all that the labels hang on."""
    prints = vote_prints(asked, source.options)
    if made_with_probabilities(asked.method):
        files = list_files(source.places["source"], source.format, source.options)
        prints += sorted(f"source:{file.name}:{file.fingerprint}" for file in files)
    about = [asked.said, source.columns.classes, *prints]
    return hashlib.blake2b(repr(about).encode(), digest_size=5).hexdigest()


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
        told, reasons = read_pred_probs(table[columns[1]].combine_chunks(), classes)
        at = pc.index_in(pc.cast(table[columns[0]].combine_chunks(), pa.string()), value_set=names)
        usable = pc.and_(pc.is_valid(at), pc.is_null(reasons)).to_numpy(zero_copy_only=False)
        probs[at.filter(pa.array(usable)).to_numpy()] = told[usable]
    return probs


def _items(found: CrowdResult, here: Votes, own: NDArray[np.bool_]) -> pa.Table:
    """What came of each item of a part, for people and for the rows."""
    posterior = found.posterior[own]
    names = np.append(found.classes.astype(object), [None])  # -1, no confusing answer, is the last one
    columns: dict[str, Any] = {
        "item": pa.array(here.items.astype(object), pa.string()),
        "label": pa.array(found.labels[own].tolist()),
        "votes": here.counts.sum(axis=1).astype(np.int64),
        "posterior": pa.FixedSizeListArray.from_arrays(pa.array(posterior.ravel()), posterior.shape[1]),
        "confusing": pa.array(names[found.confusing[own]].tolist(), pa.array(names.tolist()).type),
        "confusion": pa.array(found.confusion[own], from_pandas=True),
    }
    return pa.table(columns)


def _told(method: str, found: Sequence[VotePart], annotators: Annotators) -> CrowdFindings:
    """The figures of the aggregation, and the annotators who are right the least."""
    agreement = reduce(add, (each.agreement for each in found))
    chance = (agreement.krippendorff_alpha, agreement.fleiss_kappa)
    alpha, kappa = (None if np.isnan(each) else each for each in chance)
    return CrowdFindings(
        method=method,
        items=sum(each.rows for each in found),
        votes=sum(each.votes for each in found),
        annotators=annotators.count,
        alpha=alpha,
        kappa=kappa,
        quality=annotators.quality,
        lowest=annotators.lowest,
    )
