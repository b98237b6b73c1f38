"""Votes of annotators: read, aggregated into one label an item, and joined to the rows by their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import AnnotatorQuality, CrowdFindings
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.row_extras import made_with_probabilities, packed, read_pred_probs
from labelworks.tasks.methods.crowd import CrowdResult, Votes, aggregate
from labelworks.tasks.sources.column_roles import (
    fits,
    label_family,
    missing,
    problem,
    twice,
    unfit,
)
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.given_labels import read_labels
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.columns import find_field, repeated

SHOWN_ANNOTATORS = 20  # those of the lowest quality


@dataclass(frozen=True)
class VoteSource:
    """Where votes are, which of their columns is what, and the method that makes labels of them.

    source: as the config names it; place: its address. said: all that is asked; it names what is made of it.
    """

    source: str
    place: str
    format: str
    read_as: ReadAs
    item: str
    annotator: str
    label: str
    method: str
    said: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """Its columns: item, annotator, label."""
        return [self.item, self.annotator, self.label]


@dataclass(frozen=True)
class Voted:
    """Labels made of votes: items (M,) in order, the code of each one's label (M,), posterior (M, K)."""

    items: pa.Array
    codes: NDArray[np.int64]
    posterior: NDArray[np.float32]
    classes: tuple[str | int, ...]
    label_type: str
    key: str

    def join(self, index: pa.Table, kind: pa.DataType) -> pa.Table:
        """An index with label (null: no votes) and `votes`, the posterior of the row's item as raw bytes."""
        place = pc.index_in(index["id"], value_set=self.items).combine_chunks()
        labels = pa.array(self.classes, kind).take(pa.array(self.codes)).take(place)
        known = place.is_valid().to_numpy(zero_copy_only=False)
        posterior = np.zeros((len(place), len(self.classes)), np.float32)
        posterior[known] = self.posterior[place.drop_null().to_numpy()]
        at = index.column_names.index("label")
        return index.set_column(at, "label", labels).append_column("votes", packed(posterior))


def vote_prints(asked: VoteSource, options: dict[str, Any]) -> list[str]:
    """Fingerprints of the files of votes; options: for fsspec."""
    files = list_files(asked.place, asked.format, options)
    return [f"votes:{file.name}:{file.fingerprint}" for file in files]


def voted(artifacts: Artifacts, source: Source, asked: VoteSource) -> tuple[Voted, CrowdFindings]:
    """Aggregate the votes and keep what came of them; also what is told of it."""
    classes = source.columns.classes
    table, kind = read_votes(asked, source.options)
    try:
        votes = Votes.from_arrays(
            *(table[name].to_numpy() for name in table.column_names), classes=_spelled(classes, kind)
        )
    except InputError as error:
        raise InputError(error.what, where=f"{asked.source}, {error.where}", fix=error.fix) from error
    heard = made_with_probabilities(asked.method)
    probs, prints = _probabilities(source, votes) if heard else (None, [])
    found = aggregate(votes, pred_probs=probs, method=asked.method)
    _keep(artifacts, votes, found)
    about = [asked.said, classes, *sorted(vote_prints(asked, source.options)), *prints]
    key = hashlib.blake2b(repr(about).encode(), digest_size=5).hexdigest()
    return _of(found, classes is None, kind, key), _told(votes, found)


def _probabilities(source: Source, votes: Votes) -> tuple[NDArray[np.float64], list[str]]:
    """The user's probabilities (N, K) of each item voted on, and the files of the source, on which they hang.

    An item without a row, or whose numbers can't be used, gets the shares of the answers.
    """
    asked, (items, _, classes) = source.columns, votes.shape
    probs = np.tile(votes.answer_shares, (items, 1))
    names, place = pa.array(votes.items.astype(object), pa.string()), source.places["source"]
    files = list_files(place, source.format, source.options)
    columns = [str(asked.id), str(asked.pred_probs)]
    for file in files:
        reader = SourceReader(place, file.path, file.format, source.options, file.name, source.read_as)
        try:
            table = reader.checked(None, columns, lambda *at: problem(at[0], at[1], asked, "source"))
        except InputError:  # such a file is put aside when its rows are read, and that is where it is said
            continue
        if not table.num_rows:
            continue
        told, reasons = read_pred_probs(table[columns[1]].combine_chunks(), classes)
        at = pc.index_in(pc.cast(table[columns[0]].combine_chunks(), pa.string()), value_set=names)
        usable = pc.and_(pc.is_valid(at), pc.is_null(reasons)).to_numpy(zero_copy_only=False)
        probs[at.filter(pa.array(usable)).to_numpy()] = told[usable]
    return probs, sorted(f"source:{file.name}:{file.fingerprint}" for file in files)


