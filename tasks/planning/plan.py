"""The plan of a run: files cut into partitions, from a listing, some footers, and paths of images if any."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
from humanize import naturalsize

from labelworks.schemas.config.run import ComputeConfig, RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition
from labelworks.tasks.execution import progress
from labelworks.tasks.planning.image_marks import marked
from labelworks.tasks.planning.partitioning import RowGroup, group
from labelworks.tasks.planning.values import columns_of, source_of
from labelworks.tasks.sources import column_roles
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.files import Listing, SourceFile, SourceReader, listing
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.formats.arrays_beside import SPLIT
from labelworks.tasks.sources.formats.images import TOP
from labelworks.tasks.sources.given_labels import common_family
from labelworks.tasks.sources.images import listed_image
from labelworks.tasks.sources.split_names import splits_of
from labelworks.tasks.sources.values.columns import find_field

LOOKING_THREADS = 16
FAR = 4  # times the target size: then something is said
SENTENCE = 64  # rows that a sentence takes the memory of: it has some 25 tokens, whose vectors are wide
SPLIT_COLUMNS = (SPLIT, TOP)  # that names of files give
LOOKED_AT = 64  # files whose footers are read, besides those to be cut; ingest finds what others lack


@dataclass
class Plan:
    """Partitions of a window, the files set aside with reasons, and what identifies the input."""

    partitions: list[Partition] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    empty_files: int = 0
    files: int = 0
    left_out: tuple[str, ...] = ()
    label_type: str = "string"
    fingerprints: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Looked:
    """What a look at one file gave, if it was looked at: its schema, or what is wrong with it.

    groups: rows and bytes of each row group, where the format has them.
    """

    file: SourceFile
    schema: pa.Schema | None = None
    groups: tuple[RowGroup, ...] | None = None
    error: InputError | None = None

    @property
    def empty(self) -> bool:
        """Whether it is known to have no row."""
        return self.file.size == 0 or (self.groups is not None and not any(rows for rows, _ in self.groups))


def plan_window(
    config: RunConfig, window: str, options: dict[str, Any], found: Listing | None = None
) -> Plan:
    """Plan the source or the target window; raise InputError where no file of it can be used.

    found: its listing, where somebody has it already.
    """
    data, columns = config.dataset, columns_of(config)
    source = data.place(window)
    found = listing(source, data.format, options) if found is None else found
    files = found.files
    as_config_says = column_roles.read_as(columns, data.csv.delimiter, data.csv.encoding)
    looked, density = _look_at(source, files, options, config.compute, as_config_says)
    plan = Plan(
        files=len(files),
        left_out=found.left_out,
        fingerprints=found.prints(window),
    )
    usable = []
    for look in looked:
        problem = _problem(look, columns, window)
        if look.empty:
            plan.empty_files += 1
        elif problem is not None:
            plan.rejected.append(_aside(look, problem.what))
        else:
            usable.append(look)
    if window == "source":
        usable = _same_label_type(plan, usable, columns)
    problems = [wrong for look in looked if not look.empty and (wrong := _problem(look, columns, window))]
    if not usable or (problems and not any(look.schema for look in usable)):
        raise problems[0] if problems else empty(source, window)
    cut = [(look.file, look.groups) for look in usable]
    rows, size = config.compute.partition_rows, config.compute.partition_bytes
    if data.task == "tokens":
        rows, size = max(rows // SENTENCE, 1), max(size // SENTENCE, 1)
    plan.partitions = group(cut, window, rows, size, density)
    if found.images is not None:
        plan.partitions = marked(plan.partitions, source_of(config, options), found.images)
    _warn_of_large(source, plan.partitions, config.compute)
    _tell_left_out(source, plan.left_out)
    if window == "source" and data.split is None:
        _tell_splits(source, usable, data.label)
    return plan


def empty(source: str, window: str) -> InputError:
    """What is said of a window without a row."""
    whose = "dataset" if window == "source" else "target"
    return InputError(f"the {whose} is empty: no file has a row", where=source, fix=f"check dataset.{window}")


def _tell_left_out(source: str, names: tuple[str, ...]) -> None:
    """Say which files are not read, though they are data by how their names end."""
    if names:
        files = "1 file is" if len(names) == 1 else f"{len(names):,} files are"
        progress.current().note(
            f"{source}: {files} left out, as {names[0]}: a name that begins with _ or a dot is not read "
            "unless dataset.source names it"
        )


def _tell_splits(source: str, looked: Sequence[_Looked], label: str | None) -> None:
    """Say which splits the files are named by, where their rows are taken as one."""
    splits = splits_of(look.file.name for look in looked)
    if len(splits) > 1:
        columns = {name for look in looked if look.schema for name in look.schema.names} - {label}
        column = next((name for name in SPLIT_COLUMNS if name in columns), None)
        known = (
            f"set dataset.split: {column}" if column else "write it into a column that dataset.split names"
        )
        progress.current().note(
            f"{source}: files are named by splits ({', '.join(splits)}) and their rows are taken together. "
            f"To have them compared {known}; to leave one out name the other in dataset.source"
        )


def _warn_of_large(source: str, partitions: Sequence[Partition], compute: ComputeConfig) -> None:
    """Say which file can't be cut as the config asks: the memory of a worker grows with its partitions."""
    large = max(partitions, key=lambda each: each.size)
    if large.size > FAR * compute.partition_bytes:
        piece = max(large.pieces, key=lambda each: each.size)
        progress.current().note(
            f"{source}: {naturalsize(large.size)} of {piece.file} are one partition, "
            f"{large.size // compute.partition_bytes} times compute.partition_bytes, and can't be cut: "
            "a worker's memory grows with it. Several files, or parquet with smaller row groups, are better"
        )


