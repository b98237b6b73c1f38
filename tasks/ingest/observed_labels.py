"""What the rows of a piece say of their classes where that is no single one, read by kind and checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.schemas.label_kinds import BAGS, IN_RUNS, NOTHING, OF_SHARES
from labelworks.tasks.artifacts.imprecise.observed import Observed, as_column
from labelworks.tasks.artifacts.row_extras import read_pred_probs
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.treatment.imprecise.bags import uneven
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.given_labels import read_labels, read_names
from labelworks.tasks.sources.values.columns import UNUSABLE
from labelworks.tasks.sources.values.text import not_utf8

EMPTY = "an empty set of classes; a row without a label has null"
SEVERAL = "several classes, where label_kind says one"
ALL_OUT = "every class is ruled out"
LABELLED = "a label, where label_kind says none"
NO_BAG = "no bag"
UNEVEN = "rows of its bag tell different shares of the classes: give each those of the whole bag"
NO_SHARES = "null shares of a bag"
NULL = "null among the classes"
UNKNOWN = "label not in dataset.classes"


def read_observed(table: pa.Table, asked: Columns) -> tuple[pa.Array, pa.Array]:
    """What was observed of rows (n,), as it is kept, and why a row can't be used (n,), null where it can.

    A row that says nothing (null) is one without a label, of kind none, but of single-positive.
    """
    assert asked.observed is not None and asked.classes  # noqa: S101 - the config has both, or neither
    reasons: NDArray[Any] = np.full(table.num_rows, None, object)
    kinds = _kinds(table, asked, reasons)
    labels, silent = _labels(table, asked, reasons)
    marks = _marks(labels, asked.classes, kinds, reasons)
    shares, unsaid = _shares(table, asked, kinds, reasons)
    of_shares = np.isin(kinds, OF_SHARES)
    whole = _chosen(marks, shares, of_shares)
    _check(whole, kinds, silent, reasons)
    unlabelled = np.where(of_shares, unsaid, silent) & ~np.isin(kinds, ("single-positive", BAGS))
    kinds[unlabelled] = NOTHING
    bags = _bags(table, asked, kinds, reasons)
    return as_column(whole, kinds.tolist(), bags), pa.array(reasons, pa.string())


def _kinds(table: pa.Table, asked: Columns, reasons: NDArray[Any]) -> NDArray[Any]:
    """The kind of each row (n,)."""
    said = asked.observed
    if said is None or not said.column:
        return np.full(table.num_rows, said.kind if said else "", object)
    kinds = np.array(table[said.column].cast(pa.string()).to_pylist(), object)
    for row in np.flatnonzero(~np.isin(kinds.astype(str), IN_RUNS)).tolist():
        reason = f"label_kind {kinds[row]!r} is none of {', '.join(IN_RUNS)}"
        reasons[row] = "no label_kind" if kinds[row] is None else reason
        kinds[row] = NOTHING
    return kinds


def _labels(table: pa.Table, asked: Columns, reasons: NDArray[Any]) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Lists of classes, as strings, and which rows (n,) have none, not even an empty one."""
    if not asked.label:
        nothing = pa.nulls(table.num_rows, pa.list_(pa.string()))
        return nothing, np.ones(table.num_rows, bool)
    values = table[asked.label].combine_chunks()
    bad = not_utf8(values)
    if bad is not None:
        _say(reasons, pc.fill_null(bad, False).to_numpy(zero_copy_only=False), "label is not valid UTF-8")
        values = pc.if_else(pc.fill_null(bad, False), pa.scalar(None, values.type), values)
    listed = pa.types.is_nested(values.type)
    labels, why = read_labels(values, pa.list_(pa.string()) if listed else pa.string())
    silent = np.asarray(pc.is_null(labels))
    for row in np.flatnonzero(np.asarray(pc.is_valid(why))).tolist():
        reasons[row] = reasons[row] or why[row].as_py()
    if listed:
        return labels, silent
    ends = np.append(0, np.cumsum(~silent)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), labels.drop_null()), silent


def _marks(
    labels: pa.Array, classes: tuple[str | int, ...], kinds: NDArray[Any], reasons: NDArray[Any]
) -> Marks:
    """Classes that rows name, as marks (n, K), each once."""
    flat, rows = labels.flatten(), pc.list_parent_indices(labels).to_numpy()
    known = pa.array([str(name) for name in classes], pa.string())
    codes = pc.index_in(flat, value_set=known).fill_null(-1).to_numpy()
    null = np.asarray(pc.is_null(flat))
    _say(reasons, _rows_of(rows, null, len(labels)), NULL)
    _say(reasons, _rows_of(rows, (codes < 0) & ~null, len(labels)), UNKNOWN)
    right = codes >= 0
    at = (rows[right], codes[right])
    marks = sparse.csr_array((np.ones(len(at[0])), at), shape=(len(labels), len(classes)))
    marks.sum_duplicates()
    marks.data[:] = 1.0
    return marks


