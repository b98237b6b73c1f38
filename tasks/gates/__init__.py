"""The gates between stages: the only code that imports Great Expectations, and only when a gate runs."""

from labelworks.tasks.gates.checks import RowCheck, check_figures, check_rows, merge
from labelworks.tasks.gates.config import check_gates
from labelworks.tasks.gates.engine import warm_up
from labelworks.tasks.gates.flat import flat
from labelworks.tasks.gates.scopes import rowwise
from labelworks.tasks.gates.trend import check_trend
from labelworks.tasks.gates.whole import GatedRows, StoredRows, check_whole
from labelworks.tasks.gates.wording import NOT_MEASURED

__all__ = [
    "NOT_MEASURED",
    "GatedRows",
    "RowCheck",
    "StoredRows",
    "check_figures",
    "check_gates",
    "check_rows",
    "check_trend",
    "check_whole",
    "flat",
    "merge",
    "rowwise",
    "warm_up",
]
