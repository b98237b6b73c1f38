"""What judges say of the rows that they are asked about, and how far that is heard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from labelworks.schemas.findings import JudgesFindings
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.judges.audited import LIMITED, TrustBound
from labelworks.tasks.methods.judges.heard import hear, trust
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.pool import review_order
from labelworks.tasks.methods.judges.question import Content
from labelworks.tasks.sources.source import Source
from labelworks.tasks.treat.judging.ask_judges import FOLDER, AskedRow, Asking
from labelworks.tasks.treat.judging.doubted import Doubted, by_partition, doubted
from labelworks.tasks.treat.judging.judged import SAID, Judged
from labelworks.tasks.treat.judging.row_contents import row_contents
from labelworks.tasks.treat.people.audited_rows import LookedAt
from labelworks.tasks.treat.treated import Basis

BLOCK = 1000  # rows whose texts or images are in memory
QUEUE = "judged.parquet"
ACCOUNT = "judges.json"  # of a run, by whatever arm it treats: the budget is for all that it asks


def hear_judges(
    panel: Panel, artifacts: Artifacts, source: Source, ref: DatasetRef, basis: Basis,
    audited: Mapping[str, str],
) -> tuple[Judged, JudgesFindings]:  # fmt: skip
    """Ask about the rows where a look removes most expected error; keep their order for people.

    audited: by id the right class as people say, as text.
    """
    doubts, classes = doubted(panel.rows, artifacts, ref, basis, audited.keys()), len(ref.classes)
    count, given = len(doubts.rows), doubts.rows["given"].to_numpy()
    account = f"{artifacts.folder}/{ACCOUNT}"
    with Asking(panel, artifacts.store, f"{artifacts.name}/{FOLDER}", account) as asking:
        blocks = [range(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
        answers = [asking.rows(_asked(doubts, block, source, ref)) for block in blocks]
        asking.keep_account()
    said = np.concatenate([np.zeros((0, len(panel.judge_of_vote)), np.int32), *answers])
    pooled = hear(said, panel.judge_of_vote, doubts.listed, classes)
    order = review_order(pooled, doubts.rows["hash"].to_numpy())
    order = order[(said[order] >= 0).any(axis=1)]
    looked = LookedAt.of(audited, ref.classes).looked(doubts.rows["id"])
    shown, trusted = trust(pooled, given, looked, classes, basis.policy.alone)
    if basis.cut.surest is not None:
        shown, trusted = TrustBound(np.inf, 0.0, shown.audited, shown.right, LIMITED), np.zeros(count, bool)
    said_of = pa.table(
        {
            "partition": doubts.rows["partition"],
            "row": doubts.rows["row"],
            "id": doubts.rows["id"],
            "given": doubts.rows["given"],
            "answer": pooled.answer,
            "trusted": trusted,
            "score": pooled.right.astype(np.float32),
        }
    ).take(order)
    _keep_queue(artifacts, ref, said_of)
    judged = {
        key: said_of.take(places).select(SAID.names).cast(SAID).sort_by("row")
        for key, (_, places) in by_partition(said_of, ref).items()
    }
    return Judged(judged, shown.bound, classes), _findings(asking, said_of, shown)


def _asked(found: Doubted, rows: range, source: Source, ref: DatasetRef) -> list[AskedRow]:
    """Some of the rows as judges are asked about them."""
    table = found.rows.slice(rows.start, len(rows))
    held, place = by_partition(table, ref), table["row"].to_numpy()
    items = [(part, place[places].tolist()) for part, places in held.values()]
    contents = map_partitions("treat", row_contents, items, source=source)
    shown: dict[int, Content] = {}
    for (_, places), found_there in zip(held.values(), contents, strict=True):
        shown |= zip(places.tolist(), found_there, strict=True)
    names = [str(name) for name in ref.classes]
    return [
        AskedRow(shown[number], found.listed.names(row, names), int(found.listed.place[row]))
        for number, row in enumerate(rows)
    ]


def _keep_queue(artifacts: Artifacts, ref: DatasetRef, said: pa.Table) -> None:
    """The rows in the order in which people should look at them."""
    code = said["answer"].to_numpy()
    answer = pa.array(code, mask=(code < 0) | (code >= len(ref.classes)))
    table = pa.table(
        {
            "id": said["id"],
            "label": named(said["given"], ref.classes, ref.label_type),
            "judge_answer": named(pa.chunked_array([answer]), ref.classes, ref.label_type),
            "judge_score": said["score"],
        }
    )
    artifacts.store.write_table(artifacts.file("treat", QUEUE), table)


def _findings(asking: Asking, said: pa.Table, shown: TrustBound) -> JudgesFindings:
    answer, given = said["answer"].to_numpy(), said["given"].to_numpy()
    return JudgesFindings(
        rows=len(said),
        not_asked=asking.out_of_money,
        unusable=asking.unusable,
        contradicted=int(((answer >= 0) & (answer != given)).sum()),
        changed=0,
        audited=shown.audited,
        audited_right=shown.right,
        precision_bound=shown.bound or None,
        cost=asking.purse.spent,
        budget=asking.panel.budget,
        note=shown.says,
        by_judge=asking.findings(),
    )
