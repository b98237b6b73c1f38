"""What rules say of the rows of a partition, as it lies in the store, and the labels made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.observed import of_rules
from labelworks.tasks.artifacts.row_extras import packed
from labelworks.tasks.methods.protocols.labels import RuleModel
from labelworks.tasks.methods.rules.rule import Class, Rule
from labelworks.tasks.methods.weak_supervision import Patterns, RuleSums
from labelworks.tasks.sources.formats import UNUSABLE

VOTES, PATTERNS = "rules", "rule-patterns"  # objects beside the index of a partition
COUNTED = ("rows", "conflicted", "fires", "overlaps", "conflicts", "failed")


@dataclass(frozen=True)
class RuleSource:
    """Rules, the classes in the order of their codes, and how they become a label.

    label: the column of given labels, which speak beside the rules, or empty. said: all that is asked; it
    names what is made of it. infer: whether labels are inferred by rules and features together.
    """

    rules: tuple[Rule, ...]
    classes: tuple[Class, ...]
    label_type: str
    label: str
    method: str
    prior: tuple[float, ...] | None
    said: Any
    infer: bool = False

    @property
    def names(self) -> list[str]:
        """Of all who speak: the rules, and given labels after them."""
        return [*(rule.name for rule in self.rules), *(["given label"] if self.label else [])]


def write_rule_votes(
    artifacts: Artifacts, label_type: str, partition: Partition, places: pa.Table, votes: NDArray[np.int32],
    failed: Sequence[int],
) -> None:  # fmt: skip
    """Write the votes (n, R) on the rows that places name (file, file_row), then what occurs together."""
    codes = pa.py_buffer(np.ascontiguousarray(votes, np.int32))
    kind = pa.binary(max(votes.shape[1], 1) * 4)
    table = places.append_column("votes", pa.Array.from_buffers(kind, len(votes), [None, codes]))
    artifacts.store.write_table(artifacts.index(label_type, partition, VOTES), table, use_dictionary=["file"])
    sums = RuleSums.of(votes, failed)
    held = sums.patterns
    counts = {name: np.asarray(getattr(sums, name)).tolist() for name in COUNTED}
    counts |= {"below": str(held.below), "silent": held.silent, "rules": votes.shape[1]}
    answers = pa.FixedSizeListArray.from_arrays(pa.array(held.answers.ravel()), max(votes.shape[1], 1))
    patterns = pa.table({"answers": answers, "rows": held.rows, "hashes": held.hashes})
    name = artifacts.index(label_type, partition, PATTERNS)
    artifacts.store.write_table(name, patterns.replace_schema_metadata({"sums": json.dumps(counts)}))


def read_rule_sums(artifacts: Artifacts, label_type: str, partition: Partition) -> RuleSums:
    """What the rules say of a partition, counted."""
    table = artifacts.store.read_table(artifacts.index(label_type, partition, PATTERNS)).combine_chunks()
    stored = json.loads(table.schema.metadata[b"sums"])
    answers = np.asarray(pc.list_flatten(table["answers"]).to_numpy(), np.int32).reshape(-1, stored["rules"])
    rows, hashes = (table[name].to_numpy() for name in ("rows", "hashes"))
    patterns = Patterns(answers, rows, hashes, int(stored["below"]), stored["silent"])
    counts = {name: np.asarray(stored[name], np.int64) for name in COUNTED[2:]}
    return RuleSums(stored["rows"], stored["conflicted"], **counts, patterns=patterns)


@dataclass(frozen=True)
class Ruled:
    """Labels made of what rules say: the votes lie in the store, the model says what they mean.

    key: a hash of all that the labels hang on.
    """

    artifacts: Artifacts
    model: RuleModel
    classes: tuple[Class, ...]
    label_type: str
    key: str
    infer: bool = False

    def join(self, index: pa.Table, kind: pa.DataType, partition: Partition) -> pa.Table:
        """An index with label (null: no rule fires) and `votes`, the posterior of the row as raw bytes.

        A label that was given stays; the posterior has heard it. Where labels are inferred, `observed` is
        there instead: how likely each class makes what the rules say.
        """
        votes = self._votes(index, partition)
        posterior, fired = self.model.posterior(votes), np.asarray((votes >= 0).any(axis=1))
        made = pa.array(self.classes, kind).take(pa.array(posterior.argmax(axis=1), mask=~fired))
        labels = pc.coalesce(index["label"].combine_chunks(), made)
        at = index.column_names.index("label")
        index = index.set_column(at, "label", labels)
        if not self.infer:
            return index.append_column("votes", packed(posterior))
        said = of_rules(posterior, self.model.prior, fired)
        return index.append_column("observed", said)

    def labelled(self, index: pa.Table) -> pa.Table:
        """The index without the rows that nothing speaks of: they have no label, and nothing is wrong.

        With them where labels are inferred.
        """
        if self.infer:
            return index
        silent = pc.and_(pc.is_null(index["label"]), pc.is_null(index[UNUSABLE]))
        return index.filter(pc.invert(silent))

    def _votes(self, index: pa.Table, partition: Partition) -> NDArray[np.int32]:
        """The votes on the rows of an index (n, R), in their order."""
        name = self.artifacts.index(self.label_type, partition.model_copy(update={"votes": ""}), VOTES)
        table = self.artifacts.store.read_table(name).combine_chunks()
        rules = table["votes"].type.byte_width // 4
        codes = np.frombuffer(table["votes"].combine_chunks().buffers()[1], np.int32)
        codes = codes[: table.num_rows * rules].reshape(-1, rules)
        place = pc.index_in(_named(index), value_set=_named(table)).fill_null(-1).to_numpy()
        return np.where((place >= 0)[:, None], codes[place], np.int32(-1))


def _named(table: pa.Table) -> pa.Array:
    """The file and row of each row, as one text."""
    files, rows = (table[name].combine_chunks().cast(pa.string()) for name in ("file", "file_row"))
    return pc.binary_join_element_wise(files, rows, "#")


def shares_of(prior: Mapping[Class, float] | None, classes: Sequence[Class]) -> tuple[float, ...] | None:
    """The prior in the order of the classes; a class that it doesn't name has none."""
    if prior is None:
        return None
    named = {str(name): share for name, share in prior.items()}
    return tuple(float(named.get(str(name), 0.0)) for name in classes)
