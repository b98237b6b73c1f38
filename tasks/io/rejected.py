"""Rows put aside: nothing is lost, each is kept with its place and the reason."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import InputError
from schemas.records import GateResult
from schemas.tables import REJECTED

SHOWN = 5


def rejected_rows(rows: pa.Table, reasons: Any, values: Any) -> pa.Table:
    """A table of rows of an index that are put aside, with their place in the file."""
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


def _written(values: Any) -> Any:
    """Values as text; of a list its entries."""
    if not pa.types.is_list(values.type):
        return values.cast(pa.string())
    return pa.array(
        [None if each is None else ", ".join(map(str, each)) for each in values.to_pylist()], pa.string()
    )


def refuse(gate: GateResult, rejected: pa.Table, source: str) -> None:
    """Raise InputError, naming the first rows put aside, if the gate says they are too many."""
    failed = [check.name for check in gate.failed if check.name.startswith("max_rejected")]
    if not failed:
        return
    lines = [_line(row) for row in rejected.slice(0, SHOWN).to_pylist()]
    if rejected.num_rows > SHOWN:
        lines.append(f"  … and {rejected.num_rows - SHOWN} more")
    raise InputError(
        "\n".join([f"{rejected.num_rows} rows or files can't be used:", *lines]),
        where=source,
        fix=f"mend them, or allow a share: --set gates.{gate.stage}.thresholds.{failed[0]}=0.01",
    )


def _line(row: dict[str, Any]) -> str:
    place = row["file"] if row["row"] is None else f"{row['file']} row {row['row']}"
    named = f" (id {row['id']})" if row["id"] is not None else ""
    value = f": {row['value']!r}" if row["value"] is not None else ""
    return f"  {place}{named}: {row['reason']}{value}"
