"""The classes of a run: those of the config, or those that occur."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import add

from labelworks.tasks.artifacts.label_codes import label_type_of, spelled
from labelworks.tasks.artifacts.votes.rule_votes import Ruled
from labelworks.tasks.artifacts.votes.vote_files import VoteSource
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.ingest.label_sequences import refuse_tags
from labelworks.tasks.ingest.learnable import refuse_full_sets, refuse_labels
from labelworks.tasks.ingest.observed_labels import refuse_unlabelled
from labelworks.tasks.ingest.renamed_classes import refuse_unknown
from labelworks.tasks.ingest.scan_partition import Scan
from labelworks.tasks.ingest.tag_labels import by_type, tag_classes
from labelworks.tasks.methods.label_space import ClassFinding
from labelworks.tasks.methods.label_space.similar_names import similar_names
from labelworks.tasks.sources.source import Source


def classes_of(
    source: Source, scans: list[Scan], votes: Voted | Ruled | None, asked: VoteSource | None
) -> tuple[str | int, ...]:
    """The classes of the config, or those that occur; raise InputError if nothing can be learnt of them."""
    counts = reduce(add, (scan.labels for scan in scans), Counter[str | int]())
    task, listed = source.columns.task, source.columns.classes
    if task == "regression" and any(scan.rows for scan in scans):
        return ()
    if source.columns.observed is not None and any(scan.rows for scan in scans):
        refuse_unlabelled(kinds_of(scans), source.places["source"])
        return spelled(listed or (), label_type_of(listed or ()))
    reasons = Counter(reason for scan in scans for reason in scan.rejected["reason"].to_pylist())
    refuse_unknown(source.columns.mapping, renamed_labels(scans), counts)
    refuse_labels(source, counts, reasons, asked)
    if votes is not None:
        return votes.classes
    if task == "tokens":
        return tag_classes(listed, counts, source.columns.tag_scheme)
    if task == "multilabel":
        refuse_full_sets(source, counts, sum(scan.rows for scan in scans))
        refuse_tags(counts, source.places["source"], source.columns.label)
    if task == "multilabel" and listed is not None:
        return tuple(map(str, listed))
    if listed is not None:
        kind = type(next(iter(counts)))
        return tuple(kind(name) for name in listed)
    return tuple(sorted(counts))


def kinds_of(scans: list[Scan]) -> dict[str, int]:
    """Rows of each kind of label."""
    counts = reduce(add, (scan.kinds for scan in scans), Counter[str | int]())
    return {str(kind): rows for kind, rows in counts.items()}


def renamed_labels(scans: list[Scan]) -> Counter[str]:
    """Labels by the old names that dataset.class_mapping names."""
    return reduce(add, (scan.renamed for scan in scans), Counter[str]())


def similar_classes(scans: list[Scan], scheme: str) -> list[ClassFinding]:
    """Classes that look like one; numbers never do. Of tags of a scheme, types."""
    counts = by_type(reduce(add, (scan.labels for scan in scans), Counter[str | int]()), scheme)
    return similar_names({name: rows for name, rows in counts.items() if isinstance(name, str)})
