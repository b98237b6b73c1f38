"""Published rows of two runs beside each other, by their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import RunRecord
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.report.texts.wording import written
from labelworks.tasks.storage.store import Store

AT_ONCE = 1_000_000  # rows of one run, about: of more some are looked at, then others, the parts read again
COLUMNS = ["id", "label", "original_label", "action", "quality"]
EXAMPLES = 40


@dataclass(frozen=True)
class ChangedRow:
    """A row that bears another label or another action in the second run."""

    id: str
    given: str
    before: tuple[str, str]
    """The label and the action."""
    after: tuple[str, str]


@dataclass
class RowChanges:
    """Rows of two runs by what differs. of_classes: else labels are numbers, which may all differ."""

    of_classes: bool = True
    both: int = 0
    only_before: int = 0
    only_after: int = 0
    given: int = 0
    """Rows of both whose given label differs."""
    label: int = 0
    """Rows of both whose published label differs."""
    action: int = 0
    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows of both by their two actions."""
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows of both whose label differs, by their two labels; of numbers none."""
    classes: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    """Rows of each run by label; of numbers none."""
    examples: list[ChangedRow] = field(default_factory=list)
    """Those whose label differs first, of these the worst labels as the second run has it."""
    _quality: list[tuple[bool, float]] = field(default_factory=list)

    def add(self, joined: pa.Table) -> None:
        """Count rows joined by id, the columns of each run with `_before` and `_after` at their ends."""
        there = {side: pc.is_valid(joined[f"action_{side}"]) for side in ("before", "after")}
        if self.of_classes:
            for counter, side in zip(self.classes, there, strict=True):
                counter.update(_texts(joined.filter(there[side])[f"label_{side}"]))
        both = joined.filter(pc.and_(there["before"], there["after"]))
        self.both += len(both)
        self.only_before += pc.sum(there["before"]).as_py() - len(both) if len(joined) else 0
        self.only_after += pc.sum(there["after"]).as_py() - len(both) if len(joined) else 0
        self._compare(both)

    def _compare(self, both: pa.Table) -> None:
        texts = {name: _texts(both[name]) for name in both.column_names if name.startswith(("label", "ori"))}
        differs = np.array(texts["label_before"], object) != np.array(texts["label_after"], object)
        given = np.array(texts["original_label_before"], object) != np.array(
            texts["original_label_after"], object
        )
        actions = [both[f"action_{side}"].to_pylist() for side in ("before", "after")]
        acts = np.array(actions[0], object) != np.array(actions[1], object)
        self.given, self.label, self.action = (
            have + int(np.sum(more))
            for have, more in ((self.given, given), (self.label, differs), (self.action, acts))
        )
        self.actions.update(zip(*actions, strict=True))
        if self.of_classes:
            pairs = zip(texts["label_before"], texts["label_after"], strict=True)
            self.labels.update(pair for pair, other in zip(pairs, differs, strict=True) if other)
        self._keep(both, texts, actions, differs, differs | acts)

    def _keep(
        self, both: pa.Table, texts: dict[str, list[str]], actions: list[list[str]],
        differs: np.ndarray, changed: np.ndarray,
    ) -> None:  # fmt: skip
        """Keep the likeliest to matter of the rows that changed."""
        quality = both["quality_after"].to_numpy()
        at = np.flatnonzero(changed)
        at = at[np.lexsort((np.nan_to_num(quality[at], nan=1.0), ~differs[at]))][:EXAMPLES]
        ids = both["id"].take(pa.array(at, pa.int64())).to_pylist()
        made = [
            ChangedRow(
                name, texts["original_label_after"][row],
                (texts["label_before"][row], actions[0][row]), (texts["label_after"][row], actions[1][row]),
            )
            for name, row in zip(ids, at.tolist(), strict=True)
        ]  # fmt: skip
        keys = [(not differs[row], float(np.nan_to_num(quality[row], nan=1.0))) for row in at]
        ranked = sorted(
            zip([*self._quality, *keys], [*self.examples, *made], strict=True), key=lambda pair: pair[0]
        )
        self._quality = [key for key, _ in ranked[:EXAMPLES]]
        self.examples = [row for _, row in ranked[:EXAMPLES]]


def changed_rows(store: Store, before: RunRecord, after: RunRecord) -> RowChanges | None:
    """What differs between the rows of two runs; None where one of them published none."""
    records = (before, after)
    if any(record.status != "published" for record in records):
        return None
    first, second = ([f"{run.dataset}/runs/{run.run_id}/{part}" for part in run.parts] for run in records)
    return compare_rows(store, first, second, max(run.rows for run in records))


def compare_rows(store: Store, before: Sequence[str], after: Sequence[str], rows: int) -> RowChanges:
    """Compare the published parts of two runs. rows: of the larger run, about.

    Of more than AT_ONCE rows the parts are read again for each share of the ids, so memory doesn't grow.
    """
    kinds = [store.read_schema(part).field("label").type for part in (before[0], after[0])]
    changes = RowChanges(of_classes=not any(map(pa.types.is_floating, kinds)))
    shares = 1 + rows // AT_ONCE
    for share in range(shares):
        tables = [pa.concat_tables(_share(store, parts, share, shares)) for parts in (before, after)]
        changes.add(joined(*tables))
    return changes


def joined(before: pa.Table, after: pa.Table) -> pa.Table:
    """Rows of either run by id, with the columns of each; null where a run hasn't the row."""
    sides = [
        table.rename_columns([name if name == "id" else f"{name}_{side}" for name in table.column_names])
        for table, side in ((before, "before"), (after, "after"))
    ]
    return sides[0].join(sides[1], "id", join_type="full outer").sort_by("id")


def written_out(table: pa.Table) -> pa.Table:
    """The rows with labels as texts, whatever a label is."""
    for name in ("label", "original_label"):
        texts = pa.array(_texts(table[name]), pa.string())
        table = table.set_column(table.column_names.index(name), name, texts)
    return table


def _share(store: Store, parts: Sequence[str], share: int, shares: int) -> Iterator[pa.Table]:
    for part in parts:
        table = written_out(store.read_table(part, COLUMNS))
        if shares > 1:
            hashed = hash_ids(table["id"].combine_chunks())
            table = table.filter(pa.array(hashed % np.uint64(shares) == share))
        yield table


def _texts(labels: pa.ChunkedArray) -> list[str]:
    """Labels as texts: a class, the classes of a row, or a number."""
    if pa.types.is_string(labels.type) or pa.types.is_integer(labels.type):
        return list(labels.cast(pa.string()).to_pylist())
    return [written(label) for label in labels.to_pylist()]
