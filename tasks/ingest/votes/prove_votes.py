"""Whether labels that a method makes of votes are proven, by votes held out of a sample of the items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import VotesProofFindings
from labelworks.tasks.artifacts.votes.vote_files import Range, VoteSource
from labelworks.tasks.ingest.votes.votes_on_items import votes_on
from labelworks.tasks.methods.crowd import Votes, aggregate
from labelworks.tasks.methods.validation.held_votes import VotesProof, prove_votes
from labelworks.tasks.sources.source import Source

MAJORITY = "soft-labels"  # the shares of the votes: their likeliest class is the one that most gave
PLAIN = ("majority", MAJORITY)  # methods of which there is nothing to prove
ITEMS = 20_000  # whose votes are held out, at most


def proof_of(source: Source, asked: VoteSource, part: Range, classes: Sequence[str | int]) -> VotesProof:
    """What votes held out of a part of the items say of the labels that the method makes of the rest."""
    votes, probs = votes_on(source, asked, (part,), classes)
    few = np.random.default_rng(0).permutation(len(votes.items)) < ITEMS
    held = None if probs is None else probs[few]

    def aggregated(rest: Votes) -> NDArray[np.float32]:
        return aggregate(rest, pred_probs=held, method=asked.method).posterior

    return prove_votes(votes.of_items(few), aggregated)


def proof_findings(proof: VotesProof, margin: float | None, carried: str) -> VotesProofFindings:
    """What is told of it. carried: the method whose labels the rows have."""
    return VotesProofFindings(
        gain=proof.gain.value,
        gain_interval=proof.gain.interval,
        difference=proof.difference.value,
        interval=proof.difference.interval,
        held_out=proof.votes,
        apart=proof.apart,
        carried=carried,
        why_majority=proof.why_not(margin),
    )
