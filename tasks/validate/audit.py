"""What people say of the rows on which the models of given and of treated labels differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pyarrow as pa

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.apart import DESIGN, RowsApart, sample_prefix, write_apart
from labelworks.tasks.artifacts.decisions.samples import largest_sample, standing
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.validation.audited import audited_difference
from labelworks.tasks.methods.validation.before_after import Proof


def with_audit(
    artifacts: Artifacts, ref: DatasetRef, proof: Proof, ids: pa.Array, decisions: Sequence[RowDecision]
) -> Proof:
    """Keep the rows on which the models differ, and hear the answers to samples of just these rows.

    ids: of the rows that were compared (N,).
    """
    apart = proof.apart
    if apart is None or not len(apart.place):
        return proof
    here = ids.take(pa.array(apart.place))
    mark = apart.mark(hash_ids(here))
    write_apart(artifacts, RowsApart(here, apart.stratum, mark, apart.of, apart.folds))
    place = {name: number for number, name in enumerate(here.to_pylist())}
    prefix = sample_prefix(DESIGN, mark)
    said = largest_sample(
        decision
        for decision in decisions
        if decision.sample
        and decision.sample.startswith(prefix)
        and decision.id in place
        and decision.answer != "unsure"
    )
    codes = {str(name): code for code, name in enumerate(ref.classes)}
    rows, true = list[int](), list[Collection[int]]()
    for name, given in standing(artifacts, ref, said).items():
        named = (given,) if said[name].answer == "keep" else said[name].classes
        rows.append(place[name])
        true.append({codes[name] for name in named if name in codes})
    return replace(proof, audit=audited_difference(apart, rows, true))
