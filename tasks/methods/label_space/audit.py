"""The audit of a label space: by names, by confusion, by which labels stand together, by what no row has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labelworks.schemas.findings import Class, ConfusedPair
from labelworks.tasks.methods.label_space.confusions import by_confusion
from labelworks.tasks.methods.label_space.findings import ClassFinding
from labelworks.tasks.methods.label_space.label_sets import Pairs, by_label_sets
from labelworks.tasks.methods.label_space.names import by_name


def audit(
    counts: Mapping[Class, int],
    *,
    listed: Sequence[Class] = (),
    confusions: Iterable[ConfusedPair] = (),
    together: Pairs | None = None,
    rows: int = 0,
) -> list[ClassFinding]:
    """Find classes that may not be classes of their own; those that are likely one first.

    counts: rows of each class that occurs. listed: classes that there should be. confusions: of a run, as
    `NoiseFindings.top_confusions` holds them. together: of rows with several labels, how many have both of a
    pair; rows: how many rows there are.
    """
    findings = [*by_name(counts), *by_confusion(counts, confusions)]
    if together is not None:
        findings += by_label_sets(counts, together, rows)
    for name in listed:
        if not counts.get(name):
            findings.append(ClassFinding("empty", (name,), (0,), "no row has it"))
    return sorted(findings, key=lambda each: (not each.likely, not each.one))
