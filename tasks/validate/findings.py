"""What a proof says, and what a version carries by it, as findings."""

from __future__ import annotations

from collections.abc import Sequence

from labelworks.schemas.findings import ArmFindings, PartFindings, ValidationFindings
from labelworks.tasks.methods.validation.arms import GIVEN
from labelworks.tasks.methods.validation.before_after import PartProof, Proof
from labelworks.tasks.methods.validation.publish_when import why_not

SHOWN = 20  # classes, and groups


def findings_of(
    proof: Proof,
    margin: float | None,
    classes: Sequence[str | int],
    model: str,
    against: str,
    *,
    measure: str = "accuracy",
    approved: bool = False,
) -> ValidationFindings:
    """The findings of a proof. margin: that treated labels may be worse by; None: they have to be better.

    approved: by a person, so that nothing has to be proven of what was treated.
    """
    why, audit = "" if approved and proof.arm != GIVEN else why_not(proof, margin, measure), proof.audit
    return ValidationFindings(
        accuracy_raw=proof.accuracy_raw,
        accuracy_treated=proof.accuracy_treated,
        difference=proof.difference,
        interval=(proof.low, proof.high),
        at_limit=proof.at_limit,
        model=model,
        holdout_rows=proof.holdout_rows,
        agreement_raw=proof.given_raw,
        agreement_treated=proof.given_treated,
        measured_against=against,
        measure=measure,
        gain=None if proof.gain is None else proof.gain.value,
        gain_interval=None if proof.gain is None else proof.gain.interval,
        arm=proof.arm,
        arms=tuple(
            ArmFindings(
                name=arm.name,
                gain=arm.gain.value,
                gain_interval=arm.gain.interval,
                difference=arm.difference.value,
                interval=arm.difference.interval,
            )
            for arm in proof.arms
        ),
        by_class=_parts(proof.by_class, classes),
        by_group=_parts(proof.by_group, ()),
        apart=None if proof.apart is None else len(proof.apart.place),
        audited=None if audit is None else audit.value,
        audited_interval=None if audit is None else (audit.low, audit.high),
        looks=0 if audit is None else audit.looks,
        published=GIVEN if why else proof.arm,
        why_given=why,
    )


def _parts(parts: Sequence[PartProof], classes: Sequence[str | int]) -> dict[str, PartFindings]:
    """Those of the largest differences, by name."""
    shown = sorted(parts, key=lambda part: -abs(part.difference.value))[:SHOWN]
    return {
        str(classes[proven.name] if isinstance(proven.name, int) else proven.name): PartFindings(
            rows=proven.rows, difference=proven.difference.value, interval=proven.difference.interval
        )
        for proven in shown
    }
