"""What judges say of the rows that they are asked about, and how far that is heard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import JudgesFindings
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.judges.audited import Shown, shown_right
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.pool import Pooled, pool, review_order
from labelworks.tasks.methods.judges.question import Content
from labelworks.tasks.sources.source import Source
from labelworks.tasks.treat.ask_judges import FOLDER, Asked, Asking
from labelworks.tasks.treat.doubted import Doubted, by_partition, doubted
from labelworks.tasks.treat.judged import SAID, Judged
from labelworks.tasks.treat.row_contents import row_contents
from labelworks.tasks.treat.treated import Basis

BLOCK = 1000  # rows whose texts or images are in memory
QUEUE = "judged.parquet"
LIMITED = "judges change no label where no more than so many may change: what they contradict goes to review"


def hear_judges(
    panel: Panel, artifacts: Artifacts, source: Source, ref: DatasetRef, basis: Basis,
    audited: Mapping[str, str],
) -> tuple[Judged, JudgesFindings]:  # fmt: skip
    """Ask about the rows where a look removes most expected error; keep their order for people.

    audited: by id the right class as people say, as text.
    """
    found = doubted(panel.rows, artifacts, ref, basis, audited.keys())
    with Asking(panel, artifacts.store, f"{artifacts.name}/{FOLDER}") as asking:
        answers = [
            asking.rows(_asked(found, range(start, min(start + BLOCK, len(found.place))), source, ref))
            for start in range(0, len(found.place), BLOCK)
        ]
        said = np.concatenate([np.zeros((0, len(panel.judge_of_vote)), np.int32), *answers])
    listed, width = (found.classes >= 0).sum(axis=1, keepdims=True), found.classes.shape[1]
    said[said == listed] = width  # none of these, however many they are
    pooled = pool(said, panel.judge_of_vote, found.place, found.posterior)
    order = review_order(pooled, found.rows["hash"].to_numpy())
    order = order[(said[order] >= 0).any(axis=1)]
    answer = _codes(pooled.answer, found.classes, len(ref.classes))
    shown, trusted = _shown(found.rows, answer, pooled, basis, ref, audited)
    said_of = pa.table(
        {
            "partition": found.rows["partition"],
            "row": found.rows["row"],
            "id": found.rows["id"],
            "given": found.rows["given"],
            "answer": answer,
            "trusted": trusted,
            "score": pooled.right.astype(np.float32),
        }
    ).take(order)
    _keep_queue(artifacts, ref, said_of)
    judged = {
        key: said_of.take(places).select(SAID.names).cast(SAID).sort_by("row")
        for key, (_, places) in by_partition(said_of, ref).items()
    }
    return Judged(judged, shown.bound, len(ref.classes)), _findings(asking, said_of, shown)


def _asked(found: Doubted, rows: range, source: Source, ref: DatasetRef) -> list[Asked]:
    """Some of the rows as judges are asked about them."""
    table = found.rows.slice(rows.start, len(rows))
    held, place = by_partition(table, ref), table["row"].to_numpy()
    items = [(part, place[places].tolist()) for part, places in held.values()]
    contents = map_partitions("treat", row_contents, items, source=source)
    shown: dict[int, Content] = {}
    for (_, places), found_there in zip(held.values(), contents, strict=True):
        shown |= zip(places.tolist(), found_there, strict=True)
    names = [str(each) for each in ref.classes]
    return [
        Asked(
            shown[number],
            tuple(names[code] for code in found.classes[row] if code >= 0),
            int(found.place[row]),
        )
        for number, row in enumerate(rows)
    ]


def _codes(answer: NDArray[np.int32], listed: NDArray[np.int64], classes: int) -> NDArray[np.int32]:
    """Answers (n,) as codes of all classes: K for none of them, -1 for no answer."""
    width = listed.shape[1]
    place = np.clip(answer, 0, width - 1)
    code = listed[np.arange(len(answer)), place]
    return np.select([answer < 0, answer == width], [-1, classes], code).astype(np.int32)


def _shown(
    rows: pa.Table, answer: NDArray[np.int32], pooled: Pooled, basis: Basis, ref: DatasetRef,
    audited: Mapping[str, str],
) -> tuple[Shown, NDArray[np.bool_]]:  # fmt: skip
    """What audited rows prove, and whose labels may become what judges answer (n,)."""
    against = (answer >= 0) & (answer < len(ref.classes)) & (answer != rows["given"].to_numpy())
    names = np.array([*map(str, ref.classes), ""], object)
    right = np.array([audited.get(each) for each in rows["id"].to_pylist()], object)
    looked = np.array([each is not None for each in right], bool)
    agrees = right == names[np.where(against, answer, len(ref.classes))]
    some = against & looked
    shown = shown_right(pooled.sure[some], agrees[some], basis.policy.alone)
    if basis.cut.surest is not None:
        return Shown(np.inf, 0.0, shown.audited, shown.right, LIMITED), np.zeros(len(answer), bool)
    return shown, against & (pooled.sure >= shown.over) & (agrees | ~looked)


def _keep_queue(artifacts: Artifacts, ref: DatasetRef, said: pa.Table) -> None:
    """The rows in the order in which people should look at them."""
    classes = len(ref.classes)
    answer = pa.array(said["answer"].to_numpy(), mask=~_named(said["answer"].to_numpy(), classes))
    table = pa.table(
        {
            "id": said["id"],
            "label": named(said["given"], ref.classes, ref.label_type),
            "judge_answer": named(pa.chunked_array([answer]), ref.classes, ref.label_type),
            "judge_score": said["score"],
        }
    )
    artifacts.store.write_table(artifacts.file("treat", QUEUE), table)


def _named(answer: NDArray[np.int32], classes: int) -> NDArray[np.bool_]:
    return (answer >= 0) & (answer < classes)


def _findings(asking: Asking, said: pa.Table, shown: Shown) -> JudgesFindings:
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
