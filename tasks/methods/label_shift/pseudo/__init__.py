"""Pseudo-labels of an unlabelled window: which of its rows are labelled, and how surely rightly."""

from labelworks.tasks.methods.label_shift.pseudo.curriculum import fit_pseudo_labels
from labelworks.tasks.methods.label_shift.pseudo.labeller import PseudoLabeller
from labelworks.tasks.methods.label_shift.pseudo.rows import KnownNoise, LabelledWindow, TargetWindow

__all__ = ["KnownNoise", "LabelledWindow", "PseudoLabeller", "TargetWindow", "fit_pseudo_labels"]
