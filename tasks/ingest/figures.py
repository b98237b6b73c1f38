"""What ingest counts: rows, files, what was put aside, classes."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import add

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.findings import CrowdFindings, IngestFigures, RulesFindings
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.ingest.classes import kinds_of, renamed_labels
from labelworks.tasks.ingest.renamed_classes import renamed_classes
from labelworks.tasks.ingest.scan_partition import Scan
from labelworks.tasks.planning.plan import Plan
from labelworks.tasks.sources.class_mapping import ASIDE, ClassMapping


def _occurring(ref: DatasetRef, counts: Counter[str | int]) -> tuple[str | int, ...]:
    """The classes; of tags those that occur: others are there so that each span can be written."""
    return tuple(name for name in ref.classes if counts[name] or ref.label_type != "tags")


def ingest_figures(
    ref: DatasetRef,
    plans: dict[str, Plan],
    scans: list[Scan],
    rejected: pa.Table,
    empty_files: int,
    similar_class_names: int,
    mapping: ClassMapping | None,
    crowd: CrowdFindings | None,
    rules: RulesFindings | None,
) -> IngestFigures:
    """The figures of ingest; scans: of the partitions of `ref`, in their order."""
    duplicates = sum(partition.duplicates for partition in ref.partitions)
    files = rejected["row"].null_count
    usable = sum(scan.rows for scan in scans) - duplicates
    rows = rejected.num_rows - files
    asked = pc.sum(pc.equal(rejected["reason"], ASIDE)).as_py() or 0
    counts = reduce(add, (scan.labels for scan in scans), Counter[str | int]())
    source = zip(ref.partitions, scans, strict=True)
    smallest = min((counts.get(name, 0) for name in _occurring(ref, counts)), default=None)
    return IngestFigures(
        rows=sum(scanned.rows - part.duplicates for part, scanned in source if part.window == "source"),
        target_rows=sum(
            scan.rows for part, scan in zip(ref.partitions, scans, strict=True) if part.window == "target"
        ),
        files=sum(plan.files for plan in plans.values()),
        rejected_rows=rows,
        rejected_files=files,
        rejected_share=(rows - asked) / max(usable + rows, 1),
        left_out_files=sum(len(plan.left_out) for plan in plans.values()),
        empty_files=sum(plan.empty_files for plan in plans.values()) + empty_files,
        classes=len(ref.classes) or None,
        smallest_class=None if ref.inferred else smallest,
        tokens=sum(counts.values()) if ref.label_type == "tags" else None,
        mended_sentences=sum(scan.mended for scan in scans) if ref.label_type == "tags" else None,
        similar_class_names=similar_class_names,
        renamed_classes=renamed_classes(mapping, renamed_labels(scans)),
        duplicate_ids=duplicates,
        agreement=crowd.alpha if crowd else None,
        crowd=crowd,
        rules=rules,
        label_kinds=kinds_of(scans) if ref.inferred else {},
    )