def _of(found: CrowdResult, as_they_occur: bool, kind: str, key: str) -> Voted:
    """Labels and posteriors; of classes that aren't listed, those that some item is of."""
    codes = found.posterior.argmax(axis=1)
    kept = np.unique(codes) if as_they_occur else np.arange(len(found.classes))
    posterior = found.posterior[:, kept]
    posterior = posterior / posterior.sum(axis=1, keepdims=True)
    names = found.classes[kept].tolist()
    items = pa.array(found.items.astype(object), pa.string())
    return Voted(items, np.searchsorted(kept, codes), posterior, tuple(names), kind, key)


def read_votes(votes: VoteSource, options: dict[str, Any]) -> tuple[pa.Table, str]:
    """The votes: item, annotator and label, and the type of the labels."""
    schemas, tables = [], []
    for file in list_files(votes.place, votes.format, options):
        reader = SourceReader(votes.place, file.path, file.format, options, file.name, votes.read_as)
        schemas.append(reader.look().schema)
        _check(schemas[-1], reader.where, votes)
        tables.append(reader.table(None, votes.columns))
    fields = [field for schema in schemas if (field := find_field(schema, votes.label)) is not None]
    families = [label_family(field.type) for field in fields]
    kind = "int" if set(families) <= {"int", "null"} and "int" in families else "string"
    parts = [_typed(table, votes, kind) for table in tables]
    return pa.concat_tables(parts).combine_chunks(), kind


def _check(schema: pa.Schema, where: str, votes: VoteSource) -> None:
    """Raise InputError where a column of votes is missing, doubled, or of a type that can't play its role."""
    for column, role in zip(votes.columns, ("id", "id", "votes"), strict=True):
        field = find_field(schema, column)
        if field is None:
            raise missing(schema, where, column, "votes")
        if repeated(schema, column):
            raise twice(where, column, "votes")
        if not fits(field.type, role):
            raise unfit(where, column, field.type, role)


def _typed(table: pa.Table, votes: VoteSource, kind: str) -> pa.Table:
    """Item, annotator and label of some votes; InputError naming the first label that is no class."""
    whole = table.combine_chunks()
    ids = [whole[name].cast(pa.string()) for name in (votes.item, votes.annotator)]
    given = pa.concat_arrays(whole[votes.label].chunks) if whole.num_rows else pa.array([], pa.string())
    found, reasons = read_labels(given, pa.int64() if kind == "int" else pa.string())
    bad = pc.index(pc.is_valid(reasons), True).as_py()
    if bad >= 0:
        vote, item = given[bad].as_py(), ids[0][bad].as_py()
        raise InputError(
            f"the vote {vote!r} on {item!r} can't be read: {reasons[bad].as_py()}",
            where=f"{votes.place}, column {votes.label!r}",
            fix="write the answers as whole numbers or as strings",
        )
    return pa.table([*ids, found], names=["item", "annotator", "label"])


def _spelled(listed: tuple[str | int, ...] | None, kind: str) -> list[str | int] | None:
    """The classes of the config as the votes spell them; None: those that occur."""
    return None if listed is None else [int(each) if kind == "int" else str(each) for each in listed]


def _keep(artifacts: Artifacts, votes: Votes, found: CrowdResult) -> None:
    """Write what came of each item and of each annotator, for people."""
    lists = pa.FixedSizeListArray.from_arrays(pa.array(found.posterior.ravel()), len(found.classes))
    names = np.append(found.classes.astype(object), [None])  # -1, no confusing answer, is the last one
    items = {
        "item": found.items.astype(object),
        "label": found.labels,
        "votes": votes.counts.sum(axis=1).astype(np.int64),
        "posterior": lists,
        "confusing": pa.array(names[found.confusing].tolist()),
        "confusion": pa.array(found.confusion, from_pandas=True),
    }
    annotators = {
        "annotator": found.annotators.astype(object),
        "votes": votes.per_annotator.astype(np.int64),
        "quality": found.quality,
    }
    artifacts.store.write_table(artifacts.file("ingest", "votes.parquet"), pa.table(items))
    artifacts.store.write_table(artifacts.file("ingest", "annotators.parquet"), pa.table(annotators))


def _told(votes: Votes, found: CrowdResult) -> CrowdFindings:
    """The figures of the aggregation, and the annotators who are right the least."""
    counted = votes.per_annotator
    worst = np.argsort(found.quality, kind="stable")[:SHOWN_ANNOTATORS]
    alpha, kappa = (None if np.isnan(each) else float(each) for each in (found.alpha, found.kappa))
    return CrowdFindings(
        method=found.method,
        items=len(found.items),
        votes=len(votes.item),
        annotators=len(found.annotators),
        alpha=alpha,
        kappa=kappa,
        quality=float(found.quality @ counted / counted.sum()),
        lowest=tuple(
            AnnotatorQuality(
                annotator=str(found.annotators[place]),
                votes=int(counted[place]),
                quality=float(found.quality[place]),
            )
            for place in worst
        ),
    )
