"""What the detect stage is asked for, besides the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labelworks.schemas.suites import Suite
from labelworks.tasks.detect.row_context import ContextReader
from labelworks.tasks.methods.findings.performance import PerformanceOptions
from labelworks.tasks.methods.findings.target import ShiftOptions
from labelworks.tasks.methods.inference.prediction_sets import AskedSets
from labelworks.tasks.methods.judge_options import JudgeOptions


@dataclass(frozen=True)
class DetectOptions:
    """Values that its steps share.

    folds: of the rows. sample: rows held in memory. beside: of EXTRAS, what is read beside the labels.
    judge: what labels are judged by; named: whether classes have texts. tolerance: how far error
    probabilities may move while a model stays; said: all that a model's name is made of, besides the data.
    shift, slices and fit_share (of the rows, those that an encoder may be fitted on): for what moved.
    context: what reads time, groups and columns. expected: what the gate asks of rows. performance: of
    which model of the user's; None: of none. poison: whether labels changed together are sought.
    pseudo_precision: the share of the target's pseudo-labels that is to be right; None: none are asked for.
    sets: what prediction sets of the target's rows are to be; None: none are asked for.
    """

    folds: int
    sample: int
    beside: tuple[str, ...]
    judge: JudgeOptions
    named: bool
    tolerance: float
    said: list[Any]
    shift: ShiftOptions
    slices: int
    fit_share: float
    context: ContextReader
    expected: Suite
    performance: PerformanceOptions | None = None
    poison: bool = False
    pseudo_precision: float | None = None
    sets: AskedSets | None = None
