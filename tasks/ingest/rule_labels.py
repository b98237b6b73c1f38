"""Labels made of rules: each partition is looked at once, then one model says what all of them mean."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import RuleFindings, RulesFindings
from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import LABEL_TYPES
from labelworks.tasks.artifacts.votes.rule_votes import (
    PATTERNS,
    Ruled,
    RuleSource,
    read_rule_sums,
    write_rule_votes,
)
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.ingest.scan import places_of
from labelworks.tasks.methods.protocols.labels import RuleModel
from labelworks.tasks.methods.rules.rule import evaluate
from labelworks.tasks.methods.weak_supervision import RuleSums
from labelworks.tasks.methods.weak_supervision.aggregation import accuracy_of, fit_rules
from labelworks.tasks.sources import column_roles
from labelworks.tasks.sources.given_labels import read_labels
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.text import not_utf8


def ruled(
    artifacts: Artifacts, source: Source, partitions: Sequence[Partition], asked: RuleSource
) -> tuple[Ruled, RulesFindings]:
    """Look at all rows by the rules, and fit the model; also what is told of it."""
    map_partitions(
        "ingest",
        vote_partition,
        list(partitions),
        unit="partitions by the rules",
        artifacts=artifacts,
        source=source,
        asked=asked,
    )
    parts = (read_rule_sums(artifacts, asked.label_type, partition) for partition in partitions)
    sums = reduce(add, parts)
    try:
        model = fit_rules(sums, len(asked.classes), prior=asked.prior, method=asked.method)
    except InputError as error:
        raise InputError(error.what, where=source.places["source"], fix=error.fix) from error
    about = [asked.said, sorted(partition.key for partition in partitions)]
    key = hashlib.blake2b(repr(about).encode(), digest_size=5).hexdigest()
    made = Ruled(artifacts, model, asked.classes, asked.label_type, key, asked.infer)
    return made, told_of_rules(sums, model, asked)


def vote_partition(partition: Partition, artifacts: Artifacts, source: Source, asked: RuleSource) -> None:
    """Look at the rows of a partition and write what the rules say, unless that was done before.

    A piece that can't be read is left out here: where its rows are indexed, that is said.
    """
    if artifacts.store.exists(artifacts.index(asked.label_type, partition, PATTERNS)):
        return
    columns = list(dict.fromkeys([*_columns(asked), *([asked.label] if asked.label else [])]))

    def problem(schema: pa.Schema, where: str) -> InputError | None:
        return column_roles.problem(schema, where, source.columns, partition.window)

    places, votes, failed = [], [], np.zeros(len(asked.names), np.int64)
    for piece, read in source.reader(partition).checked(columns or [source.columns.feature], problem):
        if isinstance(read, InputError) or not read.num_rows:
            continue
        codes, wrong = _votes(read, asked)
        file, rows = places_of(piece, read)
        places.append(pa.table({"file": file.cast(pa.string()), "file_row": rows}))
        votes.append(codes)
        failed += wrong
    nothing = pa.table({"file": pa.array([], pa.string()), "file_row": pa.array([], pa.int64())})
    empty = np.zeros((0, len(asked.names)), np.int32)
    write_rule_votes(
        artifacts,
        asked.label_type,
        partition,
        pa.concat_tables([nothing, *places]).combine_chunks(),
        np.concatenate([empty, *votes]),
        failed.tolist(),
    )


def _columns(asked: RuleSource) -> list[str]:
    return [column for rule in asked.rules for column in rule.columns]


def _votes(table: pa.Table, asked: RuleSource) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """What rules and given labels say of the rows of a piece, and how many each could not look at."""
    unreadable, columns = {}, {}
    for name in dict.fromkeys(_columns(asked)):
        values = table[name].combine_chunks()
        if (bad := not_utf8(values)) is not None:
            unreadable[name] = pc.fill_null(bad, False)
            values = pc.if_else(unreadable[name], pa.scalar(None, values.type), values)
        columns[name] = values
    votes = evaluate(pa.table(columns), asked.rules, asked.classes, unreadable)
    if not asked.label:
        return votes.codes, votes.failed
    labels, _ = read_labels(table[asked.label].combine_chunks(), LABEL_TYPES[asked.label_type])
    known = pa.array(asked.classes, LABEL_TYPES[asked.label_type])
    given = pc.fill_null(pc.index_in(labels, value_set=known), -1).to_numpy()
    return np.column_stack([votes.codes, given]).astype(np.int32), np.append(votes.failed, 0)


def told_of_rules(sums: RuleSums, model: RuleModel, asked: RuleSource) -> RulesFindings:
    """The figures of each rule and of all."""
    accuracy, rows = accuracy_of(sums.patterns, model), max(sums.rows, 1)
    answers = [rule.label for rule in asked.rules] + [None] * bool(asked.label)
    names = asked.names
    return RulesFindings(
        method=asked.method,
        rows=sums.rows,
        covered=sums.covered,
        coverage=sums.covered / rows,
        conflicts=sums.conflicted / rows,
        prior=tuple(float(share) for share in model.prior),
        prior_given=asked.prior is not None,
        rules=tuple(
            RuleFindings(
                name=name,
                label=label,
                fires=int(sums.fires[place]),
                coverage=float(sums.fires[place] / rows),
                overlaps=float(sums.overlaps[place] / rows),
                conflicts=float(sums.conflicts[place] / rows),
                accuracy=None if np.isnan(accuracy[place]) else float(accuracy[place]),
                failed=int(sums.failed[place]),
                repeats=names[model.copies[place]] if place in model.copies else None,
            )
            for place, (name, label) in enumerate(zip(names, answers, strict=True))
        ),
    )
