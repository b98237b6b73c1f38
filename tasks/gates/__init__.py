"""The gates between stages: the only code that imports Great Expectations, and only when a gate runs."""

from labelworks.tasks.gates.checks import RowCheck, check_figures, check_rows, merge
from labelworks.tasks.gates.config import check_gates
from labelworks.tasks.gates.engine import warm_up
from labelworks.tasks.gates.flat import flat

__all__ = ["RowCheck", "check_figures", "check_gates", "check_rows", "flat", "merge", "warm_up"]
