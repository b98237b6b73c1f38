"""Answers by the samples that their rows were drawn in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.shown.rows_by_id import shown_rows


def answers_by_sample(decisions: Iterable[RowDecision]) -> dict[str, dict[str, RowDecision]]:
    """By sample and id what was answered last; answers about rows of no sample are left out."""
    by_sample: dict[str, dict[str, RowDecision]] = {}
    for decision in decisions:
        if decision.sample:
            by_sample.setdefault(decision.sample, {})[decision.id] = decision
    return by_sample


def largest_sample(decisions: Iterable[RowDecision]) -> dict[str, RowDecision]:
    """By id the last answers, of the sample with most of them: two samples don't add up to one."""
    return max(answers_by_sample(decisions).values(), key=len, default={})


def standing(artifacts: Artifacts, ref: DatasetRef, said: Mapping[str, RowDecision]) -> dict[str, str]:
    """By id the given label of those rows that hold by now what they held when people looked at them."""
    known = shown_rows(artifacts, ref, list(said))
    return {
        name: row.given
        for name, decision in said.items()
        if (row := known.get(name)) and not decision.stale(row.content, row.given)
    }
