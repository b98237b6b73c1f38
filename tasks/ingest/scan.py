"""The rows of a source as an index: read piece by piece, judged, and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition, Piece
from labelworks.schemas.tables import REJECTED, index_schema
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import LABEL_TYPES, Index, write_rows
from labelworks.tasks.artifacts.rejected import rejected_rows
from labelworks.tasks.artifacts.row_extras import packed, read_pairs, read_pred_probs, read_token_probs
from labelworks.tasks.artifacts.votes.rule_votes import Ruled
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.ingest.observed_labels import read_observed, with_bags_held
from labelworks.tasks.ingest.tag_labels import read_tags
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.sources import column_roles
from labelworks.tasks.sources.class_mapping import again_in_row
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.formats import UNUSABLE
from labelworks.tasks.sources.given_labels import read_labels, read_names
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.time_windows import in_window, no_times
from labelworks.tasks.sources.values.columns import NAMED, find_field
from labelworks.tasks.sources.values.joined import common, written_type
from labelworks.tasks.sources.values.text import not_utf8

MENDED = "__mended__"  # whether tags broke their scheme and were written anew
RENAMED = "__renamed__"  # the old names of a row's classes, where they got new ones


def scan(partition: Partition, source: Source, label_type: str, voted: Voted | Ruled | None = None) -> Index:
    """Read ids and labels of a partition; a piece that can't be read is put aside as a whole."""
    asked, kind = source.columns, LABEL_TYPES[label_type]
    labelled = partition.window == "source"
    label = asked.label or None if labelled else None
    time = asked.time if labelled and source.timed else None
    beside = [asked.pred_probs, asked.pair, *(asked.observed.columns if asked.observed else [])]
    beside += [asked.feature] if asked.task == "tokens" else []  # tags are held against tokens
    beside = beside if labelled else []
    kinds: list[pa.DataType] = []
    pieces, aside, left_out = _pieces(partition, source, label_type, [asked.id, label, time, *beside], kinds)
    carried = written_type(common(kinds)) if labelled and kinds else ""
    unreadable = pa.Table.from_pylist(aside, schema=REJECTED)
    if not pieces:
        nothing = index_schema(kind).empty_table()
        return Index(nothing, unreadable, left_out, len(left_out) - len(aside), carried)
    index = pa.concat_tables([_piece_index(*read, asked, label, kind, labelled) for read in pieces])
    if labelled and asked.observed is not None and asked.observed.bag:
        index = with_bags_held(index, len(asked.classes or ()))
    if labelled and voted is not None:
        index = voted.join(index, kind, partition)
    rows = pa.array(np.arange(index.num_rows, dtype=np.int32))
    index = index.add_column(0, "row", rows)
    if time is not None:
        index = _timed(index, [table[time] for _, table in pieces], asked.time_window)
    if labelled and voted is not None:
        index = voted.labelled(index)
    index = index.combine_chunks()
    nothing = "null label" if voted is None else "no votes"
    by_class = labelled and not asked.inferred
    reasons = _reasons(index, nothing, asked.classes, label_type) if by_class else _null_ids(index)
    renamed = count_classes(index[RENAMED]) if RENAMED in index.column_names else {}
    mended = pc.sum(index[MENDED]).as_py() or 0 if MENDED in index.column_names else 0
    said = [name for name in (UNUSABLE, RENAMED, MENDED) if name in index.column_names]
    index = index.drop_columns(said)
    bad = pc.is_valid(reasons)
    unusable = index.filter(bad)
    rejected = rejected_rows(unusable, reasons.filter(bad))
    usable = index.filter(pc.invert(bad))
    hashes = pa.array(hash_ids(usable["id"].combine_chunks()), pa.uint64())
    usable = usable.append_column("hash", hashes)
    rejected = pa.concat_tables([unreadable, rejected])
    return Index(
        usable,
        rejected,
        left_out,
        len(left_out) - len(aside),
        carried,
        {str(name): rows for name, rows in renamed.items()},
        mended,
    )


