"""Figures of two runs side by side, and whether what moved is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labelworks.schemas.percentages import percent
from labelworks.schemas.records import Check, RunRecord
from labelworks.tasks.report.texts import wording

Change = Literal["", "intervals apart", "intervals meet"]
ABSENT = "–"


@dataclass(frozen=True)
class FigureOfBoth:
    """A figure of both runs in words; empty where there is none."""

    name: str
    before: str
    after: str
    by: str
    """How far it moved, in words; empty where it isn't a number of both."""
    change: Change = ""
    """Whether the 95 % intervals meet. If they don't it has moved; if they do, it may have nonetheless."""

    @property
    def moved(self) -> bool:
        """Whether it reads otherwise."""
        return self.before != self.after


@dataclass(frozen=True)
class _AskedFigure:
    name: str
    value: Callable[[RunRecord], Any]
    write: Callable[[Any], str]
    moved: Callable[[Any], str]
    interval: Callable[[RunRecord], Any] = lambda record: None


def _of(section: str, name: str) -> Callable[[RunRecord], Any]:
    """What takes a figure of a section out of a record; None where the run has none."""
    return lambda record: getattr(getattr(record, section), name, None)


def _more(value: Any) -> str:
    return f"{int(value):+,}".replace("-", "−")


def _decimals(value: Any) -> str:
    return f"{float(value):+.3f}".replace("-", "−")


SHARE: tuple[Any, Any] = (percent, wording.points)
COUNT: tuple[Any, Any] = (wording.count, _more)
NUMBER: tuple[Any, Any] = (lambda value: wording.decimal(value, 3), _decimals)
ASKED = (
    _AskedFigure("rows", lambda record: record.rows, *COUNT),
    _AskedFigure("labels that look wrong", _of("noise", "flagged"), *COUNT),
    _AskedFigure("noise rate", _of("noise", "rate"), *SHARE, _of("noise", "rate_interval")),
    _AskedFigure(
        "predictions that agree with the given labels", _of("noise", "out_of_sample_accuracy"), *SHARE
    ),
    _AskedFigure("class mix of the target moved by", _of("shift", "total_variation"), *SHARE),
    _AskedFigure("labels changed", _of("treatment", "relabelled"), *COUNT),
    _AskedFigure("rows for review", _of("treatment", "review"), *COUNT),
    _AskedFigure("rows that weigh as much, of all", _of("treatment", "effective_sample_share"), *SHARE),
    _AskedFigure("accuracy of a model of the given labels", _of("validation", "accuracy_raw"), *SHARE),
    _AskedFigure("accuracy of a model of the treated labels", _of("validation", "accuracy_treated"), *SHARE),
    _AskedFigure("points gained", _of("validation", "difference"), wording.points, wording.points,
           _of("validation", "interval")),
    _AskedFigure("log score gained", _of("validation", "gain"), *NUMBER, _of("validation", "gain_interval")),
    _AskedFigure("rows with a near duplicate", _of("embedding", "near_duplicate_share"), *SHARE),
)  # fmt: skip


def figures(before: RunRecord, after: RunRecord) -> list[FigureOfBoth]:
    """The figures that either run has, side by side."""
    rows = [_figure(asked, before, after) for asked in ASKED]
    words = [
        FigureOfBoth("how it ended", before.status, after.status, ""),
        FigureOfBoth("what it carries", _carries(before), _carries(after), ""),
    ]
    return [figure for figure in [*words, *rows] if {figure.before, figure.after} != {ABSENT}]


def _carries(record: RunRecord) -> str:
    return wording.carried(record.validation) if record.validation else ABSENT


def _figure(asked: _AskedFigure, before: RunRecord, after: RunRecord) -> FigureOfBoth:
    first, second = asked.value(before), asked.value(after)
    ends = asked.interval(before), asked.interval(after)
    shown = [_shown(asked, value, interval) for value, interval in zip((first, second), ends, strict=True)]
    by = asked.moved(second - first) if None not in (first, second) and first != second else ""
    change: Change = _change(*ends) if by and all(map(_known, ends)) else ""
    return FigureOfBoth(asked.name, shown[0], shown[1], by, change)


def _shown(asked: _AskedFigure, value: Any, interval: Any) -> str:
    if value is None:
        return ABSENT
    return wording.beside(asked.write(value), wording.span(interval, asked.write) if _known(interval) else "")


def _known(interval: Sequence[float | None] | None) -> bool:
    return interval is not None and None not in interval


def _change(before: Sequence[float], after: Sequence[float]) -> Change:
    return "intervals apart" if before[1] < after[0] or after[1] < before[0] else "intervals meet"


def gates(before: RunRecord, after: RunRecord) -> list[tuple[str, str, str, str]]:
    """Checks that came out otherwise: stage and name, each run's state, what the second found."""
    first, second = _checks(before), _checks(after)
    return [
        (name, _state(first.get(name)), _state(second.get(name)), _observed(second.get(name)))
        for name in {**first, **second}
        if _state(first.get(name)) != _state(second.get(name))
    ]


def _checks(record: RunRecord) -> dict[str, Check]:
    return {f"{stage}: {check.name}": check for stage, gate in record.gates.items() for check in gate.checks}


def _state(check: Check | None) -> str:
    return ABSENT if check is None else wording.state(check).replace("skip", "pass")


def _observed(check: Check | None) -> str:
    return ABSENT if check is None else f"{wording.observed(check)}, expected {check.expected}"


def settings(before: RunRecord, after: RunRecord) -> list[tuple[str, str, str]]:
    """Keys of the config that differ, with both values; and the version of this project if that does."""
    first, second = dict(_flat(before.config)), dict(_flat(after.config))
    first |= {"(version of labelworks)": before.code_version}
    second |= {"(version of labelworks)": after.code_version}
    pairs = [(key, first.get(key, ABSENT), second.get(key, ABSENT)) for key in {**first, **second}]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, str(value)
