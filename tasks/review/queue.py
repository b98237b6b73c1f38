"""The review queue of a run: the rows where a look is worth most, rows to ask again about, and known ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.review import ReviewQueue
from labelworks.schemas.stage_results import TreatResult
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.log import decisions_files, decisions_in_force
from labelworks.tasks.artifacts.shown.flagged_rows import REMOVED
from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
from labelworks.tasks.methods.review.label_tree import Hierarchy, LabelTree
from labelworks.tasks.review.asked import AskedRows, Place, asked_rows, gold_rows
from labelworks.tasks.review.candidates import AnsweredRows, candidates, rank_in_class
from labelworks.tasks.review.distances import DISTANCE
from labelworks.tasks.review.groups import grouped
from labelworks.tasks.review.sample import draw_sample
from labelworks.tasks.review.shown import queue_of
from labelworks.tasks.sources.source import Source

GOLD = 20  # of so many rows one is shown again, to see how far answers are to be believed
By = Literal["error-removed", "class-coverage", "audit"]


@dataclass(frozen=True)
class Listed:
    """Why a row is in the queue: what a look removes; gold, or asked again, by the name of a sample.

    distance: of its label from the true class, if it is wrong, in a hierarchy.
    """

    removed: float = 0.0
    distance: float | None = None
    gold: bool = False
    sample: str | None = None
    probability: float | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """As fields of a `ReviewRow`."""
        names = ("removed", "distance", "sample", "probability")
        return {name: getattr(self, name) for name in names} | {"why": "gold" if self.gold else "queue"}


def review_queue(
    artifacts: Artifacts, source: Source, rows: int, *, by: By = "error-removed",
    seed: int | None = None, design: str | None = None, hierarchy: Hierarchy | None = None,
) -> ReviewQueue:  # fmt: skip
    """At most so many rows of a run to look at.

    error-removed: where a look removes most error, whether nobody has answered yet or another answer is
    worth more than a new row. class-coverage: as many of each given class, where a look removes most first.
    Of both, one row in GOLD is one that people answered about, shown again; rows that are alike follow each
    other. audit: rows drawn by a design (strata where none is named), as `draw_sample` does. hierarchy: of
    the classes; an error then counts by how far the label is from the true class (`LabelTree`).

    Raises InputError where the run hasn't judged its labels, ConfigError where labels are no single class and
    are counted by class or weighted, or where a seed or a design is given and nothing is drawn.
    """
    ref = judged_ref(artifacts)
    if by == "audit":
        return draw_sample(
            artifacts, source, ref, design or "strata", looks=rows, width=None, seed=seed or 0
        )[0]
    for option, value in (("seed", seed), ("design", design)):
        if value is not None:
            raise ConfigError(
                f"rows by {by} aren't drawn by chance",
                where=f"--{option}",
                fix="leave it out, or: --by audit",
            )
    if hierarchy is not None and not ref.one_class:
        raise ConfigError("labels are no single class", where="hierarchy", fix="leave it out")
    if by == "class-coverage" and not ref.one_class:
        raise ConfigError("labels are no single class", where="--by", fix="--by error-removed")
    treated = artifacts.carried().result(TreatResult)
    ref = treated.ref if treated else ref
    said = decisions_in_force(artifacts.store, decisions_files(artifacts.store, artifacts.dataset))
    listed = _listed(
        artifacts, ref, rows, said, treated=treated is not None, coverage=by == "class-coverage",
        tree=None if hierarchy is None else LabelTree.of(ref.classes, hierarchy),
    )  # fmt: skip
    facts = {place: row.facts for place, row in listed.items()}
    return queue_of(artifacts, source, ref, grouped(artifacts, source, ref, facts))


def _listed(
    artifacts: Artifacts, ref: DatasetRef, rows: int, said: Sequence[RowDecision], *, treated: bool,
    coverage: bool, tree: LabelTree | None,
) -> dict[Place, Listed]:  # fmt: skip
    """The places of the rows, in their order."""
    asked = asked_rows(artifacts, ref, said, tree)
    gold = gold_rows(asked, rows // GOLD, len(said))
    most = rows - len(gold)
    by_class = most // max(len(ref.classes), 1) if coverage else 0
    table = candidates(artifacts, ref, most, by_class, _answered(asked, said), treated=treated, tree=tree)
    value = table[REMOVED].to_numpy().astype(np.float64) * asked.accuracy
    new = [Listed(*one) for one in zip(value.tolist(), table[DISTANCE].to_pylist(), strict=True)]
    rare = table["rare"].to_numpy(zero_copy_only=False)
    places: list[Place] = list(zip(table["partition"].to_pylist(), table["row"].to_pylist(), strict=True))
    if coverage:
        order = np.lexsort((-value, rank_in_class(table["given"].to_numpy())))[:most]
        chosen = {places[number]: new[number] for number in order}
    else:
        chosen = _worth_most(dict(zip(places, new, strict=True)), rare, asked, f"again-{len(said)}", most)
    share = len(gold) / max(len(asked.places), 1)
    known = Listed(gold=True, sample=f"gold-{len(said)}", probability=share)
    return _between(chosen, {place: known for place in gold if place not in chosen})


def _answered(asked: AskedRows, said: Sequence[RowDecision]) -> AnsweredRows:
    """What isn't new: rows that changed since an answer are, since then nobody has seen them."""
    rows = defaultdict[str, list[int]](list)
    for key, number in asked.places:
        rows[key].append(number)
    return AnsweredRows(rows, frozenset(decision.id for decision in said if decision.answer == "unsure"))


def _worth_most(
    new: Mapping[Place, Listed], rare: NDArray[np.bool_], asked: AskedRows, sample: str, most: int
) -> dict[Place, Listed]:
    """At most so many rows that are new, or asked about again, where a look removes most; rare ones first."""
    again = {
        place: worth for place, worth in zip(asked.places, asked.value.tolist(), strict=True) if worth > 0
    }
    first = np.concatenate([rare, np.zeros(len(again), bool)])
    both = list(new.values())
    both += [Listed(removed, sample=sample) for removed in again.values()]
    order = np.lexsort((-np.array([row.removed for row in both]), ~first))[:most]
    places = [*new, *again]
    return {places[number]: both[number] for number in order.tolist()}


def _between(listed: dict[Place, Listed], known: dict[Place, Listed]) -> dict[Place, Listed]:
    """Known rows between the others, at even distances."""
    rows, gold = list(listed.items()), list(known.items())
    step = max(len(rows) // (len(gold) + 1), 1)
    for number, row in enumerate(gold, 1):
        rows.insert(min(number * step + number - 1, len(rows)), row)
    return dict(rows)
