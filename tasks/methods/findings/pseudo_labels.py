"""What is told of pseudo-labels: why there are none, or how many, and how surely they are right."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import PseudoLabelFindings
from labelworks.tasks.methods.findings.target import MOVED, UNKNOWN_ROWS, TargetFindings
from labelworks.tasks.methods.label_shift.pseudo import (
    LabelledWindow,
    PseudoLabeller,
    TargetWindow,
    fit_pseudo_labels,
)
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble

FEW = f"of a target of fewer than {UNKNOWN_ROWS} rows it can't be told whether they are of known classes"
LOOK_DIFFERENT = "classes look different in the target, so labelled rows don't show how often it would err"
FEW_LABELLED = "the labelled rows are too few to show how often it would err"


def pseudo_labeller(
    labelled: LabelledWindow, window: Sample, probes: ProbeEnsemble, shift: TargetFindings, precision: float
) -> tuple[PseudoLabeller | None, PseudoLabelFindings]:
    """What labels rows of the target, None where it abstains, and what is told before any is labelled.

    window: rows of the target; probes: those that the probabilities of labelled are by; shift: what was found
    of both windows.
    """
    why, nothing = why_none(shift), PseudoLabelFindings(asked=precision)
    if why or shift.unknown is None:
        return None, nothing.model_copy(update={"why_none": why})
    target = TargetWindow(
        window.features, window.folds, shift.unknown.posterior, partial(_unseen, probes, window)
    )
    labeller = fit_pseudo_labels(labelled, target, shift.prior, precision=precision)
    if labeller is None:
        return None, nothing.model_copy(update={"why_none": FEW_LABELLED})
    facts = {"precision": labeller.precision, "interval": labeller.interval, "rounds": labeller.rounds}
    return labeller, nothing.model_copy(update=facts if np.isfinite(labeller.cut).any() else {})


def why_none(shift: TargetFindings) -> str:
    """Why no row of the target can be given a pseudo-label; "": nothing speaks against it."""
    if shift.unknown is None:
        return FEW
    return LOOK_DIFFERENT if shift.findings.kind in MOVED else ""


def _unseen(
    probes: ProbeEnsemble, window: Sample, rows: NDArray[np.intp], folds: NDArray[np.int64]
) -> NDArray[np.float32]:
    some = window.only(rows)
    return np.exp(probes.log_probs(some.features, folds, some.words, some.cells))