def _pieces(
    partition: Partition,
    source: Source,
    label_type: str,
    roles: Sequence[str | None],
    kinds: list[pa.DataType],
) -> tuple[list[tuple[Piece, pa.Table]], list[dict[str, str]], tuple[int, ...]]:
    """Read the pieces: those with rows, what is said of those that can't be, places of those without rows.

    kinds: is given the types of the time column.
    """
    asked = source.columns
    wanted = [column for column in roles if column] or [asked.feature]

    def problem(schema: pa.Schema, where: str) -> InputError | None:
        reason = column_roles.problem(schema, where, asked, partition.window)
        time = find_field(schema, asked.time) if asked.time else None
        kinds.extend([] if time is None else [time.type])
        mixed = column_roles.unlike(schema, asked, label_type) if partition.window == "source" else None
        return reason or (InputError(mixed, where=where) if mixed else None)

    pieces, aside, left_out = [], [], []
    for place, (piece, read) in enumerate(source.reader(partition).checked([*wanted, UNUSABLE], problem)):
        if not isinstance(read, InputError) and read.num_rows:
            pieces.append((piece, read))
            continue
        left_out.append(place)
        if isinstance(read, InputError):
            aside.append({"file": piece.file, "reason": read.what})
    return pieces, aside, tuple(left_out)


def write_index(
    artifacts: Artifacts,
    source: Source,
    partition: Partition,
    label_type: str,
    voted: Voted | Ruled | None = None,
) -> Index | None:
    """Make a partition's index and what lies beside it; None: that was done before."""
    if artifacts.store.exists(artifacts.index(label_type, partition)):
        return None
    index = scan(partition, source, label_type, voted)
    write_rows(artifacts, label_type, partition, index)
    return index


def count_classes(labels: pa.ChunkedArray) -> Counter[str | int]:
    """How often each class occurs in labels; numbers are none."""
    if pa.types.is_floating(labels.type):
        return Counter()
    flat = pc.list_flatten(labels) if pa.types.is_list(labels.type) else labels.drop_null()
    return Counter({counted["values"]: counted["counts"] for counted in pc.value_counts(flat).to_pylist()})


def _piece_index(
    piece: Piece,
    table: pa.Table,
    asked: Columns,
    label: str | None,
    kind: pa.DataType,
    labelled: bool,
) -> pa.Table:
    """Where the rows of a piece are from, their ids and labels; of labelled ones what stands beside them."""
    file, rows = places_of(piece, table)
    unusable = table[UNUSABLE].combine_chunks()
    if asked.id in table.column_names:
        ids, unusable = _readable(table[asked.id].combine_chunks(), "id", unusable)
        ids, reasons = read_names(ids, "id")
        unusable = pc.coalesce(unusable, reasons)
    else:
        ids = pc.binary_join_element_wise(file.cast(pa.string()), rows.cast(pa.string()), "#")
    labels = pa.nulls(table.num_rows, kind)
    observed = labelled and asked.observed is not None
    if label and not observed:
        labels, unusable = _readable(table[label].combine_chunks(), "label", unusable)
        if asked.task == "tokens":
            labels, reasons, mended = read_tags(labels, table[asked.feature].combine_chunks(), asked)
        else:
            labels, reasons = read_labels(labels, kind)
        unusable = pc.coalesce(unusable, reasons)
    columns = {"file": file, "file_row": rows, "id": ids, "label": labels}
    if asked.task == "tokens" and labelled:
        columns[MENDED] = pa.array(mended)
    if label and asked.mapping:
        columns["label"], reasons, columns[RENAMED] = asked.mapping.read(labels)
        unusable = pc.coalesce(unusable, reasons)
    if observed:
        columns["observed"], reasons = read_observed(table, asked)
        unusable = pc.coalesce(unusable, reasons)
    if labelled and asked.pair:
        columns["pair"] = read_pairs(table[asked.pair].combine_chunks())
    if labelled and asked.pred_probs:
        one = asked.task == "classification"
        given, classes = table[asked.pred_probs].combine_chunks(), len(asked.classes or ())
        if asked.task == "tokens":
            columns["pred_probs"], reasons = read_token_probs(given, pc.list_value_length(labels), classes)
        else:
            probs, reasons = read_pred_probs(given, classes, one_class=one)
            columns["pred_probs"] = packed(probs)
        unusable = pc.coalesce(unusable, reasons)
    return pa.table(columns | {UNUSABLE: unusable})


