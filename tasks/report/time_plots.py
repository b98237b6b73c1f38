"""Pictures of windows in order of time: the class mix, and what else moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelworks.schemas.findings import WindowFindings
from labelworks.schemas.percentages import percent
from labelworks.tasks.report.plots import BLUE, INK, MUTED, ORANGE, figure_of, legend, name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (BLUE, ORANGE, "#3a9d6e", "#a25db8", "#c44f63", "#8d8a35")
MAX_TICKS = 12


def mix_over_time(found: WindowFindings) -> Figure | None:
    """Shares of the classes that moved most, with their intervals; dashed: where the mix changed."""
    if len(found.windows) < 2:
        return None
    prior, interval = np.array(found.prior), np.array(found.interval)
    order = np.sort(np.argsort(-np.ptp(prior, axis=0), kind="stable")[: len(COLOURS)])
    figure, axes = figure_of(2.9)
    at = np.arange(len(prior))
    for colour, k in zip(COLOURS, order, strict=False):
        axes.fill_between(at, interval[:, k, 0], interval[:, k, 1], color=colour, alpha=0.16, linewidth=0)
        axes.plot(at, prior[:, k], "o-", color=colour, markersize=3, label=name_of(found.classes[k]))
    _windows(axes, found)
    axes.yaxis.set_major_formatter(lambda share, _: percent(share, 1).replace(".0", ""))
    axes.set(ylim=(0, None), ylabel="share of rows")
    legend(axes, columns=3)
    return figure


def drift_over_time(found: WindowFindings) -> Figure | None:
    """Effect of the drift of the features, distance of the class mix, and noise rate where it is known."""
    if len(found.windows) < 2:
        return None
    series = {
        "features: drift": found.drift_effect,
        "class mix: distance": found.total_variation,
        "labels: noise": found.noise_rate,
    }
    figure, axes = figure_of(2.4)
    for colour, (name, values) in zip(COLOURS, series.items(), strict=False):
        if values is not None:
            known = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
            axes.plot(np.arange(len(known)), known, "o-", color=colour, markersize=3, label=name)
    _windows(axes, found)
    axes.set(ylim=(0, None), ylabel="0 = nothing moved")
    legend(axes, columns=3)
    return figure


def _windows(axes: Axes, found: WindowFindings) -> None:
    """Names of some windows below, and lines where the mix changed."""
    names = found.windows
    step = -(-len(names) // MAX_TICKS)
    shown = range(0, len(names), step)
    labels = [name_of(names[place]) for place in shown]
    turned = sum(map(len, labels)) > 80
    axes.set_xticks(list(shown), labels, rotation=45 if turned else 0, parse_math=False)
    if turned:
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")
    axes.set_xlim(-0.4, len(names) - 0.6)
    for change in found.change_points:
        axes.axvline(names.index(change.window) - 0.5, color=MUTED, linewidth=1, linestyle="--")
    axes.tick_params(labelcolor=INK)