def _shares(
    table: pa.Table, asked: Columns, kinds: NDArray[Any], reasons: NDArray[Any]
) -> tuple[Marks, NDArray[np.bool_]]:
    """Shares of the classes (n, K) of rows that have them, and which rows (n,) have none."""
    rows, classes = table.num_rows, len(asked.classes or ())
    if asked.observed is None or not asked.observed.shares:
        return sparse.csr_array((rows, classes)), np.ones(rows, bool)
    values = table[asked.observed.shares].combine_chunks()
    null = np.asarray(pc.is_null(values))
    wanted = np.isin(kinds, OF_SHARES) & ~null
    shares, why = read_pred_probs(values, classes, name="shares")
    for row in np.flatnonzero(wanted & np.asarray(pc.is_valid(why))).tolist():
        reasons[row] = reasons[row] or why[row].as_py()
    _say(reasons, (kinds == BAGS) & null, NO_SHARES)
    shares[~wanted] = 0
    return sparse.csr_array(shares.astype(np.float64)), null


def _chosen(marks: Marks, shares: Marks, of_shares: NDArray[np.bool_]) -> Marks:
    """Shares of the rows that have them, marks of the others."""
    by = sparse.diags_array(of_shares.astype(float))
    other = sparse.diags_array((~of_shares).astype(float))
    chosen = sparse.csr_array(by @ shares + other @ marks)
    chosen.eliminate_zeros()
    chosen.sort_indices()
    return chosen


def _check(marks: Marks, kinds: NDArray[Any], silent: NDArray[np.bool_], reasons: NDArray[Any]) -> None:
    """Say of rows what their kind doesn't bear."""
    named = np.diff(marks.indptr)
    sets = np.isin(kinds, ("single", "candidates", "complementary"))
    _say(reasons, sets & ~silent & (named == 0), EMPTY)
    _say(reasons, np.isin(kinds, ("single", "single-positive")) & (named > 1), SEVERAL)
    _say(reasons, (kinds == "complementary") & (named == marks.shape[1]), ALL_OUT)
    _say(reasons, (kinds == NOTHING) & (named > 0), LABELLED)


def _bags(table: pa.Table, asked: Columns, kinds: NDArray[Any], reasons: NDArray[Any]) -> pa.Array:
    """Hashes of the bags of rows (n,), null where there is none."""
    if asked.observed is None or not asked.observed.bag:
        _say(reasons, kinds == BAGS, NO_BAG)
        return pa.nulls(table.num_rows, pa.uint64())
    names, why = read_names(table[asked.observed.bag].combine_chunks(), "bag")
    for row in np.flatnonzero((kinds == BAGS) & np.asarray(pc.is_valid(why))).tolist():
        reasons[row] = reasons[row] or why[row].as_py()
    _say(reasons, (kinds == BAGS) & np.asarray(pc.is_null(names)), NO_BAG)
    hashes = hash_ids(pc.fill_null(names, ""))
    return pa.array(hashes, pa.uint64(), mask=np.asarray(pc.is_null(names)) | (kinds != BAGS))


def _rows_of(rows: NDArray[Any], which: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Rows (n,) that own one of the entries (m,) that are meant."""
    marked = np.zeros(count, bool)
    marked[rows[which]] = True
    return marked


def _say(reasons: NDArray[Any], rows: NDArray[np.bool_], reason: str) -> None:
    """Say why rows can't be used, where nothing is said of them yet."""
    for row in np.flatnonzero(rows).tolist():
        reasons[row] = reasons[row] or reason


def with_bags_held(index: pa.Table, classes: int) -> pa.Table:
    """An index with what is wrong said of rows whose bag has rows that tell other shares."""
    seen = Observed.of_column(index["observed"], classes)
    fine = pc.is_null(index[UNUSABLE]).to_numpy(zero_copy_only=False)
    inside, bad = np.flatnonzero((seen.kinds == BAGS) & fine), np.zeros(index.num_rows, bool)
    bad[inside] = uneven(seen.marks[inside], seen.bags[inside])
    said = pc.if_else(pa.array(bad), pa.scalar(UNEVEN), pa.scalar(None, pa.string()))
    place = index.column_names.index(UNUSABLE)
    return index.set_column(place, UNUSABLE, pc.coalesce(index[UNUSABLE], said))


def refuse_unlabelled(kinds: dict[str, int], place: str) -> None:
    """Raise InputError where nothing was observed of any row."""
    if not sum(rows for kind, rows in kinds.items() if kind != NOTHING):
        raise InputError(
            "nothing was observed of any row", where=place, fix="check dataset.label_kind and label"
        )
