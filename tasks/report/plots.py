"""The report's pictures, drawn once: as PNG for Markdown, and as SVG that takes on the page's colours."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelworks.schemas.findings import CalibrationFindings, ValidationFindings
from labelworks.schemas.percentages import percent
from labelworks.tasks.report.evidence import Class, ReportData
from labelworks.tasks.report.texts.wording import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, BLUE, ORANGE = "#1c2733", "#8493a3", "#2d6cb0", "#d9772b"
GREEN = "#2a9d5c"  # seen on light and on dark
THEME = {INK: "var(--ink)", MUTED: "var(--muted)", BLUE: "var(--blue)", ORANGE: "var(--orange)"}
WIDTH = 5.2
DEEPEST = 0.65  # of a cell's colour: the number in it is read, in light and in dark
FREQUENT = 0.05  # a share of wrong labels from which whole percents are enough
ACROSS = 52  # characters of class names beside each other
MAX_MATRIX, MAX_NUMBERS, MAX_BARS, MAX_NAME = 30, 12, 20, 22

# A script that the bundled font lacks is drawn by the browser in SVG, and as boxes in PNG. For the whole
# process, since pictures are drawn beside a stage and `catch_warnings` would reach into its work.
warnings.filterwarnings("ignore", message="Glyph .* missing")


def score_histogram(evidence: ReportData) -> Figure | None:
    """Rows by score, and those that were flagged; on a log axis, since most rows are fine."""
    scores = evidence.scores
    if scores is None or not np.any(scores.counts):
        return None
    figure, axes = figure_of(2.6)
    widths = np.diff(scores.edges)
    axes.bar(scores.edges[:-1], scores.counts, widths * 0.94, align="edge", color=BLUE, label="all rows")
    axes.bar(scores.edges[:-1], scores.flagged, widths * 0.94, align="edge", color=ORANGE, label="flagged")
    axes.set(yscale="log", ylim=(0.7, None), ylabel="rows", xlabel="score (1 = the label is surely fine)")
    axes.yaxis.set_major_formatter(lambda rows, _: f"{rows:,.0f}")
    if np.any(scores.flagged):
        legend(axes)
    return figure


def confusions(evidence: ReportData) -> Figure | None:
    """The noise transition as a matrix, or its likeliest confusions where classes are too many for one."""
    if evidence.transition is None or not evidence.confusions(1):
        return None
    return _matrix(evidence) if len(evidence.classes) <= MAX_MATRIX else _confusion_bars(evidence)


def priors(evidence: ReportData) -> Figure | None:
    """The class mix of source and target window; of many classes those that moved most."""
    source, target = evidence.prior_source, evidence.prior_target
    if source is None or target is None:
        return None
    shown = np.sort(np.argsort(-np.abs(target - source), kind="stable")[:MAX_BARS])
    figure, axes = figure_of(0.9 + 0.34 * len(shown))
    at = np.arange(len(shown))
    axes.barh(at - 0.19, source[shown], 0.36, color=BLUE, label="source window")
    axes.barh(at + 0.19, target[shown], 0.36, color=ORANGE, label="target window (estimated)")
    if evidence.prior_interval is not None:
        ends = np.abs(evidence.prior_interval[shown].T - target[shown])
        axes.errorbar(target[shown], at + 0.19, xerr=ends, fmt="none", ecolor=INK, elinewidth=1)
    _names(axes, [evidence.classes[i] for i in shown])
    _percent_axis(axes, "share of rows")
    legend(axes)
    return figure


def difference(proof: ValidationFindings | None) -> Figure | None:
    """Accuracy on treated minus accuracy on raw labels, with its interval against zero."""
    ends = (None, None, None) if proof is None else (*proof.interval, proof.difference)
    if proof is None or any(end is None for end in ends):
        return None
    figure, axes = figure_of(1.1)
    low, high, gained = (100 * float(end or 0.0) for end in ends)
    axes.axvline(0, color=MUTED, linewidth=1, linestyle="--")
    axes.plot([low, high], [0, 0], color=BLUE, linewidth=3, solid_capstyle="round")
    axes.plot([gained], [0], "o", color=ORANGE, markersize=8)
    reach = max(abs(low), abs(high), 0.5) * 1.15
    axes.set(
        xlim=(-reach, reach), ylim=(-1, 1), yticks=[], xlabel=f"{proof.measure}: treated − raw, in points"
    )
    axes.spines["left"].set_visible(False)
    return figure


def reliability(found: Sequence[CalibrationFindings]) -> Figure | None:
    """How often the likeliest class is right, by what is said of it; on the diagonal where both are alike."""
    if not found:
        return None
    figure, axes = figure_of(3.2)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    for model, colour in zip(found, (BLUE, ORANGE, INK, GREEN), strict=False):  # of detect three, one after
        said, right = [bin_.said for bin_ in model.bins], [bin_.right for bin_ in model.bins]
        axes.plot(said, right, "o-", color=colour, linewidth=1.2, markersize=5, label=model.of)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="said of the likeliest class", ylabel="how often it is right")
    legend(axes, len(found))
    return figure


def png(figure: Figure) -> bytes:
    """Encode a figure for Markdown, on white."""
    return _save(figure, format="png", dpi=110, facecolor="white")


def svg(figure: Figure, name: str) -> str:
    """Encode a figure for the page: text stays text, colours become the page's. `name` keeps ids apart."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        text = _save(figure, format="svg", transparent=True, metadata={"Date": None}).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, variable in THEME.items():
        text = text.replace(colour, variable)
    return re.sub(r'id="(figure|axes|patch|text|line|xtick|ytick|matplotlib|legend)[^"]*"', "", text)


