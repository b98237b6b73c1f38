"""Votes of annotators: read, aggregated into one label an item, and joined to the rows by their ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.config.dataset import VotesConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import AnnotatorQuality, CrowdFindings
from labelworks.tasks.artifacts.row_extras import made_with_probabilities, packed, read_pred_probs
from labelworks.tasks.methods.crowd import CrowdResult, Votes, aggregate
from labelworks.tasks.sources.column_roles import (
    fits,
    label_family,
    missing,
    problem,
    twice,
    unfit,
    votes_read_as,
)
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.given_labels import read_labels
from labelworks.tasks.sources.values.columns import find_field, repeated

if TYPE_CHECKING:
    from labelworks.tasks.artifacts.run import Run

SHOWN_ANNOTATORS = 20  # those of the lowest quality


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


def vote_prints(run: Run) -> list[str]:
    """Fingerprints of the files of votes; none where labels are a column."""
    data = run.config.dataset
    if not data.votes.source:
        return []
    files = list_files(data.place("votes"), data.votes.format, run.source_options)
    return [f"votes:{file.name}:{file.fingerprint}" for file in files]


def voted(run: Run) -> tuple[Voted, CrowdFindings] | None:
    """Aggregate the votes and keep what came of them; also what is told of it. None: there are no votes."""
    data = run.config.dataset
    if not data.votes.source:
        return None
    table, kind = read_votes(run)
    try:
        votes = Votes.from_arrays(
            *(table[name].to_numpy() for name in table.column_names), classes=_classes(run, kind)
        )
    except InputError as error:
        raise InputError(error.what, where=f"{data.votes.source}, {error.where}", fix=error.fix) from error
    probs, prints = _probabilities(run, votes) if made_with_probabilities(data) else (None, [])
    found = aggregate(votes, pred_probs=probs, method=data.votes.method)
    _keep(run, votes, found)
    about = [data.votes.model_dump(mode="json"), data.classes, *sorted(vote_prints(run)), *prints]
    key = hashlib.blake2b(repr(about).encode(), digest_size=5).hexdigest()
    return _of(found, data.classes is None, kind, key), _told(votes, found)


def _probabilities(run: Run, votes: Votes) -> tuple[NDArray[np.float64], list[str]]:
    """The user's probabilities (N, K) of each item voted on, and the files of the source, on which they hang.

    An item without a row, or whose numbers can't be used, gets the shares of the answers.
    """
    data, (items, _, classes) = run.config.dataset, votes.shape
    probs = np.tile(votes.answer_shares, (items, 1))
    names, source = pa.array(votes.items.astype(object), pa.string()), data.place("source")
    files = list_files(source, data.format, run.source_options)
    columns = [str(data.id), str(data.pred_probs)]
    for file in files:
        reader = SourceReader(
            source, file.path, file.format, run.source_options, file.name, run.source_read_as
        )
        try:
            table = reader.checked(None, columns, lambda *at: problem(at[0], at[1], data, "source"))
        except InputError:  # such a file is put aside when its rows are read, and that is where it is said
            continue
        if not table.num_rows:
            continue
        told, reasons = read_pred_probs(table[columns[1]].combine_chunks(), classes)
        place = pc.index_in(pc.cast(table[columns[0]].combine_chunks(), pa.string()), value_set=names)
        usable = pc.and_(pc.is_valid(place), pc.is_null(reasons)).to_numpy(zero_copy_only=False)
        probs[place.filter(pa.array(usable)).to_numpy()] = told[usable]
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


def read_votes(run: Run) -> tuple[pa.Table, str]:
    """The votes: item, annotator and label, and the type of the labels."""
    votes, source = run.config.dataset.votes, run.config.dataset.place("votes")
    schemas, tables = [], []
    for file in list_files(source, votes.format, run.source_options):
        reader = SourceReader(
            source, file.path, file.format, run.source_options, file.name, votes_read_as(votes)
        )
        schemas.append(reader.look().schema)
        _check(schemas[-1], reader.where, votes)
        tables.append(reader.table(None, votes.columns))
    fields = [field for schema in schemas if (field := find_field(schema, votes.label)) is not None]
    families = [label_family(field.type) for field in fields]
    kind = "int" if set(families) <= {"int", "null"} and "int" in families else "string"
    parts = [_typed(table, votes, kind, source) for table in tables]
    return pa.concat_tables(parts).combine_chunks(), kind


def _check(schema: pa.Schema, where: str, votes: VotesConfig) -> None:
    """Raise InputError where a column of votes is missing, doubled, or of a type that can't play its role."""
    for column, role in zip(votes.columns, ("id", "id", "votes"), strict=True):
        field = find_field(schema, column)
        if field is None:
            raise missing(schema, where, column, "votes")
        if repeated(schema, column):
            raise twice(where, column, "votes")
        if not fits(field.type, role):
            raise unfit(where, column, field.type, role)


def _typed(table: pa.Table, votes: VotesConfig, kind: str, source: str) -> pa.Table:
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
            where=f"{source}, column {votes.label!r}",
            fix="write the answers as whole numbers or as strings",
        )
    return pa.table([*ids, found], names=["item", "annotator", "label"])


def _classes(run: Run, kind: str) -> list[str | int] | None:
    """The classes of the config as the votes spell them; None: those that occur."""
    listed = run.config.dataset.classes
    return None if listed is None else [int(each) if kind == "int" else str(each) for each in listed]


def _keep(run: Run, votes: Votes, found: CrowdResult) -> None:
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
    run.store.write_table(run.file("ingest", "votes.parquet"), pa.table(items))
    run.store.write_table(run.file("ingest", "annotators.parquet"), pa.table(annotators))


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
