"""The flat view of a stage's findings that its gate looks at: figures by the names that configs use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labelworks.schemas.findings import (
    ColumnNulls,
    ContentFindings,
    DetectFigures,
    DriftFindings,
    EmbeddingFigures,
    Figures,
    Findings,
    HealthFindings,
    IngestFigures,
    PseudoLabelFindings,
    PublishFigures,
    TreatFigures,
    ValidationFindings,
)
from labelworks.tasks.methods import registry

LEVEL = 0.05  # of a window's drift test, from which on its effect counts
OF_SPLITS = ("leaked_rows", "leaked_share", "unseen_labels", "early_share")
OF_NOISE = (
    "mismatched_share", "flagged_share", "out_of_sample_accuracy", "chance_accuracy", "chance_p_value",
)  # fmt: skip


def flat(figures: Figures) -> dict[str, float | None]:
    """Every figure that an expectation may name; None: not measured, and its check is skipped."""
    match figures:
        case EmbeddingFigures():
            leaks = {name: getattr(figures.leakage, name, None) for name in OF_SPLITS}
            return _numbers(figures) | leaks
        case IngestFigures() | PublishFigures():
            return _numbers(figures)
        case DetectFigures():
            return _detect(figures)
        case TreatFigures():
            return _numbers(figures.treatment)
    return _validate(figures.validation)


def _numbers(found: Findings) -> dict[str, float | None]:
    """What of some findings is one number, or none."""
    values = {name: getattr(found, name) for name in type(found).model_fields}
    return {name: value for name, value in values.items() if value is None or isinstance(value, int | float)}


def _detect(figures: DetectFigures) -> dict[str, float | None]:
    """Probes that foretell nothing of the labels know nothing about wrong ones: of numbers, by variance."""
    noise, shift = figures.noise, figures.shift
    over_chance = noise.accuracy_over_chance if noise.r_squared is None else noise.r_squared
    return {
        **{name: getattr(noise, name) for name in OF_NOISE},
        "noise_rate": noise.rate,
        "accuracy_over_chance": over_chance,
        "prior_shift": shift.total_variation if shift else None,
        "calibration_nll_gain": shift.calibration_nll_gain if shift else None,
        "drift_effect": shift.drift.unexplained_effect if shift else None,
        "estimated_accuracy": figures.performance.accuracy.value if figures.performance else None,
        "unknown_share": shift.unknown.share if shift and shift.unknown else None,
        "pseudo_label_shortfall": _shortfall(shift.pseudo_labels) if shift else None,
        "shortcut_gain": figures.shortcuts.gain if figures.shortcuts else None,
        "odd_regions": len(figures.poison.regions) if figures.poison else None,
        "unlearnable_regions": len(figures.poison.unlearnable) if figures.poison else None,
        "largest_null_share": None if figures.nulls is None else _null_share(figures.nulls),
        **_content(figures.content),
        **_health(figures.health),
        **_drift(figures.drift),
    }


def _null_share(columns: Sequence[ColumnNulls]) -> float:
    return max((column.nulls / column.rows for column in columns), default=0.0)


def _content(found: ContentFindings | None) -> dict[str, float | None]:
    """The share of rows with any issue, and by issue: `content_too_long_share`."""
    shares = {issue.name: issue.share for issue in found.issues} if found else {}
    names = dict.fromkeys([*(method.name for method in registry.methods("content")), *shares])
    by_issue = {f"content_{name.replace('-', '_')}_share": shares.get(name) for name in names}
    copies = found.copies if found else None
    return {
        "content_odd_share": found.odd_share if found else None,
        "content_copies_share": copies.copies / max(copies.rows, 1) if copies else None,
        **by_issue,
    }


def _health(found: HealthFindings | None) -> dict[str, float | None]:
    """An order that may be chance has no effect."""
    order, value = (found.order, found.value) if found else (None, None)
    return {
        "class_balance": found.balance if found else None,
        "lowest_class_quality": found.classes[0].quality if found else None,
        "row_order_effect": None if order is None else order.effect if order.told else 0.0,
        "harmful_share": value.harmful / value.rows if value else None,
    }


def _shortfall(found: PseudoLabelFindings | None) -> float | None:
    """How far the precision of pseudo-labels surely lies below what was asked; None: none were given."""
    if found is None or not found.rows or found.asked is None or found.interval is None:
        return None
    most = found.interval[1]
    return None if most is None else max(found.asked - most, 0.0)


def _drift(found: DriftFindings) -> dict[str, float | None]:
    """Effects, all of them but the alarm's. Those of windows that may be chance count as none: a short first
    week isn't a change."""
    streams = [stream for stream in (found.time, found.target_time) if stream]
    parts = [*found.groups.values(), *([found.slices] if found.slices else [])]
    evidence = [stream.watch.e_value for stream in streams if stream.watch]
    evidence += [found.watch.e_value] if found.watch else []
    return {
        "window_prior_shift": _largest(
            distance if moved else 0.0
            for stream in streams
            for distance, moved in zip(stream.total_variation, stream.mix_moved, strict=True)
        ),
        "window_drift_effect": _largest(
            effect if effect is None or (p_value is not None and p_value <= LEVEL) else 0.0
            for stream in streams
            for effect, p_value in zip(stream.drift_effect, stream.drift_p_value, strict=True)
        ),
        "group_error_gap": _largest(
            part.worst_error - part.error
            for part in parts
            if part.worst_error is not None and part.error is not None
        ),
        "column_drift_effect": _largest(column.effect for column in found.columns.values()),
        "drift_e_value": _largest(evidence),
    }


def _validate(found: ValidationFindings) -> dict[str, float | None]:
    """Of what a version carries: the given labels are no better and no worse than themselves."""
    treated = not found.why_given
    low, high = found.interval if treated else (0.0, 0.0)
    return {
        "accuracy_raw": found.accuracy_raw,
        "accuracy_treated": found.accuracy_treated if treated else found.accuracy_raw,
        "difference": found.difference if treated else 0.0,
        "difference_low": low,
        "difference_high": high,
        "holdout_rows": found.holdout_rows,
    }


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