def figure_of(height: float) -> tuple[Figure, Axes]:
    """An empty figure of the report's width, so many inches high, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(MUTED)
    axes.tick_params(colors=INK, labelsize=9, length=3, color=MUTED)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes


def _matrix(evidence: ReportData) -> Figure:
    """Wrong labels on a scale of their own: next to the diagonal they would be invisible."""
    from matplotlib.colors import LinearSegmentedColormap

    off = np.array(evidence.transition, dtype=np.float64)
    size = len(off)
    np.fill_diagonal(off, np.nan)
    figure, axes = figure_of(min(5.6, 1.6 + 0.42 * size))
    clear = LinearSegmentedColormap.from_list("clear", [(*_rgb(ORANGE), 0.0), (*_rgb(ORANGE), DEEPEST)])
    axes.imshow(off, cmap=clear, vmin=0, vmax=float(np.nanmax(off)), aspect="auto", interpolation="nearest")
    _names(axes, evidence.classes)
    labels = [name_of(name) for name in evidence.classes]
    turned = sum(map(len, labels)) > ACROSS or max(map(len, labels)) > ACROSS // size
    axes.set_xticks(range(size), labels, rotation=90 if turned else 0, parse_math=False)
    axes.set(xlabel="given label (% of the rows of the true class)", ylabel="true class")
    if size <= MAX_NUMBERS:
        _numbers(axes, np.asarray(evidence.transition))
    return figure


def _numbers(axes: Axes, transition: Any) -> None:
    """Percentages: of rare errors with a digit more, for else they would all be 0."""
    digits = 0 if np.max(transition * (1 - np.eye(len(transition)))) >= FREQUENT else 1
    for (row, column), share in np.ndenumerate(transition):
        if row == column or share >= 0.005 * 10.0**-digits:
            text = percent(share, digits).removesuffix(" %")
            colour = MUTED if row == column else INK
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)


def _confusion_bars(evidence: ReportData) -> Figure:
    confusions = evidence.confusions(MAX_BARS)
    figure, axes = figure_of(0.8 + 0.26 * len(confusions))
    axes.barh(range(len(confusions)), [confusion.probability for confusion in confusions], 0.7, color=ORANGE)
    _names(
        axes,
        [f"{name_of(confusion.true)} → {name_of(confusion.given)}" for confusion in confusions],
        limit=2 * MAX_NAME + 3,
    )
    _percent_axis(axes, "share of the true class that is labelled so")
    return figure


def _names(axes: Axes, names: Any, limit: int = MAX_NAME) -> None:
    labels = [name_of(name, limit) for name in names]
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _percent_axis(axes: Axes, label: str) -> None:
    axes.xaxis.set_major_formatter(lambda share, _: percent(share, 1).replace(".0", ""))
    axes.set_xlabel(label)
    axes.set_xlim(0, None)


def legend(axes: Axes, columns: int = 2) -> None:
    """A legend above the axes."""
    axes.legend(
        frameon=False, fontsize=9, labelcolor=INK, loc="lower right", bbox_to_anchor=(1, 1), ncols=columns
    )


def name_of(value: Class, limit: int = MAX_NAME) -> str:
    """A class name on one line and free of control characters, which SVG can't carry."""
    return shorten("".join(char if char.isprintable() else " " for char in str(value)), limit)


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _save(figure: Figure, **options: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()
