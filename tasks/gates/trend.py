"""The trend gate: how far a run's figures may lie from those of the last published version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from labelworks.schemas.findings import TrendFindings
from labelworks.schemas.records import Check

FIRST = "this is the first version: there is nothing to compare with"
NOT_KNOWN = "not measured in both"


def check_trend(
    found: TrendFindings, limits: Mapping[str, float | None], severity: Literal["error", "warning"]
) -> list[Check]:
    """A check for each limit that is set, both figures in its words; without a version before it passes.

    limits: `noise_rate`, `rejected_share`, `total_variation` and `class_share` as differences of shares,
    `rows` as a share of the rows before.
    """
    asked = {name: limit for name, limit in limits.items() if limit is not None}
    return [_check(name, limit, found, severity) for name, limit in asked.items()]


def _check(name: str, limit: float, found: TrendFindings, severity: Literal["error", "warning"]) -> Check:
    what, measure, shown = _KINDS[name]
    distance = None if found.before is None else measure(found)
    if found.before is None:
        observed = FIRST
    else:
        observed = NOT_KNOWN if distance is None else f"{shown(found)} in version {found.version}"
    return Check(
        name=f"trend_{name}",
        ok=distance is None or distance <= limit + 1e-12,
        severity=severity,
        expected=f"a difference of at most {limit:.4g}" + (" of the rows before" if name == "rows" else ""),
        observed=observed,
        says=f"{what} since the last version",
        key=f"gates.trend.{name}",
    )


def _apart(name: str) -> Callable[[TrendFindings], float | None]:
    def measure(found: TrendFindings) -> float | None:
        now, before = getattr(found.now, name), getattr(found.before, name)
        return None if now is None or before is None else abs(now - before)

    return measure


def _rows_apart(found: TrendFindings) -> float | None:
    before = found.before.rows if found.before else 0
    return abs(found.now.rows - before) / before if before else None


def _class_change(found: TrendFindings) -> float | None:
    return None if found.class_change is None else abs(found.class_change)


def _both(name: str) -> Callable[[TrendFindings], str]:
    def told(found: TrendFindings) -> str:
        return f"{getattr(found.now, name):.4g}, and {getattr(found.before, name):.4g}"

    return told


def _rows(found: TrendFindings) -> str:
    return f"{found.now.rows:,} rows, and {found.before.rows if found.before else 0:,}"


def _mix(found: TrendFindings) -> str:
    return f"total variation {found.total_variation:.4g}; most of all {_class(found)}"


def _class(found: TrendFindings) -> str:
    name, before = str(found.moved_class), found.before.prior if found.before else {}
    return f"{name} has {found.now.prior.get(name, 0):.4g}, and {before.get(name, 0):.4g}"


_KINDS: dict[str, tuple[str, Callable[[TrendFindings], float | None], Callable[[TrendFindings], str]]] = {
    "noise_rate": ("the noise rate has moved", _apart("noise_rate"), _both("noise_rate")),
    "rejected_share": (
        "the share of rows put aside has moved", _apart("rejected_share"), _both("rejected_share"),
    ),
    "total_variation": ("the class mix has moved", lambda found: found.total_variation, _mix),
    "class_share": ("the share of a class has moved", _class_change, _class),
    "rows": ("the number of rows has moved", _rows_apart, _rows),
}  # fmt: skip
