"""Verdicts against the truth, as figures of many runs: what `validate.py table` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelworks.tasks.methods.validation.arms import GIVEN

NOTHING = ((0.0, 0.0), (0.0, 0.0), 0.0)
HARM = ("reversed weights", "random 20 %", "random 5 %")


def table(name: str, runs: list[dict[str, Any]]) -> None:
    """Print the lines of a set, its runs with or without a target window."""
    if not runs:
        return
    exact, wide = np.array([covered(*each) for run in runs for each in arms_and_truth(run)]).T
    carried = [run["arm"] if is_carried(run) else GIVEN for run in runs]
    truth = np.array([run["true"][run["arm"]][0] for run in runs])
    gained = np.array([run["true"][arm][0] for run, arm in zip(runs, carried, strict=True)])
    published = np.array([arm != GIVEN for arm in carried])
    gap = np.array([run["true"]["true"][0] for run in runs])
    noisy, better = np.array([run["rate"] >= 0.1 for run in runs]), truth > 0.005
    print(f"{name}: {len(runs)} runs, {len(exact)} comparisons")
    print(f"  coverage {exact.mean():.3f}; with the error of the truth itself {wide.mean():.3f}")
    print(f"  better was said {published.sum()} times, wrong {np.sum(gained[published] < 0)}")
    print(f"  improvements over .005: {better.sum()}, proven {np.mean(published[better]):.2f}")
    by_accuracy = [low > 0 for run in runs for _, (low, _), _ in [run["arms"].get(run["arm"], NOTHING)]]
    print(f"  of these by the accuracy alone {np.mean(np.array(by_accuracy)[better]):.2f}")
    print(f"  gap recovered {gained[noisy].sum() / gap[noisy].sum():.2f}, worst {gained.min():+.4f}")
    for arm in sorted({arm for run in runs for arm in run["true"]} - {GIVEN, "true"}):
        always = np.array([run["true"].get(arm, [0.0])[0] for run in runs])
        print(f"    always {arm}: {always[noisy].sum() / gap[noisy].sum():.2f}, worst {always.min():+.4f}")
    harm = [run["harm"] for run in runs if run["harm"]]
    for kind in HARM if harm else ():
        kept, proven, people, either, here = np.mean([each[kind] for each in harm], axis=0)
        print(
            f"  {kind}: not carried {kept:.2f}, proven worse {proven:.2f}, by an audit {people:.2f}, "
            f"by either {either:.2f}, by an audit on the rows at hand {here:.2f}"
        )
    audits = [(run["audit"], run["true"][run["arm"]]) for run in runs if run.get("audit")]
    if audits:
        of_audits(audits)


def of_audits(audits: list[tuple[dict[str, Any], list[float]]]) -> None:
    """Print how wide the intervals by looks are, and how often they hold the truth."""
    ends, here = (np.array([each[name] for each, _ in audits]) for name in ("interval", "here"))
    truth, spread = np.array([true for _, true in audits]).T
    own = np.array([each["true_here"] for each, _ in audits])
    wider = 1.96 * spread
    inside = (ends[:, 0] - wider <= truth) & (truth <= ends[:, 1] + wider)
    at_hand = (here[:, 0] <= own + 1e-12) & (own <= here[:, 1] + 1e-12)
    looks, apart = (np.mean([each[name] for each, _ in audits]) for name in ("looks", "apart"))
    print(f"  audit: {len(audits)} runs, {looks:.0f} looks of {apart:.0f} rows on which the models differ")
    width = np.subtract(*ends.T[::-1])
    told = f"width {width.mean():.4f}, median {np.median(width):.4f}, coverage {inside.mean():.3f}"
    print(f"    of a model: {told}")
    width = np.subtract(*here.T[::-1])
    print(f"    of the rows at hand: width {width.mean():.4f}, coverage {at_hand.mean():.3f}")
    print(f"    says one or the other {np.mean((ends[:, 0] > 0) | (ends[:, 1] < 0)):.2f}")


def is_carried(run: dict[str, Any]) -> bool:
    """Whether a version of the run carries its arm, by `why_not` and what the run's file holds.

    Files of before the accuracy could prove too say `why` by the log score alone: there it is asked here.
    """
    (_, gain_high), _, _ = run["arms"].get(run["arm"], NOTHING)
    return not run["why"] or (run["interval"][0] > 0 and gain_high >= 0)


def arms_and_truth(run: dict[str, Any]) -> list[tuple[list[float], float, list[float]]]:
    """Of each arm the interval, its standard error, and the true difference with its own."""
    return [(interval, spread, run["true"][arm]) for arm, (_, interval, spread) in run["arms"].items()]


def covered(interval: list[float], spread: float, truth: list[float]) -> tuple[bool, bool]:
    """Whether an interval covers the truth; and one that also allows for what the test rows can't tell."""
    low, high = interval
    allowed = 1.96 * float(np.hypot(spread, truth[1]))
    return low <= truth[0] <= high, abs((low + high) / 2 - truth[0]) <= allowed
