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
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import CrowdFindings, VotesProofFindings
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import spelled
from labelworks.tasks.artifacts.row_extras import made_with_probabilities
from labelworks.tasks.artifacts.votes.vote_files import (
    RANGES,
    Range,
    VoteSource,
    VoteSurvey,
    ranges_of,
    survey_votes,
    vote_prints,
)
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.ingest.votes.annotators import Annotators, merge_annotators, write_annotators
from labelworks.tasks.ingest.votes.prove_votes import MAJORITY, PLAIN, proof_findings, proof_of
from labelworks.tasks.ingest.votes.votes_on_items import votes_on
from labelworks.tasks.methods.crowd import CrowdResult, Votes, aggregate
from labelworks.tasks.methods.crowd.agreement import Agreement
from labelworks.tasks.sources.files import list_files
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


def voted(
    artifacts: Artifacts, source: Source, asked: VoteSource, margin: float | None
) -> tuple[Voted, CrowdFindings]:
    """Aggregate the votes and keep what came of them; also what is told of it.

    Labels are the method's where held-out votes prove them better than those that most annotators gave, or
    no worse than by a margin; else these.
    """
    survey = survey_votes(asked, source.options)
    _tell_not_given(asked, survey)
    classes = spelled(source.columns.classes or (), survey.label_type) or survey.classes
    ranges = divided(survey.by_range, min(HELD_VOTES, HELD_CELLS // max(len(classes), 1)))
    wanted, proof = asked.method, None
    if wanted not in PLAIN:
        proof = proof_of(source, asked, ranges[0], classes)
        asked = asked.by(MAJORITY) if proof.why_not(margin) else asked
    parts = map_partitions(
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
    named = reduce(add, (part.named for part in parts))
    kept = np.flatnonzero(named) if source.columns.classes is None else np.arange(len(classes))
    result = Voted(
        store=artifacts.store,
        parts=tuple(_name(artifacts, number) for number in range(len(ranges))),
        kept=tuple(kept.tolist()),
        classes=tuple(classes[place] for place in kept),
        label_type=survey.label_type,
        key=_key(source, asked),
    )
    annotators = merge_annotators(artifacts, [part.annotators for part in parts])
    proven = None if proof is None else proof_findings(proof, margin, asked.method)
    return result, _told(wanted, parts, annotators, proven, survey.not_given)


def _tell_not_given(asked: VoteSource, survey: VoteSurvey) -> None:
    """Say how many rows are no votes; raise InputError where none is one."""
    given, missing = int(survey.by_range.sum()), survey.not_given
    if not given:
        what = "no row has an item, an annotator and an answer" if missing else "there are no votes"
        raise InputError(what, where=asked.place, fix=f"see the columns {', '.join(asked.columns)}")
    if missing:
        progress.current().note(
            f"{asked.place}: {missing:,} of {given + missing:,} rows have no item, annotator or answer, and "
            "are no votes"
        )


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
    votes, probs = votes_on(source, asked, {ranges[0], ranges[number]}, classes)
    aggregated = aggregate(votes, pred_probs=probs, method=asked.method)
    first, end = ranges[number]
    place = ranges_of(pa.array(votes.items.astype(object), pa.string()))
    own = (place >= first) & (place < end)
    here = votes.of_items(own)
    artifacts.store.write_table(_name(artifacts, number), _items(aggregated, here, own))
    annotators = write_annotators(artifacts, number, here, aggregated.posterior[own])
    code_of = {name: code for code, name in enumerate(classes)}
    codes = [code_of[label] for label in aggregated.labels[own].tolist()]
    named = np.bincount(np.array(codes, np.int64), minlength=len(classes))
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


def _told(
    method: str,
    found: Sequence[VotePart],
    annotators: Annotators,
    proof: VotesProofFindings | None,
    not_given: int,
) -> CrowdFindings:
    """The figures of the aggregation, and the annotators who are right the least."""
    agreement = reduce(add, (part.agreement for part in found))
    chance = (agreement.krippendorff_alpha, agreement.fleiss_kappa)
    alpha, kappa = (None if np.isnan(value) else value for value in chance)
    return CrowdFindings(
        method=method,
        items=sum(part.rows for part in found),
        votes=sum(part.votes for part in found),
        not_given=not_given,
        annotators=annotators.count,
        alpha=alpha,
        kappa=kappa,
        quality=annotators.quality,
        lowest=annotators.lowest,
        proof=proof,
    )