def _readable(values: pa.Array, role: str, reasons: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Values with nulls for strings that aren't UTF-8, and the reasons with that said."""
    bad = not_utf8(values)
    if bad is None:
        return values, reasons
    said = pc.if_else(bad, pc.fill_null(reasons, f"{role} is not UTF-8"), reasons)
    return pc.if_else(bad, pa.scalar(None, values.type), values), said


def _null_ids(index: pa.Table) -> pa.ChunkedArray:
    """Why a row can't be used whatever its label is, or null."""
    reasons = index[UNUSABLE]
    return pc.if_else(pc.is_null(index["id"]), pc.fill_null(reasons, "null id"), reasons)


def _reasons(
    index: pa.Table, nothing: str, classes: tuple[str | int, ...] | None, label_type: str
) -> pa.ChunkedArray:
    """Why a labelled row can't be used, or null; nothing: what is said where there is no label."""
    reasons, labels = _null_ids(index), index["label"]
    reasons = pc.if_else(pc.is_null(labels), pc.fill_null(reasons, nothing), reasons)
    if label_type == "number":
        wrong = {
            "label is not finite": pc.is_finite(labels),
            TOO_LARGE: pc.less_equal(pc.abs(labels), LARGEST),
        }
        for reason, fine in wrong.items():
            reasons = pc.if_else(pc.fill_null(fine, True), reasons, pc.fill_null(reasons, reason))
        return reasons
    if label_type in ("list", "tags"):
        return _of_lists(labels, reasons, classes, sets=label_type == "list")
    if classes is None:
        return reasons
    known = pc.is_in(labels, value_set=_class_array(classes, label_type))
    unknown = pc.and_(pc.is_valid(labels), pc.invert(known))
    return pc.if_else(unknown, pc.fill_null(reasons, "label not in dataset.classes"), reasons)


def _of_lists(
    labels: pa.ChunkedArray,
    reasons: pa.ChunkedArray,
    classes: tuple[str | int, ...] | None,
    *,
    sets: bool,
) -> pa.ChunkedArray:
    """The reasons with what is wrong with a class in a list."""
    lists = labels.combine_chunks()
    flat, rows = lists.flatten(), pc.list_parent_indices(lists)
    wrong = {"null among the labels": pc.is_null(flat)}
    wrong |= {TWICE: pa.array(again_in_row(flat, rows.to_numpy()))} if sets else {}
    if classes is not None:
        known = pc.is_in(flat, value_set=_class_array(classes, "string"))
        wrong["label not in dataset.classes"] = pc.and_(pc.is_valid(flat), pc.invert(known))
    for reason, which in wrong.items():
        bad = np.zeros(len(lists), bool)
        bad[rows.filter(which).to_numpy()] = True
        reasons = pc.if_else(pa.array(bad), pc.fill_null(reasons, reason), reasons)
    return reasons


def _class_array(classes: tuple[str | int, ...], label_type: str) -> pa.Array:
    try:
        return pa.array([int(c) if label_type == "int" else str(c) for c in classes], LABEL_TYPES[label_type])
    except (ValueError, pa.ArrowInvalid) as error:
        raise InputError(
            "the labels are integers, but dataset.classes are not",
            where="dataset.classes",
            fix="list the classes as they stand in the data",
        ) from error


LARGEST = 1e30  # of numbers to foretell: predictions are single floats
TOO_LARGE = f"label is beyond {LARGEST:g}, too large for single floats: take a larger unit"
TWICE = "a class stands twice in the list; multilabel is for sets of classes, not for tags of tokens"


def _timed(index: pa.Table, times: Sequence[pa.ChunkedArray], window: str | None) -> pa.Table:
    """The index with what is no time said of its row; of the rows of a window, if there is one."""
    wrong = pa.concat_arrays([no_times(time).combine_chunks() for time in times])
    said = pc.if_else(wrong, pa.scalar("time is not ISO 8601"), pa.scalar(None, pa.string()))
    place = index.column_names.index(UNUSABLE)
    index = index.set_column(place, UNUSABLE, pc.coalesce(index[UNUSABLE], said))
    if window is None:
        return index
    inside = pa.concat_arrays([in_window(time, window).combine_chunks() for time in times])
    return index.filter(pc.or_(inside, pc.is_valid(index[UNUSABLE])))


def places_of(piece: Piece, table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The file of each row and its place in it; where a row is a file, the table says of which."""
    if NAMED in table.column_names:
        named = table[NAMED].combine_chunks().dictionary_encode()
        return named, pa.array(np.zeros(table.num_rows, np.int64))
    file = pa.DictionaryArray.from_arrays(np.zeros(table.num_rows, np.int32), [piece.file])
    return file, pa.array(np.arange(table.num_rows, dtype=np.int64) + piece.first_row)
