"""Leaks between named splits: copies and ids on both sides, labels that training lacks, the order of time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import LeakageFindings, LeakedRow, SplitFindings
from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.embed.split_reader import SplitReader
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.duplicates.leakage import EXACT, NEAR, SAME_ID, WHY, shared_groups
from labelworks.tasks.methods.statistics.folds import hash_ids

MOST_SPLITS = 20
SHOWN = 20
LEAKS = pa.schema(
    [
        pa.field("id", pa.string()), pa.field("file", pa.string()), pa.field("file_row", pa.int64()),
        pa.field("split", pa.string()), pa.field("why", pa.string()),
        pa.field("also_in", pa.list_(pa.string())),
    ]
)  # fmt: skip


class Line(NamedTuple):
    """A row that other splits have too: its partition, its place there, its split, why, and in which."""

    partition: int
    row: int
    split: str
    why: str
    also_in: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What was seen of the splits in one partition.

    labels: rows by split and label; range: first and last time by split. members: split of the rows that were
    asked for; twice: of rows whose id occurs twice the hash of the id, the split, and the row.
    """

    rows: Counter[str]
    labels: Counter[tuple[str, str]]
    range: dict[str, tuple[float, float]]
    members: list[str | None]
    twice: list[tuple[int, str | None, int]]


def find_leakage(reader: SplitReader, train: str, compared: float) -> LeakageFindings:
    """Compare the splits of the labelled rows; write the rows that leak, and return the figures.

    train: the name of the split that models learn from; compared: the share of contents that were looked at
    for copies. Raises InputError for a column with too many values.
    """
    artifacts, ref = reader.artifacts, reader.ref
    partitions = ref.of("source")
    copies = artifacts.store.read_table(artifacts.file("embed", "duplicates.parquet")).sort_by(
        [("part", "ascending"), ("row", "ascending")]
    )
    part, row = copies["part"].to_numpy(), copies["row"].to_numpy()
    items = [(partition, row[part == place]) for place, partition in enumerate(partitions)]
    seen = map_partitions(
        "embed", look, items, unit="partitions whose splits are read",
        reader=reader, repeated=_repeated_ids(artifacts, partitions),
    )  # fmt: skip
    counted = reduce(add, (part.rows for part in seen), Counter[str]())
    names = _few(sorted(counted), reader.column)
    members = [name for part in seen for name in part.members]
    lines = [*_by_copy(copies, members, names), *_by_id(seen)]
    leaks = _named(reader, partitions, lines)
    artifacts.store.write_table(artifacts.file("embed", "leaks.parquet"), leaks)
    known = train if train in counted else None
    early = _early(reader, partitions, seen, known)
    return _findings(reader.column, known, compared, counted, seen, lines, leaks, early)


def _few(names: list[str], column: str) -> list[str]:
    if len(names) <= MOST_SPLITS:
        return names
    raise InputError(
        f"column {column!r} has {len(names):,} different values, {MOST_SPLITS} are the most",
        where="dataset.split",
        fix="name a column such as one of train, validation and test",
    )


def look(
    item: tuple[Partition, NDArray[np.int64]], reader: SplitReader, repeated: NDArray[np.uint64]
) -> Seen:
    """Look at the splits of one partition; of some rows of it, and of those whose id occurs twice, each."""
    partition, wanted = item
    index, times = reader.of(partition, "hash", "label")
    split = index["split"].to_pylist()
    named = index.filter(pc.is_valid(index["split"]))
    ranges: dict[str, tuple[float, float]] = {}
    if times is not None:
        held = np.array([name or "" for name in split])
        for name in set(split) - {None}:
            own = times[(held == name) & ~np.isnan(times)]
            if len(own):
                ranges[str(name)] = (float(own.min()), float(own.max()))
    rows = index["row"].to_numpy()
    places = np.searchsorted(rows, wanted)
    hashes = index["hash"].to_numpy()
    again = np.flatnonzero(np.isin(hashes, repeated))
    return Seen(
        rows=Counter(named["split"].to_pylist()),
        labels=_labels(named),
        range=ranges,
        members=[split[place] for place in places],
        twice=[(int(hashes[place]), split[place], int(rows[place])) for place in again],
    )


def count_early(partition: Partition, reader: SplitReader, end: float) -> Counter[str]:
    """Rows of a partition by split that are from before a time."""
    index, times = reader.of(partition)
    before = np.zeros(index.num_rows, bool) if times is None else np.nan_to_num(times, nan=np.inf) < end
    return Counter(index.filter(pa.array(before))["split"].drop_null().to_pylist())


def read_named(item: tuple[Partition, NDArray[np.int64]], reader: SplitReader) -> pa.Table:
    """Ids and places of some rows of a partition."""
    partition, rows = item
    name = reader.artifacts.index(reader.ref.label_type, partition)
    table = reader.artifacts.store.read_table(name, ["row", "id", "file", "file_row"])
    table = table.take(pa.array(np.searchsorted(table["row"].to_numpy(), rows)))
    return table.set_column(2, "file", table["file"].cast(pa.string())).drop_columns(["row"])


def _labels(named: pa.Table) -> Counter[tuple[str, str]]:
    """Rows by split and label; of several labels a row counts for each, numbers are none."""
    label, split = named["label"].combine_chunks(), named["split"].combine_chunks()
    if pa.types.is_floating(label.type):
        return Counter()
    if pa.types.is_list(label.type):
        split, label = split.take(pc.list_parent_indices(label)), label.flatten()
    table = pa.table({"split": split, "label": label.cast(pa.string())})
    made = table.group_by(["split", "label"]).aggregate([([], "count_all")])
    return Counter(
        {(counted["split"], counted["label"]): counted["count_all"] for counted in made.to_pylist()}
    )


