"""From people's answers to what rows are: settled row by row, and counted by what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.findings import AuditFindings, DecisionsFindings, ReviewerFindings
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.cells import dense_lists
from labelworks.tasks.artifacts.decisions.audited_posterior import held_against_people
from labelworks.tasks.artifacts.decisions.estimates import sample_estimates
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.artifacts.shown.rows_by_id import as_text
from labelworks.tasks.artifacts.soft_labels import SOFT_CLASSES
from labelworks.tasks.methods.review.reviewers import RIGHT, Answers, accuracies, after, prior_of
from labelworks.tasks.methods.tokens.sentences import faults
from labelworks.tasks.methods.tokens.tag_set import TagSet

Kept = list[tuple[int, RowDecision, Any]]  # place among the rows, decision, codes that it names


@dataclass(frozen=True, eq=False)
class Settled:
    """Rows (n,) by `part` and `row`: the label, P(it is right), of one class also the posterior."""

    rows: pa.Table
    findings: DecisionsFindings


def settle_classes(rows: pa.Table, decisions: Sequence[RowDecision], ref: DatasetRef) -> Settled:
    """Of one class a row: the posterior times what each answer says, by how far its reviewer is believed."""
    kept, lost = _kept(rows, decisions, ref)
    places = np.unique([place for place, _, _ in kept]).astype(np.int64)
    rows_kept, classes = rows.take(pa.array(places)), len(ref.classes)
    names = sorted({decision.reviewer for _, decision, _ in kept})
    named = np.zeros((len(kept), classes + 1), bool)
    for number, (_, _, codes) in enumerate(kept):
        named[number, codes] = True
    believed, outside = _believed(rows_kept, classes)
    answers = Answers(
        np.searchsorted(places, [place for place, _, _ in kept]),
        np.array([names.index(decision.reviewer) for _, decision, _ in kept], np.int64),
        named,
    )
    prior = prior_of(believed, outside)
    accuracy = accuracies(answers, prior, len(names))
    posterior = after(answers, prior, accuracy)
    label = posterior.argmax(axis=1).astype(np.int32)
    supported = answers.by_row(len(places))[np.arange(len(places)), label]
    label[~supported] = -1
    known = posterior[:, :-1].astype(np.float32)
    known /= np.maximum(known.sum(axis=1, keepdims=True), 1e-12)
    table = pa.table(
        {
            "part": rows_kept["part"],
            "row": rows_kept["row"],
            "label": label,
            "right": posterior.max(axis=1).astype(np.float32),
            "posterior": dense_lists(known) if classes <= SOFT_CLASSES else _no_lists(len(places)),
        }
    )
    reviewers = _reviewers(names, answers.reviewer, answers.repeated, accuracy)
    given = rows_kept["given"].to_numpy()
    changed = int(((label >= 0) & (label < classes) & (label != given)).sum())
    kinds = {"dropped": int((label == classes).sum()), "look_again": int((label < 0).sum())}
    held = held_against_people(kept, places, believed)
    findings = _findings(kept, lost, reviewers, changed, kinds).model_copy(update={"calibration": held})
    return Settled(table, findings)


def settle_others(rows: pa.Table, decisions: Sequence[RowDecision], ref: DatasetRef) -> Settled:
    """Of label sets and numbers: what was answered last; a row of none of the classes has no label."""
    kept, lost = _kept(rows, decisions, ref)
    last = {place: said for place, _, said in kept}
    places = np.array(sorted(last), np.int64)
    taken, kind = rows.take(pa.array(places)), rows.schema.field("given").type
    given = taken["given"].to_pylist()
    labels = [last[place] for place in places.tolist()]
    table = pa.table(
        {
            "part": taken["part"],
            "row": taken["row"],
            "label": pa.array(labels, kind),
            "right": np.full(len(places), RIGHT, np.float32),
        }
    )
    names = sorted({decision.reviewer for _, decision, _ in kept})
    reviewer = np.array([names.index(decision.reviewer) for _, decision, _ in kept], np.int64)
    place = np.array([place for place, _, _ in kept], np.int64)
    repeated = np.isin(place, [row for row, count in Counter(place.tolist()).items() if count > 1])
    reviewers = _reviewers(names, reviewer, repeated, np.full(len(names), RIGHT))
    changed = sum(one != other for one, other in zip(labels, given, strict=True))
    return Settled(table, _findings(kept, lost, reviewers, changed, {}))


def _kept(rows: pa.Table, decisions: Sequence[RowDecision], ref: DatasetRef) -> tuple[Kept, Counter[str]]:
    """Answers that decide something about rows as they are, and how many there are of the others, by why."""
    place = {name: number for number, name in enumerate(rows["id"].to_pylist())}
    content, given = rows["content"].to_pylist(), rows["given"].to_pylist()
    labels = [as_text(label) for label in named(rows["given"], ref.classes, ref.label_type).to_pylist()]
    codes = {str(name): code for code, name in enumerate(ref.classes)}
    kept, lost = Kept(), Counter[str]()
    for decision in decisions:
        at = place.get(decision.id)
        if at is None:
            lost["gone"] += 1
        elif decision.stale(content[at], labels[at]):
            lost["stale"] += 1
        elif decision.answer == "unsure" or (ref.label_type == "tags" and decision.answer == "none"):
            lost["unsure"] += 1
        else:
            said = _said(decision, given[at], codes, ref)
            lost["gone"] += said is None
            kept += [] if said is None else [(at, decision, said[0])]
    return kept, lost


def _said(decision: RowDecision, given: Any, codes: dict[str, int], ref: DatasetRef) -> tuple[Any] | None:
    """What an answer names: codes, of label sets and tags too, or a number; None: nothing there is now."""
    named = [codes[name] for name in decision.classes if name in codes]
    if ref.one_class:
        labels = {"keep": [given], "none": [len(ref.classes)]}.get(decision.answer, named)
        return (labels,) if labels else None
    if decision.answer == "keep":
        return (given,)
    if ref.label_type == "number":
        return None if decision.number is None else (decision.number,)
    whole = len(named) == len(decision.classes) and decision.number is None
    if ref.label_type == "tags":
        return (named,) if whole and len(named) == len(given) and _kept_by(named, ref) else None
    return (sorted(named),) if whole else None


def _kept_by(codes: list[int], ref: DatasetRef) -> bool:
    """Whether the tags of a sentence keep their scheme."""
    tags, held = TagSet.of(ref.classes, ref.tag_scheme), np.array(codes, np.int32)
    return not faults(held, np.array([0, len(held)]), tags).any()


def _believed(rows: pa.Table, classes: int) -> tuple[Any, Any]:
    """Posteriors (n, K) of rows, of many classes by what is known of two; which may be of none (n,)."""
    outside = rows["outside"].to_numpy(zero_copy_only=False)
    held = rows["posterior"].combine_chunks()
    if len(held) and not held.null_count:
        return held.flatten().to_numpy().reshape(len(held), -1), outside
    given, other = rows["given"].to_numpy(), rows["suggestion"].to_numpy()
    wrong = rows["error_probability"].to_numpy().astype(np.float64)
    claimed = pc.fill_null(rows["suggested_probability"], 0.0).to_numpy()
    posterior = np.tile((np.maximum(wrong - claimed, 0) / max(classes - 2, 1))[:, None], (1, classes))
    posterior[np.arange(len(rows)), other] = claimed
    posterior[np.arange(len(rows)), given] = 1 - wrong
    return posterior, outside


def _no_lists(rows: int) -> pa.Array:
    return pa.nulls(rows, pa.list_(pa.float32()))


def _reviewers(
    names: list[str], reviewer: np.ndarray, repeated: np.ndarray, accuracy: np.ndarray
) -> tuple[ReviewerFindings, ...]:
    count = np.bincount(reviewer, minlength=len(names))
    again = np.bincount(reviewer[repeated], minlength=len(names))
    return tuple(
        ReviewerFindings(name=name, answers=int(n), repeated=int(m), accuracy=float(right))
        for name, n, m, right in zip(names, count, again, accuracy, strict=True)
    )


def _findings(
    kept: Kept,
    lost: Counter[str],
    reviewers: tuple[ReviewerFindings, ...],
    changed: int,
    kinds: dict[str, int],
) -> DecisionsFindings:
    audits = tuple(
        AuditFindings(
            sample=estimate.sample,
            value=estimate.found.value,
            interval=estimate.found.interval,
            looks=estimate.found.looks,
        )
        for estimate in sample_estimates([decision for _, decision, _ in kept])
    )
    return DecisionsFindings(
        answers=len(kept),
        rows=len({place for place, _, _ in kept}),
        changed=changed,
        dropped=kinds.get("dropped", 0),
        look_again=kinds.get("look_again", 0),
        unsure=lost["unsure"],
        stale=lost["stale"],
        gone=lost["gone"],
        reviewers=reviewers,
        audits=audits,
    )
