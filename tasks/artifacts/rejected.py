"""Rows put aside: nothing is lost, each is kept with its place and the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import Figures
from labelworks.schemas.records import GateResult
from labelworks.schemas.tables import REJECTED

SHOWN = 5
ALLOWED = {"max_rejected": "rejected_share", "max_rejected_files": "rejected_files"}  # of a check, its figure
MENDING = {
    "not UTF-8": "write it as UTF-8, or say how CSV is encoded, such as dataset.csv: {encoding: cp1252}",
    "not ISO 8601": "write times as 2026-01-31 or 2026-01-31T12:00:00, or leave dataset.time out",
    "pred_probs": "give one of each of dataset.classes, which sum to 1, or leave dataset.pred_probs out",
}  # what is to be done, by words of a reason
OF_LABEL = "label|class|votes"  # in the words of a reason: it is the label that can't be used


def rejected_rows(rows: pa.Table, reasons: Any, values: Any = None) -> pa.Table:
    """A table of rows of an index that are put aside, with their place in the file.

    values: what can't be used; None: the labels, where the reasons speak of them.
    """
    if values is None:
        labels = _written(rows["label"])
        of_label = pc.match_substring_regex(reasons, OF_LABEL)
        of_label = pc.and_(of_label, pc.invert(pc.starts_with(reasons, "pred_probs")))
        values = pc.if_else(of_label, labels, pa.scalar(None, pa.string()))
    return pa.table(
        {
            "file": rows["file"].cast(pa.string()),
            "row": rows["file_row"],
            "id": rows["id"],
            "reason": reasons,
            "value": pc.utf8_slice_codeunits(_written(values), 0, 80),
        },
        schema=REJECTED,
    )


def mending(reason: str) -> str:
    """What is to be done where rows are put aside for that reason; empty where that depends."""
    if reason.startswith("there is no column"):
        return ""
    return next((fix for words, fix in MENDING.items() if words in reason), "")


def _written(values: Any) -> Any:
    """Values as text; of a list its entries."""
    if not pa.types.is_list(values.type):
        return values.cast(pa.string())
    return pa.array(
        [None if value is None else ", ".join(map(str, value)) for value in values.to_pylist()], pa.string()
    )


def refuse(
    gate: GateResult,
    rejected: Mapping[str, pa.Table],
    figures: Figures,
    places: Mapping[str, str],
) -> None:
    """Raise InputError, naming the first rows put aside, if the gate says they are too many.

    rejected: by window, and places: addresses by window; figures: those that the gate judged.
    """
    failed = [check.name for check in gate.failed if check.name in ALLOWED]
    if not failed:
        return
    examples = [
        (window, row) for window, table in rejected.items() for row in table.slice(0, SHOWN).to_pylist()
    ]
    reasons = [row["reason"] for _, row in examples]
    count = sum(table.num_rows for table in rejected.values())
    windows = dict.fromkeys(window for window, _ in examples)
    lines = [_line(row, window if len(windows) > 1 else "") for window, row in examples[:SHOWN]]
    if count > SHOWN:
        lines.append(f"  … and {count - SHOWN} more")
    settings = " ".join(_allowing(gate.stage, name, figures) for name in failed)
    raise InputError(
        "\n".join([f"{count} {'row or file' if count == 1 else 'rows or files'} can't be used:", *lines]),
        where=places[next(iter(windows), "source")],
        fix=f"{next(filter(None, map(mending, reasons)), 'mend them')}, or go on without them: {settings}",
    )


def _allowing(stage: str, name: str, figures: Figures) -> str:
    """The option that allows as many as there are."""
    needed = getattr(figures, ALLOWED[name])
    allowed = needed if isinstance(needed, int) else math.ceil(needed * 1000) / 1000
    return f"--set gates.{stage}.thresholds.{name}={allowed}"


def _line(row: dict[str, Any], window: str) -> str:
    place = row["file"] if row["row"] is None else f"{row['file']} row {row['row']}"
    place = f"{window} {place}" if window else place
    named = f" (id {row['id']})" if row["id"] is not None else ""
    value = f": {row['value']!r}" if row["value"] is not None else ""
    return f"  {place}{named}: {row['reason']}{value}"
