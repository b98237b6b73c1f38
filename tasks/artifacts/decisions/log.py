"""The decisions of a dataset, in the order in which they were made: files that are never replaced."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.decisions import DECISIONS, RowDecision, decisions_table, in_force, of_table
from labelworks.tasks.execution.prefetch import ahead
from labelworks.tasks.storage.numbered import append, numbered, numbers
from labelworks.tasks.storage.store import Store

SUFFIX = ".parquet"
AT_ONCE = 16  # files that are read


def append_decisions(store: Store, dataset: str, decisions: Sequence[RowDecision]) -> str | None:
    """Keep decisions in one file of the dataset, all of them or none; its name. None: there are none."""
    if not decisions:
        return None
    sink = io.BytesIO()
    pq.write_table(decisions_table(decisions), sink, write_page_checksum=True)
    folder = decisions_folder(dataset)
    number = append(store, folder, sink.getvalue(), SUFFIX, decisions[0].annotator)
    return numbered(folder, number, SUFFIX)


def decisions_files(store: Store, dataset: str) -> tuple[str, ...]:
    """Names of the files, in the order in which they were made."""
    folder = decisions_folder(dataset)
    return tuple(numbered(folder, number, SUFFIX) for number in numbers(store, folder, SUFFIX))


def read_decisions(store: Store, files: Sequence[str]) -> pa.Table:
    """The decisions (DECISIONS) in some files, in their order."""
    tables = [_whole(table).cast(DECISIONS) for table in ahead(store.read_table, files, AT_ONCE)]
    return pa.concat_tables([DECISIONS.empty_table(), *tables])


def _whole(table: pa.Table) -> pa.Table:
    """With the columns that an older version didn't write, empty."""
    lacking = [field for field in DECISIONS if field.name not in table.column_names and field.nullable]
    for field in lacking:
        table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(DECISIONS.names)


def decisions_in_force(store: Store, files: Sequence[str]) -> list[RowDecision]:
    """The decisions in some files that count: what was undone or answered anew doesn't."""
    return in_force(of_table(read_decisions(store, files)))


def decisions_print(store: Store, files: Sequence[str]) -> str:
    """A hash of what is in some files; empty of none."""
    digest = hashlib.blake2b(digest_size=10)
    for data in ahead(store.read, files, AT_ONCE):
        digest.update(hashlib.blake2b(data, digest_size=10).digest())
    return digest.hexdigest() if files else ""


def decisions_folder(dataset: str) -> str:
    """Where they are: all windows of a dataset have the same."""
    return f"{dataset.partition('@')[0]}/decisions"