def _look_at(
    source: str,
    files: Sequence[SourceFile],
    options: dict[str, Any],
    compute: ComputeConfig,
    read_as: ReadAs,
) -> tuple[list[_Looked], float]:
    """Look at some of the files, and at all that may have to be cut; also give rows per byte (0: unknown)."""
    held = [file for file in files if file.size]
    # by their names' hashes: the same ones are looked at as files come and go
    some = sorted(held, key=lambda file: hashlib.blake2b(file.name.encode()).digest())[:LOOKED_AT]
    with ThreadPoolExecutor(LOOKING_THREADS) as pool:
        look = partial(_look, source, options, read_as)
        known = dict(zip(some, pool.map(look, some), strict=True))
        density = _density(list(known.values()))
        # an estimate: twice as many rows as it says are cut as well
        large = min(compute.partition_bytes / 2, compute.partition_rows / 4 / (density or 1e-9))
        more = [file for file in held if file.size > large and file not in known]
        known |= zip(more, pool.map(look, more), strict=True)
    return [known.get(file) or _Looked(file) for file in files], density


def _density(looked: Sequence[_Looked]) -> float:
    """Rows per byte of the files whose rows are known; of tiny files, most bytes are not of rows."""
    groups = [(look.file.size, look.groups) for look in looked if look.groups]
    rows = sum(more for _, of_group in groups for more, _ in of_group)
    return rows / max(sum(min(size, sum(held for _, held in of_group)) for size, of_group in groups), 1)


def _look(source: str, options: dict[str, Any], read_as: ReadAs, file: SourceFile) -> _Looked:
    if file.format == "images":
        summary = listed_image(file.name, file.size)
        return _Looked(file, summary.schema, summary.groups)
    try:
        summary = SourceReader(source, file.path, file.format, options, file.name, read_as).look()
        return _Looked(file, summary.schema, summary.groups)
    except InputError as error:
        return _Looked(file, error=error)


def _problem(look: _Looked, columns: Columns, window: str) -> InputError | None:
    if look.error is not None or look.schema is None:
        return look.error
    error = column_roles.problem(look.schema, look.file.path, columns, window)
    return error or column_roles.lacking(look.schema, look.file.path, columns, window)


def _same_label_type(plan: Plan, looked: list[_Looked], columns: Columns) -> list[_Looked]:
    """Set aside files whose labels are of another type than most files' (mixed schemas)."""
    fields = [field for look in looked if look.schema and (field := find_field(look.schema, columns.label))]
    families: dict[bool, list[str]] = {True: [], False: []}
    for field in fields:
        families[column_roles.as_written(field)].append(column_roles.label_family(field.type, columns.task))
    plan.label_type = common_family(families[False], families[True])
    if plan.label_type == "int" and columns.mapping is not None and columns.mapping.named:
        plan.label_type = "string"
    kept = []
    for look in looked:
        reason = column_roles.unlike(look.schema, columns, plan.label_type) if look.schema else None
        if reason is None:
            kept.append(look)
        else:
            plan.rejected.append(_aside(look, reason))
    return kept


def _aside(look: _Looked, reason: str) -> dict[str, Any]:
    return {"file": look.file.name, "row": None, "id": None, "reason": reason, "value": None}
