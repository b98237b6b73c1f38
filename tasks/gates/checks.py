"""What a gate does: check the rows of a partition, check a stage's figures, merge both into one verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.records import Check, GateResult, Stage
from labelworks.schemas.suites import Expectation, Suite
from labelworks.tasks.gates import engine, wording
from labelworks.tasks.gates.engine import Outcome
from labelworks.tasks.gates.plain import passing
from labelworks.tasks.gates.scopes import by_row

Figure = float | int | bool | None
LAST_CLASS = "$last_class"


class RowCheck(Check):
    """A check of one partition's rows, with the counts that let partitions be added up."""

    rows: int | None = None
    failed_rows: int | None = None
    mostly: float = 1.0


def check_rows(
    frame: pa.Table,
    suite: Suite,
    *,
    window: Literal["source", "target"] = "source",
    classes: int | None = None,
) -> list[RowCheck]:
    """Run a stage's expectations of single rows on one partition; the result pickles.

    frame: the columns of the suite, others are not looked at; a column that is missing fails its
    checks. classes: how many there are; without it label codes have no upper bound to be checked against,
    and of 0 classes there are no codes, and so no checks of them.
    """
    asked = [expectation for expectation in suite.of(window).expect if by_row(expectation)]
    wanted = [
        _bound(expectation, classes) for expectation in asked if classes != 0 or not _of_codes(expectation)
    ]
    outcomes = [passing(frame, expectation) for expectation in wanted]
    doubtful = [expectation for expectation, outcome in zip(wanted, outcomes, strict=True) if outcome is None]
    judged = iter(judged_by_library(frame, doubtful))
    return [
        row_check(expectation, outcome or next(judged))
        for expectation, outcome in zip(wanted, outcomes, strict=True)
    ]


def check_figures(
    stage: Stage,
    figures: Mapping[str, Figure],
    suite: Suite,
    examples: Mapping[str, Sequence[str]] | None = None,
) -> list[Check]:
    """Run a stage's figure expectations; a figure that is None was not measured, and its check is skipped.

    examples: of what a figure counts, by its name; some are told where its check fails.

    Raises LabelworksError if a figure that an expectation names is missing altogether.
    """
    import pandas as pd

    wanted = suite.expect
    seen = [{name: _figure(stage, figures, name) for name in expectation.columns} for expectation in wanted]
    measured = [not any(_unusable(value) for value in values.values()) for values in seen]
    runnable = [expectation for expectation, ok in zip(wanted, measured, strict=True) if ok]
    frame = pd.DataFrame([{name: figures[name] for expectation in runnable for name in expectation.columns}])
    outcomes = iter(engine.evaluate(frame, runnable))
    checks = [
        _figure_check(expectation, values, next(outcomes) if ok else None)
        for expectation, values, ok in zip(wanted, seen, measured, strict=True)
    ]
    return [
        check if check.ok else check.model_copy(update={"unexpected": _told(expectation, examples or {})})
        for check, expectation in zip(checks, wanted, strict=True)
    ]


def merge(
    stage: Stage, partitions: Iterable[Sequence[RowCheck]], figure_checks: Sequence[Check] = ()
) -> GateResult:
    """Add up the row checks of all partitions by name, and join them with the figures' into a verdict."""
    by_name: dict[str, list[RowCheck]] = {}
    for check in (check for checks in partitions for check in checks):
        by_name.setdefault(check.name, []).append(check)
    checks = (*(_sum(same) for same in by_name.values()), *figure_checks)
    return GateResult(
        stage=stage, ok=all(check.ok or check.severity == "warning" for check in checks), checks=checks
    )


def judged_by_library(
    frame: pa.Table, wanted: Sequence[Expectation], *, every: bool = False
) -> list[Outcome]:
    """What the library says of the columns that some expectations look at; every: of all there are."""
    if not wanted:
        return []
    import pandas as pd

    needed = [
        name
        for name in frame.column_names
        if every or any(name in expectation.columns for expectation in wanted)
    ]
    return engine.evaluate(pd.DataFrame({name: _series(frame[name]) for name in needed}), wanted)


