"""Whether what was compared proves enough for the treated labels to be published, and why not."""

from __future__ import annotations

from labelworks.tasks.methods.audit.difference import AuditedSample
from labelworks.tasks.methods.validation.arms import GIVEN
from labelworks.tasks.methods.validation.before_after import Proof


def why_not(proof: Proof, margin: float | None, measure: str = "accuracy") -> str:
    """Why a version carries the given labels, in a sentence; "" where the treated ones are proven.

    margin: of the measure that the treated labels may be worse by; None: they have to be better. Better is
    what is proven so by either score, the measure or the gain of the log score, and worse by neither. People
    who looked at rows on which the models differ overrule both, where their interval says one or the other;
    what they find worse on the rows compared alone isn't published either, though it may not be worse on
    others.
    """
    if proof.arm == GIVEN or proof.low == proof.high == 0:
        return "nothing was treated"
    if proof.audit is not None and (said := _by_people(proof.audit, margin)) is not None:
        return said
    if proof.high < 0:
        return f"a model of the treated labels is worse: {measure} changes by {_points(proof)}"
    if margin is not None:
        if proof.low >= -margin:
            return ""
        return (
            f"that a model of the treated labels loses no more than {100 * margin:g} points isn't proven: "
            f"{measure} changes by {_points(proof)}"
        )
    low, high = (proof.low, proof.high) if proof.gain is None else proof.gain.interval
    if max(low, proof.low) > 0 and high >= 0:
        return ""
    if proof.gain is not None and proof.gain.value <= 0:
        return "no treatment foretells held-out labels better than the given labels do"
    return f"that the treated labels are better isn't proven: {measure} changes by {_points(proof)}"


def _by_people(audit: AuditedSample, margin: float | None) -> str | None:
    """What people's looks decide; None where they leave it to the scores."""
    if audit.high < 0:
        change = _looks(points((audit.low, audit.high)), audit)
        return f"a model of the treated labels is worse: {change}"
    least = 0.0 if margin is None else -margin
    if audit.low > least:
        return ""
    if audit.here is not None and audit.here[1] < least:
        change = _looks(points(audit.here), audit)
        return f"on the rows compared a model of the treated labels is worse: {change}"
    return None


def _looks(change: str, audit: AuditedSample) -> str:
    return f"accuracy changes by {change} by {audit.looks:,} looks at rows where models differ"


def points(interval: tuple[float, float]) -> str:
    """An interval in points, with signs."""
    low, high = (f"{round(100 * end, 1) + 0.0:+.1f}".replace("-", "−") for end in interval)
    return f"{low} to {high} points"


def _points(proof: Proof) -> str:
    return f"{points((proof.low, proof.high))} on {proof.holdout_rows:,} held-out rows"