def _repeated_ids(artifacts: Artifacts, partitions: tuple[Partition, ...]) -> NDArray[np.uint64]:
    """Hashes of the ids that occur more than once: ingest has put all rows but the first aside."""
    repeated = [np.zeros(0, np.uint64)]
    for partition in partitions:
        if partition.duplicates:
            again = artifacts.store.read_table(artifacts.part("ingest/duplicates", partition), ["id"])
            repeated.append(hash_ids(again["id"].combine_chunks()))
    return np.unique(np.concatenate(repeated))


def _by_copy(copies: pa.Table, members: list[str | None], names: list[str]) -> list[Line]:
    """Rows of groups of copies whose group lies in other splits too, of equal content or nearly."""
    split = np.array([-1 if name is None else names.index(name) for name in members], np.int64)
    exact = shared_groups(copies["content"].to_numpy(), split, len(names))
    near = shared_groups(copies["group"].to_numpy(), split, len(names)) & ~exact
    part, row = copies["part"].to_pylist(), copies["row"].to_pylist()
    return [
        Line(part[at], row[at], names[split[at]], why, tuple(names[k] for k in np.flatnonzero(elsewhere[at])))
        for why, elsewhere in ((EXACT, exact), (NEAR, near))
        for at in np.flatnonzero(elsewhere.any(axis=1))
    ]


def _by_id(seen: list[Seen]) -> list[Line]:
    """Rows whose id another split has too."""
    splits: dict[int, set[str]] = {}
    named = [(part, *line) for part, one in enumerate(seen) for line in one.twice]
    for _, key, name, _ in named:
        splits.setdefault(key, set()).update([] if name is None else [name])
    return [
        Line(part, row, name, SAME_ID, tuple(sorted(splits[key] - {name})))
        for part, key, name, row in named
        if name is not None and len(splits[key]) > 1
    ]


def _named(reader: SplitReader, partitions: tuple[Partition, ...], lines: list[Line]) -> pa.Table:
    """The lines with the ids and the places of their rows."""
    held: dict[int, list[Line]] = {}
    for line in lines:
        held.setdefault(line.partition, []).append(line)
    items = [(partitions[part], np.array([line.row for line in own], np.int64)) for part, own in held.items()]
    tables = map_partitions("embed", read_named, items, unit="partitions with leaks", reader=reader)
    ordered = [line for own in held.values() for line in own]
    named = pa.concat_tables([LEAKS.empty_table().select(["id", "file", "file_row"]), *tables])
    for name in ("split", "why", "also_in"):
        values = [getattr(line, name) for line in ordered]
        named = named.append_column(name, pa.array(values, LEAKS.field(name).type))
    return named.cast(LEAKS)


def _early(
    reader: SplitReader, partitions: tuple[Partition, ...], seen: list[Seen], train: str | None
) -> Counter[str] | None:
    """Rows by split from before the end of the training split; None where there are no times to compare.

    Only partitions that have such rows of another split are read again; what others have of training is left.
    """
    ends = [part.range[train][1] for part in seen if train in part.range] if train else []
    if not ends:
        return None
    end = max(ends)
    early = [
        partition
        for partition, part in zip(partitions, seen, strict=True)
        if any(first < end for name, (first, _) in part.range.items() if name != train)
    ]
    counts = map_partitions(
        "embed", count_early, early, unit="partitions compared in time", reader=reader, end=end
    )
    return reduce(add, counts, Counter[str]())


def _findings(
    column: str, train: str | None, compared: float, counted: Counter[str], seen: list[Seen],
    lines: list[Line], leaks: pa.Table, early: Counter[str] | None,
) -> LeakageFindings:  # fmt: skip
    labels = reduce(add, (part.labels for part in seen), Counter[tuple[str, str]]())
    splits = tuple(_split(name, train, counted, labels, lines, early) for name in sorted(counted))
    others = [split for split in splits if split.name != train]
    rows = sum(other.rows for other in others)
    leaked = len({line[:2] for line in lines if line.split != train})
    outside = leaks if train is None else leaks.filter(pc.not_equal(leaks["split"], train))
    shown = outside.slice(0, SHOWN).to_pylist()
    return LeakageFindings(
        column=column,
        train=train,
        splits=splits,
        looked_at=compared,
        leaked_rows=leaked,
        leaked_share=min(leaked / max(rows * compared, 1.0), 1.0),
        unseen_labels=len({name for other in others for name in other.unseen_labels}),
        early_share=None if early is None or not rows else sum(other.early or 0 for other in others) / rows,
        shown=tuple(
            LeakedRow(id=row["id"], split=row["split"], why=row["why"], also_in=tuple(row["also_in"]))
            for row in shown
        ),
    )


def _split(
    name: str, train: str | None, counted: Counter[str], labels: Counter[tuple[str, str]],
    lines: list[Line], early: Counter[str] | None,
) -> SplitFindings:  # fmt: skip
    by_why = {why: {line[:2] for line in lines if line.split == name and line.why == why} for why in WHY}
    copies_in = Counter(
        other for line in lines if line.split == name and line.why != SAME_ID for other in line.also_in
    )
    learnt = {label for split, label in labels if split == train}
    unseen = {
        label: rows
        for (split, label), rows in labels.items()
        if split == name and train is not None and label not in learnt
    }
    return SplitFindings(
        name=name,
        rows=counted[name],
        exact=len(by_why[EXACT]),
        near=len(by_why[NEAR] - by_why[EXACT]),
        same_id=len(by_why[SAME_ID]),
        copies_in=dict(copies_in),
        unseen_labels=tuple(sorted(unseen)),
        unseen_rows=sum(unseen.values()),
        early=None if early is None or name == train else early[name],
    )