def _of_codes(each: Expectation) -> bool:
    """Whether it bounds codes by the number of classes."""
    return LAST_CLASS in map(str, each.kwargs.values())


def _bound(each: Expectation, classes: int | None) -> Expectation:
    """Put the number of classes where the suite leaves it open."""
    if not _of_codes(each):
        return each
    last = None if classes is None else classes - 1
    kwargs = {key: last if value == LAST_CLASS else value for key, value in each.kwargs.items()}
    return each.model_copy(update={"kwargs": {k: v for k, v in kwargs.items() if v is not None}})


def _series(column: pa.ChunkedArray) -> Any:
    """A column for the engine, which is vectorised for int64 and float64 alone, and calls NaN missing."""
    import pandas as pd

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count == 0 and pa.types.is_integer(column.type) and column.type != pa.uint64():
        return pd.Series(column.to_numpy().astype(np.int64, copy=False))
    if column.null_count == 0 and pa.types.is_floating(column.type):
        values = column.to_numpy().astype(np.float64, copy=False)
        if not np.isnan(values).any():
            return pd.Series(values)
    return pd.Series(column.to_pandas(types_mapper=pd.ArrowDtype))


def row_check(each: Expectation, outcome: Outcome) -> RowCheck:
    """What a partition's check says, of an expectation and what came of it there."""
    return RowCheck(
        name=each.name,
        ok=outcome.ok,
        severity=each.severity,
        expected=wording.expected(each),
        observed=_observed(outcome),
        unexpected=tuple(map(wording.number, outcome.examples)),
        rows=outcome.rows,
        failed_rows=outcome.failed,
        mostly=each.mostly,
        says=each.says,
    )


def _observed(outcome: Outcome) -> str:
    if outcome.fault:
        return f"could not be evaluated: {outcome.fault}"
    if outcome.rows is None or outcome.failed is None:
        return ("so" if outcome.ok else "not so") if outcome.value is None else wording.number(outcome.value)
    return wording.counted(outcome.failed, outcome.rows)


def _sum(same: Sequence[RowCheck]) -> Check:
    """One check for all partitions: its counts added, or, where it has none, every partition must pass."""
    counted = [check for check in same if check.rows is not None and check.failed_rows is not None]
    if len(counted) < len(same):
        failing = [check for check in same if not check.ok]
        return plain_check(same[0], ok=not failing, observed=(failing or same)[0].observed)
    rows = sum(check.rows or 0 for check in same)
    failed = sum(check.failed_rows or 0 for check in same)
    examples = dict.fromkeys(value for check in same for value in check.unexpected)
    return plain_check(
        same[0],
        ok=rows - failed >= rows * same[0].mostly - 1e-9,
        observed=wording.counted(failed, rows),
        unexpected=tuple(examples)[: engine.EXAMPLES],
    )


def plain_check(check: RowCheck, **changes: Any) -> Check:
    """A check of all partitions, without the counts by which those of single ones are added up."""
    kept = {name: getattr(check, name) for name in Check.model_fields}
    return Check.model_validate(kept | {"unexpected": ()} | changes)


def _told(each: Expectation, examples: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(text for name in each.columns for text in examples.get(name, ()))[: engine.EXAMPLES]


def _figure(stage: Stage, figures: Mapping[str, Figure], name: str) -> Figure:
    if name not in figures:
        raise LabelworksError(
            f"the stage has no figure {name!r} for its gate",
            where=stage,
            fix="give None if it was not measured",
        )
    return figures[name]


def _unusable(value: Figure) -> bool:
    """None and NaN: to the library both are missing values, which pass."""
    return value is None or math.isnan(value)


def _figure_check(each: Expectation, values: Mapping[str, Figure], outcome: Outcome | None) -> Check:
    skipped = outcome is None and None in values.values()
    fault = outcome.fault if outcome else ""
    return Check(
        name=each.name,
        ok=skipped or (outcome is not None and outcome.ok),
        severity=each.severity,
        expected=wording.expected(each),
        says=each.says,
        observed=wording.NOT_MEASURED if skipped else fault or wording.figures(values),
    )
