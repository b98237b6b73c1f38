"""What labels say of their rows where they are no single known class: `dataset.label_kind`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelworks.schemas.label_kinds import IN_RUNS, NOTHING, OF_SHARES

AGGREGATED = ("votes", "rules")
ALONE = ("votes", "rules", "class_mapping", "pred_probs", "class_names", "pair")  # not beside label_kind
REASONS = {
    "votes": "votes lie in a table of their own, and become labels before anything else is known",
    "rules": "rules speak before a label is inferred, and for the same rows",
}


def without_label(data: dict[str, Any]) -> bool:
    """Whether rows of that kind have no column of labels: they have shares."""
    return data.get("label_kind") in OF_SHARES


def check_label_kind(kind: str | Mapping[Any, str], given: dict[str, Any]) -> None:
    """Raise ValueError where the kind isn't one, or what it needs isn't there; given: keys of the dataset."""
    if isinstance(kind, str):
        _known(kind)
    if given["task"] != "classification":
        raise ValueError(f"label_kind goes with the task classification, not with {given['task']}")
    for key in ALONE:
        if given[key]:
            why = f": {REASONS[key]}" if key in REASONS else ""
            raise ValueError(f"label_kind doesn't go with {key}{why}")
    if len(given["classes"] or ()) < 2:
        raise ValueError("label_kind needs classes: all that a row may be of, also those that none names")
    for key, kinds in (("shares", OF_SHARES), ("bag", ("bags",))):
        if kind in kinds and not given[key]:
            raise ValueError(f"label_kind {kind} needs {key}: {WHAT[key]}")
    if not isinstance(kind, str) and not (kind.get("column") and len(kind) == 1):
        raise ValueError("label_kind is a kind, or {column: name}, a column that says which")


WHAT = {
    "shares": "a column of lists of numbers, in the order of classes",
    "bag": "a column that says which bag a row is in",
}


def _known(kind: str) -> None:
    if kind in AGGREGATED:
        raise ValueError(
            f"label_kind {kind} is dataset.{kind}, which goes with no other kind: {REASONS[kind]}"
        )
    choices: Sequence[str] = [allowed for allowed in IN_RUNS if allowed != NOTHING]
    if kind not in choices:
        raise ValueError(f"label_kind {kind!r} is none of {', '.join(choices)}, nor {{column: name}}")
