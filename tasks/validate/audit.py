"""What people say of the rows on which the models of given and of treated labels differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pyarrow as pa

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.apart import DESIGN, RowsApart, sample_prefix, write_apart
from labelworks.tasks.artifacts.shown.rows_by_id import shown_rows
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
    said = _answers(decisions, sample_prefix(DESIGN, mark), place)
    known = shown_rows(artifacts, ref, list(said)) if said else {}
    codes = {str(name): code for code, name in enumerate(ref.classes)}
    rows, true = list[int](), list[Collection[int]]()
    for name, decision in said.items():
        row = known.get(name)
        if row is None or decision.stale(row.content, row.given):
            continue
        named = (row.given,) if decision.answer == "keep" else decision.classes
        rows.append(place[name])
        true.append({codes[each] for each in named if each in codes})
    return replace(proof, audit=audited_difference(apart, rows, true))


def _answers(decisions: Sequence[RowDecision], prefix: str, place: Collection[str]) -> dict[str, RowDecision]:
    """By id the last sure answer, of the sample with most of them: two samples don't add up to one."""
    by_sample: dict[str, dict[str, RowDecision]] = {}
    for each in decisions:
        if each.sample and each.sample.startswith(prefix) and each.id in place and each.answer != "unsure":
            by_sample.setdefault(each.sample, {})[each.id] = each
    return max(by_sample.values(), key=len, default={})
