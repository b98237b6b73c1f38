"""One partition as the stage counts it: its index, made now or found, and what was seen in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from labelworks.schemas.records import Partition
from labelworks.schemas.suites import Suite
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import read_index, share_index
from labelworks.tasks.artifacts.votes.rule_votes import Ruled
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.ingest.gate_rows import CHECKED, with_kinds, with_source_columns
from labelworks.tasks.ingest.scan import count_classes, write_index
from labelworks.tasks.sources.source import Source


@dataclass(frozen=True)
class Scan:
    """What was found in one partition; partition: without pieces that can't be used or have no row."""

    partition: Partition
    rows: int
    labels: Counter[str | int]
    renamed: Counter[str]
    rejected: pa.Table
    empty_files: int
    time: str
    new: bool
    checks: list[gates.RowCheck]
    kinds: Counter[str | int] = field(default_factory=Counter)
    mended: int = 0


def scan_partition(
    partition: Partition, artifacts: Artifacts, source: Source, label_type: str, expected: Suite,
    votes: Voted | Ruled | None = None,
) -> Scan:  # fmt: skip
    """Index one partition, or find its index made before."""
    written = write_index(artifacts, source, partition, label_type, votes)
    scanned = written or read_index(artifacts, partition, label_type, CHECKED)
    kept, index = partition.leaving_out(scanned.left_out), scanned.rows.select(CHECKED)
    share_index(artifacts, partition, kept, label_type)
    labels = count_classes(index["label"])
    index = with_kinds(index, artifacts, source, partition, label_type)
    kinds = count_classes(index["label"]) if source.columns.inferred else Counter()
    names = gates.rowwise(expected.of(partition.window)).source_columns
    rows = with_source_columns(index, source, kept, names)
    checks = gates.check_rows(rows, expected, window=partition.window)
    return Scan(
        kept, index.num_rows, labels, Counter(scanned.renamed), scanned.rejected, scanned.empty, scanned.time,
        written is not None, checks, kinds, scanned.mended,
    )  # fmt: skip
